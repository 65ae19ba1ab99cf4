package trading

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/shopspring/decimal"
	"golang.org/x/sync/singleflight"

	"github.com/onbehalf/onbehalf/accounts"
	"github.com/onbehalf/onbehalf/operations"
	"github.com/onbehalf/onbehalf/tenancy"
)

// KindTrade is the kind of trades.
const KindTrade = "trade"

// Config is what a firm chooses about trades. The zero value works once there
// is a provider.
type Config struct {
	// Providers that may quote, by the name that the engine's Config.Providers has
	// them under: give both the same.
	Providers map[string]Provider

	// Calendars tell each provider's hours, by which spreads are chosen. One
	// without is always at work.
	Calendars map[string]Calendar

	// Reference is the market's rate that terms show for comparison. Nil: the
	// provider's own.
	Reference Source

	// Deadline is how long a provider has to quote, and the reference to answer.
	// Zero: 2 seconds. At most a minute. Deadlines are those of providers with
	// another.
	Deadline  time.Duration
	Deadlines map[string]time.Duration

	// ValidFor is how long a quote stands when nobody asks for another length, and
	// MaxValid the longest that may be asked for; the provider's own expiry and
	// the engine's TermsValid end it earlier. Zero: 30 seconds, and 5 minutes. At
	// most a day.
	ValidFor time.Duration
	MaxValid time.Duration

	// MaxQuotes is how many quotes a customer may have open. Zero: 20.
	MaxQuotes int

	// Slippage is by how many basis points a provider's amount may differ from the
	// one quoted when it executes, at the firm's cost or gain: the customer's
	// amounts stand. Zero: by nothing; another amount is a mismatch.
	Slippage decimal.Decimal

	// Breaker says when a provider that does not quote is left alone.
	Breaker Breaker
}

func (c Config) defaulted() Config {
	set := func(d *time.Duration, to time.Duration) {
		if *d == 0 {
			*d = to
		}
	}
	set(&c.Deadline, 2*time.Second)
	set(&c.ValidFor, 30*time.Second)
	set(&c.MaxValid, max(5*time.Minute, c.ValidFor))
	if c.MaxQuotes == 0 {
		c.MaxQuotes = 20
	}
	c.Breaker = c.Breaker.defaulted()
	return c
}

func (c Config) validate() error {
	var errs []error
	within := func(field string, d, lo, hi time.Duration) {
		if d < lo || d > hi {
			errs = append(errs, tenancy.Invalid(field, fmt.Sprintf("is %v and must be %v to %v", d, lo, hi)))
		}
	}
	within("Deadline", c.Deadline, time.Millisecond, time.Minute)
	for _, name := range slices.Sorted(maps.Keys(c.Deadlines)) {
		field := fmt.Sprintf("Deadlines[%q]", name)
		if _, ok := c.Providers[name]; !ok {
			errs = append(errs, tenancy.Invalid(field, "is of no provider"))
		}
		within(field, c.Deadlines[name], time.Millisecond, time.Minute)
	}
	within("ValidFor", c.ValidFor, time.Second, 24*time.Hour)
	within("MaxValid", c.MaxValid, c.ValidFor, 24*time.Hour)
	if c.MaxQuotes < 1 || c.MaxQuotes > 1000 {
		errs = append(errs, tenancy.Invalid("MaxQuotes", "is not 1 to 1000"))
	}
	if c.Slippage.IsNegative() || c.Slippage.GreaterThan(decimal.New(bpsBase, 0)) || c.Slippage.Exponent() < -2 {
		errs = append(errs, tenancy.Invalid("Slippage", "is not 0 to 10000 basis points, with two decimal places at most"))
	}
	for _, name := range slices.Sorted(maps.Keys(c.Providers)) {
		errs = append(errs, accounts.CheckProvider(fmt.Sprintf("Providers[%q]", name), name))
		if name == operations.DeskName {
			errs = append(errs, tenancy.Invalid(fmt.Sprintf("Providers[%q]", name), "has the name of the manual desk: give it another"))
		}
		if c.Providers[name] == nil {
			errs = append(errs, tenancy.Invalid(fmt.Sprintf("Providers[%q]", name), "is nil"))
		}
	}
	for _, name := range slices.Sorted(maps.Keys(c.Calendars)) {
		if _, ok := c.Providers[name]; !ok {
			errs = append(errs, tenancy.Invalid(fmt.Sprintf("Calendars[%q]", name), "is of no provider"))
		}
		if err := c.Calendars[name].Validate(); err != nil {
			errs = append(errs, tenancy.Invalid(fmt.Sprintf("Calendars[%q]", name), tenancy.Fields(err)[0].Problem))
		}
	}
	errs = append(errs, c.Breaker.validate())
	return errors.Join(errs...)
}

// Kind is the kind of trades: an operation that turns one asset of a customer
// into another at a rate that a provider quotes. A prepared trade is a quote.
// Make one with New; it may be used by several engines at once.
type Kind struct {
	cfg      Config
	joined   singleflight.Group
	breakers breakers
}

