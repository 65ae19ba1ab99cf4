package api_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/onbehalf/onbehalf/adapters/httpapi"
	"github.com/onbehalf/onbehalf/operations"
	"github.com/onbehalf/onbehalf/tenancy"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// serve puts the API under a prefix of a real server, as a host does.
func (w *world) serve(change ...func(*http.Server)) *httptest.Server {
	w.t.Helper()
	mux := http.NewServeMux()
	w.api.Mount(mux, "/desk/ops/")
	s := httptest.NewUnstartedServer(mux)
	httpapi.Harden(s.Config)
	s.Config.RegisterOnShutdown(w.api.Close)
	for _, f := range change {
		f(s.Config)
	}
	s.Start()
	w.t.Cleanup(s.Close)
	return s
}

func (w *world) over(s *httptest.Server, a ask) *http.Request {
	w.t.Helper()
	r := w.request(a)
	out, err := http.NewRequestWithContext(w.t.Context(), a.method, s.URL+"/desk/ops"+a.path, r.Body)
	require.NoError(w.t, err)
	out.Header = r.Header
	return out
}

// answer is one that may go on.
type answer struct {
	code   int
	header http.Header
	body   io.Reader
	url    *url.URL
}

func (w *world) get(s *httptest.Server, a ask) answer { return w.do(s, w.over(s, a)) }

func (w *world) do(s *httptest.Server, r *http.Request) answer {
	w.t.Helper()
	got, err := s.Client().Do(r)
	require.NoError(w.t, err)
	w.t.Cleanup(func() { _ = got.Body.Close() })
	return answer{got.StatusCode, got.Header, got.Body, got.Request.URL}
}

func TestItServesUnderAnyPrefix(t *testing.T) {
	t.Parallel()
	w := newWorld(t, contract(t))
	s := w.serve()
	for i := range 3 {
		w.submit(w.maria, operations.Deposit{To: w.brl, Amount: money(fmt.Sprint(i + 1))})
	}
	got := w.get(s, ask{method: "GET", path: w.path("/operations?kind=deposit&limit=3"), context: string(w.maria)})
	require.Equal(t, 200, got.code)
	ref, rel, ok := strings.Cut(strings.TrimPrefix(got.header.Get("Link"), "<"), ">; ")
	require.True(t, ok)
	require.Equal(t, `rel="next"`, rel)
	next, err := got.url.Parse(ref)
	require.NoError(t, err)
	require.Equal(t, "/desk/ops"+w.path("/operations"), next.Path)
	r := w.over(s, ask{method: "GET", path: "/session", context: string(w.maria)})
	r.URL = next
	second := w.do(s, r)
	require.Equal(t, 200, second.code)
	require.Empty(t, second.header.Get("Link"))
}

func TestAWalkBringsEverythingOnceAndItsCursorsAreBound(t *testing.T) {
	t.Parallel()
	w := newWorld(t, contract(t))
	for i := range 7 {
		w.submit(w.maria, operations.Deposit{To: w.brl, Amount: money(fmt.Sprint(i + 1))})
		w.submit(w.jose, operations.Deposit{To: w.joses, Amount: money("1")})
	}
	for path, count := range map[string]int{
		w.path("/operations?limit=2"):                                        8,
		w.path("/statement?limit=2&account=" + string(w.brl)):                8,
		w.path("/journal?limit=2"):                                           12,
		"/customers?limit=1":                                                 2,
		"/treasury?limit=1":                                                  1,
		"/treasury/books?limit=1&account=clearing:desk&asset=BRL":            2,
		w.path("/operations?limit=3&min=2&max=6&kind=deposit&kind=x"):        5,
		w.path("/operations?limit=2&since=2026-11-20T12:00:00.000001Z"):      0,
		w.path("/operations?state=completed&state=failed&limit=5&asset=BRL"): 8,
	} {
		seen := map[string]bool{}
		a := ask{method: "GET", path: path}
		if strings.HasPrefix(path, w.path("/")) {
			a.context = string(w.maria)
		}
		for next := ""; ; {
			a.path = path + next
			var page struct {
				Items []json.RawMessage `json:"items"`
				Next  string            `json:"next_cursor"`
			}
			got := w.send(a)
			require.Equal(t, 200, got.code, got.body)
			require.NoError(t, json.Unmarshal([]byte(got.body), &page))
			for _, item := range page.Items {
				require.False(t, seen[string(item)], "twice: %s", item)
				seen[string(item)] = true
			}
			require.Equal(t, page.Next == "", got.header.Get("Link") == "")
			if page.Next == "" {
				break
			}
			next = "&cursor=" + page.Next
			for why, b := range map[string]ask{
				"another operator": {method: "GET", path: a.path + next, context: a.context, by: "dan"},
				"another filter":   {method: "GET", path: strings.Replace(path, "limit=", "limit=1&search=x&asset=EUR&after=9&cursor="+page.Next+"#", 1), context: a.context},
				"changed":          {method: "GET", path: path + next[:len(next)-1], context: a.context},
			} {
				b.unchecked = true
				require.Equal(t, 400, w.send(b).code, why)
			}
		}
		require.Len(t, seen, count, path)
	}
}

