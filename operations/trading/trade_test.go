package trading_test

import (
	"context"
	"errors"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"

	"github.com/onbehalf/onbehalf/accounts"
	"github.com/onbehalf/onbehalf/adapters/memory"
	"github.com/onbehalf/onbehalf/operations"
	"github.com/onbehalf/onbehalf/operations/trading"
)

func sorted(names []string) []string {
	slices.Sort(names)
	return names
}

func house() map[string]trading.Provider {
	return map[string]trading.Provider{"house": trading.NewHouse(fixed{rates: map[string]string{"USD/BRL": "5.4321"}})}
}

func codes(err error) []string {
	refused, ok := errors.AsType[*operations.RefusedError](err)
	if !ok {
		return nil
	}
	var all []string
	for _, u := range refused.Unmet {
		all = append(all, u.Code)
	}
	return all
}

func TestAQuoteShowsEverythingAndIsExecutedAsItStands(t *testing.T) {
	t.Parallel()
	d := memoryDesk(t, trading.Config{Providers: house()})
	q := d.buy("100")
	plan, err := d.eng.Explain(t.Context(), d.scope, q)
	require.NoError(t, err)
	require.Empty(t, plan.Unmet)
	o := d.quote(q)
	require.Empty(t, cmp.Diff(plan.Terms, o.Terms))
	x := o.Terms.Exchange
	require.Equal(t, "5.4592605", x.Rate.String(), "5.4321 and 50 basis points")
	require.Equal(t, "545.93", x.QuoteAmount.String(), "545.92605 rounded up")
	require.Equal(t, "100", x.BaseAmount.String())
	require.Equal(t, "543.21", x.ProviderAmount.String())
	require.Equal(t, "545.93", o.Terms.Debit.String())
	require.Equal(t, "100", o.Terms.Credit.String())
	require.Equal(t, "USD", o.Terms.Asset)
	require.Equal(t, [2]string{"100000", "100000"}, d.has(), "a quote moves nothing")
	done, err := d.execute(o)
	require.NoError(t, err)
	require.Equal(t, operations.Completed, done.State)
	require.Empty(t, cmp.Diff(o.Terms, done.Terms))
	require.Equal(t, [2]string{"99454.07", "100100"}, d.has())
	_, err = d.execute(done)
	require.Equal(t, []string{operations.CodeStateForbids}, codes(err), "a quote is used once")
	d.verified()
}

func TestEitherAmountIsExactOnEitherSide(t *testing.T) {
	t.Parallel()
	d := memoryDesk(t, trading.Config{Providers: house()})
	for _, c := range []struct {
		side        operations.Side
		base, quote string
		wantBase    string
		wantQuote   string
		provided    string
	}{
		{operations.Buy, "0.01", "", "0.01", "0.06", "0.05"},
		{operations.Buy, "", "1000", "183.17", "1000", "995"},
		{operations.Sell, "100", "", "100", "540.49", "543.21"},
		{operations.Sell, "", "1000", "185.02", "1000", "1005.05"},
	} {
		q := trading.Trade{Base: d.usd, Quote: d.brl, Side: c.side}
		if c.base != "" {
			q.BaseAmount = dec(c.base)
		} else {
			q.QuoteAmount = dec(c.quote)
		}
		x := d.quote(q).Terms.Exchange
		require.Equal(t, [3]string{c.wantBase, c.wantQuote, c.provided}, [3]string{x.BaseAmount.String(), x.QuoteAmount.String(), x.ProviderAmount.String()}, "%+v", c)
	}
}

func TestAQuoteThatHasExpiredIsNotExecuted(t *testing.T) {
	t.Parallel()
	d := memoryDesk(t, trading.Config{Providers: house()})
	q := d.buy("100")
	q.ValidFor = 10 * time.Second
	o := d.quote(q)
	d.clock.Advance(10 * time.Second)
	_, err := d.execute(o)
	require.Equal(t, []string{operations.CodeTermsExpired}, codes(err))
	require.Equal(t, [2]string{"100000", "100000"}, d.has())
}

