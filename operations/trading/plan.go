package trading

import (
	"fmt"
	"maps"
	"time"

	"github.com/shopspring/decimal"

	"github.com/onbehalf/onbehalf/accounts"
	"github.com/onbehalf/onbehalf/operations"
)

// The codes of what keeps a trade from being made.
const (
	CodePairUnknown  = "pair_unknown"     // the accounts are no pair of the customer, in this direction or at all
	CodePairInactive = "pair_inactive"    // it is switched off
	CodePairSame     = "pair_same_asset"  // its accounts are of one asset
	CodeSide         = "side_not_offered" // the pair is traded in the other direction only
	CodeMinimum      = "trade_minimum"    // of the quote amount
	CodeMaximum      = "trade_maximum"
	CodeTooSmall     = "amount_too_small"  // one of its amounts is less than one unit
	CodeNoPath       = "no_path"           // no active path with a provider that the customer may use
	CodeNoQuote      = "no_quote"          // no provider gave a usable rate
	CodeNoExecution  = "no_execution_path" // as CodeNoPath, for the execution
	CodeQuotesFull   = "quotes_full"       // too many quotes are open
	CodeLimitNeeded  = "limit_required"    // what waits must say the worst rate that is agreed to
	CodeLimitRate    = "limit_not_reached" // the all-in rate is worse than that
)

// facts are what was asked for outside, for one order on one set-up.
type facts struct {
	from, to   accounts.ID
	amount     decimal.Decimal
	attributes map[string]string
	pair       int64 // versions of the settings
	customer   int64
	at         time.Time

	quote     Quotation
	path      Path
	session   Session
	reference Rate
	passed    []operations.Pass
	found     bool
	refused   bool // by the set-up, so nobody was asked
}

// factsLast is how long it is believed that nobody quotes.
const factsLast = time.Second

// Fresh tells whether the quote is for this order and set-up, and stands.
func (k *Kind) Fresh(v operations.View, now time.Time) bool {
	f, ok := v.Facts().(*facts)
	return ok && k.fresh(f, v, v.Order(), now)
}

func (k *Kind) fresh(f *facts, v operations.View, o operations.Order, now time.Time) bool {
	pair, customer := versions(v, o)
	if f.from != o.From || f.to != o.To || !f.amount.Equal(o.Amount.Decimal) || !maps.Equal(f.attributes, o.Attributes) || f.pair != pair || f.customer != customer {
		return false
	}
	if f.refused { // good as long as the book refuses it, which may be by more than its settings
		_, unmet := k.offered(v, o)
		return len(unmet) > 0
	}
	if !f.found {
		return now.Before(f.at.Add(factsLast))
	}
	return f.quote.Expires.IsZero() && now.Before(f.at.Add(time.Minute)) || now.Before(f.quote.Expires)
}

// offer is what the set-up makes of an order, and what of it is unmet.
type offer struct {
	pair   *Pair
	side   operations.Side
	ofBase bool
	base   accounts.Account
	quote  accounts.Account
	paths  []Path // that may quote, in order
}

// paired finds the pair of an order, and what of it does not allow the order.
func paired(v operations.View, o operations.Order) (p *Pair, side operations.Side, unmet []operations.Unmet) {
	refuse := refusals(o, &unmet)
	p, side, ok := pairOf(v, o)
	if !ok {
		refuse(CodePairUnknown, "Have the pair set up for the customer.")
		return nil, "", unmet
	}
	if p.Inactive {
		refuse(CodePairInactive, "Choose a pair that is active.")
	}
	if !p.Sides.has(side) {
		refuse(CodeSide, "Choose a pair that is traded in this direction.", operations.Figure{Name: "side", Value: string(side)}, operations.Figure{Name: "offered", Value: string(p.Sides)})
	}
	return p, side, unmet
}

// refusals adds to what is unmet about the pair of an order.
func refusals(o operations.Order, unmet *[]operations.Unmet) func(code, remedy string, figures ...operations.Figure) {
	return func(code, remedy string, figures ...operations.Figure) {
		*unmet = append(*unmet, operations.Unmet{Code: code, Subject: pairText(o), Figures: figures, Remedy: remedy})
	}
}