func TestAnExportIsWholeAndNoFormula(t *testing.T) {
	t.Parallel()
	w := newWorld(t, contract(t))
	for i := range 450 {
		w.submit(w.maria, operations.Deposit{To: w.brl, Amount: money(fmt.Sprint(i + 1)), Reference: `=HYPERLINK("x","y")`})
	}
	s := w.serve()
	got := w.get(s, ask{method: "GET", path: w.path("/operations.csv?kind=deposit&min=2&context=") + w.enter("ana", string(w.maria))})
	require.Equal(t, 200, got.code)
	rows, err := csv.NewReader(got.body).ReadAll()
	require.NoError(t, err)
	require.Len(t, rows, 1+1+449)
	require.Equal(t, "id", rows[0][0])
	require.Equal(t, "450", rows[1][9])
	require.Equal(t, `'=HYPERLINK("x","y")`, rows[1][15])
}

// A client that stops reading an export must not keep a server busy for ever, and
// one whose grant is revoked on the way must see that it is not whole.
func TestAnExportThatBreaksOffIsNotWhole(t *testing.T) {
	t.Parallel()
	w := newWorld(t, contract(t))
	for range 300 {
		w.submit(w.jose, operations.Deposit{To: w.joses, Amount: money("1")})
	}
	a := ask{method: "GET", path: "/customers/" + string(w.jose) + "/operations.csv", context: string(w.jose), by: "carl"}
	r := w.request(a)
	out := &revoking{ResponseRecorder: httptest.NewRecorder(), revoke: func() { w.manage(w.jose, tenancy.Revoke{Grant: w.carls}) }}
	require.PanicsWithValue(t, http.ErrAbortHandler, func() { w.api.ServeHTTP(out, r) })
	require.Equal(t, 200, out.Code)
}

// revoking takes the grant away when the first page has been written.
type revoking struct {
	*httptest.ResponseRecorder

	revoke func()
}

func (r *revoking) FlushError() error {
	if r.revoke != nil {
		r.revoke()
		r.revoke = nil
	}
	return nil
}

// events reads a stream of events line by line.
type events struct {
	t     *testing.T
	lines *bufio.Scanner
}

func (e events) next() (name, id, data string) {
	e.t.Helper()
	for e.lines.Scan() {
		field, value, _ := strings.Cut(e.lines.Text(), ": ")
		switch field {
		case "event":
			name = value
		case "id":
			id = value
		case "data":
			data = value
		case "":
			if name != "" {
				return name, id, data
			}
		}
	}
	return "", "", ""
}

func TestEventsComeLiveAndGoOnWhereTheyWereLeft(t *testing.T) {
	t.Parallel()
	w := newWorld(t, contract(t))
	s := w.serve()
	a := ask{method: "GET", path: w.path("/events"), context: string(w.maria)}
	got := w.get(s, a)
	require.Equal(t, 200, got.code)
	require.Equal(t, "text/event-stream", got.header.Get("Content-Type"))
	o := w.submit(w.maria, operations.Deposit{To: w.brl, Amount: money("5")})
	live := events{t, bufio.NewScanner(got.body)}
	name, id, data := live.next()
	require.Equal(t, "entry", name)
	require.Equal(t, fmt.Sprint(o.Created), id)
	require.JSONEq(t, fmt.Sprintf(`{"seq":%s,"at":"2026-11-20T12:00:00Z","action":"submit","operator":"ana","operation":%q,"state":"completed","version":1}`, id, o.ID), data)

	w.submit(w.maria, operations.Deposit{To: w.brl, Amount: money("6")})
	a.header = http.Header{"Last-Event-ID": {id}}
	again := events{t, bufio.NewScanner(w.get(s, a).body)}
	_, next, _ := again.next()
	require.Equal(t, fmt.Sprint(o.Created+1), next)

	a.header = http.Header{"Last-Event-ID": {"-1"}}
	require.Equal(t, 400, w.get(s, a).code)
}

