package api_test

import (
	"encoding/csv"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/onbehalf/onbehalf/adapters/httpapi"
	"github.com/onbehalf/onbehalf/operations"
	"github.com/onbehalf/onbehalf/tenancy"
)

// What is there twice is refused, as what is between client and server could
// have looked at the other one.
func TestAHeaderThatIsThereTwiceIsRefused(t *testing.T) {
	t.Parallel()
	each(t, guarded, func(t *testing.T, s *spec, r route) {
		t.Helper()
		w := newWorld(t, s, ends)
		a := r.good(w)
		good := w.request(a).Header
		before := w.heads()
		for _, name := range []string{"Onbehalf-Context", "Idempotency-Key", "If-Match", "Request-Id", "Last-Event-ID"} {
			if !r.takes("header", name) {
				continue
			}
			first := good.Get(name)
			if first == "" {
				first = "1"
			}
			b := a
			b.header, b.unchecked = http.Header{http.CanonicalHeaderKey(name): {first, first}}, true
			got := w.send(b)
			require.Equal(t, 400, got.code, "%s: %s", name, got.body)
			require.Equal(t, "invalid", got.problem(t).Code, name)
		}
		require.Equal(t, before, w.heads())
	})
}

// The context of a stream comes in the header or in the query, and the one that
// comes is looked at.
func TestTheContextOfAStreamComesOnce(t *testing.T) {
	t.Parallel()
	each(t, func(r route) bool { return r.takes("query", "context") }, func(t *testing.T, s *spec, r route) {
		t.Helper()
		w := newWorld(t, s, ends)
		a := r.good(w)
		join := "?"
		if strings.Contains(a.path, "?") {
			join = "&"
		}
		own, other := w.enter("ana", a.context), w.enter("ana", string(w.jose))
		for _, c := range []struct {
			header, query string
			status        int
		}{
			{own, "", 200}, {"", own, 200}, {own, own, 400}, {own, other, 400}, {other, own, 400}, {"", other, 403}, {other, "", 403}, {"", own + "&context=" + own, 400}, {"", "", 400},
		} {
			b := ask{method: a.method, path: a.path, unchecked: true, header: http.Header{}}
			if c.header != "" {
				b.header.Set("Onbehalf-Context", c.header)
			}
			if c.query != "" {
				b.path += join + "context=" + c.query
			}
			require.Equal(t, c.status, w.send(b).code, "%+v", c)
		}
	})
}

// Who may only look changes nothing, and is told so.
func TestWhoMayOnlyLookChangesNothing(t *testing.T) {
	t.Parallel()
	each(t, keyed, func(t *testing.T, s *spec, r route) {
		t.Helper()
		w := newWorld(t, s)
		w.manage("house", tenancy.Register{Operator: "vic", Person: "p-vic"})
		w.manage("house", tenancy.Allow{Operator: "vic", Everyone: true, Permissions: tenancy.NewPermissions(tenancy.View)})
		w.manage("house", tenancy.Allow{Operator: "vic", Permissions: tenancy.NewPermissions(tenancy.View)})
		a := r.good(w)
		state := func() string {
			var all strings.Builder
			for _, path := range []string{w.path("/accounts"), w.path("/holds"), w.path("/operations"), w.path("/grants"), w.path("/freezes"), w.path("/incidents"), w.path("/trading")} {
				all.WriteString(w.send(ask{method: "GET", path: path, context: string(w.maria)}).body)
			}
			for _, path := range []string{"/customers/house/operators", "/customers/house/operations", "/customers/house/grants"} {
				all.WriteString(w.send(ask{method: "GET", path: path, context: "house"}).body)
			}
			return all.String() + w.send(ask{method: "GET", path: "/stops"}).body + w.send(ask{method: "GET", path: "/customers"}).body
		}
		before := state()
		a.by = "vic"
		got := w.send(a)
		require.Contains(t, []int{403, 422}, got.code, got.body)
		require.Contains(t, got.body, `"code":"`+tenancy.CodePermissionMissing+`"`)
		require.Equal(t, before, state())
	})
}

