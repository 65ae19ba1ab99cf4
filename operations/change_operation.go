package operations

import (
	"errors"
	"time"

	"github.com/shopspring/decimal"

	"github.com/onbehalf/onbehalf/accounts"
	"github.com/onbehalf/onbehalf/tenancy"
)

// Modification is what is to be different about an operation that has not
// begun to happen. Zero fields stay as they are; a kind never changes.
type Modification struct {
	Amount    decimal.Decimal
	From, To  accounts.ID
	Via       string
	Purpose   string
	Reference string
	NotBefore time.Time
}

func (m Modification) apply(o Order) Order {
	set := func(field *string, v string) {
		if v != "" {
			*field = v
		}
	}
	if !m.Amount.IsZero() {
		o.Amount = accounts.Exact(m.Amount)
	}
	if m.From != "" {
		o.From = m.From
	}
	if m.To != "" {
		o.To = m.To
	}
	set(&o.Via, m.Via)
	set(&o.Purpose, m.Purpose)
	set(&o.Reference, m.Reference)
	if !m.NotBefore.IsZero() {
		o.NotBefore = m.NotBefore
	}
	return o.normal()
}

// validate finds what is malformed before anything else looks at it.
func (m Modification) validate() error {
	var errs []error
	if !m.Amount.IsZero() {
		errs = append(errs, accounts.CheckAmount("amount", m.Amount, accounts.MaxScale))
	}
	return errors.Join(append(errs, checkTime("not_before", m.NotBefore))...)
}

// prepare prices an order anew and keeps its terms.
func prepare(id OperationID, o Order) func(*decision) error {
	return func(d *decision) error {
		t, err := d.plan(o, nil)
		if err != nil || len(d.refused) > 0 {
			return err
		}
		return d.advance(d.fresh(id, t), OnPrepare, Prepared)
	}
}

// submit is prepare and execute in one change.
func submit(id OperationID, o Order) func(*decision) error {
	return func(d *decision) error {
		t, err := d.plan(o, nil)
		if err != nil || len(d.refused) > 0 {
			return err
		}
		t.Expires = time.Time{}
		return d.begin(d.fresh(id, t), OnExecute)
	}
}

// execute does what was prepared, on its terms.
func execute(ref Ref) func(*decision) error {
	return func(d *decision) error {
		o, err := d.target(ref)
		if err != nil || !d.allow(o, OnExecute) {
			return err
		}
		if expired(o, d.now) {
			d.refuse(Unmet{
				Code: CodeTermsExpired, Subject: "operation:" + string(o.ID),
				Figures: []Figure{{Name: "expired", Value: o.Terms.Expires.Format(time.RFC3339Nano)}},
				Remedy:  "Modify it to have it priced again, or prepare a new one.",
			})
		}
		if err := d.permitKind(o.Order); err != nil {
			return err
		}
		v, err := d.view(o.Order, o)
		if err != nil {
			return err
		}
		d.refuse(distinct(append(lookAlike(v, &o.Terms), d.judge(v, o.Terms, d.now)...))...)
		if len(d.refused) > 0 {
			return nil
		}
		return d.begin(*o, OnExecute)
	}
}

// modify gives the operation other content and prices it again. A probe asks
// only whether it may be modified at all.
func modify(ref Ref, m Modification, probe bool) func(*decision) error {
	return func(d *decision) error {
		o, err := d.target(ref)
		if err != nil || !d.allow(o, OnModify) {
			return err
		}
		if d.kinds[o.Order.Kind] == nil {
			d.refuse(Unmet{Code: CodeKindUnknown, Subject: "kind:" + o.Order.Kind, Remedy: "Cancel it."})
			return nil
		}
		n := *o
		n.Order = m.apply(o.Order)
		if !probe && n.Order.Equal(o.Order) && !expired(o, d.now) {
			return tenancy.Invalid("modification", "changes nothing")
		}
		d.refuse(fixed(o, &n.Order)...)
		if probe && d.requoted(&n) { // nobody is asked for a price to tell that it may be modified
			return d.permitKind(n.Order)
		}
		t, err := d.plan(n.Order, o)
		if err != nil || len(d.refused) > 0 {
			return err
		}
		if o.State != Prepared {
			t.Expires = o.Terms.Expires
		}
		n.Terms = t
		if o.State != Prepared && t.Approval != nil {
			return d.await(n, OnModify)
		}
		return d.advance(n, OnModify, o.State)
	}
}

