package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/shopspring/decimal"

	"github.com/onbehalf/onbehalf/accounts"
	"github.com/onbehalf/onbehalf/operations"
	"github.com/onbehalf/onbehalf/operations/trading"
)

// The customer's rule: he buys for so many reais when a dollar costs a hundredth
// less than the mean of the days he remembers, and sells so many dollars when it
// costs a hundredth more. In the morning of one day, in the evening of the next,
// on weekends and holidays as well.
const (
	remembers = 20
	buysFor   = 2_000 // reais
	sells     = 600   // dollars

	morning = 11 * time.Hour
	evening = 20 * time.Hour

	decides = 10 * time.Second // until he agrees to a quote
	ponders = time.Minute      // so long now and then, and it has expired
	pondery = 40               // and that is every so many quotes
)

// person is the customer, and what he did.
type person struct {
	*firm

	ends    time.Time         // the last day
	days    []decimal.Decimal // the rates he remembers, the newest last
	asked   int               // for quotes
	expired int
	lacking int // refused: he had not the money
	done    map[trading.Session]*traded
	months  []month
}

// traded is what came of his trades, as their terms said before.
type traded struct {
	trades int
	base   decimal.Decimal // bought, less what was sold
	quote  decimal.Decimal // paid, less what was received
	volume decimal.Decimal // of the quote asset, both ways
	spread decimal.Decimal // of the quote asset: the firm's
}

// month is how things stood at its end.
type month struct {
	name    string
	rate    decimal.Decimal
	dollars decimal.Decimal // the customer's
	reais   decimal.Decimal
	income  decimal.Decimal // the firm's since the beginning, in reais
}

func customerOf(f *firm, ends time.Time) *person {
	return &person{firm: f, ends: ends, done: map[trading.Session]*traded{trading.Working: {}, trading.Closed: {}, trading.DayOff: {}}}
}

// live plays one day.
func (c *person) live(ctx context.Context, day time.Time) error {
	at := morning
	if day.YearDay()%2 == 0 {
		at = evening
	}
	c.clock.at = time.Date(day.Year(), day.Month(), day.Day(), int(at.Hours()), 0, 0, 0, c.zone)
	r, err := c.source.Rate(ctx, base, quote)
	if err != nil {
		return err
	}
	if t, wants := c.wish(r.Value); wants {
		if err := c.trade(ctx, t); err != nil {
			return err
		}
	}
	if c.days = append(c.days, r.Value); len(c.days) > remembers {
		c.days = c.days[1:]
	}
	if _, err := c.eng.Work(ctx, operations.Budget{}); err != nil { // ends quotes that expired
		return err
	}
	return c.note(ctx, day, r.Value)
}

// wish is what he wants at a rate, if anything.
func (c *person) wish(rate decimal.Decimal) (trading.Trade, bool) {
	t := trading.Trade{Base: c.dollars, Quote: c.reais}
	if len(c.days) < remembers {
		return t, false
	}
	mean := decimal.Avg(c.days[0], c.days[1:]...)
	hundredth := mean.Shift(-2)
	switch {
	case rate.LessThan(mean.Sub(hundredth)):
		t.Side, t.QuoteAmount = operations.Buy, decimal.New(buysFor, 0)
	case rate.GreaterThan(mean.Add(hundredth)):
		t.Side, t.BaseAmount = operations.Sell, decimal.New(sells, 0)
	default:
		return t, false
	}
	return t, true
}

// trade has a quote made, thinks it over, and agrees.
func (c *person) trade(ctx context.Context, t trading.Trade) error {
	s, err := c.enter(ctx)
	if err != nil {
		return err
	}
	c.asked++
	quoted, err := c.eng.Prepare(ctx, s, c.intent(), t)
	if refusedFor(err, accounts.CodeInsufficientAvailable) {
		c.lacking++
		return nil
	}
	if err != nil {
		return err
	}
	wait := decides
	if c.asked%pondery == 0 {
		wait = ponders
	}
	c.clock.at = c.clock.at.Add(wait)
	done, err := c.eng.Execute(ctx, s, c.intent(), quoted.Operation.Ref())
	switch {
	case refusedFor(err, operations.CodeTermsExpired):
		c.expired++
		return nil
	case err != nil:
		return err
	case done.Operation.State != operations.Completed:
		return fmt.Errorf("a trade is %s", done.Operation.State)
	}
	c.count(done.Operation.Terms.Exchange)
	return nil
}

// refusedFor tells whether a command was refused, for nothing but this.
func refusedFor(err error, code string) bool {
	refused, ok := errors.AsType[*operations.RefusedError](err)
	return ok && !slices.ContainsFunc(refused.Unmet, func(u operations.Unmet) bool { return u.Code != code })
}

func (c *person) count(x *operations.Exchange) {
	d := c.done[trading.Session(x.Session)]
	b, q := x.BaseAmount.Decimal, x.QuoteAmount.Decimal
	earned := q.Sub(x.ProviderAmount.Decimal)
	if x.Side == operations.Sell {
		b, q, earned = b.Neg(), q.Neg(), earned.Neg()
	}
	d.trades++
	d.base, d.quote = d.base.Add(b), d.quote.Add(q)
	d.volume, d.spread = d.volume.Add(q.Abs()), d.spread.Add(earned)
}

// note keeps how things stand when the month ends, or the play.
func (c *person) note(ctx context.Context, day time.Time, rate decimal.Decimal) error {
	name := day.Format("2006-01")
	n := len(c.months)
	if n == 0 || c.months[n-1].name != name {
		c.months = append(c.months, month{name: name})
		n++
	}
	next := day.AddDate(0, 0, 1)
	if next.Month() == day.Month() && !next.After(c.ends) {
		return nil
	}
	has, err := c.balances(ctx)
	if err != nil {
		return err
	}
	at, err := c.position(ctx)
	if err != nil {
		return err
	}
	m := &c.months[n-1]
	m.rate, m.dollars, m.reais = rate, has[c.dollars], has[c.reais]
	m.income = at[operations.PositionPlace{Ref: accounts.IncomeSpread, Asset: quote}]
	return nil
}

// balances are the customer's.
func (c *person) balances(ctx context.Context) (map[accounts.ID]decimal.Decimal, error) {
	s, err := c.enter(ctx)
	if err != nil {
		return nil, err
	}
	all, err := c.eng.Book(s).Accounts(ctx)
	has := map[accounts.ID]decimal.Decimal{}
	for _, a := range all {
		has[a.ID] = a.Posted.Decimal
	}
	return has, err
}
