package operations_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/onbehalf/onbehalf/adapters/memory"
	"github.com/onbehalf/onbehalf/operations"
	"github.com/onbehalf/onbehalf/operations/operationstest"
)

func TestEveryCodeIsListed(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("*.go")
	require.NoError(t, err)
	listed := operations.Codes()
	found := 0
	for _, file := range files {
		parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.SkipObjectResolution)
		require.NoError(t, err)
		ast.Inspect(parsed, func(n ast.Node) bool {
			v, ok := n.(*ast.ValueSpec)
			if !ok || len(v.Values) != 1 || !strings.HasPrefix(v.Names[0].Name, "Code") {
				return true
			}
			if text, ok := v.Values[0].(*ast.BasicLit); ok {
				code, err := strconv.Unquote(text.Value)
				require.NoError(t, err)
				require.Contains(t, listed, code, "%s of %s is not in Codes", v.Names[0].Name, file)
				found++
			}
			return true
		})
	}
	require.Greater(t, found, 40)
}

func TestAnOfferNamesWhatTheEngineDealsIn(t *testing.T) {
	t.Parallel()
	eng, err := operations.New(memory.New(), operations.Config{
		Providers: map[string]operations.Provider{"bank": operationstest.NewProvider(operations.Contract{})},
	})
	require.NoError(t, err)
	t.Cleanup(eng.Close)
	offer := eng.Offer()
	require.Equal(t, []string{"bank", "desk"}, offer.Providers)
	require.Equal(t, []string{"adjustment", "deposit", "refund", "transfer", "withdrawal"}, offer.Kinds)
	require.NotEmpty(t, offer.Assets)
}
