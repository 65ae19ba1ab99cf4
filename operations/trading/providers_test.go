package trading_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/onbehalf/onbehalf/accounts"
	"github.com/onbehalf/onbehalf/operations"
	"github.com/onbehalf/onbehalf/operations/operationstest"
	"github.com/onbehalf/onbehalf/operations/trading"
	"github.com/onbehalf/onbehalf/tenancy"
)

// instruction is to buy 100 dollars for 540 reais.
func instruction(reference string) operations.Instruction {
	return operations.Instruction{Reference: reference, Terms: operations.Terms{Asset: "USD", Exchange: &operations.Exchange{
		Base: "USD", Quote: "BRL", Side: operations.Buy, Fixed: "USD", BaseAmount: accounts.Exact(dec("100")),
		QuoteAmount: accounts.Exact(dec("541")), ProviderAmount: accounts.Exact(dec("540")),
	}}}
}

func simulated(t *testing.T, seed uint64, c operations.Contract, f trading.Faults) (*trading.Simulated, *operationstest.Clock) {
	t.Helper()
	clock := &operationstest.Clock{}
	return trading.NewSimulated(board(t, rate("USD", "BRL", "5.4")), clock, seed, c, f), clock
}

func TestAFaultDoesWhatItSays(t *testing.T) {
	t.Parallel()
	settled := operations.Answer{Status: operations.AnswerSettled, Amount: dec("100"), Asset: "USD", Counter: dec("540"), CounterAsset: "BRL"}
	more, swapped := settled, settled
	more.Amount = dec("101")
	swapped.Asset, swapped.CounterAsset = "BRL", "USD"
	for name, test := range map[string]struct {
		faults  trading.Faults
		sent    operations.Answer // zero: an error
		asked   operations.Answer
		later   operations.Answer // after six minutes
		effects int
		known   bool
	}{
		"none":        {trading.Faults{}, settled, settled, settled, 1, true},
		"refuse":      {trading.Faults{Refuse: 1000}, operations.Answer{Status: operations.AnswerRefused}, operations.Answer{Status: operations.AnswerRefused}, operations.Answer{Status: operations.AnswerRefused}, 0, true},
		"lose":        {trading.Faults{Lose: 1000}, operations.Answer{}, operations.Answer{}, operations.Answer{}, 0, false},
		"silence":     {trading.Faults{Silence: 1000}, operations.Answer{}, settled, settled, 1, true},
		"delay":       {trading.Faults{Delay: 1000}, operations.Answer{Status: operations.AnswerPending}, operations.Answer{Status: operations.AnswerPending}, settled, 1, true},
		"not found":   {trading.Faults{NotFound: 1000}, settled, operations.Answer{Status: operations.AnswerNotFound}, settled, 1, true},
		"garble":      {trading.Faults{Garble: 1000}, operations.Answer{Status: "?"}, operations.Answer{Status: "?"}, operations.Answer{Status: "?"}, 1, true},
		"wrong sum":   {trading.Faults{WrongSum: 1000}, more, more, more, 1, true},
		"wrong asset": {trading.Faults{WrongAsset: 1000}, swapped, swapped, swapped, 1, true},
		"contrary":    {trading.Faults{Contrary: 1000}, operations.Answer{Status: operations.AnswerRefused}, operations.Answer{Status: operations.AnswerRefused}, operations.Answer{Status: operations.AnswerRefused}, 1, true},
	} {
		p, clock := simulated(t, 1, operations.Contract{HonoursReference: true}, test.faults)
		is := func(want, a operations.Answer, err error) {
			t.Helper()
			if want.Status == "" {
				require.Error(t, err, name)
				require.Zero(t, a, name)
				return
			}
			require.NoError(t, err, name)
			require.Equal(t, "r", a.Reference, name)
			require.Equal(t, want.Status, a.Status, name)
			if want.Status == operations.AnswerSettled {
				a.Reference, a.External = "", ""
				require.Equal(t, want, a, name)
			}
		}
		a, err := p.Send(t.Context(), instruction("r"))
		is(test.sent, a, err)
		a, err = p.Ask(t.Context(), "r")
		is(test.asked, a, err)
		clock.Advance(6 * time.Minute)
		a, err = p.Ask(t.Context(), "r")
		is(test.later, a, err)

		truth, known := p.Executed("r")
		require.Equal(t, test.known, known, name)
		require.Equal(t, test.effects, truth.Effects, name)
		if name == "contrary" {
			require.Equal(t, 3, truth.Denied)
		}

		// Without faults it tells the truth.
		p.Set(trading.Faults{})
		a, err = p.Ask(t.Context(), "r")
		require.NoError(t, err, name)
		want := map[bool]operations.AnswerStatus{true: operations.AnswerSettled, false: operations.AnswerRefused}[test.effects == 1]
		if !test.known {
			want = operations.AnswerNotFound
		}
		require.Equal(t, want, a.Status, name)
	}
}

