package api_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/stretchr/testify/require"

	"github.com/onbehalf/onbehalf/adapters/httpapi"
	"github.com/onbehalf/onbehalf/operations"
	"github.com/onbehalf/onbehalf/tenancy"
)

func TestTheContractIsSound(t *testing.T) {
	t.Parallel()
	doc := contract(t).doc
	require.NoError(t, doc.Validate(context.Background()))
	for path, item := range doc.Paths.Map() {
		for method, o := range item.Operations() {
			require.NotEmpty(t, o.Summary, "%s %s", method, path)
			require.Len(t, o.Tags, 1, "%s %s", method, path)
			require.Equal(t, "#/components/responses/Problem", o.Responses.Default().Ref, "%s %s", method, path)
		}
	}
}

// route is one operation of the contract, and a request that it takes.
type route struct {
	*openapi3.Operation

	method, path string
	good         func(*world) ask
}

// each runs a test for every route of the contract that it is about. A route
// without a case fails it.
func each(t *testing.T, about func(route) bool, test func(*testing.T, *spec, route)) {
	t.Helper()
	s := contract(t)
	known := cases()
	n := 0
	for path, item := range s.doc.Paths.Map() {
		for method, o := range item.Operations() {
			good, ok := known[o.OperationID]
			require.True(t, ok, "%s has no case", o.OperationID)
			delete(known, o.OperationID)
			r := route{o, method, path, good}
			if !about(r) {
				continue
			}
			n++
			t.Run(o.OperationID, func(t *testing.T) {
				t.Parallel()
				test(t, s, r)
			})
		}
	}
	require.Empty(t, known, "cases without a route")
	require.Positive(t, n)
}

func all(route) bool { return true }

func (r route) takes(in, name string) bool { return r.Parameters.GetByInAndName(in, name) != nil }

func keyed(r route) bool     { return r.takes("header", "Idempotency-Key") }
func versioned(r route) bool { return r.takes("header", "If-Match") }
func inBook(r route) bool    { return r.takes("header", "Onbehalf-Context") }
func bodied(r route) bool    { return r.RequestBody != nil }
func guarded(r route) bool   { return r.Security == nil }

// ends are the streams of events of a test: they would go on for minutes.
func ends(c *httpapi.Config) { c.StreamFor = 20 * time.Millisecond }

func TestEveryRouteDoesWhatTheContractSays(t *testing.T) {
	t.Parallel()
	each(t, all, func(t *testing.T, s *spec, r route) {
		t.Helper()
		w := newWorld(t, s, ends)
		got := w.send(r.good(w))
		want := 200
		if r.Responses.Value("201") != nil {
			want = 201
		}
		require.Equal(t, want, got.code, got.body)
		require.NotEmpty(t, got.body)
		require.Equal(t, "no-store", got.header.Get("Cache-Control"))
		require.Equal(t, "nosniff", got.header.Get("X-Content-Type-Options"))
		require.Empty(t, got.header.Get("Idempotent-Replayed"))
		golden(t, r, got)
	})
}

func TestWhoIsNotLoggedInLearnsNothing(t *testing.T) {
	t.Parallel()
	each(t, guarded, func(t *testing.T, s *spec, r route) {
		t.Helper()
		w := newWorld(t, s)
		a := r.good(w)
		a.header = http.Header{"Test-Operator": {""}}
		got := w.send(a)
		require.Equal(t, 401, got.code)
		require.Equal(t, "unauthenticated", got.problem(t).Code)
	})
}

func TestACommandHappensOnceForItsKey(t *testing.T) {
	t.Parallel()
	each(t, keyed, func(t *testing.T, s *spec, r route) {
		t.Helper()
		w := newWorld(t, s)
		a := r.good(w)
		first := w.send(a)
		before := w.heads()
		again := w.send(a)
		require.Equal(t, first.code, again.code, again.body)
		require.Equal(t, "true", again.header.Get("Idempotent-Replayed"))
		require.Equal(t, strings.Replace(first.body, `"replayed":false`, `"replayed":true`, 1), again.body)

		quoted := a
		quoted.key = `"` + a.key + `"`
		require.Equal(t, again.body, w.send(quoted).body, "a string of RFC 9651 is the same key")

		other := a
		other.by = "dan"
		got := w.send(other)
		require.Equal(t, 422, got.code, got.body)
		require.Equal(t, "key_reused", got.problem(t).Code)

		missing := a
		missing.key, missing.unchecked = "", true
		got = w.send(missing)
		require.Equal(t, 400, got.code)
		require.Equal(t, "idempotency_key_required", got.problem(t).Code)

		for _, bad := range [][]string{{strings.Repeat("k", 129)}, {"a b"}, {"~x"}, {"k", "k"}, {`"k`}, {`"k";a=1`}, {"ключ"}} {
			malformed := a
			malformed.key, malformed.unchecked, malformed.header = "", true, http.Header{"Idempotency-Key": bad}
			got = w.send(malformed)
			require.Equal(t, 400, got.code, "%q: %s", bad, got.body)
		}
		require.Equal(t, before, w.heads(), "nothing of that may have had an effect")
	})
}