func TestWhatTheSetUpRefusesAsksNobody(t *testing.T) {
	t.Parallel()
	asked := 0
	counting := func(context.Context, trading.Ask) (trading.Quotation, error) {
		asked++
		return trading.Quotation{Rate: dec("5")}, nil
	}
	for _, c := range []struct {
		name   string
		change func(*trading.Pair)
		want   []string
	}{
		{"inactive", func(p *trading.Pair) { p.Inactive = true }, []string{trading.CodePairInactive}},
		{"the other side", func(p *trading.Pair) { p.Sides = trading.SellOnly }, []string{trading.CodeSide}},
		{"no path", func(p *trading.Pair) { p.Quotations = nil }, []string{trading.CodeNoPath}},
		{"no active path", func(p *trading.Pair) { p.Quotations[0].Inactive = true }, []string{trading.CodeNoPath}},
		{"a path for the other side", func(p *trading.Pair) { p.Quotations[0].Sides = trading.SellOnly }, []string{trading.CodeNoPath}},
		{"a provider nobody has", func(p *trading.Pair) { p.Quotations[0].Provider = "elsewhere" }, []string{trading.CodeNoPath}},
		{"no execution", func(p *trading.Pair) { p.Execution = trading.Priority }, []string{trading.CodeNoExecution}},
	} {
		d := memoryDesk(t, trading.Config{Providers: map[string]trading.Provider{"p": &quoter{Provider: operations.Desk{}, quote: counting}}}, c.change)
		plan, err := d.eng.Explain(t.Context(), d.scope, d.buy("100"))
		require.NoError(t, err)
		var got []string
		for _, u := range plan.Unmet {
			got = append(got, u.Code)
		}
		require.Equal(t, c.want, got, c.name)
		_, err = d.eng.Submit(t.Context(), d.scope, d.in(), d.buy("100"))
		require.Equal(t, c.want, codes(err), c.name)
	}
	require.Zero(t, asked)
}

func TestBoundsAreOfTheQuoteAmount(t *testing.T) {
	t.Parallel()
	d := memoryDesk(t, trading.Config{Providers: house()}, func(p *trading.Pair) {
		p.Minimum.Decimal, p.Maximum.Decimal = dec("100"), dec("545.92")
	})
	for amount, want := range map[string]string{"18": trading.CodeMinimum, "100": trading.CodeMaximum, "0.001": ""} {
		_, err := d.eng.Submit(t.Context(), d.scope, d.in(), d.buy(amount))
		if want == "" {
			require.ErrorIs(t, err, operations.ErrInvalid, "a cent of a cent")
			continue
		}
		require.Equal(t, []string{want}, codes(err))
	}
}

func TestStrategies(t *testing.T) {
	t.Parallel()
	fails := func(context.Context, trading.Ask) (trading.Quotation, error) {
		return trading.Quotation{}, errors.New("down")
	}
	lies := func(context.Context, trading.Ask) (trading.Quotation, error) {
		return trading.Quotation{Rate: dec("-5")}, nil
	}
	panics := func(context.Context, trading.Ask) (trading.Quotation, error) { panic("no") }
	none := func(context.Context, trading.Ask) (trading.Quotation, error) {
		return trading.Quotation{}, trading.ErrNoRate
	}
	on := func(q func(context.Context, trading.Ask) (trading.Quotation, error)) trading.Provider {
		return &quoter{Provider: operations.Desk{}, quote: q}
	}
	c := trading.Config{Providers: map[string]trading.Provider{"a": on(fails), "b": on(lies), "c": on(panics), "d": on(none), "e": on(at("5.2")), "f": on(at("5.1")), "g": on(at("5.1"))}}
	passed := []operations.Pass{{Provider: "a", Code: trading.PassNoAnswer}, {Provider: "b", Code: trading.PassUnusable}, {Provider: "c", Code: trading.PassNoAnswer}, {Provider: "d", Code: trading.PassNoRate}}

	d := memoryDesk(t, c)
	x := d.quote(d.buy("100")).Terms.Exchange
	require.Equal(t, "e", x.Quoted)
	require.Equal(t, passed, x.Passed)

	d = memoryDesk(t, c, func(p *trading.Pair) { p.Quotation = trading.BestPrice })
	x = d.quote(d.buy("100")).Terms.Exchange
	require.Equal(t, "f", x.Quoted, "the cheapest, and of equal ones the first")
	require.Equal(t, passed, x.Passed)

	d = memoryDesk(t, c, func(p *trading.Pair) {
		p.Quotation = trading.BestPrice
		p.Quotations[5].Spread = trading.Spreads{Working: dec("300"), DayOff: dec("300"), Closed: dec("300")}
		p.Quotations[6].Spread = p.Quotations[5].Spread
	})
	require.Equal(t, "e", d.quote(d.buy("100")).Terms.Exchange.Quoted, "the spread counts")

	d = memoryDesk(t, c, func(p *trading.Pair) {
		p.Execution, p.Executions = trading.Priority, []trading.Path{{Provider: "g", Priority: 2}, {Provider: "f", Priority: 1, Inactive: true}}
	})
	o := d.quote(d.buy("100"))
	require.Equal(t, "e", o.Terms.Exchange.Quoted)
	require.Equal(t, "g", o.Terms.Provider)
}