func TestASimulatedProviderCountsWhatItDoesTwice(t *testing.T) {
	t.Parallel()
	for honours, want := range map[bool]int{true: 1, false: 3} {
		p, _ := simulated(t, 1, operations.Contract{HonoursReference: honours}, trading.Faults{})
		for range 3 {
			_, err := p.Send(t.Context(), instruction("b"))
			require.NoError(t, err)
		}
		_, err := p.Send(t.Context(), instruction("a"))
		require.NoError(t, err)
		all := p.Ledger()
		require.Len(t, all, 2)
		require.Equal(t, []string{"b", "a"}, []string{all[0].Reference, all[1].Reference}, "as they came")
		require.Equal(t, []int{want, 1}, []int{all[0].Effects, all[1].Effects})
		require.Equal(t, "USD BRL 100 540 buy", fmt.Sprint(all[0].Base, " ", all[0].Quote, " ", all[0].BaseAmount, " ", all[0].QuoteAmount, " ", all[0].Side))
	}
}

func TestASimulatedProviderFillsAPartWhereThatIsAgreed(t *testing.T) {
	t.Parallel()
	p, _ := simulated(t, 1, operations.Contract{HonoursReference: true}, trading.Faults{Part: 1000})
	whole, err := p.Send(t.Context(), instruction("whole"))
	require.NoError(t, err)
	require.Equal(t, operations.AnswerSettled, whole.Status, "the trade takes no parts")
	sizes := map[string]bool{}
	for _, reference := range []string{"a", "b", "c"} {
		i := instruction(reference)
		i.Terms.Exchange.Parts, i.Terms.Exchange.ProviderRate = true, accounts.Exact(dec("5.4"))
		a, err := p.Send(t.Context(), i)
		require.NoError(t, err)
		require.NoError(t, a.Validate())
		require.Equal(t, operations.AnswerPart, a.Status)
		require.True(t, a.Amount.IsPositive() && a.Amount.LessThan(dec("100")))
		require.True(t, a.Counter.Equal(a.Amount.Mul(dec("5.4"))), "%s for %s", a.Counter, a.Amount)
		again, err := p.Ask(t.Context(), reference)
		require.NoError(t, err)
		require.Equal(t, a, again)
		e, _ := p.Executed(reference)
		require.True(t, e.Part && e.Effects == 1 && e.BaseAmount.Equal(a.Amount))
		sizes[a.Amount.String()] = true
	}
	require.Greater(t, len(sizes), 1, "not always the same")
}

func TestASimulatedProviderReportsTwice(t *testing.T) {
	t.Parallel()
	p, _ := simulated(t, 1, operations.Contract{}, trading.Faults{Duplicate: 1000, Garble: 1000})
	_, err := p.Send(t.Context(), instruction("r"))
	require.NoError(t, err)
	reports := p.Reports()
	require.Len(t, reports, 2)
	require.Equal(t, reports[0], reports[1])
	require.NoError(t, reports[0].Validate(), "what it reports is the truth")
	require.Empty(t, p.Reports(), "once")
}

func TestASimulatedProviderQuotes(t *testing.T) {
	t.Parallel()
	ask := trading.Ask{Base: "USD", Quote: "BRL", Side: operations.Buy, Amount: dec("100"), OfBase: true}
	p, _ := simulated(t, 1, operations.Contract{}, trading.Faults{})
	q, err := p.Quote(t.Context(), ask)
	require.NoError(t, err)
	require.Equal(t, "5.4", q.Rate.String())
	p.Set(trading.Faults{BadQuote: 1000})
	q, err = p.Quote(t.Context(), ask)
	require.NoError(t, err)
	require.ErrorIs(t, trading.CheckRate("rate", q.Rate), tenancy.ErrInvalid)
	p.Set(trading.Faults{NoQuote: 1000})
	_, err = p.Quote(t.Context(), ask)
	require.Error(t, err)
	require.NotErrorIs(t, err, trading.ErrNoRate)
	p.Set(trading.Faults{})
	ask.Quote = "GBP"
	_, err = p.Quote(t.Context(), ask)
	require.ErrorIs(t, err, trading.ErrNoRate)
}

