package trading_test

import (
	"context"
	"errors"
	"fmt"
	"math/big"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/shopspring/decimal"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/onbehalf/onbehalf/accounts"
	"github.com/onbehalf/onbehalf/operations"
	"github.com/onbehalf/onbehalf/operations/operationstest"
	"github.com/onbehalf/onbehalf/operations/trading"
	"github.com/onbehalf/onbehalf/tenancy"
)

// rate is one of now, as far as tests go.
func rate(base, quote, value string) trading.Rate {
	return trading.Rate{Base: base, Quote: quote, Value: dec(value), At: operationstest.Start(), Source: "test"}
}

func TestRatesAreReadStrictly(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"5.4321", "1", "0.000000000001", "0.123456789012345678", "123456.123456789012345678", "5.430"} {
		r, err := trading.ParseRate(text)
		require.NoError(t, err, text)
		require.Equal(t, strings.TrimSuffix(text, "0"), accounts.Canonical(r))
	}
	for _, text := range []string{
		"", "0", "0.0", "-1", "+1", ".5", "5.", "01", "1e3", "1E-3", "0x10", "1_000", "1,5", "1,000.5", " 1", "1 ", "1\n", "NaN", "Inf", "١", "1.2.3",
		"0.0000000000009", "0.1234567890123456789", "1234567.123456789012345678", "9999999999999999999999999", strings.Repeat("9", 1000), "1e2147483647",
	} {
		_, err := trading.ParseRate(text)
		require.ErrorIs(t, err, tenancy.ErrInvalid, "%.20q", text)
		require.Equal(t, "rate", tenancy.Fields(err)[0].Field)
	}
	for _, d := range []decimal.Decimal{{}, decimal.New(-1, 0), decimal.New(1, 24), decimal.New(1, 1_000_000_000), decimal.New(1, -1_000_000_000), decimal.New(1, -13)} {
		require.ErrorIs(t, trading.CheckRate("rate", d), tenancy.ErrInvalid)
	}
	require.NoError(t, trading.CheckRate("rate", decimal.New(1, 23)))
	require.NoError(t, trading.CheckRate("rate", decimal.New(5_4321_0000_0000, -12)))
}

func TestARateThatCannotBeReliedOn(t *testing.T) {
	t.Parallel()
	require.NoError(t, rate("USD", "BRL", "5.4").Validate())
	for field, change := range map[string]func(*trading.Rate){
		"base":   func(r *trading.Rate) { r.Base = "BRL" },
		"quote":  func(r *trading.Rate) { r.Quote = strings.Repeat("x", 17) },
		"value":  func(r *trading.Rate) { r.Value = decimal.Decimal{} },
		"source": func(r *trading.Rate) { r.Source = "a\nb" },
		"at":     func(r *trading.Rate) { r.At = time.Time{} },
	} {
		r := rate("USD", "BRL", "5.4")
		change(&r)
		err := r.Validate()
		require.Len(t, tenancy.Fields(err), 1)
		require.Equal(t, field, tenancy.Fields(err)[0].Field)
	}
}

