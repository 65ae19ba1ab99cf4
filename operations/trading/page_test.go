package trading_test

import (
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// The set-up of a customer on the page about trades is that of the Example,
// which runs.
func TestThePageSetsUpWhatTheExampleDoes(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile("../../docs/trading.md")
	require.NoError(t, err)
	example, err := os.ReadFile("example_trade_test.go")
	require.NoError(t, err)
	_, section, found := strings.Cut(string(page), "## The customer\n")
	require.True(t, found)
	section, _, _ = strings.Cut(section, "\n## ")
	_, block, found := strings.Cut(section, "```go\n")
	require.True(t, found)
	block, _, _ = strings.Cut(block, "```")
	require.Contains(t, strings.ReplaceAll(string(example), "\n\t", "\n"), "\n"+block)
}
