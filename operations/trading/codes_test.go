package trading_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/onbehalf/onbehalf/operations/trading"
)

func TestCodesAreAllThatAreDeclared(t *testing.T) {
	t.Parallel()
	file, err := parser.ParseFile(token.NewFileSet(), "plan.go", nil, 0)
	require.NoError(t, err)
	var declared []string
	ast.Inspect(file, func(n ast.Node) bool {
		v, ok := n.(*ast.ValueSpec)
		if ok && strings.HasPrefix(v.Names[0].Name, "Code") {
			literal, ok := v.Values[0].(*ast.BasicLit)
			require.True(t, ok, v.Names[0].Name)
			text, err := strconv.Unquote(literal.Value)
			require.NoError(t, err)
			declared = append(declared, text)
		}
		return true
	})
	require.NotEmpty(t, declared)
	require.ElementsMatch(t, declared, trading.Codes())
}
