package trading_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/onbehalf/onbehalf/accounts"
	"github.com/onbehalf/onbehalf/operations"
	"github.com/onbehalf/onbehalf/operations/trading"
	"github.com/onbehalf/onbehalf/tenancy"
)

// parts is an answer that so much of the base asset was exchanged, for so much.
func parts(base, counter string) func(operations.Instruction) (operations.Answer, error) {
	return func(i operations.Instruction) (operations.Answer, error) {
		x := i.Terms.Exchange
		return operations.Answer{
			Reference: i.Reference, Status: operations.AnswerPart, Amount: dec(base), Asset: x.Base, Counter: dec(counter), CounterAsset: x.Quote,
		}, nil
	}
}

func inPart(p *trading.Pair) { p.Fills = trading.InPart }

// partsDesk trades at 5, with a spread of 50 basis points, with a provider whose
// fills the test gives.
func partsDesk(t *testing.T, c trading.Config, more operations.Config, change ...func(*trading.Pair)) (*desk, *outside) {
	t.Helper()
	p := &outside{quoter: &quoter{quote: at("5")}}
	c.Providers = map[string]trading.Provider{"bank": p}
	return begin(t, memoryStore(), c, more, change...), p
}

func (d *desk) report(a operations.Answer, err error) operations.Operation {
	d.t.Helper()
	require.NoError(d.t, err)
	res, err := d.eng.Report(d.t.Context(), "acme", "bank", a)
	require.NoError(d.t, err)
	return res.Operation
}

func (d *desk) incidents() []operations.Incident {
	d.t.Helper()
	all, err := d.eng.Book(d.scope).Incidents(d.t.Context())
	require.NoError(d.t, err)
	return all
}

func (d *desk) held() int {
	d.t.Helper()
	holds, err := d.eng.Book(d.scope).Holds(d.t.Context())
	require.NoError(d.t, err)
	return len(holds)
}

func TestAPartIsSettledAtTheRateAgreed(t *testing.T) {
	t.Parallel()
	buy := func(d *desk) trading.Trade { return d.buy("100") }
	spend := func(d *desk) trading.Trade {
		return trading.Trade{Base: d.usd, Quote: d.brl, Side: operations.Buy, QuoteAmount: dec("502.50")}
	}
	sell := func(d *desk) trading.Trade {
		return trading.Trade{Base: d.usd, Quote: d.brl, Side: operations.Sell, BaseAmount: dec("100")}
	}
	for name, c := range map[string]struct {
		order         func(*desk) trading.Trade
		base, counter string
		has           [2]string // reais, dollars
		spread        string
		rest          string // of what was held
		rounding      accounts.Rounding
	}{
		"bought":                 {buy, "40", "200", [2]string{"99799", "100040"}, "1", "301.5", ""},
		"bought, rounded up":     {buy, "0.01", "0.05", [2]string{"99999.94", "100000.01"}, "0.01", "502.44", accounts.Up},
		"bought, all but a cent": {buy, "99.99", "499.95", [2]string{"99497.55", "100099.99"}, "2.5", "0.05", accounts.Up},
		"bought for reais":       {spend, "99.99", "499.95", [2]string{"99497.55", "100099.99"}, "2.5", "0.05", accounts.Up},
		"sold":                   {sell, "40", "200", [2]string{"100199", "99960"}, "1", "60", ""},
		"sold, rounded down":     {sell, "0.01", "0.05", [2]string{"100000.04", "99999.99"}, "0.01", "99.99", accounts.Down},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d, p := partsDesk(t, trading.Config{}, operations.Config{}, inPart)
			p.answer = parts(c.base, c.counter)
			quote := d.quote(c.order(d))
			require.True(t, quote.Terms.Exchange.Parts, "it is told before")
			o, err := d.execute(quote)
			require.NoError(t, err)
			require.Equal(t, operations.Completed, o.State)
			require.Equal(t, c.has, d.has())
			x := o.Terms.Exchange
			require.Equal(t, [2]string{"100", c.base}, [2]string{x.Agreed.String(), x.BaseAmount.String()})
			require.Equal(t, c.rounding, x.Rounding)
			require.Equal(t, quote.Order, o.Order, "what was asked for stands")
			require.Zero(t, d.held())
			positions := d.positions()
			require.Equal(t, c.spread, positions["income:spread BRL"])
			require.Equal(t, dec(c.counter).Abs(), dec(positions["clearing:bank BRL"]).Abs())

			all, err := d.eng.Book(d.scope).Versions(t.Context(), o.ID)
			require.NoError(t, err)
			require.Len(t, all, 3, "quoted, sent, settled")
			line, err := d.eng.Book(d.scope).Journal(t.Context(), o.Updated-1, 1)
			require.NoError(t, err)
			require.Len(t, line[0].Effects.Releases, 1, "settled and given back in one entry")
			require.True(t, line[0].Effects.Releases[0].Captured)
			require.Equal(t, c.rest, line[0].Effects.Releases[0].Rest.String())
			require.Len(t, line[0].Effects.Operations, 1)

			// Told again, late and twice, it changes nothing.
			for range 2 {
				d.report(p.answer(p.last))
				require.Equal(t, c.has, d.has())
			}
			require.Empty(t, d.incidents())
			d.verified()
		})
	}
}