func TestEventsEndWithTheGrant(t *testing.T) {
	t.Parallel()
	w := newWorld(t, contract(t))
	s := w.serve()
	got := w.get(s, ask{method: "GET", path: "/customers/" + string(w.jose) + "/events", context: string(w.jose), by: "carl"})
	w.manage(w.jose, tenancy.Revoke{Grant: w.carls})
	live := events{t, bufio.NewScanner(got.body)}
	for {
		name, _, data := live.next()
		if name == "ended" {
			require.Contains(t, data, `"code":"forbidden"`)
			break
		}
		require.Equal(t, "entry", name, "the revocation itself may be seen, nothing after it")
	}
	name, _, _ := live.next()
	require.Empty(t, name)
}

func TestAShutdownEndsStreams(t *testing.T) {
	t.Parallel()
	w := newWorld(t, contract(t))
	s := w.serve()
	a := ask{method: "GET", path: w.path("/events"), context: string(w.maria)}
	got := w.get(s, a)
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	require.NoError(t, s.Config.Shutdown(ctx))
	_, err := io.ReadAll(got.body)
	require.NoError(t, err, "it ends as a whole answer does")
	w.api.Close()
	refused := httptest.NewRecorder()
	w.api.ServeHTTP(refused, w.request(a))
	require.Equal(t, 503, refused.Code)
}

func TestThereAreOnlySoManyStreams(t *testing.T) {
	t.Parallel()
	w := newWorld(t, contract(t), func(c *httpapi.Config) { c.MaxStreams = 1 })
	s := w.serve()
	a := ask{method: "GET", path: w.path("/events"), context: string(w.maria)}
	first := w.get(s, a)
	require.Equal(t, 200, first.code)
	second := w.get(s, a)
	require.Equal(t, 503, second.code)
	require.Equal(t, "1", second.header.Get("Retry-After"))
}

func TestASlowBodyIsCutOff(t *testing.T) {
	t.Parallel()
	w := newWorld(t, contract(t), func(c *httpapi.Config) { c.BodyTimeout = 50 * time.Millisecond })
	s := w.serve()
	r := w.request(does("POST", "/explain", "{")(w))
	conn, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", s.Listener.Addr().String())
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, conn.Close()) })
	_, err = fmt.Fprintf(conn, "POST /desk/ops%s HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nTest-Operator: ana\r\nContent-Length: 1000\r\n\r\n{", r.URL.Path)
	require.NoError(t, err)
	got, err := http.ReadResponse(bufio.NewReader(conn), r)
	require.NoError(t, err)
	defer func() { require.NoError(t, got.Body.Close()) }()
	require.Equal(t, 400, got.StatusCode)
}

func TestThePathIsTakenAsItIs(t *testing.T) {
	t.Parallel()
	w := newWorld(t, contract(t))
	own := w.enter("ana", string(w.maria))
	for path, status := range map[string]int{
		"/session/": 404, "//session": 404, "/./session": 404, "/x/../session": 404, "/session;x": 404, "/Session": 404, "/": 404, "/session.": 404,
		"/%2e%2e/session": 404, "/customers/a%2Fb": 403, "/customers/%00": 403, "/customers/": 404,
		"/customers/" + strings.ToUpper(string(w.maria)): 403, "/customers/" + string(w.maria) + "%20": 403, "/customers/" + string(w.maria) + "%E2%80%8B": 403,
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
		require.Equal(t, "application/problem+json", out.Header().Get("Content-Type"), path)
	}
	for _, method := range []string{"DELETE", "PATCH", "TRACE", "OPTIONS", "POST"} {
		r := httptest.NewRequest(method, "/session", http.NoBody)
		r.Header.Set("Test-Operator", "ana")
		r.Header.Set("X-Http-Method-Override", "GET")
		out := httptest.NewRecorder()
		w.api.ServeHTTP(out, r)
		require.Equal(t, 405, out.Code, method)
		require.Equal(t, "GET, HEAD", out.Header().Get("Allow"))
	}
	r := httptest.NewRequest(http.MethodHead, w.path("/events"), http.NoBody)
	r.Header.Set("Test-Operator", "ana")
	r.Header.Set("Onbehalf-Context", own)
	out := httptest.NewRecorder()
	w.api.ServeHTTP(out, r)
	require.Equal(t, 200, out.Code, "it does not wait for events nobody reads")
}

