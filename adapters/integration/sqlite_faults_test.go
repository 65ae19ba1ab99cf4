package integration_test

import (
	"context"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/onbehalf/onbehalf/adapters/sqlstore"
	"github.com/onbehalf/onbehalf/operations"
	"github.com/onbehalf/onbehalf/tenancy"
)

func TestAClosedDatabaseIsUnavailable(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "books.db")
	db := openSQLite(t, sqlstore.SQLiteDSN(path), 1)
	store, err := sqlstore.New(db, sqlstore.SQLite)
	require.NoError(t, err)
	require.NoError(t, store.Migrate(t.Context()))
	b := newBook("maria")
	b.commit(t, store)
	require.NoError(t, db.Close())

	for name, call := range everyCall(b) {
		require.ErrorIs(t, call(t.Context(), store), tenancy.ErrUnavailable, name)
	}
}

func TestACancelledCallerHasNoEffectAndHisOwnError(t *testing.T) {
	t.Parallel()
	store, _, _ := newSQLite(t)
	b := newBook("maria")
	b.commit(t, store)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	for name, call := range everyCall(b) {
		err := call(ctx, store)
		require.Equal(t, context.Canceled, err, name)
	}
	b.stands(t, store)
}

func TestAFullDiskIsUnavailableAndLeavesNoPartOfABatch(t *testing.T) {
	t.Parallel()
	store, db, _ := newSQLite(t)
	b := newBook("maria")
	b.commit(t, store)

	var pages int
	require.NoError(t, db.QueryRowContext(t.Context(), "PRAGMA page_count").Scan(&pages))
	var limit int
	require.NoError(t, db.QueryRowContext(t.Context(), "PRAGMA max_page_count = "+itoa(pages+8)).Scan(&limit))
	before := projectionOf(t, store, b.id)

	runs := []operations.Run{b.run(b.change())}
	others := make([]*book, 60)
	for i := range others {
		others[i] = newBook(tenancy.CustomerID("customer-" + itoa(i)))
		runs = append(runs, others[i].run(others[i].change()))
	}
	_, err := store.Commit(t.Context(), runs)
	require.ErrorIs(t, err, tenancy.ErrUnavailable)
	require.NotErrorIs(t, err, tenancy.ErrUnknownOutcome)

	require.Equal(t, before, projectionOf(t, store, b.id))
	b.stands(t, store)
	heads, err := store.Heads(t.Context(), "acme", "", 100)
	require.NoError(t, err)
	require.Len(t, heads, 1, "of the books in the batch none was opened")

	require.NoError(t, db.QueryRowContext(t.Context(), "PRAGMA max_page_count = 1000000").Scan(&limit))
	verdicts, err := store.Commit(t.Context(), runs)
	require.NoError(t, err)
	for _, v := range verdicts {
		require.Equal(t, operations.Verdict{Won: 1}, v)
	}
}

func TestAnotherWriterThatHoldsTheLockMakesUsUnavailable(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "books.db")
	db := openSQLite(t, sqlstore.SQLiteDSN(path), 1)
	store, err := sqlstore.New(db, sqlstore.SQLite)
	require.NoError(t, err)
	require.NoError(t, store.Migrate(t.Context()))
	_, err = db.ExecContext(t.Context(), "PRAGMA busy_timeout = 20") // not to hold up the test
	require.NoError(t, err)
	b := newBook("maria")
	b.commit(t, store)

	other := openSQLite(t, sqlstore.SQLiteDSN(path), 1)
	tx, err := other.BeginTx(t.Context(), nil)
	require.NoError(t, err)
	_, err = tx.ExecContext(t.Context(), "CREATE TABLE theirs (id INTEGER)")
	require.NoError(t, err)

	_, err = store.Commit(t.Context(), []operations.Run{b.run(b.change())})
	require.ErrorIs(t, err, tenancy.ErrUnavailable)
	require.NotErrorIs(t, err, tenancy.ErrUnknownOutcome)
	b.stands(t, store)

	require.NoError(t, tx.Rollback())
	b.commit(t, store)
	b.stands(t, store)
}

