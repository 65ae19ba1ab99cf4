package operations

import (
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"time"

	"github.com/shopspring/decimal"

	"github.com/onbehalf/onbehalf/accounts"
	"github.com/onbehalf/onbehalf/tenancy"
)

// command is one thing somebody wants of one book. It is decided as often as
// it takes, on the book as it then stands, and recorded at most once.
type command struct {
	book     BookID
	action   Action
	intent   Intent
	finger   Hash            // tells it from another command under the same key
	scope    tenancy.Scope   // an operator's; zero for the engine's own
	actors   []tenancy.Actor // the operator and his chain, or the system actor
	channel  tenancy.Channel
	needs    []tenancy.Permission // of an operator, all of them
	cause    int64                // the entry that made the engine act
	opens    bool                 // it begins a book
	within   bool                 // it is part of a host's transaction
	subject  OperationID          // the operation it is about, to be found when it is not open
	foreseen bool                 // it asks what could be done, under the scope of a firm
	own      bool                 // the maker of what waits for approval needs no permission for it
	looked   map[OperationID]seen // what was looked for outside the folded book
	decide   func(d *decision) error
	grantee  tenancy.OperatorID // another operator whose row it is decided by
	row      tenancy.Operator   // that row, as the latest attempt sees it
	switches tenancy.Operator   // the row of the firm's switches, if it is decided by that, as the latest attempt sees it
	facts    any                // what its kind has gathered outside
	gathers  int                // how often it has
	personal any                // what of its content stands beside the journal, and not in its fingerprint

	suppressed int64 // refusals of this operator that were counted and not recorded
}

func (c *command) system() bool { return c.scope.IsZero() }

func (c *command) operator() tenancy.OperatorID { return tenancy.OperatorID(c.actors[0].ID) }

// relies tells whether the command is decided by the operator's tenant-wide
// row, which another book writes. In the house's own book it is the book's.
func (c *command) relies() bool { return !c.system() && c.book.Customer != tenancy.House }

// decision is one attempt to decide a command: what it sees and what it
// proposes. Nothing outside is touched by it.
type decision struct {
	*rulebook
	f        *Folded
	c        *command
	now      time.Time
	operator tenancy.Operator // the tenant-wide row, as the attempt sees it
	standing tenancy.Standing

	grant     tenancy.GrantID
	operation OperationID
	entry     *Entry   // to be recorded
	fx        *Effects // its own
	personal  []PersonalRow
	refused   []Unmet
	idle      bool // nothing to record
	unkeyed   bool // recorded without using up the command's key
	planned   bool // judged and terms say what
	judged    View
	terms     Terms
	kin       kin // of the refund that is judged
	today     *days
}

// draft is a change that was decided and not yet stored; the zero draft is none.
type draft struct {
	entry  *Entry
	change Change
	after  *Folded
}

// seen is what the store had of an operation.
type seen struct {
	at    Head       // when
	found *Operation // final, so it cannot change any more; nil: there was none
}

// lookUpError asks for an operation to be looked for in the store.
type lookUpError struct{ id OperationID }

func (lookUpError) Error() string { return "the operation is not open here" }

// know takes in what the store has of an operation.
func (c *command) know(id OperationID, s seen) {
	if c.looked == nil {
		c.looked = make(map[OperationID]seen)
	}
	c.looked[id] = s
}

// errIdle means that the command asks for nothing that is not so already.
var errIdle = errors.New("nothing to record")

// maxRefusals is how many refusals of one operator are recorded in one book in
// one minute.
const maxRefusals = 20

// attempt decides a command. It is pure but for what the host's kinds and rules
// may do against their contract; their panic fails this command alone. An
// error means that nothing is to be recorded; its truth depends on f and the
// operator's row being the newest.
func (r *rulebook) attempt(f *Folded, c *command, operator tenancy.Operator, clock time.Time) (d *decision, err error) {
	defer func() {
		if p := recover(); p != nil {
			r.log.Error("a kind or rule panicked", slog.String("action", string(c.action)), slog.Any("panic", p))
			d, err = nil, fmt.Errorf("%s: %w: a kind or rule of the firm panicked", c.action, ErrUnavailable)
		}
	}()
	if d, err = r.begin(f, c, operator, clock); err != nil {
		return nil, err
	}
	if (f.head.Seq == 0) != c.opens {
		if c.opens {
			return nil, &ConflictError{Reason: Exists}
		}
		return nil, ErrNotFound
	}
	switch err := c.decide(d); {
	case err == nil:
		return d, nil
	case errors.As(err, &lookUpError{}), errors.As(err, &gatherError{}):
		return nil, err
	default:
		return nil, classify(err)
	}
}

