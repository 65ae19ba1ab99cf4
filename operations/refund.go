package operations

import (
	"context"
	"errors"
	"slices"
	"strconv"
	"time"

	"github.com/shopspring/decimal"

	"github.com/onbehalf/onbehalf/accounts"
	"github.com/onbehalf/onbehalf/tenancy"
)

// KindRefund gives back of a completed operation.
const KindRefund = "refund"

// How many refunds one operation can have.
const (
	MaxRefunds        = 64             // under way or completed
	MaxRefundAttempts = 2 * MaxRefunds // with those that came to nothing
)

// The codes of what is unmet about a refund.
const (
	CodeNotRefundable  = "not_refundable"  // the parent is not completed, or not of a kind that can be refunded
	CodeParentReversed = "parent_reversed" // a provider undid the parent
	CodeRefundExceeds  = "refund_exceeds"  // more than is left of the parent
	CodeFeesReturned   = "fees_returned"   // the parent's fees are given back already, or it has none
	CodeRefundsFull    = "refunds_full"    // the parent has MaxRefunds, or MaxRefundAttempts
)

// feesAttribute marks an order that gives the parent's fees back.
const (
	feesAttribute = "fees"
	feesGivenBack = "returned"
)

// Refund gives back of a completed operation, wholly or in part, the way it
// came. It is an operation of its own and needs the Refund permission beside
// those of every operation. All refunds of one parent together, those under
// way included, never give back more than went through it outside: its amount
// without the fees taken from it. Of money that came in, those fees go back
// outside, too, once they are returned to the customer.
type Refund struct {
	Parent    OperationID
	Amount    decimal.Decimal // without fees
	Fees      bool            // returns all fees of the parent as well, to who paid them; once
	Purpose   string          // the reason; required
	Reference string
}

// Order reads the refund as an order. Accounts and provider are completed from
// the parent.
func (r Refund) Order() Order {
	o := Order{Kind: KindRefund, Parent: r.Parent, Amount: accounts.Exact(r.Amount), Purpose: r.Purpose, Reference: r.Reference}
	if r.Fees {
		o.Attributes = map[string]string{feesAttribute: feesGivenBack}
	}
	return o
}

// Refundable is for kinds whose completed operations can be refunded.
type Refundable interface {
	// Refundable tells the way back. It is pure.
	Refundable(parent Operation) WayBack
}

// WayBack is the way the money of an operation goes back: out of the
// customer's account From, or to his account To; exactly one is set.
type WayBack struct {
	From, To accounts.ID
	Counter  accounts.Ref // the system account on the other side
}

func (deposit) Refundable(p Operation) WayBack {
	return WayBack{From: p.Order.To, Counter: accounts.Clearing(via(p.Order))}
}

func (withdrawal) Refundable(p Operation) WayBack {
	return WayBack{To: p.Order.From, Counter: accounts.Clearing(via(p.Order))}
}

// kin is what a refund is judged by beside the book: the operation it gives
// back of, and what was given back before.
type kin struct {
	parent   *Operation
	way      WayBack
	ok       bool // the parent's kind is refundable
	reversed bool
	refunds  []*Operation // all of the parent, in their order
}

type refund struct{}

func (refund) Name() string { return KindRefund }

func (refund) Permission() tenancy.Permission { return tenancy.Refund }

func (refund) Validate(o Order) error {
	errs := []error{required("parent", string(o.Parent)), required("purpose", o.Purpose)}
	if n := len(o.Attributes); n > 1 || n == 1 && o.Attributes[feesAttribute] != feesGivenBack {
		errs = append(errs, tenancy.Invalid("attributes", "do not belong to this kind of operation"))
	}
	return errors.Join(errs...)
}

