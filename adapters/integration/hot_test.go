package integration_test

import (
	"context"
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/sync/errgroup"

	"github.com/onbehalf/onbehalf/adapters/memory"
	"github.com/onbehalf/onbehalf/adapters/sqlstore"
	"github.com/onbehalf/onbehalf/operations"
)

// Two engines that serve one book must both get on, and nobody be told that it
// is contended. On SQLite each has a pool of its own, as two processes have;
// there the file goes to and fro in runs of many commits, so that the parts even
// out over seconds.
func TestTwoEnginesOnOneHotBookBothGetOn(t *testing.T) {
	t.Parallel()
	for name, open := range map[string]func(*testing.T) [2]operations.Store{
		"memory": func(*testing.T) [2]operations.Store {
			store := memory.New()
			return [2]operations.Store{store, store}
		},
		"sqlite": func(t *testing.T) [2]operations.Store {
			t.Helper()
			path := newFile(t)
			var stores [2]operations.Store
			for i := range stores {
				db := openSQLite(t, sqlstore.SQLiteDSN(path), 1)
				var err error
				stores[i], err = sqlstore.New(db, sqlstore.SQLite, sqlstore.Config{Readers: openSQLite(t, sqlstore.SQLiteReaderDSN(path), 2)})
				require.NoError(t, err)
			}
			return stores
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			const callers, enough, part = 8, 300, 5
			stores := open(t)
			clock := newHands()
			first := sit(t, stores[0], operations.Config{Clock: clock})
			desks := [2]*desk{first, first.beside(stores[1], operations.Config{Clock: clock})}
			ctx, cancel := context.WithTimeout(t.Context(), time.Minute) // while one of them gets nothing
			defer cancel()
			var done [2]atomic.Int64
			fair := func() bool {
				a, b := done[0].Load(), done[1].Load()
				return min(a, b) >= enough && part*min(a, b) >= max(a, b)
			}
			g, ctx := errgroup.WithContext(ctx)
			for e, d := range desks {
				for i := range callers {
					g.Go(func() error {
						for n := 0; !fair() && ctx.Err() == nil; n++ {
							// What was begun is brought to its end.
							_, err := d.eng.Submit(t.Context(), d.scope, intent(e, "-", i, "-", n), operations.Deposit{To: d.acc, Amount: money("1")})
							if err != nil {
								return fmt.Errorf("engine %d after %d and %d: %w", e, done[0].Load(), done[1].Load(), err)
							}
							done[e].Add(1)
						}
						return nil
					})
				}
			}
			require.NoError(t, g.Wait())
			a, b := done[0].Load(), done[1].Load()
			require.True(t, fair(), "%d and %d in a minute", a, b)
			require.Equal(t, fmt.Sprint(a+b, "/0"), first.balance())
		})
	}
}
