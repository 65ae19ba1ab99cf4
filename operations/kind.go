package operations

import (
	"errors"
	"time"

	"github.com/shopspring/decimal"

	"github.com/onbehalf/onbehalf/accounts"
	"github.com/onbehalf/onbehalf/tenancy"
)

// Kind plans operations of one kind: what they post, hold and cost. A host
// adds its own by naming it in Config.Kinds; the engine sees to everything
// that is the same for all: that the accounts are the customer's and eligible,
// the funds, the firm's rules, the life of the operation, its record.
//
// Methods are pure and are called from many goroutines: no clock, no input or
// output, no randomness.
type Kind interface {
	// Name is the kind in orders and lists: 1 to 64 bytes, see tenancy.CheckID.
	Name() string
	// Validate tells what is malformed in the order, as tenancy.Invalid errors
	// naming the fields: nothing of such an order is ever recorded.
	Validate(o Order) error
	// Plan prices the order of the view. The accounts it names are in the
	// book, and its amount is within their scale. Postings of the terms must
	// sum to zero for each asset and touch only the customer's accounts and
	// system accounts. What of the kind's own conditions is not met is told in
	// full; the terms may then be incomplete.
	Plan(v View, now time.Time) (Terms, []Unmet)
}

// The kinds that are always there.
const (
	KindDeposit    = "deposit"
	KindWithdrawal = "withdrawal"
	KindTransfer   = "transfer"
	KindAdjustment = "adjustment"
	KindReversal   = "reversal" // never asked for: a fact reported by a provider
)

// Rejudged is for kinds with conditions of their own that must still hold when
// what was priced before is executed or let go.
type Rejudged interface {
	// Judge tells which of them the terms do not meet now. It is pure.
	Judge(v View, t Terms) []Unmet
}

// Permitted is for kinds that need a permission beside those every operation
// needs.
type Permitted interface{ Permission() tenancy.Permission }

func builtinKinds() []Kind {
	return []Kind{deposit{}, withdrawal{}, transfer{}, adjustment{}, refund{}}
}

type deposit struct{}

func (deposit) Name() string { return KindDeposit }

func (deposit) Validate(o Order) error {
	return errors.Join(required("to", string(o.To)), absent("from", string(o.From)))
}

func (deposit) Plan(v View, _ time.Time) (Terms, []Unmet) {
	o := &v.order
	a := v.asset(o.To)
	return Terms{
		Asset: a, Credit: o.Amount, Provider: via(*o),
		Postings: legs(accounts.Clearing(via(*o)), accounts.Customer(o.To), a, o.Amount.Decimal),
	}, nil
}

type withdrawal struct{}

func (withdrawal) Name() string { return KindWithdrawal }

func (withdrawal) Validate(o Order) error {
	return errors.Join(required("from", string(o.From)), absent("to", string(o.To)))
}

func (withdrawal) Plan(v View, _ time.Time) (Terms, []Unmet) {
	o := &v.order
	a := v.asset(o.From)
	return Terms{
		Asset: a, Debit: o.Amount, Provider: via(*o),
		Holds:    []HoldTerm{{Account: o.From, Amount: o.Amount}},
		Postings: legs(accounts.Customer(o.From), accounts.Clearing(via(*o)), a, o.Amount.Decimal),
	}, nil
}

type transfer struct{}

func (transfer) Name() string { return KindTransfer }

func (transfer) Validate(o Order) error {
	errs := []error{required("from", string(o.From)), required("to", string(o.To)), absent("via", o.Via)}
	if o.From != "" && o.From == o.To {
		errs = append(errs, tenancy.Invalid("to", "is the account the money comes from"))
	}
	return errors.Join(errs...)
}

func (transfer) Plan(v View, _ time.Time) (Terms, []Unmet) {
	o := &v.order
	from := v.asset(o.From)
	to := v.asset(o.To)
	t := Terms{
		Asset: from, Debit: o.Amount, Credit: o.Amount,
		Holds: []HoldTerm{{Account: o.From, Amount: o.Amount}},
	}
	if from != to {
		return t, []Unmet{{
			Code: accounts.CodeAssetMismatch, Subject: "account:" + string(o.To),
			Figures: []Figure{{Name: "asset", Value: to}, {Name: "asked", Value: from}},
			Remedy:  "Choose two accounts of the same asset.",
		}}
	}
	t.Postings = legs(accounts.Customer(o.From), accounts.Customer(o.To), from, o.Amount.Decimal)
	return t, nil
}

type adjustment struct{}

func (adjustment) Name() string { return KindAdjustment }

func (adjustment) Permission() tenancy.Permission { return tenancy.Adjust }

func (adjustment) Validate(o Order) error {
	errs := []error{absent("via", o.Via)}
	if (o.From == "") == (o.To == "") {
		errs = append(errs, tenancy.Invalid("to", "exactly one of from and to names the account to adjust"))
	}
	if _, ok := Purpose(o.Purpose).counter(); !ok {
		errs = append(errs, tenancy.Invalid("purpose", "is not fee, interest, penalty or correction"))
	}
	return errors.Join(errs...)
}

func (adjustment) Plan(v View, _ time.Time) (Terms, []Unmet) {
	o := &v.order
	counter, _ := Purpose(o.Purpose).counter()
	if o.From != "" {
		a := v.asset(o.From)
		return Terms{
			Asset: a, Debit: o.Amount, Holds: []HoldTerm{{Account: o.From, Amount: o.Amount}},
			Postings: legs(accounts.Customer(o.From), counter, a, o.Amount.Decimal),
		}, nil
	}
	a := v.asset(o.To)
	return Terms{
		Asset: a, Credit: o.Amount,
		Postings: legs(counter, accounts.Customer(o.To), a, o.Amount.Decimal),
	}, nil
}

// legs takes the amount from one side and gives it to the other.
func legs(from, to accounts.Ref, asset string, amount decimal.Decimal) []accounts.Posting {
	return []accounts.Posting{
		{Ref: from, Asset: asset, Amount: accounts.Exact(amount.Neg())},
		{Ref: to, Asset: asset, Amount: accounts.Exact(amount)},
	}
}

func via(o Order) string {
	if o.Via == "" {
		return DeskName
	}
	return o.Via
}

func required(field, value string) error {
	if value == "" {
		return tenancy.Invalid(field, "is required")
	}
	return nil
}

func absent(field, value string) error {
	if value != "" {
		return tenancy.Invalid(field, "does not belong to this kind of operation")
	}
	return nil
}