// cancel withdraws what has not begun to happen.
func cancel(ref Ref) func(*decision) error {
	return func(d *decision) error {
		o, err := d.target(ref)
		if err != nil || !d.allow(o, OnCancel) {
			return err
		}
		return d.advance(*o, OnCancel, Cancelled)
	}
}

func expired(o *Operation, now time.Time) bool {
	return !o.Terms.Expires.IsZero() && !now.Before(o.Terms.Expires)
}

// plan validates, prices and judges an order. What is unmet becomes the
// decision's refusal.
func (d *decision) plan(o Order, own *Operation) (Terms, error) {
	if err := d.validate(d.f, o); err != nil {
		return Terms{}, err
	}
	v, err := d.view(o, own)
	if err != nil {
		return Terms{}, err
	}
	if o.Kind == KindRefund { // now its account is known, and the scale
		given := o
		o = v.order
		if own == nil && (given.From != "" && given.From != o.From || given.To != "" && given.To != o.To || given.Via != "" && given.Via != o.Via || !given.NotBefore.IsZero()) ||
			own != nil && (given.From != o.From || given.To != o.To || given.Via != o.Via) {
			return Terms{}, tenancy.Invalid("order", "a refund goes back the way its parent came")
		}
		if err := d.validate(d.f, o); err != nil {
			return Terms{}, err
		}
	}
	if err := d.permitKind(o); err != nil {
		return Terms{}, err
	}
	if err := d.inform(&v); err != nil {
		return Terms{}, err
	}
	t, unmet, err := d.price(v, d.now)
	if err != nil {
		return t, err
	}
	d.refuse(unmet...)
	d.planned, d.judged, d.terms = true, v, t
	return t, nil
}

func (d *decision) permitKind(o Order) error {
	if k, ok := d.kinds[o.Kind].(Permitted); ok {
		return d.permit(k.Permission())
	}
	return nil
}

// fresh is what was planned as a new operation.
func (d *decision) fresh(id OperationID, t Terms) Operation {
	o := d.judged.order
	if o.Kind == KindRefund {
		id = refundID(d.f.id, o.Parent, len(d.kin.refunds)+1)
	}
	return Operation{ID: id, Order: o, Terms: t, Parent: o.Parent, Maker: d.c.actors[0]}
}

// requoted tells whether the operation is planned anew when it is let go.
func (d *decision) requoted(o *Operation) bool {
	_, ok := d.gathers(&o.Order)
	return ok
}

// begin moves an operation on from where an operator, or its time, lets it go.
func (d *decision) begin(o Operation, on Event) error {
	switch {
	case on == OnExecute && o.Terms.Approval != nil:
		return d.await(o, on)
	case on != OnDue && o.Order.NotBefore.After(d.now):
		return d.advance(o, on, Scheduled)
	case on == OnApprove && d.requoted(&o): // Work lets it go, on facts of then
		return d.advance(o, on, Scheduled)
	case d.inside(o.Terms):
		return d.advance(o, on, Completed)
	case on != OnDue && d.c.within: // nobody may be told before the host has committed
		return d.advance(o, on, Scheduled)
	}
	o.ProviderReference = reference(d.f.id, o.ID)
	o.SendBy = instant(d.now.Add(d.providers[o.Terms.Provider].Contract().timeout()))
	return d.advance(o, on, Executing)
}
