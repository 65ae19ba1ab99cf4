package trading_test

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/shopspring/decimal"
	"github.com/stretchr/testify/require"

	"github.com/onbehalf/onbehalf/accounts"
	"github.com/onbehalf/onbehalf/operations"
	"github.com/onbehalf/onbehalf/operations/trading"
)

// Whatever rules a firm has, a part takes no more of any account than was set
// aside for the whole, gives the rest back, and what it counts for is what
// happened.
func TestRandomPartsUnderRandomRules(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(3, 4))
	n, happened := times(60, 2_000, 20_000), 0
	kinds := []string{trading.KindTrade}
	for range n {
		var third accounts.ID
		more := operations.Config{Limits: []operations.Limit{
			{Name: "usd", Asset: "USD", Day: dec("1000000000000"), Match: operations.Match{Kinds: kinds}},
			{Name: "brl", Asset: "BRL", Month: dec("1000000000000"), PerOperator: true, Match: operations.Match{Kinds: kinds, Direction: []accounts.Direction{"", accounts.Debit, accounts.Credit}[r.IntN(3)]}},
		}}
		for i := range r.IntN(4) {
			f := operations.FeeRule{
				Name: fmt.Sprint("f", i), Match: operations.Match{Kinds: kinds}, Whole: r.IntN(2) == 0, Inside: r.IntN(3) == 0,
				Tier: operations.Tier{Fixed: decimal.New(r.Int64N(3_000), -2), BPS: decimal.New(r.Int64N(6_000), 0)},
			}
			if r.IntN(2) == 0 {
				f.Match.Assets = []string{[]string{"BRL", "USD"}[r.IntN(2)]}
			}
			if !f.Inside && r.IntN(3) == 0 {
				f.Match.Assets = []string{"BRL"}
				f.Payer = func(operations.View, operations.Terms) accounts.ID { return third }
			}
			more.Fees = append(more.Fees, f)
		}
		price := decimal.New(1+r.Int64N(9_999_999), -r.Int32N(7))
		d, p := partsDesk(t, trading.Config{Slippage: decimal.New(r.Int64N(3)*50, 0)}, more, inPart)
		p.quote = at(price.String())
		third = d.open("BRL", accounts.Details{Bank: "001", Branch: "1", Number: "3"})
		d.deposit(third, "100000.00")
		q := trading.Trade{Base: d.usd, Quote: d.brl, Side: []operations.Side{operations.Buy, operations.Sell}[r.IntN(2)]}
		if amount := decimal.New(2+r.Int64N(99_999), -2); r.IntN(2) == 0 {
			q.BaseAmount = amount
		} else {
			q.QuoteAmount = amount
		}
		p.answer = func(operations.Instruction) (operations.Answer, error) { return operations.Answer{}, errCutOff }
		res, err := d.eng.Submit(t.Context(), d.scope, d.in(), q)
		if err != nil {
			require.ErrorIs(t, err, operations.ErrRefused)
			continue
		}
		agreed := res.Operation
		units := agreed.Terms.Exchange.BaseAmount.Shift(2).IntPart()
		base := decimal.New(1+r.Int64N(max(units-1, 1)), -2)
		counter := base.Mul(price).Round(2)
		if r.IntN(3) == 0 {
			slip, _ := agreed.Terms.Exchange.Slippage.Mul(base).QuoRem(agreed.Terms.Exchange.BaseAmount.Decimal, 2)
			counter = counter.Add(slip)
		}
		before := posted(d)
		if r.IntN(4) == 0 {
			d.clock.Advance(time.Duration(r.IntN(60*24)) * time.Hour)
		}
		o := d.report(parts(base.String(), counter.String())(p.last))
		d.enter()
		if o.State != operations.Completed {
			require.Equal(t, operations.Unresolved, o.State)
			require.Equal(t, before, posted(d))
			continue
		}
		require.Zero(t, d.held())
		require.Empty(t, d.incidents())
		set := map[accounts.ID]decimal.Decimal{}
		for _, h := range agreed.Terms.Holds {
			set[h.Account] = h.Amount.Decimal
		}
		for id, is := range posted(d) {
			taken := dec(before[id]).Sub(dec(is))
			require.False(t, taken.GreaterThan(set[id]), "%s of %s: %s of %s", taken, id, base, agreed.Terms.Exchange.BaseAmount)
		}
		for _, l := range o.Terms.Fees {
			for _, was := range agreed.Terms.Fees {
				require.False(t, was.Fee == l.Fee && l.Amount.GreaterThan(was.Amount.Decimal), "%s of %s", l.Amount, was.Amount)
			}
		}
		require.Equal(t, o.Terms.Exchange.Fixed == "USD", o.Counted.Amount.Equal(o.Terms.Exchange.BaseAmount.Decimal) && agreed.Terms.Asset == "USD")
		d.verified()
		happened++
	}
	require.Greater(t, happened, n/4, "enough parts are settled")
}

func posted(d *desk) map[accounts.ID]string {
	d.t.Helper()
	all, err := d.eng.Book(d.scope).Accounts(d.t.Context())
	require.NoError(d.t, err)
	has := map[accounts.ID]string{}
	for _, a := range all {
		has[a.ID] = a.Posted.String()
	}
	return has
}