// New makes the kind. All problems of the configuration are reported at once.
func New(c Config) (*Kind, error) {
	c = c.defaulted()
	if err := c.validate(); err != nil {
		return nil, fmt.Errorf("trading: %w", err)
	}
	return &Kind{cfg: c, breakers: newBreakers(c.Breaker)}, nil
}

// Trade asks to buy or sell so much of a pair's base asset, or for so much of
// its quote asset. Exactly one of the two amounts is given; it stays exact.
type Trade struct {
	Base, Quote accounts.ID // the customer's accounts, as the pair has them
	Side        operations.Side
	BaseAmount  decimal.Decimal
	QuoteAmount decimal.Decimal

	// Limit is the worst all-in rate the customer agrees to: the highest when he
	// buys, the lowest when he sells. Zero: none. What waits, for NotBefore or for
	// the approval of others, must have one: it is priced anew when it is let go.
	Limit     decimal.Decimal
	NotBefore time.Time // when it may happen at the earliest; zero: at once

	ValidFor  time.Duration // how long the quote is to stand; zero: as the firm's policy says
	Reference string        // the firm's own reference, as that of every order
}

// The attributes of an order that is a trade.
const (
	attrSide  = "side"
	attrFixed = "fixed"
	attrValid = "valid_for"
	attrLimit = "limit"

	fixedBase  = "base"
	fixedQuote = "quote"
)

// Order is the trade in the form of all orders.
func (t Trade) Order() operations.Order {
	o := operations.Order{Kind: KindTrade, From: t.Quote, To: t.Base, Reference: t.Reference, NotBefore: t.NotBefore}
	if t.Side == operations.Sell {
		o.From, o.To = t.Base, t.Quote
	}
	o.Attributes = map[string]string{attrSide: string(t.Side)}
	switch {
	case !t.QuoteAmount.IsZero() && !t.BaseAmount.IsZero():
		o.Amount = accounts.Exact(t.BaseAmount) // and nothing says which one is meant
	case !t.QuoteAmount.IsZero():
		o.Amount, o.Attributes[attrFixed] = accounts.Exact(t.QuoteAmount), fixedQuote
	default:
		o.Amount, o.Attributes[attrFixed] = accounts.Exact(t.BaseAmount), fixedBase
	}
	if !t.Limit.IsZero() {
		o.Attributes[attrLimit] = "none" // of a figure that is no rate
		if CheckRate("rate", t.Limit) == nil {
			o.Attributes[attrLimit] = accounts.Canonical(t.Limit)
		}
	}
	if t.ValidFor != 0 {
		o.Attributes[attrValid] = t.ValidFor.String()
	}
	return o
}

// Name is KindTrade.
func (*Kind) Name() string { return KindTrade }

// Validate tells what is malformed in an order of this kind.
func (k *Kind) Validate(o operations.Order) error {
	var errs []error
	wrong := func(is bool, field, why string) {
		if is {
			errs = append(errs, tenancy.Invalid(field, why))
		}
	}
	wrong(o.From == "", "from", "is required")
	wrong(o.To == "", "to", "is required")
	wrong(o.From != "" && o.From == o.To, "to", "is the account the money comes from")
	wrong(o.Via != "", "via", "does not belong to this kind of operation")
	wrong(o.Purpose != "", "purpose", "does not belong to this kind of operation")
	side := o.Attributes[attrSide]
	wrong(side != string(operations.Buy) && side != string(operations.Sell), "side", "is not buy or sell")
	fixed := o.Attributes[attrFixed]
	wrong(fixed != fixedBase && fixed != fixedQuote, "amount", "has to be given of exactly one of base and quote")
	if text, ok := o.Attributes[attrLimit]; ok {
		_, err := ParseRate(text)
		wrong(err != nil, "limit", "is not a rate")
	}
	if text, ok := o.Attributes[attrValid]; ok {
		if d, err := time.ParseDuration(text); err != nil || d < time.Second || d > k.cfg.MaxValid {
			errs = append(errs, tenancy.Invalid("valid_for", fmt.Sprintf("is not %v to %v", time.Second, k.cfg.MaxValid)))
		}
	}
	var others []string
	for name := range o.Attributes {
		if name != attrSide && name != attrFixed && name != attrValid && name != attrLimit {
			others = append(others, name)
		}
	}
	slices.Sort(others)
	for _, name := range others {
		errs = append(errs, tenancy.Invalid("attributes", fmt.Sprintf("has %q, which is none of a trade", name)))
	}
	return errors.Join(errs...)
}

// Measure is the account whose asset the amount is of.
func (*Kind) Measure(o operations.Order) accounts.ID {
	if (o.Attributes[attrFixed] == fixedBase) == (o.Attributes[attrSide] == string(operations.Buy)) {
		return o.To
	}
	return o.From
}

// validFor is how long the quote of an order is to stand.
func (k *Kind) validFor(o *operations.Order) time.Duration {
	if text, ok := o.Attributes[attrValid]; ok {
		if d, err := time.ParseDuration(text); err == nil && d > 0 {
			return d
		}
	}
	return k.cfg.ValidFor
}
