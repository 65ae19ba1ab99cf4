package trading_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/onbehalf/onbehalf/adapters/memory"
	"github.com/onbehalf/onbehalf/operations"
	"github.com/onbehalf/onbehalf/operations/trading"
	"github.com/onbehalf/onbehalf/tenancy"
)

// moving is a provider whose rate a test moves; without one it is down.
type moving struct {
	operations.Desk

	rate  string
	asked int
}

func (m *moving) Quote(context.Context, trading.Ask) (trading.Quotation, error) {
	m.asked++
	if m.rate == "" {
		return trading.Quotation{}, errors.New("down")
	}
	return trading.Quotation{Rate: dec(m.rate)}, nil
}

func approvedDesk(t *testing.T) (*desk, *moving, tenancy.Scope) {
	t.Helper()
	p := &moving{rate: "5"}
	d := beginWith(t, trading.Config{Providers: map[string]trading.Provider{"p": p}}, operations.Config{
		Approvals: []operations.Approval{{Name: "large", Match: operations.Match{Kinds: []string{trading.KindTrade}, From: dec("1000")}}},
	})
	house, err := d.eng.Gate().Own(t.Context(), ana(), "")
	require.NoError(t, err)
	bruno := tenancy.Principal{Tenant: "acme", Operator: "bruno", Person: "p-bruno"}
	for _, x := range []operations.Administrative{
		tenancy.Register{Operator: "bruno", Person: "p-bruno"},
		tenancy.Allow{Operator: "bruno", Everyone: true, Permissions: tenancy.NewPermissions(tenancy.View, tenancy.Approve)},
	} {
		_, err := d.eng.Manage(t.Context(), house, d.in(), x)
		require.NoError(t, err)
	}
	scope, err := d.eng.Gate().Enter(t.Context(), bruno, d.scope.Customer(), "")
	require.NoError(t, err)
	return d, p, scope
}

func (d *desk) limited(base, limit string) trading.Trade {
	q := d.buy(base)
	q.Limit = dec(limit)
	return q
}

func (d *desk) work() operations.Done {
	d.t.Helper()
	done, err := d.eng.Work(d.t.Context(), operations.Budget{})
	require.NoError(d.t, err)
	return done
}

func (d *desk) now(o operations.Operation) operations.Operation {
	d.t.Helper()
	n, err := d.eng.Book(d.scope).Operation(d.t.Context(), o.ID)
	require.NoError(d.t, err)
	return n
}

func TestAPriceDoesNotWait(t *testing.T) {
	t.Parallel()
	d, p, bruno := approvedDesk(t)
	_, err := d.eng.Submit(t.Context(), d.scope, d.in(), d.buy("1000"))
	require.Equal(t, []string{trading.CodeLimitNeeded}, codes(err), "what waits needs a limit")
	_, err = d.eng.Submit(t.Context(), d.scope, d.in(), d.limited("1000", "5.02"))
	require.Equal(t, []string{trading.CodeLimitRate}, codes(err), "5.025 is worse")

	res, err := d.eng.Submit(t.Context(), d.scope, d.in(), d.limited("1000", "5.1"))
	require.NoError(t, err)
	require.Equal(t, operations.AwaitingApproval, res.Operation.State)
	p.rate = "5.05"
	asked := p.asked
	allowed, err := d.eng.Actions(t.Context(), bruno, res.Operation.ID)
	require.NoError(t, err)
	require.NotEmpty(t, allowed)
	require.Equal(t, asked, p.asked, "to tell what could be done, nobody is asked")
	res, err = d.eng.Approve(t.Context(), bruno, d.in(), res.Operation.Ref())
	require.NoError(t, err)
	require.Equal(t, operations.Scheduled, res.Operation.State)
	require.Equal(t, 1, d.work().Released)
	o := d.now(res.Operation)
	require.Equal(t, operations.Completed, o.State)
	require.Equal(t, "5.07525", o.Terms.Exchange.Rate.String(), "the rate of then")
	require.Equal(t, [2]string{"94924.75", "101000"}, d.has())
	d.verified()
}

func TestWhatIsLetGoBeyondItsLimitFails(t *testing.T) {
	t.Parallel()
	d, p, _ := approvedDesk(t)
	q := d.limited("100", "5.1")
	q.NotBefore = d.clock.Now().Add(time.Hour)
	res, err := d.eng.Submit(t.Context(), d.scope, d.in(), q)
	require.NoError(t, err)
	require.Equal(t, operations.Scheduled, res.Operation.State)
	require.Zero(t, d.work().Released, "not yet")

	p.rate = ""
	d.clock.Advance(time.Hour)
	require.Zero(t, d.work().Released)
	require.Equal(t, operations.Scheduled, d.now(res.Operation).State, "without a quote it goes on waiting")

	p.rate = "5.2"
	d.clock.Advance(time.Hour)
	d.work()
	o := d.now(res.Operation)
	require.Equal(t, operations.Failed, o.State)
	require.Equal(t, trading.CodeLimitRate, o.Outcome.Code)
	require.Equal(t, [2]string{"100000", "100000"}, d.has())
	holds, err := d.eng.Book(d.scope).Holds(t.Context())
	require.NoError(t, err)
	require.Empty(t, holds)
	d.verified()
}