func TestAFileThatCannotBeWrittenIsUnavailableAndStillRead(t *testing.T) {
	t.Parallel()
	store, _, path := newSQLite(t)
	b := newBook("maria")
	b.commit(t, store)

	// Root may write any file, so the connection is read-only instead.
	db := openSQLite(t, "file:"+path+"?mode=ro&_txlock=immediate", 1)
	readOnly, err := sqlstore.New(db, sqlstore.SQLite)
	require.NoError(t, err)
	_, err = readOnly.Commit(t.Context(), []operations.Run{b.run(b.change())})
	require.ErrorIs(t, err, tenancy.ErrUnavailable)
	require.NotErrorIs(t, err, tenancy.ErrUnknownOutcome)
	b.stands(t, readOnly)
}

func TestReadersNeverWrite(t *testing.T) {
	t.Parallel()
	store, _, path := newSQLite(t)
	b := newBook("maria")
	b.commit(t, store)
	readers := openSQLite(t, sqlstore.SQLiteReaderDSN(path), 1)
	reading, err := sqlstore.New(readers, sqlstore.SQLite)
	require.NoError(t, err)
	_, err = reading.Commit(t.Context(), []operations.Run{b.run(b.change())})
	require.ErrorIs(t, err, tenancy.ErrUnavailable)
	b.stands(t, reading)
}

func TestAFileThatIsNoDatabaseIsDamaged(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "books.db")
	require.NoError(t, os.WriteFile(path, []byte("this is not a database, whatever its name says; it is text"), 0o600))
	store, err := sqlstore.New(openSQLite(t, sqlstore.SQLiteDSN(path), 1), sqlstore.SQLite)
	require.NoError(t, err)
	_, err = store.Load(t.Context(), newBook("maria").id, 0)
	require.ErrorIs(t, err, operations.ErrDamaged)
	require.ErrorIs(t, err, tenancy.ErrUnavailable)
}

func TestRowsThatContradictTheHeadAreDamage(t *testing.T) {
	t.Parallel()
	tests := map[string]string{
		"an entry is missing":           "DELETE FROM onbehalf_entries WHERE seq = 2",
		"the last entry is missing":     "DELETE FROM onbehalf_entries WHERE seq = 3",
		"the head is not the last hash": "UPDATE onbehalf_books SET hash = zeroblob(32)",
		"a digest is cut":               "UPDATE onbehalf_entries SET prev = zeroblob(31) WHERE seq = 2",
	}
	for name, tamper := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			store, db, _ := newSQLite(t)
			b := newBook("maria")
			b.commit(t, store)
			b.commit(t, store)
			b.commit(t, store)
			_, err := db.ExecContext(t.Context(), tamper)
			require.NoError(t, err)
			_, err = store.Load(t.Context(), b.id, 0)
			require.ErrorIs(t, err, operations.ErrDamaged)
			require.ErrorIs(t, err, tenancy.ErrUnavailable)
		})
	}
	t.Run("an amount is not canonical", func(t *testing.T) {
		t.Parallel()
		store, db, _ := newSQLite(t)
		b := newBook("maria")
		b.commit(t, store)
		_, err := db.ExecContext(t.Context(), "UPDATE onbehalf_balances SET posted = '1.50'")
		require.NoError(t, err)
		_, err = store.Projection(t.Context(), b.id)
		require.ErrorIs(t, err, operations.ErrDamaged)
	})
	t.Run("an entry stands where the next one goes", func(t *testing.T) {
		t.Parallel()
		store, db, _ := newSQLite(t)
		b := newBook("maria")
		b.commit(t, store)
		_, err := db.ExecContext(t.Context(), `INSERT INTO onbehalf_entries SELECT tenant, customer, 2, prev, hash, at, action, operation, key, fingerprint, bytes FROM onbehalf_entries`)
		require.NoError(t, err)
		_, err = store.Commit(t.Context(), []operations.Run{b.run(b.change())})
		require.ErrorIs(t, err, operations.ErrDamaged)
		require.NotErrorIs(t, err, tenancy.ErrUnknownOutcome)
	})
}

