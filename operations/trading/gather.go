package trading

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/shopspring/decimal"

	"github.com/onbehalf/onbehalf/accounts"
	"github.com/onbehalf/onbehalf/operations"
)

// Why a path gave no rate.
const (
	PassNoAnswer = "no_answer"  // an error, or not in time
	PassUnusable = "unusable"   // an answer that cannot be relied on
	PassBroken   = "left_alone" // it failed too often lately, see Breaker
	PassStale    = "stale"      // the rate is older than its source may be
	PassNoRate   = "no_rate"    // it has none for the pair
)

// Near tells whether all who may quote the order, and the reference, answer by
// what this process has, see Local.
func (k *Kind) Near(v operations.View) bool {
	of, unmet := k.offered(v, v.Order())
	return len(unmet) == 0 && (k.cfg.Reference == nil || local(k.cfg.Reference)) &&
		!slices.ContainsFunc(of.paths, func(p Path) bool { return !local(k.cfg.Providers[p.Provider]) })
}

// Gather asks for quotes by the pair's strategy.
func (k *Kind) Gather(ctx context.Context, v operations.View, now time.Time) any {
	o := v.Order()
	f := &facts{from: o.From, to: o.To, amount: o.Amount.Decimal, attributes: o.Attributes, at: now}
	f.pair, f.customer = versions(v, o)
	of, unmet := k.offered(v, o)
	if f.refused = len(unmet) > 0; f.refused {
		return f // Plan tells
	}
	q := Ask{Base: of.base.Asset, Quote: of.quote.Asset, Side: of.side, Amount: o.Amount.Decimal, OfBase: of.ofBase, ValidFor: k.validFor(&o)}
	if of.pair.Quotation == BestPrice {
		k.best(ctx, f, q, of, now)
	} else {
		k.first(ctx, f, q, of, now)
	}
	if f.found {
		k.refer(ctx, f, q)
	}
	return f
}

var errPanicked = errors.New("the provider panicked")

// first takes the first path that answers.
func (k *Kind) first(ctx context.Context, f *facts, q Ask, of offer, now time.Time) {
	for _, p := range of.paths {
		if ctx.Err() != nil {
			return // nobody waits for it any more
		}
		quote, why := k.ask(ctx, p, q, now)
		if why == "" {
			f.take(p, quote, k.session(p.Provider, now))
			return
		}
		f.passed = append(f.passed, operations.Pass{Provider: p.Provider, Code: why})
	}
}

// best asks all paths at once and takes the one with the best rate for the
// customer.
func (k *Kind) best(ctx context.Context, f *facts, q Ask, of offer, now time.Time) {
	quotes := make([]Quotation, len(of.paths))
	why := make([]string, len(of.paths))
	var wg sync.WaitGroup
	for i, p := range of.paths {
		wg.Go(func() {
			quotes[i], why[i] = k.ask(ctx, p, q, now)
		})
	}
	wg.Wait()
	var best decimal.Decimal
	for i, p := range of.paths {
		if why[i] != "" {
			f.passed = append(f.passed, operations.Pass{Provider: p.Provider, Code: why[i]})
			continue
		}
		session := k.session(p.Provider, now)
		rate := allIn(quotes[i].Rate, p.Spread.For(session), of.side)
		if !f.found || of.side == operations.Buy && rate.LessThan(best) || of.side == operations.Sell && rate.GreaterThan(best) {
			best = rate
			f.take(p, quotes[i], session)
		}
	}
}

func (f *facts) take(p Path, q Quotation, s Session) {
	f.path, f.quote, f.session, f.found = p, q, s, true
}

func (k *Kind) session(provider string, now time.Time) Session {
	if c, ok := k.cfg.Calendars[provider]; ok {
		return c.At(now)
	}
	return Working
}

func (k *Kind) deadline(provider string) time.Duration {
	if d, ok := k.cfg.Deadlines[provider]; ok {
		return d
	}
	return k.cfg.Deadline
}

// ask has one provider quote, within the deadline; requests that are the same
// are asked once at a time.
func (k *Kind) ask(ctx context.Context, p Path, q Ask, now time.Time) (Quotation, string) {
	if !k.breakers.allows(p.Provider, now) {
		return Quotation{}, PassBroken
	}
	key := strings.Join([]string{p.Provider, q.Base, q.Quote, string(q.Side), accounts.Canonical(q.Amount), cmp.Or(map[bool]string{true: fixedBase}[q.OfBase], fixedQuote), q.ValidFor.String()}, "|")
	got, err, _ := k.joined.Do(key, func() (_ any, err error) {
		defer func() {
			if x := recover(); x != nil {
				err = errPanicked
			}
		}()
		// It is asked for all who wait, so the first of them cannot call it off.
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), k.deadline(p.Provider))
		defer cancel()
		quote, err := k.cfg.Providers[p.Provider].Quote(ctx, q)
		if err == nil {
			err = ctx.Err() // too late is no answer
		}
		return quote, err
	})
	quote, _ := got.(Quotation)
	switch {
	case errors.Is(err, ErrNoRate):
		return Quotation{}, PassNoRate
	case errors.Is(err, ErrStale):
		return Quotation{}, PassStale
	case err != nil:
		k.breakers.failed(p.Provider, now)
		return Quotation{}, PassNoAnswer
	case quote.usable(now) != nil:
		k.breakers.failed(p.Provider, now)
		return Quotation{}, PassUnusable
	}
	k.breakers.answered(p.Provider)
	return quote, ""
}

// refer finds the market's rate for comparison; without one it is the
// provider's own.
func (k *Kind) refer(ctx context.Context, f *facts, q Ask) {
	f.reference = Rate{Base: q.Base, Quote: q.Quote, Value: f.quote.Rate, At: f.at, Source: f.path.Provider, Stale: f.quote.Stale, Legs: f.quote.Legs}
	if k.cfg.Reference == nil {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, k.cfg.Deadline)
	defer cancel()
	if r, err := k.cfg.Reference.Rate(ctx, q.Base, q.Quote); err == nil && errors.Join(r.Validate(), usableLegs(r.legs())) == nil {
		f.reference = r
	}
}
