package main

import (
	"context"
	"database/sql"
	"fmt"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/onbehalf/onbehalf/adapters/integration/pgserver"
)

// patience bounds one cycle of a fault, on a machine that has other things to do.
const patience = 2 * time.Minute

// Whatever happens to the server while an engine works, and the callers repeat
// what has no answer under the same keys: every command has one outcome.
//
//nolint:paralleltest,tparallel // one fault after the other on one server
func TestServerFaultsLoseAndDoubleNothing(t *testing.T) {
	t.Parallel()
	server := pgserver.Own(t)
	p := newPatient(t, server)
	t.Run("a backend is told to end", func(t *testing.T) {
		p.suffer(t, many(1, 1, 15, 50), func(ctx context.Context) {
			p.backend(ctx, t, "SELECT pg_terminate_backend($1)")
		})
	})
	t.Run("a backend is killed and the server ends all others", func(t *testing.T) {
		p.suffer(t, many(1, 1, 5, 15), func(ctx context.Context) {
			require.NoError(t, syscall.Kill(p.backend(ctx, t, ""), syscall.SIGKILL))
		})
	})
	t.Run("the server is killed", func(t *testing.T) {
		p.suffer(t, many(1, 1, 5, 20), func(ctx context.Context) {
			require.NoError(t, server.Kill())
			require.NoError(t, server.Restart(ctx))
		})
	})
}

// patient is an engine that works while its server suffers.
type patient struct {
	server *pgserver.Server
	opened *opened
	desks  []desk
	audit  *audit
	cycle  int
}

const patientName = "crash_patient"

func newPatient(t *testing.T, server *pgserver.Server) *patient {
	t.Helper()
	dsn := server.DSN("postgres", pgserver.Superuser)
	o, err := open(t.Context(), named(t, dsn, patientName))
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, o.close()) })
	desks, err := setUp(t.Context(), o.eng, sharedBooks())
	require.NoError(t, err)
	return &patient{server: server, opened: o, desks: desks, audit: newAudit(named(t, dsn, "crash_audit"))}
}

// backend picks a process that works for the patient, one that is busy if there
// is one, and does the statement to it.
func (p *patient) backend(ctx context.Context, t *testing.T, statement string) (pid int) {
	t.Helper()
	db, err := sql.Open("pgx", p.server.DSN("postgres", pgserver.Superuser))
	require.NoError(t, err)
	defer func() { require.NoError(t, db.Close()) }()
	const pick = `SELECT pid FROM pg_stat_activity WHERE application_name = $1 ORDER BY state = 'active' DESC, random() LIMIT 1`
	require.NoError(t, db.QueryRowContext(ctx, pick, patientName).Scan(&pid))
	if statement != "" {
		_, err = db.ExecContext(ctx, statement, pid)
		require.NoError(t, err)
	}
	return pid
}

// suffer has a fault happen while the engine works, again and again, and holds
// the books against the answers each time.
func (p *patient) suffer(t *testing.T, times int, fault func(context.Context)) {
	t.Helper()
	acknowledged, repeated := 0, 0
	for range times {
		acks, again := p.work(t, fault)
		require.Zero(t, p.audit.hold(t, acks), "every command had its answer")
		p.audit.verify(t)
		require.Zero(t, p.opened.db.Stats().InUse)
		acknowledged += len(acks)
		repeated += again
	}
	t.Logf("%d faults, %d commands acknowledged, %d of them repeated", times, acknowledged, repeated)
}

// work lets the workers get going, brings about the fault, and lets them get on.
func (p *patient) work(t *testing.T, fault func(context.Context)) (acks map[string]ack, again int) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	var mu sync.Mutex
	acks = map[string]ack{}
	told := make(chan struct{}, 1)
	c := newCrew(p.opened.eng, p.desks, fmt.Sprintf("c%d-", p.cycle), workers, func(a ack) error {
		mu.Lock()
		acks[a.key] = a
		mu.Unlock()
		select {
		case told <- struct{}{}:
		default:
		}
		return nil
	})
	p.cycle++
	c.stubborn()
	var wg sync.WaitGroup
	wg.Go(func() { c.wait(ctx) })
	defer wg.Wait()
	defer c.end()
	more := func(n int) {
		mu.Lock()
		until := len(acks) + n
		mu.Unlock()
		for {
			mu.Lock()
			have := len(acks)
			mu.Unlock()
			if have >= until {
				return
			}
			select {
			case <-told:
			case <-c.stop:
				require.NoError(t, c.err())
			case <-ctx.Done():
				require.Fail(t, "no progress", "%d of %d commands acknowledged", have, until)
			}
		}
	}
	more(20 + p.cycle*7%60)
	fault(ctx)
	more(3 * workers)
	c.end()
	wg.Wait()
	require.NoError(t, c.err())
	for _, k := range c.workers {
		again += k.repeated
	}
	return acks, again
}
