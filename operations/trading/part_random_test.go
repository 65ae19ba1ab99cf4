package trading_test

import (
	"math/big"
	"math/rand/v2"
	"testing"

	"github.com/shopspring/decimal"
	"github.com/stretchr/testify/require"

	"github.com/onbehalf/onbehalf/accounts"
	"github.com/onbehalf/onbehalf/operations"
	"github.com/onbehalf/onbehalf/operations/trading"
)

// Parts of any size at any rate: what is computed here with fractions must be
// what the books say, and the customer never pays more than was agreed.
func TestRandomParts(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(1, 2))
	n, happened := times(60, 2_000, 20_000), 0
	for range n {
		price := decimal.New(1+r.Int64N(9_999_999), -r.Int32N(7))
		p := &outside{quoter: &quoter{quote: at(price.String())}}
		fee := operations.FeeRule{Name: "f", Match: operations.Match{Kinds: []string{trading.KindTrade}}, Tier: operations.Tier{BPS: decimal.New(r.Int64N(300), 0)}}
		d := begin(t, memoryStore(), trading.Config{Providers: map[string]trading.Provider{"bank": p}}, operations.Config{Fees: []operations.FeeRule{fee}}, inPart)
		q := trading.Trade{Base: d.usd, Quote: d.brl, Side: operations.Buy}
		if r.IntN(2) == 0 {
			q.Side = operations.Sell
		}
		if amount := decimal.New(2+r.Int64N(99_999), -2); r.IntN(2) == 0 {
			q.BaseAmount = amount
		} else {
			q.QuoteAmount = amount
		}
		var base, counter decimal.Decimal
		p.answer = func(i operations.Instruction) (operations.Answer, error) {
			x := i.Terms.Exchange
			units := x.BaseAmount.Shift(2).IntPart()
			base = decimal.New(1+r.Int64N(max(units-1, 1)), -2)
			exact := base.Mul(x.ProviderRate.Decimal)
			if counter = exact.RoundUp(2); r.IntN(2) == 0 {
				counter = exact.RoundDown(2)
			}
			return parts(base.String(), counter.String())(i)
		}
		res, err := d.eng.Submit(t.Context(), d.scope, d.in(), q)
		if err != nil {
			require.ErrorIs(t, err, operations.ErrRefused)
			continue
		}
		was, err := d.eng.Book(d.scope).Versions(t.Context(), res.Operation.ID)
		require.NoError(t, err)
		o, agreed := res.Operation, was[len(was)-1].Operation.Terms
		if o.State != operations.Completed {
			require.Equal(t, operations.Unresolved, o.State)
			require.True(t, counter.IsZero() || !base.LessThan(agreed.Exchange.BaseAmount.Decimal) || o.Terms.Exchange.Side == operations.Sell && base.Mul(agreed.Exchange.Rate.Decimal).LessThan(dec("0.01")),
				"%s for %s of %+v", base, counter, agreed.Exchange)
			continue
		}
		// The customer's side, in fractions of a cent.
		x := o.Terms.Exchange
		exact := new(big.Rat).Mul(base.Rat(), agreed.Exchange.Rate.Rat())
		off := new(big.Rat).Sub(x.QuoteAmount.Rat(), exact)
		if x.Side == operations.Sell {
			off.Neg(off)
		}
		require.True(t, off.Sign() >= 0 && off.Cmp(big.NewRat(1, 100)) < 0, "%s of %s at %s", x.QuoteAmount, base, x.Rate)
		require.False(t, o.Terms.Debit.GreaterThan(agreed.Debit.Decimal), "never more than agreed")
		earned := x.QuoteAmount.Sub(x.ProviderAmount.Decimal)
		if x.Side == operations.Sell {
			earned = earned.Neg()
		}
		require.False(t, earned.IsNegative(), "no rounding of a part costs the firm: %s", earned)
		require.Zero(t, d.held())
		require.Empty(t, d.incidents())
		sum := decimal.Zero
		for _, l := range o.Terms.Fees {
			share := new(big.Rat).Mul(agreed.Fees[0].Amount.Rat(), new(big.Rat).Quo(base.Rat(), x.Agreed.Rat()))
			require.LessOrEqual(t, l.Amount.Rat().Cmp(share), 0)
			sum = sum.Add(l.Amount.Decimal)
		}
		got := d.has()
		brl, usd := dec(got[0]).Sub(dec("100000")), dec(got[1]).Sub(dec("100000"))
		if x.Side == operations.Sell {
			brl, usd = brl.Neg(), usd.Neg()
		}
		ofFee := func(asset string, is bool) decimal.Decimal {
			if is && len(o.Terms.Fees) > 0 && o.Terms.Fees[0].Asset == asset {
				return sum
			}
			return decimal.Zero
		}
		sign := decimal.New(1, 0)
		if x.Side == operations.Sell {
			sign = sign.Neg()
		}
		require.True(t, usd.Equal(base.Sub(sign.Mul(ofFee("USD", true)))), "%s dollars", usd)
		require.True(t, brl.Equal(x.QuoteAmount.Neg().Sub(sign.Mul(ofFee("BRL", true)))), "%s reais", brl)
		require.Equal(t, accounts.Canonical(counter), x.ProviderAmount.String())
		d.verified()
		happened++
	}
	require.Greater(t, happened, n/3, "enough parts are settled")
}

