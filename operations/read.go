package operations

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/shopspring/decimal"

	"github.com/onbehalf/onbehalf/tenancy"
)

// reading is a book confirmed for one scope.
type reading struct {
	f     *Folded
	found Found
	row   tenancy.Operator
	now   time.Time

	switches tenancy.Operator // of the firm, where readWithSwitches brought them
}

// read opens a book to a scope: confirmed by the store, with the scope's grants
// as they are now. Every reading is told to the access log.
func (e *Engine) read(ctx context.Context, s tenancy.Scope, what string, want Want) (reading, error) {
	if err := e.honour(s, what); err != nil {
		return reading{}, err
	}
	if s.Kind() == tenancy.FirmScope {
		return reading{}, tenancy.Invalid("scope", "is the firm's: it shows no book")
	}
	if err := ctx.Err(); err != nil {
		return reading{}, err
	}
	operator := s.Principal().Operator
	want.Operator = operator
	id := BookID{Tenant: s.Tenant(), Customer: s.Customer()}
	f, found, err := e.confirm(ctx, id, want)
	if err != nil {
		return reading{}, e.failed(ctx, err)
	}
	if f.head.Seq == 0 {
		return reading{}, ErrNotFound
	}
	r := reading{f: f, found: found, row: orUnknown(found.Operator, operator), now: later(instant(e.cfg.Clock.Now()), f.at)}
	_, err = e.gate.Authorize(s, tenancy.View, standingOf(f, r.row, operator, r.now))
	e.access(AccessEvent{Scope: s, What: what, Allowed: err == nil}, err)
	if err != nil {
		return reading{}, err
	}
	return r, nil
}

// Explain tells what a request would do and cost now, and every rule that is
// not met, the scope's permissions among them. It is the decision of Submit
// without the commit: asked again under the same seq, Submit does the same,
// unless the firm has thrown or lifted a switch since (see tenancy.Stop).
// Nothing is recorded. It needs the view permission. Errors: invalid, refused
// (without access), unavailable.
func (e *Engine) Explain(ctx context.Context, s tenancy.Scope, q Request) (Plan, error) {
	if err := e.honour(s, "explain"); err != nil {
		return Plan{}, err
	}
	o, err := orderOf(q)
	if err != nil {
		return Plan{}, err
	}
	r, err := e.readWithSwitches(ctx, s, "explain", Want{})
	if err != nil {
		return Plan{}, err
	}
	d, err := e.try(ctx, &r, e.probe(s, ActSubmit, submit("probe", o), tenancy.Prepare, tenancy.Execute))
	if err != nil {
		return Plan{}, err
	}
	p := Plan{Order: o, Unmet: d.refused, Warnings: warnings(d.refused), Seq: r.f.head.Seq}
	if d.planned {
		p.Order, p.Terms = d.judged.order, d.terms
		p.Limits = e.rules.limitUses(d.judged, p.Terms, d.now)
	}
	return p, nil
}

// try decides a probe on a reading. Where the book has moved on while it was
// looked up for, it is read again.
func (e *Engine) try(ctx context.Context, r *reading, c *command) (*decision, error) {
	for range maxLooks {
		c.switches = r.switches
		d, err := e.rules.attempt(r.f, c, r.row, r.now)
		if g, ok := errors.AsType[gatherError](err); ok {
			if err := e.gather(ctx, c, g); err != nil {
				return nil, err
			}
			continue
		}
		wanted, lookUp := errors.AsType[lookUpError](err)
		if !lookUp {
			return d, err
		}
		found, err := e.store.Find(ctx, c.book, Want{Operation: wanted.id})
		if err != nil {
			return nil, e.failed(ctx, fmt.Errorf("look up: %w", err))
		}
		if found.Head != r.f.head {
			e.cache.evict(c.book, r.f.head.Seq)
			if err := e.again(ctx, r, c); err != nil {
				return nil, err
			}
			continue
		}
		if err := c.look(wanted.id, found); !errors.Is(err, errAgain) {
			return nil, err
		}
	}
	return nil, fmt.Errorf("%w: the book is contended", ErrUnavailable)
}

// again reads the book of a probe once more, as it was read for it.
func (e *Engine) again(ctx context.Context, r *reading, c *command) (err error) {
	if !c.foreseen {
		*r, err = e.readWithSwitches(ctx, c.scope, string(c.action), Want{})
		return err
	}
	switches := r.switches
	*r, err = e.glance(ctx, c.book, c.operator())
	r.switches = switches
	return err
}

// probe is a command that is decided and never recorded.
func (e *Engine) probe(s tenancy.Scope, a Action, decide func(*decision) error, needs ...tenancy.Permission) *command {
	return &command{
		book: BookID{Tenant: s.Tenant(), Customer: s.Customer()}, action: a, scope: s, own: a == ActCancel,
		actors: s.Principal().Chain(), needs: needs, decide: decide,
	}
}

// Allowance is whether one action would be accepted now, and every reason why not.
type Allowance struct {
	Action Action  `json:"action"`
	Unmet  []Unmet `json:"unmet,omitempty"` // empty: it would be
}

