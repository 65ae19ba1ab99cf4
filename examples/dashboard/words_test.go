package main

import (
	"net/http"
	"net/http/httptest"
	"regexp"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/onbehalf/onbehalf/adapters/screen"
	"github.com/onbehalf/onbehalf/operations"
	"github.com/onbehalf/onbehalf/operations/trading"
)

// Each reason that the engine may give is told in words, in both languages.
func TestEveryReasonIsTold(t *testing.T) {
	t.Parallel()
	h, err := screen.New(screen.Config{})
	require.NoError(t, err)
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/customer-operations.js", http.NoBody))
	for _, code := range append(operations.Codes(), trading.Codes()...) {
		require.Len(t, regexp.MustCompile(`[ {]`+code+`: ['"][^'"]`).FindAllString(w.Body.String(), -1), 2, code)
	}
	var words []string
	for _, status := range operations.AnswerStatuses() {
		words = append(words, "answer."+string(status))
	}
	for _, code := range []string{
		operations.IncidentContradiction, operations.IncidentMismatch, operations.IncidentOverdrawn, operations.IncidentClosed,
		operations.IncidentRange, operations.IncidentReversedTwice, operations.IncidentRefunded,
	} {
		words = append(words, "incident."+code)
	}
	for _, word := range words {
		require.Len(t, regexp.MustCompile(`'`+regexp.QuoteMeta(word)+`': '[^']`).FindAllString(w.Body.String(), -1), 2, word)
	}
}
