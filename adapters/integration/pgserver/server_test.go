package pgserver_test

import (
	"context"
	"database/sql"
	"errors"
	"os"
	"path/filepath"
	"sync"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/onbehalf/onbehalf/adapters/integration/pgserver"
)

// pool is a pool of one server.
func pool(t *testing.T, s *pgserver.Server) *sql.DB {
	t.Helper()
	db, err := sql.Open("pgx", s.DSN("postgres", pgserver.Superuser))
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, db.Close()) })
	return db
}

// A killed server has what was committed when it is started again, however many
// are connected and come again at that moment; a stopped one leaves nothing.
func TestAServerIsKilledAndStartsAgainAndIsStopped(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	s := pgserver.Own(t, "work_mem=3MB")
	db := pool(t, s)
	var memory, data string
	err := db.QueryRowContext(ctx, "SELECT current_setting('work_mem'), current_setting('data_directory')").Scan(&memory, &data)
	require.NoError(t, err)
	require.Equal(t, "3MB", memory)
	_, err = db.ExecContext(ctx, "CREATE TABLE n (n bigint PRIMARY KEY)")
	require.NoError(t, err)
	committed := 0
	for range 2 {
		stop := make(chan struct{})
		connected := make(chan struct{}, 1)
		var crowd sync.WaitGroup
		for range 4 {
			crowd.Go(func() { knock(ctx, s, stop, connected) })
		}
		<-connected
		committed++
		_, err = db.ExecContext(ctx, "INSERT INTO n VALUES ($1)", committed)
		require.NoError(t, err)
		before := s.Process()
		require.NoError(t, s.Kill())
		require.ErrorIs(t, syscall.Kill(before, 0), syscall.ESRCH)
		_, err = db.ExecContext(ctx, "SELECT 1")
		require.Error(t, err)
		close(stop)
		crowd.Wait()

		require.NoError(t, s.Restart(ctx))
		require.NotEqual(t, before, s.Process())
		var have int
		require.NoError(t, db.QueryRowContext(ctx, "SELECT count(*) FROM n").Scan(&have))
		require.Equal(t, committed, have)
	}

	process := s.Process()
	require.DirExists(t, data)
	require.NoError(t, s.Stop())
	require.ErrorIs(t, syscall.Kill(process, 0), syscall.ESRCH)
	_, err = os.Stat(filepath.Dir(data))
	require.ErrorIs(t, err, os.ErrNotExist)
	require.Error(t, db.PingContext(ctx))
	require.NoError(t, s.Stop(), "twice is once")
}

func TestASettingThatIsNoneFailsAtOnce(t *testing.T) {
	t.Parallel()
	if os.Getenv("ONBEHALF_COUNTS") == "" {
		t.Skip("makes a server of its own: with ONBEHALF_COUNTS=ci")
	}
	_, err := pgserver.Start(t.Context(), "no_such_setting=1")
	if errors.Is(err, pgserver.ErrNone) {
		t.Skip(err)
	}
	require.ErrorContains(t, err, "no_such_setting")
}

// knock connects anew again and again.
func knock(ctx context.Context, s *pgserver.Server, stop chan struct{}, connected chan<- struct{}) {
	for {
		select {
		case <-stop:
			return
		default:
		}
		db, err := sql.Open("pgx", s.DSN("postgres", pgserver.Superuser))
		if err != nil {
			return
		}
		if err := errors.Join(db.PingContext(ctx), db.Close()); err != nil {
			continue
		}
		select {
		case connected <- struct{}{}:
		default:
		}
	}
}
