package trading

import (
	"github.com/shopspring/decimal"

	"github.com/onbehalf/onbehalf/accounts"
	"github.com/onbehalf/onbehalf/operations"
)

// bpsBase is how many basis points are the whole.
const bpsBase = 10_000

// allIn is the customer's rate: the provider's with the spread against him. It
// is exact, but that what lies beyond MaxRateScale is rounded against him too:
// of a provider's rate with twelve digits after the point nothing does.
func allIn(rate, bps decimal.Decimal, side operations.Side) decimal.Decimal {
	if side == operations.Sell {
		bps = bps.Neg()
	}
	all, _ := round(rate.Mul(decimal.New(bpsBase, 0).Add(bps)).Shift(-4), MaxRateScale, side == operations.Buy)
	return all
}

// exchanged are the amounts of a trade.
type exchanged struct {
	base, quote decimal.Decimal // the customer's
	provided    decimal.Decimal // of the quote asset, at the provider's rate
	rounding    accounts.Rounding
}

// exchange computes the amount that is not fixed, rounded against the customer
// by less than one unit of its scale, and the provider's, to the nearest. What
// the roundings leave is in the firm's spread, which is never below zero unless
// the spread in basis points is.
func exchange(side operations.Side, ofBase bool, amount, rate, providers decimal.Decimal, baseScale, quoteScale int32) exchanged {
	x := exchanged{base: amount, quote: amount}
	var exact bool
	if ofBase {
		up := side == operations.Buy
		x.quote, exact = round(amount.Mul(rate), quoteScale, up)
		x.rounding = rounding(up, exact)
	} else {
		up := side == operations.Sell
		x.base, exact = divide(amount, rate, baseScale, up)
		x.rounding = rounding(up, exact)
	}
	x.provided = x.base.Mul(providers).RoundBank(quoteScale)
	return x
}

func rounding(up, exact bool) accounts.Rounding {
	switch {
	case exact:
		return ""
	case up:
		return accounts.Up
	}
	return accounts.Down
}

func round(d decimal.Decimal, scale int32, up bool) (decimal.Decimal, bool) {
	r := d.RoundDown(scale)
	if r.Equal(d) {
		return r, true
	}
	if up {
		r = r.Add(decimal.New(1, -scale))
	}
	return r, false
}

// divide is a/b, both above zero, to the scale.
func divide(a, b decimal.Decimal, scale int32, up bool) (decimal.Decimal, bool) {
	q, rest := a.QuoRem(b, scale)
	if rest.IsZero() {
		return q, true
	}
	if up {
		q = q.Add(decimal.New(1, -scale))
	}
	return q, false
}