// heads tells apart any two states of all books.
func (w *world) heads() operations.Root {
	w.t.Helper()
	firm, err := w.eng.Gate().Firm(w.t.Context(), principal("acme", "ana"))
	require.NoError(w.t, err)
	root, err := w.eng.Firm(firm).Heads(w.t.Context())
	require.NoError(w.t, err)
	return root
}

func TestAChangeNamesTheVersionItHasSeen(t *testing.T) {
	t.Parallel()
	each(t, versioned, func(t *testing.T, s *spec, r route) {
		t.Helper()
		w := newWorld(t, s)
		a := r.good(w)
		before := w.heads()
		stale := a
		stale.version += 7
		got := w.send(stale)
		require.Equal(t, 412, got.code, got.body)
		require.Equal(t, "stale_version", got.problem(t).Code)
		require.Contains(t, got.body, fmt.Sprintf(`"version":%d`, a.version), "it tells where the operation is now")

		missing := a
		missing.version, missing.unchecked = 0, true
		got = w.send(missing)
		require.Equal(t, 428, got.code)
		require.Equal(t, "version_required", got.problem(t).Code)

		for _, bad := range []string{`1`, `W/"1"`, `*`, `"01"`, `"-1"`, `"99999999999999999999"`, `"1", "2"`, `""`} {
			malformed := a
			malformed.version, malformed.unchecked, malformed.header = 0, true, http.Header{"If-Match": {bad}}
			got = w.send(malformed)
			require.Equal(t, 400, got.code, "%s: %s", bad, got.body)
		}
		require.Equal(t, before, w.heads())
	})
}

func TestARequestWhosePageIsOfAnotherContextIsRefused(t *testing.T) {
	t.Parallel()
	each(t, inBook, func(t *testing.T, s *spec, r route) {
		t.Helper()
		w := newWorld(t, s, ends)
		a := r.good(w)
		own := w.enter("ana", a.context)
		before := w.heads()
		refuse := func(why, code string, status int, context ...string) {
			t.Helper()
			b := a
			b.by, b.context, b.unchecked = "ana", "", true
			if len(context) > 0 {
				b.header = http.Header{"Onbehalf-Context": context}
			}
			got := w.send(b)
			require.Equal(t, status, got.code, "%s: %s", why, got.body)
			require.Equal(t, code, got.problem(t).Code, why)
		}
		refuse("none", "context_required", 400)
		refuse("another customer's", "context_mismatch", 403, w.enter("ana", string(w.jose)))
		refuse("another operator's", "context_mismatch", 403, w.enter("dan", a.context))
		refuse("truncated", "context_mismatch", 403, own[:len(own)-1])
		refuse("changed", "context_mismatch", 403, "A"+own[1:]+"A")
		refuse("not one", "context_mismatch", 403, strings.Repeat("x", 4096))
		refuse("two", "invalid", 400, own, own)
		w.clock.Advance(8 * time.Hour)
		refuse("over", "context_expired", 403, own)
		require.Equal(t, before, w.heads())
	})
}

func TestWhoLosesHisGrantLosesTheOpenPage(t *testing.T) {
	t.Parallel()
	each(t, inBook, func(t *testing.T, s *spec, r route) {
		t.Helper()
		w := newWorld(t, s, ends)
		a := r.good(w)
		a.path = strings.Replace(a.path, "/customers/"+a.context, "/customers/"+string(w.jose), 1)
		a.by, a.context = "carl", string(w.jose)
		w.enter("carl", string(w.jose))
		w.manage(w.jose, tenancy.Revoke{Grant: w.carls})
		before := w.heads()
		got := w.send(a)
		require.Equal(t, 404, got.code, got.body)
		require.Equal(t, "not_found", got.problem(t).Code)
		require.Equal(t, before, w.heads())
	})
}

