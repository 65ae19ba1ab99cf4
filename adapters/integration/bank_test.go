package integration_test

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/onbehalf/onbehalf/adapters/sqlstore"
	"github.com/onbehalf/onbehalf/operations"
	"github.com/onbehalf/onbehalf/tenancy"
)

// bank is a year of a real bank, beside the checkout and no part of it.
const bank = "../../../shared/data/bank1993"

// TestARealBankMovesFromSQLiteToPostgreSQL replays the bank's year on both, by
// the example that anyone runs, and moves the one to the other by the desk.
func TestARealBankMovesFromSQLiteToPostgreSQL(t *testing.T) {
	t.Parallel()
	long(t)
	if _, err := os.Stat(bank); err != nil {
		if slices.Contains(strings.Split(os.Getenv("ONBEHALF_REQUIRE"), ","), "data") {
			t.Fatal(err)
		}
		t.Skip("the real data are not beside the checkout: " + bank)
	}
	template := postgresTemplate(t)
	replayed, moved := shared.Database(t, template), shared.Database(t, template)
	dir := t.TempDir()
	replay, desk := built(t, dir, "replay"), built(t, dir, "desk")
	file, files := filepath.Join(dir, "bank.db"), filepath.Join(dir, "books")

	for _, where := range [][]string{{"--store", "sqlite", "--db", file}, {"--store", "postgres", "--dsn", replayed}} {
		out := ran(t, replay, append(where, bank)...)
		require.Contains(t, out, "8292 of 8292 recorded balances reproduced")
		require.Contains(t, out, "501 of 501 books verified")
	}
	ran(t, desk, "export", "--db", file, "--firm", "bank1993", "--all", "--to", files)
	ran(t, desk, "import", "--store", "postgres", "--dsn", moved, files)

	db := openSQLite(t, sqlstore.SQLiteDSN(file), 1)
	from, err := sqlstore.New(db, sqlstore.SQLite)
	require.NoError(t, err)
	to, err := sqlstore.New(openPostgres(t, moved, 4), sqlstore.PostgreSQL)
	require.NoError(t, err)
	want := headsOf(t, from)
	require.Len(t, want, 501)
	require.Equal(t, want, headsOf(t, to))
	eng, err := operations.New(to, operations.Config{})
	require.NoError(t, err)
	defer eng.Close()
	for _, h := range want {
		v, err := eng.Verify(t.Context(), operations.BookID{Tenant: "bank1993", Customer: h.Customer})
		require.NoError(t, err)
		require.Empty(t, v.Faults)
		require.Equal(t, h.Head, v.Head)
	}
}

func headsOf(t *testing.T, s operations.Store) []operations.BookHead {
	t.Helper()
	heads, err := s.Heads(t.Context(), "bank1993", tenancy.CustomerID(""), 1000)
	require.NoError(t, err)
	return heads
}

// built is an example's program.
func built(t *testing.T, dir, name string) string {
	t.Helper()
	path := filepath.Join(dir, name)
	ran(t, "go", "build", "-o", path, "github.com/onbehalf/onbehalf/examples/"+name)
	return path
}

func ran(t *testing.T, program string, args ...string) string {
	t.Helper()
	cmd := exec.CommandContext(context.WithoutCancel(t.Context()), program, args...)
	out, err := cmd.CombinedOutput()
	require.NoError(t, err, "%s", out)
	return string(out)
}
