package accounts_test

import (
	"math/big"
	"regexp"
	"strings"
	"testing"

	"github.com/shopspring/decimal"
	"github.com/stretchr/testify/require"

	"github.com/onbehalf/onbehalf/accounts"
)

func requireValue(t *testing.T, want *big.Rat, text string) {
	t.Helper()
	got, ok := new(big.Rat).SetString(text)
	require.True(t, ok, text)
	require.Zero(t, want.Cmp(got), text)
}

// FuzzParseAmount compares the parsers with the grammar as a regular expression
// and the value with that of big.Rat.
func FuzzParseAmount(f *testing.F) {
	for _, text := range hostile() {
		f.Add(text[:min(len(text), 100)], int8(18))
	}
	for _, text := range []string{"0", "0.5", "1250.00", "-3.25", "99999999999999999999999999999999999999", "12345678901234567890.123456789012345678"} {
		f.Add(text, int8(2))
		f.Add(text, int8(18))
	}
	grammar := regexp.MustCompile(`^(0|[1-9]\d*)(\.\d+)?\z`)
	f.Fuzz(func(t *testing.T, text string, scale int8) {
		body, negative := strings.CutPrefix(text, "-")
		whole, fraction, _ := strings.Cut(body, ".")
		digits := len(whole) + len(fraction)
		if whole == "0" && fraction != "" {
			digits--
		}
		wellFormed := len(text) <= accounts.MaxText && grammar.MatchString(body) && digits <= accounts.MaxDigits &&
			scale >= 0 && len(fraction) <= min(int(scale), accounts.MaxScale)
		want := new(big.Rat)
		if wellFormed {
			_, isNumber := want.SetString(text)
			require.True(t, isNumber)
		}

		amount, err := accounts.ParseAmount(text, int32(scale))
		require.Equal(t, wellFormed && !negative, err == nil)
		if err == nil {
			require.Zero(t, want.Cmp(amount.Rat()))
		}
		signed, err := accounts.ParseSigned(text, int32(scale))
		require.Equal(t, wellFormed && (!negative || want.Sign() != 0), err == nil)
		if err != nil {
			return
		}
		require.Zero(t, want.Cmp(signed.Rat()))
		require.NoError(t, accounts.CheckSigned("amount", signed, int32(scale)))
		require.True(t, accounts.Fits(signed))
		requireValue(t, want, accounts.Canonical(signed))
		requireValue(t, want, accounts.Format(signed, int32(scale)))
	})
}

// FuzzFormat writes any decimal a program can make and compares what comes back.
func FuzzFormat(f *testing.F) {
	f.Add([]byte{}, false, int32(0), int8(2))
	f.Add([]byte{0x30, 0x39}, true, int32(-2), int8(2))
	f.Add([]byte("a coefficient of more than 64 bits"), false, int32(-18), int8(18))
	f.Add([]byte{1}, false, int32(1_000_000_000), int8(0))
	f.Add([]byte{1}, true, int32(-2_147_483_648), int8(-5))
	f.Add([]byte{1, 0, 0, 0, 0, 0, 0, 0, 0}, true, int32(-9), int8(3))
	f.Fuzz(func(t *testing.T, coefficient []byte, negative bool, exponent int32, scale int8) {
		value := new(big.Int).SetBytes(coefficient)
		if negative {
			value.Neg(value)
		}
		d := decimal.NewFromBigInt(value, exponent)
		canonical, formatted := accounts.Canonical(d), accounts.Format(d, int32(scale))
		document, err := accounts.Exact(d).MarshalJSON()
		require.Equal(t, accounts.Fits(d), err == nil)
		require.Equal(t, accounts.Fits(d), accounts.CheckSigned("x", d, accounts.MaxScale) == nil)
		if !accounts.Fits(d) {
			var amount accounts.Amount
			require.Error(t, amount.UnmarshalText([]byte(canonical)))
			return
		}
		requireValue(t, d.Rat(), canonical)
		requireValue(t, d.Rat(), formatted)
		require.Equal(t, `"`+canonical+`"`, string(document))
		var amount accounts.Amount
		require.NoError(t, amount.UnmarshalJSON(document))
		require.True(t, d.Equal(amount.Decimal))
	})
}

// FuzzAmountDocument checks that every accepted document is the only one of its
// amount: writing what was read gives the same bytes.
func FuzzAmountDocument(f *testing.F) {
	for _, text := range []string{`"0"`, `"1.5"`, `"-1.50"`, `"1e5"`, `1.5`, `null`, `"\u0031"`, `"-12345678901234567890.123456789012345678"`} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		var amount accounts.Amount
		if amount.UnmarshalJSON(text) != nil {
			return
		}
		again, err := amount.MarshalJSON()
		require.NoError(t, err)
		require.Equal(t, string(text), string(again))
	})
}