func TestASimulatedProviderThatHangsDoesSoUntilTheContextEnds(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p, _ := simulated(t, 1, operations.Contract{}, trading.Faults{Hang: 1000})
		for name, call := range map[string]func(context.Context) error{
			"quote": func(ctx context.Context) error {
				_, err := p.Quote(ctx, trading.Ask{Base: "USD", Quote: "BRL"})
				return err
			},
			"send": func(ctx context.Context) error { _, err := p.Send(ctx, instruction("r")); return err },
			"ask":  func(ctx context.Context) error { _, err := p.Ask(ctx, "r"); return err },
		} {
			ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
			began := time.Now() //nolint:forbidigo // the bubble's
			require.ErrorIs(t, call(ctx), context.DeadlineExceeded, name)
			require.Equal(t, time.Minute, time.Since(began), name) //nolint:forbidigo // the bubble's
			cancel()
		}
		truth, _ := p.Executed("r")
		require.Equal(t, 1, truth.Effects, "what was sent happened")
	})
}

// What becomes of each reference follows from seed and reference, whatever else
// goes on at the same time.
func TestASimulatedProviderIsRepeatable(t *testing.T) {
	t.Parallel()
	faults := trading.Faults{Refuse: 200, Lose: 200, Silence: 200, Delay: 200, NotFound: 200, Garble: 200, WrongSum: 200, WrongAsset: 200, Contrary: 200}
	run := func(seed uint64, order func(do []func())) []string {
		p, _ := simulated(t, seed, operations.Contract{HonoursReference: true}, faults)
		said := make([]string, 40)
		var do []func()
		for n := range said {
			do = append(do, func() {
				var all []string
				for range 3 {
					a, err := p.Send(t.Context(), instruction(fmt.Sprint("r", n)))
					all = append(all, fmt.Sprintf("%+v %v", a, err))
					a, err = p.Ask(t.Context(), fmt.Sprint("r", n))
					all = append(all, fmt.Sprintf("%+v %v", a, err))
				}
				said[n] = strings.Join(all, "; ")
			})
		}
		order(do)
		for _, e := range p.Ledger() {
			require.LessOrEqual(t, e.Effects, 1)
		}
		return said
	}
	inTurn := func(do []func()) {
		for _, f := range do {
			f()
		}
	}
	first := run(7, inTurn)
	require.Equal(t, first, run(7, func(do []func()) { slices.Reverse(do); inTurn(do) }))
	require.Equal(t, first, run(7, func(do []func()) {
		var wg sync.WaitGroup
		for _, f := range do {
			wg.Go(f)
		}
		wg.Wait()
	}))
	require.NotEqual(t, first, run(8, inTurn))
}

const recordedRates = `date,base,quote,rate
2013-01-04,USD,BRL,2.0300
2013-01-02,USD,BRL,2.0425
2013-01-03,USD,MXN,12.7600
`

func TestRecordedRatesArePlayedByTheClock(t *testing.T) {
	t.Parallel()
	clock := &operationstest.Clock{}
	r, err := trading.ReadRecorded(strings.NewReader(recordedRates), "tape", zone(t, "America/Sao_Paulo"), clock)
	require.NoError(t, err)
	for _, test := range []struct {
		at, pair, want string
		stale          bool
	}{
		{"2013-01-02T01:59:59Z", "USDBRL", "", false}, // summer time: still the first of January
		{"2013-01-02T02:00:00Z", "USDBRL", "2.0425", false},
		{"2013-01-03T01:59:59Z", "USDBRL", "2.0425", false},
		{"2013-01-03T02:00:00Z", "USDBRL", "2.0425", true},
		{"2013-01-04T12:00:00Z", "USDBRL", "2.03", false},
		{"2013-01-05T12:00:00Z", "USDBRL", "2.03", true},
		{"2099-01-05T12:00:00Z", "USDBRL", "2.03", true},
		{"2013-01-02T12:00:00Z", "USDMXN", "", false},
		{"2013-01-03T12:00:00Z", "USDMXN", "12.76", false},
		{"2013-01-03T12:00:00Z", "BRLUSD", "", false},
		{"2013-01-03T12:00:00Z", "USDGBP", "", false},
	} {
		at, err := time.Parse(time.RFC3339, test.at)
		require.NoError(t, err)
		clock.Set(at)
		got, err := r.Rate(t.Context(), test.pair[:3], test.pair[3:])
		if test.want == "" {
			require.ErrorIs(t, err, trading.ErrNoRate, test.at+test.pair)
			continue
		}
		require.NoError(t, err, test.at)
		require.Equal(t, test.want, accounts.Canonical(got.Value), test.at)
		require.Equal(t, test.stale, got.Stale, test.at)
		require.Equal(t, "tape", got.Source)
		require.False(t, got.At.After(at))
		require.NoError(t, got.Validate())
	}
}