// What its pair does not take in part is settled whole or not at all.
func TestAPartThatNobodyAgreedToSettlesNothing(t *testing.T) {
	t.Parallel()
	whole := func(*trading.Pair) {}
	for name, c := range map[string]struct {
		pair   func(*trading.Pair)
		answer func(operations.Instruction) (operations.Answer, error)
	}{
		"of a pair that takes none":    {whole, parts("40", "200")},
		"called the whole":             {inPart, filled("-300", "40")},
		"of the whole":                 {inPart, parts("100", "500")},
		"of more than the whole":       {inPart, parts("100.01", "500.05")},
		"finer than the asset":         {inPart, parts("40.001", "200")},
		"paid finer than the asset":    {inPart, parts("40", "200.001")},
		"at a worse rate":              {inPart, parts("40", "200.01")},
		"at a better rate":             {inPart, parts("40", "199.99")},
		"for nothing":                  {inPart, parts("40", "0")},
		"for less than nothing":        {inPart, parts("40", "-200")},
		"of nothing":                   {inPart, parts("0", "0")},
		"of less than nothing":         {inPart, parts("-1", "5")},
		"of another asset":             {inPart, func(i operations.Instruction) (operations.Answer, error) { return swapped(parts("40", "200")(i)) }},
		"of one that has no asset":     {inPart, func(i operations.Instruction) (operations.Answer, error) { return unnamed(parts("40", "200")(i)) }},
		"so small that it is worth 0":  {inPart, parts("0.0001", "0")},
		"whose counter is far too big": {inPart, parts("40", "99999999999999999999999999999999999")},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d, p := partsDesk(t, trading.Config{}, operations.Config{}, c.pair)
			p.answer = c.answer
			o, err := d.execute(d.quote(d.buy("100")))
			require.NoError(t, err)
			require.Equal(t, operations.Unresolved, o.State)
			require.Equal(t, [2]string{"100000", "100000"}, d.has())
			require.Equal(t, 1, d.held(), "what it may still cost stays set aside")
			p.answer = filled("0", "")
			d.clock.Advance(time.Hour)
			done, err := d.eng.Work(t.Context(), operations.Budget{})
			require.NoError(t, err)
			require.Equal(t, 1, done.Resolved)
			require.Equal(t, [2]string{"99497.5", "100100"}, d.has())
			d.verified()
		})
	}
}

func swapped(a operations.Answer, err error) (operations.Answer, error) {
	a.Asset, a.CounterAsset = a.CounterAsset, a.Asset
	return a, err
}

func unnamed(a operations.Answer, err error) (operations.Answer, error) {
	a.CounterAsset = ""
	return a, err
}

// After a part, another story is a matter for people.
func TestAPartThatIsDeniedIsAnIncident(t *testing.T) {
	t.Parallel()
	d, p := partsDesk(t, trading.Config{Slippage: dec("10")}, operations.Config{}, inPart)
	p.answer = parts("40", "200.20")
	o, err := d.execute(d.quote(d.buy("100")))
	require.NoError(t, err)
	require.Equal(t, operations.Completed, o.State, "its share of the slippage is the firm's cost")
	require.Equal(t, [2]string{"99799", "100040"}, d.has())
	require.Equal(t, "0.8", d.positions()["income:spread BRL"])
	for i, another := range []func(operations.Instruction) (operations.Answer, error){
		filled("-0.10", ""), parts("50", "250"), parts("40", "200.10"), parts("60", "300"),
	} {
		i0 := p.last
		d.report(another(i0))
		require.Len(t, d.incidents(), i+1)
	}
	d.report(operations.Answer{Reference: p.last.Reference, Status: operations.AnswerRefused}, nil)
	told := map[string]int{}
	for _, i := range d.incidents() {
		told[i.Code]++
	}
	require.Equal(t, map[string]int{operations.IncidentMismatch: 4, operations.IncidentContradiction: 1}, told)
	require.Equal(t, [2]string{"99799", "100040"}, d.has())
	d.verified()
}

