package integration_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/onbehalf/onbehalf/adapters/sqlstore"
	"github.com/onbehalf/onbehalf/adapters/storetest"
	"github.com/onbehalf/onbehalf/operations"
)

func TestPostgreSQLKeepsTheContract(t *testing.T) {
	t.Parallel()
	postgresTemplate(t)
	t.Run("by its own functions", func(t *testing.T) {
		t.Parallel()
		once(t)
		storetest.Run(t, func(t *testing.T) operations.Store {
			t.Helper()
			store, _, _ := newPostgres(t, sqlstore.Config{})
			return store
		})
	})
	t.Run("statement by statement", func(t *testing.T) {
		t.Parallel()
		long(t)
		storetest.Run(t, func(t *testing.T) operations.Store {
			t.Helper()
			store, _, _ := newPostgres(t, sqlstore.Config{Portable: true})
			return store
		})
	})
	t.Run("inside a transaction of the host's", func(t *testing.T) {
		t.Parallel()
		long(t)
		storetest.Run(t, func(t *testing.T) operations.Store {
			t.Helper()
			// As a superuser: what the worker's role sees is not seen by the
			// application's, whose transaction a host's is.
			db := openPostgres(t, emptyPostgres(t), 2)
			store, err := sqlstore.New(db, sqlstore.PostgreSQL)
			require.NoError(t, err)
			tx, err := db.BeginTx(t.Context(), nil)
			require.NoError(t, err)
			t.Cleanup(func() { _ = tx.Rollback() }) // before the pool is closed
			return store.WithTx(tx)
		})
	})
}

// once leaves a test that counts nothing to the lanes before and after the long
// counts, in which it would be the same again.
func once(t *testing.T) {
	t.Helper()
	if counts() == "ci" {
		t.Skip("the same as without ONBEHALF_COUNTS")
	}
}

// long leaves a test to the lanes that have the time.
func long(t *testing.T) {
	t.Helper()
	if counts() != "ci" && counts() != "soak" {
		t.Skip("takes a minute: with ONBEHALF_COUNTS=ci")
	}
}