// Part of an answer is never given, and no header says whom it is for.
func TestWhatOtherServersHonourIsIgnored(t *testing.T) {
	t.Parallel()
	w := newWorld(t, contract(t))
	for _, path := range []string{w.path("/operations"), w.path("/operations.csv"), w.path("/accounts")} {
		a := ask{method: "GET", path: path, context: string(w.maria)}
		whole := w.send(a)
		require.Equal(t, 200, whole.code)
		for name, value := range map[string]string{
			"Range": "bytes=0-3", "If-None-Match": "*", "If-Modified-Since": "Fri, 20 Nov 2026 12:00:00 GMT", "Accept": "text/html", "X-Http-Method": "POST",
			"X-Forwarded-Host": "evil.example", "X-Forwarded-For": "10.0.0.1", "X-Forwarded-Prefix": "/evil", "Origin": "https://evil.example", "Te": "trailers",
		} {
			a.header = http.Header{name: {value}}
			got := w.send(a)
			require.Equal(t, whole.code, got.code, name)
			require.Equal(t, whole.body, got.body, name)
			for header := range got.header {
				require.NotContains(t, header, "Access-Control", name)
			}
			require.NotContains(t, fmt.Sprint(got.header), "evil", name)
		}
	}
}

// A host that counts by customer counts him however his id is written.
func TestAHostCountsByCustomer(t *testing.T) {
	t.Parallel()
	var mu sync.Mutex
	asked := map[string]int{}
	w := newWorld(t, contract(t), func(c *httpapi.Config) {
		c.Limit = func(r *http.Request, _ tenancy.Principal) (time.Duration, bool) {
			mu.Lock()
			defer mu.Unlock()
			id := r.PathValue("customer")
			asked[id]++
			return time.Second, id == "" || asked[id] < 4
		}
	})
	own := w.enter("ana", string(w.maria))
	send := func(path string) int {
		out := httptest.NewRecorder()
		r := httptest.NewRequest(http.MethodGet, "/", http.NoBody)
		var err error
		r.URL, err = url.Parse("http://x" + path)
		require.NoError(t, err)
		r.Header.Set("Test-Operator", "ana")
		r.Header.Set("Onbehalf-Context", own)
		w.api.ServeHTTP(out, r)
		return out.Code
	}
	encoded := fmt.Sprintf("%%%02x%s", w.maria[0], w.maria[1:])
	require.Equal(t, 200, send("/customers/"+string(w.maria)+"/accounts"))
	require.Equal(t, 200, send("/customers/"+encoded))
	require.Equal(t, 429, send("/customers/"+encoded+"/accounts"))
	require.Equal(t, 429, send("/customers/"+string(w.maria)))
	require.Equal(t, 200, send("/session"))
	require.Equal(t, 403, send("/customers/"+string(w.jose)+"/accounts"))
	require.Equal(t, map[string]int{string(w.maria): 5, string(w.jose): 1, "": 1}, asked)
}