// begin is the part of every decision that comes first: when it is made, and
// whether the command's operator has access to the book now.
func (r *rulebook) begin(f *Folded, c *command, operator tenancy.Operator, clock time.Time) (*decision, error) {
	now := instant(clock)
	if now.Before(f.at) {
		if f.at.Sub(now) > r.skew {
			return nil, fmt.Errorf("%s: %w: the clock is %s behind the book", c.action, ErrUnavailable, f.at.Sub(now))
		}
		now = f.at
	}
	e := &Entry{}
	d := &decision{rulebook: r, f: f, c: c, now: now, operator: operator, operation: c.subject, entry: e, fx: &e.Effects}
	if err := d.authorize(); err != nil {
		return nil, err
	}
	return d, nil
}

func (d *decision) refuse(unmet ...Unmet) { d.refused = append(d.refused, legible(unmet)...) }

// legible makes what rules of a host say fit to be recorded: text that reads
// back as it was written, of bounded length.
func legible(unmet []Unmet) []Unmet {
	const most = 256
	fit := func(s string) string {
		if s = strings.ToValidUTF8(s, "?"); len(s) > most {
			s = strings.ToValidUTF8(s[:most], "")
		}
		return s
	}
	unmet = cloneUnmet(unmet[:min(len(unmet), 64)])
	for i := range unmet {
		u := &unmet[i]
		u.Code, u.Subject, u.Remedy = fit(u.Code), fit(u.Subject), fit(u.Remedy)
		u.Figures = u.Figures[:min(len(u.Figures), 16)]
		for j := range u.Figures {
			u.Figures[j] = Figure{Name: fit(u.Figures[j].Name), Value: fit(u.Figures[j].Value)}
		}
	}
	return unmet
}

func (d *decision) seq() int64 { return d.f.head.Seq + 1 }

// draft makes the entry and what follows from it. A refusal drops whatever was
// proposed; beyond the bound of recorded refusals it comes back as the error.
func (d *decision) draft() (draft, error) {
	if len(d.refused) > 0 {
		if d.c.system() || d.f.head.Seq == 0 || d.tooMany() {
			return draft{}, tenancy.Refuse(d.refused...)
		}
		*d.fx, d.personal = Effects{}, nil
	} else if d.idle {
		return draft{}, errIdle
	}
	e := d.entry
	*e = Entry{
		Format: Format, Tenant: d.f.id.Tenant, Customer: d.f.id.Customer, Seq: d.seq(), At: d.now, Prev: d.f.head.Hash,
		Action: d.c.action, Actors: d.c.actors, Grant: d.grant, Reason: d.c.scope.Reason(), Channel: d.c.channel, RequestID: d.c.intent.RequestID,
		Engine: d.instance, Policy: d.policy, Key: d.c.intent.Key, Fingerprint: d.c.finger, Cause: d.c.cause, Operation: d.operation,
		Acknowledged: d.c.intent.Acknowledge, Refused: d.refused, Effects: *d.fx,
	}
	if len(d.refused) > 0 {
		e.Suppressed = d.c.suppressed
	}
	if d.unkeyed {
		e.Key, e.Fingerprint = "", Hash{}
	}
	var snap *Snapshot
	if d.f.head.Seq > 0 && d.f.head.Seq%MaxTail == 0 {
		var err error
		if snap, err = d.f.snapshot(); err != nil {
			return draft{}, err
		}
		e.Snapshot = snap.digest()
	}
	sealed, err := d.scratch.seal(e)
	if err != nil {
		return draft{}, err
	}
	after, err := Fold(d.f, e, sealed.Hash)
	if err != nil {
		return draft{}, fmt.Errorf("%s proposed what its book cannot take: %w", d.c.action, err)
	}
	change := project(d.f, after, e, sealed, d.personal)
	change.Snapshot = snap
	return draft{entry: e, change: change, after: after}, nil
}

