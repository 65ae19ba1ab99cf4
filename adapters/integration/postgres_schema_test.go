package integration_test

import (
	"context"
	"database/sql"
	"io/fs"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/onbehalf/onbehalf/adapters/sqlstore"
	"github.com/onbehalf/onbehalf/tenancy"
)

// catalog lists everything that the migrations make: columns, indexes,
// constraints, functions, triggers and policies, as texts.
const catalog = `
	SELECT 'column ' || c.relname || '.' || a.attname || ' ' || format_type(a.atttypid, a.atttypmod) || ' ' || a.attnotnull || ' ' || c.relrowsecurity || ' ' || c.relforcerowsecurity
		FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid
		WHERE c.relnamespace = 'onbehalf'::regnamespace AND c.relkind = 'r' AND c.relname <> 'migrations' AND a.attnum > 0 AND NOT a.attisdropped
	UNION ALL SELECT 'index ' || indexdef FROM pg_indexes WHERE schemaname = 'onbehalf' AND tablename <> 'migrations'
	UNION ALL SELECT 'constraint ' || conrelid::regclass || ' ' || pg_get_constraintdef(oid) FROM pg_constraint
		WHERE connamespace = 'onbehalf'::regnamespace AND conrelid <> 'onbehalf.migrations'::regclass
	UNION ALL SELECT 'function ' || md5(pg_get_functiondef(oid)) || ' ' || oid::regprocedure FROM pg_proc WHERE pronamespace = 'onbehalf'::regnamespace
	UNION ALL SELECT 'trigger ' || pg_get_triggerdef(t.oid) FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid WHERE c.relnamespace = 'onbehalf'::regnamespace
	UNION ALL SELECT 'policy ' || tablename || ' ' || policyname || ' ' || cmd || ' ' || coalesce(qual, '') || ' ' || coalesce(with_check, '')
		FROM pg_policies WHERE schemaname = 'onbehalf' AND policyname <> 'worker'
	UNION ALL SELECT 'version ' || version FROM onbehalf.schema_version
	ORDER BY 1`

func catalogOf(t *testing.T, db *sql.DB) []string {
	t.Helper()
	rows, err := db.QueryContext(t.Context(), catalog)
	require.NoError(t, err)
	defer rows.Close() //nolint:errcheck // Err below tells
	var all []string
	for rows.Next() {
		var line string
		require.NoError(t, rows.Scan(&line))
		all = append(all, line)
	}
	require.NoError(t, rows.Err())
	return all
}

// migratingStore is a store on the database, as its owner.
func migratingStore(t *testing.T, dsn string) (*sqlstore.Store, *sql.DB) {
	t.Helper()
	db := openPostgres(t, dsn, 4)
	store, err := sqlstore.New(db, sqlstore.PostgreSQL)
	require.NoError(t, err)
	return store, db
}

func TestPostgreSQLMigratesFromNothingAndOnlyOnce(t *testing.T) {
	t.Parallel()
	store, db := migratingStore(t, shared.Database(t, ""))
	b := newBook("maria")
	for name, call := range everyCall(b) {
		err := call(t.Context(), store)
		var schema *sqlstore.SchemaError
		require.ErrorAs(t, err, &schema, name)
		require.Zero(t, schema.Have, name)
		require.ErrorIs(t, err, tenancy.ErrUnavailable, name)
		require.NotErrorIs(t, err, tenancy.ErrUnknownOutcome, name)
		require.ErrorContains(t, err, "Migrate", name)
	}
	texts, err := sqlstore.Migrations(sqlstore.PostgreSQL)
	require.NoError(t, err)
	names, err := fs.Glob(texts, "*.sql")
	require.NoError(t, err)
	pending, err := store.Pending(t.Context())
	require.NoError(t, err)
	require.Equal(t, names, pending)

	require.NoError(t, store.Migrate(t.Context()))
	pending, err = store.Pending(t.Context())
	require.NoError(t, err)
	require.Empty(t, pending)
	b.commit(t, store)
	whole := catalogOf(t, db)
	require.NoError(t, store.Migrate(t.Context()))
	require.Equal(t, whole, catalogOf(t, db))
	b.stands(t, store)
}

