package trading_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/onbehalf/onbehalf/accounts"
	"github.com/onbehalf/onbehalf/operations"
	"github.com/onbehalf/onbehalf/operations/operationstest"
	"github.com/onbehalf/onbehalf/operations/trading"
)

// outside is a provider whose answers a test gives.
type outside struct {
	*quoter

	answer func(i operations.Instruction) (operations.Answer, error)
	last   operations.Instruction
}

func (o *outside) Contract() operations.Contract { return operations.Contract{} }

func (o *outside) Send(_ context.Context, i operations.Instruction) (operations.Answer, error) {
	o.last = i
	return o.answer(i)
}

func (o *outside) Ask(context.Context, string) (operations.Answer, error) { return o.answer(o.last) }

// filled is a settled answer of another quote amount than the one quoted, and
// of other base and assets where they are given.
func filled(by, base string, assets ...string) func(operations.Instruction) (operations.Answer, error) {
	return func(i operations.Instruction) (operations.Answer, error) {
		x := i.Terms.Exchange
		a := operations.Answer{Reference: i.Reference, Status: operations.AnswerSettled, Amount: x.BaseAmount.Decimal, Asset: x.Base, Counter: x.ProviderAmount.Add(dec(by)), CounterAsset: x.Quote}
		if base != "" {
			a.Amount = dec(base)
		}
		if len(assets) == 2 {
			a.Asset, a.CounterAsset = assets[0], assets[1]
		}
		return a, nil
	}
}

func outsideDesk(t *testing.T, slippage string) (*desk, *outside) {
	t.Helper()
	p := &outside{quoter: &quoter{quote: at("5")}}
	return memoryDesk(t, trading.Config{Providers: map[string]trading.Provider{"bank": p}, Slippage: dec(slippage)}), p
}

// positions are the firm's, as treasury sees them.
func (d *desk) positions() map[string]string {
	d.t.Helper()
	firm, err := d.eng.Gate().Firm(d.t.Context(), ana())
	require.NoError(d.t, err)
	page, err := d.eng.Firm(firm).Treasury(d.t.Context(), operations.PositionPlace{}, 100)
	require.NoError(d.t, err)
	all := map[string]string{}
	for _, p := range page {
		if p.Ref != "clearing:desk" {
			all[string(p.Ref)+" "+p.Asset] = accounts.Canonical(p.Amount)
		}
	}
	return all
}

func TestAProvidersSlippageIsTheFirms(t *testing.T) {
	t.Parallel()
	for by, want := range map[string]map[string]string{
		"0":     {"clearing:bank USD": "-100", "clearing:bank BRL": "500", "income:spread BRL": "2.5"},
		"0.50":  {"clearing:bank USD": "-100", "clearing:bank BRL": "500.5", "income:spread BRL": "2"},
		"-0.50": {"clearing:bank USD": "-100", "clearing:bank BRL": "499.5", "income:spread BRL": "3"},
	} {
		d, p := outsideDesk(t, "10")
		p.answer = filled(by, "")
		o, err := d.execute(d.quote(d.buy("100")))
		require.NoError(t, err)
		require.Equal(t, operations.Completed, o.State)
		require.Equal(t, [2]string{"99497.5", "100100"}, d.has(), "the customer's amounts stand")
		require.Equal(t, want, d.positions(), by)
		d.verified()
	}
}

func TestAnotherAmountThanAgreedSettlesNothing(t *testing.T) {
	t.Parallel()
	for name, answer := range map[string]func(operations.Instruction) (operations.Answer, error){
		"beyond slippage":       filled("0.51", ""),
		"another base amount":   filled("0", "99"),
		"the assets turned":     filled("0", "", "BRL", "USD"),
		"no asset of the other": filled("0", "", "USD", ""),
	} {
		d, p := outsideDesk(t, "10")
		p.answer = answer
		o, err := d.execute(d.quote(d.buy("100")))
		require.NoError(t, err)
		require.Equal(t, operations.Unresolved, o.State, name)
		require.Equal(t, [2]string{"100000", "100000"}, d.has(), name)
		incidents, err := d.eng.Book(d.scope).Incidents(t.Context())
		require.NoError(t, err)
		require.Len(t, incidents, 1, name)
		require.Equal(t, operations.IncidentMismatch, incidents[0].Code)
		holds, err := d.eng.Book(d.scope).Holds(t.Context())
		require.NoError(t, err)
		require.Len(t, holds, 1, "what it may still cost stays set aside")

		p.answer = filled("0", "")
		d.clock.Advance(time.Hour)
		done, err := d.eng.Work(t.Context(), operations.Budget{})
		require.NoError(t, err)
		require.Equal(t, 1, done.Resolved, name)
		require.Equal(t, [2]string{"99497.5", "100100"}, d.has(), name)
	}
}

