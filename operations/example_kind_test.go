package operations_test

import (
	"context"
	"fmt"
	"time"

	"github.com/shopspring/decimal"

	"github.com/onbehalf/onbehalf/accounts"
	"github.com/onbehalf/onbehalf/adapters/memory"
	"github.com/onbehalf/onbehalf/customer"
	"github.com/onbehalf/onbehalf/operations"
	"github.com/onbehalf/onbehalf/operations/operationstest"
	"github.com/onbehalf/onbehalf/tenancy"
)

// CardPurchase is a request of the host's own: what a customer's card pays.
type CardPurchase struct {
	From   accounts.ID
	Amount decimal.Decimal
	MCC    string // merchant category code, ISO 18245: four digits
}

// Order reads the purchase as an order of the kind below.
func (p CardPurchase) Order() operations.Order {
	return operations.Order{
		Kind: "card_purchase", From: p.From, Amount: accounts.Exact(p.Amount),
		Attributes: map[string]string{"mcc": p.MCC},
	}
}

// Cards is the kind: the purchase and a fee leave the account, the fee is
// income, and some merchants are not served.
type Cards struct {
	FeeBPS  int64 // basis points of the amount; the fee is rounded up at the asset's scale
	Blocked map[string]bool
}

// Name is the kind in orders and lists.
func (Cards) Name() string { return "card_purchase" }

// Validate tells what is malformed in the order.
func (Cards) Validate(o operations.Order) error {
	if o.From == "" {
		return tenancy.Invalid("from", "is required")
	}
	if mcc := o.Attributes["mcc"]; len(mcc) != 4 || len(o.Attributes) != 1 {
		return tenancy.Invalid("attributes.mcc", "must be four digits, and the only one")
	}
	return nil
}

// Plan prices the purchase: what it posts and what is set aside for it.
func (c Cards) Plan(v operations.View, _ time.Time) (operations.Terms, []operations.Unmet) {
	o := v.Order()
	from, _ := v.Account(o.From)
	fee := o.Amount.Mul(decimal.New(c.FeeBPS, -4)).RoundUp(from.Scale)
	total := o.Amount.Add(fee)
	post := func(ref accounts.Ref, amount decimal.Decimal) accounts.Posting {
		return accounts.Posting{Ref: ref, Asset: from.Asset, Amount: accounts.Exact(amount)}
	}
	terms := operations.Terms{
		Asset: from.Asset, Debit: accounts.Exact(total),
		Holds: []operations.HoldTerm{{Account: o.From, Amount: accounts.Exact(total)}},
		Postings: []accounts.Posting{
			post(accounts.Customer(o.From), total.Neg()),
			post(accounts.Clearing("cards"), o.Amount.Decimal),
			post(accounts.IncomeFees, fee),
		},
	}
	if mcc := o.Attributes["mcc"]; c.Blocked[mcc] {
		return terms, []operations.Unmet{{
			Code: "merchant_blocked", Subject: "merchant",
			Figures: []operations.Figure{{Name: "mcc", Value: mcc}},
			Remedy:  "Pay at another merchant.",
		}}
	}
	return terms, nil
}

// A host adds a kind of its own as a value. Eligibility, funds, the firm's
// rules, holds, the record and the reading are the engine's, as for every kind.
func ExampleKind() {
	ctx := context.Background()
	eng, err := operations.New(memory.New(), operations.Config{
		Kinds: []operations.Kind{Cards{FeeBPS: 150, Blocked: map[string]bool{"7995": true}}},
		Clock: &operationstest.Clock{}, IDs: &operationstest.IDs{}, Entropy: &operationstest.Entropy{},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer eng.Close()
	in := func(key string) operations.Intent { return operations.Intent{Key: key} }

	ana := tenancy.Principal{Tenant: "acme", Operator: "ana", Person: "p-ana"}
	firm := must(eng.Bootstrap(ctx, tenancy.Firm{Tenant: "acme", Admin: ana}))
	maria := must(eng.OpenCustomer(ctx, firm, in("maria"), customer.Profile{Name: "Maria"}))
	scope := must(eng.Gate().Enter(ctx, ana, maria.ID, ""))
	brl := must(eng.Manage(ctx, scope, in("brl"), accounts.Open{Currency: "BRL", Details: accounts.Details{PixKey: "maria@example.com"}})).Account
	must(eng.Submit(ctx, scope, in("deposit"), operations.Deposit{To: brl, Amount: decimal.NewFromInt(100)}))

	res := must(eng.Submit(ctx, scope, in("lunch"), CardPurchase{From: brl, Amount: decimal.RequireFromString("33.90"), MCC: "5812"}))
	fmt.Println(res.Operation.State, "debit", res.Operation.Terms.Debit)
	for _, p := range res.Operation.Terms.Postings {
		if p.Ref.System() {
			fmt.Println(" ", p.Ref, p.Amount)
		}
	}

	plan := must(eng.Explain(ctx, scope, CardPurchase{From: brl, Amount: decimal.NewFromInt(80), MCC: "7995"}))
	for _, u := range plan.Unmet {
		fmt.Println(u)
	}
	_, err = eng.Explain(ctx, scope, CardPurchase{From: brl, Amount: decimal.NewFromInt(1)})
	fmt.Println(err)
	// Output:
	// completed debit 34.41
	//   clearing:cards 33.9
	//   income:fees 0.51
	// merchant_blocked (merchant): mcc=7995
	// insufficient_available (account:id-000002): available=65.59 asked=81.2 short=15.61
	// attributes.mcc: must be four digits, and the only one
}
