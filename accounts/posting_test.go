package accounts_test

import (
	"slices"
	"testing"

	"github.com/shopspring/decimal"
	"github.com/stretchr/testify/require"

	"github.com/onbehalf/onbehalf/accounts"
	"github.com/onbehalf/onbehalf/tenancy"
)

func TestRefs(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		ref    accounts.Ref
		system bool
		valid  bool
	}{
		{accounts.Customer("acc1"), false, true},
		{accounts.Clearing("bank-a"), true, true},
		{accounts.Between, true, true},
		{accounts.IncomeFees, true, true},
		{accounts.IncomeSpread, true, true},
		{accounts.Suspense, true, true},
		{"", false, false},
		{"a b", false, false},
		{"income:other", true, false},
		{"clearing:", true, false},
		{"clearing:a:b", true, false},
		{"clearing:a b", true, false},
		{"acc1:", true, false},
	} {
		t.Run(string(tc.ref), func(t *testing.T) {
			t.Parallel()
			require.Equal(t, tc.system, tc.ref.System())
			id, ok := tc.ref.Account()
			require.Equal(t, !tc.system, ok)
			if ok {
				require.Equal(t, string(tc.ref), string(id))
			}
			if tc.valid {
				require.NoError(t, tc.ref.Validate())
			} else {
				requireField(t, tc.ref.Validate(), "account")
			}
		})
	}
}

func TestNoProviderCanTakeTheAccountBetween(t *testing.T) {
	t.Parallel()
	require.NoError(t, accounts.CheckProvider("provider", "bank-a"))
	requireField(t, accounts.CheckProvider("provider", "between"), "provider")
	requireField(t, accounts.CheckProvider("provider", "a:b"), "provider")
	requireField(t, accounts.CheckProvider("provider", ""), "provider")
}

func post(ref accounts.Ref, asset, amount string) accounts.Posting {
	return accounts.Posting{Ref: ref, Asset: asset, Amount: amt(amount)}
}

func TestBalanced(t *testing.T) {
	t.Parallel()
	var many []accounts.Posting
	for range 500 {
		many = append(many, post("acc1", "BRL", "999999999999999999"), post(accounts.Between, "BRL", "-999999999999999999"))
	}
	for name, tc := range map[string]struct {
		postings []accounts.Posting
		want     string
	}{
		"nothing":    {nil, ""},
		"one asset":  {[]accounts.Posting{post("a", "BRL", "-10"), post("b", "BRL", "9.5"), post(accounts.IncomeFees, "BRL", "0.5")}, ""},
		"two assets": {[]accounts.Posting{post("a", "BRL", "-10"), post("b", "USD", "2"), post(accounts.Between, "BRL", "10"), post(accounts.Between, "USD", "-2")}, ""},
		"many":       {many, ""},
		"many and one": {
			append(slices.Clip(many), post("a", "BRL", "0.01")),
			"postings do not balance: BRL by 0.01",
		},
		"long figures": {
			[]accounts.Posting{post("a", "ETH", "12345678901234567890.000000000000000001"), post("b", "ETH", "-12345678901234567890.000000000000000002")},
			"postings do not balance: ETH by -0.000000000000000001",
		},
		"sums that differ by a hair": {
			[]accounts.Posting{post("a", "BRL", "0.1"), post("b", "BRL", "0.2"), post("c", "BRL", "-0.30000000000000004")},
			"postings do not balance: BRL by -0.00000000000000004",
		},
		"assets do not make up for each other": {
			[]accounts.Posting{post("a", "BRL", "10"), post("a", "USD", "-10")},
			"postings do not balance: BRL by 10, USD by -10",
		},
		"an amount without end": {
			[]accounts.Posting{{Ref: "a", Asset: "BRL", Amount: accounts.Exact(decimal.New(1, 1_000_000_000))}},
			`posting 0 to "a": amount 1e1000000000 does not fit`,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			err := accounts.Balanced(tc.postings)
			if tc.want == "" {
				require.NoError(t, err)
			} else {
				require.EqualError(t, err, tc.want)
			}
		})
	}
}

func TestSumCountsOneAccountAndAsset(t *testing.T) {
	t.Parallel()
	postings := []accounts.Posting{
		post("a", "BRL", "-10"), post("a", "USD", "3"), post("b", "BRL", "10"), post("a", "BRL", "0.25"),
	}
	require.Equal(t, "-9.75", accounts.Canonical(accounts.Sum(postings, "a", "BRL")))
	require.Equal(t, "3", accounts.Canonical(accounts.Sum(postings, "a", "USD")))
	require.True(t, accounts.Sum(postings, "c", "BRL").IsZero())
}

func TestHoldIsAboveZero(t *testing.T) {
	t.Parallel()
	require.NoError(t, accounts.Hold{Operation: "op1", Account: "acc1", Amount: amt("0.01")}.Validate())
	err := accounts.Hold{Account: "suspense", Amount: amt("0")}.Validate()
	require.ErrorIs(t, err, tenancy.ErrInvalid)
	require.Equal(t, []string{"operation", "account", "amount"}, problemFields(err))
}
