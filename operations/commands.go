package operations

import (
	"context"
	"errors"
	"time"

	"github.com/onbehalf/onbehalf/accounts"
	"github.com/onbehalf/onbehalf/customer"
	"github.com/onbehalf/onbehalf/tenancy"
)

// Result is the outcome of a command on an operation, as its entry left it. A
// replay brings the outcome of the first time, though the operation may have
// moved on since: read it with Book.Operation. A refusal is such an outcome, too:
// to try again when its reasons are gone, draw a new key.
type Result struct {
	Operation Operation `json:"operation"` // zero when the command was refused
	Seq       int64     `json:"seq"`       // of the entry
	Replayed  bool      `json:"replayed"`  // the key had this outcome already
}

// Prepare prices a request and keeps the terms until they expire; no funds are
// held. It needs the prepare permission. Errors: invalid, refused, conflict,
// unavailable, unknown outcome.
func (e *Engine) Prepare(ctx context.Context, s tenancy.Scope, in Intent, q Request) (Result, error) {
	return e.ask(ctx, s, in, ActPrepare, q, prepare, tenancy.Prepare)
}

// Submit is Prepare and Execute in one change. It needs both permissions.
// Errors as for Execute.
func (e *Engine) Submit(ctx context.Context, s tenancy.Scope, in Intent, q Request) (Result, error) {
	return e.ask(ctx, s, in, ActSubmit, q, submit, tenancy.Prepare, tenancy.Execute)
}

func (e *Engine) ask(ctx context.Context, s tenancy.Scope, in Intent, a Action, q Request, decide func(OperationID, Order) func(*decision) error, needs ...tenancy.Permission) (Result, error) {
	o, err := orderOf(q)
	c, err := e.command(s, in, a, &o, err, needs...)
	if err != nil {
		return Result{}, err
	}
	c.decide = decide(e.newOperation(), o)
	return e.operate(ctx, c)
}

// orderOf reads a request; what is malformed in itself is found before anything
// computes with it.
func orderOf(q Request) (Order, error) {
	if q == nil {
		return Order{}, tenancy.Invalid("request", "is required")
	}
	o := q.Order()
	if err := o.validate(); err != nil {
		return Order{}, err
	}
	return o.normal(), nil
}

// Execute does what was prepared, on its terms. Limits, funds, eligibility and
// grants are judged again, prices are not. What settles inside the book is
// completed in this change; for the rest the intent is durable before the
// provider is told, outside any transaction, and the result is how it stands
// when the provider has answered or its time is up: from there on the end of
// ctx stops nothing. It needs the execute permission. Errors: invalid, refused, not found, conflict, unavailable,
// unknown outcome.
func (e *Engine) Execute(ctx context.Context, s tenancy.Scope, in Intent, ref Ref) (Result, error) {
	return e.on(ctx, s, in, ActExecute, ref, Modification{}, nil, execute(ref), tenancy.Execute)
}

// Modify gives an operation that has not begun to happen other content: it is
// priced and judged anew, and what it holds is resized in the same change.
// Approvals that were given to it are void, and it waits for them again. Which
// fields may change in which state is told by Modifiable. It needs the modify
// permission. Errors as for Execute.
func (e *Engine) Modify(ctx context.Context, s tenancy.Scope, in Intent, ref Ref, m Modification) (Result, error) {
	return e.on(ctx, s, in, ActModify, ref, m, m.validate(), modify(ref, m, false), tenancy.Modify)
}

// Cancel withdraws an operation that has not begun to happen and gives back
// what it holds. It needs the cancel permission, but for the maker of an
// operation that waits for approval, who may always take it back. Errors as for
// Execute.
func (e *Engine) Cancel(ctx context.Context, s tenancy.Scope, in Intent, ref Ref) (Result, error) {
	return e.on(ctx, s, in, ActCancel, ref, Modification{}, nil, cancel(ref), tenancy.Cancel)
}

// on begins a command on an operation whose content is a modification at most.
func (e *Engine) on(ctx context.Context, s tenancy.Scope, in Intent, a Action, ref Ref, m Modification, malformed error, decide func(*decision) error, need tenancy.Permission) (Result, error) {
	var content any
	if malformed == nil {
		content = []any{ref, m.apply(Order{})}
	}
	return e.subject(ctx, s, in, a, ref, content, malformed, decide, need)
}

func (e *Engine) subject(ctx context.Context, s tenancy.Scope, in Intent, a Action, ref Ref, content any, malformed error, decide func(*decision) error, need tenancy.Permission) (Result, error) {
	c, err := e.command(s, in, a, content, errors.Join(ref.validate(), malformed), need)
	if err != nil {
		return Result{}, err
	}
	c.subject, c.decide = ref.ID, decide
	return e.operate(ctx, c)
}

func (r Ref) validate() error {
	errs := []error{tenancy.CheckID("id", string(r.ID))}
	if r.Version < 1 {
		errs = append(errs, tenancy.Invalid("version", "is not a version the operation can have"))
	}
	return errors.Join(errs...)
}

// operate runs a command on an operation and, where its intent is durable now,
// tells the provider.
func (e *Engine) operate(ctx context.Context, c *command) (Result, error) {
	entry, replayed, err := e.run(ctx, c)
	if err != nil {
		return Result{}, err
	}
	res, err := entry.result()
	res.Replayed = replayed
	if err != nil || replayed || e.direct || res.Operation.State != Executing {
		return res, err
	}
	return e.dispatch(ctx, c.book, res)
}

