package accounts_test

import (
	"encoding/json"
	"fmt"
	"testing"

	"github.com/shopspring/decimal"
	"github.com/stretchr/testify/require"

	"github.com/onbehalf/onbehalf/accounts"
	"github.com/onbehalf/onbehalf/tenancy"
)

func TestAmountWritesCanonicalJSON(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		d    decimal.Decimal
		want string
	}{
		{decimal.Decimal{}, `"0"`},
		{decimal.New(150, -2), `"1.5"`},
		{decimal.New(-15, 2), `"-1500"`},
		{dec("12345678901234567890.123456789012345678"), `"12345678901234567890.123456789012345678"`},
		{dec("1.00000000000000000000000000"), `"1"`},
	} {
		t.Run(tc.want, func(t *testing.T) {
			t.Parallel()
			text, err := json.Marshal(accounts.Exact(tc.d))
			require.NoError(t, err)
			require.Equal(t, tc.want, string(text))
			var back accounts.Amount
			require.NoError(t, json.Unmarshal(text, &back))
			require.True(t, tc.d.Equal(back.Decimal))
			plain, err := accounts.Exact(tc.d).MarshalText()
			require.NoError(t, err)
			require.Equal(t, tc.want, `"`+string(plain)+`"`)
		})
	}
}

func TestAmountThatCannotBeStoredIsNotWritten(t *testing.T) {
	t.Parallel()
	for _, d := range []decimal.Decimal{decimal.New(1, 38), decimal.New(1, -19), decimal.New(1, 1_000_000_000), decimal.New(0, 1_000_000_000)} {
		_, err := accounts.Exact(d).MarshalJSON()
		require.ErrorIs(t, err, tenancy.ErrInvalid)
		_, err = accounts.Exact(d).MarshalText()
		require.ErrorIs(t, err, tenancy.ErrInvalid)
	}
}

func TestAmountReadsCanonicalTextOnly(t *testing.T) {
	t.Parallel()
	texts := []string{
		`1`, `1.5`, `0.1`, `-0`, `1e400`, `1E5`, `9007199254740993`, `null`, `true`, `[]`, `{}`, `""`, `"`,
		`"1.50"`, `"1.0"`, `"0.0"`, `"01"`, `"-0"`, `"+1"`, `"1e5"`, `" 1"`, `"\u0031"`, `"1\n"`, `"0.0000000000000000001"`,
	}
	for _, text := range hostile() {
		quoted, err := json.Marshal(text)
		require.NoError(t, err)
		texts = append(texts, string(quoted))
	}
	for _, text := range texts {
		t.Run(text[:min(len(text), 30)], func(t *testing.T) {
			t.Parallel()
			amount := amt("7")
			require.ErrorIs(t, amount.UnmarshalJSON([]byte(text)), tenancy.ErrInvalid)
			require.Equal(t, "7", amount.String(), "a refused text must change nothing")
		})
	}
}

func TestAmountScansTextOnly(t *testing.T) {
	t.Parallel()
	var amount accounts.Amount
	require.NoError(t, amount.Scan("-12.5"))
	require.Equal(t, "-12.5", amount.String())
	require.NoError(t, amount.Scan([]byte("3")))
	require.Equal(t, "3", amount.String())
	for _, value := range []any{nil, int64(1), 0.1, "1e3", []byte("1.50"), true} {
		require.ErrorIs(t, amount.Scan(value), tenancy.ErrInvalid)
	}
	require.Equal(t, "3", amount.String())
}

func TestAmountPrintsCanonicallyWithEveryVerb(t *testing.T) {
	t.Parallel()
	amount := accounts.Exact(decimal.New(12500, -3))
	require.Equal(t, `12.5 12.5 12.5 12.5 "12.5" 12.5`, fmt.Sprintf("%v %s %d %.1f %q %+v", amount, amount, amount, amount, amount, amount))
}

func TestAmountInsideAStruct(t *testing.T) {
	t.Parallel()
	in := accounts.Posting{Ref: "acc1", Asset: "BRL", Amount: amt("-10.00")}
	text, err := json.Marshal(in)
	require.NoError(t, err)
	require.JSONEq(t, `{"account":"acc1","asset":"BRL","amount":"-10"}`, string(text))
	var out accounts.Posting
	require.NoError(t, json.Unmarshal(text, &out))
	require.True(t, in.Amount.Equal(out.Amount.Decimal))
	require.Equal(t, in.Ref, out.Ref)
}

func BenchmarkAmountMarshalJSON(b *testing.B) {
	amount := amt("1234567.89")
	b.ReportAllocs()
	for b.Loop() {
		_, _ = amount.MarshalJSON()
	}
}

func BenchmarkAmountUnmarshalJSON(b *testing.B) {
	text := []byte(`"1234567.89"`)
	var amount accounts.Amount
	b.ReportAllocs()
	for b.Loop() {
		_ = amount.UnmarshalJSON(text)
	}
}
