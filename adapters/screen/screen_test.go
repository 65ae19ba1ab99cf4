package screen_test

import (
	"net/http"
	"net/http/httptest"
	"regexp"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/onbehalf/onbehalf/adapters/screen"
)

func get(t *testing.T, path string) *httptest.ResponseRecorder {
	t.Helper()
	h, err := screen.New(screen.Config{API: "../here"})
	require.NoError(t, err)
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), http.MethodGet, path, http.NoBody))
	return w
}

func TestThePageIsStrictAndSmall(t *testing.T) {
	t.Parallel()
	all := 0
	for path, kind := range map[string]string{
		"/": "text/html", "/customer-operations.js": "text/javascript", "/page.js": "text/javascript", "/profile.js": "text/javascript", "/page.css": "text/css",
		"/forms.js": "text/javascript", "/trading.js": "text/javascript", "/users.js": "text/javascript", "/firm.js": "text/javascript",
	} {
		w := get(t, path)
		require.Equal(t, http.StatusOK, w.Code, path)
		require.Contains(t, w.Header().Get("Content-Type"), kind)
		require.Equal(t, screen.Policy, w.Header().Get("Content-Security-Policy"))
		all += w.Body.Len()
	}
	require.NotContains(t, screen.Policy, "unsafe")
	require.Less(t, all, 150<<10)
	require.Contains(t, get(t, "/").Body.String(), `data-api="../here/"`)
	require.Equal(t, http.StatusNotFound, get(t, "/words.js").Code)
}

// A text in one language only would show its key to the people of the other.
func TestBothCataloguesHaveTheSameTexts(t *testing.T) {
	t.Parallel()
	text := get(t, "/customer-operations.js").Body.String()
	parts := regexp.MustCompile(`(?s)const en = \{(.*?)\n\};\nconst pt = \{(.*?)\n\};`).FindStringSubmatch(text)
	require.Len(t, parts, 3)
	key := regexp.MustCompile(`(?:\n {2}|', |", )'?([a-zA-Z0-9]+(?:\.\w+)?)'?: ['"]`)
	keys := func(part string) (all []string) {
		for _, m := range key.FindAllStringSubmatch(part, -1) {
			all = append(all, m[1])
		}
		return all
	}
	require.Greater(t, len(keys(parts[1])), 100)
	require.Equal(t, keys(parts[1]), keys(parts[2]))
}
