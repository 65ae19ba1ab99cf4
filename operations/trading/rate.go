package trading

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/shopspring/decimal"

	"github.com/onbehalf/onbehalf/accounts"
	"github.com/onbehalf/onbehalf/tenancy"
)

// Rate is what one unit of the base asset is worth in the quote asset.
type Rate struct {
	Base, Quote string          // assets
	Value       decimal.Decimal // as CheckRate has it
	At          time.Time       // when it was the market's
	Source      string          // at most 64 bytes
	Stale       bool            // older than it should be, and used all the same
	Legs        []Rate          // what it was made from: one that was turned round, or two that were crossed
}

// Source brings rates of a market. It is called from many goroutines and honours
// ctx. ErrNoRate where it has none, ErrStale where what it has is too old; any
// other error means that it is not known.
type Source interface {
	Rate(ctx context.Context, base, quote string) (Rate, error)
}

// Local is for sources and providers that can tell that they quote by what this
// process has, and ask nobody: a quote of theirs alone is made without looking
// first whether its command was carried out already. What embeds one and asks
// others says so by a Local of its own.
type Local interface {
	Local() bool
}

func local(by any) bool {
	l, ok := by.(Local)
	return ok && l.Local()
}

const (
	// MaxRateScale is the most digits that a rate may have after the point.
	MaxRateScale = accounts.MaxScale

	// rateDigits is how many significant digits at least a rate keeps that was
	// turned round or crossed, within MaxRateScale.
	rateDigits = 16

	maxRateDigits = 24
	minRate       = -12 // exponent of the least rate
	maxSource     = 64
)

// ParseRate reads a rate as amounts are read, by accounts.ParseAmount, and holds
// it to CheckRate.
func ParseRate(text string) (decimal.Decimal, error) {
	d, err := accounts.ParseAmount(text, MaxRateScale)
	if err != nil {
		return decimal.Decimal{}, tenancy.Invalid("rate", tenancy.Fields(err)[0].Problem)
	}
	return d, CheckRate("rate", d)
}

// CheckRate says whether a decimal may be a rate: at least 0.000000000001, at
// most 24 digits, at most MaxRateScale of them after the point, zeros at the end
// not counted. What is worth less is better priced the other way round. An error
// matches tenancy.ErrInvalid and names the field.
func CheckRate(field string, r decimal.Decimal) error {
	if err := accounts.CheckAmount(field, r, MaxRateScale); err != nil {
		return err
	}
	switch before, after := accounts.Spread(r); {
	case before+after > maxRateDigits:
		return tenancy.Invalid(field, fmt.Sprintf("has more than %d digits", maxRateDigits))
	case r.LessThan(decimal.New(1, minRate)):
		return tenancy.Invalid(field, "is below 0.000000000001")
	}
	return nil
}

// legs are the rates that a market gave, from which this one was made: of one
// that was crossed from a rate turned round, that rate.
func (r Rate) legs() []Rate {
	var all []Rate
	for _, l := range r.Legs {
		if len(l.Legs) == 1 {
			l = l.Legs[0]
		}
		all = append(all, l)
	}
	return all
}

// Validate tells whether the rate can be relied on. All that is wrong is told at
// once.
func (r Rate) Validate() error {
	errs := []error{
		tenancy.CheckText("base", r.Base, 16), tenancy.CheckText("quote", r.Quote, 16),
		CheckRate("value", r.Value), tenancy.CheckText("source", r.Source, maxSource),
	}
	if r.Base == "" || r.Base == r.Quote {
		errs = append(errs, tenancy.Invalid("base", "is empty, or the quote asset"))
	}
	if y := r.At.UTC().Year(); y < 1970 || y > 9999 {
		errs = append(errs, tenancy.Invalid("at", "is outside the years 1970 to 9999"))
	}
	return errors.Join(errs...)
}

// Inverse turns a rate round, rounded half to even at the 16th significant digit
// or later, or at MaxRateScale where that comes first. An amount at the inverse
// is then off by less than a 10^15th of itself, and by no more than half a
// 10^18th of the other amount: whatever has two decimal places and is below a
// 10^12 rounds as by the exact rate, but that a tie may fall to either side.
// ErrNoRate where the inverse is no rate.
func Inverse(r Rate) (Rate, error) {
	n := Rate{Base: r.Quote, Quote: r.Base, At: r.At, Source: r.Source, Stale: r.Stale, Legs: []Rate{r}}
	return n.of(decimal.New(1, 0), r.Value)
}

// Cross makes the rate of a/c from those of a/b and b/c, and keeps both. It is as
// old as the older of them, and stale where one is. Rounded as Inverse does.
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

// of is the rate with the value a/b.
func (r Rate) of(a, b decimal.Decimal) (Rate, error) {
	if !a.IsPositive() || !b.IsPositive() {
		return Rate{}, fmt.Errorf("%w: a rate that is not above zero", ErrNoRate)
	}
	whole := int32(a.NumDigits()) + a.Exponent() - int32(b.NumDigits()) - b.Exponent() //nolint:gosec // a product of rates has at most 76 digits
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
	if err := r.Validate(); err != nil {
		return Rate{}, fmt.Errorf("%w: %w", ErrNoRate, err)
	}
	return r, nil
}
