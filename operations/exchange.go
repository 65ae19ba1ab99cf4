package operations

import (
	"errors"
	"fmt"
	"time"

	"github.com/shopspring/decimal"

	"github.com/onbehalf/onbehalf/accounts"
	"github.com/onbehalf/onbehalf/tenancy"
)

// Side is what the customer does with the base asset of a pair.
type Side string

// The sides.
const (
	Buy  Side = "buy"
	Sell Side = "sell"
)

// Exchange is the price of an operation that turns one asset into another, as
// it stands in its terms before agreement. One unit of the base asset is worth
// so many of the quote asset. Of such terms Debit is in the asset of the
// account that is debited, and Credit in that of the one credited.
type Exchange struct {
	Base  string `json:"base"`
	Quote string `json:"quote"`
	Side  Side   `json:"side"`
	Fixed string `json:"fixed"` // the asset whose amount was asked for, and is exact

	BaseAmount  accounts.Amount `json:"base_amount"`  // changes hands between customer and provider, without fees
	QuoteAmount accounts.Amount `json:"quote_amount"` // paid or received by the customer, without fees

	ProviderAmount accounts.Amount `json:"provider_amount"`   // of the quote asset: at the provider's rate; the rest is the firm's spread
	Slippage       accounts.Amount `json:"slippage,omitzero"` // by how much the provider's amount may differ, at the firm's cost or gain

	Parts  bool            `json:"parts,omitempty"` // the provider may carry out a part and let the rest go; otherwise it is all or nothing
	Agreed accounts.Amount `json:"agreed,omitzero"` // the base amount that was agreed, where a part of it happened: the other amounts are the part's

	Rate         accounts.Amount   `json:"rate"`          // all-in: what the customer's amounts are computed with
	ProviderRate accounts.Amount   `json:"provider_rate"` // without spread
	Reference    accounts.Amount   `json:"reference"`     // the market's, for comparison
	Source       string            `json:"source"`        // of the reference
	At           time.Time         `json:"at"`            // of the reference
	Stale        bool              `json:"stale,omitempty"`
	Spread       accounts.Amount   `json:"spread"`             // basis points of the provider's rate
	Session      string            `json:"session,omitempty"`  // of the provider's hours, by which the spread was chosen
	Rounding     accounts.Rounding `json:"rounding,omitempty"` // of the amount that is not fixed, where it had to be rounded

	Quoted   string `json:"quoted"`             // the provider whose rate it is
	External string `json:"external,omitempty"` // his name for the quote
	Passed   []Pass `json:"passed,omitempty"`   // paths that were tried and gave no rate, in order
	Legs     []Leg  `json:"legs,omitempty"`     // rates that the reference was made from, where it was turned round or crossed
}

// Leg is a rate of a market that another was made from: so many of the quote
// asset for one of the base.
type Leg struct {
	Base   string          `json:"base"`
	Quote  string          `json:"quote"`
	Rate   accounts.Amount `json:"rate"`
	At     time.Time       `json:"at"`
	Source string          `json:"source,omitempty"`
}

// MaxLegs is how many rates one is made from at most.
const MaxLegs = 2

// Pass is a path that gave no rate, and why.
type Pass struct {
	Provider string `json:"provider"`
	Code     string `json:"code"` // stable, such as "no_answer"
}

// The longest that an exchange's texts may be, in bytes, and the most paths it
// tells of.
const (
	maxExchangeText = 128
	maxPasses       = 32
)

// clone shares nothing with the exchange.
func (x *Exchange) clone() *Exchange {
	if x == nil {
		return nil
	}
	n := *x
	n.Passed, n.Legs = append([]Pass(nil), x.Passed...), append([]Leg(nil), x.Legs...)
	return &n
}

