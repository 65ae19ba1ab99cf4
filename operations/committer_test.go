package operations_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/shopspring/decimal"
	"github.com/stretchr/testify/require"
	"golang.org/x/sync/errgroup"

	"github.com/onbehalf/onbehalf/accounts"
	"github.com/onbehalf/onbehalf/adapters/memory"
	"github.com/onbehalf/onbehalf/customer"
	"github.com/onbehalf/onbehalf/operations"
	"github.com/onbehalf/onbehalf/tenancy"
)

// firm is an engine in memory with customers who have an account each.
type firm struct {
	eng    *operations.Engine
	store  *memory.Store
	scopes []tenancy.Scope
	accs   []accounts.ID
}

func newFirm(t *testing.T, customers int, c operations.Config) firm {
	t.Helper()
	ctx := t.Context()
	f := firm{store: memory.New()}
	var err error
	f.eng, err = operations.New(f.store, c)
	require.NoError(t, err)
	t.Cleanup(f.eng.Close)
	ana := tenancy.Principal{Tenant: "acme", Operator: "ana", Person: "p-ana"}
	scope, err := f.eng.Bootstrap(ctx, tenancy.Firm{Tenant: "acme", Admin: ana})
	require.NoError(t, err)
	for i := range customers {
		opened, err := f.eng.OpenCustomer(ctx, scope, operations.Intent{Key: fmt.Sprint("c", i)}, customer.Profile{Name: fmt.Sprint("Customer ", i)})
		require.NoError(t, err)
		s, err := f.eng.Gate().Enter(ctx, ana, opened.ID, "test")
		require.NoError(t, err)
		m, err := f.eng.Manage(ctx, s, operations.Intent{Key: "account"}, accounts.Open{Currency: "BRL", Details: accounts.Details{PixKey: "key"}})
		require.NoError(t, err)
		f.scopes, f.accs = append(f.scopes, s), append(f.accs, m.Account)
	}
	return f
}

func (f firm) deposit(ctx context.Context, i int, key string) (operations.Result, error) {
	return f.eng.Submit(ctx, f.scopes[i], operations.Intent{Key: key}, operations.Deposit{To: f.accs[i], Amount: decimal.New(1, 0)})
}

func TestManyCallersOverManyBooksAreEachToldTheirOwnOutcome(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]operations.Config{
		"one committer":        {},
		"several committers":   {Committers: 4},
		"small batches":        {MaxBatch: 3},
		"no cache":             {CacheBytes: -1},
		"a cache of few books": {CacheBytes: 8 << 10},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			const customers, callers, each = 10, 40, 10
			f := newFirm(t, customers, c)
			g, ctx := errgroup.WithContext(t.Context())
			for w := range callers {
				g.Go(func() error {
					for n := range each {
						key := fmt.Sprintf("w%d-%d", w, n)
						res, err := f.deposit(ctx, w%customers, key)
						if err != nil {
							return err
						}
						again, err := f.deposit(ctx, w%customers, key)
						if err != nil {
							return err
						}
						if res.Replayed || !again.Replayed || again.Operation.ID != res.Operation.ID {
							return fmt.Errorf("%s: told %+v, then %+v", key, res, again)
						}
					}
					return nil
				})
			}
			require.NoError(t, g.Wait())
			for i, s := range f.scopes {
				accs, err := f.eng.Book(s).Accounts(t.Context())
				require.NoError(t, err)
				require.Equal(t, fmt.Sprint(callers/customers*each), accs[0].Posted.String())
				v, err := f.eng.Book(s).Verify(t.Context())
				require.NoError(t, err)
				require.Empty(t, v.Faults, "customer %d", i)
			}
		})
	}
}

func TestAClosedEngineIsUnavailableAndSoIsWhatWasMadeFromIt(t *testing.T) {
	t.Parallel()
	f := newFirm(t, 1, operations.Config{})
	within := f.eng.Within(f.store)
	within.Close() // ends nothing
	_, err := f.deposit(t.Context(), 0, "before")
	require.NoError(t, err)
	f.eng.Close()
	f.eng.Close()
	_, err = f.deposit(t.Context(), 0, "after")
	require.ErrorIs(t, err, operations.ErrUnavailable)
	_, err = within.Submit(t.Context(), f.scopes[0], operations.Intent{Key: "within"}, operations.Deposit{To: f.accs[0], Amount: decimal.New(1, 0)})
	require.ErrorIs(t, err, operations.ErrUnavailable)
	accs, err := f.eng.Book(f.scopes[0]).Accounts(t.Context())
	require.NoError(t, err, "reading goes on")
	require.Equal(t, "1", accs[0].Posted.String())
}

func TestAConfigTellsAllThatIsWrongWithIt(t *testing.T) {
	t.Parallel()
	_, err := operations.New(nil, operations.Config{
		Committers: 65, MaxSkew: -1, Rules: []operations.Rule{nil}, Kinds: []operations.Kind{nil},
		Providers: map[string]operations.Provider{"between": operations.Desk{}, "none": nil, "desk": operations.Desk{}},
		Gate:      tenancy.Policy{ScopeLength: -1},
	})
	require.ErrorIs(t, err, operations.ErrInvalid)
	for _, part := range []string{"store", "Committers", "MaxSkew", "Rules[0]", "Kinds[0]", `Providers["between"]`, `Providers["none"]`, `Providers["desk"]`, "give it another", "scope"} {
		require.ErrorContains(t, err, part)
	}
}
