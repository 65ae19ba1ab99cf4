package operations_test

import (
	"sync/atomic"
	"testing"
	"time"

	"github.com/shopspring/decimal"
	"github.com/stretchr/testify/require"

	"github.com/onbehalf/onbehalf/operations"
)

// Terms are good until their expiry, exclusive; what is held is captured when
// the operation happens and given back when it does not.
func TestTermsEndAtTheirExpiryAndHoldsWithTheirOperation(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	var now atomic.Int64
	now.Store(time.Date(2026, 11, 22, 9, 0, 0, 0, time.UTC).UnixMicro())
	f := newFirm(t, 1, operations.Config{Clock: operations.ClockFunc(func() time.Time { return time.UnixMicro(now.Load()) })})
	_, err := f.deposit(ctx, 0, "funds")
	require.NoError(t, err)
	s := f.scopes[0]
	take := operations.Withdrawal{From: f.accs[0], Amount: decimal.New(1, -1)}

	late, err := f.eng.Prepare(ctx, s, operations.Intent{Key: "late"}, take)
	require.NoError(t, err)
	timely, err := f.eng.Prepare(ctx, s, operations.Intent{Key: "timely"}, take)
	require.NoError(t, err)
	now.Store(late.Operation.Terms.Expires.UnixMicro() - 1)
	_, err = f.eng.Execute(ctx, s, operations.Intent{Key: "in-time"}, timely.Operation.Ref())
	require.NoError(t, err)
	now.Add(1)
	_, err = f.eng.Execute(ctx, s, operations.Intent{Key: "too-late"}, late.Operation.Ref())
	require.ErrorIs(t, err, operations.ErrRefused)
	require.ErrorContains(t, err, operations.CodeTermsExpired)

	for key, captured := range map[string]bool{"happens": true, "does-not": false} {
		later := take
		later.NotBefore = time.UnixMicro(now.Load()).Add(time.Hour)
		res, err := f.eng.Submit(ctx, s, operations.Intent{Key: key}, later)
		require.NoError(t, err)
		if captured {
			now.Add(time.Hour.Microseconds())
			_, err = f.eng.Work(ctx, operations.Budget{})
		} else {
			_, err = f.eng.Cancel(ctx, s, operations.Intent{Key: key + "-cancel"}, res.Operation.Ref())
		}
		require.NoError(t, err)
		o, err := f.eng.Book(s).Operation(ctx, res.Operation.ID)
		require.NoError(t, err)
		lines, err := f.eng.Book(s).Journal(ctx, o.Updated-1, 1)
		require.NoError(t, err)
		require.Len(t, lines[0].Effects.Releases, 1)
		require.Equal(t, captured, lines[0].Effects.Releases[0].Captured, key)
	}
}