// A quote that is executed in a host's own transaction waits for its commit
// only: it is carried out on its terms or not at all.
func TestAQuoteExecutedInsideAHostsTransactionIsNotPricedAnew(t *testing.T) {
	t.Parallel()
	for i := range 4 {
		late, past := i%2 == 1, i > 1
		p := &outside{quoter: &quoter{quote: at("5")}, answer: filled("0", "")}
		store := memory.New()
		d := begin(t, store, trading.Config{Providers: map[string]trading.Provider{"bank": p}}, operations.Config{})
		q := d.buy("100")
		if past {
			q.NotBefore = d.clock.Now().Add(-time.Hour)
		}
		o := d.quote(q)
		res, err := d.eng.Within(store).Execute(t.Context(), d.scope, d.in(), o.Ref())
		require.NoError(t, err)
		require.Equal(t, operations.Scheduled, res.Operation.State)
		p.quote = at("50")
		if late {
			d.clock.Advance(time.Minute)
		}
		d.work()
		n := d.now(o)
		if late {
			require.Equal(t, operations.Failed, n.State)
			require.Equal(t, operations.CodeTermsExpired, n.Outcome.Code)
			require.Equal(t, [2]string{"100000", "100000"}, d.has())
			continue
		}
		require.Equal(t, operations.Completed, n.State)
		require.Equal(t, [2]string{"99497.5", "100100"}, d.has())
		d.verified()
	}
}

// bare is a kind that gathers and prices, and tells no exchange.
type bare struct{ *trading.Kind }

func (bare) Name() string { return "bare" }

func (k bare) Plan(v operations.View, now time.Time) (operations.Terms, []operations.Unmet) {
	t, unmet := k.Kind.Plan(v, now)
	t.Exchange = nil
	return t, unmet
}

type bareTrade struct{ trading.Trade }

func (b bareTrade) Order() operations.Order {
	o := b.Trade.Order()
	o.Kind = "bare"
	return o
}

// What was approved is what the operation came to, where its terms tell no
// exchange: other terms have nobody's agreement.
func TestApprovedTermsWithoutAnExchangeAreNotReplaced(t *testing.T) {
	t.Parallel()
	for rate, want := range map[string]operations.State{"5": operations.Completed, "5.01": operations.Failed} {
		p := &moving{rate: "5"}
		cfg := trading.Config{Providers: map[string]trading.Provider{"p": p}}
		kind, err := trading.New(cfg)
		require.NoError(t, err)
		d := beginWith(t, cfg, operations.Config{
			Kinds: []operations.Kind{bare{kind}}, Approvals: []operations.Approval{{Name: "all", Match: operations.Match{Kinds: []string{"bare"}}}},
		})
		res, err := d.eng.Submit(t.Context(), d.scope, d.in(), bareTrade{d.limited("100", "6")})
		require.NoError(t, err)
		require.Equal(t, operations.AwaitingApproval, res.Operation.State)
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
		_, err = d.eng.Approve(t.Context(), bruno, d.in(), res.Operation.Ref())
		require.NoError(t, err)
		p.rate = rate
		d.work()
		require.Equal(t, want, d.now(res.Operation).State, rate)
		d.verified()
	}
}

func TestWhatNobodyQuotesFailsInTheEnd(t *testing.T) {
	t.Parallel()
	d, p, _ := approvedDesk(t)
	q := d.limited("100", "5.1")
	q.NotBefore = d.clock.Now().Add(time.Hour)
	res, err := d.eng.Submit(t.Context(), d.scope, d.in(), q)
	require.NoError(t, err)
	p.rate = ""
	d.clock.Advance(time.Hour + 15*time.Minute - time.Second)
	d.work()
	require.Equal(t, operations.Scheduled, d.now(res.Operation).State)
	d.clock.Advance(time.Hour)
	d.work()
	o := d.now(res.Operation)
	require.Equal(t, operations.Failed, o.State, "its funds are not held for ever")
	require.Equal(t, trading.CodeNoQuote, o.Outcome.Code)
	holds, err := d.eng.Book(d.scope).Holds(t.Context())
	require.NoError(t, err)
	require.Empty(t, holds)
}

