package trading_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/onbehalf/onbehalf/accounts"
	"github.com/onbehalf/onbehalf/operations"
	"github.com/onbehalf/onbehalf/operations/trading"
)

func ruled(t *testing.T, c operations.Config) (*desk, *moving) {
	t.Helper()
	p := &moving{rate: "5"}
	return beginWith(t, trading.Config{Providers: map[string]trading.Provider{"p": p}}, c), p
}

func inReais(dir accounts.Direction, from string) operations.Match {
	return operations.Match{Kinds: []string{trading.KindTrade}, Assets: []string{"BRL"}, Direction: dir, From: dec(from)}
}

// A limit in reais sees the reais of a trade that is given in dollars, in the
// direction it is for.
func TestALimitSeesTheOtherSideOfATrade(t *testing.T) {
	t.Parallel()
	for name, match := range map[string]operations.Match{"named": inReais(accounts.Debit, "0"), "not named": {Direction: accounts.Debit}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d, _ := ruled(t, operations.Config{Limits: []operations.Limit{{Name: "reais", Asset: "BRL", Match: match, Max: dec("900"), Day: dec("1000")}}})
			submit := func(q trading.Trade) error {
				t.Helper()
				plan, err := d.eng.Explain(t.Context(), d.scope, q)
				require.NoError(t, err)
				_, err = d.eng.Submit(t.Context(), d.scope, d.in(), q)
				if plan.Allowed() {
					require.NoError(t, err)
					return nil
				}
				refused := &operations.RefusedError{}
				require.ErrorAs(t, err, &refused)
				require.Equal(t, plan.Unmet, refused.Unmet, "Explain told it")
				return err
			}
			require.Equal(t, []string{operations.CodeLimitOperation, operations.CodeLimitDay}, codes(submit(d.buy("200"))), "1005 BRL")
			require.NoError(t, submit(d.buy("100")), "502.5 BRL")
			sell := d.buy("1000")
			sell.Side = operations.Sell
			require.NoError(t, submit(sell), "reais come in")

			plan, err := d.eng.Explain(t.Context(), d.scope, d.buy("100"))
			require.NoError(t, err)
			require.Len(t, plan.Unmet, 1)
			require.Equal(t, []operations.Figure{
				{Name: "limit", Value: "1000"}, {Name: "used", Value: "502.5"}, {Name: "asked", Value: "502.5"}, {Name: "left", Value: "497.5"}, {Name: "asset", Value: "BRL"},
			}, plan.Unmet[0].Figures)
			require.Equal(t, []string{operations.CodeLimitDay}, codes(submit(d.buy("100"))))
			quote := trading.Trade{Base: d.usd, Quote: d.brl, Side: operations.Buy, QuoteAmount: dec("497.51")}
			require.Equal(t, []string{operations.CodeLimitDay}, codes(submit(quote)), "given in reais, it counts for the same")
			quote.QuoteAmount = dec("497.5")
			require.NoError(t, submit(quote))
			d.verified()
		})
	}
}

// Of the dollars of a trade that is given in reais, those that come count where
// what comes is limited, and those that leave where that is.
func TestALimitOfTheBaseAssetGoesByItsOwnDirection(t *testing.T) {
	t.Parallel()
	for dir, side := range map[accounts.Direction]operations.Side{accounts.Credit: operations.Buy, accounts.Debit: operations.Sell} {
		match := operations.Match{Kinds: []string{trading.KindTrade}, Direction: dir}
		d, _ := ruled(t, operations.Config{Limits: []operations.Limit{{Name: "dollars", Asset: "USD", Match: match, Max: dec("150")}}})
		for _, s := range []operations.Side{operations.Buy, operations.Sell} {
			_, err := d.eng.Submit(t.Context(), d.scope, d.in(), trading.Trade{Base: d.usd, Quote: d.brl, Side: s, QuoteAmount: dec("1000")}) // about 200 USD
			if s == side {
				require.Equal(t, []string{operations.CodeLimitOperation}, codes(err), "%s, %s", dir, s)
			} else {
				require.NoError(t, err, "%s, %s", dir, s)
			}
		}
		d.verified()
	}
}

func TestAnApprovalSeesTheOtherSideOfATrade(t *testing.T) {
	t.Parallel()
	d, _ := ruled(t, operations.Config{Approvals: []operations.Approval{{Name: "large", Match: inReais("", "10000")}}})
	for base, want := range map[string]operations.State{"1990": operations.Completed, "1991": operations.AwaitingApproval} { // 9,999.75 and 10,004.775
		res, err := d.eng.Submit(t.Context(), d.scope, d.in(), d.limited(base, "5.1"))
		require.NoError(t, err)
		require.Equal(t, want, res.Operation.State, base)
	}
}

