package operations

import (
	"errors"
	"maps"
	"slices"
	"strconv"
	"time"

	"github.com/shopspring/decimal"

	"github.com/onbehalf/onbehalf/accounts"
	"github.com/onbehalf/onbehalf/tenancy"
)

// Request is what an operator asks for: Deposit, Withdrawal, Transfer,
// Adjustment, or a value of the host's own that says how it reads as an Order.
type Request interface{ Order() Order }

// Order is the content of an operation in the one form that is priced,
// fingerprinted, recorded and searched. Requests are turned into it; kinds
// read it. An account that a kind does not use is empty.
type Order struct {
	Kind       string            `json:"kind"`
	From       accounts.ID       `json:"from,omitempty"`       // the customer's account that is debited
	To         accounts.ID       `json:"to,omitempty"`         // the customer's account that is credited
	Amount     accounts.Amount   `json:"amount"`               // > 0, within the scale of the account's asset
	Via        string            `json:"via,omitempty"`        // the provider that carries it; empty: the manual desk, where the kind needs one
	Purpose    string            `json:"purpose,omitempty"`    // what it is for, in the kind's own words
	Reference  string            `json:"reference,omitempty"`  // the firm's or the rail's own reference; at most 128 bytes, nothing personal
	NotBefore  time.Time         `json:"not_before,omitzero"`  // when it may happen at the earliest; zero: at once
	Parent     OperationID       `json:"parent,omitempty"`     // a refund's: the completed operation it gives back
	Attributes map[string]string `json:"attributes,omitempty"` // for kinds of the host's own: at most 16 keys of 64 bytes, values of 128
}

// Order lets an Order stand for itself, as a host's own request may.
func (o Order) Order() Order { return o }

// What an order may carry at most.
const (
	MaxReference  = 128
	MaxPurpose    = 64
	MaxAttributes = 16
	MaxAttribute  = 128
)

// validate finds what is malformed in itself, whatever the book holds. The
// amount's scale is the account's affair; here it must be a plain figure.
func (o Order) validate() error {
	var errs []error
	note := func(err error) {
		if err != nil {
			errs = append(errs, err)
		}
	}
	note(tenancy.CheckID("kind", o.Kind))
	if o.From != "" {
		note(tenancy.CheckID("from", string(o.From)))
	}
	if o.To != "" {
		note(tenancy.CheckID("to", string(o.To)))
	}
	if o.Via != "" {
		note(tenancy.CheckID("via", o.Via))
	}
	if o.Parent != "" {
		note(tenancy.CheckID("parent", string(o.Parent)))
	}
	note(accounts.CheckAmount("amount", o.Amount.Decimal, accounts.MaxScale))
	note(tenancy.CheckText("purpose", o.Purpose, MaxPurpose))
	note(tenancy.CheckText("reference", o.Reference, MaxReference))
	note(checkTime("not_before", o.NotBefore))
	if len(o.Attributes) > MaxAttributes {
		note(tenancy.Invalid("attributes", "has more than "+strconv.Itoa(MaxAttributes)+" keys"))
	} else {
		for _, k := range o.malformed() {
			note(tenancy.CheckID("attributes", k))
			note(tenancy.CheckText("attributes."+k, o.Attributes[k], MaxAttribute))
		}
	}
	return errors.Join(errs...)
}

// malformed are the attributes that cannot be kept, in order.
func (o Order) malformed() []string {
	var all []string
	for k, v := range o.Attributes {
		if tenancy.CheckID("attributes", k) != nil || tenancy.CheckText("attributes", v, MaxAttribute) != nil {
			all = append(all, k)
		}
	}
	slices.Sort(all)
	return all
}

// normal is the order as it is recorded: UTC, whole microseconds.
func (o Order) normal() Order {
	o.NotBefore = instant(o.NotBefore)
	o.Attributes = maps.Clone(o.Attributes)
	return o
}

// Equal tells whether two orders ask for the same.
func (o Order) Equal(p Order) bool {
	return maps.Equal(o.Attributes, p.Attributes) && o.Kind == p.Kind && o.Parent == p.Parent && o.From == p.From && o.To == p.To && o.Amount.Equal(p.Amount.Decimal) &&
		o.Via == p.Via && o.Purpose == p.Purpose && o.Reference == p.Reference && o.NotBefore.Equal(p.NotBefore)
}

// Deposit brings money from outside to an account of the customer.
type Deposit struct {
	To        accounts.ID
	Amount    decimal.Decimal
	Via       string // the provider it comes by; empty: the manual desk
	Purpose   string
	Reference string
	NotBefore time.Time
}

// Order reads the deposit as an order.
func (d Deposit) Order() Order {
	return Order{Kind: KindDeposit, To: d.To, Amount: accounts.Exact(d.Amount), Via: d.Via, Purpose: d.Purpose, Reference: d.Reference, NotBefore: d.NotBefore}
}

// Withdrawal takes money from an account of the customer to the outside.
type Withdrawal struct {
	From      accounts.ID
	Amount    decimal.Decimal
	Via       string // the provider it goes by; empty: the manual desk
	Purpose   string
	Reference string
	NotBefore time.Time
}

// Order reads the withdrawal as an order.
func (w Withdrawal) Order() Order {
	return Order{Kind: KindWithdrawal, From: w.From, Amount: accounts.Exact(w.Amount), Via: w.Via, Purpose: w.Purpose, Reference: w.Reference, NotBefore: w.NotBefore}
}

// Transfer moves money between two accounts of the same customer and asset.
// What goes to anyone else is a Withdrawal.
type Transfer struct {
	From, To  accounts.ID
	Amount    decimal.Decimal
	Purpose   string
	Reference string
	NotBefore time.Time
}

// Order reads the transfer as an order.
func (t Transfer) Order() Order {
	return Order{Kind: KindTransfer, From: t.From, To: t.To, Amount: accounts.Exact(t.Amount), Purpose: t.Purpose, Reference: t.Reference, NotBefore: t.NotBefore}
}

// Adjustment is what the firm itself posts: exactly one of From (the customer
// is charged) and To (the customer is credited). It needs the Adjust
// permission beside those of every operation.
type Adjustment struct {
	From, To  accounts.ID
	Amount    decimal.Decimal
	Purpose   Purpose
	Reference string
}

// Order reads the adjustment as an order.
func (a Adjustment) Order() Order {
	return Order{Kind: KindAdjustment, From: a.From, To: a.To, Amount: accounts.Exact(a.Amount), Purpose: string(a.Purpose), Reference: a.Reference}
}

// Purpose says why the firm adjusts an account; it decides the system account
// on the other side.
type Purpose string

// The purposes of an adjustment.
const (
	Fee        Purpose = "fee"        // against income:fees
	Interest   Purpose = "interest"   // against income:interest
	Penalty    Purpose = "penalty"    // against income:fees
	Correction Purpose = "correction" // against suspense
)

// Purposes lists the purposes of an adjustment.
func Purposes() []Purpose { return []Purpose{Fee, Interest, Penalty, Correction} }

// counter is the system account an adjustment is posted against.
func (p Purpose) counter() (accounts.Ref, bool) {
	switch p {
	case Fee, Penalty:
		return accounts.IncomeFees, true
	case Interest:
		return accounts.IncomeInterest, true
	case Correction:
		return accounts.Suspense, true
	}
	return "", false
}
