package main

import (
	"context"
	"encoding/json"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/require"

	"github.com/onbehalf/onbehalf/adapters/screen"
)

// golden serves the answers that the API's tests keep, and nothing else, to the
// page: what changes there has to be changed here.
type golden struct {
	t       *testing.T
	answers map[string][]byte // by the name of the file

	mu    sync.Mutex
	asked map[string]bool
	end   context.CancelFunc // of the stream of events, in which nothing happens
}

func goldens(t *testing.T) *golden {
	t.Helper()
	files, err := filepath.Glob(filepath.Join("..", "..", "adapters", "httpapi", "testdata", "*.json"))
	require.NoError(t, err)
	require.NotEmpty(t, files)
	g := &golden{t: t, answers: map[string][]byte{}, asked: map[string]bool{}, end: func() {}}
	for _, file := range files {
		text, err := os.ReadFile(file)
		require.NoError(t, err)
		g.answers[strings.TrimSuffix(filepath.Base(file), ".json")] = text
	}
	return g
}

// serve is the page over the answers. The customer in the path is the name of
// the story that his book has, or of a problem; of "all" it has every operation.
func (g *golden) serve() string {
	mux := http.NewServeMux()
	page, err := screen.New(screen.Config{API: "../api/"})
	require.NoError(g.t, err)
	mux.Handle("/desk/", http.StripPrefix("/desk", page))
	const book = "/api/customers/{customer}"
	for pattern, name := range map[string]string{
		"GET /api/reference": "getReference", "GET /api/customers": "listCustomers", "GET /api/worklist": "listWorklist", "GET /api/incidents": "listAllIncidents",
		"GET /api/treasury": "listTreasury", "POST " + book + "/context": "openContext", "GET " + book: "getCustomer", "GET " + book + "/accounts": "listAccounts",
		"GET " + book + "/statement": "listStatement", "GET " + book + "/journal": "listJournal", "GET " + book + "/trading": "getTrading",
		"GET " + book + "/grants": "listGrants", "GET " + book + "/operators": "listOperators", "POST " + book + "/prepare": "prepareOperation",
	} {
		mux.HandleFunc(pattern, func(w http.ResponseWriter, _ *http.Request) { g.answer(w, name) })
	}
	mux.HandleFunc("GET "+book+"/operations", func(w http.ResponseWriter, r *http.Request) { g.list(w, r.PathValue("customer")) })
	mux.HandleFunc("GET "+book+"/operations/{operation}", func(w http.ResponseWriter, r *http.Request) { g.answer(w, r.PathValue("customer")) })
	mux.HandleFunc("POST "+book+"/operations/{operation}/resolve", func(w http.ResponseWriter, _ *http.Request) { g.answer(w, "resolveOperation") })
	mux.HandleFunc("POST "+book+"/explain", func(w http.ResponseWriter, r *http.Request) {
		if name := r.PathValue("customer"); strings.HasPrefix(name, "problem_") {
			w.Header().Set("Content-Type", "application/problem+json")
			w.WriteHeader(http.StatusUnprocessableEntity)
			g.answer(w, name)
			return
		}
		g.answer(w, "explainOperation")
	})
	mux.HandleFunc("GET "+book+"/events", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/event-stream")
		w.WriteHeader(http.StatusOK)
		if f, ok := w.(http.Flusher); ok {
			f.Flush()
		}
		ctx, end := context.WithCancel(r.Context())
		g.mu.Lock()
		g.end, end = end, g.end
		g.mu.Unlock()
		end() // of the page before: the browser keeps it, and has six connections in all
		<-ctx.Done()
	})
	s := httptest.NewServer(mux)
	g.t.Cleanup(func() { s.CloseClientConnections(); s.Close() })
	return s.URL + "/"
}

func (g *golden) read(name string) []byte {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.asked[name] = true
	return g.answers[name]
}

func (g *golden) answer(w http.ResponseWriter, name string) {
	_, _ = w.Write(g.read(name)) // the page tells when it gets nothing
}

// list is a page of operations, made of answers that have one.
func (g *golden) list(w http.ResponseWriter, customer string) {
	names := []string{customer}
	switch {
	case customer == "all":
		names = results()
	case g.answers[customer] == nil || strings.HasPrefix(customer, "problem_"):
		g.answer(w, "listOperations")
		return
	}
	var page struct {
		Items []map[string]json.RawMessage `json:"items"`
	}
	for _, name := range names {
		var item map[string]json.RawMessage
		if json.Unmarshal(g.read(name), &item) == nil {
			page.Items = append(page.Items, map[string]json.RawMessage{"operation": item["operation"], "actions": item["actions"]})
		}
	}
	text, err := json.Marshal(page)
	if err != nil {
		w.WriteHeader(http.StatusInternalServerError)
		return
	}
	_, _ = w.Write(text) // as above
}

