package integration_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/onbehalf/onbehalf/adapters/memory"
	"github.com/onbehalf/onbehalf/operations"
)

// A sum may have more digits than what it is part of: 0.5 and 0.5 more than a
// balance without places has fewer digits than 0.5 more.
func TestABalanceOnTheWayToOneThatFitsIsRefusedOrKept(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	const most = "99999999999999999999999999999999999998"
	for name, in := range map[string]func(*testing.T, *desk){
		"half of it is with a provider": func(t *testing.T, d *desk) {
			t.Helper()
			d.deposit("0.5")
			res, err := d.eng.Submit(ctx, d.scope, d.next(), operations.Deposit{To: d.acc, Amount: money("0.5"), Via: "bank"})
			require.NoError(t, err)
			require.Equal(t, operations.Executing, res.Operation.State)
		},
		"half of it waits for its time": func(t *testing.T, d *desk) {
			t.Helper()
			d.deposit("0.5")
			_, err := d.eng.Submit(ctx, d.scope, d.next(), operations.Deposit{To: d.acc, Amount: money("0.5"), NotBefore: d.clock.Now().Add(time.Hour)})
			require.NoError(t, err)
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			bank := &fakeProvider{known: map[string]operations.Instruction{}, send: "pending"}
			d := sit(t, memory.New(), operations.Config{Providers: map[string]operations.Provider{"bank": bank}})
			in(t, d)
			_, err := d.eng.Submit(ctx, d.scope, d.next(), operations.Deposit{To: d.acc, Amount: money(most)})
			require.Contains(t, []string{"ok", "refused"}, failure(err).Class, "%v", err)
		})
	}
}

func TestAHoldOfManyDigitsDoesNotKeepOthersFromEnding(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	const large = "10000000000000000000000000000000000000" // 38 digits
	d := sit(t, memory.New(), operations.Config{})
	d.acc = d.account(large)
	later := d.clock.Now().Add(time.Hour)
	hold := func(amount string) operations.Result {
		res, err := d.eng.Submit(ctx, d.scope, d.next(), operations.Withdrawal{From: d.acc, Amount: money(amount), NotBefore: later})
		require.NoError(t, err)
		return res
	}
	half := hold("0.5")
	hold("0.5")
	if _, err := d.eng.Submit(ctx, d.scope, d.next(), operations.Withdrawal{From: d.acc, Amount: money(large), NotBefore: later}); err != nil {
		require.Equal(t, "refused", failure(err).Class)
	}
	_, err := d.eng.Cancel(ctx, d.scope, d.next(), half.Operation.Ref())
	require.NoError(t, err, "what is held can always be given back")
}