// Whenever the migrator is cut off, the next one ends what it began: nobody has
// to clear anything up.
func TestPostgreSQLMigrationsCutOffAreTakenUp(t *testing.T) {
	t.Parallel()
	admin := openPostgres(t, shared.Need(t), 1)
	first, model := migratingStore(t, shared.Database(t, ""))
	began := time.Now()
	require.NoError(t, first.Migrate(t.Context()))
	longest := time.Since(began)
	whole := catalogOf(t, model)
	rng := rand.New(rand.NewPCG(5, 57))
	versions := map[int64]int{}
	for range atLeast(2, 2, 20) {
		dsn := shared.Database(t, "")
		db, err := sql.Open("pgx", dsn)
		require.NoError(t, err)
		store, err := sqlstore.New(db, sqlstore.PostgreSQL)
		require.NoError(t, err)
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan error, 1)
		go func() { ended <- store.Migrate(ctx) }()
		<-time.After(time.Duration(rng.Int64N(int64(longest))))
		// The backends first: the process is told, and by then it is gone.
		_, err = admin.ExecContext(t.Context(), `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1`, databaseOf(t, dsn))
		require.NoError(t, err)
		cancel()
		<-ended //nolint:errcheck // it may have been through
		require.NoError(t, db.Close())

		next, after := migratingStore(t, dsn)
		versions[versionOf(t, after)]++
		require.NoError(t, next.Migrate(t.Context()))
		require.Equal(t, whole, catalogOf(t, after))
		b := newBook("maria")
		b.commit(t, next)
		b.stands(t, next)
		var locks int
		require.NoError(t, after.QueryRowContext(t.Context(), `SELECT count(*) FROM pg_locks l JOIN pg_database d ON d.oid = l.database
			WHERE l.locktype = 'advisory' AND d.datname = current_database()`).Scan(&locks))
		require.Zero(t, locks)
	}
	t.Logf("cut off at versions %v", versions)
}

func databaseOf(t *testing.T, dsn string) string {
	t.Helper()
	var name string
	db, err := sql.Open("pgx", dsn)
	require.NoError(t, err)
	defer func() { require.NoError(t, db.Close()) }()
	require.NoError(t, db.QueryRowContext(t.Context(), "SELECT current_database()").Scan(&name))
	return name
}

// versionOf is the version of the tables, 0 where there are none.
func versionOf(t *testing.T, db *sql.DB) int64 {
	t.Helper()
	var there bool
	require.NoError(t, db.QueryRowContext(t.Context(), `SELECT to_regclass('onbehalf.schema_version') IS NOT NULL`).Scan(&there))
	if !there {
		return 0
	}
	var version int64
	require.NoError(t, db.QueryRowContext(t.Context(), `SELECT version FROM onbehalf.schema_version`).Scan(&version))
	return version
}

func TestPostgreSQLTablesOfAnotherReleaseAreRefusedAlsoWhileRunning(t *testing.T) {
	t.Parallel()
	for _, portable := range []bool{false, true} {
		dsn := shared.Database(t, postgresTemplate(t))
		db := openPostgres(t, dsn, 4)
		store, err := sqlstore.New(db, sqlstore.PostgreSQL, sqlstore.Config{Portable: portable})
		require.NoError(t, err)
		b := newBook("maria")
		b.commit(t, store)
		have := versionOf(t, db)
		for other, told := range map[int64]string{99: "run a release that knows version 99", 1: "run Migrate"} {
			_, err = db.ExecContext(t.Context(), "UPDATE onbehalf.schema_version SET version = $1", other)
			require.NoError(t, err)
			for name, call := range everyCall(b) {
				err := call(t.Context(), store)
				var schema *sqlstore.SchemaError
				require.ErrorAs(t, err, &schema, "%s, portable %v", name, portable)
				require.Equal(t, other, schema.Have, name)
				require.ErrorIs(t, err, tenancy.ErrUnavailable, name)
				require.NotErrorIs(t, err, tenancy.ErrUnknownOutcome, name)
				require.ErrorContains(t, err, told, name)
			}
		}
		_, err = db.ExecContext(t.Context(), "UPDATE onbehalf.schema_version SET version = 99")
		require.NoError(t, err)
		_, err = store.Pending(t.Context())
		require.ErrorIs(t, err, tenancy.ErrUnavailable)
		require.ErrorIs(t, store.Migrate(t.Context()), tenancy.ErrUnavailable)
		_, err = db.ExecContext(t.Context(), "UPDATE onbehalf.schema_version SET version = $1", have)
		require.NoError(t, err)
		b.stands(t, store)
		b.commit(t, store)
	}
}
