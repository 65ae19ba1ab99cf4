package main

import (
	"context"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/onbehalf/onbehalf/adapters/integration/pgserver"
)

// The dashboard on a PostgreSQL database of one's own: the firm is made once, and
// is the same after a restart, its sessions and open operations too.
func TestAFirmIsKeptInPostgreSQL(t *testing.T) {
	t.Parallel()
	var server pgserver.Shared
	t.Cleanup(func() { require.NoError(t, server.Close()) })
	o := options{listen: "127.0.0.1:0", count: 60, dsn: server.Database(t, "")}
	start := func() (url string, stop func()) {
		t.Helper()
		ctx, cancel := context.WithCancel(t.Context())
		urls, done := make(chan string, 1), make(chan error, 1)
		go func() { done <- run(ctx, o, func(url string) { urls <- url }) }()
		stopped := false
		stop = func() {
			cancel()
			if !stopped {
				stopped = true
				require.NoError(t, <-done)
			}
		}
		t.Cleanup(stop)
		select {
		case url = <-urls:
		case err := <-done:
			stopped = true
			require.NoError(t, err)
		case <-time.After(2 * time.Minute):
			require.Fail(t, "it has not begun")
		}
		return url, stop
	}
	url, stop := start()
	ana := elsewhere(t, url, "ana")
	customers := ana.call(http.MethodGet, "customers?limit=50", "", nil)
	require.Len(t, customers["items"], 12)
	waiting := ana.call(http.MethodGet, "worklist", "", nil)
	require.Len(t, waiting["items"], 4)
	treasury := ana.call(http.MethodGet, "treasury", "", nil)
	require.NotEmpty(t, treasury["items"])
	response, err := ana.client.Post(url+"reset", "", http.NoBody)
	require.NoError(t, err)
	require.NoError(t, response.Body.Close())
	require.Equal(t, http.StatusForbidden, response.StatusCode, "a database of yours is not reset")
	stop()

	ana.url, stop = start()
	require.Equal(t, customers, ana.call(http.MethodGet, "customers?limit=50", "", nil), "the same customers, to who is still signed in")
	require.Equal(t, waiting["items"], ana.call(http.MethodGet, "worklist", "", nil)["items"])
	require.Equal(t, treasury, ana.call(http.MethodGet, "treasury", "", nil))
	stop()
}
