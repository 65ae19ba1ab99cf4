package api_test

import (
	"encoding/json"
	"fmt"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/onbehalf/onbehalf/operations"
)

// Whatever stands for an amount and is none is malformed, in every route that
// takes one, and has no effect.
func TestHostileAmounts(t *testing.T) {
	t.Parallel()
	amounts := []string{
		`"1e1000000000"`, `"1e2147483647"`, `"1E-2147483648"`, `"-1e10000"`, `"0e999999999"`, `"` + strings.Repeat("9", 200_000) + `"`,
		`"0.` + strings.Repeat("0", 200_000) + `1"`, `"-0"`, `"-0.00"`, `"+1"`, `".5"`, `"5."`, `"0x10"`, `"0b1"`, `"0o7"`, `"1_000"`, `"1,000.00"`,
		`"1.000,00"`, `" 1"`, `"1\n"`, `"1\u0000"`, `"NaN"`, `"nan"`, `"Infinity"`, `"-Inf"`, `"１２"`, `"٣"`, `"−1"`, `"½"`, `"1e"`, `"e1"`, `"--1"`, `"1.2.3"`,
		`""`, `"-25"`, `"007"`, `"0.001"`, `"0.0000000000000000001"`, `"999999999999999999999999999999999999999"`,
		`null`, `true`, `[]`, `{}`, `0.1`, `1e400`, `9007199254740993`, `9223372036854775808`, `-0`, `1E5`, `-25`,
	}
	each(t, func(r route) bool {
		return r.OperationID == "submitOperation" || r.OperationID == "prepareOperation" || r.OperationID == "explainOperation" ||
			r.OperationID == "modifyOperation" || r.OperationID == "refundOperation" || r.OperationID == "setDebtLimit" || r.OperationID == "settle" || r.OperationID == "openAccount"
	}, func(t *testing.T, s *spec, r route) {
		t.Helper()
		w := newWorld(t, s)
		a := r.good(w)
		a.unchecked = true
		field := "amount"
		for _, other := range []string{"debt_limit", "paid"} {
			if strings.Contains(a.body, other) {
				field = other
			}
		}
		before := w.heads()
		for _, text := range amounts {
			var members map[string]json.RawMessage
			require.NoError(t, json.Unmarshal([]byte(a.body), &members))
			members[field] = json.RawMessage(text)
			body, err := json.Marshal(members)
			require.NoError(t, err)
			b := a
			b.body = string(body)
			if b.key != "" {
				b.key = w.key()
			}
			got := w.send(b)
			require.Equal(t, 400, got.code, "%.80s: %s", text, got.body)
			require.Less(t, len(got.body), 4<<10)
			require.Contains(t, got.body, field, "%.80s", text)
		}
		require.Equal(t, before, w.heads())
	})
}

// Text from anywhere is kept as it is, or refused; it breaks nothing and comes
// back in no header or error.
func TestHostileTexts(t *testing.T) {
	t.Parallel()
	s := contract(t)
	texts := []string{
		"\u202etxt.exe", "a\u200db", strings.Repeat("e\u0301", 500), "pаypal", "１２", "\x1b]8;;http://x\x1b\\", "a\r\nSet-Cookie: x=1", `=HYPERLINK("x")`, "+cmd|x",
		"@SUM(1)", "<script>canary-4711</script>", "{{.}}", "%00", strings.Repeat("😀", 63), "a\x00b", "' or '1'='1", "$1", "$tag$ $1 $tag$", "%", "_", strings.Repeat("x", 1<<16),
	}
	known := cases()
	for name, good := range known {
		w := newWorld(t, s)
		a := good(w)
		if a.body == "" {
			continue
		}
		var members map[string]any
		require.NoError(t, json.Unmarshal([]byte(a.body), &members))
		for field, value := range members {
			if _, ok := value.(string); !ok {
				continue
			}
			for _, text := range texts {
				members[field] = text
				body, err := json.Marshal(members)
				require.NoError(t, err)
				b := a
				b.body, b.unchecked = string(body), true
				if b.key != "" {
					b.key = w.key()
				}
				got := w.send(b)
				require.Less(t, got.code, 500, "%s %s %q: %s", name, field, text, got.body)
				require.Empty(t, got.header.Get("Set-Cookie"))
				if got.code >= 400 {
					require.NotContains(t, got.body, "canary-4711", "%s %s", name, field)
				}
			}
			members[field] = value
		}
	}
}

// What a request smuggles in beside the contract widens nothing.
func TestSmuggledIdentityIsIgnoredOrRefused(t *testing.T) {
	t.Parallel()
	w := newWorld(t, contract(t))
	r := w.request(ask{method: "GET", path: w.path(""), context: string(w.jose), by: "carl"})
	for _, name := range []string{"X-Customer-Id", "X-Tenant-Id", "X-Operator-Id", "X-Forwarded-User", "X-Original-Url", "X-Rewrite-Url", "Forwarded"} {
		r.Header.Set(name, string(w.maria))
	}
	out := httptest.NewRecorder()
	w.api.ServeHTTP(out, r)
	require.Equal(t, 403, out.Code)
	require.NotContains(t, out.Body.String(), "Maria")
}

// The outcome of a refusal is kept with its key and told again, marked.
func TestARefusalListsEverythingAndIsReplayed(t *testing.T) {
	t.Parallel()
	w := newWorld(t, contract(t))
	w.manage(w.maria, operations.Freeze{Account: w.more, Reason: "audit"})
	a := ask{method: "POST", path: w.path("/submit"), context: string(w.maria), key: "once", body: fmt.Sprintf(`{"kind":"withdrawal","from":%q,"amount":"99999.00"}`, w.more)}
	first := w.send(a)
	require.Equal(t, 422, first.code)
	p := first.problem(t)
	require.Equal(t, "refused", p.Code)
	codes := map[string]bool{}
	for _, e := range p.Errors {
		codes[e.Code] = true
	}
	require.Subset(t, codes, map[string]bool{operations.CodeAccountFrozen: true, "insufficient_available": true, operations.CodeLimitDay: true})
	require.Empty(t, first.header.Get("Idempotent-Replayed"))
	again := w.send(a)
	require.Equal(t, first.body, again.body)
	require.Equal(t, "true", again.header.Get("Idempotent-Replayed"))
	keep(t, "problem_refused", first.body)

	stale := onPrepared("execute", "")(w)
	stale.version = 9
	keep(t, "problem_stale", w.send(stale).body)
	keep(t, "problem_invalid", w.send(ask{method: "POST", path: w.path("/submit"), context: string(w.maria), key: "other", body: `{"amount":5}`, unchecked: true}).body)
}

func TestWarningsAreAcknowledged(t *testing.T) {
	t.Parallel()
	w := newWorld(t, contract(t))
	w.waiting()
	body := fmt.Sprintf(`{"kind":"withdrawal","from":%q,"amount":"2000"}`, w.brl)
	a := ask{method: "POST", path: w.path("/submit"), context: string(w.maria), key: "k-a", body: body}
	got := w.send(a)
	require.Equal(t, 422, got.code, got.body)
	require.Contains(t, got.body, operations.CodeLookAlike)
	a.key, a.header = "k-b", map[string][]string{"Acknowledge": {operations.CodeLookAlike}}
	require.Equal(t, 201, w.send(a).code)
	a.key, a.header, a.unchecked = "k-c", map[string][]string{"Acknowledge": {`"text"`}}, true
	require.Equal(t, 400, w.send(a).code)
}