// Judge tells what of the set-up has changed since the trade was quoted, so that
// it cannot go on: its pair was switched off, or a provider of its terms may no
// longer be used for the customer.
func (*Kind) Judge(v operations.View, t operations.Terms) []operations.Unmet {
	o := v.Order()
	_, _, unmet := paired(v, o)
	c := customerOf(v)
	if x := t.Exchange; x != nil && (!c.enabled(x.Quoted) || !c.enabled(t.Provider)) {
		refusals(o, &unmet)(CodeNoPath, "Have it quoted anew.")
	}
	return unmet
}

// offered reads the set-up for the order of the view.
func (k *Kind) offered(v operations.View, o operations.Order) (of offer, unmet []operations.Unmet) {
	if of.pair, of.side, unmet = paired(v, o); of.pair == nil {
		return of, unmet
	}
	refuse := refusals(o, &unmet)
	of.ofBase = o.Attributes[attrFixed] == fixedBase
	of.base, _ = v.Account(of.pair.Base)
	of.quote, _ = v.Account(of.pair.Quote)
	if of.base.Asset == of.quote.Asset {
		refuse(CodePairSame, "Choose two accounts of different assets.", operations.Figure{Name: "asset", Value: of.quote.Asset})
	}
	c := customerOf(v)
	for _, p := range inOrder(of.pair.Quotations, of.side) {
		if _, known := k.cfg.Providers[p.Provider]; known && c.enabled(p.Provider) {
			of.paths = append(of.paths, p)
		}
	}
	if len(of.paths) == 0 {
		refuse(CodeNoPath, "Have a quotation path set up with a provider that the customer may use.")
	}
	if of.pair.Execution == Priority && k.executes(v, &of) == "" {
		refuse(CodeNoExecution, "Have an execution path set up with a provider that the customer may use.")
	}
	if open := v.Count(KindTrade, operations.Prepared); open >= k.cfg.MaxQuotes && !holdsOne(v) {
		refuse(CodeQuotesFull, "Execute or cancel one of the open quotes.", operations.Figure{Name: "limit", Value: fmt.Sprint(k.cfg.MaxQuotes)})
	}
	return of, unmet
}

// holdsOne tells whether the trade that is planned is there already.
func holdsOne(v operations.View) bool {
	_, ok := v.Operation()
	return ok
}

// executes is the provider of the first execution path; empty without one.
func (k *Kind) executes(v operations.View, of *offer) string {
	c := customerOf(v)
	for _, p := range inOrder(of.pair.Executions, of.side) {
		if _, known := k.cfg.Providers[p.Provider]; known && c.enabled(p.Provider) {
			return p.Provider
		}
	}
	return ""
}

// Plan prices a trade by the quote that was gathered for it.
func (k *Kind) Plan(v operations.View, now time.Time) (operations.Terms, []operations.Unmet) {
	o := v.Order()
	asset := ""
	if a, ok := v.Account(k.Measure(o)); ok {
		asset = a.Asset
	}
	t := operations.Terms{Asset: asset}
	of, unmet := k.offered(v, o)
	if len(unmet) > 0 {
		return t, unmet
	}
	f, _ := v.Facts().(*facts)
	if f == nil || !k.fresh(f, v, o, now) || !f.found {
		u := operations.Unmet{Code: CodeNoQuote, Subject: pairText(o), Remedy: "Ask again, or have another path set up."}
		if f != nil {
			for _, p := range f.passed {
				u.Figures = append(u.Figures, operations.Figure{Name: p.Provider, Value: p.Code})
			}
		}
		return t, append(unmet, u)
	}
	spread := f.path.Spread.For(f.session)
	rate := allIn(f.quote.Rate, spread, of.side)
	x := exchange(of.side, of.ofBase, o.Amount.Decimal, rate, f.quote.Rate, of.base.Scale, of.quote.Scale)
	unmet = append(of.within(o, x), limited(o, of.side, rate)...)
	if !x.base.IsPositive() || !x.quote.IsPositive() || !x.provided.IsPositive() {
		return t, unmet
	}
	t.Provider = f.path.Provider
	if of.pair.Execution == Priority {
		t.Provider = k.executes(v, &of)
	}
	debit, credit := x.quote, x.base
	if of.side == operations.Sell {
		debit, credit = credit, debit
	}
	t.Debit, t.Credit = accounts.Exact(debit), accounts.Exact(credit)
	t.Holds = []operations.HoldTerm{{Account: o.From, Amount: t.Debit}}
	t.Expires = now.Add(k.validFor(&o))
	if e := f.quote.Expires; !e.IsZero() && e.Before(t.Expires) {
		t.Expires = e
	}
	t.Exchange = &operations.Exchange{
		Base: of.base.Asset, Quote: of.quote.Asset, Side: of.side, Fixed: asset,
		BaseAmount: accounts.Exact(x.base), QuoteAmount: accounts.Exact(x.quote), ProviderAmount: accounts.Exact(x.provided),
		Slippage: accounts.Exact(x.provided.Mul(k.cfg.Slippage).Shift(-4).RoundDown(of.quote.Scale)),
		Rate:     accounts.Exact(rate), ProviderRate: accounts.Exact(f.quote.Rate),
		Reference: accounts.Exact(f.reference.Value), Source: f.reference.Source, At: f.reference.At.UTC(), Stale: f.reference.Stale || f.quote.Stale,
		Spread: accounts.Exact(spread), Session: string(f.session), Rounding: x.rounding,
		Parts:  of.pair.Fills == InPart && !k.cfg.Providers[t.Provider].Contract().Inside,
		Quoted: f.path.Provider, External: f.quote.External, Passed: f.passed, Legs: shown(f.reference.legs()),
	}
	t.Postings = t.Exchange.Postings(o, t.Provider)
	return t, unmet
}

