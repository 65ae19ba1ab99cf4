package operations

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/onbehalf/onbehalf/tenancy"
)

// CodeStopped means that a switch of the firm is thrown: see tenancy.Stop.
const CodeStopped = "stopped"

// begins tells whether the command may let an operation begin, or go on to
// where it begins: what the firm's switches stop. Cancelling, reports and
// expiry never are.
func (c *command) begins() bool {
	return slices.Contains([]Action{ActSubmit, ActExecute, ActPrepare, ActModify, ActApprove, ActRelease}, c.action)
}

// reliesOnSwitches tells whether the command is decided by the row of the
// firm's switches, which the house's book writes. In that book it is its own.
func (c *command) reliesOnSwitches() bool { return c.begins() && c.book.Customer != tenancy.House }

// stops are the switches that are thrown, as this attempt sees them.
func (d *decision) stops() []tenancy.Stopped {
	if d.f.id.Customer != tenancy.House {
		return d.c.switches.Stops
	}
	return d.f.stops()
}

// stops are the thrown switches of the firm whose house's book this is.
func (f *Folded) stops() []tenancy.Stopped {
	if row, ok := f.operators.get(tenancy.Switches); ok {
		return row.Stops
	}
	return nil
}

// stopped tells which switches stand in the way of terms.
func (v View) stopped(unmet []Unmet, t Terms) []Unmet {
	for i := range v.stops {
		s := &v.stops[i]
		kind, provider, err := tenancy.SubjectOf(s.Subject)
		if err == nil && (kind == "" || kind == v.order.Kind) && (provider == "" || provider == t.Provider) {
			unmet = append(unmet, Unmet{
				Code: CodeStopped, Subject: s.Subject,
				Figures: []Figure{{Name: "reason", Value: s.Reason}, {Name: "since", Value: s.At.Format(time.RFC3339)}},
				Remedy:  "Wait until the firm has lifted the stop.",
			})
		}
	}
	return unmet
}

// stop throws a switch. One that would stop nothing, such as a mistyped kind,
// is refused: nobody would notice.
func (d *decision) stop(x tenancy.Stop) error {
	if !d.inHouse() {
		return nil
	}
	kind, provider, err := tenancy.SubjectOf(x.Subject)
	if err != nil {
		return err
	}
	if kind != "" && d.kinds[kind] == nil {
		d.refuse(Unmet{Code: CodeKindUnknown, Subject: x.Subject, Remedy: "Choose a kind the firm offers."})
	}
	d.refuse(d.providerUnknown(Terms{Provider: provider})...)
	row := d.switches()
	if len(row.Stops) >= tenancy.MaxStops {
		d.refuse(full("stops", tenancy.MaxStops))
	}
	i, thrown := findStop(row.Stops, x.Subject)
	if thrown {
		d.refuse(statusForbids(x.Subject, "stopped", "stop"))
	}
	row.Stops = slices.Insert(row.Stops, i, tenancy.Stopped{Subject: x.Subject, Reason: x.Reason, Seq: d.seq(), At: d.now})
	d.fx.Operators = append(d.fx.Operators, row)
	return nil
}

// lift puts a switch back.
func (d *decision) lift(x tenancy.Lift) error {
	if !d.inHouse() {
		return nil
	}
	row := d.switches()
	i, thrown := findStop(row.Stops, x.Subject)
	if !thrown {
		d.refuse(statusForbids(x.Subject, "not_stopped", "lift"))
		return nil
	}
	row.Stops = slices.Delete(row.Stops, i, i+1)
	d.fx.Operators = append(d.fx.Operators, row)
	return nil
}

// switches is the row of the firm's switches as this change will leave it.
func (d *decision) switches() tenancy.Operator {
	return tenancy.Operator{ID: tenancy.Switches, Version: d.seq(), Stops: slices.Clone(d.f.stops())}
}

func findStop(stops []tenancy.Stopped, subject string) (int, bool) {
	return slices.BinarySearchFunc(stops, subject, func(s tenancy.Stopped, subject string) int { return cmp.Compare(s.Subject, subject) })
}

