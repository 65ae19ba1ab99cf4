package pgserver

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net"
	"testing"

	"github.com/stretchr/testify/require"
)

// watched is a test that only tells how it was ended.
type watched struct {
	testing.TB

	skipped, failed []any
}

func (*watched) Helper()               {}
func (w *watched) Skip(reason ...any)  { w.skipped = reason }
func (w *watched) Fatal(reason ...any) { w.failed = reason }

func TestWhereThereIsNoServerATestIsSkippedUnlessOneIsRequired(t *testing.T) {
	t.Parallel()
	other := errors.New("initdb: disk full")
	for name, c := range map[string]struct {
		require      string
		err          error
		skips, fails bool
	}{
		"there is one":                      {"postgres", nil, false, false},
		"none, nothing required":            {"", ErrNone, true, false},
		"none, others required":             {"data,postgresql", ErrNone, true, false},
		"none, required":                    {"postgres", ErrNone, false, true},
		"none, required among others":       {"data,postgres", ErrNone, false, true},
		"one that does not start":           {"", other, false, true},
		"one that does not start, required": {"postgres", other, false, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var w watched
			missing(&w, c.require, c.err)
			require.Equal(t, c.skips, w.skipped != nil)
			require.Equal(t, c.fails, w.failed != nil)
			if c.skips {
				require.Contains(t, fmt.Sprint(w.skipped...), "initdb", "the reason names what is missing")
			}
		})
	}
}

// One server for what follows: its databases do not see each other, and go.
func TestDatabasesOfOneServerAreApartAndGo(t *testing.T) { //nolint:tparallel // what follows the subtest is about its end
	t.Parallel()
	var shared Shared
	t.Cleanup(func() { require.NoError(t, shared.Close()) })
	admin := shared.Need(t)
	require.Equal(t, admin, shared.Need(t), "it is started once")
	template := shared.Database(t, "")
	do(t, template, "CREATE TABLE n (n bigint)")
	var forgotten *sql.DB
	t.Run("while their tests run", func(t *testing.T) {
		a, b := shared.Database(t, name(t, template)), shared.Database(t, name(t, template))
		do(t, a, "INSERT INTO n VALUES (1)")
		require.Equal(t, 1, count(t, a, "SELECT count(*) FROM n"))
		require.Zero(t, count(t, b, "SELECT count(*) FROM n"))
		require.Equal(t, 2, count(t, admin, "SELECT count(*) FROM pg_database WHERE datname IN ('"+name(t, a)+"', '"+name(t, b)+"')"))
		var err error
		forgotten, err = sql.Open("pgx", a)
		require.NoError(t, err)
		require.NoError(t, forgotten.PingContext(t.Context()))
	})
	require.Equal(t, 1, forgotten.Stats().OpenConnections, "who is still connected does not keep it")
	require.NoError(t, forgotten.Close())
	prefix := name(t, template)[:len(name(t, template))-1]
	require.Equal(t, 1, count(t, admin, "SELECT count(*) FROM pg_database WHERE datname LIKE '"+prefix+"%'"), "the template")
}

// Somebody else may take the port between the look and the start, even another
// PostgreSQL, which would answer.
func TestAServerTakesAnotherPortThanOneThatWasTaken(t *testing.T) {
	t.Parallel()
	first := Own(t)
	l, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp4", "127.0.0.1:0")
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, l.Close()) })
	_, silent, err := net.SplitHostPort(l.Addr().String())
	require.NoError(t, err)
	second := Own(t)
	require.NoError(t, second.Kill())
	var picked []int
	require.NoError(t, second.onFreePort(t.Context(), func(ctx context.Context) (port int, err error) {
		switch len(picked) {
		case 0:
			port = first.port
		case 1:
			_, err = fmt.Sscan(silent, &port)
		default:
			port, err = freePort(ctx)
		}
		picked = append(picked, port)
		return port, err
	}))
	require.Len(t, picked, 3)
	do(t, second.DSN("postgres", Superuser), "CREATE TABLE mine (n bigint)")
	require.Zero(t, count(t, first.DSN("postgres", Superuser), "SELECT count(*) FROM pg_tables WHERE tablename = 'mine'"))
}

func name(t *testing.T, dsn string) (database string) {
	t.Helper()
	open(t, dsn, func(db *sql.DB) error {
		return db.QueryRowContext(t.Context(), "SELECT current_database()").Scan(&database)
	})
	return database
}

func count(t *testing.T, dsn, query string) (n int) {
	t.Helper()
	open(t, dsn, func(db *sql.DB) error { return db.QueryRowContext(t.Context(), query).Scan(&n) })
	return n
}

func do(t *testing.T, dsn, text string) {
	t.Helper()
	open(t, dsn, func(db *sql.DB) error {
		_, err := db.ExecContext(t.Context(), text)
		return err
	})
}

func open(t *testing.T, dsn string, use func(*sql.DB) error) {
	t.Helper()
	db, err := sql.Open("pgx", dsn)
	require.NoError(t, err)
	err = use(db)
	require.NoError(t, errors.Join(err, db.Close()))
}
