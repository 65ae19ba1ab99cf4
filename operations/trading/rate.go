package trading

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/shopspring/decimal"

	"github.com/onbehalf/onbehalf/accounts"
	"github.com/onbehalf/onbehalf/operations"
	"github.com/onbehalf/onbehalf/tenancy"
)

// Rate is what one unit of the base asset is worth in the quote asset.
type Rate struct {
	Base, Quote string
	Value       decimal.Decimal // above zero, at most MaxRateScale digits after the point
	At          time.Time
	Source      string // at most 64 bytes
	Stale       bool   // older than it should be, and used all the same
	Legs        []Rate // what it was made from: one that was turned round, or two that were crossed
}

func (r Rate) validate() error {
	return errors.Join(checkRate(r.Value), tenancy.CheckText("source", r.Source, 64))
}

// ParseRate reads a rate as an amount is read: digits and at most one point, at
// most MaxRateScale digits after it, above zero.
func ParseRate(text string) (decimal.Decimal, error) {
	d, err := accounts.ParseAmount(text, MaxRateScale)
	if err != nil {
		return decimal.Decimal{}, err
	}
	return d, checkRate(d)
}

// Source brings rates of a market. ErrNoRate where it has none.
type Source interface {
	Rate(ctx context.Context, base, quote string) (Rate, error)
}

// rateDigits is how many significant digits a rate that was turned round or
// crossed keeps, within MaxRateScale.
const rateDigits = 16

// Inverse turns a rate round, rounded half to even.
func Inverse(r Rate) (Rate, error) {
	n := Rate{Base: r.Quote, Quote: r.Base, At: r.At, Source: r.Source, Stale: r.Stale, Legs: []Rate{r}}
	return n.of(decimal.New(1, 0), r.Value)
}

// Cross makes the rate of a/c from those of a/b and b/c. It is as old as the
// older of them. Rounded half to even.
func Cross(ab, bc Rate) (Rate, error) {
	if ab.Quote != bc.Base {
		return Rate{}, fmt.Errorf("%w: %s/%s and %s/%s do not meet", ErrNoRate, ab.Base, ab.Quote, bc.Base, bc.Quote)
	}
	n := Rate{Base: ab.Base, Quote: bc.Quote, At: ab.At, Source: ab.Source, Stale: ab.Stale || bc.Stale, Legs: []Rate{ab, bc}}
	if bc.At.Before(n.At) {
		n.At = bc.At
	}
	if bc.Source != ab.Source {
		n.Source = ab.Source + "+" + bc.Source
	}
	return n.of(ab.Value.Mul(bc.Value), decimal.New(1, 0))
}

func (r Rate) of(a, b decimal.Decimal) (Rate, error) {
	if !a.IsPositive() || !b.IsPositive() {
		return Rate{}, fmt.Errorf("%w: a rate that is not above zero", ErrNoRate)
	}
	whole := int32(a.NumDigits()) + a.Exponent() - int32(b.NumDigits()) - b.Exponent() //nolint:gosec // a rate has at most 24 digits
	scale := min(max(rateDigits-whole, 0), MaxRateScale)
	v, rest := a.QuoRem(b, scale)
	unit := decimal.New(1, -scale)
	switch rest.Add(rest).Cmp(b.Mul(unit)) {
	case 1:
		v = v.Add(unit)
	case 0:
		if v.Shift(scale).Mod(decimal.New(2, 0)).IsPositive() {
			v = v.Add(unit)
		}
	}
	r.Value = v
	return r, r.validateAs()
}

func (r Rate) validateAs() error {
	if err := r.validate(); err != nil {
		return fmt.Errorf("%w: %w", ErrNoRate, err)
	}
	return nil
}

// Market says how to make the most of a source.
type Market struct {
	// MaxAge is how old a rate may be; zero: however old. An older one is ErrStale,
	// or, with KeepStale, marked.
	MaxAge    time.Duration
	KeepStale bool
	Pivots    []string // assets to cross over, in the order to try; at most 8 are
}

// Over is a source that refuses or marks what is too old by the clock, which
// should be the engine's, turns rates round and crosses them over one asset.
func (m Market) Over(s Source, clock operations.Clock) Source {
	return market{Market: m, source: s, clock: clock}
}

type market struct {
	Market

	source Source
	clock  operations.Clock
}

// Rate brings the rate of a pair: as the source has it, or turned round, or
// crossed.
func (m market) Rate(ctx context.Context, base, quote string) (Rate, error) {
	r, err := m.either(ctx, base, quote)
	for _, p := range m.Pivots[:min(len(m.Pivots), 8)] {
		if !errors.Is(err, ErrNoRate) {
			break
		}
		if p != base && p != quote {
			r, err = m.crossed(ctx, base, p, quote)
		}
	}
	if err != nil {
		return Rate{}, err
	}
	if m.MaxAge > 0 && m.clock.Now().Sub(r.At) > m.MaxAge {
		if r.Stale = true; !m.KeepStale {
			return Rate{}, fmt.Errorf("%w: %s/%s is of %s", ErrStale, base, quote, r.At.Format(time.RFC3339))
		}
	}
	return r, nil
}

func (m market) crossed(ctx context.Context, base, over, quote string) (Rate, error) {
	ab, err := m.either(ctx, base, over)
	if err != nil {
		return Rate{}, err
	}
	bc, err := m.either(ctx, over, quote)
	if err != nil {
		return Rate{}, err
	}
	return Cross(ab, bc)
}

// either is the rate of a pair one way or the other.
func (m market) either(ctx context.Context, base, quote string) (Rate, error) {
	r, err := m.source.Rate(ctx, base, quote)
	if !errors.Is(err, ErrNoRate) {
		return r, err
	}
	if r, err = m.source.Rate(ctx, quote, base); err != nil {
		return Rate{}, err
	}
	return Inverse(r)
}
