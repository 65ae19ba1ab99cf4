package main

import (
	"context"
	"fmt"

	"github.com/shopspring/decimal"

	"github.com/onbehalf/onbehalf/accounts"
	"github.com/onbehalf/onbehalf/operations"
	"github.com/onbehalf/onbehalf/operations/trading"
	"github.com/onbehalf/onbehalf/tenancy"
)

// seedBook is one book that is being filled. It remembers the first error, and
// does nothing after it.
type seedBook struct {
	eng   *operations.Engine
	id    tenancy.CustomerID
	n     int // which customer
	scope tenancy.Scope
	keys  int
	err   error

	brl, reserve, usd, eur accounts.ID
	btc, usdc              accounts.ID
}

// enter makes a scope: it lives for minutes, and the clock goes on.
func (b *seedBook) enter(ctx context.Context, reason string) {
	if b.err == nil {
		b.scope, b.err = b.eng.Gate().Enter(ctx, principal("ana"), b.id, reason)
	}
}

func (b *seedBook) intent() operations.Intent {
	b.keys++
	return operations.Intent{Key: fmt.Sprint("seed-", b.keys)}
}

func (b *seedBook) manage(ctx context.Context, c operations.Administrative) accounts.ID {
	if b.err != nil {
		return ""
	}
	m, err := b.eng.Manage(ctx, b.scope, b.intent(), c)
	b.err = err
	return m.Account
}

func (b *seedBook) submit(ctx context.Context, r operations.Request) {
	if b.err == nil {
		_, b.err = b.eng.Submit(ctx, b.scope, b.intent(), r)
	}
}

func (b *seedBook) furnish(ctx context.Context) {
	b.enter(ctx, "account opening")
	bank := accounts.Details{Bank: "001", Branch: "0421", Number: fmt.Sprintf("90%d-7", 210+b.n)}
	b.brl = b.manage(ctx, accounts.Open{Name: "Main", Currency: "BRL", DebtLimit: decimal.New(500, 0), Details: accounts.Details{PixKey: fmt.Sprintf("customer%d@example.com", b.n+1)}})
	b.reserve = b.manage(ctx, accounts.Open{Name: "Reserve", Currency: "BRL", Details: bank})
	b.usd = b.manage(ctx, accounts.Open{Name: "Dollars", Currency: "USD", Details: bank})
	b.eur = b.manage(ctx, accounts.Open{Name: "Euros", Currency: "EUR"})
	b.btc = b.manage(ctx, accounts.Open{Name: "Coins", Currency: "BTC", Details: accounts.Details{Network: "bitcoin", Address: "bc1qar0srrr7xfkvy5l643lydnw9re59gtzzwf5mdq"}})
	b.usdc = b.manage(ctx, accounts.Open{Name: "Stable", Currency: "USDC"})
	b.manage(ctx, trading.SetCustomer{Customer: trading.Customer{Providers: []string{houseDesk}}})
	for _, base := range []accounts.ID{b.usd, b.btc} {
		b.manage(ctx, trading.SetPair{Pair: trading.Pair{Base: base, Quote: b.brl, Quotations: []trading.Path{{Provider: houseDesk, Priority: 1, Spread: trading.Spreads{Working: decimal.New(80, 0)}}}}})
	}
	b.submit(ctx, operations.Deposit{To: b.btc, Amount: decimal.New(5, -2), Purpose: "opening"})
	b.submit(ctx, operations.Deposit{To: b.brl, Amount: decimal.New(20_000, 0), Purpose: "opening"})
}

// work does one thing of a kind that changes with the round and the customer.
func (b *seedBook) work(ctx context.Context, round int) {
	b.enter(ctx, "daily work")
	amount := decimal.New(int64(10_000+(round*7919+b.n*104_729)%90_000), -2)
	switch (round + b.n) % 8 {
	case 0, 3:
		b.submit(ctx, operations.Deposit{To: b.brl, Amount: amount, Via: railName, Reference: fmt.Sprintf("pix %d", b.keys)})
	case 1:
		b.submit(ctx, operations.Withdrawal{From: b.brl, Amount: amount, Purpose: "supplier"})
	case 2:
		b.submit(ctx, operations.Transfer{From: b.brl, To: b.reserve, Amount: amount.DivRound(decimal.New(2, 0), 2)})
	case 4:
		b.submit(ctx, operations.Deposit{To: b.usd, Amount: amount, Purpose: "invoice"})
	case 5:
		b.submit(ctx, operations.Deposit{To: b.btc, Amount: amount.Shift(-6)})
	case 6:
		b.submit(ctx, trading.Trade{Base: b.usd, Quote: b.brl, Side: operations.Buy, QuoteAmount: amount.DivRound(decimal.New(2, 0), 2)})
	default:
		b.submit(ctx, trading.Trade{Base: b.btc, Quote: b.brl, Side: operations.Sell, BaseAmount: amount.Shift(-6)})
	}
}