func TestInverseAndCrossedRates(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ value, want string }{
		{"1", "1"},
		{"4", "0.25"},
		{"5.4", "0.1851851851851852"},
		{"0.8", "1.25"},
		{"3", "0.3333333333333333"},
		{"15000000", "0.000000066666666667"}, // MaxRateScale comes first
		{"0.000000000007", "142857142857.1429"},
		{"1000000000000", "0.000000000001"},
		{"800000000000", "0.00000000000125"},
	} {
		r, err := trading.Inverse(rate("USD", "BRL", test.value))
		require.NoError(t, err, test.value)
		require.Equal(t, test.want, accounts.Canonical(r.Value), test.value)
		require.Equal(t, []string{"BRL", "USD"}, []string{r.Base, r.Quote})
	}
	for _, value := range []string{"1000001000000", "900000000000000000000000", "0"} {
		_, err := trading.Inverse(rate("USD", "BRL", value))
		require.ErrorIs(t, err, trading.ErrNoRate, value)
	}

	older := operationstest.Start().Add(-time.Hour)
	ab, bc := rate("EUR", "USD", "1.1"), rate("USD", "BRL", "5.4321")
	bc.At, bc.Source, bc.Stale = older, "other", true
	ac, err := trading.Cross(ab, bc)
	require.NoError(t, err)
	require.Equal(t, "5.97531", accounts.Canonical(ac.Value))
	require.Equal(t, []string{"EUR", "BRL", "test+other"}, []string{ac.Base, ac.Quote, ac.Source})
	require.Equal(t, older, ac.At)
	require.True(t, ac.Stale)
	require.Equal(t, []trading.Rate{ab, bc}, ac.Legs)
	_, err = trading.Cross(bc, ab)
	require.ErrorIs(t, err, trading.ErrNoRate)
	_, err = trading.Cross(ab, rate("USD", "EUR", "0.9"))
	require.ErrorIs(t, err, trading.ErrNoRate, "an asset in itself")

	// A tie goes to the even digit.
	for _, test := range []struct{ a, b, want string }{
		{"1.000000000000005", "1.25", "1.2500000000000062"}, // …625
		{"1.000000000000003", "1.25", "1.2500000000000038"}, // …375
	} {
		r, err := trading.Cross(rate("A", "B", test.a), rate("B", "C", test.b))
		require.NoError(t, err)
		require.Equal(t, test.want, accounts.Canonical(r.Value))
	}
}

func rateValue(t *rapid.T, label string, whole int64) decimal.Decimal {
	scale := rapid.Int32Range(0, 8).Draw(t, label+" scale")
	return decimal.New(rapid.Int64Range(1, whole*decimal.New(1, scale).IntPart()).Draw(t, label), -scale)
}

func ratio(d decimal.Decimal) *big.Rat { return d.Rat() }

// within tells whether |a-b| <= d.
func within(a, b, d *big.Rat) bool {
	diff := new(big.Rat).Sub(a, b)
	return diff.Abs(diff).Cmp(d) <= 0
}

// An inverse or crossed rate is the exact one to half a unit of its last digit,
// which is the sixteenth or later, or the eighteenth after the point; so amounts
// of money come out as by the exact rate.
func TestMadeUpRatesAreExactEnoughForMoney(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		ab := trading.Rate{Base: "A", Quote: "B", Value: rateValue(t, "ab", 1_000_000), At: operationstest.Start()}
		var made trading.Rate
		var err error
		exact := new(big.Rat)
		if rapid.Bool().Draw(t, "inverse") {
			made, err = trading.Inverse(ab)
			exact.Inv(ratio(ab.Value))
		} else {
			bc := trading.Rate{Base: "B", Quote: "C", Value: rateValue(t, "bc", 1_000_000), At: operationstest.Start()}
			made, err = trading.Cross(ab, bc)
			exact.Mul(ratio(ab.Value), ratio(bc.Value))
		}
		if errors.Is(err, trading.ErrNoRate) {
			require.Negative(t, exact.Cmp(big.NewRat(1, 1_000_000_000_000)), "only what is too small is refused")
			return
		}
		require.NoError(t, err)
		require.NoError(t, made.Validate())

		half := new(big.Rat).Mul(exact, big.NewRat(1, 2_000_000_000_000_000)) // half a unit of a sixteenth digit, at most
		if at := big.NewRat(1, 2_000_000_000_000_000_000); half.Cmp(at) < 0 {
			half = at
		}
		require.True(t, within(ratio(made.Value), exact, half), "%v for %v", made.Value, exact)

		// An amount below 10^12, result included, to two places.
		amount := decimal.New(rapid.Int64Range(1, 99_999_999_999_999).Draw(t, "amount"), -2)
		result := new(big.Rat).Mul(ratio(amount), exact)
		if result.Cmp(big.NewRat(1_000_000_000_000, 1)) > 0 {
			return
		}
		require.True(t, within(ratio(amount.Mul(made.Value)), result, big.NewRat(1, 1000)), "%v at %v", amount, made.Value)
	})
}

// Turned round twice, a rate is what it was to 15 digits.
func TestAnInverseOfAnInverse(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		ab := trading.Rate{Base: "A", Quote: "B", Value: rateValue(t, "ab", 100_000).Add(decimal.New(1, -2)), At: operationstest.Start()}
		ba, err := trading.Inverse(ab)
		require.NoError(t, err)
		again, err := trading.Inverse(ba)
		require.NoError(t, err)
		exact := ratio(ab.Value)
		off := new(big.Rat).Mul(exact, big.NewRat(1, 10_000_000_000_000)) // of 1/100000.01 there are 13 digits left
		require.True(t, within(ratio(again.Value), exact, off), "%v and %v", ab.Value, again.Value)
	})
}

