package integration_test

import (
	"database/sql"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
	_ "modernc.org/sqlite" // the driver

	"github.com/onbehalf/onbehalf/adapters/sqlstore"
)

// openSQLite opens a pool on the file with one connection, and closes it.
func openSQLite(t *testing.T, dsn string, connections int) *sql.DB {
	t.Helper()
	db, err := sql.Open("sqlite", dsn)
	require.NoError(t, err)
	db.SetMaxOpenConns(connections)
	t.Cleanup(func() { require.NoError(t, db.Close()) })
	return db
}

// newSQLite is a store in a new file with one writer and two readers.
func newSQLite(t *testing.T) (*sqlstore.Store, *sql.DB, string) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "books.db")
	db := openSQLite(t, sqlstore.SQLiteDSN(path), 1)
	readers := openSQLite(t, sqlstore.SQLiteReaderDSN(path), 2)
	store, err := sqlstore.New(db, sqlstore.SQLite, sqlstore.Config{Readers: readers})
	require.NoError(t, err)
	require.NoError(t, store.Migrate(t.Context()))
	return store, db, path
}
