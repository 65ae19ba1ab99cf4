package main

import (
	"bufio"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/shopspring/decimal"
	"github.com/stretchr/testify/require"

	"github.com/onbehalf/onbehalf/operations"
)

// A second process that writes makes commands unavailable for as long as it
// does, and nothing else: reading goes on, and the same key gets through after.
func TestASecondWriterProcessMakesUnavailable(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	dir := t.TempDir()
	binary, file := filepath.Join(dir, "crash"), filepath.Join(dir, "books.db")
	out, err := exec.CommandContext(ctx, "go", "build", "-o", binary, ".").CombinedOutput()
	require.NoError(t, err, "%s", out)
	db, eng, err := open(ctx, file)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, db.Close()) })
	desks, err := setUp(ctx, eng)
	require.NoError(t, err)
	d := desks[0]
	submit := func() error {
		_, err := eng.Submit(ctx, d.scope, operations.Intent{Key: "ours"}, operations.Deposit{To: d.accounts[0], Amount: decimal.New(1, 0)})
		return err
	}

	cmd := exec.CommandContext(ctx, binary, "-db", file, "-hold")
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
	verifyAll(t, file)
}
