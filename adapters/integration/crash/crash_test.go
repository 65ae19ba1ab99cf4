package main

import (
	"bufio"
	"context"
	"database/sql"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/onbehalf/onbehalf/operations"
	"github.com/onbehalf/onbehalf/tenancy"
)

// kills is how many lives the worker is given.
func kills() int {
	switch os.Getenv("ONBEHALF_COUNTS") {
	case "ci":
		return 200
	case "race":
		return 20
	case "soak":
		return 20_000
	}
	return 4
}

// Whatever moment the process is killed at, what it had acknowledged is in the
// books, once and as it said, and nothing else but what was in flight.
func TestKilledProcessLosesAndDoublesNothing(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	binary := filepath.Join(dir, "crash")
	out, err := exec.CommandContext(t.Context(), "go", "build", "-o", binary, ".").CombinedOutput()
	require.NoError(t, err, "%s", out)
	file := filepath.Join(dir, "books.db")
	const workers = 8
	rng := rand.New(rand.NewPCG(1, uint64(kills())))
	seen := map[string]bool{}
	after := map[tenancy.CustomerID]int64{} //nolint:exhaustive // House is one reserved id, not a member of a set
	acknowledged, inFlight := 0, 0
	for cycle := range uint64(kills()) {
		acks := life(t, binary, file, cycle, workers, rng.IntN(60))
		acknowledged += len(acks)
		inFlight += hold(t, file, cycle, acks, after, seen, workers)
		if rng.IntN(5) == 0 || cycle%50 == 0 {
			checkpoint(t, file)
		}
	}
	verifyAll(t, file)
	require.Positive(t, acknowledged)
	t.Logf("%d kills, %d commands acknowledged, %d in flight at a kill were found done", kills(), acknowledged, inFlight)
}

type ack struct {
	customer, operation, state string
	seq                        int64
}

// life runs the worker until it has acknowledged some commands and kills it.
func life(t *testing.T, binary, file string, cycle uint64, workers, after int) map[string]ack {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	cmd := exec.CommandContext(ctx, binary, "-db", file, "-cycle", fmt.Sprint(cycle), "-workers", fmt.Sprint(workers))
	var errors strings.Builder
	cmd.Stderr = &errors
	stdout, err := cmd.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	acks := map[string]ack{}
	lines := bufio.NewScanner(stdout)
	for lines.Scan() {
		var key string
		var a ack
		n, err := fmt.Sscan(lines.Text(), &key, &a.customer, &a.seq, &a.operation, &a.state)
		if err != nil || n != 5 { // cut off by the kill
			break
		}
		require.NotContains(t, acks, key)
		acks[key] = a
		if len(acks) == after+1 {
			require.NoError(t, cmd.Process.Kill()) // SIGKILL; what is in the pipe is still read
		}
	}
	err = cmd.Wait()
	require.Error(t, err)
	require.Empty(t, errors.String(), "the worker gave up by itself")
	return acks
}

// hold opens the file and compares what is new in the journals with what was
// acknowledged.
func hold(t *testing.T, file string, cycle uint64, acks map[string]ack, after map[tenancy.CustomerID]int64, seen map[string]bool, workers int) (inFlight int) {
	t.Helper()
	ctx := t.Context()
	db, eng, err := open(ctx, file)
	require.NoError(t, err)
	defer func() { require.NoError(t, db.Close()) }()
	desks, err := setUp(ctx, eng)
	require.NoError(t, err)
	found := 0
	for _, d := range desks {
		book := eng.Book(d.scope)
		customer := d.scope.Customer()
		for {
			lines, err := book.Journal(ctx, after[customer], operations.MaxLimit)
			require.NoError(t, err)
			for _, l := range lines {
				after[customer] = l.Seq
				require.False(t, seen[string(customer)+l.Key], "key %s twice", l.Key)
				seen[string(customer)+l.Key] = true
				a, ok := acks[l.Key]
				if !ok {
					if !strings.HasPrefix(l.Key, "setup-") {
						require.True(t, strings.HasPrefix(l.Key, fmt.Sprintf("c%d-", cycle)), "key %s of another life", l.Key)
						inFlight++
					}
					continue
				}
				found++
				require.Equal(t, a.seq, l.Seq)
				require.Equal(t, a.customer, string(customer))
				if len(l.Refused) > 0 {
					require.Equal(t, "refused", a.state)
					continue
				}
				require.Equal(t, a.operation, string(l.Effects.Operations[0].ID))
				require.Equal(t, a.state, string(l.Effects.Operations[0].State))
			}
			if len(lines) < operations.MaxLimit {
				break
			}
		}
	}
	for key, a := range acks {
		require.True(t, seen[a.customer+key], "key %s of customer %s, entry %d (read up to %d) was acknowledged and is lost", key, a.customer, a.seq, after[tenancy.CustomerID(a.customer)])
	}
	require.Equal(t, len(acks), found)
	require.LessOrEqual(t, inFlight, workers)
	return inFlight
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

func verifyAll(t *testing.T, file string) {
	t.Helper()
	ctx := t.Context()
	db, eng, err := open(ctx, file)
	require.NoError(t, err)
	defer func() { require.NoError(t, db.Close()) }()
	desks, err := setUp(ctx, eng)
	require.NoError(t, err)
	for _, d := range desks {
		v, err := eng.Book(d.scope).Verify(ctx)
		require.NoError(t, err)
		require.Empty(t, v.Faults)
	}
}
