package integration_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/onbehalf/onbehalf/adapters/sqlstore"
	"github.com/onbehalf/onbehalf/adapters/storetest"
	"github.com/onbehalf/onbehalf/operations"
)

func TestSQLiteKeepsTheContract(t *testing.T) {
	t.Parallel()
	t.Run("with readers of their own", func(t *testing.T) {
		t.Parallel()
		once(t)
		storetest.Run(t, func(t *testing.T) operations.Store {
			t.Helper()
			store, _, _ := newSQLite(t)
			return store
		})
	})
	t.Run("on a pool of one connection", func(t *testing.T) {
		t.Parallel()
		long(t)
		storetest.Run(t, func(t *testing.T) operations.Store {
			t.Helper()
			db := openSQLite(t, sqlstore.SQLiteDSN(newFile(t)), 1)
			store, err := sqlstore.New(db, sqlstore.SQLite)
			require.NoError(t, err)
			return store
		})
	})
	t.Run("inside a transaction of the host's", func(t *testing.T) {
		t.Parallel()
		long(t)
		storetest.Run(t, func(t *testing.T) operations.Store {
			t.Helper()
			store, db, _ := newSQLite(t)
			tx, err := db.BeginTx(t.Context(), nil)
			require.NoError(t, err)
			t.Cleanup(func() { _ = tx.Rollback() }) // before the pool is closed
			return store.WithTx(tx)
		})
	})
}