func (refund) Plan(v View, _ time.Time) (Terms, []Unmet) {
	o, k := &v.order, &v.kin
	if k.parent == nil || !k.ok {
		return Terms{}, k.unmet(o, v.own)
	}
	t := Terms{Asset: k.parent.Terms.Asset, Provider: k.parent.Terms.Provider}
	returned, same := decimal.Zero, decimal.Zero // same: to the account that gives the rest
	var fees []accounts.Posting
	if givesFees(o) {
		for _, l := range k.parent.Terms.Fees {
			fees = append(fees, legs(accounts.IncomeFees, accounts.Customer(l.Account), l.Asset, l.Amount.Decimal)...)
			returned = returned.Add(l.Amount.Decimal)
			if l.Account == k.way.From {
				same = same.Add(l.Amount.Decimal)
			}
		}
	}
	if k.way.From != "" {
		t.Debit, t.Credit = o.Amount, accounts.Exact(returned)
		if held := o.Amount.Sub(same); held.IsPositive() {
			t.Holds = []HoldTerm{{Account: k.way.From, Amount: accounts.Exact(held)}}
		}
		t.Postings = legs(accounts.Customer(k.way.From), k.way.Counter, t.Asset, o.Amount.Decimal)
	} else {
		t.Credit = accounts.Exact(o.Amount.Add(returned))
		t.Postings = legs(k.way.Counter, accounts.Customer(k.way.To), t.Asset, o.Amount.Decimal)
	}
	t.Postings = append(t.Postings, fees...)
	return t, nil
}

func givesFees(o *Order) bool { return o.Attributes[feesAttribute] == feesGivenBack }

// counts tells whether a refund gave something back or still may.
func counts(o *Operation) bool { return !o.State.Final() || o.State == Completed }

// unmet tells what stands in the way of a refund; own is the one judged again.
func (k *kin) unmet(o *Order, own *Operation) []Unmet {
	subject := "operation:" + string(o.Parent)
	if k.parent == nil || !k.ok || k.parent.State != Completed {
		u := Unmet{Code: CodeNotRefundable, Subject: subject, Remedy: "Choose a completed deposit or withdrawal."}
		if k.parent != nil {
			u.Figures = []Figure{{Name: "kind", Value: k.parent.Order.Kind}, {Name: "state", Value: string(k.parent.State)}}
		}
		return []Unmet{u}
	}
	var unmet []Unmet
	if k.reversed {
		unmet = append(unmet, Unmet{Code: CodeParentReversed, Subject: subject, Remedy: "Nothing is left to give back."})
	}
	alive, given, fees, arrived := 0, decimal.Zero, false, false
	for _, r := range k.refunds {
		if own != nil && r.ID == own.ID || !counts(r) {
			continue
		}
		alive++
		given = given.Add(r.Order.Amount.Decimal)
		fees = fees || givesFees(&r.Order)
		arrived = arrived || givesFees(&r.Order) && r.State == Completed
	}
	if most := fullOf(alive, len(k.refunds)); own == nil && most > 0 {
		unmet = append(unmet, Unmet{
			Code: CodeRefundsFull, Subject: subject, Figures: []Figure{{Name: "limit", Value: strconv.Itoa(most)}},
			Remedy: "Settle the rest by another operation.",
		})
	}
	if givesFees(o) && (fees || len(k.parent.Terms.Fees) == 0) {
		unmet = append(unmet, Unmet{Code: CodeFeesReturned, Subject: subject, Remedy: "Refund without the fees."})
	}
	// Fees under way elsewhere may still fail to come back: they add nothing yet.
	most := k.most(givesFees(o) && !fees || arrived)
	if left := most.Sub(given); o.Amount.GreaterThan(left) {
		figure := func(name string, d decimal.Decimal) Figure {
			return Figure{Name: name, Value: accounts.Canonical(d)}
		}
		unmet = append(unmet, Unmet{
			Code: CodeRefundExceeds, Subject: subject,
			Figures: []Figure{figure("parent", most), figure("refunded", given), figure("asked", o.Amount.Decimal), figure("left", left)},
			Remedy:  "Refund no more than what is left.",
		})
	}
	return unmet
}