func TestAPartIsReversedAsAPart(t *testing.T) {
	t.Parallel()
	d, p := partsDesk(t, trading.Config{}, operations.Config{Fees: []operations.FeeRule{{Name: "trade", Tier: operations.Tier{BPS: dec("100")}}}}, inPart)
	before := d.has()
	p.answer = parts("40", "200")
	_, err := d.execute(d.quote(d.buy("100")))
	require.NoError(t, err)
	undone := func(base, counter, as string) operations.Operation {
		return d.report(operations.Answer{
			Reference: p.last.Reference, Status: operations.AnswerReversed, Amount: dec(base), Asset: "USD", Counter: dec(counter), CounterAsset: "BRL", External: as,
		}, nil)
	}
	undone("100", "500", "whole")
	require.Len(t, d.incidents(), 1, "the whole did not happen")
	for range 2 {
		r := undone("40", "200", "part")
		require.Equal(t, operations.KindReversal, r.Order.Kind)
		require.Equal(t, "40", r.Order.Amount.String())
		require.Equal(t, before, d.has())
	}
	require.Len(t, d.incidents(), 1)
	d.verified()
}

func TestAPartPaysItsShareOfTheFees(t *testing.T) {
	t.Parallel()
	sell := func(d *desk) trading.Trade {
		return trading.Trade{Base: d.usd, Quote: d.brl, Side: operations.Sell, BaseAmount: dec("100")}
	}
	buy := func(d *desk) trading.Trade { return d.buy("100") }
	inQuote := operations.Match{Kinds: []string{trading.KindTrade}, Assets: []string{"BRL"}}
	for name, c := range map[string]struct {
		fee    operations.FeeRule
		order  func(*desk) trading.Trade
		base   string
		has    [2]string
		amount string // of the fee; empty: none
	}{
		"a share":                        {operations.FeeRule{Match: inQuote, Tier: operations.Tier{Fixed: dec("10")}}, sell, "40", [2]string{"100195", "99960"}, "4"},
		"rounded down":                   {operations.FeeRule{Match: inQuote, Tier: operations.Tier{Fixed: dec("0.99")}}, sell, "33.33", [2]string{"100165.49", "99966.67"}, "0.32"},
		"of a fee that comes to nothing": {operations.FeeRule{Match: inQuote, Tier: operations.Tier{Fixed: dec("0.99")}}, sell, "1", [2]string{"100004.97", "99999"}, ""},
		"charged whole":                  {operations.FeeRule{Whole: true, Match: inQuote, Tier: operations.Tier{Fixed: dec("10")}}, sell, "40", [2]string{"100189", "99960"}, "10"},
		"whole, as far as it goes":       {operations.FeeRule{Whole: true, Match: inQuote, Tier: operations.Tier{Fixed: dec("10")}}, sell, "1", [2]string{"100000", "99999"}, "4.97"},
		"whole, out of what was held":    {operations.FeeRule{Whole: true, Match: inQuote, Tier: operations.Tier{Fixed: dec("500")}}, sell, "1", [2]string{"99997.5", "99999"}, "7.47"},
		"above the whole of the credit":  {operations.FeeRule{Match: inQuote, Tier: operations.Tier{Fixed: dec("600")}}, sell, "40", [2]string{"99959", "99960"}, "240"},
		"on top of a buy":                {operations.FeeRule{Whole: true, Match: inQuote, Tier: operations.Tier{Fixed: dec("10")}}, buy, "40", [2]string{"99789", "100040"}, "10"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c.fee.Name = "trade"
			d, p := partsDesk(t, trading.Config{}, operations.Config{Fees: []operations.FeeRule{c.fee}}, inPart)
			p.answer = parts(c.base, dec(c.base).Mul(dec("5")).String())
			o, err := d.execute(d.quote(c.order(d)))
			require.NoError(t, err)
			require.Equal(t, operations.Completed, o.State)
			require.Equal(t, c.has, d.has())
			require.Zero(t, d.held())
			if c.amount == "" {
				require.Empty(t, o.Terms.Fees)
				require.NotContains(t, d.positions(), "income:fees BRL")
			} else {
				require.Equal(t, c.amount, o.Terms.Fees[0].Amount.String())
				require.Equal(t, c.amount, d.positions()["income:fees BRL"])
			}
			d.verified()
		})
	}
}

