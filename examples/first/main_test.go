package main

import (
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// The README's first Go block is this program, whole, and short enough to be
// read at a glance; and it does what the README says.
func TestTheReadmeBeginsWithThisProgram(t *testing.T) {
	t.Parallel()
	readme, err := os.ReadFile("../../README.md")
	require.NoError(t, err)
	program, err := os.ReadFile("main.go")
	require.NoError(t, err)
	lines := strings.Count(string(readme), "\n")
	require.True(t, lines >= 150 && lines <= 230, "the README is read at one sitting: %d lines", lines)
	before, after, found := strings.Cut(string(readme), "```go\n")
	require.True(t, found)
	block, after, found := strings.Cut(after, "```\n")
	require.True(t, found)
	require.Equal(t, string(program), block)
	require.LessOrEqual(t, strings.Count(before, "\n")+1, 25, "the block begins by line 25")
	require.LessOrEqual(t, strings.Count(block, "\n"), 30, "the block has at most 30 lines")

	out, err := exec.CommandContext(t.Context(), "go", "run", ".").Output()
	require.NoError(t, err)
	require.Equal(t, "[deposit 250 BRL completed]\n", string(out))
	_, shown, found := strings.Cut(after, "```text\n")
	require.True(t, found)
	require.True(t, strings.HasPrefix(shown, string(out)), "the README shows what it prints")
}
