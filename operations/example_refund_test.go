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

// A refund names its parent and finds its own way back. All of them together
// never exceed the parent.
func ExampleRefund() {
	ctx := context.Background()
	eng := must(operations.New(memory.New(), operations.Config{
		Clock: &operationstest.Clock{}, IDs: &operationstest.IDs{}, Entropy: &operationstest.Entropy{},
	}))
	defer eng.Close()
	in := func(key string) operations.Intent { return operations.Intent{Key: key} }
	ana := tenancy.Principal{Tenant: "acme", Operator: "ana", Person: "p-ana"}
	firm := must(eng.Bootstrap(ctx, tenancy.Firm{Tenant: "acme", Admin: ana}))
	maria := must(eng.OpenCustomer(ctx, firm, in("maria"), customer.Profile{Name: "Maria"}))
	scope := must(eng.Gate().Enter(ctx, ana, maria.ID, ""))
	brl := must(eng.Manage(ctx, scope, in("brl"), accounts.Open{Currency: "BRL", Details: accounts.Details{PixKey: "maria@example.com"}})).Account
	dep := must(eng.Submit(ctx, scope, in("deposit"), operations.Deposit{To: brl, Amount: decimal.NewFromInt(100)})).Operation

	q := operations.Refund{Parent: dep.ID, Amount: decimal.NewFromInt(60), Purpose: "paid twice"}
	fmt.Println(must(eng.Submit(ctx, scope, in("refund"), q)).Operation)
	fmt.Println(must(eng.Explain(ctx, scope, q)).Unmet[0])
	// Output:
	// refund 60 BRL completed
	// refund_exceeds (operation:id-000003): parent=100 refunded=60 asked=60 left=40
}