// What did not happen is given back to the day it counted on, of both assets.
func TestTheRestOfAPartIsGivenBackToItsLimits(t *testing.T) {
	t.Parallel()
	d, p := partsDesk(t, trading.Config{}, operations.Config{Limits: []operations.Limit{
		{Name: "dollars", Asset: "USD", Day: dec("150"), Match: operations.Match{Kinds: []string{trading.KindTrade}}},
		{Name: "reais", Asset: "BRL", Month: dec("600"), PerOperator: true, Match: operations.Match{Kinds: []string{trading.KindTrade}}},
	}}, inPart)
	p.answer = func(operations.Instruction) (operations.Answer, error) { return operations.Answer{}, errCutOff }
	o, err := d.execute(d.quote(d.buy("100")))
	require.NoError(t, err)
	require.Equal(t, operations.Unresolved, o.State)
	counted := *o.Counted
	d.clock.Advance(24 * time.Hour)
	d.report(parts("40", "200")(p.last))
	d.enter()
	o, err = d.eng.Book(d.scope).Operation(t.Context(), o.ID)
	require.NoError(t, err)
	require.Equal(t, counted.Day, o.Counted.Day)
	require.Equal(t, [2]string{"40", "201"}, [2]string{o.Counted.Amount.String(), o.Counted.Others[0].Amount.String()})
	plan, err := d.eng.Explain(t.Context(), d.scope, d.buy("79.41"))
	require.NoError(t, err)
	require.Contains(t, codes(planned(plan)), operations.CodeLimitMonth, "399 reais are left of the month")
	plan, err = d.eng.Explain(t.Context(), d.scope, d.buy("79.40"))
	require.NoError(t, err)
	require.True(t, plan.Allowed(), "%+v", plan.Unmet)
	d.verified()
}

func planned(p operations.Plan) error { return tenancy.Refuse(p.Unmet...) }

// What a provider never tells, two persons find out, the figures included.
func TestAPartIsFoundOutByTwoPersons(t *testing.T) {
	t.Parallel()
	d, p := partsDesk(t, trading.Config{}, operations.Config{}, inPart)
	p.answer = func(operations.Instruction) (operations.Answer, error) { return operations.Answer{}, errCutOff }
	house, err := d.eng.Gate().Own(t.Context(), ana(), "")
	require.NoError(t, err)
	for _, x := range []operations.Administrative{
		tenancy.Register{Operator: "bruno", Person: "p-bruno"},
		tenancy.Allow{Operator: "bruno", Everyone: true, Permissions: tenancy.NewPermissions(tenancy.View, tenancy.Approve)},
	} {
		_, err := d.eng.Manage(t.Context(), house, d.in(), x)
		require.NoError(t, err)
	}
	bruno, err := d.eng.Gate().Enter(t.Context(), tenancy.Principal{Tenant: "acme", Operator: "bruno", Person: "p-bruno"}, d.scope.Customer(), "")
	require.NoError(t, err)
	o, err := d.execute(d.quote(d.buy("100")))
	require.NoError(t, err)
	find := func(s tenancy.Scope, base, counter string) error {
		res, err := d.eng.Resolve(t.Context(), s, d.in(), o.Ref(), operations.Resolution{
			Settled: true, Evidence: "statement 7", Amount: accounts.Exact(dec(base)), Counter: accounts.Exact(dec(counter)),
		})
		if err == nil {
			o = res.Operation
		}
		return err
	}
	require.ErrorIs(t, find(d.scope, "100", "500"), operations.ErrInvalid, "that is the whole")
	require.ErrorIs(t, find(d.scope, "40", "300"), operations.ErrInvalid, "not at its rate")
	require.ErrorIs(t, find(d.scope, "40", "0"), operations.ErrInvalid)
	require.NoError(t, find(d.scope, "40", "200"))
	require.Equal(t, operations.Unresolved, o.State)
	require.Equal(t, "100", o.Terms.Exchange.BaseAmount.String(), "one alone changes nothing")
	acts, err := d.eng.Actions(t.Context(), d.scope, o.ID)
	require.NoError(t, err)
	require.Equal(t, operations.ActResolve, acts[3].Action)
	require.Equal(t, operations.CodeOwnFinding, acts[3].Unmet[0].Code)
	require.NoError(t, find(bruno, "50", "250"))
	require.Equal(t, operations.Unresolved, o.State, "he finds otherwise")
	require.NoError(t, find(d.scope, "50", "250"))
	require.Equal(t, operations.Completed, o.State)
	require.Equal(t, "trade 50 of 100 USD completed", o.String())
	require.Equal(t, [2]string{"99748.75", "100050"}, d.has())
	d.verified()

	wholes, p := partsDesk(t, trading.Config{}, operations.Config{})
	p.answer = func(operations.Instruction) (operations.Answer, error) { return operations.Answer{}, errCutOff }
	o, err = wholes.execute(wholes.quote(wholes.buy("100")))
	require.NoError(t, err)
	_, err = wholes.eng.Resolve(t.Context(), wholes.scope, wholes.in(), o.Ref(), operations.Resolution{
		Settled: true, Evidence: "x", Amount: accounts.Exact(dec("40")), Counter: accounts.Exact(dec("200")),
	})
	require.ErrorIs(t, err, operations.ErrInvalid, "persons agree to no part either where the customer did not")
}

