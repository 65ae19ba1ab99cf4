package httpapi

import (
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"testing"
	"time"

	"github.com/shopspring/decimal"
	"github.com/stretchr/testify/require"

	"github.com/onbehalf/onbehalf/accounts"
	"github.com/onbehalf/onbehalf/adapters/httpapi/internal/contract"
	"github.com/onbehalf/onbehalf/customer"
	"github.com/onbehalf/onbehalf/operations"
	"github.com/onbehalf/onbehalf/operations/trading"
	"github.com/onbehalf/onbehalf/tenancy"
)

// What a value has and its mapping leaves out is lost on the wire, without a
// word. So each field is emptied in turn, and what comes out must change.
func TestNoFieldIsLostOnTheWire(t *testing.T) {
	t.Parallel()
	for name, held := range map[string]func(*testing.T){
		"an account":  mapped(func(v *operations.AccountView) any { return accountOf(*v) }),
		"a customer":  mapped(func(v *operations.CustomerView) any { return customerOf(*v) }, "Profile.Onboarding" /* how he was opened: the status tells */),
		"in a list":   mapped(func(v *operations.CustomerItem) any { return customerItem(*v) }),
		"a line":      mapped(func(v *operations.PostingRow) any { return postingLine(*v) }),
		"a path":      mapped(func(v *trading.Path) any { return pathOf(*v) }),
		"an entry":    mapped(func(v *operations.Line) any { return entryOf(*v) }, "Format", "Tenant", "Customer", "Engine", "Fingerprint", "Snapshot" /* of the record, or in the path */),
		"a pair":      mapped(pairSet),
		"its setting": mapped(func(b *contract.PairSetting) any { p, err := pairFrom(b); return said(p, err) }, "Version" /* beside the pair */),
		"an order":    mapped(func(b *contract.OperationRequest) any { b.Fees = nil; o, err := orderOf(b); return said(o, err) }, "Fees" /* a refund's alone */),
		"a refund": mapped(func(b *contract.OperationRequest) any {
			b.Kind, b.Attributes = operations.KindRefund, nil
			o, err := orderOf(b)
			return said(o, err)
		}, "Kind", "Attributes" /* it is a refund, and has none */),
		"a change":     mapped(func(b *contract.Modification) any { m, err := modificationOf(b); return said(m, err) }),
		"a resolution": mapped(func(b *contract.Resolution) any { r, err := resolutionOf(b); return said(r, err) }),
	} {
		t.Run(name, func(t *testing.T) { t.Parallel(); held(t) })
	}
}

func pairSet(p *trading.Pair) any {
	body, err := json.Marshal(p)
	if err != nil {
		return err
	}
	pair, err := pairOf(operations.SettingView{Setting: operations.Setting{Body: body}})
	return said(pair, err)
}

func said(v any, err error) any { return []any{v, fmt.Sprint(err)} }

// mapped fills a value, empties its fields one after the other but for those
// that are named, and wants each to be seen in what becomes of it.
func mapped[T any](of func(*T) any, but ...string) func(*testing.T) {
	return func(t *testing.T) {
		t.Helper()
		fresh := func() *T {
			v := new(T)
			fill(t, reflect.ValueOf(v).Elem())
			return v
		}
		out := func(v *T) string {
			text, err := json.Marshal(of(v))
			require.NoError(t, err)
			return string(text)
		}
		whole, n := out(fresh()), 0
		for _, path := range paths(reflect.ValueOf(fresh()).Elem(), "") {
			if slices.Contains(but, path) {
				but = slices.DeleteFunc(but, func(b string) bool { return b == path })
				continue
			}
			v := fresh()
			empty(reflect.ValueOf(v).Elem(), path, "")
			require.NotEqual(t, whole, out(v), "%T: %s does not come out", *v, path)
			n++
		}
		require.Empty(t, but, "no such fields")
		require.Positive(t, n)
	}
}

// leaf tells whether a value is filled and emptied as a whole.
func leaf(v reflect.Value) bool {
	switch v.Interface().(type) {
	case time.Time, decimal.Decimal, accounts.Amount, customer.TaxID, tenancy.Permissions, operations.Effects:
		return true
	}
	return v.Kind() != reflect.Struct && v.Kind() != reflect.Pointer && (v.Kind() != reflect.Slice || v.Type().Elem().Kind() != reflect.Struct)
}

// fill gives every field something that is not zero.
func fill(t *testing.T, v reflect.Value) {
	t.Helper()
	switch x := v.Addr().Interface().(type) {
	case *time.Time:
		*x = time.Date(2026, time.November, 20, 12, 0, 0, 0, time.UTC)
		return
	case *decimal.Decimal:
		*x = decimal.New(1, 0)
		return
	case *accounts.Amount:
		*x = accounts.Exact(decimal.New(1, 0))
		return
	case *customer.TaxID:
		var err error
		*x, err = customer.ParseTaxID(customer.CPF, "123.456.789-09")
		require.NoError(t, err)
		return
	case *operations.Effects:
		x.Closed = []operations.IncidentID{"1"}
		return
	}
	switch v.Kind() {
	case reflect.String:
		v.SetString("1")
	case reflect.Bool:
		v.SetBool(true)
	case reflect.Int, reflect.Int32, reflect.Int64:
		v.SetInt(1)
	case reflect.Uint8:
		v.SetUint(1)
	case reflect.Struct:
		for _, f := range v.Fields() {
			fill(t, f)
		}
	case reflect.Array:
		for i := range v.Len() {
			fill(t, v.Index(i))
		}
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 1, 1))
		fill(t, v.Index(0))
	case reflect.Map:
		v.Set(reflect.MakeMap(v.Type()))
		v.SetMapIndex(reflect.ValueOf("1").Convert(v.Type().Key()), reflect.ValueOf("1").Convert(v.Type().Elem()))
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		fill(t, v.Elem())
	default:
		t.Fatalf("no value for %s: tell one here", v.Type())
	}
}

// paths are those of all leaves, an embedded field without its own name.
func paths(v reflect.Value, at string) (all []string) {
	walk(v, at, func(path string, _ reflect.Value) { all = append(all, path) })
	return all
}

func empty(v reflect.Value, path, at string) {
	walk(v, at, func(p string, leaf reflect.Value) {
		if p == path {
			leaf.SetZero()
		}
	})
}

func walk(v reflect.Value, at string, do func(string, reflect.Value)) {
	if leaf(v) {
		do(at, v)
		return
	}
	switch v.Kind() {
	case reflect.Pointer:
		walk(v.Elem(), at, do)
	case reflect.Slice:
		walk(v.Index(0), at+"[]", do)
	default:
		for i := range v.NumField() {
			f, name := v.Type().Field(i), at
			if !f.Anonymous {
				if name != "" {
					name += "."
				}
				name += f.Name
			}
			walk(v.Field(i), name, do)
		}
	}
}