// What waits is judged again by what it comes to when it is let go.
func TestRulesSeeWhatATradeComesToWhenItIsLetGo(t *testing.T) {
	t.Parallel()
	limit := []operations.Limit{{Name: "reais", Asset: "BRL", Match: operations.Match{Kinds: []string{trading.KindTrade}}, Day: dec("10000")}}
	rule := func(r operations.Rule) []operations.Rule {
		return []operations.Rule{operations.ForKinds{Kinds: []string{trading.KindTrade}, Rule: r}}
	}
	for name, c := range map[string]struct {
		config operations.Config
		rate   string
		want   string
	}{
		"a limit is exceeded":   {operations.Config{Limits: limit}, "5.05", operations.CodeLimitDay},
		"a limit is not":        {operations.Config{Limits: limit}, "4.9", ""},
		"others are to agree":   {operations.Config{Approvals: []operations.Approval{{Name: "large", Match: inReais("", "10000")}}}, "5.05", operations.OutcomeChanged},
		"nobody is to":          {operations.Config{Approvals: []operations.Approval{{Name: "large", Match: inReais("", "10000")}}}, "4.9", ""},
		"a rule is not met":     {operations.Config{Rules: rule(operations.AmountWithin{Asset: "BRL", Max: dec("10000")})}, "5.05", operations.CodeAmountAbove},
		"and a rule that it is": {operations.Config{Rules: rule(operations.AmountWithin{Asset: "BRL", Min: dec("1")})}, "5.05", ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d, p := ruled(t, c.config)
			q := d.limited("1990", "6") // 9,999.75 BRL by now
			q.NotBefore = d.clock.Now().Add(time.Hour)
			res, err := d.eng.Submit(t.Context(), d.scope, d.in(), q)
			require.NoError(t, err)
			require.Equal(t, operations.Scheduled, res.Operation.State)
			p.rate = c.rate
			d.clock.Advance(time.Hour)
			d.work()
			o := d.now(res.Operation)
			if c.want != "" {
				require.Equal(t, operations.Failed, o.State)
				require.Equal(t, c.want, o.Outcome.Code)
				require.Nil(t, o.Counted)
			} else {
				require.Equal(t, operations.Completed, o.State)
			}
			if c.want == "" && len(c.config.Limits) > 0 {
				require.Empty(t, o.Counted.Counters)
				require.Equal(t, []operations.OtherCount{{Counter: "reais", Asset: "BRL", Amount: o.Terms.Debit}}, o.Counted.Others, "what it came to counts")
			}
			d.verified()
		})
	}
}

// A fee in reais is of the reais of a trade, and in them.
func TestAFeeSeesTheOtherSideOfATrade(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		side       operations.Side
		base       string
		fee, has   string
		other      string
		fixedQuote string
	}{
		"bought":             {side: operations.Buy, base: "100", fee: "1.01", has: "99496.49", other: "100100"}, // 0.2% of 502.5
		"sold":               {side: operations.Sell, base: "100", fee: "1", has: "100496.5", other: "99900"},    // of 497.5
		"bought for so much": {side: operations.Buy, fixedQuote: "502.5", fee: "1.01", has: "99496.49", other: "100100"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d, _ := ruled(t, operations.Config{Fees: []operations.FeeRule{{
				Name: "trade", Match: inReais("", "0"), Tier: operations.Tier{BPS: dec("20")}, Rounding: accounts.HalfUp,
			}}})
			q := trading.Trade{Base: d.usd, Quote: d.brl, Side: c.side}
			if c.base != "" {
				q.BaseAmount = dec(c.base)
			} else {
				q.QuoteAmount = dec(c.fixedQuote)
			}
			res, err := d.eng.Submit(t.Context(), d.scope, d.in(), q)
			require.NoError(t, err)
			require.Len(t, res.Operation.Terms.Fees, 1)
			line := res.Operation.Terms.Fees[0]
			require.Equal(t, [3]string{c.fee, "BRL", string(d.brl)}, [3]string{line.Amount.String(), line.Asset, string(line.Account)})
			require.Equal(t, [2]string{c.has, c.other}, d.has())
			d.verified()
		})
	}
}
