package integration_test

import (
	"context"
	"database/sql"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/stretchr/testify/require"

	"github.com/onbehalf/onbehalf/accounts"
	"github.com/onbehalf/onbehalf/adapters/sqlstore"
	"github.com/onbehalf/onbehalf/customer"
	"github.com/onbehalf/onbehalf/operations"
	"github.com/onbehalf/onbehalf/tenancy"
)

func TestPostgreSQLWithoutTablesNamesWhatToRun(t *testing.T) {
	t.Parallel()
	bothForms(t, func(t *testing.T, c sqlstore.Config) {
		t.Helper()
		store, err := sqlstore.New(openPostgres(t, shared.Database(t, ""), 2), sqlstore.PostgreSQL, c)
		require.NoError(t, err)
		refusesAll(t, store, 0, "run Migrate")
		pending, err := store.Pending(t.Context())
		require.NoError(t, err)
		require.Len(t, pending, 4)
		require.NoError(t, store.Migrate(t.Context()))
		whole(t, store)
	})
}

// Tables of another release are refused by every call: by a store that meets
// them, and by one that was at work when they changed.
func TestPostgreSQLTablesOfAnotherReleaseAreRefused(t *testing.T) {
	t.Parallel()
	template := postgresTemplate(t)
	bothForms(t, func(t *testing.T, c sqlstore.Config) {
		t.Helper()
		db := openPostgres(t, shared.Database(t, template), 2)
		running, err := sqlstore.New(db, sqlstore.PostgreSQL, c)
		require.NoError(t, err)
		b := newBook("maria")
		b.commit(t, running)
		var ours int64
		require.NoError(t, db.QueryRowContext(t.Context(), "SELECT version FROM onbehalf.schema_version").Scan(&ours))
		for _, other := range []struct {
			version int64
			run     string
		}{{ours - 1, "run Migrate"}, {ours + 95, "run a release that knows"}} {
			_, err = db.ExecContext(t.Context(), "UPDATE onbehalf.schema_version SET version = $1", other.version)
			require.NoError(t, err)
			starting, err := sqlstore.New(db, sqlstore.PostgreSQL, c)
			require.NoError(t, err)
			refusesAll(t, starting, other.version, other.run)
			refusesAll(t, running, other.version, other.run)
			tx, err := db.BeginTx(t.Context(), nil)
			require.NoError(t, err)
			refusesAll(t, running.WithTx(tx), other.version, other.run)
			_, err = tx.ExecContext(t.Context(), "SELECT 1")
			require.NoError(t, err, "the host's transaction stays usable")
			require.NoError(t, tx.Rollback())
		}
		require.ErrorAs(t, running.Migrate(t.Context()), new(*sqlstore.SchemaError))
		_, err = running.Pending(t.Context())
		require.ErrorAs(t, err, new(*sqlstore.SchemaError))
		_, err = db.ExecContext(t.Context(), "UPDATE onbehalf.schema_version SET version = $1", ours)
		require.NoError(t, err)
		b.stands(t, running)
	})
}

// refusesAll makes every call, which must name the tables' version and what to run.
func refusesAll(t *testing.T, store operations.Store, have int64, run string) {
	t.Helper()
	b := newBook("maria")
	for name, call := range everyCall(b) {
		err := call(t.Context(), store)
		var schema *sqlstore.SchemaError
		require.ErrorAs(t, err, &schema, name)
		require.Equal(t, have, schema.Have, name)
		require.ErrorIs(t, err, tenancy.ErrUnavailable, name)
		require.ErrorContains(t, err, run, name)
	}
}

// Several who migrate an empty database at once all find it migrated.
func TestPostgreSQLMigrationsRunAtOnce(t *testing.T) {
	t.Parallel()
	for range atLeast(1, 2, 10) {
		dsn := shared.Database(t, "")
		var running sync.WaitGroup
		stores, errs := make([]*sqlstore.Store, 3), make([]error, 3)
		for i := range stores {
			store, err := sqlstore.New(openPostgres(t, dsn, 2), sqlstore.PostgreSQL)
			require.NoError(t, err)
			stores[i] = store
			running.Go(func() { errs[i] = store.Migrate(t.Context()) })
		}
		running.Wait()
		for i, store := range stores {
			require.NoError(t, errs[i])
			whole(t, store)
		}
	}
}

// statements is about how many it takes to migrate.
const statements = 34