// An entry that tells of a part nobody agreed to, or gives back other than the
// rest, could not have been decided: Verify finds it, whatever its hash.
func TestEntriesOfPartsThatCouldNotBe(t *testing.T) {
	t.Parallel()
	d, p := partsDesk(t, trading.Config{}, operations.Config{}, inPart)
	p.answer = parts("40", "200")
	o, err := d.execute(d.quote(d.buy("100")))
	require.NoError(t, err)
	lines, err := d.eng.Book(d.scope).Journal(t.Context(), 0, 100)
	require.NoError(t, err)
	f := operations.Empty(operations.BookID{Tenant: "acme", Customer: d.scope.Customer()})
	var last *operations.Entry
	for _, l := range lines {
		sealed, err := operations.Seal(&l.Entry)
		require.NoError(t, err)
		if l.Seq == o.Updated {
			last = &l.Entry
			break
		}
		f, err = operations.Fold(f, &l.Entry, sealed.Hash)
		require.NoError(t, err)
	}
	require.NotNil(t, last)
	amount := func(text string) accounts.Amount { return accounts.Exact(dec(text)) }
	for name, change := range map[string]func(e *operations.Entry, x *operations.Exchange){
		"as it was":               nil,
		"of more than was agreed": func(_ *operations.Entry, x *operations.Exchange) { x.BaseAmount = amount("100.01") },
		"of another whole":        func(_ *operations.Entry, x *operations.Exchange) { x.Agreed = amount("99") },
		"that is the whole":       func(_ *operations.Entry, x *operations.Exchange) { x.BaseAmount = amount("100") },
		"that is not called one":  func(_ *operations.Entry, x *operations.Exchange) { x.Agreed = accounts.Amount{} },
		"for more than agreed":    func(_ *operations.Entry, x *operations.Exchange) { x.QuoteAmount = amount("502.51") },
		"at another rate":         func(_ *operations.Entry, x *operations.Exchange) { x.Rate = amount("5.02") },
		"that takes none":         func(_ *operations.Entry, x *operations.Exchange) { x.Parts = false },
		"without an exchange":     func(e *operations.Entry, _ *operations.Exchange) { e.Effects.Operations[0].Terms.Exchange = nil },
		"more is given back":      func(e *operations.Entry, _ *operations.Exchange) { e.Effects.Releases[0].Rest = amount("301.51") },
		"all is given back":       func(e *operations.Entry, _ *operations.Exchange) { e.Effects.Releases[0].Rest = amount("502.5") },
		"less than nothing is":    func(e *operations.Entry, _ *operations.Exchange) { e.Effects.Releases[0].Rest = amount("-1") },
		"of what was not taken":   func(e *operations.Entry, _ *operations.Exchange) { e.Effects.Releases[0].Captured = false },
	} {
		sealed, err := operations.Seal(last)
		require.NoError(t, err)
		entry, err := sealed.Open()
		require.NoError(t, err)
		if change != nil {
			change(entry, entry.Effects.Operations[0].Terms.Exchange)
		}
		_, err = operations.Fold(f, entry, sealed.Hash)
		if change == nil {
			require.NoError(t, err)
			continue
		}
		require.ErrorIs(t, err, operations.ErrDamaged, name)
	}
}
