package sqlstore

import (
	"strings"

	"github.com/shopspring/decimal"

	"github.com/onbehalf/onbehalf/accounts"
	"github.com/onbehalf/onbehalf/tenancy"
)

// amountText is the amount as it is stored. What does not fit is refused
// rather than rounded.
func amountText(field string, d decimal.Decimal) (string, error) {
	if !accounts.Fits(d) {
		return "", tenancy.Invalid(field, "cannot be stored")
	}
	return accounts.Canonical(d), nil
}

// amountKey turns a canonical amount into text of fixed width whose bytes sort
// as the amounts do: a sign, the digits before the point, those after it. The
// digits of negative amounts are complemented, since more is less there.
func amountKey(canonical string) string {
	const width = 1 + accounts.MaxDigits + accounts.MaxScale
	var key [width]byte
	for i := range key {
		key[i] = '0'
	}
	digits, negative := strings.CutPrefix(canonical, "-")
	whole, fraction, _ := strings.Cut(digits, ".")
	copy(key[1+accounts.MaxDigits-len(whole):], whole)
	copy(key[1+accounts.MaxDigits:], fraction)
	if negative {
		for i := 1; i < width; i++ {
			key[i] = '0' + '9' - key[i]
		}
	} else {
		key[0] = '1'
	}
	return string(key[:])
}
