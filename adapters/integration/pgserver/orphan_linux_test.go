package pgserver

import (
	"bufio"
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// orphan names, in the environment, the directory in which a process of its own
// has a server.
const orphan = "ONBEHALF_TEST_ORPHAN"

// A test process that is killed takes its server with it.
func TestAServerEndsWithItsProcess(t *testing.T) {
	t.Parallel()
	if os.Getenv(orphan) != "" {
		s := Own(t)
		fmt.Printf("listens %s\n", s.Address())
		<-t.Context().Done() // never: it is killed
	}
	_, err := find()
	if err != nil {
		missing(t, os.Getenv("ONBEHALF_REQUIRE"), err)
	}
	dir, err := os.MkdirTemp("", "onbehalf-orphan-") //nolint:usetesting // an unprivileged server has to get through to it
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, os.RemoveAll(dir)) })
	require.NoError(t, os.Chmod(dir, 0o755))
	ctx, cancel := context.WithTimeout(t.Context(), 2*startTime)
	defer cancel()
	c := exec.CommandContext(ctx, os.Args[0], "-test.run=^TestAServerEndsWithItsProcess$", "-test.v")
	c.Env = append(os.Environ(), "TMPDIR="+dir, orphan+"="+dir)
	out, err := c.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, c.Start())
	address := ""
	for lines := bufio.NewScanner(out); address == "" && lines.Scan(); {
		_, address, _ = strings.Cut(lines.Text(), "listens ")
	}
	require.NotEmpty(t, address)
	require.NotZero(t, within(t, dir))
	require.NoError(t, c.Process.Kill())
	require.Error(t, c.Wait())
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for within(t, dir) > 0 {
		select {
		case <-tick.C:
		case <-ctx.Done():
			require.Fail(t, "the server outlives its process")
		}
	}
	_, err = (&net.Dialer{}).DialContext(ctx, "tcp4", address)
	require.Error(t, err)
}

// within counts the processes that work in a directory.
func within(t *testing.T, dir string) (n int) {
	t.Helper()
	all, err := filepath.Glob("/proc/[0-9]*/cwd")
	require.NoError(t, err)
	for _, path := range all {
		if at, err := os.Readlink(path); err == nil && strings.HasPrefix(at, dir+"/") {
			n++
		}
	}
	return n
}
