package integration_test

import (
	"io/fs"
	"path/filepath"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/onbehalf/onbehalf/adapters/sqlstore"
	"github.com/onbehalf/onbehalf/tenancy"
)

func TestMigrationsRunFromNothingAndOnlyOnce(t *testing.T) {
	t.Parallel()
	db := openSQLite(t, sqlstore.SQLiteDSN(filepath.Join(t.TempDir(), "books.db")), 1)
	store, err := sqlstore.New(db, sqlstore.SQLite)
	require.NoError(t, err)
	b := newBook("maria")

	for name, call := range everyCall(b) {
		err := call(t.Context(), store)
		var schema *sqlstore.SchemaError
		require.ErrorAs(t, err, &schema, name)
		require.Zero(t, schema.Have, name)
		require.ErrorIs(t, err, tenancy.ErrUnavailable, name)
		require.ErrorContains(t, err, "Migrate", name)
	}
	pending, err := store.Pending(t.Context())
	require.NoError(t, err)
	require.Equal(t, []string{"00001_books.sql", "00002_queue.sql", "00003_waiting.sql"}, pending)

	require.NoError(t, store.Migrate(t.Context()))
	pending, err = store.Pending(t.Context())
	require.NoError(t, err)
	require.Empty(t, pending)
	b.commit(t, store)
	require.NoError(t, store.Migrate(t.Context()))
	b.stands(t, store)
}

func TestMigrationsRunTwiceAtOnce(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "books.db")
	var running sync.WaitGroup
	errs := make([]error, 4)
	stores := make([]*sqlstore.Store, len(errs))
	for i := range errs {
		store, err := sqlstore.New(openSQLite(t, sqlstore.SQLiteDSN(path), 1), sqlstore.SQLite)
		require.NoError(t, err)
		stores[i] = store
		running.Go(func() { errs[i] = store.Migrate(t.Context()) })
	}
	running.Wait()
	for _, err := range errs {
		require.NoError(t, err)
	}
	b := newBook("maria")
	for _, store := range stores {
		b.commit(t, store)
		b.stands(t, store)
	}
}

func TestTheSQLMayBeRunByAnotherTool(t *testing.T) {
	t.Parallel()
	db := openSQLite(t, sqlstore.SQLiteDSN(filepath.Join(t.TempDir(), "books.db")), 1)
	texts, err := sqlstore.Migrations(sqlstore.SQLite)
	require.NoError(t, err)
	names, err := fs.Glob(texts, "*.sql")
	require.NoError(t, err)
	for _, name := range names {
		text, err := fs.ReadFile(texts, name)
		require.NoError(t, err)
		_, err = db.ExecContext(t.Context(), string(text))
		require.NoError(t, err)
	}
	store, err := sqlstore.New(db, sqlstore.SQLite)
	require.NoError(t, err)
	require.NoError(t, store.Migrate(t.Context()))
	b := newBook("maria")
	b.commit(t, store)
	b.stands(t, store)
}

func TestTablesOfANewerReleaseAreRefusedAlsoWhileRunning(t *testing.T) {
	t.Parallel()
	for _, first := range []bool{true, false} {
		store, db, _ := newSQLite(t)
		b := newBook("maria")
		if !first {
			b.commit(t, store)
		}
		tx, err := db.BeginTx(t.Context(), nil)
		require.NoError(t, err)
		_, err = tx.ExecContext(t.Context(), "UPDATE onbehalf_schema SET version = 99")
		require.NoError(t, err)
		inside := store.WithTx(tx)
		for name, call := range everyCall(b) {
			var schema *sqlstore.SchemaError
			require.ErrorAs(t, call(t.Context(), inside), &schema, name)
		}
		require.NoError(t, tx.Commit())

		for name, call := range everyCall(b) {
			err := call(t.Context(), store)
			var schema *sqlstore.SchemaError
			require.ErrorAs(t, err, &schema, name)
			require.EqualValues(t, 99, schema.Have, name)
			require.ErrorIs(t, err, tenancy.ErrUnavailable, name)
		}
		_, err = store.Pending(t.Context())
		require.ErrorIs(t, err, tenancy.ErrUnavailable)
		require.ErrorIs(t, store.Migrate(t.Context()), tenancy.ErrUnavailable)

		_, err = db.ExecContext(t.Context(), "UPDATE onbehalf_schema SET version = 3")
		require.NoError(t, err)
		b.stands(t, store)
	}
}
