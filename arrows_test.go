package onbehalf_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

const root = "github.com/onbehalf/onbehalf"

// pkg is what the arrows are about: one package as `go list -json` describes it. Deps is the closure of Imports.
type pkg struct {
	ImportPath   string
	Name         string
	Imports      []string
	TestImports  []string // of tests inside the package
	XTestImports []string // of tests beside it, package x_test
	Deps         []string
}

func TestImportArrowsPointDown(t *testing.T) {
	t.Parallel()
	require.Empty(t, violations(workspace(t)))
}

func TestTheRootPackageIsDocumentationOnly(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("*.go")
	require.NoError(t, err)
	for _, file := range files {
		if strings.HasSuffix(file, "_test.go") {
			continue
		}
		parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.ParseComments)
		require.NoError(t, err)
		require.Equal(t, []ast.Decl(nil), parsed.Decls, "%s declares or imports something", file)
		require.NotNil(t, parsed.Doc, "%s says nothing about the package", file)
	}
}

// The rules are worth what they catch: each case is one arrow that must not be drawn.
func TestForbiddenArrowsAreCaught(t *testing.T) {
	t.Parallel()
	const mod = root + "/"
	for name, test := range map[string]struct {
		pkg   pkg
		wrong bool
	}{
		"tenancy imports customer":               {pkg{ImportPath: mod + "tenancy", Imports: []string{mod + "customer"}}, true},
		"customer imports tenancy":               {pkg{ImportPath: mod + "customer", Imports: []string{mod + "tenancy"}}, false},
		"customer imports accounts":              {pkg{ImportPath: mod + "customer", Imports: []string{mod + "accounts"}}, true},
		"accounts import operations":             {pkg{ImportPath: mod + "accounts", Imports: []string{mod + "operations"}}, true},
		"operations import an adapter":           {pkg{ImportPath: mod + "operations", Imports: []string{mod + "adapters/memory"}}, true},
		"an inside test imports an adapter":      {pkg{ImportPath: mod + "operations", TestImports: []string{mod + "adapters/memory"}}, true},
		"an outside test imports an adapter":     {pkg{ImportPath: mod + "operations", XTestImports: []string{mod + "adapters/memory"}}, false},
		"trading imports operations":             {pkg{ImportPath: mod + "operations/trading", Imports: []string{mod + "operations"}}, false},
		"something imports the root":             {pkg{ImportPath: mod + "examples/first", Imports: []string{root}}, true},
		"an adapter imports another":             {pkg{ImportPath: mod + "adapters/sqlstore", Imports: []string{mod + "adapters/memory"}}, true},
		"an adapter's test imports another":      {pkg{ImportPath: mod + "adapters/sqlstore", TestImports: []string{mod + "adapters/memory"}}, true},
		"an adapter imports the suite":           {pkg{ImportPath: mod + "adapters/memory", Imports: []string{mod + "adapters/storetest"}}, true},
		"an adapter's test imports the suite":    {pkg{ImportPath: mod + "adapters/memory", XTestImports: []string{mod + "adapters/storetest"}}, false},
		"an adapter imports a part of itself":    {pkg{ImportPath: mod + "adapters/sqlstore", Imports: []string{mod + "adapters/sqlstore/dialect"}}, false},
		"httpapi imports a store":                {pkg{ImportPath: mod + "adapters/httpapi", XTestImports: []string{mod + "adapters/memory"}}, true},
		"httpapi imports its contract":           {pkg{ImportPath: mod + "adapters/httpapi", Imports: []string{mod + "adapters/httpapi/internal/contract"}}, false},
		"an adapter imports the examples":        {pkg{ImportPath: mod + "adapters/sqlstore", Imports: []string{mod + "examples/first"}}, true},
		"integration imports adapters":           {pkg{ImportPath: mod + "adapters/integration", Imports: []string{mod + "adapters/memory"}}, false},
		"the domain imports database/sql":        {pkg{ImportPath: mod + "operations", Imports: []string{"database/sql"}}, true},
		"the domain reaches database/sql":        {pkg{ImportPath: mod + "operations", Deps: []string{"database/sql"}}, true},
		"the domain reaches database/sql/driver": {pkg{ImportPath: mod + "accounts", Deps: []string{"database/sql/driver"}}, false},
		"the domain reaches net/http":            {pkg{ImportPath: mod + "customer", Deps: []string{"net/http"}}, true},
		"the domain imports os":                  {pkg{ImportPath: mod + "tenancy", Imports: []string{"os"}}, true},
		"the domain reaches os through others":   {pkg{ImportPath: mod + "tenancy", Imports: []string{"fmt"}, Deps: []string{"os"}}, false},
		"the domain imports another module":      {pkg{ImportPath: mod + "operations", Imports: []string{"golang.org/x/text/currency"}}, true},
		"the domain imports decimal":             {pkg{ImportPath: mod + "accounts", Imports: []string{"github.com/shopspring/decimal"}}, false},
		"the domain's tests read files":          {pkg{ImportPath: mod + "accounts", TestImports: []string{"os"}, XTestImports: []string{"os"}}, false},
		"a generator of the domain reads files":  {pkg{ImportPath: mod + "accounts/internal/isogen", Name: "main", Imports: []string{"os"}}, false},
		"the domain imports testing":             {pkg{ImportPath: mod + "operations", Imports: []string{"testing"}}, true},
		"operationstest imports testing":         {pkg{ImportPath: mod + "operations/operationstest", Imports: []string{"testing"}}, false},
		"trading imports testing":                {pkg{ImportPath: mod + "operations/trading", Imports: []string{"testing"}}, true},
		"providertest imports testing":           {pkg{ImportPath: mod + "operations/trading/providertest", Imports: []string{"testing"}}, false},
		"the suite imports testing":              {pkg{ImportPath: mod + "adapters/storetest", Imports: []string{"testing"}}, false},
		"the suite imports another module":       {pkg{ImportPath: mod + "adapters/storetest", Imports: []string{"pgregory.net/rapid"}}, true},
		"an adapter imports testing":             {pkg{ImportPath: mod + "adapters/memory", Imports: []string{"testing"}}, true},
		"sqlstore brings a driver":               {pkg{ImportPath: mod + "adapters/sqlstore", Imports: []string{"modernc.org/sqlite"}}, true},
		"sqlstore's test brings a driver":        {pkg{ImportPath: mod + "adapters/sqlstore", XTestImports: []string{"github.com/jackc/pgx/v5/stdlib"}}, true},
		"an example brings a driver":             {pkg{ImportPath: mod + "examples/first", Imports: []string{"modernc.org/sqlite"}}, false},
		"a package outside the agreed top level": {pkg{ImportPath: mod + "util", Imports: []string{"fmt"}}, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			found := violations([]pkg{test.pkg})
			require.Equal(t, test.wrong, len(found) > 0, "%v", found)
		})
	}
}

