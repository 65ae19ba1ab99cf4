package accounts

import (
	"math"
	"math/big"
	"math/bits"

	"github.com/shopspring/decimal"
)

// Total is a figure that is added up and compared often: as exact as a decimal,
// and for figures of up to 18 digits without allocating. The zero Total is
// zero. It is a value, and safe for concurrent use.
type Total struct {
	w     wide
	exact *decimal.Decimal // what is too long for w, which is then zero; never changed
}

// TotalOf takes in any decimal, exactly.
func TotalOf(d decimal.Decimal) Total {
	if w, ok := widen(d); ok {
		return Total{w: w}
	}
	exact := d
	return Total{exact: &exact}
}

// Plus adds. Neither figure is changed.
func (t Total) Plus(u Total) Total {
	if t.short() && u.short() {
		return Total{w: t.w.plus(u.w)}
	}
	return TotalOf(t.Decimal().Add(u.Decimal()))
}

// Minus subtracts. Neither figure is changed.
func (t Total) Minus(u Total) Total {
	if t.short() && u.short() {
		return Total{w: t.w.minus(u.w)}
	}
	return TotalOf(t.Decimal().Sub(u.Decimal()))
}

// Cmp is negative where t is less than u, zero where both are the same figure,
// and positive otherwise.
func (t Total) Cmp(u Total) int {
	if t.exact == nil && u.exact == nil {
		return t.w.cmp(u.w)
	}
	return t.Decimal().Cmp(u.Decimal())
}

// Sign is -1, 0 or 1.
func (t Total) Sign() int {
	if t.exact != nil {
		return t.exact.Sign()
	}
	return t.w.cmp(wide{})
}

// Decimal gives the figure as a decimal.
func (t Total) Decimal() decimal.Decimal {
	if t.exact != nil {
		return *t.exact
	}
	w, e := t.w, int32(-maxSmall)
	if w.negative() {
		w = wide{}.minus(w)
	}
	for _, zeros := range [...]int32{16, 8, 4, 2, 1} { // any number of them up to 18
		hi, rest := bits.Div64(0, w.hi, pow10[zeros])
		lo, rest := bits.Div64(rest, w.lo, pow10[zeros])
		if rest == 0 && e+zeros <= 0 {
			w, e = wide{hi: hi, lo: lo}, e+zeros
		}
	}
	if w.hi == 0 && w.lo <= math.MaxInt64 {
		c := int64(w.lo)
		if t.w.negative() {
			c = -c
		}
		return decimal.New(c, e)
	}
	n := new(big.Int).SetUint64(w.hi)
	n.Lsh(n, 64).Or(n, new(big.Int).SetUint64(w.lo))
	if t.w.negative() {
		n.Neg(n)
	}
	return decimal.NewFromBigInt(n, e)
}

// Fits is [Fits] of the figure.
func (t Total) Fits() bool { return t.short() || Fits(t.Decimal()) }

// short tells whether the figure may be added to another such one and still be
// a wide one: it is less than 2^126.
func (t Total) short() bool {
	top := t.w.hi >> 62
	return t.exact == nil && (top == 0 || top == 3)
}

func (w wide) cmp(x wide) int {
	a, b := w.hi^1<<63, x.hi^1<<63 // the order of the sign bit is the other way round
	switch {
	case a < b, a == b && w.lo < x.lo:
		return -1
	case a == b && w.lo == x.lo:
		return 0
	}
	return 1
}

// Less tells whether a is less than b, without allocating for figures of up to
// 18 digits, whatever their exponents.
func Less(a, b decimal.Decimal) bool {
	if a.Exponent() == b.Exponent() {
		return a.Cmp(b) < 0
	}
	return TotalOf(a).Cmp(TotalOf(b)) < 0
}

// Plus is a.Add(b), with less work for figures of up to 18 digits.
func Plus(a, b decimal.Decimal) decimal.Decimal {
	switch {
	case a.IsZero():
		return b
	case b.IsZero():
		return a
	}
	x, y, e, ok := aligned(a, b)
	if !ok {
		return a.Add(b)
	}
	return decimal.New(x+y, e)
}

// Minus is a.Sub(b), with less work for figures of up to 18 digits.
func Minus(a, b decimal.Decimal) decimal.Decimal {
	x, y, e, ok := aligned(a, b)
	if !ok {
		return a.Sub(b)
	}
	return decimal.New(x-y, e)
}

// Times is a.Mul(b), with less work where the product has up to 18 digits.
func Times(a, b decimal.Decimal) decimal.Decimal {
	x, short := small(a)
	y, ok := small(b)
	if hi, lo := bits.Mul64(uint64(max(x, -x)), uint64(max(y, -y))); short && ok && hi == 0 && lo < pow10[maxSmall] { //nolint:gosec // absolute values
		if e := int64(a.Exponent()) + int64(b.Exponent()); e == int64(int32(e)) { //nolint:gosec // that it fits is what is asked
			return decimal.New(x*y, int32(e)) //nolint:gosec // it fits
		}
	}
	return a.Mul(b)
}

// aligned gives two coefficients of one exponent that may be added.
func aligned(a, b decimal.Decimal) (x, y int64, e int32, ok bool) {
	x, short := small(a)
	y, ok = small(b)
	if !short || !ok {
		return 0, 0, 0, false
	}
	e = min(a.Exponent(), b.Exponent())
	x, ok = scaled(x, int64(a.Exponent())-int64(e))
	if !ok {
		return 0, 0, 0, false
	}
	y, ok = scaled(y, int64(b.Exponent())-int64(e))
	return x, y, e, ok
}

// scaled gives c with zeros at its end, where it stays below 10^18.
func scaled(c, zeros int64) (int64, bool) {
	if zeros == 0 {
		return c, true
	}
	if zeros > maxSmall {
		return 0, false
	}
	by := int64(pow10[zeros])            //nolint:gosec // at most 10^18
	most := int64(pow10[maxSmall-zeros]) //nolint:gosec // at most 10^18
	return c * by, c < most && c > -most
}
