package operations_test

import (
	"errors"
	"fmt"
	"sync/atomic"
	"testing"

	"github.com/shopspring/decimal"
	"github.com/stretchr/testify/require"
	"golang.org/x/sync/errgroup"

	"github.com/onbehalf/onbehalf/operations"
)

func TestManyAtOnceNeverExceedALimit(t *testing.T) {
	t.Parallel()
	f := newFirm(t, 1, operations.Config{Committers: 4, Limits: []operations.Limit{
		{Name: "day", Asset: "BRL", Day: decimal.NewFromInt(20)},
		{Name: "month", Asset: "BRL", Month: decimal.NewFromInt(1000), PerOperator: true},
	}})
	const callers, each = 32, 4
	var done atomic.Int64
	g, ctx := errgroup.WithContext(t.Context())
	for w := range callers {
		g.Go(func() error {
			for n := range each {
				_, err := f.deposit(ctx, 0, fmt.Sprintf("w%d-%d", w, n))
				switch {
				case err == nil:
					done.Add(1)
				case !errors.Is(err, operations.ErrRefused):
					return err
				}
			}
			return nil
		})
	}
	require.NoError(t, g.Wait())
	require.Equal(t, int64(20), done.Load())
	accs, err := f.eng.Book(f.scopes[0]).Accounts(t.Context())
	require.NoError(t, err)
	require.Equal(t, "20", accs[0].Posted.String())
	v, err := f.eng.Book(f.scopes[0]).Verify(t.Context())
	require.NoError(t, err)
	require.Empty(t, v.Faults)
}
