package accounts

import (
	"fmt"
	"math/big"
	"strings"

	"github.com/shopspring/decimal"

	"github.com/onbehalf/onbehalf/tenancy"
)

const (
	// MaxDigits is the number of digits an amount may have, before and after
	// the point together. The lone 0 of 0.05 is not counted.
	MaxDigits = 38
	// MaxScale is the number of digits an amount of any asset may have after
	// the point.
	MaxScale = 18
	// MaxText is the number of bytes a text may have that is read as an amount.
	MaxText = 64
)

// Bounds on the representation of a decimal, beyond which it is refused before
// anything is computed with it. They leave room for trailing zeros, as a
// division makes them, and keep every later step small: 1e1000000000 takes no
// memory until somebody asks for its digits.
const (
	maxExponent = MaxDigits
	minExponent = -96
	maxBits     = 320
)

// ParseAmount reads an amount that comes from outside. The text consists of
// ASCII digits with at most one point between digits, has no leading zero
// except that of 0.5, no sign, no exponent, no space, at most [MaxDigits]
// digits and at most scale of them after the point (never more than
// [MaxScale]). Zeros after the point count: 1.000 is refused at scale 2, since
// whoever wrote it meant another scale. Zero is an amount here; [CheckAmount]
// refuses it where an amount must be positive.
//
// An error matches tenancy.ErrInvalid, names the field "amount" and does not
// repeat the text.
func ParseAmount(text string, scale int32) (decimal.Decimal, error) {
	d, problem := parse(text, scale, false)
	if problem != "" {
		return decimal.Decimal{}, tenancy.Invalid("amount", problem)
	}
	return d, nil
}

// ParseSigned reads what [ParseAmount] reads and also takes one leading minus,
// except before zero.
func ParseSigned(text string, scale int32) (decimal.Decimal, error) {
	d, problem := parse(text, scale, true)
	if problem != "" {
		return decimal.Decimal{}, tenancy.Invalid("amount", problem)
	}
	return d, nil
}

// CheckAmount says whether a decimal that a program made may be used as an
// amount of an asset with this scale: above zero, at most [MaxDigits] digits,
// at most scale of them after the point. Zeros at the end do not count: 1.000
// is fine at scale 2. It takes the same short time for every decimal, however
// large its exponent. An error matches tenancy.ErrInvalid and names the field.
func CheckAmount(field string, d decimal.Decimal, scale int32) error {
	if d.Sign() <= 0 {
		return tenancy.Invalid(field, "must be above zero")
	}
	return CheckSigned(field, d, scale)
}

// CheckSigned is [CheckAmount] for a figure that may also be zero or negative.
func CheckSigned(field string, d decimal.Decimal, scale int32) error {
	if _, ok := compact(d); ok && -d.Exponent() <= min(scale, MaxScale) {
		return nil
	}
	digits, places, ok := measure(d)
	switch {
	case !ok || digits > MaxDigits:
		return tenancy.Invalid(field, fmt.Sprintf("has more than %d digits", MaxDigits))
	case places > int(min(scale, MaxScale)):
		return tenancy.Invalid(field, placesProblem(min(scale, MaxScale)))
	}
	return nil
}

// Fits says whether a balance or amount can be stored: at most [MaxDigits]
// digits, at most [MaxScale] of them after the point, zeros at the end not
// counted.
func Fits(d decimal.Decimal) bool {
	if _, ok := compact(d); ok {
		return true
	}
	digits, places, ok := measure(d)
	return ok && digits <= MaxDigits && places <= MaxScale
}

// Spread says how an amount reaches over the digits: how many it has before the
// point and how many after it, zeros at the end not counted. Whatever sums of
// some amounts pass [Fits] when the digits before the point of their largest and
// the most digits any has after it are together at most [MaxDigits]. Of an
// amount too large to be looked at it says more than that.
func Spread(d decimal.Decimal) (before, after int) {
	digits, places, ok := measure(d)
	if !ok {
		return MaxDigits + 1, MaxDigits + 1
	}
	return max(digits-places, 0), places
}

// Format writes an amount for people, with as many digits after the point as
// the asset's scale says: 1250.00. It never rounds: a decimal with more digits
// than that is written with all of them. Its zeros can make the text of a very
// large amount longer than [ParseAmount] takes.
func Format(d decimal.Decimal, scale int32) string {
	text := Canonical(d)
	if scale <= 0 || !bounded(d) {
		return text
	}
	places := 0
	if point := strings.IndexByte(text, '.'); point >= 0 {
		places = len(text) - point - 1
	} else {
		text += "."
	}
	return text + strings.Repeat("0", max(0, int(min(scale, MaxScale))-places))
}

// Canonical writes an amount in the one form in which amounts are stored,
// hashed and compared as text: no exponent, no zeros at the end after the
// point, no minus before zero.
//
// A decimal far outside of what [Fits] allows is written as coefficient and
// exponent, 1e1000000000, or as "out of range" and its exponent, so that a
// message about it stays short; no reader of this package accepts those forms.
func Canonical(d decimal.Decimal) string {
	var buf [MaxText]byte
	return string(appendCanonical(buf[:0], d))
}

// parse is the one reader of amounts. It gives a problem instead of an error,
// so that the readers of documents need not make one for every field.
func parse[T string | []byte](text T, scale int32, signed bool) (decimal.Decimal, string) {
	const malformed = "must be digits with at most one point between them, like 1250.00"
	if len(text) == 0 {
		return decimal.Decimal{}, "is empty"
	}
	if len(text) > MaxText {
		return decimal.Decimal{}, fmt.Sprintf("is longer than %d bytes", MaxText)
	}
	start, negative := 0, false
	if signed && text[0] == '-' {
		start, negative = 1, true
	}
	var (
		digits      [MaxText]byte
		count       int
		point       = -1
		coefficient int64
	)
	for i := start; i < len(text); i++ {
		c := text[i]
		if c == '.' && point < 0 && count > 0 {
			point = count
			continue
		}
		if c < '0' || c > '9' {
			return decimal.Decimal{}, malformed
		}
		digits[count] = c
		count++
		if count <= maxSmall {
			coefficient = coefficient*10 + int64(c-'0')
		}
	}
	whole, places := count, 0
	if point >= 0 {
		whole, places = point, count-point
	}
	significant := count
	if whole == 1 && digits[0] == '0' && places > 0 {
		significant--
	}
	switch {
	case count == 0 || places == 0 && point >= 0:
		return decimal.Decimal{}, malformed
	case whole > 1 && digits[0] == '0':
		return decimal.Decimal{}, "must not start with a zero before another digit"
	case significant > MaxDigits:
		return decimal.Decimal{}, fmt.Sprintf("has more than %d digits", MaxDigits)
	case places > int(min(scale, MaxScale)) || scale < 0:
		return decimal.Decimal{}, placesProblem(min(scale, MaxScale))
	}
	var d decimal.Decimal
	if count <= maxSmall {
		if negative {
			coefficient = -coefficient
		}
		d = decimal.New(coefficient, -int32(places))
	} else {
		value, _ := new(big.Int).SetString(string(digits[:count]), 10)
		if negative {
			value.Neg(value)
		}
		d = decimal.NewFromBigInt(value, -int32(places))
	}
	if negative && d.IsZero() {
		return decimal.Decimal{}, "must not be a negative zero"
	}
	return d, ""
}

func placesProblem(scale int32) string {
	switch {
	case scale <= 0:
		return "must not have decimal places"
	case scale == 1:
		return "has more than 1 decimal place"
	default:
		return fmt.Sprintf("has more than %d decimal places", scale)
	}
}
