package sqlstore

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/shopspring/decimal"
	"github.com/stretchr/testify/require"

	"github.com/onbehalf/onbehalf/accounts"
	"github.com/onbehalf/onbehalf/tenancy"
)

func ascending() []string {
	return []string{
		"-" + strings.Repeat("9", 38), "-10", "-9.999999999999999999", "-9", "-0.5", "-0.000000000000000001",
		"0", "0.000000000000000001", "0.05", "0.5", "1", "1.000000000000000001", "2", "9", "10", "99", "100.1", "12345678901234567890.123456789012345678", strings.Repeat("9", 38),
	}
}

func TestAmountKeysSortAsAmountsDo(t *testing.T) {
	t.Parallel()
	keys := make([]string, 0, len(ascending()))
	for _, text := range ascending() {
		d, err := accounts.ParseSigned(text, accounts.MaxScale)
		require.NoError(t, err)
		stored, err := amountText("amount", d)
		require.NoError(t, err)
		require.Equal(t, text, stored)
		keys = append(keys, amountKey(stored))
		require.Len(t, keys[len(keys)-1], len(keys[0]))
	}
	require.True(t, slices.IsSorted(keys))
	require.Len(t, slices.Compact(keys), len(ascending()), "no two amounts have one key")
}

func TestAmountsThatDoNotFitAreRefused(t *testing.T) {
	t.Parallel()
	for _, d := range []decimal.Decimal{decimal.New(1, 38), decimal.New(1, -19), decimal.New(1, 1000000000), decimal.New(-1, -1000000000)} {
		_, err := amountText("amount", d)
		require.ErrorIs(t, err, tenancy.ErrInvalid)
	}
}

func TestBoundsMayBeAnyFigure(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		"-1e150", "-1e40", "-1e38", "-10.00000000000000000001", "-9.5", "-1e-19", "0", "0e9", "1e-30", "1e-18", "0.50", "1.5",
		"1.0000000000000000001", "9.99999999999999999999", "1e2", "1e37", "1e38", "1e39", "1e150",
	} {
		t.Run(text, func(t *testing.T) {
			t.Parallel()
			bound := decimal.RequireFromString(text)
			least, err := boundKey("min", &bound, decimal.Decimal.RoundCeil)
			require.NoError(t, err)
			most, err := boundKey("max", &bound, decimal.Decimal.RoundFloor)
			require.NoError(t, err)
			for _, amount := range ascending() {
				d := decimal.RequireFromString(amount)
				require.Equal(t, d.Cmp(bound) >= 0, amountKey(amount) >= fmt.Sprint(least), "%s at least %s", amount, text)
				require.Equal(t, d.Cmp(bound) <= 0, amountKey(amount) <= fmt.Sprint(most), "%s at most %s", amount, text)
			}
		})
	}
}

func TestBoundsThatAreNoFigureAreRefusedAtOnce(t *testing.T) {
	t.Parallel()
	for _, bound := range []decimal.Decimal{decimal.New(1, 1000000000), decimal.New(-1, 1000000000), decimal.New(1, -1000000000)} {
		_, err := boundKey("min", &bound, decimal.Decimal.RoundCeil)
		require.ErrorIs(t, err, tenancy.ErrInvalid)
	}
}
