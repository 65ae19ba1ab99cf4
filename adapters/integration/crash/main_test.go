package main

import (
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/onbehalf/onbehalf/adapters/integration/pgserver"
	"github.com/onbehalf/onbehalf/adapters/sqlstore"
)

// shared is the PostgreSQL of the tests that leave the server alone.
var shared pgserver.Shared //nolint:gochecknoglobals // one server for all tests

// built is the directory with this command, made when it is first asked for.
var built struct { //nolint:gochecknoglobals // built once
	once sync.Once
	dir  string
	err  error
}

func TestMain(m *testing.M) {
	code := m.Run()
	for _, err := range []error{shared.Drop(), shared.Close(), os.RemoveAll(built.dir)} {
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			code = max(code, 1)
		}
	}
	os.Exit(code)
}

// many chooses a count by the environment.
func many(quick, race, ci, soak int) int {
	switch os.Getenv("ONBEHALF_COUNTS") {
	case "ci":
		return ci
	case "race":
		return race
	case "soak":
		return soak
	}
	return quick
}

// binary is this command.
func binary(t *testing.T) string {
	t.Helper()
	built.once.Do(func() {
		if built.dir, built.err = os.MkdirTemp("", "onbehalf-crash-"); built.err != nil { //nolint:usetesting // it serves every test
			return
		}
		out, err := exec.Command("go", "build", "-o", filepath.Join(built.dir, "crash"), ".").CombinedOutput()
		if err != nil {
			built.err = fmt.Errorf("build: %w: %s", err, out)
		}
	})
	require.NoError(t, built.err)
	return filepath.Join(built.dir, "crash")
}

// named is the place of a database whose connections bear a name.
func named(t *testing.T, dsn, name string) place {
	t.Helper()
	u, err := url.Parse(dsn)
	require.NoError(t, err)
	q := u.Query()
	q.Set("application_name", name)
	u.RawQuery = q.Encode()
	return place{sqlstore.PostgreSQL, u.String()}
}
