package main

import (
	"context"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

// serve runs the dashboard as its command does.
func serve(t *testing.T, file string) string {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	ready, done := make(chan string, 1), make(chan error, 1)
	go func() { done <- run(ctx, "127.0.0.1:0", file, "open sesame", func(home string) { ready <- home }) }()
	t.Cleanup(func() { cancel(); require.NoError(t, <-done) })
	select {
	case home := <-ready:
		return home
	case err := <-done:
		done <- nil
		require.NoError(t, err)
		return ""
	}
}

// The API under the prefix knows nobody but those whom the dashboard knows.
func TestTheLogInIsTheDashboards(t *testing.T) {
	t.Parallel()
	home := serve(t, "")
	jar, err := cookiejar.New(nil)
	require.NoError(t, err)
	client := &http.Client{Jar: jar}
	t.Cleanup(client.CloseIdleConnections)
	status := func(path string, form url.Values) int {
		t.Helper()
		method := http.MethodGet
		if form != nil {
			method = http.MethodPost
		}
		r, err := http.NewRequestWithContext(t.Context(), method, home+path+"?"+form.Encode(), http.NoBody)
		require.NoError(t, err)
		got, err := client.Do(r)
		require.NoError(t, err)
		require.NoError(t, got.Body.Close())
		return got.StatusCode
	}
	const customers = "backoffice/api/customers"
	require.Equal(t, http.StatusUnauthorized, status(customers, nil))
	require.Equal(t, http.StatusForbidden, status("log-in", url.Values{"login": {"dora"}, "password": {"wrong"}}))
	require.Equal(t, http.StatusUnauthorized, status(customers, nil))
	require.Equal(t, http.StatusOK, status("log-in", url.Values{"login": {"dora"}, "password": {"open sesame"}}))
	require.Equal(t, http.StatusOK, status(customers, nil))
	require.Equal(t, http.StatusOK, status("log-out", url.Values{}))
	require.Equal(t, http.StatusUnauthorized, status(customers, nil))
	require.Equal(t, http.StatusOK, status("backoffice/customer-operations.js", nil))
}

// On a file the firm is made once.
func TestTheFirmIsMadeOnce(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "books.db")
	var first []ticket
	for range 2 {
		b, err := openBooks(t.Context(), file)
		require.NoError(t, err)
		tickets, err := furnish(t.Context(), b.eng)
		require.NoError(t, err)
		if first == nil {
			first = tickets
		}
		require.Equal(t, first, tickets)
		for _, of := range tickets {
			scope, err := b.eng.Gate().Enter(t.Context(), dora().principal(), of.Customer, "a look")
			require.NoError(t, err)
			accounts, err := b.eng.Book(scope).Accounts(t.Context())
			require.NoError(t, err)
			require.Len(t, accounts, 1)
			require.Equal(t, "2500", accounts[0].Posted.String())
		}
		require.NoError(t, b.close())
	}
}
