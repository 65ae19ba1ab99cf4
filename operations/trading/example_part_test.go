package trading_test

import (
	"context"
	"fmt"

	"github.com/shopspring/decimal"

	"github.com/onbehalf/onbehalf/accounts"
	"github.com/onbehalf/onbehalf/adapters/memory"
	"github.com/onbehalf/onbehalf/customer"
	"github.com/onbehalf/onbehalf/operations"
	"github.com/onbehalf/onbehalf/operations/operationstest"
	"github.com/onbehalf/onbehalf/operations/trading"
	"github.com/onbehalf/onbehalf/tenancy"
)

// trader is a customer with 1000 reais, who buys dollars of a bank at 5.40.
type trader struct {
	eng      *operations.Engine
	scope    tenancy.Scope
	brl, usd accounts.ID
}

func newTrader(ctx context.Context, fills trading.Fills, faults trading.Faults) trader {
	clock, board := &operationstest.Clock{}, &trading.Board{}
	ok(board.Put(trading.Rate{Base: "USD", Quote: "BRL", Value: dec("5.40"), At: clock.Now(), Source: "market"}))
	bank := trading.NewSimulated(board, clock, 1, operations.Contract{HonoursReference: true}, faults)
	kind := ok(trading.New(trading.Config{Providers: map[string]trading.Provider{"bank": bank}, Reference: board}))
	eng := ok(operations.New(memory.New(), operations.Config{
		Clock: clock, IDs: &operationstest.IDs{}, Entropy: &operationstest.Entropy{},
		Kinds: []operations.Kind{kind}, Providers: map[string]operations.Provider{"bank": bank},
	}))
	ana := tenancy.Principal{Tenant: "acme", Operator: "ana", Person: "ana.souza"}
	firm := ok(eng.Bootstrap(ctx, tenancy.Firm{Tenant: "acme", Admin: ana}))
	maria := ok(eng.OpenCustomer(ctx, firm, operations.Intent{Key: "maria"}, customer.Profile{Name: "Maria"}))
	t := trader{eng: eng, scope: ok(eng.Gate().Enter(ctx, ana, maria.ID, "phone call 4711"))}
	manage := func(key string, x operations.Administrative) accounts.ID {
		return ok(eng.Manage(ctx, t.scope, operations.Intent{Key: key}, x)).Account
	}
	details := accounts.Details{Bank: "001", Branch: "1", Number: "7"}
	t.brl = manage("BRL", accounts.Open{Currency: "BRL", Details: details})
	t.usd = manage("USD", accounts.Open{Currency: "USD", Details: details})
	ok(eng.Submit(ctx, t.scope, operations.Intent{Key: "deposit"}, operations.Deposit{To: t.brl, Amount: decimal.NewFromInt(1000)}))
	manage("providers", trading.SetCustomer{Customer: trading.Customer{Providers: []string{"bank"}}})
	manage("pair", trading.SetPair{Pair: trading.Pair{
		Base: t.usd, Quote: t.brl, Fills: fills, Quotations: []trading.Path{{Provider: "bank", Priority: 1}},
	}})
	return t
}

func (t trader) buy(ctx context.Context, key string, dollars int64) operations.Operation {
	return ok(t.eng.Submit(ctx, t.scope, operations.Intent{Key: key}, trading.Trade{
		Base: t.usd, Quote: t.brl, Side: operations.Buy, BaseAmount: decimal.NewFromInt(dollars),
	})).Operation
}

// The bank finds only so many of the dollars. They are settled at the rate that
// was agreed, and the reais that were set aside for the others are free again.
func ExampleFills() {
	ctx := context.Background()
	t := newTrader(ctx, trading.InPart, trading.Faults{Part: 1000})
	defer t.eng.Close()
	o := t.buy(ctx, "buy", 100)
	x := o.Terms.Exchange
	fmt.Println(o.State, x.BaseAmount, "of", x.Agreed, x.Base, "for", x.QuoteAmount, x.Quote, "at", x.Rate)
	for _, a := range ok(t.eng.Book(t.scope).Accounts(ctx)) {
		fmt.Println(a.Asset, a.Posted, "held", a.Held)
	}
	// Output:
	// completed 26 of 100 USD for 140.4 BRL at 5.4
	// BRL 859.6 held 0
	// USD 26 held 0
}

// A customer's history is filtered by what was exchanged, whichever of his
// accounts it went by.
func Example_history() {
	ctx := context.Background()
	t := newTrader(ctx, trading.WholeOnly, trading.Faults{})
	defer t.eng.Close()
	t.buy(ctx, "buy", 100)
	all := ok(t.eng.Book(t.scope).History(ctx, operations.HistoryFilter{}, "", 0))
	trades := ok(t.eng.Book(t.scope).History(ctx, operations.HistoryFilter{Pair: ok(operations.ParsePair("USD/BRL"))}, "", 0))
	turned := ok(t.eng.Book(t.scope).History(ctx, operations.HistoryFilter{Pair: ok(operations.ParsePair("BRL/USD"))}, "", 0))
	fmt.Println(len(all.Items), len(trades.Items), len(turned.Items))
	fmt.Println(trades.Items[0].Order.Kind, trades.Items[0].State)
	// Output:
	// 2 1 0
	// trade completed
}
