package api_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"
	"github.com/getkin/kin-openapi/routers/gorillamux"
	"github.com/shopspring/decimal"
	"github.com/stretchr/testify/require"

	"github.com/onbehalf/onbehalf/accounts"
	"github.com/onbehalf/onbehalf/adapters/httpapi"
	"github.com/onbehalf/onbehalf/adapters/memory"
	"github.com/onbehalf/onbehalf/customer"
	"github.com/onbehalf/onbehalf/operations"
	"github.com/onbehalf/onbehalf/operations/operationstest"
	"github.com/onbehalf/onbehalf/operations/trading"
	"github.com/onbehalf/onbehalf/tenancy"
)

func epoch() time.Time { return time.Date(2026, time.November, 20, 12, 0, 0, 0, time.UTC) }

func money(text string) decimal.Decimal { return decimal.RequireFromString(text) }

// world is a firm with two customers and three operators, behind HTTP: ana and
// bia may everything, for everybody; carl may everything for jose alone.
type world struct {
	t     *testing.T
	eng   *operations.Engine
	api   *httpapi.Handler
	spec  *spec
	clock *operationstest.Clock
	bank  *operationstest.Provider
	rail  *trading.Simulated // carries the trades

	maria, jose tenancy.CustomerID
	brl, more   accounts.ID // maria's
	coins       accounts.ID // maria's, of bitcoin
	joses       accounts.ID
	carls       tenancy.GrantID
	scopes      map[string]tenancy.Scope
	keys        int
	contexts    map[string]string

	mu       sync.Mutex
	readings []string // what the engine told its access log
}

func newWorld(t *testing.T, s *spec, change ...func(*httpapi.Config)) *world {
	t.Helper()
	w := &world{t: t, spec: s, clock: operationstest.NewClock(epoch()), scopes: map[string]tenancy.Scope{}, contexts: map[string]string{}}
	assets, err := accounts.NewAssets(accounts.Asset{Code: "BTC", Network: "bitcoin", Scale: 8, Name: "Bitcoin"})
	require.NoError(t, err)
	w.bank = operationstest.NewProvider(operations.Contract{})
	w.rail = trading.NewSimulated(steady{}, w.clock, 1, operations.Contract{}, trading.Faults{})
	trades, err := trading.New(trading.Config{Providers: map[string]trading.Provider{"broker": w.rail}, Reference: steady{}})
	require.NoError(t, err)
	w.eng, err = operations.New(memory.New(), operations.Config{
		PolicyVersion: "2026-11", Clock: w.clock, IDs: &operationstest.IDs{}, Entropy: &operationstest.Entropy{}, Assets: assets,
		Providers: map[string]operations.Provider{"bank": w.bank, "broker": w.rail},
		Kinds:     []operations.Kind{trades, trading.Settlements{Assets: assets}},
		Fees: []operations.FeeRule{
			{Name: "wire", Match: operations.Match{Kinds: []string{operations.KindWithdrawal}}, Tier: operations.Tier{Fixed: money("1.50")}},
			{Name: "ticket", Match: operations.Match{Kinds: []string{trading.KindTrade}, Assets: []string{"BRL"}, Groups: []string{"by-phone"}}, Tier: operations.Tier{Fixed: money("2")}, Whole: true},
		},
		Limits:    []operations.Limit{{Name: "daily", Asset: "BRL", Match: operations.Match{Kinds: []string{operations.KindWithdrawal}}, Day: money("50000")}},
		Access:    operations.AccessFunc(w.read),
		Approvals: []operations.Approval{{Name: "large", Persons: 2, Match: operations.Match{Kinds: []string{operations.KindWithdrawal}, From: money("1000")}}},
	})
	require.NoError(t, err)
	t.Cleanup(w.eng.Close)
	config := httpapi.Config{Authenticate: authenticate, Secret: bytes.Repeat([]byte("s"), httpapi.MinSecret), Clock: w.clock, Poll: time.Millisecond}
	for _, f := range change {
		f(&config)
	}
	w.api, err = httpapi.New(w.eng, config)
	require.NoError(t, err)
	t.Cleanup(w.api.Close)
	w.found()
	return w
}