// shown are legs as terms keep them.
func shown(legs []Rate) []operations.Leg {
	var all []operations.Leg
	for _, l := range legs {
		all = append(all, operations.Leg{Base: l.Base, Quote: l.Quote, Rate: accounts.Exact(l.Value), At: l.At.UTC(), Source: l.Source})
	}
	return all
}

// limited tells whether the rate is worse than the order's limit.
func limited(o operations.Order, side operations.Side, rate decimal.Decimal) []operations.Unmet {
	text, ok := o.Attributes[attrLimit]
	if !ok {
		return nil
	}
	limit, err := ParseRate(text)
	if err != nil || side == operations.Buy && !rate.GreaterThan(limit) || side == operations.Sell && !rate.LessThan(limit) {
		return nil
	}
	return []operations.Unmet{{
		Code: CodeLimitRate, Subject: pairText(o), Remedy: "Wait for another rate, or change the limit.",
		Figures: []operations.Figure{{Name: "limit", Value: accounts.Canonical(limit)}, {Name: "rate", Value: accounts.Canonical(rate)}},
	}}
}

// Wait tells that an order without a limit cannot wait.
func (*Kind) Wait(v operations.View) []operations.Unmet {
	o := v.Order()
	if _, ok := o.Attributes[attrLimit]; ok {
		return nil
	}
	return []operations.Unmet{{Code: CodeLimitNeeded, Subject: pairText(o), Remedy: "Give the worst rate that is agreed to."}}
}

// Again tells whether there may be a quote a little later.
func (*Kind) Again(unmet []operations.Unmet) bool {
	return len(unmet) == 1 && unmet[0].Code == CodeNoQuote
}

// within tells what of a trade's amounts is out of bounds.
func (of *offer) within(o operations.Order, x exchanged) []operations.Unmet {
	var unmet []operations.Unmet
	refuse := func(code, remedy string, limit decimal.Decimal) {
		unmet = append(unmet, operations.Unmet{
			Code: code, Subject: pairText(o), Remedy: remedy,
			Figures: []operations.Figure{{Name: "limit", Value: accounts.Canonical(limit)}, {Name: "asked", Value: accounts.Canonical(x.quote)}, {Name: "asset", Value: of.quote.Asset}},
		})
	}
	if !x.base.IsPositive() || !x.quote.IsPositive() || !x.provided.IsPositive() {
		refuse(CodeTooSmall, "Ask for more.", decimal.New(1, -of.quote.Scale))
	}
	if m := of.pair.Minimum; m.IsPositive() && x.quote.LessThan(m.Decimal) {
		refuse(CodeMinimum, "Ask for at least the minimum.", m.Decimal)
	}
	if m := of.pair.Maximum; m.IsPositive() && x.quote.GreaterThan(m.Decimal) {
		refuse(CodeMaximum, "Ask for at most the maximum.", m.Decimal)
	}
	return unmet
}