// A foreign id and one that never was are the same, to the byte.
func TestForeignIsTheSameAsUnknown(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"operation", "account", "grant", "incident", "key"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			each(t, func(r route) bool { return r.takes("path", name) }, func(t *testing.T, s *spec, r route) {
				t.Helper()
				w := newWorld(t, s)
				in := w.intent()
				res, err := w.eng.Submit(t.Context(), w.scopes[string(w.jose)], in, operations.Deposit{To: w.joses, Amount: money("500")})
				require.NoError(t, err)
				foreign := map[string]string{
					"operation": string(res.Operation.ID), "account": string(w.joses), "grant": string(w.carls), "incident": "incident-of-jose", "key": in.Key,
				}[name]
				a := r.good(w)
				with := func(id string) reply {
					b := a
					at := slices.Index(strings.Split(r.path, "/"), "{"+name+"}")
					parts := strings.Split(a.path, "/")
					parts[at] = id
					b.path = strings.Join(parts, "/")
					if b.key != "" {
						b.key = w.key()
					}
					return w.send(b)
				}
				got, unknown := with(foreign), with("nobody-ever-had-this")
				require.Contains(t, []int{404, 422}, got.code, got.body)
				require.Equal(t, unknown.code, got.code)
				require.Equal(t, strings.ReplaceAll(unknown.body, "nobody-ever-had-this", "?"), strings.ReplaceAll(got.body, foreign, "?"))
			})
		})
	}
}

func TestAForeignCustomerIsTheSameAsNone(t *testing.T) {
	t.Parallel()
	w := newWorld(t, contract(t))
	_, err := w.eng.Bootstrap(t.Context(), tenancy.Firm{Tenant: "rival", Admin: principal("rival", "ana")})
	require.NoError(t, err)
	var bodies []string
	for _, a := range []ask{
		{by: "carl", path: "/customers/" + string(w.maria) + "/context"},
		{by: "carl", path: "/customers/nobody-ever-had-this/context"},
		{by: "carl", path: "/customers/house/context"},
		{by: "rival/ana", path: "/customers/" + string(w.maria) + "/context"},
		{by: "zoe", path: "/customers/" + string(w.maria) + "/context"},
	} {
		a.method, a.body = "POST", `{}`
		got := w.send(a)
		require.Equal(t, 404, got.code, got.body)
		bodies = append(bodies, got.body)
	}
	require.Len(t, slices.Compact(bodies), 1)
}

func TestBodiesAreStrict(t *testing.T) {
	t.Parallel()
	each(t, bodied, func(t *testing.T, s *spec, r route) {
		t.Helper()
		w := newWorld(t, s)
		a := r.good(w)
		before := w.heads()
		var members map[string]json.RawMessage
		require.NoError(t, json.Unmarshal([]byte(a.body), &members))
		var name string
		for name = range members {
			break
		}
		value, rest := string(members[name]), strings.TrimPrefix(a.body, "{")
		for why, body := range map[string]string{
			"a name twice":      fmt.Sprintf(`{%q:%s,%s`, name, value, rest),
			"a name escaped":    fmt.Sprintf(`{"\u%04x%s":%s,%s`, name[0], name[1:], value, rest),
			"a case twin":       fmt.Sprintf(`{%q:%s,%s`, strings.ToUpper(name), value, rest),
			"a folding twin":    fmt.Sprintf(`{%q:%s,%s`, strings.NewReplacer("s", "ſ", "k", "K").Replace("ſ"+name), value, rest),
			"an unknown name":   `{"tenant_id":"rival",` + rest,
			"somebody else":     `{"operator_id":"dan",` + rest,
			"a second document": a.body + `{}`,
			"something after":   a.body + `x`,
			"null":              `null`,
			"a list":            `[` + a.body + `]`,
			"a null member":     fmt.Sprintf(`{%q:null}`, name),
			"a number":          fmt.Sprintf(`{%q:9007199254740993}`, name),
			"a huge number":     fmt.Sprintf(`{%q:1e400}`, name),
			"deep":              strings.Repeat(`[`, 100000),
			"deep in a member":  fmt.Sprintf(`{%q:%s`, name, strings.Repeat(`[`, 100000)),
			"not closed":        strings.TrimSuffix(a.body, "}"),
			"not JSON":          `{"a":NaN}`,
			"a comment":         `/* */` + a.body,
			"a byte order mark": "\ufeff" + a.body,
			"not UTF-8":         "{\"\xff\xfe\":1}",
			"half a character":  fmt.Sprintf(`{%q:"\ud800"}`, name),
			"nothing":           ` `,
		} {
			b := a
			b.body, b.unchecked = body, true
			got := w.send(b)
			require.Equal(t, 400, got.code, "%s: %s", why, got.body)
			p := got.problem(t)
			require.Equal(t, "invalid", p.Code, why)
			require.NotEmpty(t, p.Errors, why)
			require.Less(t, len(got.body), 8<<10, why)
		}
		for why, header := range map[string]http.Header{
			"text":       {"Content-Type": {"text/plain"}},
			"a form":     {"Content-Type": {"multipart/form-data; boundary=x"}},
			"none":       {"Content-Type": {""}},
			"two":        {"Content-Type": {"application/json", "text/plain"}},
			"charset":    {"Content-Type": {"application/json; charset=utf-16"}},
			"compressed": {"Content-Encoding": {"gzip"}},
		} {
			b := a
			b.header, b.unchecked = header, true
			got := w.send(b)
			require.Equal(t, 415, got.code, "%s: %s", why, got.body)
		}
		b := a
		b.body, b.unchecked = a.body+strings.Repeat(" ", 256<<10), true
		require.Equal(t, 413, w.send(b).code)
		require.Equal(t, before, w.heads(), "nothing of that may have had an effect")
		require.Less(t, w.send(a).code, 300, "and no key was burned")
	})
}