// results are the answers with an operation that the table shows.
func results() []string {
	return []string{
		"approveOperation", "cancelOperation", "executeOperation", "modifyOperation", "prepareOperation", "refundOperation", "rejectOperation", "resolveOperation",
		"settle", "submitOperation", "withdrawApproval",
	}
}

// unread are the answers that this page takes nothing of.
func unread() map[string]string {
	all := map[string]string{
		"getHealth": "for whoever watches the service", "getSession": "the context tells who acts", "getOutcome": "for programs: the page sends again",
		"listHolds": "the accounts tell what is held", "listFreezes": "the reasons why not tell", "listStops": "the reasons why not tell",
		"listIncidents": "those of all customers are listed", "listPositionBooks": "for programs", "problem_stale": "TestAConflictIsToldWithItsAuthor",
		"openCustomer": "TestACustomerIsMadeAndFurnished",
	}
	for _, name := range []string{
		"allow", "closeIncident", "editAccount", "editCustomer", "eraseCustomer", "freeze", "liftSwitch", "openAccount", "registerOperator", "reinstateOperator", "revoke",
		"setAccountStatus", "setCurrency", "setCustomerGroups", "setCustomerStatus", "setDebtLimit", "setPair", "setTradingProviders", "suspendOperator", "throwSwitch", "unfreeze",
	} {
		all[name] = "that it is done is enough"
	}
	return all
}

