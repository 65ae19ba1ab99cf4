package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestCommittedTableIsWhatTheListGives(t *testing.T) {
	t.Parallel()
	out := filepath.Join(t.TempDir(), "table.go")
	require.NoError(t, run("../../iso4217.csv", out))
	want, err := os.ReadFile("../../iso4217_table.go")
	require.NoError(t, err)
	got, err := os.ReadFile(out)
	require.NoError(t, err)
	require.Equal(t, string(want), string(got), "run go generate ./accounts")
}

func TestBrokenListIsRefused(t *testing.T) {
	t.Parallel()
	const header = "code,numeric,digits,name\n"
	for name, tc := range map[string]struct{ list, want string }{
		"no header":         {"BRL,986,2,Brazilian Real\n", "header"},
		"empty":             {"", "header"},
		"lower-case code":   {header + "brl,986,2,Real\n", "three letters"},
		"out of order":      {header + "USD,840,2,Dollar\nBRL,986,2,Real\n", "out of order"},
		"twice":             {header + "BRL,986,2,Real\nBRL,987,2,Real\n", "twice"},
		"short numeric":     {header + "BRL,98,2,Real\n", "three digits"},
		"numeric twice":     {header + "BRL,986,2,Real\nUSD,986,2,Dollar\n", "stands for"},
		"no minor unit":     {header + "XAU,959,N.A.,Gold\n", "digits"},
		"too many digits":   {header + "BRL,986,5,Real\n", "digits"},
		"signed digits":     {header + "BRL,986,+2,Real\n", "digits"},
		"no name":           {header + "BRL,986,2,\n", "no name"},
		"a column too few":  {header + "BRL,986,2\n", "csv"},
		"a column too many": {header + "BRL,986,2,Real,x\n", "csv"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := generate(strings.NewReader(tc.list))
			require.ErrorContains(t, err, tc.want)
		})
	}
}

func TestMissingListIsReported(t *testing.T) {
	t.Parallel()
	require.ErrorIs(t, run(filepath.Join(t.TempDir(), "none.csv"), "unused.go"), os.ErrNotExist)
}
