package accounts_test

import (
	"slices"
	"testing"

	"github.com/shopspring/decimal"
	"github.com/stretchr/testify/require"

	"github.com/onbehalf/onbehalf/accounts"
	"github.com/onbehalf/onbehalf/customer"
)

// usable is an account with 100 reais that everything may be done with.
func usable() accounts.Account {
	return accounts.Account{
		ID: "acc1", Asset: "BRL", Kind: accounts.Fiat, Scale: 2, Stored: accounts.Active,
		Configured: []string{"pix_key"}, Posted: amt("100.00"),
	}
}

func debit(account *accounts.Account, amount decimal.Decimal) accounts.Use {
	return accounts.Use{
		Customer: customer.Active, Account: "acc1", Found: account, CurrencyEnabled: true,
		Direction: accounts.Debit, Asset: "BRL", Amount: amount,
	}
}

func codes(unmet []accounts.Unmet) []string {
	var codes []string
	for _, u := range unmet {
		codes = append(codes, u.Code)
	}
	return codes
}

func has(unmet []accounts.Unmet, code string) bool { return slices.Contains(codes(unmet), code) }

func TestEligible(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		change func(*accounts.Use)
		want   []string
	}{
		"all of the balance":                   {func(u *accounts.Use) { u.Amount = dec("100") }, nil},
		"one cent more than the balance":       {func(u *accounts.Use) { u.Amount = dec("100.01") }, []string{"insufficient_available"}},
		"the debt limit counts":                {func(u *accounts.Use) { u.Found.DebtLimit = amt("50"); u.Amount = dec("150") }, nil},
		"holds of others count against it":     {func(u *accounts.Use) { u.Found.Held = amt("50"); u.Amount = dec("50.01") }, []string{"insufficient_available"}},
		"its own hold is available to it":      {func(u *accounts.Use) { u.Found.Held, u.Own = amt("100"), dec("100"); u.Amount = dec("100") }, nil},
		"its own hold is no more than it is":   {func(u *accounts.Use) { u.Found.Held, u.Own = amt("100"), dec("60"); u.Amount = dec("61") }, []string{"insufficient_available"}},
		"no amount asks nothing about funds":   {func(u *accounts.Use) { u.Found.Posted = amt("0"); u.Amount = decimal.Decimal{} }, nil},
		"a credit asks nothing about funds":    {func(u *accounts.Use) { u.Direction = accounts.Credit; u.Amount = dec("1000") }, nil},
		"a negative amount is never covered":   {func(u *accounts.Use) { u.Amount = dec("-5") }, []string{"insufficient_available"}},
		"a negative own hold is never covered": {func(u *accounts.Use) { u.Own = dec("-5") }, []string{"insufficient_available"}},
		"an endless amount is never covered":   {func(u *accounts.Use) { u.Amount = decimal.New(1, 1_000_000_000) }, []string{"insufficient_available"}},
		"an endless own hold covers nothing":   {func(u *accounts.Use) { u.Own = decimal.New(1, 1_000_000_000) }, []string{"insufficient_available"}},
		"not his account":                      {func(u *accounts.Use) { u.Found = nil; u.CurrencyEnabled = false }, []string{"account_not_found"}},
		"not his account, and suspended":       {func(u *accounts.Use) { u.Found = nil; u.Customer = customer.Suspended }, []string{"customer_not_active", "account_not_found"}},
		"onboarding customer":                  {func(u *accounts.Use) { u.Customer = customer.Onboarding }, []string{"customer_not_active"}},
		"suspended customer starts nothing":    {func(u *accounts.Use) { u.Customer = customer.Suspended }, []string{"customer_not_active"}},
		"suspended customer finishes":          {func(u *accounts.Use) { u.Customer = customer.Suspended; u.Finish = true }, nil},
		"active customer finishes":             {func(u *accounts.Use) { u.Finish = true }, nil},
		"closed customer does not finish":      {func(u *accounts.Use) { u.Customer = customer.Closed; u.Finish = true }, []string{"customer_not_active"}},
		"unknown customer status":              {func(u *accounts.Use) { u.Customer = "" }, []string{"customer_not_active"}},
		"pending account":                      {func(u *accounts.Use) { u.Found.Stored = accounts.Pending }, []string{"account_not_active"}},
		"frozen account is not debited":        {func(u *accounts.Use) { u.Found.Stored = accounts.Frozen }, []string{"account_not_active"}},
		"frozen account is not credited":       {func(u *accounts.Use) { u.Found.Stored, u.Direction = accounts.Frozen, accounts.Credit }, []string{"account_not_active"}},
		"closed account":                       {func(u *accounts.Use) { u.Found.Stored = accounts.Closed }, []string{"account_not_active"}},
		"unknown account status":               {func(u *accounts.Use) { u.Found.Stored = "" }, []string{"account_not_active"}},
		"debit-frozen account is not debited":  {func(u *accounts.Use) { u.Found.Stored = accounts.DebitFrozen }, []string{"account_debits_frozen"}},
		"debit-frozen account is credited":     {func(u *accounts.Use) { u.Found.Stored, u.Direction = accounts.DebitFrozen, accounts.Credit }, nil},
		"overdrawn account is not debited":     {func(u *accounts.Use) { u.Found.Posted = amt("-1") }, []string{"account_overdrawn", "insufficient_available"}},
		"overdrawn account is credited":        {func(u *accounts.Use) { u.Found.Posted, u.Direction = amt("-1"), accounts.Credit }, nil},
		"details are missing":                  {func(u *accounts.Use) { u.Found.Configured = nil }, []string{"account_not_configured"}},
		"currency disabled":                    {func(u *accounts.Use) { u.CurrencyEnabled = false }, []string{"currency_not_enabled"}},
		"credit-only account is not debited":   {func(u *accounts.Use) { u.Found.Directions = accounts.CreditOnly }, []string{"direction_not_allowed"}},
		"debit-only account is not credited":   {func(u *accounts.Use) { u.Found.Directions, u.Direction = accounts.DebitOnly, accounts.Credit }, []string{"direction_not_allowed"}},
		"no direction is not allowed":          {func(u *accounts.Use) { u.Direction = "" }, []string{"direction_not_allowed"}},
		"another asset":                        {func(u *accounts.Use) { u.Asset = "USD" }, []string{"asset_mismatch"}},
		"any asset":                            {func(u *accounts.Use) { u.Asset = "" }, nil},
		"everything at once, in the fixed order": {func(u *accounts.Use) {
			u.Customer, u.CurrencyEnabled, u.Asset = customer.Closed, false, "USD"
			u.Found.Posted, u.Found.Configured, u.Found.Directions = amt("-1"), nil, accounts.CreditOnly
		}, []string{
			"customer_not_active", "account_overdrawn", "account_not_configured", "currency_not_enabled",
			"direction_not_allowed", "asset_mismatch", "insufficient_available",
		}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			account := usable()
			use := debit(&account, dec("10"))
			tc.change(&use)
			unmet := accounts.Eligible(use)
			require.Equal(t, tc.want, codes(unmet))
			for _, u := range unmet {
				require.Contains(t, accounts.Codes(), u.Code)
				require.NotEmpty(t, u.Remedy)
				if u.Code == accounts.CodeCustomerNotActive {
					require.Equal(t, "customer", u.Subject)
				} else {
					require.Equal(t, "account:acc1", u.Subject)
				}
			}
		})
	}
}

