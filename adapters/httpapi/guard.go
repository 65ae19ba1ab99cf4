package httpapi

import (
	"bytes"
	"context"
	"errors"
	"io"
	"mime"
	"net/http"
	"net/url"
	"path"
	"strconv"
	"strings"
	"time"

	"github.com/onbehalf/onbehalf/adapters/httpapi/internal/contract"
	"github.com/onbehalf/onbehalf/tenancy"
)

// The headers of the contract.
const (
	headerKey      = "Idempotency-Key"
	headerVersion  = "If-Match"
	headerContext  = "Onbehalf-Context"
	headerReplayed = "Idempotent-Replayed"
)

// clean refuses a path that another part of the way could have read otherwise.
func clean(p string) bool { return strings.HasPrefix(p, "/") && path.Clean(p) == p }

// admit decides whether a request comes to its route at all, in the order in
// which a stranger may learn of it; nothing of the body is read before it is
// known who sends it.
func (h *Handler) admit(w *writer, r *http.Request, pattern string) (context.Context, func(), error) {
	to := h.routes[pattern]
	c := &call{request: r, pattern: pattern, customer: customerIn(r, pattern)}
	if !to.public {
		if err := h.who(r, to, c); err != nil {
			return nil, nil, err
		}
	}
	if err := checkQuery(r.URL.RawQuery, to.query); err != nil {
		return nil, nil, err
	}
	if err := h.body(w, r, to); err != nil {
		return nil, nil, err
	}
	ctx := context.WithValue(r.Context(), callKey{}, c)
	if w.taken = true; to.stream {
		w.stream = true
		return h.stream(ctx, w)
	}
	ctx, cancel := context.WithTimeout(ctx, h.cfg.Timeout)
	return ctx, cancel, nil
}

// who finds out who asks, and whether he may now.
func (h *Handler) who(r *http.Request, to route, c *call) error {
	if h.origins.Check(r) != nil {
		return &trouble{code: contract.CrossOrigin}
	}
	p, err := h.cfg.Authenticate(r)
	switch {
	case errors.Is(err, tenancy.ErrUnavailable):
		return &trouble{code: contract.Unavailable}
	case err != nil, p.Validate() != nil:
		return &trouble{code: contract.Unauthenticated}
	}
	if h.cfg.Limit != nil {
		asked := r.Clone(r.Context())
		asked.SetPathValue("customer", c.customer)
		if after, ok := h.cfg.Limit(asked, p); !ok {
			seconds := max(1, int64((after+time.Second-1)/time.Second))
			return &trouble{code: contract.RateLimited, retry: strconv.FormatInt(seconds, 10)}
		}
	}
	if h.cfg.ReadOnly && to.command {
		return &trouble{code: contract.ReadOnly}
	}
	c.principal = p
	return nil
}

// customerIn is the customer of the path, as the route will read it.
func customerIn(r *http.Request, pattern string) string {
	if !strings.Contains(pattern, " /customers/{customer}") {
		return ""
	}
	parts := strings.SplitN(r.URL.EscapedPath(), "/", 4)
	id, err := url.PathUnescape(parts[2])
	if err != nil {
		return ""
	}
	return id
}

// checkQuery refuses what the route does not know, and what comes twice.
func checkQuery(raw string, known map[string]bool) error {
	values, err := url.ParseQuery(raw)
	if err != nil {
		return tenancy.Invalid("query", "is not well-formed")
	}
	var errs []error
	for name, v := range values {
		list, ok := known[name]
		switch {
		case !ok:
			return tenancy.Invalid("query", "has a name that the route does not know")
		case len(v) > 1 && !list:
			errs = append(errs, tenancy.Invalid(name, "is there more than once"))
		case len(v) > 64:
			errs = append(errs, tenancy.Invalid(name, "is there more than 64 times"))
		}
	}
	return errors.Join(errs...)
}

// body reads what the request carries and holds it against what the route takes.
func (h *Handler) body(w http.ResponseWriter, r *http.Request, to route) error {
	if to.body == nil {
		if r.ContentLength == 0 || r.Body == nil {
			return nil
		}
		if h.read(io.Discard, w, r, r.Body, 0) != nil {
			return tenancy.Invalid("body", "is not taken here")
		}
		return nil
	}
	kind, params, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	charset, other := params["charset"]
	if err != nil || kind != "application/json" || len(r.Header.Values("Content-Type")) > 1 || len(r.Header.Values("Content-Encoding")) > 0 ||
		other && !strings.EqualFold(charset, "utf-8") {
		return &trouble{code: contract.UnsupportedMediaType}
	}
	if r.ContentLength > h.cfg.MaxBody {
		return &trouble{code: contract.TooLarge}
	}
	var text bytes.Buffer
	err = h.read(&text, w, r, r.Body, h.cfg.MaxBody)
	if _, ok := errors.AsType[*http.MaxBytesError](err); ok {
		return &trouble{code: contract.TooLarge}
	}
	if err != nil {
		return tenancy.Invalid("body", "did not come in whole, or not in time")
	}
	r.Body = io.NopCloser(bytes.NewReader(text.Bytes()))
	return checkBody(text.Bytes(), to.body)
}

// read takes in a body of at most so many bytes in the time it may take.
func (h *Handler) read(into io.Writer, w http.ResponseWriter, r *http.Request, body io.ReadCloser, most int64) error {
	limited, cancel := context.WithTimeout(r.Context(), h.cfg.BodyTimeout)
	defer cancel()
	control := http.NewResponseController(w)
	stop := context.AfterFunc(limited, func() { _ = control.SetReadDeadline(past()) }) // a writer without a connection has no slow reader
	_, err := io.Copy(into, http.MaxBytesReader(w, body, most))
	if !stop() && err == nil {
		_ = control.SetReadDeadline(time.Time{}) // it came in at the last moment
	}
	return err
}

// past is an instant that is over, as a deadline that ends what is waited for.
func past() time.Time { return time.Unix(1, 0) }

// parameter reads what the generated code found wrong with a parameter.
func parameter(err error) error {
	if e, ok := errors.AsType[*contract.RequiredHeaderError](err); ok {
		switch e.ParamName {
		case headerVersion:
			return &trouble{code: contract.VersionRequired}
		case headerKey:
			return &trouble{code: contract.IdempotencyKeyRequired}
		case headerContext:
			return &trouble{code: contract.ContextRequired}
		}
	}
	if e, ok := errors.AsType[*contract.TooManyValuesForParamError](err); ok {
		return tenancy.Invalid(e.ParamName, "is there more than once")
	}
	if e, ok := errors.AsType[*contract.RequiredParamError](err); ok {
		return tenancy.Invalid(e.ParamName, "is required")
	}
	if e, ok := errors.AsType[*contract.InvalidParamFormatError](err); ok {
		return tenancy.Invalid(e.ParamName, "is not in the form it has")
	}
	return tenancy.Invalid("request", "has a parameter that cannot be read")
}

// discard is a response to nobody.
type discard struct{ header http.Header }

func (d discard) Header() http.Header       { return d.header }
func (discard) Write(b []byte) (int, error) { return len(b), nil }
func (discard) WriteHeader(int)             {}
