package operations_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/shopspring/decimal"

	"github.com/onbehalf/onbehalf/accounts"
	"github.com/onbehalf/onbehalf/adapters/memory"
	"github.com/onbehalf/onbehalf/customer"
	"github.com/onbehalf/onbehalf/operations"
	"github.com/onbehalf/onbehalf/tenancy"
)

func BenchmarkSubmit(b *testing.B) {
	ctx := context.Background()
	eng, _ := operations.New(memory.New(), operations.Config{})
	ana := tenancy.Principal{Tenant: "acme", Operator: "ana", Person: "p-ana"}
	firm, _ := eng.Bootstrap(ctx, tenancy.Firm{Tenant: "acme", Admin: ana})
	var scopes []tenancy.Scope
	var accs []accounts.ID
	for i := range 100 {
		cust, err := eng.OpenCustomer(ctx, firm, operations.Intent{Key: fmt.Sprint("c", i)}, customer.Profile{Name: "Maria"})
		if err != nil {
			b.Fatal(err)
		}
		scope, _ := eng.Gate().Enter(ctx, ana, cust.ID, "call")
		acc, _ := eng.Manage(ctx, scope, operations.Intent{Key: "a1"}, accounts.Open{Currency: "BRL", Details: accounts.Details{PixKey: "maria@example.com"}})
		scopes = append(scopes, scope)
		accs = append(accs, acc.Account)
	}
	amount := decimal.RequireFromString("250.00")
	b.ReportAllocs()
	b.ResetTimer()
	for i := range b.N {
		if _, err := eng.Submit(ctx, scopes[i%100], operations.Intent{Key: fmt.Sprint("d", i)}, operations.Deposit{To: accs[i%100], Amount: amount}); err != nil {
			b.Fatal(err)
		}
	}
}
