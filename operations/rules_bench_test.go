package operations

import (
	"fmt"
	"slices"
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
	for i := range 3 {
		c.Approvals = append(c.Approvals, Approval{Name: fmt.Sprint("approval-", i), Match: Match{Assets: []string{"BRL"}, From: amount(100)}, Persons: i + 1})
	}
	for range 8 {
		c.Rules = append(c.Rules, AmountWithin{Asset: "BRL", Min: amount(1), Max: amount(100_000)})
	}
	return c
}

// BenchmarkTwentyRules tells what a decision costs with 20 active rules and
// with none: judged, its entry encoded, hashed and folded, on a book with 40
// days behind it. The two take turns; "ratio" is that of their medians.
//
//	go test ./operations -run '^$' -bench TwentyRules -benchtime 20000x
func BenchmarkTwentyRules(b *testing.B) {
	at := time.Date(2026, time.November, 30, 12, 0, 0, 0, time.UTC)
	with, without := history(b, twentyRules(), at), history(b, Config{}, at)
	took := [2][]time.Duration{}
	for i := range max(b.N, 2) {
		for s, book := range []*deskBook{without, with} {
			id := OperationID(fmt.Sprint("new-", i))
			start := time.Now()
			_, err := book.decide(ActSubmit, submit(id, book.deposit(100)))
			took[s] = append(took[s], time.Since(start))
			require.NoError(b, err)
		}
	}
	median := func(all []time.Duration) float64 {
		slices.Sort(all)
		return float64(all[len(all)/2])
	}
	none, all := median(took[0]), median(took[1])
	b.ReportMetric(0, "ns/op")
	b.ReportMetric(none, "ns/none")
	b.ReportMetric(all, "ns/rules")
	b.ReportMetric(all/none, "ratio")
}

// history is a book in which something was asked for on each of 40 days.
func history(tb testing.TB, c Config, at time.Time) *deskBook {
	tb.Helper()
	b := newDeskBook(tb, c, at.AddDate(0, 0, -40))
	for i := range 40 {
		b.now = at.AddDate(0, 0, i-40)
		b.submit(fmt.Sprint("old-", i), b.deposit(50)) // below what needs an approval
	}
	b.now = at
	b.submit("today", b.deposit(50))
	return b
}
