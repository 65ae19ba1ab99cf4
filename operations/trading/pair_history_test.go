package trading_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/onbehalf/onbehalf/accounts"
	"github.com/onbehalf/onbehalf/adapters/memory"
	"github.com/onbehalf/onbehalf/operations"
	"github.com/onbehalf/onbehalf/operations/trading"
	"github.com/onbehalf/onbehalf/tenancy"
)

// history walks all that the filter lets through, a few at a time.
func (d *desk) history(q operations.HistoryFilter) []operations.OperationID {
	d.t.Helper()
	ids := []operations.OperationID{}
	for cursor := ""; ; {
		page, err := d.eng.Book(d.scope).History(d.t.Context(), q, cursor, 2)
		require.NoError(d.t, err)
		for i := range page.Items {
			ids = append(ids, page.Items[i].ID)
		}
		if cursor = page.Next; cursor == "" {
			return ids
		}
	}
}

func TestHistoryIsFilteredByPair(t *testing.T) {
	t.Parallel()
	provider := &outside{quoter: &quoter{quote: at("5")}, answer: filled("0", "")}
	d := begin(t, memory.New(), trading.Config{Providers: map[string]trading.Provider{"bank": provider}}, operations.Config{})
	eur, more := d.open("EUR", accounts.Details{Bank: "001", Branch: "1", Number: "3"}), d.open("USD", accounts.Details{Bank: "001", Branch: "1", Number: "4"})
	reserve := d.open("BRL", accounts.Details{Bank: "001", Branch: "1", Number: "5"})
	for _, p := range []trading.Pair{{Base: more, Quote: d.brl}, {Base: eur, Quote: d.brl}, {Base: d.brl, Quote: more}} {
		p.Quotations = []trading.Path{{Provider: "bank", Priority: 1}}
		d.manage(trading.SetPair{Pair: p})
	}
	d.deposit(more, "1000")
	trade := func(base, quote accounts.ID, side operations.Side) operations.OperationID {
		return d.quote(trading.Trade{Base: base, Quote: quote, Side: side, BaseAmount: dec("10")}).ID
	}
	bought, sold := trade(d.usd, d.brl, operations.Buy), trade(d.usd, d.brl, operations.Sell)
	euros, other := trade(eur, d.brl, operations.Buy), trade(more, d.brl, operations.Buy)
	turned := trade(d.brl, more, operations.Buy)
	_, err := d.eng.Submit(t.Context(), d.scope, d.in(), operations.Transfer{From: d.brl, To: reserve, Amount: dec("1")})
	require.NoError(t, err)
	pair := func(base, quote string) operations.HistoryFilter {
		return operations.HistoryFilter{Pair: operations.Pair{Base: base, Quote: quote}}
	}
	require.Equal(t, []operations.OperationID{other, sold, bought}, d.history(pair("USD", "BRL")), "of every account, either side, and of no other orientation")
	require.Equal(t, []operations.OperationID{turned}, d.history(pair("BRL", "USD")))
	require.Equal(t, []operations.OperationID{euros}, d.history(pair("EUR", "BRL")))
	require.Empty(t, d.history(pair("EUR", "USD")), "a pair he has the accounts of and never traded")
	require.Empty(t, d.history(pair("JPY", "BRL")), "a pair he has no account of")
	require.Empty(t, d.history(pair("usd", "BRL")))
	q := pair("USD", "BRL")
	q.Account, q.States = d.usd, []operations.State{operations.Prepared}
	require.Equal(t, []operations.OperationID{sold, bought}, d.history(q), "with other filters")

	for _, id := range []operations.OperationID{other, turned} {
		_, err = d.eng.Cancel(t.Context(), d.scope, d.in(), operations.Ref{ID: id, Version: 1})
		require.NoError(t, err)
	}
	_, err = d.eng.Submit(t.Context(), d.scope, d.in(), operations.Withdrawal{From: more, Amount: dec("1000")})
	require.NoError(t, err)
	d.manage(accounts.SetStatus{Account: more, Status: accounts.Closed})
	require.Equal(t, []operations.OperationID{other, sold, bought}, d.history(pair("USD", "BRL")), "an account that was closed has its history")

	first, err := d.eng.Book(d.scope).History(t.Context(), pair("USD", "BRL"), "", 1)
	require.NoError(t, err)
	require.NotEmpty(t, first.Next)
	for _, other := range []operations.HistoryFilter{{}, pair("BRL", "USD"), pair("EUR", "BRL")} {
		_, err = d.eng.Book(d.scope).History(t.Context(), other, first.Next, 1)
		require.ErrorIs(t, err, tenancy.ErrInvalid, "its cursor is good for this pair alone")
	}
}

func TestAPairIsTwoAssets(t *testing.T) {
	t.Parallel()
	p, err := operations.ParsePair("USD/BRL")
	require.NoError(t, err)
	require.Equal(t, operations.Pair{Base: "USD", Quote: "BRL"}, p)
	require.Equal(t, "USD/BRL", p.String())
	require.Empty(t, operations.Pair{}.String())
	d := begin(t, memory.New(), trading.Config{Providers: house()}, operations.Config{})
	for _, bad := range []string{"", "/", "USD", "USD/", "/BRL", "USD/BRL/EUR", "USD/USD", "USD BRL", "USDBRL", "US D/BRL", "USD/BR\x00", "USD/\u202eBRL", "USD%2FBRL"} {
		_, err := operations.ParsePair(bad)
		require.ErrorIs(t, err, tenancy.ErrInvalid, "%q", bad)
	}
	for _, bad := range []operations.Pair{{Base: "USD"}, {Quote: "BRL"}, {Base: "USD", Quote: "USD"}, {Base: "US D", Quote: "BRL"}} {
		_, err := d.eng.Book(d.scope).History(t.Context(), operations.HistoryFilter{Pair: bad}, "", 0)
		require.ErrorIs(t, err, tenancy.ErrInvalid, "%v", bad)
	}
}
