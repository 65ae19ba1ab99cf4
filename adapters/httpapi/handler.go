package httpapi

import (
	"context"
	_ "embed" // the contract is served
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/onbehalf/onbehalf/adapters/httpapi/internal/contract"
	"github.com/onbehalf/onbehalf/operations"
	"github.com/onbehalf/onbehalf/tenancy"
)

//go:embed openapi.yaml
var document []byte

// Contract is the OpenAPI 3.1 document that handlers serve, in YAML. The caller
// owns it.
func Contract() []byte { return slices.Clone(document) }

// Handler serves an engine. It is made by New, safe for concurrent use, and
// starts no goroutine but to cut off clients that are too slow, within their
// requests.
type Handler struct {
	engine  *operations.Engine
	cfg     Config
	seals   sealer
	origins *http.CrossOriginProtection
	mux     *http.ServeMux
	routes  map[string]route
	streams chan struct{}
	closed  chan struct{}
	once    sync.Once
}

// New makes a handler of an engine, which stays the host's to close, after the
// handler. All problems of the configuration are reported at once.
func New(engine *operations.Engine, c Config) (*Handler, error) {
	h := &Handler{engine: engine, cfg: c.defaulted(), origins: http.NewCrossOriginProtection(), mux: http.NewServeMux(), closed: make(chan struct{})}
	errs := []error{h.cfg.validate()}
	if engine == nil {
		errs = append(errs, tenancy.Invalid("engine", "is nil"))
	}
	for i, origin := range c.TrustedOrigins {
		if err := h.origins.AddTrustedOrigin(origin); err != nil {
			errs = append(errs, tenancy.Invalid(fmt.Sprintf("TrustedOrigins[%d]", i), "is not an origin such as https://desk.example"))
		}
	}
	if err := errors.Join(errs...); err != nil {
		return nil, fmt.Errorf("config: %w", err)
	}
	var err error
	if h.seals, err = newSealer(h.cfg.Secret); err != nil {
		return nil, fmt.Errorf("config: secret: %w", err)
	}
	h.streams = make(chan struct{}, h.cfg.MaxStreams)
	h.routes = routes()
	strict := contract.NewStrictHandlerWithOptions(&server{h}, nil, contract.StrictHTTPServerOptions{
		RequestErrorHandlerFunc: func(w http.ResponseWriter, r *http.Request, _ error) {
			h.fail(w, r, tenancy.Invalid("body", "is not what the route takes"))
		},
		ResponseErrorHandlerFunc: h.fail,
	})
	contract.HandlerWithOptions(strict, contract.StdHTTPServerOptions{
		BaseRouter:       h.mux,
		ErrorHandlerFunc: func(w http.ResponseWriter, r *http.Request, err error) { h.fail(w, r, parameter(err)) },
	})
	return h, nil
}

// Close ends the streams that are open, and refuses new ones; everything else
// goes on. Register it with http.Server.RegisterOnShutdown, so that a shutdown
// does not wait for them. It may be called more than once.
func (h *Handler) Close() { h.once.Do(func() { close(h.closed) }) }

// Mount serves the handler under a prefix of the host's mux, such as "/ops", or
// at its root with an empty one.
func (h *Handler) Mount(mux *http.ServeMux, prefix string) {
	prefix = strings.TrimRight(prefix, "/")
	mux.Handle(prefix+"/", http.StripPrefix(prefix, h))
}

// Harden gives a server the bounds that a handler cannot set, where the host has
// set none: 5 seconds for the header of a request, of at most 16 KiB, and a
// minute between requests. It sets no time-out for whole requests: those that
// carry a body have Config.BodyTimeout, and streams live long.
func Harden(s *http.Server) {
	def(&s.ReadHeaderTimeout, 5*time.Second)
	def(&s.IdleTimeout, time.Minute)
	def(&s.MaxHeaderBytes, 16<<10)
}

// ServeHTTP answers one request.
func (h *Handler) ServeHTTP(rw http.ResponseWriter, r *http.Request) {
	w, body := &writer{ResponseWriter: rw}, r.Body
	h.serve(w, r)
	if !w.taken {
		h.drain(w, r, body)
	}
	if !w.stream {
		w.send(h.sink(rw), r)
	}
}

func (h *Handler) serve(w *writer, r *http.Request) {
	header := w.Header()
	header.Set("Cache-Control", "no-store")
	header.Set("X-Content-Type-Options", "nosniff")
	header.Set("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'")
	header.Set("Referrer-Policy", "no-referrer")
	defer func() {
		v := recover()
		if v == nil {
			return
		}
		if v == http.ErrAbortHandler { //nolint:errorlint,err113 // a panic's value is compared as net/http does it
			panic(v)
		}
		h.cfg.Log.LogAttrs(r.Context(), slog.LevelError, "panic in a request", slog.String("route", r.Pattern), slog.Any("panic", v))
		if w.begun {
			panic(http.ErrAbortHandler) // the client must see that it is not whole
		}
		h.fail(w, r, &trouble{code: contract.Internal})
	}()
	pattern, err := h.find(r)
	if err != nil {
		h.fail(w, r, err)
		return
	}
	ctx, done, err := h.admit(w, r, pattern)
	if err != nil {
		h.fail(w, r, err)
		return
	}
	defer done()
	h.mux.ServeHTTP(w, r.WithContext(ctx))
}

// find gives the route that a request is for.
func (h *Handler) find(r *http.Request) (string, error) {
	if clean(r.URL.Path) {
		handler, pattern := h.mux.Handler(r)
		if pattern != "" {
			return pattern, nil
		}
		refusal := writer{ResponseWriter: discard{http.Header{}}}
		handler.ServeHTTP(&refusal, r)
		if allow := refusal.Header().Get("Allow"); allow != "" {
			return "", &trouble{code: contract.MethodNotAllowed, allow: allow}
		}
	}
	return "", &trouble{code: contract.NotFound}
}

// call is what is known of a request before its route reads it.
type call struct {
	principal tenancy.Principal
	request   *http.Request
	pattern   string
	customer  string // of the path; empty on routes of the firm
}

type callKey struct{}

// callOf is the call that ServeHTTP put there.
func callOf(ctx context.Context) *call {
	c, _ := ctx.Value(callKey{}).(*call)
	return c
}
