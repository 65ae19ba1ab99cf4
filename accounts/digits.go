package accounts

import (
	"math/big"
	"math/bits"
	"strconv"

	"github.com/shopspring/decimal"
)

// maxSmall is the number of decimal digits that always fit an int64 and still
// leave room to add a few such values.
const maxSmall = 18

// outOfRange stands for a coefficient that is too large to be written out.
const outOfRange = "out of range "

// pow10 holds the powers of ten up to 10^18. It is never written to.
var pow10 = [maxSmall + 1]uint64{ //nolint:gochecknoglobals // a constant table, which Go cannot declare as such
	1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18,
}

// Large says whether an amount is ten trillion or more of its asset, of either
// sign, or of so many digits that finding out costs more than a comparison. Some
// thousand amounts that are not large never sum to one that does not pass
// [Fits].
func Large(d decimal.Decimal) bool {
	const trillions = 13
	c, ok := small(d)
	e := d.Exponent()
	if !ok || e > 0 {
		return true
	}
	return int(-e) < len(pow10)-trillions && uint64(max(c, -c)) >= pow10[trillions-e] //nolint:gosec // the absolute value is at most 10^18
}

// small gives the coefficient when it has at most maxSmall digits. It neither
// allocates nor depends on how large the coefficient is: one that fits is equal
// to its own low 64 bits.
func small(d decimal.Decimal) (coefficient int64, ok bool) {
	const limit = 1_000_000_000_000_000_000
	c := d.CoefficientInt64()
	return c, c > -limit && c < limit && decimal.New(c, d.Exponent()).Equal(d)
}

// compact is small for a decimal that passes [Fits] whatever its digits are: a
// whole number, or one of at most [MaxScale] places.
func compact(d decimal.Decimal) (coefficient int64, ok bool) {
	if e := d.Exponent(); e > 0 || e < -MaxScale {
		return 0, false
	}
	return small(d)
}

// bounded says whether the representation of d is small enough to compute with.
func bounded(d decimal.Decimal) bool {
	if e := d.Exponent(); e > maxExponent || e < minExponent {
		return false
	}
	if _, ok := small(d); ok {
		return true
	}
	return d.Coefficient().BitLen() <= maxBits
}

// measure gives the digits and the decimal places that the canonical text of d
// has; ok is false when d is too large to be looked at.
func measure(d decimal.Decimal) (digits, places int, ok bool) {
	if !bounded(d) {
		return 0, 0, false
	}
	if d.Sign() == 0 {
		return 1, 0, true
	}
	n, e := d.NumDigits(), int(d.Exponent())
	if e >= 0 {
		return n + e, 0, true
	}
	zeros := trailingZeros(d, -e)
	n, e = n-zeros, e+zeros
	return max(n, -e), -e, true
}

// trailingZeros counts the zeros at the end of the coefficient, up to limit.
func trailingZeros(d decimal.Decimal, limit int) int {
	zeros := 0
	if c, ok := small(d); ok {
		for ; zeros < limit && c%10 == 0; zeros++ {
			c /= 10
		}
		return zeros
	}
	ten, rest := big.NewInt(10), new(big.Int)
	for c := d.Coefficient(); zeros < limit; zeros++ {
		c.QuoRem(c, ten, rest)
		if rest.Sign() != 0 {
			break
		}
	}
	return zeros
}

// appendCanonical appends what Canonical returns.
func appendCanonical(buf []byte, d decimal.Decimal) []byte {
	if c, ok := compact(d); ok {
		return appendCompact(buf, c, int(-d.Exponent()))
	}
	sign := d.Sign()
	e := int(d.Exponent())
	if !bounded(d) {
		if c := d.Coefficient(); c.BitLen() <= maxBits {
			buf = c.Append(buf, 10)
		} else {
			buf = append(buf, outOfRange...)
		}
		buf = append(buf, 'e')
		return strconv.AppendInt(buf, int64(e), 10)
	}
	if sign == 0 {
		return append(buf, '0')
	}
	if sign < 0 {
		buf = append(buf, '-')
	}
	var scratch [maxBits]byte
	digits := appendCoefficient(scratch[:0], d)
	for e < 0 && digits[len(digits)-1] == '0' {
		digits = digits[:len(digits)-1]
		e++
	}
	switch whole := len(digits) + e; {
	case e >= 0:
		buf = append(buf, digits...)
		return appendZeros(buf, e)
	case whole > 0:
		buf = append(buf, digits[:whole]...)
		buf = append(buf, '.')
		return append(buf, digits[whole:]...)
	default:
		buf = append(buf, '0', '.')
		buf = appendZeros(buf, -whole)
		return append(buf, digits...)
	}
}

// appendCompact appends a coefficient with so many of its digits after the point.
func appendCompact(buf []byte, c int64, places int) []byte {
	if c < 0 {
		buf, c = append(buf, '-'), -c
	}
	for places > 0 && c%10 == 0 {
		c, places = c/10, places-1
	}
	if places == 0 {
		return strconv.AppendInt(buf, c, 10)
	}
	by := int64(pow10[places]) //nolint:gosec // at most 10^18
	buf = append(strconv.AppendInt(buf, c/by, 10), '.')
	start := len(buf)
	for c %= by; places > 0; places-- {
		buf = append(buf, '0')
	}
	for i := len(buf) - 1; i >= start; i-- {
		buf[i], c = "0123456789"[c%10], c/10
	}
	return buf
}

// appendCoefficient appends the digits of the coefficient, without its sign.
func appendCoefficient(buf []byte, d decimal.Decimal) []byte {
	if c, ok := small(d); ok {
		return strconv.AppendInt(buf, max(c, -c), 10)
	}
	c := d.Coefficient()
	return c.Abs(c).Append(buf, 10)
}

func appendZeros(buf []byte, n int) []byte {
	for range n {
		buf = append(buf, '0')
	}
	return buf
}

// wide is a figure times 10^18 as a 128-bit two's complement number: the way to
// compare balances without allocating.
type wide struct{ hi, lo uint64 }

// maxTerms is how many widened figures may be added without an overflow: each
// is below 10^36, and 2^127 is above 170 * 10^36.
const maxTerms = 128

// widen gives d as a wide figure; ok is false when it has too many digits for
// that, and the caller then computes with decimals.
func widen(d decimal.Decimal) (w wide, ok bool) {
	e := d.Exponent()
	c, ok := small(d)
	if !ok || e > 0 || e < -maxSmall {
		return wide{}, false
	}
	w.hi, w.lo = bits.Mul64(uint64(max(c, -c)), pow10[maxSmall+e]) //nolint:gosec // the absolute value is at most 10^18
	if c < 0 {
		w = wide{}.minus(w)
	}
	return w, true
}

func (w wide) plus(x wide) wide {
	lo, carry := bits.Add64(w.lo, x.lo, 0)
	hi, _ := bits.Add64(w.hi, x.hi, carry)
	return wide{hi: hi, lo: lo}
}

func (w wide) minus(x wide) wide {
	lo, borrow := bits.Sub64(w.lo, x.lo, 0)
	hi, _ := bits.Sub64(w.hi, x.hi, borrow)
	return wide{hi: hi, lo: lo}
}

func (w wide) negative() bool { return w.hi>>63 == 1 }

func (w wide) zero() bool { return w == wide{} }
