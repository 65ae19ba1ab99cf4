package api_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// golden holds an answer against the one that is kept for its route, beside the
// contract: the page's tests read the same files. ONBEHALF_GOLDEN=write makes
// them anew.
func golden(t *testing.T, r route, got reply) {
	t.Helper()
	if got.header.Get("Content-Type") != "application/json" {
		return
	}
	keep(t, r.OperationID, got.body)
}

func keep(t *testing.T, name, body string) {
	t.Helper()
	var v any
	d := json.NewDecoder(strings.NewReader(body))
	d.UseNumber()
	require.NoError(t, d.Decode(&v))
	text, err := json.MarshalIndent(v, "", "  ")
	require.NoError(t, err)
	sealed := regexp.MustCompile(`("(?:context|next_cursor)": ")[^"]{40,}"`) // drawn anew each time
	text = append(sealed.ReplaceAll(text, []byte(`${1}sealed"`)), '\n')
	file := filepath.Join("..", "..", "httpapi", "testdata", name+".json")
	if os.Getenv("ONBEHALF_GOLDEN") == "write" {
		require.NoError(t, os.WriteFile(file, text, 0o600))
	}
	want, err := os.ReadFile(file)
	require.NoError(t, err, "ONBEHALF_GOLDEN=write makes it")
	require.Equal(t, string(want), string(text))
}
