package operations_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/shopspring/decimal"
	"github.com/stretchr/testify/require"

	"github.com/onbehalf/onbehalf/accounts"
	"github.com/onbehalf/onbehalf/adapters/memory"
	"github.com/onbehalf/onbehalf/customer"
	"github.com/onbehalf/onbehalf/operations"
	"github.com/onbehalf/onbehalf/tenancy"
)

func TestSmoke(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	eng, err := operations.New(memory.New(), operations.Config{})
	require.NoError(t, err)
	ana := tenancy.Principal{Tenant: "acme", Operator: "ana", Person: "p-ana"}
	firm, err := eng.Bootstrap(ctx, tenancy.Firm{Tenant: "acme", Admin: ana})
	require.NoError(t, err)
	cust, err := eng.OpenCustomer(ctx, firm, operations.Intent{Key: "c1"}, customer.Profile{Name: "Maria"})
	require.NoError(t, err)
	scope, err := eng.Gate().Enter(ctx, ana, cust.ID, "call")
	require.NoError(t, err)
	acc, err := eng.Manage(ctx, scope, operations.Intent{Key: "a1"}, accounts.Open{Currency: "BRL", Details: accounts.Details{PixKey: "maria@example.com"}})
	require.NoError(t, err)
	amount := decimal.RequireFromString("250.00")
	for i := range 200 {
		res, err := eng.Submit(ctx, scope, operations.Intent{Key: fmt.Sprint("d", i)}, operations.Deposit{To: acc.Account, Amount: amount})
		require.NoError(t, err)
		require.Equal(t, operations.Completed, res.Operation.State)
	}
	again, err := eng.Submit(ctx, scope, operations.Intent{Key: "d1"}, operations.Deposit{To: acc.Account, Amount: amount})
	require.NoError(t, err)
	require.True(t, again.Replayed)
	_, err = eng.Submit(ctx, scope, operations.Intent{Key: "w1"}, operations.Withdrawal{From: acc.Account, Amount: decimal.RequireFromString("999999")})
	require.ErrorIs(t, err, operations.ErrRefused)
	t.Log(err)
	plan, err := eng.Explain(ctx, scope, operations.Withdrawal{From: acc.Account, Amount: decimal.RequireFromString("999999")})
	require.NoError(t, err)
	t.Logf("%+v", plan.Unmet)
	prep, err := eng.Prepare(ctx, scope, operations.Intent{Key: "p1"}, operations.Withdrawal{From: acc.Account, Amount: decimal.RequireFromString("10")})
	require.NoError(t, err)
	mod, err := eng.Modify(ctx, scope, operations.Intent{Key: "m1"}, prep.Operation.Ref(), operations.Modification{Amount: decimal.RequireFromString("20")})
	require.NoError(t, err)
	_, err = eng.Execute(ctx, scope, operations.Intent{Key: "e0"}, prep.Operation.Ref())
	require.ErrorIs(t, err, operations.ErrConflict)
	acts, err := eng.Actions(ctx, scope, mod.Operation.ID)
	require.NoError(t, err)
	t.Logf("%+v", acts)
	done, err := eng.Execute(ctx, scope, operations.Intent{Key: "e1"}, mod.Operation.Ref())
	require.NoError(t, err)
	require.Equal(t, operations.Completed, done.Operation.State)
	_, err = eng.Cancel(ctx, scope, operations.Intent{Key: "x1"}, done.Operation.Ref())
	require.ErrorIs(t, err, operations.ErrRefused)
	v, err := eng.Book(scope).Verify(ctx)
	require.NoError(t, err)
	require.Empty(t, v.Faults)
	acs, err := eng.Book(scope).Accounts(ctx)
	require.NoError(t, err)
	t.Logf("%+v", acs)
	h, err := eng.Book(scope).History(ctx, operations.HistoryFilter{}, "", 3)
	require.NoError(t, err)
	require.Len(t, h.Items, 3)
	require.NotEmpty(t, h.Next)
	c2, err := operations.New(memory.New(), operations.Config{})
	require.NoError(t, err)
	_, err = c2.Submit(ctx, scope, operations.Intent{Key: "d1"}, operations.Deposit{To: acc.Account, Amount: amount})
	require.ErrorIs(t, err, operations.ErrRefused)
}
