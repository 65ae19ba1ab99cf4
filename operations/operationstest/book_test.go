package operationstest_test

import (
	"testing"
	"time"

	"github.com/shopspring/decimal"
	"github.com/stretchr/testify/require"

	"github.com/onbehalf/onbehalf/accounts"
	"github.com/onbehalf/onbehalf/customer"
	"github.com/onbehalf/onbehalf/operations"
	"github.com/onbehalf/onbehalf/operations/operationstest"
	"github.com/onbehalf/onbehalf/tenancy"
)

func view(f *operations.Folded) operations.View {
	return operations.NewView(f, operations.Order{}, nil, operationstest.Operator())
}

func TestBookIsAsTheSpecSays(t *testing.T) {
	t.Parallel()
	lastYear := operationstest.Start().AddDate(-1, 0, 0)
	assets, err := accounts.NewAssets(accounts.Asset{Code: "BTC", Scale: 8, Network: "bitcoin"})
	require.NoError(t, err)
	f := operationstest.BookSpec{
		Tenant: "acme", Customer: "maria", Type: customer.Company, Status: customer.Suspended, Country: "BR",
		Assets: assets,
		Accounts: []operationstest.AccountSpec{
			{ID: "brl", Asset: "BRL", Posted: "-20.50", Held: "1.25", DebtLimit: "100", Directions: accounts.CreditOnly, Opened: lastYear},
			{ID: "btc", Asset: "BTC", Posted: "0.00000001", Status: accounts.Frozen},
			{ID: "usd", Asset: "USD", Incomplete: true, Configured: []string{"bank"}},
			{ID: "pix", Asset: "BRL", Configured: []string{"pix_key"}},
		},
		Currencies: []string{"EUR"}, Disabled: []string{"USD"},
		System: []operationstest.SystemSpec{
			{Ref: accounts.IncomeFees, Asset: "BRL", Posted: "7.00"},
			{Ref: accounts.Suspense, Asset: "BRL", Posted: "-3"},
		},
	}.Fold(t)
	v := view(f)
	require.Equal(t, operations.BookID{Tenant: "acme", Customer: "maria"}, v.Book())
	require.Equal(t, customer.Company, v.Type())
	require.Equal(t, customer.Suspended, v.Status())
	require.Equal(t, "BR", v.Country())

	brl, ok := v.Account("brl")
	require.True(t, ok)
	require.Equal(t, "-20.5", brl.Posted.String())
	require.Equal(t, "1.25", brl.Held.String())
	require.Equal(t, "78.25", accounts.Canonical(brl.Available()))
	require.Equal(t, accounts.CreditOnly, brl.Directions)
	require.Equal(t, lastYear, brl.Opened)
	require.Empty(t, brl.Missing())
	btc, _ := v.Account("btc")
	require.Equal(t, accounts.Crypto, btc.Kind)
	require.Equal(t, accounts.Frozen, btc.Status())
	require.Equal(t, "0.00000001", btc.Posted.String())
	require.Empty(t, btc.Missing())
	usd, _ := v.Account("usd")
	require.NotEmpty(t, usd.Missing())
	pix, _ := v.Account("pix")
	require.Equal(t, []string{"pix_key"}, pix.Configured)

	for asset, enabled := range map[string]bool{"BRL": true, "BTC": true, "EUR": true, "USD": false, "JPY": false} {
		require.Equal(t, enabled, v.Enabled(asset), asset)
	}
	require.Equal(t, "7", accounts.Canonical(v.System(accounts.IncomeFees, "BRL")))
	require.Equal(t, "-3", accounts.Canonical(v.System(accounts.Suspense, "BRL")))
	sum := decimal.Sum(brl.Posted.Decimal, v.System(accounts.IncomeFees, "BRL"), v.System(accounts.Suspense, "BRL"), v.System(operationstest.Opposite, "BRL"))
	require.True(t, sum.IsZero(), "the book is balanced, not off by %s", sum)
}