func TestSilenceIsNotFailure(t *testing.T) {
	t.Parallel()
	d, p := outsideDesk(t, "0")
	p.answer = func(operations.Instruction) (operations.Answer, error) {
		return operations.Answer{}, errors.New("cut off")
	}
	o, err := d.execute(d.quote(d.buy("100")))
	require.NoError(t, err)
	require.Equal(t, operations.Unresolved, o.State)
	sent := p.last
	p.answer = filled("0", "")
	res, err := d.eng.Report(t.Context(), "acme", "bank", operations.Answer{
		Reference: sent.Reference, Status: operations.AnswerSettled, Amount: dec("100"), Asset: "USD", Counter: dec("500"), CounterAsset: "BRL",
	})
	require.NoError(t, err)
	require.Equal(t, operations.Completed, res.Operation.State)
	require.Equal(t, [2]string{"99497.5", "100100"}, d.has())

	// The same again, and its undoing.
	for range 2 {
		_, err = d.eng.Report(t.Context(), "acme", "bank", operations.Answer{
			Reference: sent.Reference, Status: operations.AnswerReversed, Amount: dec("100"), Asset: "USD", Counter: dec("500"), CounterAsset: "BRL", External: "r1",
		})
		require.NoError(t, err)
		require.Equal(t, [2]string{"100000", "100000"}, d.has())
	}
	require.Equal(t, map[string]string{"clearing:bank USD": "0", "clearing:bank BRL": "0", "income:spread BRL": "0"}, d.positions())
	d.verified()
}

func TestAReversalOfAnotherAmountMovesNothing(t *testing.T) {
	t.Parallel()
	d, p := outsideDesk(t, "10")
	p.answer = filled("0", "")
	_, err := d.execute(d.quote(d.buy("100")))
	require.NoError(t, err)
	_, err = d.eng.Report(t.Context(), "acme", "bank", operations.Answer{
		Reference: p.last.Reference, Status: operations.AnswerReversed, Amount: dec("100"), Asset: "USD", Counter: dec("500.10"), CounterAsset: "BRL", External: "r1",
	})
	require.NoError(t, err)
	require.Equal(t, [2]string{"99497.5", "100100"}, d.has())
	incidents, err := d.eng.Book(d.scope).Incidents(t.Context())
	require.NoError(t, err)
	require.Len(t, incidents, 1)
}

func TestFeesOfTradesAreInTheAssetThatIsFixed(t *testing.T) {
	t.Parallel()
	fee := operations.FeeRule{Name: "trade", Tier: operations.Tier{Fixed: dec("2")}, Match: operations.Match{Kinds: []string{trading.KindTrade}}}
	for _, c := range []struct {
		name   string
		q      func(d *desk) trading.Trade
		has    [2]string
		fee    string
		dr, cr string
	}{
		{"dollars bought", func(d *desk) trading.Trade { return d.buy("100") }, [2]string{"99454.07", "100098"}, "USD", "545.93", "98"},
		{"dollars for reais", func(d *desk) trading.Trade {
			return trading.Trade{Base: d.usd, Quote: d.brl, Side: operations.Buy, QuoteAmount: dec("1000")}
		}, [2]string{"98998", "100183.17"}, "BRL", "1002", "183.17"},
		{"dollars sold", func(d *desk) trading.Trade {
			return trading.Trade{Base: d.usd, Quote: d.brl, Side: operations.Sell, BaseAmount: dec("100")}
		}, [2]string{"100540.49", "99898"}, "USD", "102", "540.49"},
	} {
		d := beginWith(t, trading.Config{Providers: house()}, operations.Config{Fees: []operations.FeeRule{fee}})
		o := d.quote(c.q(d))
		require.Len(t, o.Terms.Fees, 1, c.name)
		require.Equal(t, c.fee, o.Terms.Fees[0].Asset, c.name)
		require.Equal(t, [2]string{c.dr, c.cr}, [2]string{o.Terms.Debit.String(), o.Terms.Credit.String()}, c.name)
		done, err := d.execute(o)
		require.NoError(t, err)
		require.Equal(t, operations.Completed, done.State)
		require.Equal(t, c.has, d.has(), c.name)
		d.verified()
	}
}

