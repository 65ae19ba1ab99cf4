package screen_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"

	"github.com/onbehalf/onbehalf/adapters/screen"
)

// The screen is mounted under a prefix of the host's, beside the API at api/;
// there a page of the host's finds the script of the element, too.
func ExampleNew() {
	page, err := screen.New(screen.Config{API: "api/"})
	if err != nil {
		panic(err)
	}
	mux := http.NewServeMux()
	mux.Handle("/backoffice/", http.StripPrefix("/backoffice", page))

	for _, path := range []string{"/backoffice/", "/backoffice/customer-operations.js"} {
		out := httptest.NewRecorder()
		mux.ServeHTTP(out, httptest.NewRequest(http.MethodGet, path, http.NoBody))
		fmt.Println(path, out.Code, out.Header().Get("Content-Type"))
	}
	// Output:
	// /backoffice/ 200 text/html; charset=utf-8
	// /backoffice/customer-operations.js 200 text/javascript; charset=utf-8
}
