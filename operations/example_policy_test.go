package operations_test

import (
	"context"
	"fmt"

	"github.com/shopspring/decimal"

	"github.com/onbehalf/onbehalf/accounts"
	"github.com/onbehalf/onbehalf/adapters/memory"
	"github.com/onbehalf/onbehalf/customer"
	"github.com/onbehalf/onbehalf/operations"
	"github.com/onbehalf/onbehalf/operations/operationstest"
	"github.com/onbehalf/onbehalf/tenancy"
)

// desk is an engine with one customer, who has 1000 BRL.
func deskWith(ctx context.Context, c operations.Config) (*operations.Engine, tenancy.Scope, accounts.ID) {
	c.Clock, c.IDs, c.Entropy = &operationstest.Clock{}, &operationstest.IDs{}, &operationstest.Entropy{}
	eng := must(operations.New(memory.New(), c))
	ana := tenancy.Principal{Tenant: "acme", Operator: "ana", Person: "p-ana"}
	firm := must(eng.Bootstrap(ctx, tenancy.Firm{Tenant: "acme", Admin: ana}))
	maria := must(eng.OpenCustomer(ctx, firm, operations.Intent{Key: "maria"}, customer.Profile{Name: "Maria"}))
	scope := must(eng.Gate().Enter(ctx, ana, maria.ID, ""))
	open := accounts.Open{Currency: "BRL", Details: accounts.Details{PixKey: "maria@example.com"}}
	brl := must(eng.Manage(ctx, scope, operations.Intent{Key: "brl"}, open)).Account
	must(eng.Submit(ctx, scope, operations.Intent{Key: "first"}, operations.Deposit{To: brl, Amount: decimal.NewFromInt(1000)}))
	return eng, scope, brl
}

// A withdrawal costs half a percent, at least 1 BRL, on top. The customer sees
// it before anything happens, line by line.
func ExampleFeeRule() {
	ctx := context.Background()
	eng, scope, brl := deskWith(ctx, operations.Config{Fees: []operations.FeeRule{{
		Name: "withdrawal", Match: operations.Match{Kinds: []string{operations.KindWithdrawal}, Assets: []string{"BRL"}},
		Tier: operations.Tier{BPS: decimal.NewFromInt(50)}, Minimum: decimal.NewFromInt(1),
	}}})
	defer eng.Close()
	plan := must(eng.Explain(ctx, scope, operations.Withdrawal{From: brl, Amount: decimal.NewFromInt(300)}))
	for _, fee := range plan.Terms.Fees {
		fmt.Println(fee.Fee, fee.Amount, fee.Asset)
	}
	fmt.Println("in all", plan.Terms.Debit)
	// Output:
	// withdrawal 1.5 BRL
	// in all 301.5
}

// Up to 500 BRL a day may leave. What is left is told before, and what is too
// much is refused with all figures.
func ExampleLimit() {
	ctx := context.Background()
	eng, scope, brl := deskWith(ctx, operations.Config{Limits: []operations.Limit{{
		Name: "daily", Asset: "BRL", Match: operations.Match{Kinds: []string{operations.KindWithdrawal}}, Day: decimal.NewFromInt(500),
	}}})
	defer eng.Close()
	must(eng.Submit(ctx, scope, operations.Intent{Key: "one"}, operations.Withdrawal{From: brl, Amount: decimal.NewFromInt(350)}))
	plan := must(eng.Explain(ctx, scope, operations.Withdrawal{From: brl, Amount: decimal.NewFromInt(200)}))
	fmt.Println(plan.Limits[0].Limit, plan.Limits[0].Window, plan.Limits[0].Left)
	fmt.Println(plan.Unmet[0])
	// Output:
	// daily day 150
	// limit_day (limit:daily): limit=500 used=350 asked=200 left=150 asset=BRL
}
