package trading_test

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
	"github.com/onbehalf/onbehalf/operations/trading"
	"github.com/onbehalf/onbehalf/tenancy"
)

func ok[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

// A customer buys 100 dollars at the house's rate of 5.4321 and a spread of 50
// basis points.
func Example() {
	ctx, clock := context.Background(), &operationstest.Clock{}
	board := &trading.Board{}
	ok(board.Put(trading.Rate{Base: "USD", Quote: "BRL", Value: ok(trading.ParseRate("5.4321")), At: clock.Now(), Source: "our own"}))
	house := trading.NewHouse(board)
	kind := ok(trading.New(trading.Config{Providers: map[string]trading.Provider{"house": house}, Reference: board}))
	eng := ok(operations.New(memory.New(), operations.Config{
		Clock: clock, Kinds: []operations.Kind{kind}, Providers: map[string]operations.Provider{"house": house},
	}))

	ana := tenancy.Principal{Tenant: "acme", Operator: "ana", Person: "ana.souza"}
	firm := ok(eng.Bootstrap(ctx, tenancy.Firm{Tenant: "acme", Admin: ana}))
	maria := ok(eng.OpenCustomer(ctx, firm, operations.Intent{Key: "maria"}, customer.Profile{Name: "Maria"}))
	scope := ok(eng.Gate().Enter(ctx, ana, maria.ID, "phone call 4711"))
	open := func(asset string) accounts.ID {
		return ok(eng.Manage(ctx, scope, operations.Intent{Key: asset}, accounts.Open{Currency: asset, Details: accounts.Details{Bank: "001", Branch: "1", Number: "7"}})).Account
	}
	brl, usd := open("BRL"), open("USD")
	ok(eng.Submit(ctx, scope, operations.Intent{Key: "deposit"}, operations.Deposit{To: brl, Amount: decimal.NewFromInt(1000)}))

	// The set-up: who may be asked, and what may be traded by which paths.
	ok(eng.Manage(ctx, scope, operations.Intent{Key: "providers"}, trading.SetCustomer{Customer: trading.Customer{Providers: []string{"house"}}}))
	ok(eng.Manage(ctx, scope, operations.Intent{Key: "pair"}, trading.SetPair{Pair: trading.Pair{
		Base: usd, Quote: brl,
		Quotations: []trading.Path{{Provider: "house", Priority: 1, Spread: trading.Spreads{Working: decimal.NewFromInt(50)}}},
	}}))

	// A quote is a prepared trade.
	quote := ok(eng.Prepare(ctx, scope, operations.Intent{Key: "quote"}, trading.Trade{
		Base: usd, Quote: brl, Side: operations.Buy, BaseAmount: decimal.NewFromInt(100), ValidFor: 20 * time.Second,
	})).Operation
	x := quote.Terms.Exchange
	fmt.Println(x.Side, x.BaseAmount, x.Base, "for", x.QuoteAmount, x.Quote)
	fmt.Println("rate", x.Rate, "of", x.ProviderRate, "and", x.Spread, "bps, reference", x.Reference, "by", x.Source)
	fmt.Println("good for", quote.Terms.Expires.Sub(quote.CreatedAt))

	done := ok(eng.Execute(ctx, scope, operations.Intent{Key: "execute"}, quote.Ref())).Operation
	fmt.Println(done.State)
	for _, a := range ok(eng.Book(scope).Accounts(ctx)) {
		fmt.Println(a.Asset, a.Posted)
	}
	// Output:
	// buy 100 USD for 545.93 BRL
	// rate 5.4592605 of 5.4321 and 50 bps, reference 5.4321 by our own
	// good for 20s
	// completed
	// BRL 454.07
	// USD 100
}