func TestAProviderThatKeepsFailingIsLeftAloneForAWhile(t *testing.T) {
	t.Parallel()
	asked, up := 0, false
	p := &quoter{Provider: operations.Desk{}, quote: func(context.Context, trading.Ask) (trading.Quotation, error) {
		asked++
		if !up {
			return trading.Quotation{}, errors.New("down")
		}
		return trading.Quotation{Rate: dec("5")}, nil
	}}
	d := memoryDesk(t, trading.Config{Providers: map[string]trading.Provider{"p": p}, Breaker: trading.Breaker{Failures: 3, Pause: time.Minute, MaxPause: time.Hour}})
	try := func() string {
		plan, err := d.eng.Explain(t.Context(), d.scope, d.buy("100"))
		require.NoError(t, err)
		if len(plan.Unmet) == 0 {
			return ""
		}
		require.Equal(t, trading.CodeNoQuote, plan.Unmet[0].Code)
		return plan.Unmet[0].Figures[0].Value
	}
	for range 3 {
		require.Equal(t, trading.PassNoAnswer, try())
	}
	require.Equal(t, trading.PassBroken, try())
	require.Equal(t, 3, asked)
	d.clock.Advance(time.Minute)
	require.Equal(t, trading.PassNoAnswer, try())
	require.Equal(t, trading.PassBroken, try())
	d.clock.Advance(time.Minute)
	require.Equal(t, trading.PassBroken, try(), "the pause has doubled")
	d.clock.Advance(time.Minute)
	up = true
	require.Empty(t, try())
	require.Empty(t, try())
	require.Equal(t, 6, asked)
}

// Each provider has the time that the firm gives him.
func TestDeadlinesAreOfEachProvider(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		waited := map[string]time.Duration{}
		hangs := func(name string) trading.Provider {
			return &quoter{Provider: operations.Desk{}, quote: func(ctx context.Context, _ trading.Ask) (trading.Quotation, error) {
				since := operations.SystemClock().Now()
				<-ctx.Done()
				waited[name] = operations.SystemClock().Now().Sub(since)
				return trading.Quotation{}, ctx.Err()
			}}
		}
		d := memoryDesk(t, trading.Config{
			Providers: map[string]trading.Provider{"a": hangs("a"), "b": hangs("b"), "c": &quoter{Provider: operations.Desk{}, quote: at("5")}},
			Deadline:  3 * time.Second, Deadlines: map[string]time.Duration{"b": 300 * time.Millisecond},
		})
		x := d.quote(d.buy("100")).Terms.Exchange
		require.Equal(t, "c", x.Quoted)
		require.Equal(t, []operations.Pass{{Provider: "a", Code: trading.PassNoAnswer}, {Provider: "b", Code: trading.PassNoAnswer}}, x.Passed)
		require.Equal(t, map[string]time.Duration{"a": 3 * time.Second, "b": 300 * time.Millisecond}, waited)
	})
	for name, d := range map[string]time.Duration{"nobody": time.Second, "house": 0} {
		_, err := trading.New(trading.Config{Providers: house(), Deadlines: map[string]time.Duration{name: d}})
		require.ErrorContains(t, err, `Deadlines["`+name+`"]`)
	}
}

