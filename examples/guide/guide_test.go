package main

import (
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/require"

	"github.com/onbehalf/onbehalf/examples/internal/browser"
)

// blocks are those of one language, in order.
func blocks(t *testing.T, language string) []string {
	t.Helper()
	text, err := os.ReadFile("../../docs/guide.md")
	require.NoError(t, err)
	var found []string
	for _, match := range regexp.MustCompile("(?s)```"+language+"\n(.*?)```\n").FindAllStringSubmatch(string(text), -1) {
		found = append(found, match[1])
	}
	return found
}

// Whoever copies the blocks of the guide has this program, whole.
func TestTheGuideIsThisProgram(t *testing.T) {
	t.Parallel()
	program, err := os.ReadFile("main.go")
	require.NoError(t, err)
	parts := blocks(t, "go")
	for i := range parts {
		parts[i] = strings.TrimSuffix(parts[i], "\n") + "\n"
	}
	require.Equal(t, string(program), strings.Join(parts, "\n"))
	require.Equal(t, []string{page}, blocks(t, "html"))
}

// What the guide shows of the service's output is what it prints.
func TestTheGuideShowsWhatTheServicePrints(t *testing.T) {
	t.Parallel()
	payments, err := os.Open("../service/payments.csv")
	require.NoError(t, err)
	defer func() { require.NoError(t, payments.Close()) }()
	run := exec.CommandContext(t.Context(), "go", "run", "../service")
	run.Stdin = payments
	out, err := run.Output()
	require.NoError(t, err)
	require.Equal(t, []string{string(out)}, blocks(t, "text"))
}

// serve runs the program's routes, twice on one file to be sure of the keys.
func serve(t *testing.T) *httptest.Server {
	t.Helper()
	file := filepath.Join(t.TempDir(), "books.db")
	first, err := openBooks(t.Context(), file)
	require.NoError(t, err)
	maria, err := furnish(t.Context(), first)
	require.NoError(t, err)
	first.Close()
	eng, err := openBooks(t.Context(), file)
	require.NoError(t, err)
	t.Cleanup(eng.Close)
	again, err := furnish(t.Context(), eng)
	require.NoError(t, err)
	require.Equal(t, maria, again)
	mux, err := routes(eng, logIn{password: "secret"}, maria)
	require.NoError(t, err)
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	return server
}

func TestNobodyComesInWithoutThePassword(t *testing.T) {
	t.Parallel()
	server := serve(t)
	for password, status := range map[string]int{"": http.StatusUnauthorized, "guess": http.StatusUnauthorized, "secret": http.StatusOK} {
		for _, path := range []string{"/", "/backoffice/api/customers"} {
			r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, server.URL+path, http.NoBody)
			require.NoError(t, err)
			r.SetBasicAuth("ana", password)
			got, err := server.Client().Do(r)
			require.NoError(t, err)
			require.NoError(t, got.Body.Close())
			require.Equal(t, status, got.StatusCode, path)
		}
	}
}

// The guide ends with the customer's books in the host's page.
func TestThePageShowsTheScreen(t *testing.T) {
	t.Parallel()
	ctx := browser.Open(t)
	server := serve(t)
	for _, at := range []string{strings.Replace(server.URL, "http://", "http://ana:secret@", 1), server.URL} { // no request is made from an address with a password
		browser.Look(t, ctx, chromedp.Navigate(at+"/"))
	}
	browser.Until(t, ctx, `(() => { const r = document.querySelector('customer-operations').shadowRoot; return r.querySelector('[part=banner] h2')?.textContent === 'Maria' && r.querySelector('tbody td.num')?.textContent === '250.00 BRL' })()`)
}