// Whatever statement a migrator loses its connection at, another one who was
// waiting, or who comes later, makes the tables whole.
func TestPostgreSQLMigrationKilledMidWay(t *testing.T) {
	t.Parallel()
	rng := rand.New(rand.NewPCG(4, 4))
	struck, failed := 0, 0
	for round := range atLeast(2, 3, 20) {
		dsn := shared.Database(t, "")
		k := &killer{t: t, dsn: dsn, at: int64(1 + rng.IntN(statements)), meanwhile: rng.IntN(2) == 0}
		config, err := pgx.ParseConfig(dsn)
		require.NoError(t, err)
		config.Tracer = k
		victims := stdlib.OpenDB(*config)
		victims.SetMaxOpenConns(2)
		victim, err := sqlstore.New(victims, sqlstore.PostgreSQL)
		require.NoError(t, err)
		other, err := sqlstore.New(openPostgres(t, dsn, 2), sqlstore.PostgreSQL)
		require.NoError(t, err)
		var running sync.WaitGroup
		var waited error
		if round%2 == 0 {
			k.approach = func() { running.Go(func() { waited = other.Migrate(t.Context()) }) }
		}
		if err := victim.Migrate(t.Context()); err != nil {
			require.ErrorIs(t, err, tenancy.ErrUnavailable)
			failed++
		}
		running.Wait()
		k.striking.Wait()
		t.Logf("%d statements, killed at %d", k.seen.Load(), k.at)
		k.seen.Store(k.at) // whatever comes now is spared
		require.NoError(t, waited)
		if k.struck.Load() {
			struck++
		}
		require.NoError(t, other.Migrate(t.Context()))
		if err := victim.Migrate(t.Context()); err != nil { // the connection was killed after its last use
			require.ErrorIs(t, err, tenancy.ErrUnavailable)
			require.NoError(t, victim.Migrate(t.Context()))
		}
		pending, err := other.Pending(t.Context())
		require.NoError(t, err)
		require.Empty(t, pending)
		whole(t, other)
		require.NoError(t, victims.Close())
	}
	require.Positive(t, struck)
	t.Logf("%d migrators lost their connection, %d of them gave up", struck, failed)
}

// killer terminates the backend that is about to run one of the statements: just
// before, or while it runs.
type killer struct {
	t         *testing.T
	dsn       string
	at        int64
	meanwhile bool
	approach  func() // called a little before; may be nil

	seen     atomic.Int64
	struck   atomic.Bool
	striking sync.WaitGroup
}

func (k *killer) TraceQueryStart(ctx context.Context, conn *pgx.Conn, _ pgx.TraceQueryStartData) context.Context {
	n := k.seen.Add(1)
	if n == max(1, k.at-3) && k.approach != nil {
		k.approach()
	}
	if n != k.at {
		return ctx
	}
	k.struck.Store(true)
	pid := conn.PgConn().PID()
	if k.meanwhile {
		k.striking.Go(func() { k.strike(pid) })
	} else {
		k.strike(pid)
	}
	return ctx
}

func (*killer) TraceQueryEnd(context.Context, *pgx.Conn, pgx.TraceQueryEndData) {}

func (k *killer) strike(pid uint32) {
	db, err := sql.Open("pgx", k.dsn)
	if err == nil {
		defer db.Close() //nolint:errcheck // nothing is left in it
		_, err = db.ExecContext(context.Background(), "SELECT pg_terminate_backend($1, 5000)", pid)
	}
	if err != nil {
		k.t.Error(err)
	}
}

// whole sees that the tables serve: a firm, a customer, a deposit, and rows that
// are as the journal says.
func whole(t *testing.T, store operations.Store) {
	t.Helper()
	ctx := t.Context()
	eng, err := operations.New(store, operations.Config{})
	require.NoError(t, err)
	defer eng.Close()
	ana := principal("acme", "ana")
	firm, err := eng.Bootstrap(ctx, tenancy.Firm{Tenant: "acme", Admin: ana})
	require.NoError(t, err)
	c, err := eng.OpenCustomer(ctx, firm, intent("customer"), customer.Profile{Name: "Maria"})
	require.NoError(t, err)
	s, err := eng.Gate().Enter(ctx, ana, c.ID, "test")
	require.NoError(t, err)
	m, err := eng.Manage(ctx, s, intent("account"), accounts.Open{Currency: "BRL", Details: accounts.Details{PixKey: "k"}})
	require.NoError(t, err)
	_, err = eng.Submit(ctx, s, intent("deposit"), operations.Deposit{To: m.Account, Amount: money("10")})
	require.NoError(t, err)
	v, err := eng.Book(s).Verify(ctx)
	require.NoError(t, err)
	require.Empty(t, v.Faults)
}
