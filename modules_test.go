package onbehalf_test

import (
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// What a user of the library downloads is the module graph of the root, so it changes only on purpose.
func TestTheRootModuleDependsOnTheCommittedListOnly(t *testing.T) {
	t.Parallel()
	want, err := os.ReadFile(".ci/modules.txt")
	require.NoError(t, err)
	got := goTool(t, []string{"GOWORK=off"}, "list", "-m", "all")
	require.Equal(t, string(want), got, "if the change is meant: make generate, and commit .ci/modules.txt with the reason")
}

func TestTheRootModuleBringsNoDriver(t *testing.T) {
	t.Parallel()
	got := goTool(t, []string{"GOWORK=off"}, "list", "-m", "-f", "{{.Path}}", "all")
	for module := range strings.Lines(got) {
		module = strings.TrimSpace(module)
		require.False(t, isDriver(module), "%s comes with the root module", module)
	}
}

// Who works on the project finds every module of the workspace described.
func TestTheModulesAreDescribed(t *testing.T) {
	t.Parallel()
	work, err := os.ReadFile("go.work")
	require.NoError(t, err)
	described, err := os.ReadFile("CONTRIBUTING.md")
	require.NoError(t, err)
	modules := 0
	for line := range strings.Lines(string(work)) {
		if module := strings.TrimSpace(line); strings.HasPrefix(module, ".") {
			modules++
			require.Contains(t, string(described), "\n| `"+strings.TrimPrefix(module, "./")+"` |")
		}
	}
	require.Positive(t, modules)
}

// isDriver tells whether a package or module path belongs to a database driver: the host chooses its own.
func isDriver(path string) bool {
	for _, driver := range []string{
		"github.com/jackc/pgx", "github.com/lib/pq", "github.com/go-sql-driver/mysql", "github.com/mattn/go-sqlite3",
		"github.com/ncruces/go-sqlite3", "modernc.org/sqlite", "zombiezen.com/go/sqlite",
	} {
		if within(path, driver) {
			return true
		}
	}
	return false
}

// within tells whether an import path is root or lies below it.
func within(path, root string) bool {
	return path == root || strings.HasPrefix(path, root+"/")
}