func TestZeroSpecIsAnActiveIndividual(t *testing.T) {
	t.Parallel()
	f := operationstest.BookSpec{}.Fold(t)
	require.Equal(t, customer.Active, view(f).Status())
	require.Equal(t, customer.Individual, view(f).Type())
	require.Equal(t, operationstest.Start(), f.At())
}

func TestOpenOperationsStandInTheirStates(t *testing.T) {
	t.Parallel()
	earlier := operationstest.Start().Add(-time.Hour)
	for _, state := range operations.States() {
		if state.Final() {
			continue
		}
		t.Run(string(state), func(t *testing.T) {
			t.Parallel()
			f := operationstest.BookSpec{
				Accounts: []operationstest.AccountSpec{{ID: "a", Asset: "BRL", Posted: "100.00", Held: "5.00", Opened: earlier}},
				Open: []operationstest.OperationSpec{{
					State: state, Created: earlier,
					Request: operations.Withdrawal{From: "a", Amount: decimal.NewFromInt(30), Via: "pix"},
				}},
			}.Fold(t)
			open := view(f).Open()
			require.Len(t, open, 1)
			require.Equal(t, operations.OperationID("open-1"), open[0].ID)
			require.Equal(t, state, open[0].State)
			require.Equal(t, earlier, open[0].CreatedAt)
			require.Equal(t, "30", open[0].Terms.Debit.String())
			require.Equal(t, "pix", open[0].Terms.Provider)
			held := "5"
			if state.Holds() {
				held = "35"
			}
			a, _ := view(f).Account("a")
			require.Equal(t, held, a.Held.String())
		})
	}
}

// What an engine would plan for the built-in kinds is what a spec assumes.
func TestPlainTermsAreThoseOfTheKinds(t *testing.T) {
	t.Parallel()
	amount := decimal.NewFromInt(30)
	spec := operationstest.BookSpec{Accounts: []operationstest.AccountSpec{
		{ID: "a", Asset: "BRL", Posted: "100.00"}, {ID: "b", Asset: "BRL"},
	}}
	for _, q := range []operations.Request{
		operations.Deposit{To: "a", Amount: amount},
		operations.Withdrawal{From: "a", Amount: amount},
		operations.Transfer{From: "a", To: "b", Amount: amount},
	} {
		t.Run(q.Order().Kind, func(t *testing.T) {
			t.Parallel()
			want := operationstest.Explain(t, operations.Config{}, spec.Fold(t), q, operationstest.Start()).Terms
			want.Expires = time.Time{}
			with := spec
			with.Open = []operationstest.OperationSpec{{Request: q}}
			require.Equal(t, want, view(with.Fold(t)).Open()[0].Terms)
		})
	}
}

