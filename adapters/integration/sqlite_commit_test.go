package integration_test

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"path/filepath"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"
	"modernc.org/sqlite"

	"github.com/onbehalf/onbehalf/adapters/sqlstore"
	"github.com/onbehalf/onbehalf/operations"
	"github.com/onbehalf/onbehalf/tenancy"
)

func TestACommitWhoseReplyIsLostIsAnUnknownOutcomeUntilSentAgain(t *testing.T) {
	t.Parallel()
	store, replies := openLossy(t)
	b := newBook("maria")
	b.commit(t, store)

	c := b.change()
	runs := []operations.Run{b.run(c)}
	replies.lost.Store(true)
	_, err := store.Commit(t.Context(), runs)
	require.ErrorIs(t, err, tenancy.ErrUnknownOutcome)
	require.NotErrorIs(t, err, tenancy.ErrUnavailable)

	replies.lost.Store(false)
	verdicts, err := store.Commit(t.Context(), runs)
	require.NoError(t, err)
	require.Equal(t, []operations.Verdict{{Won: 1}}, verdicts)
	b.head = operations.Head{Seq: c.Entry.Seq, Hash: c.Entry.Hash}
	b.stands(t, store)
}

func TestATurnWhoseReplyIsLostIsAnUnknownOutcomeUntilItsRunIsCommitted(t *testing.T) {
	t.Parallel()
	store, replies := openLossy(t)
	b := newBook("maria")
	b.commit(t, store)

	c := b.change()
	run := b.run(c)
	replies.lost.Store(true)
	_, err := store.Turn(t.Context(), b.id, 0, func(operations.Loaded) (operations.Run, error) { return run, nil })
	require.ErrorIs(t, err, tenancy.ErrUnknownOutcome)
	require.NotErrorIs(t, err, tenancy.ErrUnavailable)

	replies.lost.Store(false)
	verdicts, err := store.Commit(t.Context(), []operations.Run{run})
	require.NoError(t, err)
	require.Equal(t, []operations.Verdict{{Won: 1}}, verdicts)
	b.head = operations.Head{Seq: c.Entry.Seq, Hash: c.Entry.Hash}
	b.stands(t, store)
}

func TestACommitThatTheDatabaseSurelyDidNotMakeIsUnavailable(t *testing.T) {
	t.Parallel()
	for name, code := range map[string]coded{"busy": 5, "busy, extended": 5 | 2<<8, "full": 13} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			store, replies := openLossy(t)
			b := newBook("maria")
			b.commit(t, store)
			replies.refused.Store(&code)
			_, err := store.Commit(t.Context(), []operations.Run{b.run(b.change())})
			require.ErrorIs(t, err, tenancy.ErrUnavailable)
			require.NotErrorIs(t, err, tenancy.ErrUnknownOutcome)
			replies.refused.Store(nil)
			b.stands(t, store)
			b.commit(t, store)
		})
	}
}

func TestACommitThatFailsForAnyOtherReasonIsAnUnknownOutcome(t *testing.T) {
	t.Parallel()
	for name, code := range map[string]coded{"input or output": 10, "fsync": 10 | 4<<8, "no memory": 7, "generic": 1} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			store, replies := openLossy(t)
			b := newBook("maria")
			replies.refused.Store(&code)
			_, err := store.Commit(t.Context(), []operations.Run{b.run(b.change())})
			require.ErrorIs(t, err, tenancy.ErrUnknownOutcome)
			require.NotErrorIs(t, err, tenancy.ErrUnavailable)
		})
	}
}

// coded is an error with a result code of SQLite.
type coded int

func (coded) Error() string { return "refused" }
func (c coded) Code() int   { return int(c) }

// lossy is the driver with a COMMIT that may go wrong.
type lossy struct {
	dsn     string
	lost    atomic.Bool           // commits, and answers with an error
	refused atomic.Pointer[coded] // rolls back, and answers with this error
}

func openLossy(t *testing.T) (*sqlstore.Store, *lossy) {
	t.Helper()
	l := &lossy{dsn: sqlstore.SQLiteDSN(filepath.Join(t.TempDir(), "books.db"))}
	db := sql.OpenDB(l)
	db.SetMaxOpenConns(1)
	t.Cleanup(func() { require.NoError(t, db.Close()) })
	store, err := sqlstore.New(db, sqlstore.SQLite)
	require.NoError(t, err)
	require.NoError(t, store.Migrate(t.Context()))
	return store, l
}

func (l *lossy) Driver() driver.Driver { return &sqlite.Driver{} }

func (l *lossy) Connect(context.Context) (driver.Conn, error) {
	c, err := l.Driver().Open(l.dsn)
	if err != nil {
		return nil, err
	}
	return &lossyConn{c.(fullConn), l}, nil //nolint:errcheck // any other driver than this test's fails it
}

// fullConn is what the driver's connections can do.
type fullConn interface {
	driver.Conn
	driver.ConnBeginTx
	driver.ConnPrepareContext
	driver.ExecerContext
	driver.QueryerContext
}

type lossyConn struct {
	fullConn

	of *lossy
}

func (c *lossyConn) BeginTx(ctx context.Context, opts driver.TxOptions) (driver.Tx, error) {
	tx, err := c.fullConn.BeginTx(ctx, opts)
	return &lossyTx{tx, c.of}, err
}

type lossyTx struct {
	driver.Tx

	of *lossy
}

func (t *lossyTx) Commit() error {
	if refused := t.of.refused.Load(); refused != nil {
		return errors.Join(*refused, t.Rollback())
	}
	if err := t.Tx.Commit(); err != nil {
		return err
	}
	if t.of.lost.Load() {
		return errors.New("the reply was lost")
	}
	return nil
}
