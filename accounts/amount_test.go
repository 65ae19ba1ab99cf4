package accounts_test

import (
	"math/big"
	"strings"
	"testing"

	"github.com/shopspring/decimal"
	"github.com/stretchr/testify/require"

	"github.com/onbehalf/onbehalf/accounts"
	"github.com/onbehalf/onbehalf/tenancy"
)

// dec makes a decimal for a test from trusted text.
func dec(text string) decimal.Decimal { return decimal.RequireFromString(text) }

func amt(text string) accounts.Amount { return accounts.Exact(dec(text)) }

func requireField(t *testing.T, err error, field string) {
	t.Helper()
	require.ErrorIs(t, err, tenancy.ErrInvalid)
	var problem *tenancy.FieldError
	require.ErrorAs(t, err, &problem)
	require.Equal(t, field, problem.Field)
}

func TestParseAmountAccepts(t *testing.T) {
	t.Parallel()
	nines := strings.Repeat("9", 38)
	for _, tc := range []struct {
		text  string
		scale int32
	}{
		{"0", 0},
		{"0", 2},
		{"0.00", 2},
		{"1", 2},
		{"0.5", 2},
		{"0.05", 2},
		{"1250.00", 2},
		{"1250.5", 2},
		{"999999999999999999", 0},
		{"1000000000000000000", 0},
		{"9223372036854775808", 0},
		{nines, 0},
		{"0.000000000000000001", 18},
		{nines[:20] + "." + nines[:18], 18},
	} {
		t.Run(tc.text, func(t *testing.T) {
			t.Parallel()
			got, err := accounts.ParseAmount(tc.text, tc.scale)
			require.NoError(t, err)
			want, ok := new(big.Rat).SetString(tc.text)
			require.True(t, ok)
			require.Zero(t, want.Cmp(got.Rat()))
			signed, err := accounts.ParseSigned(tc.text, tc.scale)
			require.NoError(t, err)
			require.True(t, got.Equal(signed))
			if got.IsPositive() {
				negative, err := accounts.ParseSigned("-"+tc.text, tc.scale)
				require.NoError(t, err)
				require.True(t, got.Neg().Equal(negative))
			}
		})
	}
}

// hostile are texts that no reader of amounts may take, whatever the scale.
func hostile() []string {
	return []string{
		"", "-", ".", "-.", "1e1000000000", "1e2147483647", "1E-2147483648", "1e10000000", "-1e10000", "0e999999999",
		strings.Repeat("9", 1_000_000), "0." + strings.Repeat("0", 1_000_000) + "1", strings.Repeat("9", 39),
		strings.Repeat("9", 64), strings.Repeat("1", 21) + "." + strings.Repeat("1", 18), "0.0000000000000000001",
		"-0", "-0.00", "+1", ".5", "5.", "0x10", "0b1", "0o7", "1_000", "1,000.00", "1.000,00", " 1", "1 ", "1\n", "\t1",
		"1\x00", "NaN", "nan", "Infinity", "-Inf", "\uff11\uff12", "\u0663", "\u22121", "\u00bd", "1e", "e1", "--1", "-+1",
		"1.2.3", "1..2", "007", "00", "00.5", "-007", "null", "true", "[]", "{}", "1e5", "\ufeff1", "1\u200d", "\xff",
	}
}

func TestParsersRefuseHostileText(t *testing.T) {
	t.Parallel()
	for _, text := range hostile() {
		t.Run(text[:min(len(text), 30)], func(t *testing.T) {
			t.Parallel()
			_, err := accounts.ParseAmount(text, accounts.MaxScale)
			requireField(t, err, "amount")
			require.Less(t, len(err.Error()), 100, "the error repeats the text")
			_, err = accounts.ParseSigned(text, accounts.MaxScale)
			requireField(t, err, "amount")
		})
	}
}

func TestParseAmountTellsTheProblem(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		text  string
		scale int32
		want  string
	}{
		"more places than the asset has":     {"1.005", 2, "amount: has more than 2 decimal places"},
		"zeros beyond the scale":             {"1.000", 2, "amount: has more than 2 decimal places"},
		"places of an asset without any":     {"1.0", 0, "amount: must not have decimal places"},
		"one place":                          {"1.00", 1, "amount: has more than 1 decimal place"},
		"scale above the greatest":           {"0.0000000000000000001", 30, "amount: has more than 18 decimal places"},
		"a scale below zero takes nothing":   {"1", -1, "amount: must not have decimal places"},
		"a sign where none is meant":         {"-1", 2, "amount: must be digits with at most one point between them, like 1250.00"},
		"one digit too many":                 {"1" + strings.Repeat("0", 38), 2, "amount: has more than 38 digits"},
		"nothing":                            {"", 2, "amount: is empty"},
		"a leading zero, which may be octal": {"010", 2, "amount: must not start with a zero before another digit"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := accounts.ParseAmount(tc.text, tc.scale)
			require.EqualError(t, err, tc.want)
		})
	}
}

