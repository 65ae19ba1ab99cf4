package operations_test

import (
	"fmt"

	"github.com/shopspring/decimal"

	"github.com/onbehalf/onbehalf/accounts"
	"github.com/onbehalf/onbehalf/customer"
	"github.com/onbehalf/onbehalf/operations"
	"github.com/onbehalf/onbehalf/operations/operationstest"
)

// What the treasury sums over all books is told book by book.
func ExampleFirm_PositionBooks() {
	ctx, d := openDesk(operations.Config{})
	defer d.eng.Close()
	joao := must(d.eng.OpenCustomer(ctx, d.firm, intent("joao"), customer.Profile{Name: "João"})).ID
	scope := must(d.eng.Gate().Enter(ctx, d.ana, joao, ""))
	brl := must(d.eng.Manage(ctx, scope, intent("brl"), accounts.Open{Currency: "BRL", Details: accounts.Details{PixKey: "joao@example.com"}})).Account
	must(d.eng.Submit(ctx, scope, intent("salary"), operations.Deposit{To: brl, Amount: decimal.NewFromInt(250)}))

	firm := d.eng.Firm(d.firm)
	for _, p := range must(firm.Treasury(ctx, operations.PositionPlace{}, 0)) {
		fmt.Println(p.Ref, p.Amount, p.Asset)
		for _, b := range must(firm.PositionBooks(ctx, p.PositionPlace, "", 0)).Items {
			fmt.Println(" ", *b.Name, b.Amount)
		}
	}
	// Output:
	// clearing:desk -1250 BRL
	//   João -250
	//   Maria -1000
}

// A provider says that it settled another amount than it was told. Nothing is
// posted, and a person finds it in the list for all customers.
func ExampleFirm_Incidents() {
	pix := operationstest.NewProvider(operations.Contract{}).OnSend(operationstest.Settle().Of(decimal.NewFromInt(90), "BRL"))
	ctx, d := openDesk(operations.Config{Providers: map[string]operations.Provider{"pix": pix}})
	defer d.eng.Close()
	o := must(d.eng.Submit(ctx, d.scope, intent("rent"), operations.Withdrawal{From: d.brl, Amount: decimal.NewFromInt(100), Via: "pix"})).Operation
	fmt.Println(o.State, d.balance(ctx))
	for _, i := range must(d.eng.Firm(d.firm).Incidents(ctx, "", 0)).Items {
		fmt.Println(i.Customer == d.customer, i.Incident.Code, i.Incident.Figures)
	}
	// Output:
	// unresolved 1000.00
	// true answer_mismatch [{state executing} {answer settled} {answered 90 BRL} {intended 100 BRL} {external ext-1}]
}
