package integration_test

import (
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/onbehalf/onbehalf/adapters/sqlstore"
	"github.com/onbehalf/onbehalf/operations"
	"github.com/onbehalf/onbehalf/tenancy"
)

func TestTheHostsRollbackLeavesNothing(t *testing.T) {
	t.Parallel()
	store, db, _ := newSQLite(t)
	b := newBook("maria")
	b.commit(t, store)
	before := *b

	tx, err := db.BeginTx(t.Context(), nil)
	require.NoError(t, err)
	inside := store.WithTx(tx)
	b.commit(t, inside)
	newBook("joao").commit(t, inside)
	b.stands(t, inside)
	require.NoError(t, tx.Rollback())

	before.stands(t, store)
	newBook("joao").stands(t, store)
	_, err = inside.Load(t.Context(), b.id, 0)
	require.ErrorIs(t, err, tenancy.ErrUnavailable, "the store ends with its transaction")
}

func TestTheHostsCommitKeepsHisRowsAndOursTogether(t *testing.T) {
	t.Parallel()
	store, db, _ := newSQLite(t)
	_, err := db.ExecContext(t.Context(), "CREATE TABLE invoices (id TEXT)")
	require.NoError(t, err)
	b := newBook("maria")

	tx, err := db.BeginTx(t.Context(), nil)
	require.NoError(t, err)
	_, err = tx.ExecContext(t.Context(), "INSERT INTO invoices VALUES ('4711')")
	require.NoError(t, err)
	b.commit(t, store.WithTx(tx))
	newBook("maria").stands(t, store) // others see nothing yet
	require.NoError(t, tx.Commit())

	b.stands(t, store)
	var invoices int
	require.NoError(t, db.QueryRowContext(t.Context(), "SELECT count(*) FROM invoices").Scan(&invoices))
	require.Equal(t, 1, invoices)
}

func TestTheHostsTransactionNeedsNoOtherConnection(t *testing.T) {
	t.Parallel()
	db := openSQLite(t, sqlstore.SQLiteDSN(filepath.Join(t.TempDir(), "books.db")), 1)
	fresh, err := sqlstore.New(db, sqlstore.SQLite)
	require.NoError(t, err)
	require.NoError(t, fresh.Migrate(t.Context()))
	store, err := sqlstore.New(db, sqlstore.SQLite) // has prepared nothing yet
	require.NoError(t, err)

	tx, err := db.BeginTx(t.Context(), nil)
	require.NoError(t, err)
	inside := store.WithTx(tx)
	b := newBook("maria")
	b.commit(t, inside)
	for name, call := range everyCall(b) {
		if name != "Rebuild" {
			require.NoError(t, call(t.Context(), inside), name)
		}
	}
	require.NoError(t, tx.Rollback())
	newBook("maria").stands(t, store)
}

func TestAFailedCallInTheHostsTransactionLeavesHisWorkAndNoneOfOurs(t *testing.T) {
	t.Parallel()
	store, db, _ := newSQLite(t)
	b := newBook("maria")
	other := newBook("joao")

	tx, err := db.BeginTx(t.Context(), nil)
	require.NoError(t, err)
	inside := store.WithTx(tx)
	b.commit(t, inside)

	// joao comes before maria, so his run has been written when hers fails.
	_, err = tx.ExecContext(t.Context(), "CREATE TRIGGER stop BEFORE INSERT ON onbehalf_postings WHEN new.customer = 'maria' BEGIN SELECT RAISE(ABORT, 'stop'); END")
	require.NoError(t, err)
	_, err = inside.Commit(t.Context(), []operations.Run{b.run(b.change()), other.run(other.change())})
	require.ErrorIs(t, err, tenancy.ErrUnavailable)
	require.NotErrorIs(t, err, tenancy.ErrUnknownOutcome)
	_, err = tx.ExecContext(t.Context(), "DROP TRIGGER stop")
	require.NoError(t, err)

	b.stands(t, inside)
	other.stands(t, inside)
	other.commit(t, inside)
	require.NoError(t, tx.Commit())
	b.stands(t, store)
	other.stands(t, store)
}

func TestAFailedStatementLeavesNothingOfTheBatch(t *testing.T) {
	t.Parallel()
	store, db, _ := newSQLite(t)
	b, other := newBook("maria"), newBook("joao")
	b.commit(t, store)
	for _, table := range []string{"entries", "keys", "operations", "postings", "balances", "customers", "grants", "personal", "snapshots"} {
		_, err := db.ExecContext(t.Context(), "CREATE TRIGGER stop BEFORE INSERT ON onbehalf_"+table+" WHEN new.customer = 'maria' BEGIN SELECT RAISE(ABORT, 'stop'); END")
		require.NoError(t, err)
		_, err = store.Commit(t.Context(), []operations.Run{b.run(b.change()), other.run(other.change())})
		require.ErrorIs(t, err, tenancy.ErrUnavailable, table)
		_, err = db.ExecContext(t.Context(), "DROP TRIGGER stop")
		require.NoError(t, err)
		b.stands(t, store)
		other.stands(t, store)
	}
	b.commit(t, store)
}
