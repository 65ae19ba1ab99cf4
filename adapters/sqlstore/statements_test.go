package sqlstore

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// acrossBooks are the statements that do not name a customer, each with the
// reason.
func acrossBooks() map[statement]string {
	return map[statement]string{ //nolint:exhaustive // a short list is the point
		guardSchema:    "the schema belongs to no tenant",
		hasSchema:      "the schema belongs to no tenant",
		readSchema:     "the schema belongs to no tenant",
		savepoint:      "reads and writes no row",
		undoSavepoint:  "reads and writes no row",
		closeSavepoint: "reads and writes no row",
		putOperator:    "operators belong to the tenant",
		readOperator:   "operators belong to the tenant",
		allOperators:   "operators belong to the tenant",
		dropOperators:  "operators belong to the tenant",
		readyTenants:   "work is done for all tenants alike, by the system; it tells their ids and nothing else",
	}
}

// acrossCustomers are those that read a whole tenant, and name it.
func acrossCustomers() map[statement]bool {
	return map[statement]bool{ //nolint:exhaustive // a short list is the point
		putOperator: true, readOperator: true, allOperators: true, dropOperators: true,
		customers: true, customersFloor: true, customersGranted: true, customersGrantedFloor: true, heads: true,
		positions: true, readyTickets: true, parkedTickets: true,
	}
}

func TestEveryStatementNamesTenantAndCustomer(t *testing.T) {
	t.Parallel()
	for _, d := range Dialects() {
		spec, err := d.describe()
		require.NoError(t, err)
		for id, text := range spec.texts {
			require.NotEmpty(t, text, "statement %d of %s", id, d)
			id := statement(id)
			insert := strings.HasPrefix(text, "INSERT")
			tenant := insert && strings.Contains(text, " (tenant, ") || regexp.MustCompile(`\btenant = \?`).MatchString(text)
			customer := insert && strings.Contains(text, " (tenant, customer, ") || regexp.MustCompile(`\bcustomer = \?`).MatchString(text)
			if acrossCustomers()[id] {
				require.True(t, tenant, text)
				continue
			}
			if reason, known := acrossBooks()[id]; known {
				require.NotEmpty(t, reason)
				require.False(t, tenant && customer, "needs no exception: %s", text)
				continue
			}
			require.True(t, tenant, "names no tenant: %s", text)
			require.True(t, customer, "names no customer: %s", text)
			if strings.HasPrefix(text, "SELECT") {
				// A table that is joined is held to the same book.
				joined := strings.Count(text, "JOIN onbehalf_")
				require.LessOrEqual(t, joined-strings.Count(text, "JOIN onbehalf_operators"), strings.Count(text, ".customer = "), text)
			}
		}
	}
}

func TestEveryTableOfOursHasOurPrefix(t *testing.T) {
	t.Parallel()
	for _, d := range Dialects() {
		texts, err := Migrations(d)
		require.NoError(t, err)
		names, err := fs.Glob(texts, "*.sql")
		require.NoError(t, err)
		require.NotEmpty(t, names)
		for _, name := range names {
			text, err := fs.ReadFile(texts, name)
			require.NoError(t, err)
			for _, made := range regexp.MustCompile(`(?i)create\s+(?:unique\s+)?(?:table|index)\s+(\w+)`).FindAllStringSubmatch(string(text), -1) {
				require.True(t, strings.HasPrefix(made[1], "onbehalf_"), made[1])
			}
		}
	}
}

// TestAllSQLIsOnTheList keeps SQL out of the code, where the test above would
// not see it.
func TestAllSQLIsOnTheList(t *testing.T) {
	t.Parallel()
	entries, err := os.ReadDir(".")
	require.NoError(t, err)
	sql := regexp.MustCompile(`(?i)\b(select|insert|update|delete|create|drop|alter|pragma|savepoint)\b.*\b(from|into|set|table|index|onbehalf)\b`)
	for _, e := range entries {
		name := e.Name()
		if !strings.HasSuffix(name, ".go") || strings.HasSuffix(name, "_test.go") || strings.HasSuffix(name, "_texts.go") {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.SkipObjectResolution)
		require.NoError(t, err)
		ast.Inspect(file, func(n ast.Node) bool {
			if lit, ok := n.(*ast.BasicLit); ok && lit.Kind == token.STRING {
				require.False(t, sql.MatchString(lit.Value), "%s: %s", name, lit.Value)
			}
			return true
		})
	}
}
