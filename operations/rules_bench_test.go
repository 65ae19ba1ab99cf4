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
// its Match, and none refuses. Every limit has all its bounds, half of them for
// each operator; of the two approvals the stricter one holds; the rest are the
// firm's own rules. What needs an approval waits for it, and what waits is not
// posted; so approvals may stay out, and as many more rules come in.
func twentyRules(approvals bool) Config {
	amount := func(n int64) decimal.Decimal { return decimal.New(n, 0) }
	kinds := []string{KindDeposit}
	c := Config{Fees: []FeeRule{
		{Name: "handling", Match: Match{Kinds: kinds}, Tier: Tier{Fixed: amount(1)}, Inside: true},
		{Name: "service", Match: Match{Direction: accounts.Credit}, Tier: Tier{BPS: amount(25)}, Minimum: decimal.New(5, -2), Maximum: amount(50), Inside: true},
		{Name: "tiered", Match: Match{Assets: []string{"BRL"}}, Tiers: []Tier{{UpTo: amount(50), Fixed: amount(2)}, {BPS: decimal.New(125, -1)}}, Rounding: accounts.Up, Inside: true},
	}}
	for i := range 6 {
		c.Limits = append(c.Limits, Limit{
			Name: fmt.Sprint("limit-", i), Asset: "BRL", PerOperator: i%2 == 1, Match: Match{Kinds: kinds},
			Min: amount(1), Max: amount(100_000), Day: amount(1_000_000), Rolling: amount(10_000_000), Month: amount(10_000_000),
		})
	}
	if approvals {
		c.Approvals = []Approval{{Name: "deposits", Match: Match{Kinds: kinds}}, {Name: "large", Match: Match{From: amount(100)}, Persons: 2}}
	}
	for len(c.Fees)+len(c.Limits)+len(c.Approvals)+len(c.Rules) < 20 {
		c.Rules = append(c.Rules, AmountWithin{Asset: "BRL", Min: amount(1), Max: amount(100_000)})
	}
	return c
}

// BenchmarkRules tells what a decision costs with 20 active rules and with
// none: judged, its entry encoded, hashed and folded, on a book with 40 days
// behind it. Both are decided in turns, so that whatever else the machine does
// slows both; the ratio is that of the times of the turn in the middle.
//
//	go test ./operations -run '^$' -bench Rules -benchtime 300x -count 3
func BenchmarkRules(b *testing.B) {
	const turn = 200 // decisions
	at := time.Date(2026, time.November, 30, 12, 0, 0, 0, time.UTC)
	for name, c := range map[string]Config{"posted": twentyRules(false), "waiting": twentyRules(true)} {
		b.Run(name, func(b *testing.B) {
			none, twenty := history(b, Config{}, at), history(b, twentyRules(false), at)
			var err error
			twenty.rules, err = newRulebook(c)
			require.NoError(b, err)
			decide := func(book *deskBook) int64 {
				from := b.Elapsed()
				for range turn {
					d, err := book.decide(ActSubmit, submit("new", book.deposit(100)))
					if err != nil || len(d.entry.Refused) > 0 {
						b.Fatal(err, d)
					}
				}
				return int64(b.Elapsed() - from)
			}
			var without, with, thousandths []int64
			for b.Loop() {
				x, y := decide(none), decide(twenty)
				without, with, thousandths = append(without, x), append(with, y), append(thousandths, 1000*y/x)
			}
			report := func(all []int64, per int64, unit string) {
				slices.Sort(all)
				b.ReportMetric(float64(all[len(all)/2])/float64(per), unit) //nolint:forbidigo // times, no money
			}
			b.ReportMetric(0, "ns/op")
			report(without, turn, "ns/none")
			report(with, turn, "ns/twenty")
			report(thousandths, 1000, "ratio")
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