func (d *decision) tooMany() bool {
	r, ok := d.f.refusals.get(d.c.operator())
	return ok && r.Minute == d.now.Unix()/60 && r.Count >= maxRefusals
}

// target finds the operation the command is about, at the version it names.
func (d *decision) target(ref Ref) (*Operation, error) {
	o, err := d.current(ref.ID)
	if err != nil {
		return nil, err
	}
	if o.Version != ref.Version {
		return nil, &ConflictError{Reason: StaleVersion, ID: o.ID, State: o.State, Version: o.Version}
	}
	return o, nil
}

func (d *decision) current(id OperationID) (*Operation, error) {
	if o, ok := d.f.open.get(id); ok {
		return o, nil
	}
	switch s, ok := d.c.looked[id]; {
	case s.found != nil && s.found.State.Final():
		return s.found, nil
	case ok && s.at == d.f.head:
		return nil, ErrNotFound
	}
	return nil, lookUpError{id}
}

// allow refuses, once, a way the operation's state does not have.
func (d *decision) allow(o *Operation, on Event) bool {
	if o.State.leads(on) {
		return true
	}
	d.refuse(Unmet{
		Code: CodeStateForbids, Subject: "operation:" + string(o.ID),
		Figures: []Figure{{Name: "state", Value: string(o.State)}, {Name: "asked", Value: string(on)}},
		Remedy:  "Choose an operation in a state that allows it.",
	})
	return false
}

// advance is the operation one version on. Its holds follow its state.
func (d *decision) advance(o Operation, on Event, to State) error {
	from := o.State
	if err := move(from, on, to); err != nil {
		return err
	}
	if from == "" {
		o.Created, o.CreatedAt = d.seq(), d.now
	}
	if on == OnPrepare || on == OnExecute || on == OnModify {
		d.sign(&o)
	}
	o.Version++
	o.Previous = o.Updated
	o.State, o.Updated, o.UpdatedAt = to, d.seq(), d.now
	d.rehold(&o)
	d.recount(&o, on)
	if to == Completed {
		if d.fx.Postings == nil {
			d.fx.Postings = slices.Clip(o.Terms.Postings)
		} else {
			d.fx.Postings = append(d.fx.Postings, o.Terms.Postings...)
		}
	}
	d.operation = o.ID
	d.fx.Operations = append(d.fx.Operations, o)
	return nil
}

// rehold brings what the operation holds in line with its state and terms: all
// released at the end, captured when it happened, otherwise resized to the
// terms.
func (d *decision) rehold(o *Operation) {
	var want []HoldTerm
	if o.State.Holds() {
		want = o.Terms.Holds
	}
	if d.f.holds.len() == 0 && len(want) == 0 {
		return
	}
	prefix := string(o.ID) + ":"
	for key, held := range d.f.holds.all {
		if len(key) <= len(prefix) || string(key[:len(prefix)]) != prefix {
			continue
		}
		id := accounts.ID(key[len(prefix):])
		if !slices.ContainsFunc(want, func(h HoldTerm) bool { return h.Account == id }) {
			d.fx.Releases = append(d.fx.Releases, released(o, id, held))
		}
	}
	for _, h := range want {
		if held, ok := d.f.holds.get(keyOfHold(o.ID, h.Account)); !ok || !held.Equal(h.Amount.Decimal) {
			d.fx.Holds = append(d.fx.Holds, HoldEffect{Operation: o.ID, Account: h.Account, Amount: h.Amount})
		}
	}
}

// released ends what the operation holds on an account. Of an exchange that
// happened in part, what was not taken is given back.
func released(o *Operation, id accounts.ID, held decimal.Decimal) ReleaseEffect {
	r := ReleaseEffect{Operation: o.ID, Account: id, Amount: accounts.Exact(held), Captured: o.State == Completed}
	if !r.Captured || !o.Terms.Exchange.inPart() {
		return r
	}
	taken := decimal.Zero
	for _, p := range o.Terms.Postings {
		if p.Ref == accounts.Customer(id) {
			taken = taken.Sub(p.Amount.Decimal)
		}
	}
	if r.Captured = taken.IsPositive(); r.Captured {
		r.Rest = accounts.Exact(held.Sub(taken))
	}
	return r
}