func TestAReplayAsksNobodyAgain(t *testing.T) {
	t.Parallel()
	asked := 0
	p := &quoter{Provider: operations.Desk{}, quote: func(context.Context, trading.Ask) (trading.Quotation, error) {
		asked++
		return trading.Quotation{Rate: dec("5")}, nil
	}}
	d := memoryDesk(t, trading.Config{Providers: map[string]trading.Provider{"p": p}})
	in := d.in()
	first, err := d.eng.Submit(t.Context(), d.scope, in, d.buy("100"))
	require.NoError(t, err)
	again, err := d.eng.Submit(t.Context(), d.scope, in, d.buy("100"))
	require.NoError(t, err)
	require.True(t, again.Replayed)
	require.Empty(t, cmp.Diff(first.Operation, again.Operation))
	require.Equal(t, 1, asked)
}

// finds counts how often a store was asked for one thing of a book.
type finds struct {
	operations.Store

	n    int
	then func() // is done once, after it was answered
}

func (f *finds) Find(ctx context.Context, id operations.BookID, w operations.Want) (operations.Found, error) {
	f.n++
	found, err := f.Store.Find(ctx, id, w)
	if then := f.then; then != nil {
		f.then = nil
		then()
	}
	return found, err
}

func TestWhatTheHouseQuotesByItsOwnBoardIsQuotedWithoutAskingTheStore(t *testing.T) {
	t.Parallel()
	usable := trading.Rate{Base: "USD", Quote: "BRL", Value: dec("5"), At: time.Date(2026, 1, 2, 15, 0, 0, 0, time.UTC), Source: "board"}
	for name, c := range map[string]struct {
		over  func(*trading.Board) trading.Source
		finds int
	}{
		"a board":           {func(b *trading.Board) trading.Source { return b }, 0},
		"a market over one": {func(b *trading.Board) trading.Source { return trading.Market{}.Over(b, operations.SystemClock()) }, 0},
		"another source":    {func(b *trading.Board) trading.Source { return elsewhere{b} }, 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			board := &trading.Board{}
			_, err := board.Put(usable)
			require.NoError(t, err)
			store := &finds{Store: memory.New()}
			d := begin(t, store, trading.Config{Providers: map[string]trading.Provider{"house": trading.NewHouse(c.over(board))}}, operations.Config{})
			in := d.in()
			d.quote(d.buy("1")) // the book is known from here on
			store.n = 0
			first, err := d.eng.Submit(t.Context(), d.scope, in, d.buy("100"))
			require.NoError(t, err)
			require.Equal(t, c.finds, store.n)
			dearer := usable
			dearer.Value = dec("6")
			_, err = board.Put(dearer)
			require.NoError(t, err)
			again, err := d.eng.Submit(t.Context(), d.scope, in, d.buy("100"))
			require.NoError(t, err)
			require.True(t, again.Replayed, "whatever it would cost now")
			require.Empty(t, cmp.Diff(first.Operation, again.Operation))
			_, err = d.eng.Submit(t.Context(), d.scope, in, d.buy("101"))
			require.ErrorIs(t, err, operations.ErrConflict)
		})
	}
}