// workspace lists the packages of every module of the workspace.
func workspace(t *testing.T) []pkg {
	t.Helper()
	decoder := json.NewDecoder(strings.NewReader(goTool(t, nil, "list",
		"-json=ImportPath,Name,Imports,TestImports,XTestImports,Deps", "work")))
	var pkgs []pkg
	for {
		var p pkg
		err := decoder.Decode(&p)
		if errors.Is(err, io.EOF) {
			break
		}
		require.NoError(t, err)
		pkgs = append(pkgs, p)
	}
	require.True(t, slices.ContainsFunc(pkgs, func(p pkg) bool { return p.ImportPath == root }), "the root was not listed")
	return pkgs
}

// violations names every import that the architecture forbids.
func violations(pkgs []pkg) []string {
	var found []string
	for _, p := range pkgs {
		add := func(imported, reason string) {
			found = append(found, fmt.Sprintf("%s must not import %s: %s", p.ImportPath, imported, reason))
		}
		if layer(p.ImportPath) < 0 {
			add("anything", "it is not one of the agreed top-level packages")
		}
		for _, imported := range p.Imports {
			inside(p.ImportPath, imported, false, add)
			if pure(p) {
				effectless(imported, add)
			}
			if imported == "testing" && !forTests(p.ImportPath) {
				add(imported, "only packages made for tests do")
			}
		}
		for _, imported := range p.TestImports {
			inside(p.ImportPath, imported, true, add)
		}
		for _, imported := range p.XTestImports {
			// A test beside a domain package may use it as a host does, with a store.
			if !domain(p.ImportPath) || layer(imported) != adapterLayer {
				inside(p.ImportPath, imported, true, add)
			}
		}
		for _, reached := range p.Deps {
			if domain(p.ImportPath) && (reached == "database/sql" || within(reached, "net/http")) {
				add(reached, "the domain does no I/O, not even through others")
			}
		}
	}
	return found
}

