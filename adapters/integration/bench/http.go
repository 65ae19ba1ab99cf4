package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"

	"golang.org/x/sync/errgroup"

	"github.com/onbehalf/onbehalf/adapters/httpapi"
	"github.com/onbehalf/onbehalf/operations"
	"github.com/onbehalf/onbehalf/tenancy"
)

// httpConnections are those of R10, and the callers of both its sides.
const httpConnections = 32

// httpSide has an engine of its own do the tasks through the API, each caller
// over a connection that it keeps.
type httpSide struct {
	*engineSide
	api    *httpapi.Handler
	server *http.Server
	served errgroup.Group
	client *http.Client
	url    string
	pages  []string // by book, the context it was opened with
}

func newHTTPSide(ctx context.Context, e *engineSide) (*httpSide, error) {
	teller := e.teller
	teller.Channel = tenancy.ChannelAPI
	api, err := httpapi.New(e.eng, httpapi.Config{Authenticate: func(*http.Request) (tenancy.Principal, error) { return teller, nil }})
	if err != nil {
		return nil, err
	}
	var lc net.ListenConfig
	at, err := lc.Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		api.Close()
		return nil, err
	}
	mux := http.NewServeMux()
	api.Mount(mux, "/ops")
	s := &httpSide{
		engineSide: e, api: api, server: &http.Server{Handler: mux}, //nolint:gosec // Harden sets the times
		client: &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: httpConnections, MaxConnsPerHost: httpConnections}},
		url:    "http://" + at.Addr().String() + "/ops/customers/", pages: make([]string, len(e.books)),
	}
	httpapi.Harden(s.server)
	s.served.Go(func() error { return s.server.Serve(at) })
	err = s.spread(ctx, len(s.pages), func(ctx context.Context, i int) error {
		var opened struct {
			Context string `json:"context"`
		}
		err := s.post(ctx, i, "/context", "", map[string]any{}, &opened)
		s.pages[i] = opened.Context
		return err
	})
	return s, err
}

func (s *httpSide) close() error {
	s.client.CloseIdleConnections()
	s.api.Close()
	err := s.server.Close()
	if served := s.served.Wait(); !errors.Is(served, http.ErrServerClosed) {
		err = errors.Join(err, served)
	}
	return err
}

func (s *httpSide) run(ctx context.Context, tasks []task) error {
	return s.spread(ctx, len(tasks), func(ctx context.Context, i int) error {
		t, k := &tasks[i], &s.books[tasks[i].book]
		order := map[string]any{"kind": operations.KindDeposit, "to": k.current, "amount": t.decimal().StringFixed(scale)}
		if t.transfer {
			order = map[string]any{"kind": operations.KindTransfer, "from": k.current, "to": k.savings, "amount": t.decimal().StringFixed(scale)}
		}
		var res operations.Result
		if err := s.post(ctx, t.book, "/submit", t.key, order, &res); err != nil {
			return err
		}
		if res.Operation.State != operations.Completed {
			return fmt.Errorf("task %s is %s", t.key, res.Operation.State)
		}
		return nil
	})
}

// post sends one command, or opens a context, and reads all of the answer.
func (s *httpSide) post(ctx context.Context, book int, path, key string, body, into any) (err error) {
	text, err := json.Marshal(body)
	if err != nil {
		return err
	}
	customer := url.PathEscape(string(s.books[book].scope.Customer()))
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, s.url+customer+path, strings.NewReader(string(text)))
	if err != nil {
		return err
	}
	r.Header.Set("Content-Type", "application/json")
	if key != "" {
		r.Header.Set("Idempotency-Key", key)
		r.Header.Set("Onbehalf-Context", s.pages[book])
	}
	a, err := s.client.Do(r)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, a.Body.Close()) }()
	text, err = io.ReadAll(a.Body)
	if err != nil {
		return err
	}
	if a.StatusCode != http.StatusCreated {
		return fmt.Errorf("status %d: %s", a.StatusCode, text)
	}
	return json.Unmarshal(text, into)
}