func TestRoutesWithoutABodyTakeNone(t *testing.T) {
	t.Parallel()
	each(t, func(r route) bool { return !bodied(r) && r.method == "POST" }, func(t *testing.T, s *spec, r route) {
		t.Helper()
		w := newWorld(t, s)
		a := r.good(w)
		a.body, a.unchecked = `{"customer":"x"}`, true
		require.Equal(t, 400, w.send(a).code)
	})
}

func TestQueriesAreStrict(t *testing.T) {
	t.Parallel()
	each(t, all, func(t *testing.T, s *spec, r route) {
		t.Helper()
		w := newWorld(t, s, ends)
		a := r.good(w)
		a.unchecked = true
		base, has, _ := strings.Cut(a.path, "?")
		join := "?"
		if has != "" {
			base, join = a.path, "&"
		}
		bad := []string{"tenant=rival", "customer=x", "LIMIT=1", "%zz", "a;b"}
		if r.takes("query", "limit") {
			bad = append(bad, "limit=0", "limit=-1", "limit=201", "limit=2147483648", "limit=9223372036854775808", "limit=1&limit=1", "limit=1e1", "limit=")
		}
		if r.takes("query", "cursor") {
			bad = append(bad, "cursor=", "cursor=AAAA", "cursor="+strings.Repeat("A", 1024), "cursor=%00", "cursor=a&cursor=b")
		}
		if r.takes("query", "min") {
			bad = append(bad, "min=1&min=2", "max=NaN", "max=1e5", "max=-1", "max=+1", "max=1,0", "max=0x1", "max="+strings.Repeat("9", 65), "account=%00", "maker=%27+or+1", "kind=%25", "state=gone",
				"pair=", "pair=USD", "pair=USD/USD", "pair=/", "pair=USD/BRL/EUR", "pair=USD%252FBRL", "pair=USD/%00", "pair=USD/BRL&pair=USD/BRL", "pair="+strings.Repeat("A", 65)+"/BRL")
		}
		if r.OperationID == "listPositionBooks" {
			base, join = "/treasury/books", "?"
			bad = append(bad, "", "account=clearing:desk", "asset=BRL", "asset=BRL&account=", "asset=BRL&account=clearing:", "asset=BRL&account=clearing:%00", "asset=BRL&account="+string(w.brl),
				"asset=&account=suspense", "asset=%25&account=suspense", "asset=BRL&account=income:nothing", "asset=BRL&account=suspense&account=suspense")
		}
		if r.takes("query", "since") {
			bad = append(bad, "until=2026-01-01T00:00:60Z&x", "until=yesterday", "until=2026-01-01T00:00:00%2B25:00", "until=10000-01-01T00:00:00Z", "until=0001-01-01T00:00:01Z")
		}
		for _, q := range bad {
			b := a
			b.path = base + join + q
			got := w.send(b)
			require.Equal(t, 400, got.code, "%s: %s", q, got.body)
			require.Equal(t, "invalid", got.problem(t).Code, q)
		}
	})
}