func TestTheHostBoundsAndBarsRequests(t *testing.T) {
	t.Parallel()
	t.Run("by rate", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t, contract(t), func(c *httpapi.Config) {
			c.Limit = func(_ *http.Request, p tenancy.Principal) (time.Duration, bool) {
				return 1500 * time.Millisecond, p.Operator != "dan"
			}
		})
		got := w.send(ask{method: "GET", path: "/session", by: "dan"})
		require.Equal(t, 429, got.code)
		require.Equal(t, "2", got.header.Get("Retry-After"))
		require.Equal(t, "rate_limited", got.problem(t).Code)
		require.Equal(t, 200, w.send(ask{method: "GET", path: "/session"}).code)
	})
	t.Run("read-only", func(t *testing.T) {
		t.Parallel()
		each(t, keyed, func(t *testing.T, s *spec, r route) {
			t.Helper()
			w := newWorld(t, s)
			a := r.good(w)
			w.api, _ = httpapi.New(w.eng, httpapi.Config{Authenticate: authenticate, Clock: w.clock, ReadOnly: true})
			w.contexts = map[string]string{}
			before := w.heads()
			got := w.send(a)
			require.Equal(t, 403, got.code, got.body)
			require.Equal(t, "read_only", got.problem(t).Code)
			require.Equal(t, before, w.heads())
			require.Equal(t, 200, w.send(reads("")(w)).code)
		})
	})
	t.Run("from other sites", func(t *testing.T) {
		t.Parallel()
		each(t, func(r route) bool { return guarded(r) && r.method != "GET" }, func(t *testing.T, s *spec, r route) {
			t.Helper()
			w := newWorld(t, s)
			a := r.good(w)
			w.enter("ana", string(w.maria))
			for _, header := range []http.Header{{"Sec-Fetch-Site": {"cross-site"}}, {"Sec-Fetch-Site": {"same-site"}}, {"Origin": {"https://evil.example"}}, {"Origin": {"null"}}} {
				a.header = header
				got := w.send(a)
				require.Equal(t, 403, got.code)
				require.Equal(t, "cross_origin", got.problem(t).Code)
			}
		})
	})
	t.Run("while its log-in is away", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t, contract(t))
		api, err := httpapi.New(w.eng, httpapi.Config{Authenticate: func(*http.Request) (tenancy.Principal, error) {
			return tenancy.Principal{}, fmt.Errorf("canary-4711: %w", tenancy.ErrUnavailable)
		}})
		require.NoError(t, err)
		out := httptest.NewRecorder()
		api.ServeHTTP(out, w.request(ask{method: "GET", path: "/session"}))
		require.Equal(t, 503, out.Code)
		require.NotContains(t, out.Body.String(), "canary")
	})
}

func TestAPanicFailsItsRequestOnly(t *testing.T) {
	t.Parallel()
	w := newWorld(t, contract(t))
	var log bytes.Buffer
	api, err := httpapi.New(w.eng, httpapi.Config{
		Authenticate: func(r *http.Request) (tenancy.Principal, error) {
			if r.URL.Path == "/stops" {
				panic("canary-4711")
			}
			return authenticate(r)
		},
		Log: slog.New(slog.NewJSONHandler(&log, nil)),
	})
	require.NoError(t, err)
	out := httptest.NewRecorder()
	api.ServeHTTP(out, w.request(ask{method: "GET", path: "/stops"}))
	require.Equal(t, 500, out.Code)
	require.NotContains(t, out.Body.String(), "canary")
	require.Contains(t, log.String(), "canary-4711")
	out = httptest.NewRecorder()
	api.ServeHTTP(out, w.request(ask{method: "GET", path: "/session"}))
	require.Equal(t, 200, out.Code)
}

func TestAConfigurationTellsAllItsProblems(t *testing.T) {
	t.Parallel()
	_, err := httpapi.New(nil, httpapi.Config{Secret: []byte("short"), Timeout: -1, MaxStreams: -1, TrustedOrigins: []string{"nowhere"}})
	require.ErrorIs(t, err, tenancy.ErrInvalid)
	var fields []string
	for _, f := range tenancy.Fields(err) {
		fields = append(fields, f.Field)
	}
	require.ElementsMatch(t, []string{"engine", "Authenticate", "Secret", "Timeout", "MaxStreams", "TrustedOrigins[0]"}, fields)
	require.NotErrorIs(t, err, tenancy.ErrRefused)
}