const adapterLayer = 5

// layer orders the packages of the workspace from the bottom up; it is -1 for a package without a place, and for the
// root, the standard library and other modules 0.
func layer(path string) int {
	rest, ours := strings.CutPrefix(path, root+"/")
	if !ours {
		return 0
	}
	if within(rest, "adapters/integration") || within(rest, "examples") {
		return adapterLayer + 1
	}
	top, _, _ := strings.Cut(rest, "/")
	return slices.Index([]string{"", "tenancy", "customer", "accounts", "operations", "adapters"}, top)
}

func domain(path string) bool {
	return layer(path) > 0 && layer(path) < adapterLayer
}

// pure tells whether a package holds to the imports of the domain: the domain but for its generators, and the adapters
// that come with the root module.
func pure(p pkg) bool {
	return p.Name != "main" && domain(p.ImportPath) ||
		within(p.ImportPath, root+"/adapters/memory") || within(p.ImportPath, root+"/adapters/storetest")
}

func forTests(path string) bool {
	return within(path, root+"/operations/operationstest") || within(path, root+"/operations/trading/providertest") ||
		within(path, root+"/adapters/storetest") || layer(path) > adapterLayer
}

// inside judges an import within the workspace, and of a driver.
func inside(from, to string, test bool, add func(imported, reason string)) {
	switch {
	case to == root:
		add(to, "the root package is documentation only")
	case isDriver(to) && layer(from) <= adapterLayer:
		add(to, "drivers are for the examples and the integration tests")
	case layer(to) > layer(from):
		add(to, "arrows point down")
	case layer(from) == adapterLayer && layer(to) == adapterLayer && adapter(from) != adapter(to):
		if !test || adapter(to) != "storetest" {
			add(to, "adapters do not know each other")
		}
	}
}

func adapter(path string) string {
	name, _, _ := strings.Cut(strings.TrimPrefix(path, root+"/adapters/"), "/")
	return name
}

// effectless judges an import by a package that must not touch the world.
func effectless(imported string, add func(imported, reason string)) {
	harmless := imported == "log/slog" || imported == "net/netip" || imported == "net/url"
	for _, forbidden := range []string{
		"database/sql", "net", "os", "io/ioutil", "syscall", "flag", "log", "math/rand", "plugin", "unsafe",
	} {
		if within(imported, forbidden) && !harmless {
			add(imported, "the domain has no effects, no environment and no randomness")
		}
	}
	first, _, _ := strings.Cut(imported, "/")
	if !strings.Contains(first, ".") || within(imported, root) {
		return
	}
	for _, allowed := range []string{"github.com/shopspring/decimal", "golang.org/x/sync", "github.com/google/uuid"} {
		if within(imported, allowed) {
			return
		}
	}
	add(imported, "the domain has three modules beside the standard library")
}