func TestSpecsThatNoBookCanHaveAreToldInFull(t *testing.T) {
	t.Parallel()
	amount := decimal.NewFromInt(1)
	a := operationstest.AccountSpec{ID: "a", Asset: "BRL"}
	for name, test := range map[string]struct {
		spec operationstest.BookSpec
		says []string
	}{
		"an unknown asset and too many digits": {
			operationstest.BookSpec{Accounts: []operationstest.AccountSpec{{ID: "a", Asset: "XYZ"}, {ID: "b", Asset: "BRL", Posted: "1.005"}}},
			[]string{`asset "XYZ"`, `posted "1.005"`},
		},
		"a held amount below zero":     {operationstest.BookSpec{Accounts: []operationstest.AccountSpec{{ID: "a", Asset: "BRL", Held: "-1"}}}, []string{"held"}},
		"a status that is never given": {operationstest.BookSpec{Accounts: []operationstest.AccountSpec{{ID: "a", Asset: "BRL", Status: accounts.Overdrawn}}}, []string{"overdrawn"}},
		"a detail of the other kind":   {operationstest.BookSpec{Accounts: []operationstest.AccountSpec{{ID: "a", Asset: "BRL", Configured: []string{"address"}}}}, []string{"address"}},
		"an account twice":             {operationstest.BookSpec{Accounts: []operationstest.AccountSpec{a, a}}, []string{"twice"}},
		"a customer that cannot be":    {operationstest.BookSpec{Type: "x", Status: "y", Country: "zz"}, []string{"type", "status", "country"}},
		"a customer's account as a system account": {
			operationstest.BookSpec{System: []operationstest.SystemSpec{{Ref: "a", Asset: "BRL", Posted: "1"}}},
			[]string{"system[0]"},
		},
		"an unknown currency": {operationstest.BookSpec{Currencies: []string{"XYZ"}}, []string{`"XYZ"`}},
		"a final operation": {
			operationstest.BookSpec{Accounts: []operationstest.AccountSpec{a}, Open: []operationstest.OperationSpec{{State: operations.Completed, Request: operations.Deposit{To: "a", Amount: amount}}}},
			[]string{"completed"},
		},
		"an operation of nobody's account": {
			operationstest.BookSpec{Open: []operationstest.OperationSpec{{Request: operations.Deposit{To: "a", Amount: amount}}, {}}},
			[]string{`account "a"`, "request is required"},
		},
		"a freeze of nobody's account, and one for no reason": {
			operationstest.BookSpec{Freezes: []operations.Freeze{{Account: "a", Reason: "a letter"}, {}}},
			[]string{`freezes[0]: account "a"`, "freezes[1]"},
		},
		"an operation before its account": {
			operationstest.BookSpec{Accounts: []operationstest.AccountSpec{a}, Open: []operationstest.OperationSpec{{
				Created: operationstest.Start().Add(-time.Hour), Request: operations.Withdrawal{From: "a", Amount: amount},
			}}},
			[]string{"damaged"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			said := failure(t, func(tb *recorder) { test.spec.Fold(tb) })
			for _, s := range test.says {
				require.Contains(t, said, s)
			}
		})
	}
}

func TestABookMayBeFrozenAndItsLimitsUsed(t *testing.T) {
	t.Parallel()
	cfg := operations.Config{Limits: []operations.Limit{{Name: "daily", Asset: "BRL", Day: decimal.NewFromInt(500)}}}
	spec := operationstest.BookSpec{
		Accounts: []operationstest.AccountSpec{{ID: "main", Asset: "BRL", Posted: "2000"}, {ID: "other", Asset: "BRL"}},
		Open: []operationstest.OperationSpec{{
			Request: operations.Withdrawal{From: "main", Amount: decimal.NewFromInt(350)}, Counts: []string{"daily"},
		}},
	}
	explain := func(amount int64) operations.Plan {
		q := operations.Withdrawal{From: "main", Amount: decimal.NewFromInt(amount)}
		return operationstest.Explain(t, cfg, spec.Fold(t), q, operationstest.Start())
	}
	operationstest.RequireAllowed(t, explain(150))
	operationstest.RequireUnmet(t, explain(151), operations.CodeLimitDay)

	spec.Freezes = []operations.Freeze{{Account: "other", Reason: "a letter"}}
	operationstest.RequireAllowed(t, explain(150))
	spec.Freezes = []operations.Freeze{{Account: "main", Reason: "a letter"}, {Reason: "a court order"}}
	operationstest.RequireUnmet(t, explain(150), operations.CodeAccountFrozen, operations.CodeCustomerFrozen)
}

func TestExplainUnderThrownSwitches(t *testing.T) {
	t.Parallel()
	book := operationstest.BookSpec{Accounts: []operationstest.AccountSpec{{ID: "main", Asset: "BRL"}}}.Fold(t)
	q := operations.Deposit{To: "main", Amount: decimal.NewFromInt(1)}
	under := func(subject string) operations.Plan {
		return operationstest.ExplainUnder(t, operations.Config{}, book, q, operationstest.Start(), tenancy.Stop{Subject: subject, Reason: "a test"})
	}
	operationstest.RequireAllowed(t, under(tenancy.KindSubject(operations.KindWithdrawal)))
	for _, subject := range []string{tenancy.WholeFirm, tenancy.KindSubject(operations.KindDeposit), tenancy.ProviderSubject(operations.DeskName)} {
		operationstest.RequireUnmet(t, under(subject), operations.CodeStopped)
	}
}