// result reads the outcome of a command from the entry it made.
func (e *Entry) result() (Result, error) {
	res := Result{Seq: e.Seq}
	if len(e.Refused) > 0 {
		return res, tenancy.Refuse(e.Refused...)
	}
	if o := e.operation(e.Operation); o != nil {
		res.Operation = o.clone() // the book goes on with its own
	}
	return res, nil
}

func (e *Entry) operation(id OperationID) *Operation {
	for i := range e.Effects.Operations {
		if e.Effects.Operations[i].ID == id {
			return &e.Effects.Operations[i]
		}
	}
	return nil
}

// Managed is the outcome of a change to the book itself.
type Managed struct {
	Account  accounts.ID     `json:"account,omitempty"` // accounts.Open: the new account
	Grant    tenancy.GrantID `json:"grant,omitempty"`   // tenancy.Allow: the new grant
	Seq      int64           `json:"seq"`
	Replayed bool            `json:"replayed"`
}

// Manage makes one administrative change to the scope's book: to the customer,
// his accounts, his grants; in the house's scope to operators and grants for
// all customers, and to the firm's switches. Each change needs its own
// permission: manage accounts, manage customers, manage grants or freeze. Errors: invalid, refused, conflict,
// unavailable, unknown outcome.
func (e *Engine) Manage(ctx context.Context, s tenancy.Scope, in Intent, x Administrative) (Managed, error) {
	if own, ok := x.(Setter); ok {
		set, err := own.Set()
		if err != nil {
			return Managed{}, err
		}
		x = set
	}
	drawn, err := salt(e.cfg.Entropy)
	if err != nil {
		return Managed{}, classify(err)
	}
	grant := tenancy.GrantID(derivedID("grant", string(s.Tenant()), string(s.Customer()), in.Key))
	need, decide, known := administer(x, e.newAccount(), grant, drawn)
	action, malformed := Action("manage"), tenancy.Invalid("change", "is not one the book knows")
	if known {
		action, malformed = Action(x.Change()), x.Validate()
	}
	content, personal := impersonal(x)
	c, err := e.command(s, in, action, content, malformed, need)
	if err != nil {
		return Managed{}, err
	}
	c.personal = personal
	c.decide = decide
	if allow, ok := x.(tenancy.Allow); ok {
		c.grantee = allow.Operator
	}
	entry, replayed, err := e.run(ctx, c)
	if err != nil {
		return Managed{}, err
	}
	m := Managed{Seq: entry.Seq, Replayed: replayed}
	if len(entry.Refused) > 0 {
		return m, tenancy.Refuse(entry.Refused...)
	}
	switch x.(type) {
	case accounts.Open:
		m.Account = entry.Effects.Accounts[0].ID
	case tenancy.Allow:
		m.Grant = grant
	}
	return m, nil
}

// Opened is the outcome of OpenCustomer.
type Opened struct {
	ID       tenancy.CustomerID `json:"id"`
	Replayed bool               `json:"replayed"`
}

// OpenCustomer begins the book of a new customer, under a firm scope. His id
// follows from the intent's key: the same key with the same profile is the same
// customer. It needs manage customers for all customers. Errors: invalid,
// refused, conflict, unavailable, unknown outcome.
func (e *Engine) OpenCustomer(ctx context.Context, s tenancy.Scope, in Intent, p customer.Profile) (Opened, error) {
	content, personal := impersonalProfile(p)
	c, err := e.command(s, in, ActOpen, content, p.Validate(), tenancy.ManageCustomers)
	if err != nil {
		return Opened{}, err
	}
	c.personal = personal
	drawn, err := salt(e.cfg.Entropy)
	if err != nil {
		return Opened{}, classify(err)
	}
	id := tenancy.CustomerID(derivedID("customer", string(s.Tenant()), in.Key))
	c.book.Customer, c.opens = id, true
	c.decide = openCustomer(p, drawn)
	_, replayed, err := e.run(ctx, c)
	if err != nil {
		return Opened{}, err
	}
	return Opened{ID: id, Replayed: replayed}, nil
}

// bootstrapKey is the key of the first entry of a house's book.
const bootstrapKey = systemKey + "bootstrap"

// Bootstrap begins a firm: the house's book, with its first administrator, who
// gets every permission there and for every customer. It gives the firm's
// scope for him. Repeated by the same administrator it does nothing more;
// otherwise a firm that is there already is a conflict.
//
// Nobody's permission is asked for: call it from where only the owner of the
// database can.
func (e *Engine) Bootstrap(ctx context.Context, firm tenancy.Firm) (tenancy.Scope, error) {
	if err := firm.Validate(); err != nil {
		return tenancy.Scope{}, err
	}
	drawn, err := salt(e.cfg.Entropy)
	if err != nil {
		return tenancy.Scope{}, classify(err)
	}
	admin := firm.Admin
	finger, err := e.rules.scratch.fingerprint(ActBootstrap, string(admin.Operator), []string{string(firm.Tenant), firm.Name, string(admin.Person)})
	if err != nil {
		return tenancy.Scope{}, err
	}
	grant := func(of string) tenancy.GrantID {
		return tenancy.GrantID(derivedID("grant", string(firm.Tenant), "bootstrap", of))
	}
	c := &command{
		book: BookID{Tenant: firm.Tenant, Customer: tenancy.House}, action: ActBootstrap, actors: admin.Chain(),
		intent: Intent{Key: bootstrapKey}, finger: finger, opens: true,
		decide: bootstrap(firm, grant("house"), grant("everyone"), drawn),
	}
	if _, _, err := e.do(ctx, c); err != nil {
		if errors.Is(err, ErrConflict) {
			return tenancy.Scope{}, &ConflictError{Reason: Exists}
		}
		return tenancy.Scope{}, err
	}
	return e.gate.Firm(ctx, admin)
}

func later(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}
