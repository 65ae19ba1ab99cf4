package accounts

import (
	"slices"

	"github.com/shopspring/decimal"

	"github.com/onbehalf/onbehalf/tenancy"
)

// Rounding names how a figure is brought to an asset's scale. The zero value is
// HalfEven.
type Rounding string

// The roundings.
const (
	HalfEven Rounding = "half_even" // to the nearest, from the middle to the even one
	HalfUp   Rounding = "half_up"   // to the nearest, from the middle away from zero
	Up       Rounding = "up"        // away from zero
	Down     Rounding = "down"      // towards zero
)

// Roundings lists the roundings.
func Roundings() []Rounding { return []Rounding{HalfEven, HalfUp, Up, Down} }

// Validate accepts the roundings and the zero value.
func (r Rounding) Validate() error {
	if r == "" || slices.Contains(Roundings(), r) {
		return nil
	}
	return tenancy.Invalid("rounding", "is not a rounding")
}

// Round brings d to at most scale decimal places. A figure that fits stays as it is.
func (r Rounding) Round(d decimal.Decimal, scale int32) decimal.Decimal {
	if c, ok := compact(d); ok && scale >= 0 {
		if drop := -d.Exponent() - scale; drop > 0 {
			return decimal.New(r.divide(c, int64(pow10[drop])), -scale) //nolint:gosec // at most 10^18
		}
		return d
	}
	switch r {
	case HalfUp:
		return d.Round(scale)
	case Up:
		return d.RoundUp(scale)
	case Down:
		return d.RoundDown(scale)
	case HalfEven:
	}
	return d.RoundBank(scale)
}

// divide rounds the quotient of a coefficient and a power of ten, of at most
// 10^18 each.
func (r Rounding) divide(c, by int64) int64 {
	q, rest := c/by, c%by
	away := false
	switch twice := 2 * max(rest, -rest); r {
	case Up:
		away = rest != 0
	case HalfUp:
		away = twice >= by
	case Down:
	default: // HalfEven, by its name or as the zero value
		away = twice > by || twice == by && q%2 != 0
	}
	switch {
	case !away:
		return q
	case c < 0:
		return q - 1
	}
	return q + 1
}