func TestATwinThatWaitsIsInNobodysWayWhenTheTimeHasCome(t *testing.T) {
	t.Parallel()
	d, _, bruno := approvedDesk(t)
	first, err := d.eng.Submit(t.Context(), d.scope, d.in(), d.limited("1000", "5.1"))
	require.NoError(t, err)
	in := d.in()
	in.Acknowledge = []string{operations.CodeLookAlike}
	_, err = d.eng.Submit(t.Context(), d.scope, in, d.limited("1000", "5.1"))
	require.NoError(t, err)
	_, err = d.eng.Approve(t.Context(), bruno, d.in(), first.Operation.Ref())
	require.NoError(t, err)
	d.work()
	require.Equal(t, operations.Completed, d.now(first.Operation).State)
}

func TestAQuoteIsNotExecutedOnASetUpThatNoLongerAllowsIt(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		change func(d *desk) operations.Administrative
		want   string
	}{
		"the pair is off": {func(d *desk) operations.Administrative {
			return trading.SetPair{Version: 1, Pair: trading.Pair{Base: d.usd, Quote: d.brl, Inactive: true}}
		}, trading.CodePairInactive},
		"the side is": {func(d *desk) operations.Administrative {
			return trading.SetPair{Version: 1, Pair: trading.Pair{Base: d.usd, Quote: d.brl, Sides: trading.SellOnly}}
		}, trading.CodeSide},
		"the provider is": {func(*desk) operations.Administrative { return trading.SetCustomer{Version: 1} }, trading.CodeNoPath},
	} {
		d := memoryDesk(t, trading.Config{Providers: house()})
		o := d.quote(d.buy("100"))
		d.manage(c.change(d))
		allowed, err := d.eng.Actions(t.Context(), d.scope, o.ID)
		require.NoError(t, err)
		require.Equal(t, operations.ActExecute, allowed[0].Action)
		require.Len(t, allowed[0].Unmet, 1, name)
		require.Equal(t, c.want, allowed[0].Unmet[0].Code, name)
		_, err = d.execute(o)
		require.Equal(t, []string{c.want}, codes(err), name)
		require.Equal(t, [2]string{"100000", "100000"}, d.has())
	}
}

// Both who quoted and who is to execute must still be the customer's.
func TestAQuoteNeedsBothItsProviders(t *testing.T) {
	t.Parallel()
	for name, want := range map[string][]string{"p": {trading.CodeNoPath}, "q": {trading.CodeNoPath}, "p and q": nil} {
		d := memoryDesk(t, trading.Config{Providers: map[string]trading.Provider{"p": &moving{rate: "5"}, "q": &moving{rate: "5"}}}, func(p *trading.Pair) {
			p.Execution, p.Executions, p.Quotations = trading.Priority, p.Quotations[1:], p.Quotations[:1]
			p.Executions[0].Spread = trading.Spreads{}
		})
		o := d.quote(d.buy("100"))
		require.Equal(t, [2]string{"p", "q"}, [2]string{o.Terms.Exchange.Quoted, o.Terms.Provider})
		d.manage(trading.SetCustomer{Version: 1, Customer: trading.Customer{Providers: strings.Split(name, " and ")}})
		_, err := d.execute(o)
		if want == nil {
			require.NoError(t, err)
			continue
		}
		require.Equal(t, want, codes(err), name)
	}
}

// What a host's transaction let go is executed as it was quoted, whatever the
// market does until the host has committed.
func TestATradeOfAHostsTransactionGoesAtItsQuote(t *testing.T) {
	t.Parallel()
	p, store := &outside{quoter: &quoter{quote: at("5")}, answer: filled("0", "")}, memory.New()
	d := begin(t, store, trading.Config{Providers: map[string]trading.Provider{"p": p}}, operations.Config{})
	o := d.quote(d.limited("100", "7")) // which 6 would be within
	res, err := d.eng.Within(store).Execute(t.Context(), d.scope, d.in(), o.Ref())
	require.NoError(t, err)
	require.Equal(t, operations.Scheduled, res.Operation.State)
	p.quote = at("6")
	d.work()
	n := d.now(o)
	require.Equal(t, operations.Completed, n.State)
	require.Equal(t, "5", n.Terms.Exchange.ProviderRate.String())
	require.Equal(t, o.Terms.Exchange.QuoteAmount.String(), n.Terms.Exchange.QuoteAmount.String())
	d.verified()
}

func TestWhoHasLeftIsQuotedNothingMore(t *testing.T) {
	t.Parallel()
	ctx, leave := context.WithCancel(t.Context())
	asked := 0
	slow := func(context.Context, trading.Ask) (trading.Quotation, error) {
		asked++
		leave()
		return trading.Quotation{}, errors.New("down")
	}
	on := func() trading.Provider { return &quoter{Provider: operations.Desk{}, quote: slow} }
	d := memoryDesk(t, trading.Config{Providers: map[string]trading.Provider{"a": on(), "b": on(), "c": on()}})
	_, err := d.eng.Explain(ctx, d.scope, d.buy("100"))
	require.ErrorIs(t, err, context.Canceled)
	require.Equal(t, 1, asked)
}