func TestWhatAnOldViewRefusesIsGatheredAnewWhenTheBookHasRoom(t *testing.T) {
	t.Parallel()
	board := &trading.Board{}
	_, err := board.Put(trading.Rate{Base: "USD", Quote: "BRL", Value: dec("5"), At: time.Date(2026, 1, 2, 15, 0, 0, 0, time.UTC), Source: "board"})
	require.NoError(t, err)
	for name, source := range map[string]trading.Source{"near": board, "asked for": elsewhere{board}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			store := &finds{Store: memory.New()}
			c := trading.Config{MaxQuotes: 1, Providers: map[string]trading.Provider{"house": trading.NewHouse(source)}}
			d := begin(t, store, c, operations.Config{})
			q := d.quote(d.buy("1")) // this engine believes from here on that there is no room
			kind, err := trading.New(c)
			require.NoError(t, err)
			other, err := operations.New(store.Store, operations.Config{Clock: d.clock, Kinds: []operations.Kind{kind}, Providers: map[string]operations.Provider{"house": c.Providers["house"]}})
			require.NoError(t, err)
			s, err := other.Gate().Enter(t.Context(), ana(), d.scope.Customer(), "")
			require.NoError(t, err)
			_, err = other.Cancel(t.Context(), s, d.in(), q.Ref())
			require.NoError(t, err)
			q = d.quote(d.buy("3"))
			in := d.in()
			store.then = func() { // the book gets room just after it was found to have none
				_, err := other.Cancel(t.Context(), s, in, q.Ref())
				require.NoError(t, err)
			}
			d.quote(d.buy("4"))
		})
	}
}

// elsewhere is a source that does not tell where its rates come from.
type elsewhere struct{ trading.Source }

func (e elsewhere) Rate(ctx context.Context, base, quote string) (trading.Rate, error) {
	return e.Source.Rate(ctx, base, quote)
}

func TestOpenQuotesAreCapped(t *testing.T) {
	t.Parallel()
	d := memoryDesk(t, trading.Config{Providers: house(), MaxQuotes: 2})
	first := d.quote(d.buy("1"))
	d.quote(d.buy("2"))
	_, err := d.eng.Prepare(t.Context(), d.scope, d.in(), d.buy("3"))
	require.Equal(t, []string{trading.CodeQuotesFull}, codes(err))
	_, err = d.eng.Cancel(t.Context(), d.scope, d.in(), first.Ref())
	require.NoError(t, err)
	d.quote(d.buy("3"))
}

func TestAModifiedQuoteIsPricedAnew(t *testing.T) {
	t.Parallel()
	rate := "5"
	p := &quoter{Provider: operations.Desk{}, quote: func(ctx context.Context, a trading.Ask) (trading.Quotation, error) { return at(rate)(ctx, a) }}
	d := memoryDesk(t, trading.Config{Providers: map[string]trading.Provider{"p": p}})
	o := d.quote(d.buy("100"))
	rate = "6"
	res, err := d.eng.Modify(t.Context(), d.scope, d.in(), o.Ref(), operations.Modification{Amount: dec("50")})
	require.NoError(t, err)
	require.Equal(t, "6", res.Operation.Terms.Exchange.ProviderRate.String())
	require.Equal(t, "301.5", res.Operation.Terms.Exchange.QuoteAmount.String())
	_, err = d.execute(o)
	require.ErrorIs(t, err, operations.ErrConflict, "the version that was seen is not there any more")
}

// What stores keep is whole microseconds in UTC; a provider's clock is finer.
func TestAnExpiryOfAProviderIsKeptAsStoresKeepTimes(t *testing.T) {
	t.Parallel()
	var d *desk
	q := &quoter{Provider: operations.Desk{}, quote: func(context.Context, trading.Ask) (trading.Quotation, error) {
		return trading.Quotation{Rate: dec("5"), Expires: d.clock.Now().Add(10*time.Second + 123).In(time.FixedZone("", -3*3600))}, nil
	}}
	d = memoryDesk(t, trading.Config{Providers: map[string]trading.Provider{"bank": q}})
	o := d.quote(d.buy("100"))
	require.Equal(t, o.Terms.Expires.UTC().Truncate(time.Microsecond), o.Terms.Expires)
}