func board(t *testing.T, rates ...trading.Rate) *trading.Board {
	t.Helper()
	b := &trading.Board{}
	for _, r := range rates {
		put, err := b.Put(r)
		require.NoError(t, err)
		require.True(t, put)
	}
	return b
}

func TestAMarketMakesTheMostOfASource(t *testing.T) {
	t.Parallel()
	clock := &operationstest.Clock{}
	rates := board(t, rate("USD", "BRL", "5.4"), rate("EUR", "USD", "1.1"), rate("BTC", "EUR", "50000"))
	market := trading.Market{Pivots: []string{"BRL", "USD", "EUR"}}.Over(rates, clock)
	for _, test := range []struct {
		base, quote, want string
		legs              int
	}{
		{"USD", "BRL", "5.4", 0},
		{"BRL", "USD", "0.1851851851851852", 1},
		{"EUR", "BRL", "5.94", 2},
		{"BRL", "EUR", "0.16835016835016837", 2},
		{"BTC", "USD", "55000", 2},
		{"BTC", "BRL", "", 0}, // two hops
		{"USD", "USD", "", 0},
		{"USD", "GBP", "", 0},
	} {
		r, err := market.Rate(t.Context(), test.base, test.quote)
		if test.want == "" {
			require.ErrorIs(t, err, trading.ErrNoRate, test.base+test.quote)
			continue
		}
		require.NoError(t, err, test.base+test.quote)
		require.Equal(t, test.want, accounts.Canonical(r.Value), test.base+test.quote)
		require.Len(t, r.Legs, test.legs, test.base+test.quote)
		if test.legs == 2 {
			require.Equal(t, []string{test.base, r.Legs[1].Base, test.quote}, []string{r.Legs[0].Base, r.Legs[0].Quote, r.Legs[1].Quote})
		}
	}
	one := sourceFunc(func(_ context.Context, base, quote string) (trading.Rate, error) {
		require.NotEqual(t, base, quote, "nobody is asked for that")
		return rate(base, quote, "1"), nil
	})
	_, err := trading.Market{Pivots: []string{"EUR"}}.Over(one, clock).Rate(t.Context(), "USD", "USD")
	require.ErrorIs(t, err, trading.ErrNoRate)
	_, err = trading.Market{}.Over(rates, clock).Rate(t.Context(), "EUR", "BRL")
	require.ErrorIs(t, err, trading.ErrNoRate, "without a pivot nothing is crossed")

	over := []string{"A", "B", "C", "D", "E", "F", "G", "H", "USD"}
	_, err = trading.Market{Pivots: over}.Over(rates, clock).Rate(t.Context(), "EUR", "BRL")
	require.ErrorIs(t, err, trading.ErrNoRate, "the ninth is not tried")
	_, err = trading.Market{Pivots: over[1:]}.Over(rates, clock).Rate(t.Context(), "EUR", "BRL")
	require.NoError(t, err)
}

func TestAMarketRefusesOrMarksWhatIsTooOld(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		age   time.Duration
		stale bool
	}{{0, false}, {time.Minute, false}, {time.Minute + time.Microsecond, true}, {-time.Minute, false}, {-time.Hour, true}, {100 * time.Hour, true}} {
		clock := operationstest.NewClock(operationstest.Start().Add(test.age))
		fresh := rate("EUR", "USD", "1.1")
		fresh.At = clock.Now()
		rates := board(t, rate("USD", "BRL", "5.4"), fresh)
		strict := trading.Market{MaxAge: time.Minute, Pivots: []string{"USD"}}
		lenient := strict
		lenient.KeepStale = true
		for _, pair := range [][2]string{{"USD", "BRL"}, {"BRL", "USD"}, {"EUR", "BRL"}} {
			if pair[0] == "EUR" && test.age < 0 {
				continue // what is crossed is as old as the older one, here the fresh one
			}
			_, err := strict.Over(rates, clock).Rate(t.Context(), pair[0], pair[1])
			require.Equal(t, test.stale, errors.Is(err, trading.ErrStale), "%v after %v: %v", pair, test.age, err)
			require.Equal(t, test.stale, err != nil)
			r, err := lenient.Over(rates, clock).Rate(t.Context(), pair[0], pair[1])
			require.NoError(t, err)
			require.Equal(t, test.stale, r.Stale, "%v after %v", pair, test.age)
			r, err = trading.Market{Pivots: strict.Pivots}.Over(rates, clock).Rate(t.Context(), pair[0], pair[1])
			require.NoError(t, err, "without a limit anything goes")
			require.False(t, r.Stale)
		}
	}
}