// A fill in fractions of a cent would stay on the provider's clearing for ever.
func TestAFillFinerThanItsAssetSettlesNothing(t *testing.T) {
	t.Parallel()
	d, p := outsideDesk(t, "10")
	p.answer = filled("0.001", "")
	o, err := d.execute(d.quote(d.buy("100")))
	require.NoError(t, err)
	require.Equal(t, operations.Unresolved, o.State)
	require.Equal(t, [2]string{"100000", "100000"}, d.has())
	d.verified()
}

// A reversal of a wrong amount must not use up the one that the right one has.
func TestAWrongReversalDoesNotKeepTheRightOneOut(t *testing.T) {
	t.Parallel()
	d, p := outsideDesk(t, "10")
	p.answer = filled("0", "")
	_, err := d.execute(d.quote(d.buy("100")))
	require.NoError(t, err)
	for _, counter := range []string{"500.10", "500.10", "500"} {
		_, err = d.eng.Report(t.Context(), "acme", "bank", operations.Answer{
			Reference: p.last.Reference, Status: operations.AnswerReversed, Amount: dec("100"), Asset: "USD", Counter: dec(counter), CounterAsset: "BRL", External: "r1",
		})
		require.NoError(t, err)
	}
	require.Equal(t, [2]string{"100000", "100000"}, d.has())
	incidents, err := d.eng.Book(d.scope).Incidents(t.Context())
	require.NoError(t, err)
	require.Len(t, incidents, 1, "the same is told once")
	d.verified()
}

// A second fill that differs from the one that was booked is a matter for people.
func TestASecondFillOfAnotherAmountIsAnIncident(t *testing.T) {
	t.Parallel()
	d, p := outsideDesk(t, "10")
	p.answer = filled("0.10", "")
	_, err := d.execute(d.quote(d.buy("100")))
	require.NoError(t, err)
	for range 2 {
		_, err = d.eng.Report(t.Context(), "acme", "bank", operations.Answer{
			Reference: p.last.Reference, Status: operations.AnswerSettled, Amount: dec("100"), Asset: "USD", Counter: dec("500.20"), CounterAsset: "BRL",
		})
		require.NoError(t, err)
	}
	incidents, err := d.eng.Book(d.scope).Incidents(t.Context())
	require.NoError(t, err)
	require.Len(t, incidents, 1)
	require.Equal(t, operations.IncidentMismatch, incidents[0].Code)
	d.verified()
}

// sends counts what a provider is sent.
type sends struct {
	*trading.Simulated

	n int
}

func (s *sends) Send(ctx context.Context, i operations.Instruction) (operations.Answer, error) {
	s.n++
	return s.Simulated.Send(ctx, i)
}

// A price does not wait: a trade whose message was lost is not sent again hours
// later at the rate of then, however well the provider honours references.
func TestATradeIsNotSentAgainAfterItsTime(t *testing.T) {
	t.Parallel()
	for _, honours := range []bool{true, false} {
		clock := &operationstest.Clock{}
		sim := trading.NewSimulated(fixed{rates: map[string]string{"USD/BRL": "5"}}, clock, 1, operations.Contract{HonoursReference: honours}, trading.Faults{Lose: 1000})
		p := &sends{Simulated: sim}
		d := memoryDesk(t, trading.Config{Providers: map[string]trading.Provider{"sim": p}})
		work := func(after time.Duration) operations.Done {
			clock.Advance(after)
			d.clock.Advance(after)
			done, err := d.eng.Work(t.Context(), operations.Budget{})
			require.NoError(t, err)
			return done
		}
		o, err := d.execute(d.quote(d.buy("100")))
		require.NoError(t, err)
		require.Equal(t, operations.Unresolved, o.State)
		sim.Set(trading.Faults{})
		require.Equal(t, 1, work(time.Minute).Unresolved, "not found is no evidence yet")
		require.Equal(t, 1, d.held())
		require.Equal(t, 1, work(3*time.Hour).Resolved)
		require.Equal(t, 1, p.n, "sent once")
		require.Equal(t, [2]string{"100000", "100000"}, d.has())
		require.Zero(t, d.held(), "and given back")
		all, err := d.eng.Book(d.scope).Versions(t.Context(), o.ID)
		require.NoError(t, err)
		require.Equal(t, operations.Failed, all[0].Operation.State)
		require.Empty(t, sim.Ledger())
		d.verified()
	}
}
