package main

import (
	"bufio"
	"context"
	"database/sql"
	"fmt"
	"math/rand/v2"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/onbehalf/onbehalf/adapters/sqlstore"
)

const workers = 8

// Whatever moment the process is killed at, what it had acknowledged is in the
// books, once and as it said, and nothing else but what was in flight.
func TestKilledProcessLosesAndDoublesNothing(t *testing.T) {
	t.Parallel()
	kills := many(4, 20, 200, 20_000)
	at := place{sqlstore.SQLite, filepath.Join(t.TempDir(), "books.db")}
	a := newAudit(at)
	rng := rand.New(rand.NewPCG(1, uint64(kills)))
	acknowledged, inFlight := 0, 0
	for cycle := range uint64(kills) {
		acks := live(t, cycle, rng.IntN(60), "-db", at.name)
		acknowledged += len(acks)
		open := a.hold(t, acks, fmt.Sprintf("c%d-", cycle))
		require.LessOrEqual(t, open, workers)
		inFlight += open
		if rng.IntN(5) == 0 || cycle%50 == 0 {
			checkpoint(t, at.name)
		}
	}
	a.verify(t)
	require.Positive(t, acknowledged)
	t.Logf("%d kills, %d commands acknowledged, %d in flight at a kill were found done", kills, acknowledged, inFlight)
}

// The same on PostgreSQL, where what was sent goes on without the process.
func TestKilledProcessLosesAndDoublesNothingOnPostgreSQL(t *testing.T) {
	t.Parallel()
	kills := many(2, 4, 40, 150)
	dsn := shared.Database(t, "")
	const name = "crash_life"
	at := named(t, dsn, name)
	a := newAudit(at)
	a.at = named(t, dsn, "crash_audit")
	rng := rand.New(rand.NewPCG(2, uint64(kills)))
	acknowledged, inFlight := 0, 0
	for cycle := range uint64(kills) {
		acks := live(t, cycle, rng.IntN(100), "-dsn", at.name)
		acknowledged += len(acks)
		gone(t.Context(), t, dsn, name)
		open := a.hold(t, acks, fmt.Sprintf("c%d-", cycle))
		require.LessOrEqual(t, open, workers)
		inFlight += open
		a.verify(t)
	}
	require.Positive(t, acknowledged)
	t.Logf("%d kills, %d commands acknowledged, %d in flight at a kill were found done", kills, acknowledged, inFlight)
}

// live runs the worker until it has acknowledged some commands and kills it.
func live(t *testing.T, cycle uint64, after int, flags ...string) map[string]ack {
	t.Helper()
	p := begin(t, cycle, flags...)
	acks := p.read(after + 1)
	p.kill(t, acks)
	return acks
}

// process is a worker that runs.
type process struct {
	cmd    *exec.Cmd
	cancel context.CancelFunc
	lines  *bufio.Scanner
	errors *strings.Builder
}

func begin(t *testing.T, cycle uint64, flags ...string) *process {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	t.Cleanup(cancel)
	p := &process{cancel: cancel, errors: &strings.Builder{}}
	p.cmd = exec.CommandContext(ctx, binary(t), append(flags, "-cycle", fmt.Sprint(cycle), "-workers", fmt.Sprint(workers))...)
	p.cmd.Stderr = p.errors
	stdout, err := p.cmd.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, p.cmd.Start())
	p.lines = bufio.NewScanner(stdout)
	return p
}

// read gives the next acknowledged commands, at most n; fewer if it ends.
func (p *process) read(n int) map[string]ack {
	acks := map[string]ack{}
	for len(acks) < n && p.lines.Scan() {
		var a ack
		fields, err := fmt.Sscan(p.lines.Text(), &a.key, &a.customer, &a.seq, &a.operation, &a.state)
		if err != nil || fields != 5 { // cut off by the kill
			break
		}
		acks[a.key] = a
	}
	return acks
}

// kill ends it by SIGKILL; what is in the pipe is still read.
func (p *process) kill(t *testing.T, acks map[string]ack) {
	t.Helper()
	defer p.cancel()
	require.NoError(t, p.cmd.Process.Kill(), p.errors)
	for key, a := range p.read(1 << 30) {
		require.NotContains(t, acks, key)
		acks[key] = a
	}
	require.Error(t, p.cmd.Wait())
	require.Empty(t, p.errors.String(), "the worker gave up by itself")
}

func checkpoint(t *testing.T, file string) {
	t.Helper()
	db, err := sql.Open("sqlite", file)
	require.NoError(t, err)
	defer func() { require.NoError(t, db.Close()) }()
	_, err = db.ExecContext(t.Context(), "PRAGMA wal_checkpoint(TRUNCATE)")
	require.NoError(t, err)
	var verdict string
	require.NoError(t, db.QueryRowContext(t.Context(), "PRAGMA integrity_check").Scan(&verdict))
	require.Equal(t, "ok", verdict)
}
