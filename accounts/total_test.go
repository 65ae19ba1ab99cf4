package accounts_test

import (
	"math/rand/v2"
	"testing"

	"github.com/shopspring/decimal"
	"github.com/stretchr/testify/require"

	"github.com/onbehalf/onbehalf/accounts"
)

// Totals are what decimals say, whatever the length of the figures and of what
// they add up to.
func TestTotalsAddUpAsDecimalsDo(t *testing.T) {
	t.Parallel()
	rnd := rand.New(rand.NewPCG(1, 2))
	figure := func() decimal.Decimal {
		d := decimal.New(rnd.Int64()>>rnd.IntN(63), -rnd.Int32N(19))
		switch rnd.IntN(6) {
		case 0:
			d = d.Mul(decimal.New(rnd.Int64(), rnd.Int32N(20)))
		case 1:
			d = decimal.New(999_999_999_999_999_999, -rnd.Int32N(19))
		case 2:
			d = decimal.Decimal{}
		}
		if rnd.IntN(2) == 0 {
			d = d.Neg()
		}
		return d
	}
	for range 2000 {
		var want decimal.Decimal
		var got accounts.Total
		for range 1 + rnd.IntN(300) {
			d := figure()
			for range 1 + rnd.IntN(4) { // the same again, so that sums grow beyond each of them
				if rnd.IntN(3) == 0 {
					want, got = want.Sub(d), got.Minus(accounts.TotalOf(d))
				} else {
					want, got = want.Add(d), got.Plus(accounts.TotalOf(d))
				}
			}
			require.True(t, want.Equal(got.Decimal()), "%s instead of %s", got.Decimal(), want)
			require.Equal(t, want.Sign(), got.Sign())
			require.Equal(t, accounts.Fits(want), got.Fits())
			require.Equal(t, want.Cmp(d), got.Cmp(accounts.TotalOf(d)), "%s with %s", want, d)
			require.Equal(t, want.LessThan(d), accounts.Less(want, d))
			require.True(t, want.Add(d).Equal(accounts.Plus(want, d)), "%s and %s", want, d)
			require.True(t, d.Sub(want).Equal(accounts.Minus(d, want)), "%s less %s", d, want)
			e := figure()
			require.True(t, e.Add(d).Equal(accounts.Plus(e, d)), "%s and %s", e, d)
			require.True(t, d.Sub(e).Equal(accounts.Minus(d, e)), "%s less %s", d, e)
			require.True(t, d.Mul(e).Equal(accounts.Times(d, e)), "%s times %s", d, e)
			require.Equal(t, e.LessThan(d), accounts.Less(e, d), "%s and %s", e, d)
		}
	}
}

// The shortest text of a figure is what decimals say, too, and each rounding.
func TestFiguresAreWrittenAndRoundedAsDecimalsAre(t *testing.T) {
	t.Parallel()
	rnd := rand.New(rand.NewPCG(3, 4))
	exact := map[accounts.Rounding]func(decimal.Decimal, int32) decimal.Decimal{
		"": decimal.Decimal.RoundBank, accounts.HalfEven: decimal.Decimal.RoundBank, accounts.HalfUp: decimal.Decimal.Round,
		accounts.Up: decimal.Decimal.RoundUp, accounts.Down: decimal.Decimal.RoundDown,
	}
	for range 20_000 {
		c := rnd.Int64() >> rnd.IntN(63)
		for range rnd.IntN(8) {
			c = c / 10 * 10
			if rnd.IntN(2) == 0 { // halves are what roundings differ in
				c += 5
			}
		}
		d := decimal.New(c, -rnd.Int32N(20))
		if rnd.IntN(2) == 0 {
			d = d.Neg()
		}
		text := accounts.Canonical(d)
		back, err := decimal.NewFromString(text)
		require.NoError(t, err)
		require.True(t, d.Equal(back), "%s as %s", d, text)
		require.NotRegexp(t, `^-0$|^-?0[0-9]|\.$|\.[0-9]*0$`, text)
		scale := rnd.Int32N(20)
		for r, round := range exact {
			want := d
			if -d.Exponent() > scale {
				want = round(d, scale)
			}
			require.True(t, want.Equal(r.Round(d, scale)), "%s to %d by %q: %s", d, scale, r, r.Round(d, scale))
		}
	}
}

// A sum of the longest short figures runs over neither end.
func TestTotalsGrowBeyondWhatIsShort(t *testing.T) {
	t.Parallel()
	for _, sign := range []int64{1, -1} {
		d := decimal.New(sign*999_999_999_999_999_999, 0)
		total, want := accounts.Total{}, decimal.Decimal{}
		for range 1000 {
			total, want = total.Plus(accounts.TotalOf(d)), want.Add(d)
			require.True(t, want.Equal(total.Decimal()), "%s instead of %s", total.Decimal(), want)
			require.Equal(t, sign, int64(total.Sign()))
		}
	}
}

func TestTotalsAllocateNothing(t *testing.T) { //nolint:paralleltest // it counts allocations
	a, b := decimal.New(12345, -2), decimal.New(7, 0)
	require.Zero(t, testing.AllocsPerRun(100, func() {
		s := accounts.TotalOf(a).Plus(accounts.TotalOf(b)).Minus(accounts.TotalOf(b))
		if s.Cmp(accounts.TotalOf(a)) != 0 || s.Sign() <= 0 || !accounts.Less(b, a) {
			t.Fail()
		}
	}))
}
