package integration_test

import (
	"io/fs"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/onbehalf/onbehalf/adapters/sqlstore"
)

// TestAToolOfTheHostsMigrates follows docs/postgresql.md.
func TestAToolOfTheHostsMigrates(t *testing.T) {
	t.Parallel()
	w := newRowsWorld(t)
	w.must("DROP SCHEMA " + w.schema + " CASCADE; CREATE SCHEMA " + w.schema + " AUTHORIZATION " + w.role("owner"))
	files, err := sqlstore.Migrations(sqlstore.PostgreSQL)
	require.NoError(t, err)
	names, err := fs.Glob(files, "*.sql")
	require.NoError(t, err)
	store := w.alone(w.owner)
	for i, name := range names {
		pending, err := store.Pending(t.Context())
		require.NoError(t, err)
		require.Equal(t, names[i:], pending)
		text, err := fs.ReadFile(files, name)
		require.NoError(t, err)
		tx, err := w.owner.BeginTx(t.Context(), nil)
		require.NoError(t, err)
		_, err = tx.ExecContext(t.Context(), "SET LOCAL search_path = "+w.schema+", pg_temp; SET LOCAL lock_timeout = '2s'; "+string(text))
		require.NoError(t, err, name)
		require.NoError(t, tx.Commit())
	}
	require.NoError(t, store.Migrate(t.Context()), "there is nothing left to do")
	grants, err := sqlstore.Grants(w.schema, w.role("app"), w.role("worker"))
	require.NoError(t, err)
	for range 2 {
		_, err = w.owner.ExecContext(t.Context(), grants)
		require.NoError(t, err, "grants may be run again")
	}
	b := newBook("maria")
	b.commit(t, w.store(w.app))
	b.stands(t, w.store(w.app))
}
