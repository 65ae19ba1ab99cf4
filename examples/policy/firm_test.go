package policy

import (
	"testing"
	"time"

	"github.com/shopspring/decimal"
	"github.com/stretchr/testify/require"

	"github.com/onbehalf/onbehalf/customer"
	"github.com/onbehalf/onbehalf/operations"
	"github.com/onbehalf/onbehalf/operations/operationstest"
	"github.com/onbehalf/onbehalf/tenancy"
)

func book() operationstest.BookSpec {
	return operationstest.BookSpec{Accounts: []operationstest.AccountSpec{{ID: "main", Asset: "BRL", Posted: "20000.00"}}}
}

func withdraw(amount string) operations.Withdrawal {
	return operations.Withdrawal{From: "main", Amount: decimal.RequireFromString(amount)}
}

// explain asks at noon in the firm's zone.
func explain(t *testing.T, b operationstest.BookSpec, q operations.Request) operations.Plan {
	t.Helper()
	return operationstest.Explain(t, Config(), b.Fold(t), q, operationstest.Start().Add(6*time.Hour))
}

func TestFees(t *testing.T) {
	t.Parallel()
	individual, company := book(), book()
	company.Type = customer.Company
	for _, c := range []struct {
		of                  operationstest.BookSpec
		amount, fee, leaves string
	}{
		{individual, "100.00", "2", "102"},
		{individual, "1999.99", "10", "2009.99"}, // 9.99995
		{individual, "9999.00", "50", "10049"},
		{company, "1000.00", "3", "1000"},
		{company, "1000.01", "3", "1000.01"},
		{company, "5000.00", "11", "5000"},
	} {
		terms := explain(t, c.of, withdraw(c.amount)).Terms
		require.Len(t, terms.Fees, 1, c.amount)
		require.Equal(t, c.fee, terms.Fees[0].Amount.String(), c.amount)
		require.Equal(t, c.leaves, terms.Debit.String(), c.amount)
	}
	operationstest.RequireUnmet(t, explain(t, company, withdraw("3.00")), operations.CodeFeeExceeds, operations.CodeLimitMinimum)
}

func TestLimits(t *testing.T) {
	t.Parallel()
	b := book()
	operationstest.RequireUnmet(t, explain(t, b, withdraw("4.99")), operations.CodeLimitMinimum)
	b.Open = []operationstest.OperationSpec{{
		Request: withdraw("7000.00"), Counts: []string{"outgoing", "operator@" + operationstest.Operator().ID},
	}}
	plan := explain(t, b, withdraw("1000.00"))
	operationstest.RequireAllowed(t, plan)
	for _, use := range plan.Limits {
		require.Equal(t, map[string]string{"outgoing day": "3000", "outgoing rolling_30_days": "93000", "operator day": "1000"}[use.Limit+" "+string(use.Window)], use.Left.String())
	}
	operationstest.RequireUnmet(t, explain(t, b, withdraw("1000.01")), operations.CodeLimitDay)
	require.Len(t, explain(t, b, withdraw("3000.01")).Unmet, 2, "both limits")
}

func TestApprovals(t *testing.T) {
	t.Parallel()
	require.Nil(t, explain(t, book(), withdraw("1999.99")).Terms.Approval)
	one := explain(t, book(), withdraw("2000.00")).Terms.Approval
	require.Equal(t, operations.ApprovalTerm{Policies: []string{"four-eyes"}, Persons: 1, Within: 4 * time.Hour}, *one)
	two := explain(t, book(), withdraw("7000.00")).Terms.Approval
	require.Equal(t, operations.ApprovalTerm{Policies: []string{"four-eyes", "six-eyes"}, Persons: 2, Within: 4 * time.Hour}, *two)

	b := book()
	b.Open = []operationstest.OperationSpec{{State: operations.AwaitingApproval, Request: withdraw("2500.00")}}
	plan := explain(t, b, withdraw("2500.00"))
	operationstest.RequireUnmet(t, plan, operations.CodeLookAlike)
	require.Equal(t, []string{operations.CodeLookAlike}, plan.Warnings)
	operationstest.RequireAllowed(t, explain(t, b, withdraw("2500.01")))
}

func TestFreezesAndStops(t *testing.T) {
	t.Parallel()
	b := book()
	b.Freezes = []operations.Freeze{{Account: "main", Reason: "court order 12/26"}}
	operationstest.RequireUnmet(t, explain(t, b, withdraw("100.00")), operations.CodeAccountFrozen)
	stop := tenancy.Stop{Subject: tenancy.ProviderSubject(operations.DeskName), Reason: "the vault is closed"}
	plan := operationstest.ExplainUnder(t, Config(), book().Fold(t), withdraw("100.00"), operationstest.Start().Add(6*time.Hour), stop)
	operationstest.RequireUnmet(t, plan, operations.CodeStopped)
}