// The page shows what is in the answers that the API's tests hold the API to.
func TestThePageShowsTheGoldenAnswers(t *testing.T) {
	t.Parallel()
	g := goldens(t)
	b := browse(t, g.serve())
	shown := func(at, of string, texts ...string) {
		t.Helper()
		want, err := json.Marshal(append([]string{}, texts...))
		require.NoError(t, err)
		lacks := b.text(`(async () => { for (let n = 0; ; n++) {
			const all = (() => {` + root + `return ` + of + `?.textContent ?? '' })(), lacks = ` + string(want) + `.filter((x) => !all.includes(x));
			if (!lacks.length && all) return (all.match(/undefined|\bNaN\b|Invalid Date|\bnull\b|\[object/) || []).join();
			if (n > 400) return JSON.stringify(lacks) + ' in ' + all;
			await new Promise((go) => setTimeout(go, 50));
		} })()`)
		require.Empty(t, lacks, at)
	}
	at := func(query, of string, texts ...string) {
		t.Helper()
		look(b, chromedp.Navigate(b.url+"desk/?lang=en&"+query))
		b.until(`document.readyState === 'complete' && location.search === '?lang=en&` + query + `'`)
		shown(query, of, texts...)
	}
	const table, body = `document.querySelector('main')`, `document.querySelector('.body')`
	at("", table, "Maria", "BR", "Individual", "Active", "11/20/26 · ana")
	at("view=worklist", table, "Maria", "Withdrawal", "2,000.00 BRL", "ana", "You may approve it")
	at("view=incidents", table, "Maria", "The provider denies what was settled", "id-000015", "state Completed, answer refused")
	b.each("incidents")
	at("view=treasury", table, "Clearing at the manual desk", "-10,000.00", "BRL")
	at("customer=one&tab=details", table, "Ana, you act for", "Maria", "by ana", "Suspend", "Close")
	at("customer=one&tab=accounts", body, "Main", "maria@example.com", "10,000.00", "Reserve", "100.00", "Coins", "bc1q", "0.00000000")
	at("customer=one&tab=trading", body, "BTC/BRL", "Can be traded", "broker", "50 bps", "no bound", "the part is taken")
	at("customer=house&tab=users", body, "ana", "p-ana", "Manage customers", "Active")
	at("customer=one&tab=users", body, "None.")
	at("customer=one&tab=logs", body, "Submit", "Account opened", "found", "SHA-256", "id-000014")

	// The element: the accounts, a row for each outcome, and the stories.
	at("customer=all", `r?.querySelector('#table tbody')`, "Awaiting approval", "Cancelled", "Completed", "Prepared", "Rejected", "Unresolved", "Scheduled",
		"a second person has to confirm", "2,000.00 BRL", "250.00 BRL", "300.00 BRL", "15.00 BRL", "12.34 BRL", "500.00 BRL", "Settlement", "Refund", "Main → Reserve")
	require.Equal(t, "11", b.text(`r.querySelectorAll('#table tbody tr[id]').length`))
	shown("its accounts", `r.querySelector('#accounts')`, "Main", "10,000.00 BRL", "Debt limit 100.00 BRL", "Can be debited", "Can be credited")
	story := func(name string, texts ...string) {
		t.Helper()
		at("customer="+name, `r?.querySelector('#table tbody')`)
		b.until(`r.querySelector('[data-focus^=more]')`)
		b.do(`r.querySelector('[data-focus^=more]').click()`)
		shown(name, `r.querySelector('.story')`, texts...)
	}
	story("getOperation", "Fee · wire1.50 BRL", "Total debit27.00 BRL", "1. Submit by ana · Completed", "Main-25.50 BRL", "Income from fees1.50 BRL")
	story("story_part", "Agreed0.01234567 BTC", "Carried out0.00123456 BTC", "Given back5,583.33 BRL", "Against620.37 BRL", "Rate1 BTC = 502,500 BRL", "Reference rate1 BTC = 500,000 BRL",
		"made from: 1 BTC = 100,000 USD · steady", "made from: 1 USD = 5 BRL · central bank", "Spread50 bps", "Fee · ticket · charged whole2.00 BRL", "Total debit622.37 BRL", "A part was carried out")
	shown("the row of a part", `r.querySelector('#table tbody')`, "0.01234567 BTC Carried out 0.00123456 BTC")
	b.each("story-part")
	story("story_finding", "Buy0.01000000 BTC", "A part of it happened: 0.00400000 BTC, 2,000.00 BRL · by ana", "Evidence: statement 7", "A part of it may be carried out", "Who found it cannot confirm it")

	// Another person finds another part.
	b.do(`const send = window.fetch; window.fetch = async (...a) => {
		if (/resolve$/.test(a[0])) window.sent = a[1].body;
		const x = await send(...a);
		if (!/operations\?/.test(a[0])) return x;
		const page = await x.json();
		page.items[0].actions.forEach((y) => delete y.unmet);
		return new Response(JSON.stringify(page));
	}; r.querySelector('[data-focus^=more]').click()`)
	b.until(`r.querySelector('#table [data-focus^=resolve]')`)
	b.do(`r.querySelector('#table [data-focus^=resolve]').click()`)
	b.until(`r.querySelector('dialog[open] [name=settled]') && r.querySelector('dialog [name=amount]').parentNode.hidden`)
	b.do(`set(r.querySelector('dialog [name=settled]'), 'part')`)
	shown("the form of a part", `r.querySelector('dialog')`, "A part of it happened", "Of it, in BTC", "Against that, in BRL")
	b.shoot("resolve-part")
	b.do(`const at = (n) => r.querySelector('dialog [name=' + n + ']'); at('amount').value = '0.005'; at('counter').value = '2,500.00'; at('evidence').value = 'line 9'`)
	b.agree()
	require.JSONEq(t, `{"settled":true,"evidence":"line 9","amount":"0.005","counter":"2500.00"}`, b.text(`window.sent`))
	at("customer=one", `r?.querySelector('#table tbody')`, "Deposit", "10,000.00 BRL", "Completed")
	b.fill("withdrawal", "99,999")
	shown("a plan", `r.querySelector('.plan')`, "Fee · wire1.50 BRL", "Total debit100,000.50 BRL", "Approvals needed2", "Not enough available", "short 90,000.50")
	b.do(`r.querySelector('[part=review]').click()`)
	shown("what was prepared", `r.querySelector('dialog[open]')`, "For Maria", "Total cost to Maria: 251.50 BRL")
	for problem, texts := range map[string][]string{"problem_refused": {"Reserve: ", "The account is frozen", "Above the limit of the day"}, "problem_invalid": {"is not right"}} {
		at("customer="+problem, `r?.querySelector('#table tbody')`, "Deposit")
		b.fill("withdrawal", "1")
		shown(problem, `r.querySelector('.plan')`, texts...)
	}

	// Nothing is kept that neither the page reads nor is said to be for others.
	but := unread()
	for name := range g.answers {
		if reason, ok := but[name]; ok {
			require.NotEmpty(t, reason)
			require.False(t, g.asked[name], "%s is read after all", name)
			delete(but, name)
			continue
		}
		require.True(t, g.asked[name], "%s is shown by no page: say here who reads it", name)
	}
	require.Empty(t, slices.Collect(maps.Keys(but)), "no such answers")
}
