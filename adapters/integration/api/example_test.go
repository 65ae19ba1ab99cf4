package api_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"

	"github.com/onbehalf/onbehalf/adapters/httpapi"
	"github.com/onbehalf/onbehalf/adapters/memory"
	"github.com/onbehalf/onbehalf/operations"
	"github.com/onbehalf/onbehalf/tenancy"
)

// An engine beside what a host serves already, for operators whom the host has
// logged in.
func Example() {
	eng, err := operations.New(memory.New(), operations.Config{PolicyVersion: "2026-11"})
	if err != nil {
		panic(err)
	}
	defer eng.Close()
	ana := tenancy.Principal{Tenant: "acme", Operator: "ana", Person: "p-ana", Name: "Ana", Channel: tenancy.ChannelUI}
	if _, err = eng.Bootstrap(context.Background(), tenancy.Firm{Tenant: "acme", Name: "Acme", Admin: ana}); err != nil {
		panic(err)
	}

	api, err := httpapi.New(eng, httpapi.Config{
		Authenticate: func(r *http.Request) (tenancy.Principal, error) { // the host's sessions
			if c, err := r.Cookie("session"); err != nil || c.Value != "ana's" {
				return tenancy.Principal{}, errors.New("nobody")
			}
			return ana, nil
		},
	})
	if err != nil {
		panic(err)
	}
	mux := http.NewServeMux()
	api.Mount(mux, "/ops")
	server := httptest.NewUnstartedServer(mux)
	httpapi.Harden(server.Config)
	server.Config.RegisterOnShutdown(api.Close)
	server.Start()
	defer server.Close()

	for _, session := range []string{"ana's", "somebody's"} {
		r, err := http.NewRequestWithContext(context.Background(), http.MethodPost, server.URL+"/ops/customers", strings.NewReader(`{"name":"Maria"}`))
		if err != nil {
			panic(err)
		}
		r.Header.Set("Content-Type", "application/json")
		r.Header.Set("Idempotency-Key", "open-maria")
		r.AddCookie(&http.Cookie{Name: "session", Value: session})
		got, err := server.Client().Do(r)
		if err != nil {
			panic(err)
		}
		fmt.Println(got.Status)
		if err := got.Body.Close(); err != nil {
			panic(err)
		}
	}
	// Output:
	// 201 Created
	// 401 Unauthorized
}
