package main

import (
	"bufio"
	"errors"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// kill is when the program is killed: as soon as it has told so many steps of
// a stage.
type kill struct {
	stage string
	steps int
}

// killedAt starts the program and kills it; it tells false when the program
// was through before.
func killedAt(t *testing.T, program string, args []string, k kill) bool {
	t.Helper()
	cmd := exec.Command(program, args...)
	watch, err := cmd.StderrPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	killed := false
	lines := bufio.NewScanner(watch)
	for lines.Scan() {
		n, rest, ok := strings.Cut(lines.Text(), " of ")
		at, err := strconv.Atoi(n)
		if killed || !ok || err != nil || at < k.steps || !strings.HasSuffix(rest, k.stage) {
			continue
		}
		require.NoError(t, cmd.Process.Kill()) // SIGKILL: nothing is flushed or rolled back
		killed = true
	}
	require.NoError(t, lines.Err())
	err = cmd.Wait()
	if !killed {
		require.NoError(t, err)
		return false
	}
	exit := new(exec.ExitError)
	require.ErrorAs(t, err, &exit)
	require.Equal(t, -1, exit.ExitCode(), "it ended by the signal")
	return true
}

func TestReplayKilledAndStartedAgainEndsWithTheSameBooks(t *testing.T) {
	t.Parallel()
	data := realData(t)
	program := filepath.Join(t.TempDir(), "replay")
	built, err := exec.Command("go", "build", "-o", program, ".").CombinedOutput()
	require.NoError(t, err, string(built))

	db := filepath.Join(t.TempDir(), "books.db")
	args := []string{"--store", "sqlite", "--db", db, "--every", "1", data}
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	draw := rand.New(rand.NewPCG(seed, 0))
	kills := []kill{{"transactions replayed", 500 + draw.IntN(7000)}}
	if os.Getenv("ONBEHALF_COUNTS") != "" {
		kills = []kill{
			{"customers opened", 1 + draw.IntN(450)},
			{"transactions replayed", 1 + draw.IntN(4000)},
			{"transactions replayed", 4001 + draw.IntN(4000)},
		}
	}
	for _, k := range kills {
		require.True(t, killedAt(t, program, args, k), "it was through before %d %s", k.steps, k.stage)
	}

	out, err := exec.Command(program, "--db", db, data).Output()
	exit := new(exec.ExitError)
	if errors.As(err, &exit) {
		t.Log(string(exit.Stderr))
	}
	require.NoError(t, err, string(out))
	require.Contains(t, string(out), "8292 of 8292 recorded balances reproduced\n501 of 501 books verified\n")
	require.NotContains(t, string(out), " 0 there before", "nothing of it was done before the kill")
}