// everyCall makes every call of a store once.
func everyCall(b *book) map[string]func(context.Context, operations.Store) error {
	return map[string]func(context.Context, operations.Store) error{
		"Load": func(ctx context.Context, s operations.Store) error { _, err := s.Load(ctx, b.id, 0); return err },
		"Commit": func(ctx context.Context, s operations.Store) error {
			_, err := s.Commit(ctx, []operations.Run{b.run(b.change())})
			return err
		},
		"Turn": func(ctx context.Context, s operations.Store) error {
			_, err := s.Turn(ctx, b.id, 0, func(operations.Loaded) (operations.Run, error) { return b.run(b.change()), nil })
			return err
		},
		"Find": func(ctx context.Context, s operations.Store) error {
			_, err := s.Find(ctx, b.id, operations.Want{Key: "k"})
			return err
		},
		"History": func(ctx context.Context, s operations.Store) error {
			_, err := s.History(ctx, b.id, operations.HistoryQuery{Limit: 5})
			return err
		},
		"Statement": func(ctx context.Context, s operations.Store) error {
			_, err := s.Statement(ctx, b.id, operations.StatementQuery{Ref: "a", Limit: 5})
			return err
		},
		"Journal":    func(ctx context.Context, s operations.Store) error { _, err := s.Journal(ctx, b.id, 0, 5); return err },
		"Personal":   func(ctx context.Context, s operations.Store) error { _, err := s.Personal(ctx, b.id); return err },
		"Projection": func(ctx context.Context, s operations.Store) error { _, err := s.Projection(ctx, b.id); return err },
		"Rebuild": func(ctx context.Context, s operations.Store) error {
			return s.Rebuild(ctx, b.id, b.head, operations.Projection{})
		},
		"Customers": func(ctx context.Context, s operations.Store) error {
			_, err := s.Customers(ctx, "acme", operations.CustomerQuery{Limit: 5})
			return err
		},
		"Heads": func(ctx context.Context, s operations.Store) error { _, err := s.Heads(ctx, "acme", "", 5); return err },
		"Positions": func(ctx context.Context, s operations.Store) error {
			_, err := s.Positions(ctx, "acme", operations.PositionQuery{Limit: 5})
			return err
		},
		"PositionBooks": func(ctx context.Context, s operations.Store) error {
			_, err := s.PositionBooks(ctx, "acme", operations.PositionBooksQuery{PositionPlace: operations.PositionPlace{Ref: "income:fees", Asset: "BRL"}, Limit: 5})
			return err
		},
		"Waiting": func(ctx context.Context, s operations.Store) error {
			_, err := s.Waiting(ctx, "acme", operations.WaitingQuery{Limit: 5})
			return err
		},
		"Claim": func(ctx context.Context, s operations.Store) error {
			_, err := s.Claim(ctx, operations.ClaimQuery{Topic: operations.TopicWork, Holder: "h", Now: at, Until: at.Add(time.Minute), Limit: 5})
			return err
		},
		"Settle": func(ctx context.Context, s operations.Store) error {
			return s.Settle(ctx, operations.Ticket{Tenant: "acme", Holder: "h"}, operations.Settlement{})
		},
		"Parked": func(ctx context.Context, s operations.Store) error {
			_, err := s.Parked(ctx, "acme", operations.TicketPlace{}, 5)
			return err
		},
		"Requeue": func(ctx context.Context, s operations.Store) error {
			_, err := s.Requeue(ctx, "acme", operations.TicketPlace{Customer: "maria"}, at)
			return err
		},
	}
}

func projectionOf(t *testing.T, store operations.Store, id operations.BookID) operations.Projection {
	t.Helper()
	p, err := store.Projection(t.Context(), id)
	require.NoError(t, err)
	return p
}
