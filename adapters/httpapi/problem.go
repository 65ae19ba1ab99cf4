package httpapi

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"slices"

	"github.com/onbehalf/onbehalf/adapters/httpapi/internal/contract"
	"github.com/onbehalf/onbehalf/operations"
	"github.com/onbehalf/onbehalf/tenancy"
)

// trouble is a problem of the way a request came, found before the engine was
// asked.
type trouble struct {
	code  contract.ProblemCode
	allow string // of a method that is not allowed
	retry string // seconds
}

func (t *trouble) Error() string { return string(t.code) }

// replayed marks a refusal that the key had as its outcome already.
type replayed struct{ error }

func (r replayed) Unwrap() error { return r.error }

// statusOf is the one table of status codes.
func statusOf(code contract.ProblemCode) int {
	switch code {
	case contract.Invalid, contract.IdempotencyKeyRequired, contract.ContextRequired:
		return http.StatusBadRequest
	case contract.Unauthenticated:
		return http.StatusUnauthorized
	case contract.Forbidden, contract.ContextMismatch, contract.ContextExpired, contract.CrossOrigin, contract.ReadOnly:
		return http.StatusForbidden
	case contract.NotFound:
		return http.StatusNotFound
	case contract.MethodNotAllowed:
		return http.StatusMethodNotAllowed
	case contract.Exists:
		return http.StatusConflict
	case contract.StaleVersion:
		return http.StatusPreconditionFailed
	case contract.TooLarge:
		return http.StatusRequestEntityTooLarge
	case contract.UnsupportedMediaType:
		return http.StatusUnsupportedMediaType
	case contract.Refused, contract.KeyReused:
		return http.StatusUnprocessableEntity
	case contract.VersionRequired:
		return http.StatusPreconditionRequired
	case contract.RateLimited:
		return http.StatusTooManyRequests
	case contract.Unavailable:
		return http.StatusServiceUnavailable
	case contract.UnknownOutcome:
		return http.StatusGatewayTimeout
	case contract.Internal:
		return http.StatusInternalServerError
	}
	return http.StatusInternalServerError
}

// problemOf reads an error; nothing of its text goes out.
func problemOf(err error) contract.Problem {
	p := contract.Problem{Type: "about:blank", Code: contract.Internal, Errors: []contract.ProblemItem{}}
	t, isTrouble := errors.AsType[*trouble](err)
	conflict, isConflict := errors.AsType[*operations.ConflictError](err)
	switch {
	case isTrouble:
		p.Code, p.Detail = t.code, opt(remedyOf(t.code))
	case errors.Is(err, operations.ErrUnknownOutcome):
		p.Code = contract.UnknownOutcome
		if u, ok := errors.AsType[*operations.UnknownOutcomeError](err); ok {
			p.Key = opt(u.Key)
		}
	case isConflict:
		p.Code = contract.ProblemCode(conflict.Reason)
		switch {
		case conflict.Reason != operations.StaleVersion:
		case conflict.ID == "": // of a setting
			p.Version = &conflict.Version
		default:
			p.Operation = &contract.ProblemOperation{Id: string(conflict.ID), State: conflict.State, Version: conflict.Version}
		}
	case errors.Is(err, operations.ErrConflict):
		p.Code = contract.Exists
	case errors.Is(err, operations.ErrInvalid):
		p.Code, p.Errors = contract.Invalid, malformed(err)
	case errors.Is(err, operations.ErrRefused):
		p.Code, p.Errors = refusal(err)
	case errors.Is(err, operations.ErrNotFound):
		p.Code = contract.NotFound
	case errors.Is(err, operations.ErrUnavailable), errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		p.Code = contract.Unavailable
	}
	p.Status = statusOf(p.Code)
	p.Title = http.StatusText(p.Status)
	return p
}