// asked is a provider who settles a part while he is asked how it stands, and
// then says what the test has him say.
type asked struct {
	*outside

	ask func(reference string) (operations.Answer, error)
}

func (a *asked) Ask(_ context.Context, reference string) (operations.Answer, error) {
	return a.ask(reference)
}

// The provider may tell of a part and of its reversal at one time: whichever is
// taken in first, the part is undone once.
func TestAPartIsReversedOnceHoweverItIsTold(t *testing.T) {
	t.Parallel()
	p := &asked{outside: &outside{quoter: &quoter{quote: at("5")}}}
	d := begin(t, memoryStore(), trading.Config{Providers: map[string]trading.Provider{"bank": p}}, operations.Config{}, inPart)
	before := d.has()
	p.answer = func(operations.Instruction) (operations.Answer, error) { return operations.Answer{}, errCutOff }
	o, err := d.execute(d.quote(d.buy("100")))
	require.NoError(t, err)
	require.Equal(t, operations.Unresolved, o.State)
	undone := operations.Answer{
		Reference: p.last.Reference, Status: operations.AnswerReversed, Amount: dec("40"), Asset: "USD", Counter: dec("200"), CounterAsset: "BRL", External: "r1",
	}
	p.ask = func(string) (operations.Answer, error) { // his message overtakes his answer
		d.report(parts("40", "200")(p.last))
		require.Equal(t, [2]string{"99799", "100040"}, d.has())
		return undone, nil
	}
	d.clock.Advance(time.Minute)
	_, err = d.eng.Work(t.Context(), operations.Budget{})
	require.NoError(t, err)
	require.Equal(t, before, d.has())
	d.report(undone, nil)
	require.Equal(t, before, d.has(), "told again, it undoes nothing more")
	require.Empty(t, d.incidents())
	undone.External = "r2"
	d.report(undone, nil)
	require.Equal(t, before, d.has())
	require.Len(t, d.incidents(), 1)
	require.Equal(t, operations.IncidentReversedTwice, d.incidents()[0].Code)
	d.verified()
}

// A reversal of the whole, while a part of it is told, undoes nothing, and does
// not stand in the way of that of the part.
func TestAReversalOfTheWholeLeavesThatOfThePart(t *testing.T) {
	t.Parallel()
	p := &asked{outside: &outside{quoter: &quoter{quote: at("5")}}}
	d := begin(t, memoryStore(), trading.Config{Providers: map[string]trading.Provider{"bank": p}}, operations.Config{}, inPart)
	before := d.has()
	p.answer = func(operations.Instruction) (operations.Answer, error) { return operations.Answer{}, errCutOff }
	_, err := d.execute(d.quote(d.buy("100")))
	require.NoError(t, err)
	undone := operations.Answer{
		Reference: p.last.Reference, Status: operations.AnswerReversed, Amount: dec("100"), Asset: "USD", Counter: dec("500"), CounterAsset: "BRL", External: "r1",
	}
	p.ask = func(string) (operations.Answer, error) {
		d.report(parts("40", "200")(p.last))
		return undone, nil
	}
	d.clock.Advance(time.Minute)
	_, err = d.eng.Work(t.Context(), operations.Budget{})
	require.NoError(t, err)
	require.Equal(t, [2]string{"99799", "100040"}, d.has())
	require.Len(t, d.incidents(), 1)
	require.Equal(t, operations.IncidentMismatch, d.incidents()[0].Code)
	undone.Amount, undone.Counter, undone.External = dec("40"), dec("200"), "r2"
	d.report(undone, nil)
	require.Equal(t, before, d.has())
	require.Len(t, d.incidents(), 1)
	d.verified()
}