func TestCheckAmount(t *testing.T) {
	t.Parallel()
	huge := new(big.Int).Exp(big.NewInt(10), big.NewInt(1_000_000), nil)
	for name, tc := range map[string]struct {
		d       decimal.Decimal
		scale   int32
		amount  bool
		signed  bool
		storage bool
	}{
		"plain":                              {dec("12.34"), 2, true, true, true},
		"zeros beyond the scale":             {decimal.New(1000, -3), 2, true, true, true},
		"many zeros beyond the scale":        {dec("1." + strings.Repeat("0", 60)), 0, true, true, true},
		"a digit beyond the scale":           {dec("1.001"), 2, false, false, true},
		"one unit above nothing":             {dec("0.01"), 2, true, true, true},
		"zero":                               {decimal.Decimal{}, 2, false, true, true},
		"zero with places":                   {decimal.New(0, -18), 2, false, true, true},
		"negative":                           {dec("-5"), 2, false, true, true},
		"the greatest":                       {dec(strings.Repeat("9", 38)), 0, true, true, true},
		"one above the greatest":             {decimal.New(1, 38), 0, false, false, false},
		"the greatest power of ten":          {decimal.New(1, 37), 0, true, true, true},
		"38 digits with 18 places":           {decimal.NewFromBigInt(dec(strings.Repeat("9", 38)).BigInt(), -18), 18, true, true, true},
		"39 digits with 18 places":           {decimal.NewFromBigInt(dec(strings.Repeat("9", 39)).BigInt(), -18), 18, false, false, false},
		"19 places":                          {decimal.New(1, -19), 18, false, false, false},
		"a scale above the greatest":         {decimal.New(1, -19), 30, false, false, false},
		"an exponent of a billion":           {decimal.New(1, 1_000_000_000), 2, false, false, false},
		"the least exponent":                 {decimal.New(1, -2_147_483_648), 2, false, false, false},
		"a negative with a billion zeros":    {decimal.New(-1, 1_000_000_000), 2, false, false, false},
		"zero with an exponent of a billion": {decimal.New(0, 999_999_999), 2, false, false, false},
		"a million digits":                   {decimal.NewFromBigInt(huge, 0), 2, false, false, false},
		"a million zeros after the point":    {decimal.NewFromBigInt(huge, -90), 2, false, false, false},
		"low word of a large number is zero": {decimal.NewFromBigInt(new(big.Int).Lsh(big.NewInt(1), 200), 0), 2, false, false, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			check := func(err error, ok bool) {
				t.Helper()
				if ok {
					require.NoError(t, err)
				} else {
					requireField(t, err, "fee")
				}
			}
			check(accounts.CheckAmount("fee", tc.d, tc.scale), tc.amount)
			check(accounts.CheckSigned("fee", tc.d, tc.scale), tc.signed)
			require.Equal(t, tc.storage, accounts.Fits(tc.d))
		})
	}
}

func TestCanonicalAndFormat(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		d                 decimal.Decimal
		scale             int32
		canonical, format string
	}{
		{decimal.Decimal{}, 2, "0", "0.00"},
		{decimal.New(0, -5), 0, "0", "0"},
		{decimal.New(125000, -2), 2, "1250", "1250.00"},
		{decimal.New(125050, -2), 2, "1250.5", "1250.50"},
		{decimal.New(-5, -2), 2, "-0.05", "-0.05"},
		{decimal.New(5, 3), 2, "5000", "5000.00"},
		{decimal.New(100, 0), 0, "100", "100"},
		{decimal.New(100, 0), -3, "100", "100"},
		{dec("1.2345"), 2, "1.2345", "1.2345"},
		{dec("0.000000000000000001"), 18, "0.000000000000000001", "0.000000000000000001"},
		{dec("-12345678901234567890.123456789012345678"), 2, "-12345678901234567890.123456789012345678", "-12345678901234567890.123456789012345678"},
		{dec("12345678901234567890123456789012345678.00"), 2, "12345678901234567890123456789012345678", "12345678901234567890123456789012345678.00"},
		{decimal.New(-9223372036854775808, 0), 1, "-9223372036854775808", "-9223372036854775808.0"},
		{decimal.New(1, 1_000_000_000), 2, "1e1000000000", "1e1000000000"},
		{decimal.New(1, -2_147_483_648), 2, "1e-2147483648", "1e-2147483648"},
		{decimal.New(0, 999_999_999), 2, "0e999999999", "0e999999999"},
		{decimal.New(-7, -1000), 2, "-7e-1000", "-7e-1000"},
		{decimal.NewFromBigInt(new(big.Int).Lsh(big.NewInt(1), 4096), 5), 2, "out of range e5", "out of range e5"},
	} {
		t.Run(tc.canonical, func(t *testing.T) {
			t.Parallel()
			require.Equal(t, tc.canonical, accounts.Canonical(tc.d))
			require.Equal(t, tc.format, accounts.Format(tc.d, tc.scale))
			if accounts.Fits(tc.d) {
				back, err := accounts.ParseSigned(tc.canonical, accounts.MaxScale)
				require.NoError(t, err)
				require.True(t, tc.d.Equal(back))
			}
		})
	}
}