// authenticate trusts a header, as no host should.
func authenticate(r *http.Request) (tenancy.Principal, error) {
	name := r.Header.Get("Test-Operator")
	if name == "" {
		return tenancy.Principal{}, io.ErrUnexpectedEOF
	}
	tenant, operator, ok := strings.Cut(name, "/")
	if !ok {
		tenant, operator = "acme", name
	}
	return tenancy.Principal{
		Tenant: tenancy.TenantID(tenant), Operator: tenancy.OperatorID(operator), Person: tenancy.PersonID("p-" + operator),
		Name: strings.ToUpper(operator[:1]) + operator[1:], Channel: tenancy.ChannelUI,
	}, nil
}

func principal(tenant, operator string) tenancy.Principal {
	return tenancy.Principal{Tenant: tenancy.TenantID(tenant), Operator: tenancy.OperatorID(operator), Person: tenancy.PersonID("p-" + operator)}
}

func (w *world) found() {
	w.t.Helper()
	ctx := context.Background()
	firm, err := w.eng.Bootstrap(ctx, tenancy.Firm{Tenant: "acme", Name: "Acme", Admin: principal("acme", "ana")})
	require.NoError(w.t, err)
	house, err := w.eng.Gate().Own(ctx, principal("acme", "ana"), "")
	require.NoError(w.t, err)
	w.scopes["house"] = house
	all := tenancy.NewPermissions(tenancy.AllPermissions()...)
	for _, operator := range []tenancy.OperatorID{"bia", "carl", "dan"} {
		w.manage("house", tenancy.Register{Operator: operator, Person: "p-" + tenancy.PersonID(operator)})
	}
	for _, operator := range []tenancy.OperatorID{"bia", "dan"} {
		w.manage("house", tenancy.Allow{Operator: operator, Everyone: true, Permissions: all})
		w.manage("house", tenancy.Allow{Operator: operator, Permissions: all})
	}
	w.maria, w.jose = w.customer(firm, "Maria"), w.customer(firm, "José")
	w.brl = w.manage(w.maria, accounts.Open{Name: "Main", Currency: "BRL", Details: accounts.Details{PixKey: "maria@example.com"}}).Account
	w.more = w.manage(w.maria, accounts.Open{Name: "Reserve", Currency: "BRL", DebtLimit: money("100"), Details: accounts.Details{Bank: "001", Branch: "1234", Number: "56789-0"}}).Account
	w.coins = w.manage(w.maria, accounts.Open{Name: "Coins", Currency: "BTC", Details: accounts.Details{Network: "bitcoin", Address: "bc1q"}}).Account
	w.joses = w.manage(w.jose, accounts.Open{Name: "Main", Currency: "BRL", Details: accounts.Details{PixKey: "jose@example.com"}}).Account
	w.carls = w.manage(w.jose, tenancy.Allow{Operator: "carl", Permissions: all}).Grant
	w.submit(w.maria, operations.Deposit{To: w.brl, Amount: money("10000")})
}

func (w *world) read(e operations.AccessEvent) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.readings = append(w.readings, e.What)
}

func (w *world) customer(firm tenancy.Scope, name string) tenancy.CustomerID {
	w.t.Helper()
	o, err := w.eng.OpenCustomer(context.Background(), firm, w.intent(), customer.Profile{Name: name, Country: "BR"})
	require.NoError(w.t, err)
	w.scopes[string(o.ID)], err = w.eng.Gate().Enter(context.Background(), principal("acme", "ana"), o.ID, "found")
	require.NoError(w.t, err)
	return o.ID
}

func (w *world) intent() operations.Intent { return operations.Intent{Key: w.key()} }

func (w *world) key() string {
	w.keys++
	return fmt.Sprint("k-", w.keys)
}

func (w *world) manage(of tenancy.CustomerID, x operations.Administrative) operations.Managed {
	w.t.Helper()
	m, err := w.eng.Manage(context.Background(), w.scopes[string(of)], w.intent(), x)
	require.NoError(w.t, err)
	return m
}