// row takes in a row of the house's book: of an operator, or of the switches,
// which must follow from the row before it.
func (f *Folded) row(o *tenancy.Operator, e *Entry) error {
	if o.ID == tenancy.Switches {
		if err := f.follows(o, e); err != nil {
			return err
		}
	} else if len(o.Stops) > 0 {
		return fmt.Errorf("operator %q has switches", o.ID)
	}
	f.operators = f.operators.with(o.ID, o)
	return nil
}

var errSwitches = errors.New("the row of the switches does not follow from the one before")

func (f *Folded) follows(o *tenancy.Operator, e *Entry) error {
	if f.id.Customer != tenancy.House || o.Version != e.Seq || o.Person != "" || o.Status != "" || len(o.Grants) > 0 || len(o.Stops) > tenancy.MaxStops {
		return errSwitches
	}
	was := f.stops()
	for i := range o.Stops {
		s := &o.Stops[i]
		if s.Validate() != nil || i > 0 && o.Stops[i-1].Subject >= s.Subject {
			return errSwitches
		}
		if j, ok := findStop(was, s.Subject); ok && !sameStop(was[j], *s) || !ok && (s.Seq != e.Seq || !s.At.Equal(e.At)) {
			return errSwitches
		}
	}
	return nil
}

func sameStop(a, b tenancy.Stopped) bool {
	return a.Subject == b.Subject && a.Reason == b.Reason && a.Seq == b.Seq && a.At.Equal(b.At)
}

// operatorsIn is how many of the rows are operators'.
func (f *Folded) operatorsIn() int {
	n := f.operators.len()
	if _, ok := f.operators.get(tenancy.Switches); ok {
		n--
	}
	return n
}

// switched makes sure that the switches are still those that a refusal went
// by; false when it is to be decided again. Versions only grow: the row of that
// version is the one that stood when the rest was confirmed.
func (e *Engine) switched(ctx context.Context, c *command, version int64) (bool, error) {
	row, err := e.newestSwitches(ctx, c.book)
	return err == nil && row.Version == version, err
}

func (e *Engine) newestSwitches(ctx context.Context, id BookID) (tenancy.Operator, error) {
	found, err := e.store.Find(ctx, id, Want{Operator: tenancy.Switches})
	if err != nil {
		return tenancy.Operator{}, e.failed(ctx, fmt.Errorf("find switches: %w", err))
	}
	row := orUnknown(found.Operator, tenancy.Switches)
	e.keepOperator(id.Tenant, row)
	return row, nil
}

// readWithSwitches is read for what is judged as a command that begins
// something: book, operator and switches as they were at one moment.
func (e *Engine) readWithSwitches(ctx context.Context, s tenancy.Scope, what string, want Want) (reading, error) {
	if s.Kind() != tenancy.CustomerScope { // the house's book has them, and no other scope gets further
		return e.read(ctx, s, what, want)
	}
	id := BookID{Tenant: s.Tenant(), Customer: s.Customer()}
	before, err := e.row(ctx, id, tenancy.Switches)
	if err != nil {
		return reading{}, e.failed(ctx, err)
	}
	for range maxRounds {
		r, err := e.read(ctx, s, what, want)
		if err != nil {
			return r, err
		}
		if r.switches, err = e.newestSwitches(ctx, id); err != nil || r.switches.Version == before.Version {
			return r, err
		}
		before = r.switches
	}
	return reading{}, fmt.Errorf("%w: the firm's switches are contended", ErrUnavailable)
}

// Stops brings the switches that are thrown, by subject: see tenancy.Stop. No
// permission is needed, but to act for the firm: everybody is told when he is
// stopped.
func (v *Firm) Stops(ctx context.Context) ([]tenancy.Stopped, error) {
	if _, err := v.standing(ctx, "stops"); err != nil {
		return nil, err
	}
	row, err := v.eng.newestSwitches(ctx, BookID{Tenant: v.scope.Tenant(), Customer: tenancy.House})
	return slices.Clone(row.Stops), err
}

// Under is the evaluator while these switches of the firm are thrown. In the
// house's book those recorded there count as well.
func (e *Evaluator) Under(stops ...tenancy.Stopped) *Evaluator {
	n := *e
	n.stops = slices.Clone(stops)
	return &n
}
