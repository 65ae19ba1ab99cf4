package main

import (
	"context"
	"fmt"

	"github.com/onbehalf/onbehalf/accounts"
	"github.com/onbehalf/onbehalf/adapters/memory"
	"github.com/onbehalf/onbehalf/customer"
	"github.com/onbehalf/onbehalf/operations"
	"github.com/onbehalf/onbehalf/tenancy"
)

func main() {
	ctx, ana := context.Background(), tenancy.Principal{Tenant: "acme", Operator: "ana", Person: "ana.souza"}
	eng := must(operations.New(memory.New(), operations.Config{}))
	firm := must(eng.Bootstrap(ctx, tenancy.Firm{Tenant: "acme", Admin: ana}))
	maria := must(eng.OpenCustomer(ctx, firm, operations.Intent{Key: "maria"}, customer.Profile{Name: "Maria"}))
	scope := must(eng.Gate().Enter(ctx, ana, maria.ID, "phone call 4711"))
	acc := must(eng.Manage(ctx, scope, operations.Intent{Key: "account"}, accounts.Open{Currency: "BRL", Details: accounts.Details{PixKey: "maria@example.com"}}))
	must(eng.Submit(ctx, scope, operations.Intent{Key: "deposit"}, operations.Deposit{To: acc.Account, Amount: must(accounts.ParseAmount("250.00", 2))}))
	fmt.Println(must(eng.Book(scope).History(ctx, operations.HistoryFilter{}, "", 10)).Items)
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}