// sourceFunc is a source of one function.
type sourceFunc func(ctx context.Context, base, quote string) (trading.Rate, error)

func (f sourceFunc) Rate(ctx context.Context, base, quote string) (trading.Rate, error) {
	return f(ctx, base, quote)
}

func TestAMarketDoesNotBelieveEverything(t *testing.T) {
	t.Parallel()
	broken := errors.New("broken")
	clock := &operationstest.Clock{}
	for name, test := range map[string]struct {
		says func(r trading.Rate) (trading.Rate, error)
		want error // nil: any but those a caller acts on
	}{
		"another pair":      {func(r trading.Rate) (trading.Rate, error) { r.Base = "GBP"; return r, nil }, nil},
		"the pair reversed": {func(r trading.Rate) (trading.Rate, error) { r.Base, r.Quote = r.Quote, r.Base; return r, nil }, nil},
		"zero":              {func(r trading.Rate) (trading.Rate, error) { r.Value = decimal.Decimal{}; return r, nil }, nil},
		"below zero":        {func(r trading.Rate) (trading.Rate, error) { r.Value = r.Value.Neg(); return r, nil }, nil},
		"huge":              {func(r trading.Rate) (trading.Rate, error) { r.Value = decimal.New(1, 1_000_000_000); return r, nil }, nil},
		"of no time":        {func(r trading.Rate) (trading.Rate, error) { r.At = time.Time{}; return r, nil }, nil},
		"an error":          {func(r trading.Rate) (trading.Rate, error) { return r, broken }, broken},
		"too old":           {func(r trading.Rate) (trading.Rate, error) { return r, trading.ErrStale }, trading.ErrStale},
	} {
		says := sourceFunc(func(_ context.Context, base, quote string) (trading.Rate, error) {
			return test.says(rate(base, quote, "5.4"))
		})
		_, err := trading.Market{Pivots: []string{"USD"}}.Over(says, clock).Rate(t.Context(), "EUR", "BRL")
		require.Error(t, err, name)
		require.NotErrorIs(t, err, trading.ErrNoRate, name)
		if test.want != nil {
			require.ErrorIs(t, err, test.want, name)
		}
	}
}

func TestAMarketAsksNothingAfterItsContextEnds(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	asked := 0
	says := sourceFunc(func(context.Context, string, string) (trading.Rate, error) {
		asked++
		cancel()
		return trading.Rate{}, trading.ErrNoRate
	})
	_, err := trading.Market{Pivots: []string{"USD"}}.Over(says, operations.ClockFunc(operationstest.Start)).Rate(ctx, "EUR", "BRL")
	require.ErrorIs(t, err, context.Canceled)
	require.Equal(t, 1, asked)
}

func TestABoardKeepsTheNewestOfEachPair(t *testing.T) {
	t.Parallel()
	var b trading.Board
	_, err := b.Rate(t.Context(), "USD", "BRL")
	require.ErrorIs(t, err, trading.ErrNoRate)
	at := operationstest.Start()
	for _, test := range []struct {
		after time.Duration
		value string
		put   bool
		has   string
	}{{0, "5", true, "5"}, {time.Second, "6", true, "6"}, {0, "7", false, "6"}, {time.Second, "8", true, "8"}} {
		r := rate("USD", "BRL", test.value)
		r.At = at.Add(test.after)
		put, err := b.Put(r)
		require.NoError(t, err)
		require.Equal(t, test.put, put)
		has, err := b.Rate(t.Context(), "USD", "BRL")
		require.NoError(t, err)
		require.Equal(t, test.has, has.Value.String())
	}
	_, err = b.Put(trading.Rate{Base: "USD", Quote: "BRL", At: at.Add(time.Hour)})
	require.ErrorIs(t, err, tenancy.ErrInvalid)
	has, err := b.Rate(t.Context(), "USD", "BRL")
	require.NoError(t, err)
	require.Equal(t, "8", has.Value.String())
	_, err = b.Rate(t.Context(), "BRL", "USD")
	require.ErrorIs(t, err, trading.ErrNoRate, "it turns nothing round")
}