func TestEligibleTellsTheFigures(t *testing.T) {
	t.Parallel()
	account := usable()
	account.Held, account.DebtLimit, account.Configured = amt("80.50"), amt("1"), []string{"bank"}
	use := debit(&account, dec("30.00"))
	use.Own = dec("0.5")
	unmet := accounts.Eligible(use)
	require.Len(t, unmet, 2)
	require.Equal(t, []accounts.Figure{{Name: "missing", Value: "branch,number|pix_key"}}, unmet[0].Figures)
	require.Equal(t, []accounts.Figure{
		{Name: "available", Value: "21"}, {Name: "asked", Value: "30"}, {Name: "short", Value: "9"},
	}, unmet[1].Figures)

	account.Stored = accounts.Closed
	require.Equal(t, []accounts.Figure{{Name: "status", Value: "closed"}}, accounts.Eligible(use)[0].Figures)
}

func TestForeignAndUnknownAccountsLookTheSame(t *testing.T) {
	t.Parallel()
	use := debit(nil, dec("1"))
	unmet := accounts.Eligible(use)
	require.Len(t, unmet, 1)
	require.Empty(t, unmet[0].Figures)
}

// The allocations below are counted for the whole process, so these tests do
// not run beside others.
//
//nolint:paralleltest // testing.AllocsPerRun panics in a parallel test.
func TestEligibleDoesNotAllocateWhenNothingIsWrong(t *testing.T) {
	account := usable()
	account.Held, account.DebtLimit = amt("12.34"), amt("0.005")
	use := debit(&account, dec("80.01"))
	use.Own = dec("1")
	require.Zero(t, testing.AllocsPerRun(100, func() {
		if accounts.Eligible(use) != nil {
			panic("not eligible")
		}
	}))
}

//nolint:paralleltest // testing.AllocsPerRun panics in a parallel test.
func TestBalancedDoesNotAllocateWhenBalanced(t *testing.T) {
	postings := []accounts.Posting{
		{Ref: "acc1", Asset: "BRL", Amount: amt("-10.5")},
		{Ref: accounts.Between, Asset: "BRL", Amount: amt("10.5")},
		{Ref: accounts.Between, Asset: "BTC", Amount: amt("-0.00000001")},
		{Ref: "acc2", Asset: "BTC", Amount: amt("0.00000001")},
	}
	require.Zero(t, testing.AllocsPerRun(100, func() {
		if accounts.Balanced(postings) != nil {
			panic("not balanced")
		}
	}))
}

func BenchmarkEligible(b *testing.B) {
	account := usable()
	use := debit(&account, dec("80.01"))
	b.ReportAllocs()
	for b.Loop() {
		_ = accounts.Eligible(use)
	}
}

func BenchmarkAvailable(b *testing.B) {
	account := usable()
	account.Held = amt("12.5")
	b.ReportAllocs()
	for b.Loop() {
		_ = account.Available()
	}
}
