package operations

import (
	"fmt"
	"testing"
	"time"

	"github.com/shopspring/decimal"
	"github.com/stretchr/testify/require"

	"github.com/onbehalf/onbehalf/accounts"
)

// twentyRules are all active for a deposit of 100 BRL: none is passed over by
// its Match, and none refuses. Every limit has all three windows.
func twentyRules() Config {
	amount := func(n int64) decimal.Decimal { return decimal.New(n, 0) }
	var c Config
	for i := range 6 {
		c.Limits = append(c.Limits, Limit{
			Name: fmt.Sprint("limit-", i), Asset: "BRL", PerOperator: i%2 == 1, Match: Match{Kinds: []string{KindDeposit}},
			Min: amount(1), Max: amount(100_000), Day: amount(1_000_000), Rolling: amount(10_000_000), Month: amount(10_000_000),
		})
	}
	for i := range 3 {
		c.Fees = append(c.Fees, FeeRule{Name: fmt.Sprint("fee-", i), Match: Match{Kinds: []string{KindDeposit}, Direction: accounts.Credit}, Tier: Tier{BPS: amount(int64(10 * (i + 1)))}, Inside: true})
	}
	for range 11 {
		c.Rules = append(c.Rules, AmountWithin{Asset: "BRL", Min: amount(1), Max: amount(100_000)})
	}
	return c
}

// BenchmarkRules tells what a decision costs with 20 active rules and with
// none: judged, its entry encoded, hashed and folded, on a book with 40 days
// behind it.
//
//	go test ./operations -run '^$' -bench Rules -benchtime 20000x -count 5
func BenchmarkRules(b *testing.B) {
	at := time.Date(2026, time.November, 30, 12, 0, 0, 0, time.UTC)
	for name, c := range map[string]Config{"none": {}, "twenty": twentyRules()} {
		b.Run(name, func(b *testing.B) {
			book := history(b, c, at)
			for b.Loop() {
				_, err := book.decide(ActSubmit, submit("new", book.deposit(100)))
				require.NoError(b, err)
			}
		})
	}
}

// history is a book in which something was asked for on each of 40 days.
func history(tb testing.TB, c Config, at time.Time) *deskBook {
	tb.Helper()
	b := newDeskBook(tb, c, at.AddDate(0, 0, -40))
	for i := range 40 {
		b.now = at.AddDate(0, 0, i-40)
		b.submit(fmt.Sprint("old-", i), b.deposit(50))
	}
	b.now = at
	b.submit("today", b.deposit(50))
	return b
}
