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