func TestRecordsThatAreNone(t *testing.T) {
	t.Parallel()
	const head = "date,base,quote,rate\n"
	for text, want := range map[string]string{
		"date,base,quote,price\n":                             "line 1",
		head + "2013-01-02,USD,BRL,0\n":                       "line 2",
		head + "2013-01-02,USD,BRL,1e3\n":                     "rate",
		head + "2013-01-02,USD,BRL,-1\n":                      "rate",
		head + "2013-02-30,USD,BRL,1\n":                       "date",
		head + "2013-01-02,USD,BRL\n":                         "number of fields",
		head + "2013-01-02,USD,BRL,1\n2013-01-02,USD,BRL,2\n": "two rates",
		head + "2013-01-02,\"USD,BRL,1\n":                     "quote",
		head + strings.Repeat("2013-01-02,USD,BRL,x\n", 50):   "line 11",
	} {
		_, err := trading.ReadRecorded(strings.NewReader(text), "tape", nil, &operationstest.Clock{})
		require.ErrorContains(t, err, want)
		require.NotContains(t, err.Error(), "line 12", "ten at most")
	}
}

// The real rates are read whole, and each day has its own.
func TestTheRealRatesAreFiveYears(t *testing.T) {
	t.Parallel()
	clock := operationstest.NewClock(time.Date(2013, 1, 1, 12, 0, 0, 0, time.UTC))
	r := recorded(t, clock)
	calendar := trading.Calendar{}
	stale, fresh := 0, 0
	for clock.Now().Before(time.Date(2018, 1, 1, 0, 0, 0, 0, time.UTC)) {
		got, err := r.Rate(t.Context(), "USD", "BRL")
		if err == nil {
			require.NoError(t, got.Validate())
			if got.Stale {
				stale++
			} else {
				fresh++
				require.True(t, calendar.Business(trading.DateOf(clock.Now())), "the bank of the rates rests at weekends")
				require.Equal(t, trading.DateOf(clock.Now()), trading.DateOf(got.At))
			}
			inverse, err := trading.Inverse(got)
			require.NoError(t, err)
			require.True(t, inverse.Value.Mul(got.Value).Sub(dec("1")).Abs().LessThan(dec("0.000000000000001")), "%v", got)
		} else {
			require.ErrorIs(t, err, trading.ErrNoRate)
			require.Zero(t, fresh, "only before the first")
		}
		clock.Advance(24 * time.Hour)
	}
	require.Greater(t, fresh, 1200)
	require.Greater(t, stale, 500)
}

func TestTheHouseQuotesItsSource(t *testing.T) {
	t.Parallel()
	clock := &operationstest.Clock{}
	source := trading.Market{MaxAge: time.Minute}.Over(board(t, rate("USD", "BRL", "5.4")), clock)
	house := trading.NewHouse(source)
	require.True(t, house.Contract().Inside)
	q, err := house.Quote(t.Context(), trading.Ask{Base: "USD", Quote: "BRL"})
	require.NoError(t, err)
	require.Equal(t, "5.4", q.Rate.String())
	clock.Advance(time.Hour)
	_, err = house.Quote(t.Context(), trading.Ask{Base: "USD", Quote: "BRL"})
	require.ErrorIs(t, err, trading.ErrStale)
	_, err = house.Quote(t.Context(), trading.Ask{Base: "USD", Quote: "GBP"})
	require.ErrorIs(t, err, trading.ErrNoRate)
	_, err = house.Send(t.Context(), instruction("r"))
	require.Error(t, err)
	_, err = house.Ask(t.Context(), "r")
	require.Error(t, err)
}
