package operationstest_test

import (
	"testing"
	"time"

	"github.com/shopspring/decimal"
	"github.com/stretchr/testify/require"

	"github.com/onbehalf/onbehalf/operations"
	"github.com/onbehalf/onbehalf/operations/operationstest"
)

func TestExplainRefund(t *testing.T) {
	t.Parallel()
	late := operations.RuleFunc(func(v operations.View, _ operations.Terms, now time.Time) []operations.Unmet {
		if p, ok := v.Parent(); ok && now.After(p.UpdatedAt.AddDate(0, 0, 90)) {
			return []operations.Unmet{{Code: "refund_too_late"}}
		}
		return nil
	})
	c := operations.Config{Rules: []operations.Rule{late}, Fees: []operations.FeeRule{{Name: "in", Tier: operations.Tier{Fixed: decimal.NewFromInt(1)}, Inside: true}}}
	book := operationstest.BookSpec{Accounts: []operationstest.AccountSpec{{ID: "main", Asset: "BRL", Posted: "500.00"}}}.Fold(t)
	start := operationstest.Start()
	back := func(of operations.Request, amount int64, at time.Time) operations.Plan {
		return operationstest.ExplainRefund(t, c, book, of, start, operations.Refund{Amount: decimal.NewFromInt(amount), Purpose: "error"}, at)
	}
	in := operations.Deposit{To: "main", Amount: decimal.NewFromInt(100)}
	plan := back(in, 99, start.AddDate(0, 0, 90))
	operationstest.RequireAllowed(t, plan)
	require.Equal(t, "99", plan.Terms.Debit.String())
	operationstest.RequireUnmet(t, back(in, 100, start), operations.CodeRefundExceeds)
	operationstest.RequireUnmet(t, back(in, 99, start.AddDate(0, 0, 90).Add(time.Second)), "refund_too_late")
	adjusted := operations.Adjustment{To: "main", Amount: decimal.NewFromInt(100), Purpose: operations.Interest}
	operationstest.RequireUnmet(t, back(adjusted, 1, start), operations.CodeNotRefundable)
}