func (w *world) submit(of tenancy.CustomerID, q operations.Request) operations.Operation {
	w.t.Helper()
	r, err := w.eng.Submit(context.Background(), w.scopes[string(of)], w.intent(), q)
	require.NoError(w.t, err)
	return r.Operation
}

func (w *world) prepare(of tenancy.CustomerID, q operations.Request) operations.Operation {
	w.t.Helper()
	r, err := w.eng.Prepare(context.Background(), w.scopes[string(of)], w.intent(), q)
	require.NoError(w.t, err)
	return r.Operation
}

// waiting is an operation of maria's that ana made and that two others approve.
func (w *world) waiting() operations.Operation {
	w.t.Helper()
	return w.submit(w.maria, operations.Withdrawal{From: w.brl, Amount: money("2000")})
}

// steady is a source of one rate for everything, made over dollars.
type steady struct{}

func (steady) Rate(_ context.Context, base, quote string) (trading.Rate, error) {
	return trading.Rate{Base: base, Quote: quote, Value: money("500000"), At: epoch(), Source: "steady", Legs: []trading.Rate{
		{Base: base, Quote: "USD", Value: money("100000"), At: epoch(), Source: "steady"}, {Base: "USD", Quote: quote, Value: money("5"), At: epoch().Add(-time.Hour), Source: "central bank"},
	}}, nil
}

// trades lets maria buy and sell bitcoin.
func (w *world) trades() {
	w.t.Helper()
	w.manage(w.maria, trading.SetCustomer{Customer: trading.Customer{Providers: []string{"broker"}}})
	w.manage(w.maria, trading.SetPair{Pair: trading.Pair{
		Base: w.coins, Quote: w.brl, Minimum: accounts.Exact(money("10")),
		Quotations: []trading.Path{{Provider: "broker", Priority: 1, Spread: trading.Spreads{Working: money("50"), DayOff: money("80")}}},
	}})
}

// doubtful is an operation of maria's that no answer came for.
func (w *world) doubtful() operations.Operation {
	w.t.Helper()
	w.bank.OnSend(operationstest.Lose())
	o := w.submit(w.maria, operations.Withdrawal{From: w.brl, Amount: money("10"), Via: "bank"})
	require.Equal(w.t, operations.Unresolved, o.State)
	return o
}

// incident makes a provider deny what it had settled.
func (w *world) incident() operations.IncidentID {
	w.t.Helper()
	w.deny(w.maria, operations.Withdrawal{From: w.brl, Amount: money("10"), Via: "bank"})
	all, err := w.eng.Book(w.scopes[string(w.maria)]).Incidents(context.Background())
	require.NoError(w.t, err)
	require.NotEmpty(w.t, all)
	return all[0].ID
}

// deny has the bank settle ten reais, and deny it.
func (w *world) deny(of tenancy.CustomerID, q operations.Request) {
	w.t.Helper()
	o := w.submit(of, q)
	for _, a := range []operations.Answer{
		{Reference: o.ProviderReference, Status: operations.AnswerSettled, Amount: money("10"), Asset: "BRL", External: "x-1"},
		{Reference: o.ProviderReference, Status: operations.AnswerRefused, Code: "no"},
	} {
		_, err := w.eng.Report(context.Background(), "acme", "bank", a)
		require.NoError(w.t, err)
	}
}

// ask is one request, by ana if nobody else is named.
type ask struct {
	method, path string
	by           string
	context      string // the customer whose page context comes with it; empty: none
	key          string
	version      int64
	body         string
	header       http.Header
	unchecked    bool // the request itself is not of the contract
}

type reply struct {
	code   int
	header http.Header
	body   string
}

func (r reply) problem(t *testing.T) problem {
	t.Helper()
	var p problem
	require.Equal(t, "application/problem+json", r.header.Get("Content-Type"), r.body)
	require.NoError(t, json.Unmarshal([]byte(r.body), &p), r.body)
	require.Equal(t, r.code, p.Status)
	return p
}

type problem struct {
	Status int    `json:"status"`
	Code   string `json:"code"`
	Errors []struct {
		Code   string `json:"code"`
		Field  string `json:"field"`
		Detail string `json:"detail"`
	} `json:"errors"`
}

