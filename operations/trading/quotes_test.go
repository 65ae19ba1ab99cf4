package trading_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/shopspring/decimal"
	"github.com/stretchr/testify/require"

	"github.com/onbehalf/onbehalf/accounts"
	"github.com/onbehalf/onbehalf/operations"
	"github.com/onbehalf/onbehalf/operations/operationstest"
	"github.com/onbehalf/onbehalf/operations/trading"
)

const fxdaily = "../../../shared/data/fxdaily/rates.csv"

// recorded opens the real rates, or skips.
func recorded(t *testing.T, clock operations.Clock) *trading.Recorded {
	t.Helper()
	f, err := os.Open(fxdaily)
	if err != nil {
		require.False(t, slices.Contains(strings.Split(os.Getenv("ONBEHALF_REQUIRE"), ","), "data"), "the real data are required: %v", err)
		t.Skip("the real rates are not beside the checkout: ../shared/data/fxdaily")
	}
	defer func() { require.NoError(t, f.Close()) }()
	r, err := trading.ReadRecorded(f, "fxdaily", nil, clock)
	require.NoError(t, err)
	return r
}

// times is how many random cases a lane tries.
func times(quick, ci, soak int) int {
	switch os.Getenv("ONBEHALF_COUNTS") {
	case "":
		return quick
	case "soak":
		return soak
	case "race":
		return ci / 10
	}
	return ci
}

// TestRandomQuotesOverTheRecordedRates prices random trades over five years of
// real rates and computes each anew, by another way than the code does.
func TestRandomQuotesOverTheRecordedRates(t *testing.T) {
	t.Parallel()
	clock := operationstest.NewClock(time.Date(2013, 1, 2, 12, 0, 0, 0, time.UTC))
	rates := recorded(t, clock)
	source := trading.Market{KeepStale: true, MaxAge: 36 * time.Hour, Pivots: []string{"USD"}}.Over(rates, clock)
	kind, err := trading.New(trading.Config{Providers: map[string]trading.Provider{"house": trading.NewHouse(source)}})
	require.NoError(t, err)
	config := operations.Config{Kinds: []operations.Kind{kind}, Providers: map[string]operations.Provider{"house": trading.NewHouse(source)}}
	e, err := operations.NewEvaluator(config)
	require.NoError(t, err)
	assets := []string{"USD", "BRL", "MXN", "CAD", "EUR", "GBP", "JPY"}
	r := rand.New(rand.NewPCG(1, 2))
	stale, crossed := 0, 0
	n := times(2_000, 50_000, 500_000)
	for i := range n {
		clock.Set(time.Date(2013, 1, 2+r.IntN(1790), r.IntN(24), r.IntN(60), 0, 0, time.UTC))
		base, quote := assets[r.IntN(6)], assets[r.IntN(6)]
		if base == quote {
			continue
		}
		spread := decimal.New(r.Int64N(50_000), -2)
		pair := trading.Pair{Base: "base", Quote: "quote", Quotations: []trading.Path{{Provider: "house", Priority: 1, Spread: trading.Spreads{Working: spread, DayOff: spread, Closed: spread}}}}
		book := operationstest.BookSpec{
			Accounts: []operationstest.AccountSpec{{ID: "base", Asset: base, Posted: "1000000000000"}, {ID: "quote", Asset: quote, Posted: "1000000000000"}},
			Settings: []operations.Setter{trading.SetCustomer{Customer: trading.Customer{Providers: []string{"house"}}}, trading.SetPair{Pair: pair}},
			At:       clock.Now(),
		}.Fold(t)
		q := trading.Trade{Base: "base", Quote: "quote", Side: operations.Buy}
		if r.IntN(2) == 0 {
			q.Side = operations.Sell
		}
		amount := decimal.New(1+r.Int64N(1_000_000_00), -2)
		ofBase := r.IntN(2) == 0
		if ofBase {
			q.BaseAmount = amount
		} else {
			q.QuoteAmount = amount
		}
		plan, err := e.Explain(book, q, operationstest.Operator(), clock.Now())
		require.NoError(t, err)
		if len(plan.Unmet) > 0 {
			require.Equal(t, trading.CodeTooSmall, plan.Unmet[0].Code, "%+v", plan.Unmet)
			continue
		}
		again, err := e.Explain(book, plan.Order, operationstest.Operator(), clock.Now())
		require.NoError(t, err)
		x, y := plan.Terms.Exchange, again.Terms.Exchange
		require.Equal(t, x.QuoteAmount.String()+x.BaseAmount.String(), y.QuoteAmount.String()+y.BaseAmount.String())

		market, err := source.Rate(context.Background(), base, quote)
		require.NoError(t, err)
		if market.Stale {
			stale++
		}
		if len(market.Legs) > 1 {
			crossed++
		}
		holds(t, fmt.Sprintf("%d: %+v %+v", i, q, x), plan.Terms, amount, ofBase, market.Value, spread)
	}
	require.Positive(t, stale)
	require.Positive(t, crossed)
}

// holds checks terms.
func holds(t *testing.T, what string, terms operations.Terms, amount decimal.Decimal, ofBase bool, rate, spread decimal.Decimal) {
	t.Helper()
	x := terms.Exchange
	require.NoError(t, accounts.Balanced(terms.Postings), what)
	fixed := x.QuoteAmount
	if ofBase {
		fixed = x.BaseAmount
	}
	require.True(t, fixed.Equal(amount), what)

	// The all-in rate lies within the spread of the reference.
	factor := decimal.New(1, 0).Add(spread.Shift(-4))
	if x.Side == operations.Sell {
		factor = decimal.New(2, 0).Sub(factor)
	}
	beyond := x.Rate.Sub(rate.Mul(factor)) // rounded against the customer, at the last digit a rate may have
	if x.Side == operations.Sell {
		beyond = beyond.Neg()
	}
	require.False(t, beyond.IsNegative(), what)
	require.True(t, beyond.LessThan(decimal.New(1, -trading.MaxRateScale)), what)
	require.True(t, x.ProviderRate.Equal(rate), what)

	// What is computed is less than a cent from exact, against the customer.
	cent := decimal.New(1, -2)
	exact := x.BaseAmount.Mul(x.Rate.Decimal)
	off := x.QuoteAmount.Sub(exact)
	if x.Side == operations.Sell {
		off = off.Neg()
	}
	require.False(t, off.IsNegative(), what)
	most := cent
	if !ofBase {
		most = cent.Mul(x.Rate.Decimal)
	}
	require.True(t, off.LessThan(most), what)
	require.True(t, x.ProviderAmount.Sub(x.BaseAmount.Mul(rate)).Abs().LessThanOrEqual(decimal.New(5, -3)), what)

	// The firm never pays for a rounding.
	income := accounts.Sum(terms.Postings, accounts.IncomeSpread, x.Quote)
	require.False(t, income.IsNegative(), what)
	gain := x.QuoteAmount.Sub(x.ProviderAmount.Decimal)
	if x.Side == operations.Sell {
		gain = gain.Neg()
	}
	require.True(t, income.Equal(gain), what)
}