// sound checks what an exchange says against the postings it is to explain.
func (x *Exchange) sound(v View, t *Terms) error {
	base, quote := v.asset(v.order.To), v.asset(v.order.From)
	if x.Side == Sell {
		base, quote = quote, base
	}
	switch {
	case x.Side != Buy && x.Side != Sell, x.Base != base, x.Quote != quote, x.Base == x.Quote, x.Fixed != t.Asset, x.Fixed != base && x.Fixed != quote:
		return fmt.Errorf("%w: an exchange of other assets than its accounts'", errUnsound)
	case len(x.Passed) > maxPasses:
		return fmt.Errorf("%w: more than %d paths", errUnsound, maxPasses)
	case len(x.Legs) > MaxLegs:
		return fmt.Errorf("%w: more than %d legs", errUnsound, MaxLegs)
	}
	for _, s := range []string{x.Source, x.Session, x.Quoted, x.External} {
		if tenancy.CheckText("exchange", s, maxExchangeText) != nil {
			return fmt.Errorf("%w: a text that cannot be kept", errUnsound)
		}
	}
	if x.inPart() || x.Parts && !x.divisible(v, t) {
		return fmt.Errorf("%w: an exchange of which no part could happen", errUnsound)
	}
	for _, l := range x.Legs {
		if errors.Join(tenancy.CheckText("base", l.Base, 16), tenancy.CheckText("quote", l.Quote, 16), tenancy.CheckText("source", l.Source, maxExchangeText),
			accounts.CheckAmount("rate", l.Rate.Decimal, accounts.MaxScale)) != nil {
			return fmt.Errorf("%w: a leg that cannot be kept", errUnsound)
		}
	}
	for _, a := range []accounts.Amount{x.BaseAmount, x.QuoteAmount, x.ProviderAmount, x.Rate, x.ProviderRate, x.Reference} {
		if accounts.CheckAmount("exchange", a.Decimal, accounts.MaxScale) != nil {
			return fmt.Errorf("%w: a figure of an exchange that is none", errUnsound)
		}
	}
	return nil
}

// fits tells whether a settled answer is about this exchange: the base amount
// exactly, the quote amount within what it may slip.
func (x *Exchange) fits(a Answer) bool {
	return a.Asset == x.Base && a.Amount.Equal(x.BaseAmount.Decimal) && a.CounterAsset == x.Quote &&
		a.Counter.Sub(x.ProviderAmount.Decimal).Abs().LessThanOrEqual(x.Slippage.Decimal)
}

// Postings are what the exchange posts for the order, without fees: customer
// against clearing of the provider, and the difference between what he pays or
// gets and the provider's amount to the firm's spread.
func (x *Exchange) Postings(o Order, provider string) []accounts.Posting {
	from, to := accounts.Customer(o.From), accounts.Customer(o.To)
	clearing := accounts.Clearing(provider)
	b, q, p := x.BaseAmount.Decimal, x.QuoteAmount.Decimal, x.ProviderAmount.Decimal
	baseRef, quoteRef := to, from
	if x.Side == Sell {
		baseRef, quoteRef = from, to
		b, q, p = b.Neg(), q.Neg(), p.Neg()
	}
	ps := []accounts.Posting{
		{Ref: quoteRef, Asset: x.Quote, Amount: accounts.Exact(q.Neg())},
		{Ref: clearing, Asset: x.Quote, Amount: accounts.Exact(p)},
		{Ref: clearing, Asset: x.Base, Amount: accounts.Exact(b.Neg())},
		{Ref: baseRef, Asset: x.Base, Amount: accounts.Exact(b)},
	}
	if spread := q.Sub(p); !spread.IsZero() {
		ps = append(ps, accounts.Posting{Ref: accounts.IncomeSpread, Asset: x.Quote, Amount: accounts.Exact(spread)})
	}
	return ps
}

// slip is what the provider's amount turned out to be worth to the firm: the
// customer's amounts stand, the spread takes it.
func (x *Exchange) slip(t *Terms, provided decimal.Decimal) {
	by := provided.Sub(x.ProviderAmount.Decimal)
	if by.IsZero() {
		return
	}
	if x.Side == Buy { // the firm paid the provider so much more
		by = by.Neg()
	}
	x.ProviderAmount = accounts.Exact(provided)
	for _, leg := range []struct {
		ref accounts.Ref
		by  decimal.Decimal
	}{{accounts.Clearing(t.Provider), by.Neg()}, {accounts.IncomeSpread, by}} {
		t.Postings = append(t.Postings, accounts.Posting{Ref: leg.ref, Asset: x.Quote, Amount: accounts.Exact(leg.by)})
	}
}