// An id is one part of a path, whatever is written into it.
func TestAnIDIsOnePartOfThePath(t *testing.T) {
	t.Parallel()
	w := newWorld(t, contract(t))
	o := w.submit(w.jose, operations.Deposit{To: w.joses, Amount: money("7")})
	own := w.enter("ana", string(w.maria))
	for path, status := range map[string]int{
		w.path("/operations/x%2F..%2F") + string(o.ID): 404, w.path("%2Foperations"): 403, w.path("%2F..%2F") + string(w.jose) + "/accounts": 404,
		w.path("/operations/" + string(o.ID)): 404, w.path("/operations/a%2Fb"): 400, w.path("/operations/%00"): 400, w.path("/operations/.."): 404, w.path("/operations/%2e"): 404,
		w.path("/operations/" + strings.Repeat("x", 65)): 400, w.path("/operations/%E2%80%8B" + string(o.ID)): 400, w.path("/outcomes/a%2Fb"): 404, w.path("/outcomes/%0d%0aSet-Cookie:x"): 400,
		w.path("/accounts%3Fx=1"): 404, w.path("/accounts%23x"): 404, w.path("/accounts/"): 404, w.path("//accounts"): 404, w.path("/accounts;a=b"): 404, w.path("\\accounts"): 403,
	} {
		r := httptest.NewRequest(http.MethodGet, "/", http.NoBody)
		var err error
		r.URL, err = url.Parse("http://x" + path)
		require.NoError(t, err)
		r.Header.Set("Test-Operator", "ana")
		r.Header.Set("Onbehalf-Context", own)
		out := httptest.NewRecorder()
		w.api.ServeHTTP(out, r)
		require.Equal(t, status, out.Code, "%s: %s", path, out.Body)
		require.Empty(t, out.Header().Get("Set-Cookie"))
	}
}

// A stream that goes on from another place is still of its own book, and a place
// that is none is malformed.
func TestAStreamGoesOnInItsOwnBook(t *testing.T) {
	t.Parallel()
	w := newWorld(t, contract(t), ends)
	o := w.submit(w.jose, operations.Deposit{To: w.joses, Amount: money("7")})
	for id, status := range map[string]int{
		" 1": 400, //nolint:gocritic // the blank is what is tried
		"0":  200, "3": 200, "9223372036854775807": 200, "9223372036854775808": 400, "-1": 400, "+1": 400, "01": 400, "1e3": 400, "0x1": 400, "1_0": 400, "１": 400, "entry": 400,
	} {
		got := w.send(ask{method: "GET", path: w.path("/events"), context: string(w.maria), header: http.Header{"Last-Event-Id": {id}}, unchecked: true})
		require.Equal(t, status, got.code, "%q: %s", id, got.body)
		require.NotContains(t, got.body, string(o.ID))
		if after, err := strconv.Atoi(id); err == nil && status == 200 && after < 10 {
			require.Contains(t, got.body, fmt.Sprintf("\nid: %d\n", after+1))
			require.NotContains(t, got.body, fmt.Sprintf("\nid: %d\n", after))
		}
	}
}

// A spreadsheet takes no cell of an export for a formula, and each row is one.
func TestNoCellOfAnExportIsAFormula(t *testing.T) {
	t.Parallel()
	w := newWorld(t, contract(t))
	texts := []string{
		`=1+1`, `+1`, `-1`, `@SUM(A1)`, `＝1+1`, `＋1`, `－1`, `＠SUM(A1)`, ` =1+1`, "\u00a0=1+1", "\u3000=1+1", `=cmd|' /C calc'!A0`, `"=1+1"`, `a,b`, `a"b`, `;=1+1`, `plain`, `a=b`, `'=1`, ` plain`,
	}
	for _, text := range texts {
		r, err := w.eng.Submit(t.Context(), w.scopes[string(w.maria)], w.intent(), operations.Deposit{To: w.brl, Amount: money("1"), Reference: text})
		require.NoError(t, err, "%q", text)
		require.Equal(t, text, r.Operation.Order.Reference)
	}
	got := w.send(ask{method: "GET", path: w.path("/operations.csv"), context: string(w.maria)})
	require.Equal(t, 200, got.code)
	require.Equal(t, `attachment; filename="operations.csv"`, got.header.Get("Content-Disposition"))
	rows, err := csv.NewReader(strings.NewReader(got.body)).ReadAll()
	require.NoError(t, err)
	require.Len(t, rows, 1+len(texts)+1)
	for i, text := range texts {
		cell := rows[len(texts)-i][15]
		if want := strings.TrimSpace(text); strings.IndexAny(want, "=+-@＝＋－＠") == 0 {
			text = "'" + text
		}
		require.Equal(t, text, cell)
	}
}
