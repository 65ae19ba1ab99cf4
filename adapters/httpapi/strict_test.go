package httpapi

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/onbehalf/onbehalf/adapters/httpapi/internal/contract"
	"github.com/onbehalf/onbehalf/tenancy"
)

func TestAFaultNamesItsField(t *testing.T) {
	t.Parallel()
	for body, want := range map[string][]string{
		`{"currency":"BRL","details":{"bank":1}}`: {"details.bank"},
		`{"currency":"BRL","details":{"x":"1"}}`:  {"details"},
		`{}`:                                      {"currency"},
		`{"currency":5,"pending":"yes","debt_limit":10}`:                 {"currency", "pending", "debt_limit"},
		`{"currency":"BRL"} {}`:                                          {"body"},
		`{"currency":"BRL","currency":"USD"}`:                            {"body"},
		`{"currency":null,"name":"\ud800"}`:                              {"currency", "name"},
		`{"currency":"BRL","details":` + strings.Repeat(`{"a":`, 100000): {"details"},
	} {
		var got []string
		for _, f := range tenancy.Fields(checkBody([]byte(body), reflect.TypeFor[contract.NewAccount]())) {
			got = append(got, f.Field)
		}
		require.Equal(t, want, got, "%.60s", body)
	}
}

func TestWholeNumbersArePlain(t *testing.T) {
	t.Parallel()
	read := func(version string) error {
		return checkBody([]byte(`{"providers":[],"version":`+version+`}`), reflect.TypeFor[contract.TradingProviders]())
	}
	for _, good := range []string{"0", "7", "-1", "2147483647"} {
		require.NoError(t, read(good), good) // whether it can be a version is for the engine to tell
	}
	for _, bad := range []string{"1.0", "1e2", "-0", "2147483648", "9007199254740993", `"1"`, "true", "null"} {
		require.Error(t, read(bad), bad)
	}
}

// What passes is read by encoding/json to the same value, whatever it is.
func FuzzStrictBodies(f *testing.F) {
	for _, seed := range []string{
		`{"kind":"deposit","to":"a","amount":"1.00","attributes":{"a":"b"},"fees":true}`, `{"kind":"x","amount":1}`, `{"kind":"x","KIND":"y"}`,
		`{"operator":"x","permissions":["view","view"],"expires":"2026-01-01T00:00:00Z"}`, `[]`, `null`, `{"a":{"b":[1,{"c":"d"}]}}`, "{\"\xff\":1}", `{"kind":"\ud800"}`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		for _, as := range []reflect.Type{reflect.TypeFor[contract.OperationRequest](), reflect.TypeFor[contract.NewGrant](), reflect.TypeFor[contract.NewAccount]()} {
			err := checkBody(body, as)
			if err != nil {
				require.ErrorIs(t, err, tenancy.ErrInvalid)
				continue
			}
			require.True(t, json.Valid(body))
			var names map[string]json.RawMessage
			require.NoError(t, json.Unmarshal(body, &names))
			known := members(as)
			for name := range names {
				require.Contains(t, known, name)
			}
		}
	})
}
