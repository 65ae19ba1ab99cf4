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
		guardSchema:            "the schema belongs to no tenant",
		hasSchema:              "the schema belongs to no tenant",
		readSchema:             "the schema belongs to no tenant",
		savepoint:              "reads and writes no row",
		undoSavepoint:          "reads and writes no row",
		closeSavepoint:         "reads and writes no row",
		makeSchema:             "reads and writes no row",
		enterSchema:            "reads and writes no row",
		setScope:               "reads and writes no row",
		setScopeToRead:         "reads and writes no row",
		commitRun:              "the function writes under the tenant and customer it is given, see TestFunctionsKeepToTheirBooks",
		commitRuns:             "the function writes under the tenant and customer of each run, see TestFunctionsKeepToTheirBooks",
		findInBook:             "the function is given tenant and customer, see TestFunctionsKeepToTheirBooks",
		loadBooks:              "the function is given tenant and customer of each, see TestFunctionsKeepToTheirBooks",
		loadBook:               "the function is given tenant and customer, see TestFunctionsKeepToTheirBooks",
		putOperator:            "operators belong to the tenant",
		readOperator:           "operators belong to the tenant",
		allOperators:           "operators belong to the tenant",
		dropOperators:          "operators belong to the tenant",
		lockOperator:           "operators belong to the tenant",
		lockOperatorNow:        "operators belong to the tenant",
		lockOperatorToWriteNow: "operators belong to the tenant",
		lockOperatorToWrite:    "operators belong to the tenant",
		readyTenants:           "work is done for all tenants alike, by the system; it tells their ids and nothing else",
	}
}

// acrossCustomers are those that read a whole tenant, and name it.
func acrossCustomers() map[statement]bool {
	return map[statement]bool{ //nolint:exhaustive // a short list is the point
		putOperator: true, readOperator: true, lockOperator: true, lockOperatorToWrite: true, lockOperatorNow: true, lockOperatorToWriteNow: true, allOperators: true, dropOperators: true,
		customers: true, customersFloor: true, customersGranted: true, customersGrantedFloor: true, heads: true,
		positions: true, positionBooks: true, waiting: true, waitingGranted: true, readyTickets: true, parkedTickets: true,
	}
}

func TestEveryStatementNamesTenantAndCustomer(t *testing.T) {
	t.Parallel()
	for _, d := range Dialects() {
		spec, err := d.describe(Config{})
		require.NoError(t, err)
		for id, text := range spec.texts {
			id := statement(id)
			if onlyPostgreSQL()[id] && d != PostgreSQL {
				require.Empty(t, text, "statement %d of %s", id, d)
				continue
			}
			require.NotEmpty(t, text, "statement %d of %s", id, d)
			insert := strings.HasPrefix(text, "INSERT")
			tenant := insert && strings.Contains(text, " (tenant, ") || regexp.MustCompile(`\btenant = [?$]`).MatchString(text)
			customer := insert && strings.Contains(text, " (tenant, customer, ") || regexp.MustCompile(`\bcustomer = [?$]`).MatchString(text)
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
				joined := regexp.MustCompile(`JOIN onbehalf[_.]`).FindAllString(text, -1)
				shared := regexp.MustCompile(`JOIN onbehalf[_.]operators`).FindAllString(text, -1)
				require.LessOrEqual(t, len(joined)-len(shared), strings.Count(text, ".customer = "), text)
			}
		}
	}
}

// onlyPostgreSQL are the statements that other databases have no use for.
func onlyPostgreSQL() map[statement]bool {
	return map[statement]bool{ //nolint:exhaustive // a short list is the point
		makeSchema: true, enterSchema: true, setScope: true, setScopeToRead: true, commitRun: true, commitRuns: true, findInBook: true, loadBook: true, loadBooks: true,
	}
}

// TestFunctionsKeepToTheirBooks walks the statements inside the functions of
// the database: each reads or writes by tenant and customer, of the run or as
// given, or is on the list.
func TestFunctionsKeepToTheirBooks(t *testing.T) {
	t.Parallel()
	texts, err := Migrations(PostgreSQL)
	require.NoError(t, err)
	names, err := fs.Glob(texts, "*.sql")
	require.NoError(t, err)
	body := regexp.MustCompile(`(?s)CREATE FUNCTION (\w+).*?\$\$(.*?)\$\$`)
	touches := regexp.MustCompile(`(?:FROM|JOIN|INTO|UPDATE|DELETE FROM) (books|entries|keys|operations|postings|balances|customers|grants|personal|snapshots|queue)\b`)
	shared := regexp.MustCompile(`(?:FROM|JOIN|INTO|UPDATE) operators\b`)
	bound := regexp.MustCompile(`\btenant = (?:[rd]_tenant\[\w+(?:\.\w+|\[\w+\.\w+\])?\]|r\.tenant|x\.tenant|of_tenant|v\.tenant)`)
	customer := regexp.MustCompile(`\bcustomer = (?:r_customer\[\w+(?:\.\w+|\[\w+\.\w+\])?\]|r\.customer|x\.customer|of_customer)`)
	written := regexp.MustCompile(`INSERT INTO \w+ (?:AS \w )?\(tenant, (customer|operator),[^)]*\)\s+(?:SELECT r_tenant\[\w+(?:\.\w+|\[\w+\.\w+\])?\], r_customer|(?:SELECT |VALUES \()of_tenant, of_customer|VALUES \(x\.tenant, (?:x\.customer|j))`)
	functions, walked := 0, 0
	for _, name := range names {
		text, err := fs.ReadFile(texts, name)
		require.NoError(t, err)
		for _, f := range body.FindAllStringSubmatch(string(text), -1) {
			functions++
			for one := range strings.SplitSeq(f[2], ";") {
				on := len(touches.FindAllString(one, -1))
				if on == 0 && !shared.MatchString(one) {
					continue
				}
				walked++
				wrote := len(written.FindAllString(one, -1))
				require.GreaterOrEqual(t, len(bound.FindAllString(one, -1))+wrote, 1, "%s: names no tenant: %s", f[1], one)
				require.GreaterOrEqual(t, len(customer.FindAllString(one, -1))+wrote, on, "%s: a table without its customer: %s", f[1], one)
			}
		}
	}
	require.GreaterOrEqual(t, functions, 4)
	require.GreaterOrEqual(t, walked, 25)
}

func TestEveryTableOfOursHasOurPrefix(t *testing.T) {
	t.Parallel()
	for _, d := range []Dialect{SQLite} { // PostgreSQL's are in a schema of their own
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