// What is too much to be kept is refused, and is no fault of the kind.
func TestAmountsBeyondWhatCanBeKeptAreRefused(t *testing.T) {
	t.Parallel()
	for _, rate := range []string{"0.000000000001", "1", "999999999999999999999999", "123456.789012345678"} {
		q := &quoter{Provider: operations.Desk{}, quote: at(rate)}
		d := memoryDesk(t, trading.Config{Providers: map[string]trading.Provider{"bank": q}})
		for _, side := range []operations.Side{operations.Buy, operations.Sell} {
			for _, amount := range []string{"0.01", "1", "99999999999999999999999999999999999999", "999999999999999999999999999999999999.99", "100000000000000000000000000000000000000e-2"} {
				for _, ofBase := range []bool{true, false} {
					x := trading.Trade{Base: d.usd, Quote: d.brl, Side: side}
					if ofBase {
						x.BaseAmount = dec(amount)
					} else {
						x.QuoteAmount = dec(amount)
					}
					plan, err := d.eng.Explain(t.Context(), d.scope, x)
					require.NoError(t, err, "%s %s %s %v", rate, side, amount, ofBase)
					_, err = d.eng.Submit(t.Context(), d.scope, d.in(), x)
					if plan.Allowed() {
						require.NoError(t, err)
						continue
					}
					d.clock.Advance(time.Minute) // refusals are bounded
					require.ErrorIs(t, err, operations.ErrRefused, "%s %s %s %v", rate, side, amount, ofBase)
				}
			}
		}
		d.verified()
	}
}

// A fee that eats what was bought is charged all the same, and held.
func TestAFeeAboveWhatIsBought(t *testing.T) {
	t.Parallel()
	fees := []operations.FeeRule{
		{Name: "a", Tier: operations.Tier{Fixed: dec("2")}}, {Name: "b", Tier: operations.Tier{Fixed: dec("2")}}, {Name: "c", Inside: true, Tier: operations.Tier{Fixed: dec("2")}},
	}
	for i := range fees {
		fees[i].Match.Kinds = []string{trading.KindTrade}
	}
	d := beginWith(t, trading.Config{Providers: house()}, operations.Config{Fees: fees})
	o := d.quote(d.buy("3"))
	_, err := d.execute(o)
	require.NoError(t, err)
	require.Equal(t, "99997", d.has()[1])
	d.verified()
}

// Policies see the same when what is left of limits is told as when they bind.
func TestExplainTellsOfLimitsByWhatTheyBindBy(t *testing.T) {
	t.Parallel()
	d := beginWith(t, trading.Config{Providers: house()}, operations.Config{Limits: []operations.Limit{{
		Name: "quoted", Asset: "USD", Max: dec("50"), Match: operations.Match{
			Kinds: []string{trading.KindTrade}, When: func(v operations.View, _ operations.Terms) bool { return v.Facts() != nil },
		},
	}}})
	plan, err := d.eng.Explain(t.Context(), d.scope, d.buy("100"))
	require.NoError(t, err)
	require.Equal(t, operations.CodeLimitOperation, plan.Unmet[0].Code)
	require.Len(t, plan.Limits, 1)
}

func TestProblemsTellAllThatKeepsAPairFromBeingTraded(t *testing.T) {
	t.Parallel()
	d := memoryDesk(t, trading.Config{Providers: house()})
	book := d.eng.Book(d.scope)
	problems := func() []string {
		unmet, err := book.Problems(t.Context(), trading.PairSetting(d.usd, d.brl))
		require.NoError(t, err)
		var all []string
		for _, u := range unmet {
			all = append(all, u.Code+" "+u.Subject)
		}
		return all
	}
	require.Empty(t, problems())
	_, err := book.Problems(t.Context(), "trade:a:b")
	require.ErrorIs(t, err, operations.ErrNotFound)
	d.manage(accounts.SetCurrency{Currency: "USD"})
	d.manage(operations.Freeze{Account: d.brl, Reason: "asked by the court"})
	d.manage(trading.SetCustomer{Version: 1})
	d.manage(trading.SetPair{Version: 1, Pair: trading.Pair{Base: d.usd, Quote: d.brl, Inactive: true, Sides: trading.BuyOnly, Execution: trading.Priority}})
	pair := "pair:" + string(d.brl) + "/" + string(d.usd)
	require.ElementsMatch(t, []string{
		"pair_inactive " + pair, "no_path " + pair, "no_execution_path " + pair,
		"account_frozen account:" + string(d.brl), "currency_not_enabled account:" + string(d.usd),
	}, problems())
}