// fullOf is the bound that so many refunds have reached; zero for none.
func fullOf(alive, all int) int {
	switch {
	case alive >= MaxRefunds:
		return MaxRefunds
	case all >= MaxRefundAttempts:
		return MaxRefundAttempts
	}
	return 0
}

// most is what all refunds together may carry: what the parent moved but for fees
// taken from it, which never went outside, or, of what came in, were kept.
func (k *kin) most(feesBack bool) decimal.Decimal {
	m := k.parent.moved().Decimal
	if k.way.From != "" && feesBack {
		return m
	}
	for _, l := range k.parent.Terms.Fees {
		if l.Inside {
			m = m.Sub(l.Amount.Decimal)
		}
	}
	return m
}

// beyondParent is what judges a refund each time, and nothing else.
func beyondParent(v View) []Unmet {
	if v.order.Kind != KindRefund {
		return nil
	}
	return v.kin.unmet(&v.order, v.own)
}

func refundID(id BookID, parent OperationID, n int) OperationID {
	return OperationID(derivedID("refund", string(id.Tenant), string(id.Customer), string(parent), strconv.Itoa(n)))
}

// refunds are all refunds of an operation.
func (d *decision) refunds(parent OperationID) ([]*Operation, error) {
	var all []*Operation
	for n := 1; n <= MaxRefundAttempts; n++ {
		r, err := d.current(refundID(d.f.id, parent, n))
		switch {
		case errors.Is(err, ErrNotFound):
			return all, nil
		case err != nil:
			return nil, err
		}
		all = append(all, r)
	}
	return all, nil
}

// view is what an order is judged in, with its kin where it has such, which
// what it counts for is found by, too.
func (d *decision) view(o Order, own *Operation) (v View, err error) {
	defer func() { d.kin = v.kin }()
	v = View{f: d.f, order: o, own: own, stops: d.stops(), actor: d.c.actors[0], acknowledged: d.c.intent.Acknowledge}
	if len(d.limits) > 0 {
		v.today = d.dates()
	}
	if o.Kind != KindRefund || o.Parent == "" {
		return v, nil
	}
	p, err := d.current(o.Parent)
	if err != nil {
		return v, err
	}
	if !v.returns(d.rulebook, p) {
		return v, nil
	}
	if _, err = d.current(reversalID(d.f.id, p.ID)); err != nil && !errors.Is(err, ErrNotFound) {
		return v, err
	}
	v.kin.reversed = err == nil
	if v.kin.refunds, err = d.refunds(p.ID); err != nil {
		return v, err
	}
	return v, nil
}

// returns makes the view one of a refund of the parent; false where that can
// not be refunded.
func (v *View) returns(r *rulebook, p *Operation) bool {
	v.kin.parent = p
	k, ok := r.kinds[p.Order.Kind].(Refundable)
	if !ok || p.State != Completed {
		return false
	}
	v.kin.way, v.kin.ok = k.Refundable(p.clone()), true
	v.order.From, v.order.To, v.order.Via = v.kin.way.From, v.kin.way.To, p.Order.Via
	return true
}

// Of is the evaluator beside this operation, of which there may be a refund and
// is none yet.
func (e *Evaluator) Of(parent Operation) *Evaluator {
	n, p := *e, parent.clone()
	n.parent = &p
	return &n
}

// Refunds brings the refunds of an operation, in the order they were asked
// for, those that came to nothing included; at most
// MaxRefundAttempts. Errors: not
// found when there is no such operation, too.
func (b *Book) Refunds(ctx context.Context, id OperationID) ([]Operation, error) {
	if _, err := b.Operation(ctx, id); err != nil {
		return nil, err
	}
	book := BookID{Tenant: b.scope.Tenant(), Customer: b.scope.Customer()}
	var all []Operation
	for n := 1; n <= MaxRefundAttempts; n++ {
		o, err := b.Operation(ctx, refundID(book, id, n))
		if errors.Is(err, ErrNotFound) {
			break
		}
		if err != nil {
			return nil, err
		}
		all = append(all, o)
	}
	return slices.Clip(all), nil
}