func TestABoardIsLimited(t *testing.T) {
	t.Parallel()
	var b trading.Board
	for n := range trading.MaxBoard {
		put, err := b.Put(rate("USD", fmt.Sprint(n), "1"))
		require.NoError(t, err)
		require.True(t, put)
	}
	_, err := b.Put(rate("USD", "BRL", "1"))
	require.ErrorIs(t, err, tenancy.ErrInvalid)
	put, err := b.Put(rate("USD", "7", "2"))
	require.NoError(t, err)
	require.True(t, put, "a pair that it has may change")
}

func TestABoardIsUsedByMany(t *testing.T) {
	t.Parallel()
	var b trading.Board
	var wg sync.WaitGroup
	for n := range 8 {
		wg.Go(func() {
			for i := range 50 {
				r := rate("USD", "BRL", fmt.Sprint(1+i))
				r.At = r.At.Add(time.Duration(i*8+n) * time.Second)
				_, _ = b.Put(r)
				_, _ = b.Rate(t.Context(), "USD", "BRL")
			}
		})
	}
	wg.Wait()
	r, err := b.Rate(t.Context(), "USD", "BRL")
	require.NoError(t, err)
	require.Equal(t, operationstest.Start().Add((49*8+7)*time.Second), r.At, "the newest, whoever came last")
}

// Whoever agrees to a crossed rate sees both that it was made from, as the market
// gave them.
func TestTermsShowTheLegsOfARate(t *testing.T) {
	t.Parallel()
	rates := board(t, rate("USD", "EUR", "0.8"), rate("EUR", "BRL", "6.25"))
	over := trading.Market{Pivots: []string{"EUR"}}.Over(rates, &operationstest.Clock{})
	turned := trading.Market{Pivots: []string{"EUR"}}.Over(board(t, rate("EUR", "USD", "1.25"), rate("EUR", "BRL", "6.25")), &operationstest.Clock{})
	for name, c := range map[string]struct {
		c    trading.Config
		want []string
	}{
		"crossed by the house":   {trading.Config{Providers: map[string]trading.Provider{"house": trading.NewHouse(over)}}, []string{"USD/EUR 0.8", "EUR/BRL 6.25"}},
		"crossed as a reference": {trading.Config{Providers: map[string]trading.Provider{"p": &quoter{Provider: operations.Desk{}, quote: at("5")}}, Reference: over}, []string{"USD/EUR 0.8", "EUR/BRL 6.25"}},
		"one of them turned":     {trading.Config{Providers: map[string]trading.Provider{"house": trading.NewHouse(turned)}}, []string{"EUR/USD 1.25", "EUR/BRL 6.25"}},
		"of the pair itself":     {trading.Config{Providers: house()}, nil},
	} {
		d := memoryDesk(t, c.c)
		o, err := d.execute(d.quote(d.buy("100")))
		require.NoError(t, err)
		var legs []string
		for _, l := range o.Terms.Exchange.Legs {
			legs = append(legs, l.Base+"/"+l.Quote+" "+l.Rate.String())
		}
		require.Equal(t, c.want, legs, name)
		if len(legs) > 0 {
			require.Equal(t, "5", o.Terms.Exchange.Reference.String())
		}
		d.verified()
	}
	many := &quoter{Provider: operations.Desk{}, quote: func(context.Context, trading.Ask) (trading.Quotation, error) {
		return trading.Quotation{Rate: dec("5"), Legs: make([]trading.Rate, 3)}, nil
	}}
	d := memoryDesk(t, trading.Config{Providers: map[string]trading.Provider{"p": many}})
	plan, err := d.eng.Explain(t.Context(), d.scope, d.buy("100"))
	require.NoError(t, err)
	require.Equal(t, trading.PassUnusable, plan.Unmet[0].Figures[0].Value)
}
