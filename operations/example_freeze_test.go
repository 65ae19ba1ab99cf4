package operations_test

import (
	"context"
	"fmt"

	"github.com/shopspring/decimal"

	"github.com/onbehalf/onbehalf/operations"
	"github.com/onbehalf/onbehalf/tenancy"
)

// Compliance freezes a customer. What is asked for is refused from the next
// decision on, with the reason, until the freeze is lifted.
func ExampleFreeze() {
	ctx := context.Background()
	eng, scope, brl := deskWith(ctx, operations.Config{})
	defer eng.Close()
	out := operations.Withdrawal{From: brl, Amount: decimal.NewFromInt(300)}
	must(eng.Manage(ctx, scope, intent("freeze"), operations.Freeze{Reason: "court order 12/26"}))
	_, err := eng.Submit(ctx, scope, intent("no"), out)
	fmt.Println(err)
	for _, z := range must(eng.Book(scope).Freezes(ctx)) {
		fmt.Println(z.Subject, "by", z.By+":", z.Reason)
	}
	must(eng.Manage(ctx, scope, intent("lift"), operations.Unfreeze{Reason: "order withdrawn"}))
	fmt.Println(must(eng.Submit(ctx, scope, intent("yes"), out)).Operation.State)
	// Output:
	// refused: customer_frozen (customer)
	// customer by ana: court order 12/26
	// completed
}

// A provider is down: the firm stops what it would carry. The rest goes on, and
// what was prepared can still be cancelled.
func ExampleFirm_Stops() {
	ctx := context.Background()
	eng, scope, brl := deskWith(ctx, operations.Config{})
	defer eng.Close()
	ana := scope.Principal()
	house, firm := must(eng.Gate().Own(ctx, ana, "")), must(eng.Gate().Firm(ctx, ana))
	stop := tenancy.Stop{Subject: tenancy.ProviderSubject(operations.DeskName), Reason: "the vault is closed"}
	must(eng.Manage(ctx, house, intent("stop"), stop))

	plan := must(eng.Explain(ctx, scope, operations.Withdrawal{From: brl, Amount: decimal.NewFromInt(300)}))
	fmt.Println(plan.Unmet[0].Code, plan.Unmet[0].Subject, plan.Unmet[0].Figures[0].Value)
	fee := operations.Adjustment{From: brl, Amount: decimal.NewFromInt(5), Purpose: operations.Fee}
	fmt.Println(must(eng.Submit(ctx, scope, intent("fee"), fee)).Operation.State)
	for _, s := range must(eng.Firm(firm).Stops(ctx)) {
		fmt.Println("stopped:", s.Subject)
	}
	must(eng.Manage(ctx, house, intent("lift"), tenancy.Lift{Subject: stop.Subject}))
	fmt.Println(len(must(eng.Firm(firm).Stops(ctx))), "left")
	// Output:
	// stopped provider:desk the vault is closed
	// completed
	// stopped: provider:desk
	// 0 left
}
