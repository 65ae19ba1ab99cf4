package main

import (
	"bufio"
	"fmt"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"

	"github.com/shopspring/decimal"
	"github.com/stretchr/testify/require"

	"github.com/onbehalf/onbehalf/adapters/sqlstore"
	"github.com/onbehalf/onbehalf/operations"
	"github.com/onbehalf/onbehalf/tenancy"
)

// A second process that writes makes commands unavailable for as long as it
// does, and nothing else: reading goes on, and the same key gets through after.
func TestASecondWriterProcessMakesUnavailable(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	file := filepath.Join(t.TempDir(), "books.db")
	at := place{sqlstore.SQLite, file}
	o, err := open(ctx, at)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, o.close()) })
	eng := o.eng
	desks, err := setUp(ctx, eng, sharedBooks())
	require.NoError(t, err)
	d := desks[0]
	submit := func() error {
		_, err := eng.Submit(ctx, d.scope, operations.Intent{Key: "ours"}, operations.Deposit{To: d.accounts[0], Amount: decimal.New(1, 0)})
		return err
	}

	cmd := exec.CommandContext(ctx, binary(t), "-db", file, "-hold")
	stdin, err := cmd.StdinPipe()
	require.NoError(t, err)
	stdout, err := cmd.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	lines := bufio.NewScanner(stdout)
	require.True(t, lines.Scan())
	require.Equal(t, "held", lines.Text())

	require.ErrorIs(t, submit(), operations.ErrUnavailable)
	accs, err := eng.Book(d.scope).Accounts(ctx)
	require.NoError(t, err)
	require.Len(t, accs, 2)

	require.NoError(t, stdin.Close())
	require.NoError(t, cmd.Wait())
	require.NoError(t, submit())
	newAudit(at).verify(t)
}

// Two processes work on one database at the same time, each on books of its own
// and both on those they share: both get on, and nothing is lost or doubled.
func TestTwoProcessesOnOneDatabase(t *testing.T) {
	t.Parallel()
	dsn := shared.Database(t, "")
	const name, own = "crash_two", 2
	at := named(t, dsn, name)
	a := newAudit(named(t, dsn, "crash_audit"))
	each := many(150, 300, 4_000, 50_000)
	var wg sync.WaitGroup
	var processes [2]*process
	var acks [2]map[string]ack
	for i := range processes {
		processes[i] = begin(t, uint64(i), "-dsn", at.name, "-own", fmt.Sprint(own))
		a.books = append(a.books, ownBooks(uint64(i), own)...)
	}
	for i, p := range processes {
		wg.Go(func() { acks[i] = p.read(each) })
	}
	wg.Wait()                                                     // the quicker one is held up by its pipe
	all, hot := map[string]ack{}, map[tenancy.CustomerID][2]int{} //nolint:exhaustive // House is one reserved id, not a member of a set
	for i, p := range processes {
		require.Len(t, acks[i], each, p.errors)
		p.kill(t, acks[i])
		for key, told := range acks[i] {
			require.NotContains(t, all, key)
			all[key] = told
			n := hot[told.customer]
			n[i]++
			hot[told.customer] = n
		}
	}
	gone(t.Context(), t, dsn, name)
	require.LessOrEqual(t, a.hold(t, all, "c0-", "c1-"), 2*workers)
	a.verify(t)
	both, alone := 0, 0
	for _, n := range hot {
		if n[0] > 0 && n[1] > 0 {
			both++
		} else {
			alone++
		}
	}
	require.Equal(t, len(sharedBooks()), both, "books that both got on with: %v", hot)
	require.Equal(t, 2*own, alone)
	t.Logf("%d commands acknowledged", len(all))
}
