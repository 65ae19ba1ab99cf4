package httpapi

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/onbehalf/onbehalf/adapters/httpapi/internal/contract"
	"github.com/onbehalf/onbehalf/operations"
	"github.com/onbehalf/onbehalf/tenancy"
)

func TestEveryClassOfErrorHasItsProblem(t *testing.T) {
	t.Parallel()
	h := &Handler{cfg: Config{}.defaulted()}
	for _, test := range []struct {
		err    error
		status int
		code   contract.ProblemCode
		header string
	}{
		{tenancy.Invalid("amount", "is zero"), 400, contract.Invalid, ""},
		{&trouble{code: contract.ContextRequired}, 400, contract.ContextRequired, ""},
		{&trouble{code: contract.Unauthenticated}, 401, contract.Unauthenticated, "WWW-Authenticate"},
		{tenancy.Refuse(tenancy.Unmet{Code: tenancy.CodeGrantMissing}), 403, contract.Forbidden, ""},
		{tenancy.Refuse(tenancy.Unmet{Code: tenancy.CodePermissionMissing}), 403, contract.Forbidden, ""},
		{tenancy.Refuse(tenancy.Unmet{Code: tenancy.CodeReasonRequired}), 422, contract.Refused, ""},
		{tenancy.Refuse(tenancy.Unmet{Code: tenancy.CodePermissionMissing}, tenancy.Unmet{Code: "other"}), 422, contract.Refused, ""},
		{replayed{tenancy.Refuse(tenancy.Unmet{Code: "other"})}, 422, contract.Refused, headerReplayed},
		{fmt.Errorf("canary: %w", tenancy.ErrNotFound), 404, contract.NotFound, ""},
		{&trouble{code: contract.MethodNotAllowed, allow: "GET"}, 405, contract.MethodNotAllowed, "Allow"},
		{&operations.ConflictError{Reason: operations.Exists}, 409, contract.Exists, ""},
		{fmt.Errorf("canary: %w", operations.ErrConflict), 409, contract.Exists, ""},
		{&operations.ConflictError{Reason: operations.StaleVersion, ID: "op", State: operations.Completed, Version: 3}, 412, contract.StaleVersion, ""},
		{&operations.ConflictError{Reason: operations.KeyReused}, 422, contract.KeyReused, ""},
		{&trouble{code: contract.RateLimited, retry: "7"}, 429, contract.RateLimited, "Retry-After"},
		{fmt.Errorf("canary: %w", operations.ErrUnavailable), 503, contract.Unavailable, "Retry-After"},
		{context.DeadlineExceeded, 503, contract.Unavailable, "Retry-After"},
		{fmt.Errorf("%w: %w", operations.ErrUnavailable, operations.ErrDamaged), 503, contract.Unavailable, ""},
		{&operations.UnknownOutcomeError{Key: "k-1", Err: errors.New("canary")}, 504, contract.UnknownOutcome, "Retry-After"},
		{errors.New("canary"), 500, contract.Internal, ""},
	} {
		t.Run(fmt.Sprint(test.status, " ", test.code), func(t *testing.T) {
			t.Parallel()
			out := httptest.NewRecorder()
			h.fail(out, httptest.NewRequestWithContext(t.Context(), "GET", "/", nil), test.err)
			require.Equal(t, test.status, out.Code)
			require.Contains(t, out.Body.String(), fmt.Sprintf(`"code":%q`, test.code))
			require.NotContains(t, out.Body.String(), "canary")
			for _, name := range []string{"WWW-Authenticate", "Allow", "Retry-After", headerReplayed} {
				require.Equal(t, name == test.header, out.Header().Get(name) != "", name)
			}
		})
	}
}

func TestWhatAClientForgotToSendIsNamed(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		code  contract.ProblemCode
		named string
	}{
		{contract.ContextRequired, "POST /customers/{customer}/context"},
		{contract.ContextMismatch, "this customer"},
		{contract.ContextExpired, "anew"},
		{contract.IdempotencyKeyRequired, headerKey},
		{contract.VersionRequired, headerVersion},
		{contract.UnsupportedMediaType, "application/json"},
	} {
		p := problemOf(&trouble{code: test.code})
		require.NotNil(t, p.Detail, test.code)
		require.Contains(t, *p.Detail, test.named)
	}
	require.Nil(t, problemOf(&trouble{code: contract.Unauthenticated}).Detail)
}

func TestAStreamThatHasBegunGetsNoProblem(t *testing.T) {
	t.Parallel()
	h := &Handler{cfg: Config{}.defaulted()}
	out := httptest.NewRecorder()
	w := &writer{ResponseWriter: out, stream: true}
	_, err := w.Write([]byte("id,state"))
	require.NoError(t, err)
	h.fail(w, httptest.NewRequestWithContext(t.Context(), "GET", "/", nil), errors.New("the client has left"))
	require.Equal(t, "id,state", out.Body.String())
}

func TestAnAnswerThatFailsOnTheWayIsAProblemAlone(t *testing.T) {
	t.Parallel()
	h := &Handler{cfg: Config{}.defaulted()}
	for _, stream := range []bool{false, true} {
		out := httptest.NewRecorder()
		w := &writer{ResponseWriter: out, stream: stream}
		r := httptest.NewRequestWithContext(t.Context(), "GET", "/", nil)
		if !stream {
			w.WriteHeader(http.StatusCreated)
			_, err := w.Write([]byte(`{"items":`))
			require.NoError(t, err)
		}
		h.fail(w, r, errors.New("canary"))
		require.False(t, w.stream)
		w.send(h.sink(out), r)
		require.Equal(t, 500, out.Code)
		require.JSONEq(t, `{"type":"about:blank","title":"Internal Server Error","status":500,"code":"internal","errors":[]}`, out.Body.String())
		require.Equal(t, strconv.Itoa(out.Body.Len()), out.Header().Get("Content-Length"))
	}
}

func TestTheContractTellsTheStatusOfEachCode(t *testing.T) {
	t.Parallel()
	words := strings.Join(strings.Fields(string(Contract())), " ")
	_, rest, ok := strings.Cut(words, "With its status: ")
	require.True(t, ok)
	told, codes, ok := strings.Cut(rest, " enum: - ")
	require.True(t, ok)
	codes, _, ok = strings.Cut(codes, " detail:")
	require.True(t, ok)
	for code := range strings.SplitSeq(codes, " - ") {
		require.Contains(t, told, fmt.Sprintf("%s %d", code, statusOf(contract.ProblemCode(code))))
	}
}

func TestAnUnknownOutcomeTellsTheKeyToAskBy(t *testing.T) {
	t.Parallel()
	p := problemOf(&operations.UnknownOutcomeError{Key: "k-1", Err: context.Canceled})
	require.Equal(t, "k-1", *p.Key)
}
