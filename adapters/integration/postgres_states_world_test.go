package integration_test

import (
	"context"
	"database/sql"
	"fmt"
	"os"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/onbehalf/onbehalf/adapters/integration/pgserver"
	"github.com/onbehalf/onbehalf/adapters/sqlstore"
	"github.com/onbehalf/onbehalf/operations"
	"github.com/onbehalf/onbehalf/tenancy"
)

// strained is a store that works as a role of its own on a database of its own,
// so that a test may change either.
type strained struct {
	*sqlstore.Store

	t    *testing.T
	db   *sql.DB // the store's only pool
	root *sql.DB // the superuser's
	dsn  string  // the superuser's
	role string
}

var strainedRoles atomic.Int64 //nolint:gochecknoglobals // names are of the whole server

// strain makes a store whose role has the settings.
func strain(t *testing.T, c sqlstore.Config, settings ...string) *strained {
	t.Helper()
	s := &strained{t: t, dsn: shared.Database(t, postgresTemplate(t))}
	s.root = openPostgres(t, s.dsn, 4)
	s.role = fmt.Sprintf("onbehalf_strained_%d_%d", os.Getpid(), strainedRoles.Add(1))
	s.exec("CREATE ROLE " + s.role + " LOGIN")
	t.Cleanup(func() {
		ctx := context.Background() // the test's is over
		_, err := s.root.ExecContext(ctx, "DROP OWNED BY "+s.role)
		require.NoError(t, err)
		_, err = s.root.ExecContext(ctx, "DROP ROLE "+s.role)
		require.NoError(t, err)
	})
	script, err := sqlstore.Grants(sqlstore.DefaultSchema, s.role, s.role)
	require.NoError(t, err)
	s.exec(script)
	for _, setting := range settings {
		s.exec("ALTER ROLE " + s.role + " " + setting)
	}
	s.Store, s.db = s.again(c, 4)
	return s
}

// again is another store of the same role.
func (s *strained) again(c sqlstore.Config, connections int) (*sqlstore.Store, *sql.DB) {
	s.t.Helper()
	db := openPostgres(s.t, pgserver.As(s.t, s.dsn, s.role), connections)
	store, err := sqlstore.New(db, sqlstore.PostgreSQL, c)
	require.NoError(s.t, err)
	return store, db
}

func (s *strained) exec(text string) {
	s.t.Helper()
	_, err := s.root.ExecContext(s.t.Context(), text)
	require.NoError(s.t, err)
}

// holding is a transaction of somebody else who has the heads of the books.
func (s *strained) holding(books ...*book) *sql.Tx {
	s.t.Helper()
	tx, err := s.root.BeginTx(s.t.Context(), nil)
	require.NoError(s.t, err)
	for _, b := range books {
		s.hold(tx, b)
	}
	return tx
}

func (s *strained) hold(tx *sql.Tx, b *book) {
	s.t.Helper()
	result, err := tx.ExecContext(s.t.Context(), "UPDATE onbehalf.books SET seq = seq WHERE customer = $1", string(b.id.Customer))
	require.NoError(s.t, err)
	touched, err := result.RowsAffected()
	require.NoError(s.t, err)
	require.EqualValues(s.t, 1, touched)
}

// waits gives the backend of the role that waits for a lock, once there is one.
func (s *strained) waits() int {
	s.t.Helper()
	var pid int
	s.until("nobody waits for a lock", func(ctx context.Context) bool {
		err := s.root.QueryRowContext(ctx, "SELECT coalesce(min(pid), 0) FROM pg_stat_activity WHERE usename = $1 AND wait_event_type = 'Lock'", s.role).Scan(&pid)
		require.NoError(s.t, err)
		return pid != 0
	})
	return pid
}

// idle waits until no backend of the role does anything.
func (s *strained) idle() {
	s.t.Helper()
	s.until("somebody is still at work", func(ctx context.Context) bool {
		var n int
		err := s.root.QueryRowContext(ctx, "SELECT count(*) FROM pg_stat_activity WHERE usename = $1 AND state <> 'idle'", s.role).Scan(&n)
		require.NoError(s.t, err)
		return n == 0 && s.db.Stats().InUse == 0
	})
}

func (s *strained) until(otherwise string, met func(context.Context) bool) {
	s.t.Helper()
	ctx, cancel := context.WithTimeout(s.t.Context(), 20*time.Second)
	defer cancel()
	tick := time.NewTicker(2 * time.Millisecond)
	defer tick.Stop()
	for !met(ctx) {
		select {
		case <-tick.C:
		case <-ctx.Done():
			require.FailNow(s.t, otherwise)
		}
	}
}

// goesOn makes sure that the store still works and that nothing is left open.
func (s *strained) goesOn(books ...*book) {
	s.t.Helper()
	s.idle()
	for _, b := range books {
		b.stands(s.t, s)
		b.commit(s.t, s)
		b.stands(s.t, s)
	}
	s.idle()
}

// inBackground makes a commit elsewhere, and gives what became of it.
func inBackground(ctx context.Context, store operations.Store, runs ...operations.Run) func() ([]operations.Verdict, error) {
	var (
		verdicts []operations.Verdict
		err      error
	)
	done := make(chan struct{})
	go func() {
		defer close(done)
		verdicts, err = store.Commit(ctx, runs)
	}()
	return func() ([]operations.Verdict, error) {
		<-done
		return verdicts, err
	}
}

// bothForms runs the test with a batch as one call, and as statements.
func bothForms(t *testing.T, test func(*testing.T, sqlstore.Config)) {
	t.Helper()
	for name, c := range map[string]sqlstore.Config{"function": {}, "portable": {Portable: true}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test(t, c)
		})
	}
}

// without asserts that the call had certainly no effect.
func without(t *testing.T, err error) {
	t.Helper()
	require.ErrorIs(t, err, tenancy.ErrUnavailable)
	require.NotErrorIs(t, err, tenancy.ErrUnknownOutcome)
}
