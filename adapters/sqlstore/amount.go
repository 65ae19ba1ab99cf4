package sqlstore

import (
	"strings"

	"github.com/shopspring/decimal"

	"github.com/onbehalf/onbehalf/accounts"
	"github.com/onbehalf/onbehalf/operations"
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

func postingTexts(p *operations.PostingRow) (amount, balance string, err error) {
	if amount, err = amountText("amount", p.Amount); err == nil {
		balance, err = amountText("balance", p.Balance)
	}
	return amount, balance, err
}

func balanceTexts(b *operations.BalanceRow) (posted, held, limit string, err error) {
	if posted, err = amountText("posted", b.Posted); err == nil {
		held, err = amountText("held", b.Held)
	}
	if err == nil {
		limit, err = amountText("limit", b.DebtLimit)
	}
	return posted, held, limit, err
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

// boundKey is the key of a bound of a filter, which need not be an amount that
// could be stored: it is moved to the next one inside the bound, and beyond all
// of them its key sorts beyond all keys. No bound is NULL.
func boundKey(field string, d *decimal.Decimal, inside func(decimal.Decimal, int32) decimal.Decimal) (any, error) {
	switch {
	case d == nil:
		return nil, nil //nolint:nilnil // NULL is the value
	case d.IsZero():
		return amountKey("0"), nil
	case !plain(*d):
		return nil, tenancy.Invalid(field, "is not a plain figure")
	}
	moved := inside(*d, accounts.MaxScale)
	if moved.Abs().Cmp(decimal.New(1, accounts.MaxDigits)) < 0 {
		return amountKey(accounts.Canonical(moved)), nil
	}
	if moved.Sign() < 0 {
		return "", nil
	}
	return "2", nil
}

// boundNumber is a bound where amounts are stored as numbers.
func boundNumber(field string, d *decimal.Decimal, _ func(decimal.Decimal, int32) decimal.Decimal) (any, error) {
	switch {
	case d == nil:
		return nil, nil //nolint:nilnil // NULL is the value
	case !plain(*d):
		return nil, tenancy.Invalid(field, "is not a plain figure")
	}
	return d.String(), nil
}

// plain tells whether the figure, written out, is of a length to be expected.
func plain(d decimal.Decimal) bool {
	const most = 4 * accounts.MaxDigits
	return d.Exponent() <= most && d.Exponent() >= -most && d.Coefficient().BitLen() <= 8*most
}