// send sends the request and holds the exchange against the contract.
func (w *world) send(a ask) reply {
	w.t.Helper()
	r := w.request(a)
	recorder := httptest.NewRecorder()
	w.api.ServeHTTP(recorder, r)
	got := reply{recorder.Code, recorder.Header(), recorder.Body.String()}
	require.Less(w.t, got.code, 500, "%s %s: %s", a.method, a.path, got.body)
	w.spec.check(w.t, w.request(a), got, a.unchecked)
	return got
}

func (w *world) request(a ask) *http.Request {
	var body io.Reader
	if a.body != "" {
		body = strings.NewReader(a.body)
	}
	r := httptest.NewRequest(a.method, a.path, body)
	if a.body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	if a.by == "" {
		a.by = "ana"
	}
	r.Header.Set("Test-Operator", a.by)
	if a.context != "" {
		r.Header.Set("Onbehalf-Context", w.enter(a.by, a.context))
	}
	if a.key != "" {
		r.Header.Set("Idempotency-Key", a.key)
	}
	if a.version != 0 {
		r.Header.Set("If-Match", fmt.Sprintf(`"%d"`, a.version))
	}
	maps.Copy(r.Header, a.header)
	return r
}

// enter opens a page context, once for each operator and customer.
func (w *world) enter(operator, of string) string {
	w.t.Helper()
	name := operator + " " + of
	if w.contexts[name] == "" {
		got := w.send(ask{method: "POST", path: "/customers/" + of + "/context", by: operator, body: `{"reason":"call 4711"}`})
		require.Equal(w.t, 201, got.code, got.body)
		var c struct {
			Context string `json:"context"`
		}
		require.NoError(w.t, json.Unmarshal([]byte(got.body), &c))
		w.contexts[name] = c.Context
	}
	return w.contexts[name]
}

// spec is the contract as an independent reader has it.
type spec struct {
	doc      *openapi3.T
	router   routers.Router
	problems sync.Map // bodies of problems that were found to be sound: all routes have the same schema for them
}

//nolint:gochecknoglobals // read once and never changed: reading it costs more than most tests
var read = sync.OnceValues(func() (*spec, error) {
	doc, err := openapi3.NewLoader().LoadFromData(httpapi.Contract())
	if err != nil {
		return nil, err
	}
	doc.Servers = nil
	router, err := gorillamux.NewRouter(doc)
	return &spec{doc: doc, router: router}, err
})

func contract(t *testing.T) *spec {
	t.Helper()
	s, err := read()
	require.NoError(t, err)
	return s
}

func (s *spec) check(t *testing.T, r *http.Request, got reply, unchecked bool) {
	t.Helper()
	route, params, err := s.router.FindRoute(r)
	require.NoError(t, err, "%s %s", r.Method, r.URL)
	in := &openapi3filter.RequestValidationInput{
		Request: r, PathParams: params, Route: route,
		Options: &openapi3filter.Options{AuthenticationFunc: openapi3filter.NoopAuthenticationFunc, IncludeResponseStatus: true, MultiError: true},
	}
	if !unchecked {
		require.NoError(t, openapi3filter.ValidateRequest(r.Context(), in))
	}
	if got.code >= http.StatusBadRequest && got.header.Get("Content-Type") == "application/problem+json" {
		if _, sound := s.problems.LoadOrStore(fmt.Sprint(got.code, " ", got.body), true); sound {
			return
		}
	}
	switch kind, _, _ := strings.Cut(got.header.Get("Content-Type"), ";"); kind {
	case "application/json", "application/problem+json":
	default:
		in.Options.ExcludeResponseBody = true // a text
	}
	out := &openapi3filter.ResponseValidationInput{RequestValidationInput: in, Status: got.code, Header: got.header, Options: in.Options}
	out.SetBodyBytes([]byte(got.body))
	require.NoError(t, openapi3filter.ValidateResponse(r.Context(), out), "%s %s: %d %s", r.Method, r.URL, got.code, got.body)
}
