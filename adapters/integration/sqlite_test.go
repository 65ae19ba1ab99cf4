package integration_test

import (
	"context"
	"database/sql"
	"os"
	"path/filepath"
	"sync"
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

// migrated is a database file with the tables and nothing in them, made once:
// most tests are about what comes after.
var migrated = sync.OnceValues(func() ([]byte, error) { //nolint:gochecknoglobals // never changed
	dir, err := os.MkdirTemp("", "onbehalf")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir) //nolint:errcheck // a directory of temporary files
	path := filepath.Join(dir, "books.db")
	db, err := sql.Open("sqlite", sqlstore.SQLiteDSN(path))
	if err != nil {
		return nil, err
	}
	store, err := sqlstore.New(db, sqlstore.SQLite)
	if err != nil {
		return nil, err
	}
	if err := store.Migrate(context.Background()); err != nil {
		return nil, err
	}
	if err := db.Close(); err != nil { // which takes in the log
		return nil, err
	}
	return os.ReadFile(path)
})

// newFile is a new database file with the tables.
func newFile(t *testing.T) string {
	t.Helper()
	b, err := migrated()
	require.NoError(t, err)
	path := filepath.Join(t.TempDir(), "books.db")
	require.NoError(t, os.WriteFile(path, b, 0o600))
	return path
}

// newSQLite is a store in a new file with one writer and two readers.
func newSQLite(t *testing.T) (*sqlstore.Store, *sql.DB, string) {
	t.Helper()
	path := newFile(t)
	db := openSQLite(t, sqlstore.SQLiteDSN(path), 1)
	readers := openSQLite(t, sqlstore.SQLiteReaderDSN(path), 2)
	store, err := sqlstore.New(db, sqlstore.SQLite, sqlstore.Config{Readers: readers})
	require.NoError(t, err)
	return store, db, path
}
