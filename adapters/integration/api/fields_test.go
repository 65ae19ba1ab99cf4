package api_test

import (
	"encoding"
	"encoding/json"
	"maps"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/stretchr/testify/require"

	"github.com/onbehalf/onbehalf/accounts"
	"github.com/onbehalf/onbehalf/operations"
	"github.com/onbehalf/onbehalf/operations/trading"
	"github.com/onbehalf/onbehalf/tenancy"
)

// stands is what a schema of the contract stands for.
type stands struct {
	of    reflect.Type
	plus  []string          // what the contract has beside it
	named map[string]string // fields that have another name there
	but   []string          // fields that it does not have, with a reason where they are named
	as    bool              // it is written as it is, by its own tags
}

func meant[T any](plus ...string) stands { return stands{of: reflect.TypeFor[T](), plus: plus} }

func meanings() map[string]stands {
	account := meant[operations.AccountView]("next_statuses", "available", "missing")
	operator := meant[tenancy.Operator]()
	operator.but = []string{"stops"} // of the row that is the firm's switches, which is in no list of operators
	account.named = map[string]string{"debit": "debit_unmet", "credit": "credit_unmet", "opened": "opened_at"}
	return map[string]stands{
		"Operation": meant[operations.Operation](), "Plan": meant[operations.Plan](), "Result": meant[operations.Result](), "Version": meant[operations.Version](),
		"Allowance": meant[operations.Allowance](), "Incident": meant[operations.Incident](), "Frozen": meant[operations.Frozen](), "Effects": meant[operations.Effects](),
		"Hold": meant[accounts.Hold](), "Asset": meant[accounts.Asset](), "Details": meant[accounts.Details](), "Account": account,
		"Unmet": meant[tenancy.Unmet](), "Stopped": meant[tenancy.Stopped](), "Grant": meant[tenancy.Grant](), "Operator": operator, "JournalActor": meant[tenancy.Actor](),
		"Managed": meant[operations.Managed](),

		"IncidentItem": meant[operations.IncidentItem](), "WorkItem": meant[operations.WorkItem](), "Resolution": meant[operations.Resolution](), "Modification": meant[operations.Modification](),
		"OperationRequest": meant[operations.Order]("fees"),
		"Pair":             meant[trading.Pair]("version", "problems"), "PairSetting": meant[trading.Pair]("version"),
		"Trading": meant[trading.Customer]("version", "pairs"), "TradingProviders": meant[trading.Customer]("version"),
	}
}

// A field that a type of the domain gets and the contract lacks is lost on the
// wire, and one that the contract has and the type lost is promised for nothing.
func TestTheContractHasEveryField(t *testing.T) {
	t.Parallel()
	schemas, all := contract(t).doc.Components.Schemas, meanings()
	for name, schema := range schemas {
		if of, ok := schema.Value.Extensions["x-go-type"]; ok && schema.Value.Type.Is("object") {
			require.Contains(t, all, name, "%s stands for it, and is held against nothing", of)
		}
	}
	for name, is := range all {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			require.Contains(t, schemas, name)
			_, is.as = schemas[name].Value.Extensions["x-go-type"]
			agree(t, name, is, schemas[name].Value)
		})
	}
}

// agree holds a type against its schema, with all that it has in it.
func agree(t *testing.T, at string, is stands, s *openapi3.Schema) {
	t.Helper()
	of := is.of
	for of.Kind() == reflect.Pointer {
		of = of.Elem()
	}
	switch {
	case textual(of):
		require.False(t, s.Type.Is("object"), at)
	case of.Kind() == reflect.Struct && s.AdditionalProperties.Has != nil && *s.AdditionalProperties.Has:
	case of.Kind() == reflect.Struct:
		fields := fieldsOf(of)
		names := slices.Clone(is.plus)
		for name, f := range fields {
			if slices.Contains(is.but, name) {
				continue
			}
			called := name
			if other := is.named[name]; other != "" {
				called = other
			}
			names = append(names, called)
			require.Contains(t, s.Properties, called, "%s lacks what %s has", at, of)
			require.False(t, is.as && f.omitted && slices.Contains(s.Required, called), "%s.%s is said to be there always", at, called)
			agree(t, at+"."+called, stands{of: f.of, as: is.as}, s.Properties[called].Value)
		}
		require.ElementsMatch(t, names, slices.Collect(maps.Keys(s.Properties)), "%s and %s", at, of)
	case of.Kind() == reflect.Slice:
		require.True(t, s.Type.Includes("array"), at)
		agree(t, at+"[]", stands{of: of.Elem(), as: is.as}, s.Items.Value)
	case of.Kind() == reflect.Map:
		require.True(t, s.Type.Is("object"), at)
	default:
		kind := map[string]string{"string": "string", "bool": "boolean", "int": "integer"}[strings.TrimRight(of.Kind().String(), "0123456789")]
		require.True(t, s.Type.Is(kind), "%s is %s", at, of)
	}
}

// textual tells whether a type has a form of its own in JSON.
func textual(of reflect.Type) bool {
	p := reflect.PointerTo(of)
	return p.Implements(reflect.TypeFor[json.Marshaler]()) || p.Implements(reflect.TypeFor[encoding.TextMarshaler]())
}

type field struct {
	of      reflect.Type
	omitted bool // where it is zero
}

// fieldsOf are the fields of a struct by their names in JSON or, of a type that
// is no JSON itself, in the contract's way of writing.
func fieldsOf(of reflect.Type) map[string]field {
	all := map[string]field{}
	for f := range of.Fields() {
		name, options, _ := strings.Cut(f.Tag.Get("json"), ",")
		switch {
		case name == "-":
		case f.Anonymous && name == "":
			maps.Copy(all, fieldsOf(f.Type))
		default:
			if name == "" {
				name = strings.ToLower(regexp.MustCompile(`([a-z])([A-Z])`).ReplaceAllString(f.Name, "${1}_$2"))
			}
			all[name] = field{f.Type, strings.Contains(options, "omit")}
		}
	}
	return all
}
