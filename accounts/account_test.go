package accounts_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/onbehalf/onbehalf/accounts"
	"github.com/onbehalf/onbehalf/tenancy"
)

func TestAvailableIsPostedMinusHeldPlusLimit(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		posted, held, limit, want string
	}{
		{"0", "0", "0", "0"},
		{"100", "30.5", "10.25", "79.75"},
		{"-50", "0", "100", "50"},
		{"0.000000000000000001", "0", "0", "0.000000000000000001"},
		{"12345678901234567890.5", "0.000000000000000001", "1", "12345678901234567891.499999999999999999"},
		{"999999999999999999", "0.1", "0", "999999999999999998.9"},
		{"5", "10", "0", "-5"},
	} {
		account := accounts.Account{Posted: amt(tc.posted), Held: amt(tc.held), DebtLimit: amt(tc.limit)}
		require.Equal(t, tc.want, accounts.Canonical(account.Available()))
	}
}

// amounts draws figures around every limit of the fast ways of computing.
func amounts() *rapid.Generator[accounts.Amount] {
	return rapid.Custom(func(t *rapid.T) accounts.Amount {
		digits := rapid.StringMatching(`-?[1-9][0-9]{0,20}|0`).Draw(t, "coefficient")
		return accounts.Exact(dec(digits).Shift(rapid.Int32Range(-18, 3).Draw(t, "exponent")))
	})
}

func TestFastArithmeticAgreesWithDecimals(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		account := usable()
		account.Posted = amounts().Draw(t, "posted")
		account.Held = accounts.Exact(amounts().Draw(t, "held").Abs())
		account.DebtLimit = accounts.Exact(amounts().Draw(t, "limit").Abs())
		own := amounts().Draw(t, "own").Abs()
		asked := amounts().Draw(t, "asked").Abs()

		want := account.Posted.Sub(account.Held.Decimal).Add(account.DebtLimit.Decimal)
		require.True(t, want.Equal(account.Available()))
		require.Equal(t, want.IsNegative(), account.Status() == accounts.Overdrawn)

		use := debit(&account, asked)
		use.Own = own
		covered := asked.IsZero() || want.Add(own).GreaterThanOrEqual(asked)
		require.Equal(t, covered, !has(accounts.Eligible(use), accounts.CodeInsufficientAvailable))
	})
}

func TestStatusDerivesOverdrawnFromActiveOnly(t *testing.T) {
	t.Parallel()
	for _, stored := range accounts.Statuses() {
		account := accounts.Account{Stored: stored, Posted: amt("-10.01"), DebtLimit: amt("10")}
		want := stored
		if stored == accounts.Active {
			want = accounts.Overdrawn
		}
		require.Equal(t, want, account.Status())
		account.DebtLimit = amt("10.01")
		require.Equal(t, stored, account.Status(), "nothing is left, but nothing is below the limit")
	}
}

func TestMissing(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		kind    accounts.Kind
		details accounts.Details
		want    []string
	}{
		"fiat without anything": {accounts.Fiat, accounts.Details{}, []string{"bank", "branch", "number"}},
		"fiat half":             {accounts.Fiat, accounts.Details{Bank: "001", Number: "1-9"}, []string{"branch"}},
		"fiat at a bank":        {accounts.Fiat, accounts.Details{Bank: "001", Branch: "2", Number: "1-9"}, nil},
		"fiat with a Pix key":   {accounts.Fiat, accounts.Details{PixKey: "a@b.example"}, nil},
		"crypto without":        {accounts.Crypto, accounts.Details{}, []string{"network", "address"}},
		"crypto half":           {accounts.Crypto, accounts.Details{Network: "bitcoin"}, []string{"address"}},
		"crypto":                {accounts.Crypto, accounts.Details{Network: "bitcoin", Address: "bc1q"}, nil},
		"crypto with a Pix key": {accounts.Crypto, accounts.Details{PixKey: "a@b.example"}, []string{"network", "address"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			account := accounts.Account{Kind: tc.kind, Configured: tc.details.Configured()}
			require.Equal(t, tc.want, account.Missing())
		})
	}
}

func TestDetails(t *testing.T) {
	t.Parallel()
	full := accounts.Details{Bank: "a", Branch: "b", Number: "c", PixKey: "d", Network: "e", Address: "f"}
	require.Equal(t, []string{"bank", "branch", "number", "pix_key", "network", "address"}, full.Configured())
	require.Nil(t, accounts.Details{}.Configured())
	require.NoError(t, accounts.Details{}.Validate(accounts.Fiat))
	require.NoError(t, accounts.Details{Bank: "Banco São José", PixKey: "k"}.Validate(accounts.Fiat))
	require.NoError(t, accounts.Details{Network: "bitcoin", Address: "bc1q"}.Validate(accounts.Crypto))
	require.Equal(t, []string{"network", "address"}, problemFields(full.Validate(accounts.Fiat)))
	require.Equal(t, []string{"bank", "branch", "number", "pix_key"}, problemFields(full.Validate(accounts.Crypto)))
	require.Equal(t, []string{"kind"}, problemFields(accounts.Details{}.Validate("")))
	require.Equal(t, []string{"bank", "pix_key"}, problemFields(accounts.Details{
		Bank: "x\x1b[2J", PixKey: strings.Repeat("k", 78),
	}.Validate(accounts.Fiat)))
}

func problemFields(err error) []string {
	var fields []string
	for _, problem := range tenancy.Fields(err) {
		fields = append(fields, problem.Field)
	}
	return fields
}

func TestAccountSurvivesJSON(t *testing.T) {
	t.Parallel()
	in := usable()
	in.Directions, in.Opened = accounts.CreditOnly, time.Date(2026, 11, 2, 3, 4, 5, 6000, time.UTC)
	text, err := json.Marshal(in)
	require.NoError(t, err)
	require.JSONEq(t, `{"id":"acc1","asset":"BRL","kind":"fiat","scale":2,"status":"active","directions":"credit_only",
		"debt_limit":"0","configured":["pix_key"],"posted":"100","held":"0","opened":"2026-11-02T03:04:05.000006Z"}`, string(text))
	var out accounts.Account
	require.NoError(t, json.Unmarshal(text, &out))
	require.Empty(t, cmp.Diff(in, out))
}

func TestAccountIDs(t *testing.T) {
	t.Parallel()
	require.NoError(t, accounts.ID("0193f0c2-acc").Validate())
	for _, id := range []accounts.ID{"", "suspense", "income:fees", "a b", "a/b"} {
		requireField(t, id.Validate(), "account")
	}
}