// Allowed tells whether nothing is in the way.
func (a Allowance) Allowed() bool { return len(a.Unmet) == 0 }

// Actions tells what this scope may do to an operation now: execute, modify and
// cancel; approve, reject and withdraw while it waits for approval; resolve
// while it is unresolved; refund once it is completed. Each comes with all reasons why not, as the same decisions
// would judge. It needs the view permission. Errors: refused (without access), not found,
// unavailable.
func (e *Engine) Actions(ctx context.Context, s tenancy.Scope, id OperationID) ([]Allowance, error) {
	if err := e.honour(s, "actions"); err != nil {
		return nil, err
	}
	if err := tenancy.CheckID("id", string(id)); err != nil {
		return nil, err
	}
	r, err := e.readWithSwitches(ctx, s, "actions", Want{Operation: id})
	if err != nil {
		return nil, err
	}
	if r.found.Operation == nil {
		return nil, ErrNotFound
	}
	o, err := documentOf(r.found.Operation)
	if err != nil {
		return nil, classify(err)
	}
	return e.allowances(ctx, s, &r, o)
}

// actionsOf is Actions of operations that were read before. What is final cannot
// have changed since; of what is open, the book has the newest version, and of
// what has ended meanwhile, the store.
func (e *Engine) actionsOf(ctx context.Context, s tenancy.Scope, of []Operation) ([][]Allowance, error) {
	if err := e.honour(s, "actions"); err != nil {
		return nil, err
	}
	if len(of) > MaxLimit {
		return nil, tenancy.Invalid("operations", "are more than "+strconv.Itoa(MaxLimit))
	}
	for i := range of {
		if err := tenancy.CheckID("id", string(of[i].ID)); err != nil {
			return nil, err
		}
	}
	r, err := e.readWithSwitches(ctx, s, "actions", Want{})
	if err != nil {
		return nil, err
	}
	all := make([][]Allowance, len(of))
	for i := range of {
		o, open := r.f.open.get(of[i].ID)
		switch {
		case open:
		case of[i].State.Final():
			o = &of[i]
		default:
			if all[i], err = e.Actions(ctx, s, of[i].ID); err != nil {
				return nil, err
			}
			continue
		}
		if all[i], err = e.allowances(ctx, s, &r, o); err != nil {
			return nil, err
		}
	}
	return all, nil
}

// allowances tries what may be done to an operation on a reading of its book.
func (e *Engine) allowances(ctx context.Context, s tenancy.Scope, r *reading, o *Operation) ([]Allowance, error) {
	type ask struct {
		action Action
		need   tenancy.Permission
		decide func(*decision) error
	}
	asked := []ask{
		{ActExecute, tenancy.Execute, execute(o.Ref())},
		{ActModify, tenancy.Modify, modify(o.Ref(), Modification{}, true)},
		{ActCancel, tenancy.Cancel, cancel(o.Ref())},
	}
	if o.State == AwaitingApproval {
		asked = append(asked,
			ask{ActApprove, tenancy.Approve, approve(o.Ref())},
			ask{ActReject, tenancy.Approve, reject(o.Ref(), "probe")},
			ask{ActWithdraw, tenancy.Approve, withdraw(o.Ref())})
	}
	if o.State == Unresolved {
		same := Resolution{Settled: true}
		if o.Finding != nil {
			same = o.Finding.Resolution
		}
		asked = append(asked, ask{ActResolve, tenancy.Approve, resolve(o.Ref(), same)})
	}
	all := make([]Allowance, 0, len(asked))
	for _, q := range asked {
		c := e.probe(s, q.action, q.decide, q.need)
		c.subject = o.ID
		c.know(o.ID, seen{at: r.f.head, found: o})
		d, err := e.try(ctx, r, c)
		if err != nil {
			return nil, err
		}
		all = append(all, Allowance{Action: q.action, Unmet: d.refused})
	}
	if _, ok := e.rules.kinds[o.Order.Kind].(Refundable); ok && o.State == Completed {
		a, err := e.refundable(ctx, s, r, o)
		if err != nil {
			return nil, err
		}
		all = append(all, a)
	}
	return all, nil
}

// refundable tells whether something of the operation can be refunded: a unit
// of its asset, as Submit would judge it.
func (e *Engine) refundable(ctx context.Context, s tenancy.Scope, r *reading, o *Operation) (Allowance, error) {
	asset, _ := e.rules.assets.Lookup(o.Terms.Asset)
	q := Refund{Parent: o.ID, Amount: decimal.New(1, -asset.Scale), Purpose: "probe"}
	c := e.probe(s, KindRefund, submit("probe", q.Order()), tenancy.Prepare, tenancy.Execute)
	c.know(o.ID, seen{at: r.f.head, found: o})
	d, err := e.try(ctx, r, c)
	if err != nil {
		return Allowance{}, err
	}
	return Allowance{Action: KindRefund, Unmet: d.refused}, nil
}