// remedyOf tells what a client has to send, where the code alone says only what
// is missing.
func remedyOf(code contract.ProblemCode) string {
	switch code {
	case contract.ContextRequired:
		return "Open a context by POST /customers/{customer}/context, and send its id in Onbehalf-Context."
	case contract.ContextMismatch:
		return "Send the context that was opened for this customer by this operator."
	case contract.ContextExpired:
		return "Open the context of this customer anew."
	case contract.IdempotencyKeyRequired:
		return "Send an Idempotency-Key: drawn anew for each thing that is meant, repeated with each retry of it."
	case contract.VersionRequired:
		return "Send in If-Match the ETag of the operation as it was seen."
	case contract.UnsupportedMediaType:
		return "Send JSON in UTF-8, with the one Content-Type application/json and no Content-Encoding."
	default:
		return ""
	}
}

// refusal tells apart who may not from what may not.
func refusal(err error) (contract.ProblemCode, []contract.ProblemItem) {
	items, access := []contract.ProblemItem{}, true
	if r, ok := errors.AsType[*operations.RefusedError](err); ok {
		for _, u := range r.Unmet {
			access = access && u.Code != tenancy.CodeReasonRequired && slices.Contains(tenancy.Codes(), u.Code)
			items = append(items, unmetItem(u))
		}
	}
	if access {
		return contract.Forbidden, items
	}
	return contract.Refused, items
}

func unmetItem(u operations.Unmet) contract.ProblemItem {
	item := contract.ProblemItem{Code: u.Code, Subject: opt(u.Subject), Remedy: opt(u.Remedy)}
	if len(u.Figures) > 0 {
		figures := make([]contract.Figure, 0, len(u.Figures))
		for _, f := range u.Figures {
			figures = append(figures, contract.Figure(f))
		}
		item.Figures = &figures
	}
	return item
}

// malformed lists the fields by the names they have in the contract.
func malformed(err error) []contract.ProblemItem {
	items := []contract.ProblemItem{}
	for _, f := range tenancy.Fields(err) {
		switch f.Field {
		case "intent.key":
			f.Field = headerKey
		case "intent.request_id":
			f.Field = "Request-Id"
		case "intent.acknowledge":
			f.Field = "Acknowledge"
		case "states", "kinds", "statuses", "types":
			f.Field = map[string]string{"states": "state", "kinds": "kind", "statuses": "status", "types": "type"}[f.Field]
		}
		items = append(items, contract.ProblemItem{Code: "malformed", Field: &f.Field, Detail: &f.Problem})
	}
	return items
}

// fail answers with the problem that an error is, unless the answer has begun
// and its client left in the middle of it.
func (h *Handler) fail(w http.ResponseWriter, r *http.Request, err error) {
	if answer, ok := w.(*writer); ok {
		if answer.begun {
			return
		}
		answer.forget()
		answer.stream = false // a problem is none
	}
	p := problemOf(err)
	header := w.Header()
	header.Del("ETag")
	header.Set("Content-Type", "application/problem+json")
	if _, ok := errors.AsType[replayed](err); ok {
		header.Set(headerReplayed, "true")
	}
	if t, ok := errors.AsType[*trouble](err); ok {
		if t.allow != "" {
			header.Set("Allow", t.allow)
		}
		if t.retry != "" {
			header.Set("Retry-After", t.retry)
		}
	}
	switch p.Code { //nolint:exhaustive // the others are no reason to come back
	case contract.Unavailable, contract.UnknownOutcome:
		if !errors.Is(err, operations.ErrDamaged) && !errors.Is(err, operations.ErrFormat) {
			header.Set("Retry-After", "1")
		}
	case contract.Unauthenticated:
		header.Set("WWW-Authenticate", "Bearer")
	case contract.Internal:
		h.cfg.Log.LogAttrs(r.Context(), slog.LevelError, "request failed", slog.String("route", r.Pattern))
	}
	w.WriteHeader(p.Status)
	if b, err := json.Marshal(p); err == nil {
		_, _ = w.Write(append(b, '\n')) // a client that has left misses nothing
	}
}
