// Package screen serves the Customer Operations screen: one ES module with the
// custom element <customer-operations>, and a stand-alone page over it.
//
//	page, err := screen.New(screen.Config{API: "../api/"})
//	mux.Handle("/desk/", http.StripPrefix("/desk", page))
//
// An existing dashboard needs the module only:
//
//	<script type="module" src="/desk/customer-operations.js"></script>
//	<customer-operations customer="…" lang="pt-BR" base="/api/"></customer-operations>
//
// The element speaks the contract of adapters/httpapi under base, with the
// cookies of the page it is in. Its colours are the custom properties
// --onbehalf-bg, -card, -ink, -dim, -line, -accent, -on-accent and -font; its parts are banner,
// accounts, new, table, dialog, toasts, review, confirm and ended; its events are
// onbehalf-entered, -entry, -operation, -refused, -session-ended, -access-ended
// and -sign-in, which may be prevented. It is light or dark as the page around it
// is, by the property color-scheme that it inherits; its attribute theme, one of
// light, dark and auto for what the person's system says, wins over that.
// Everything works under Policy.
package screen

import (
	"bytes"
	"embed"
	"encoding/json"
	"fmt"
	"html/template"
	"net/http"
	"strings"
	"time"
)

// Policy is the Content-Security-Policy that the page is served with, and that
// is enough for the element in any page.
const Policy = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"

//go:embed assets
var assets embed.FS

// Config is what a host may choose. The zero value is good where the API is
// mounted beside the page as api/.
type Config struct {
	// API is where adapters/httpapi is, relative to the page. Empty: "../api/".
	API string
	// Home is where a person signs in and out, relative to the page. Empty: the
	// page has no link to it.
	Home string
}

// Handler serves the page at its root, and the module beside it at
// customer-operations.js. It is made by New and safe for concurrent use.
type Handler struct{ files map[string][]byte }

// New makes a handler. It fails only if what is embedded is not whole.
func New(c Config) (*Handler, error) {
	if c.API == "" {
		c.API = "../api/"
	}
	if !strings.HasSuffix(c.API, "/") {
		c.API += "/"
	}
	page, err := template.ParseFS(assets, "assets/page.html")
	if err != nil {
		return nil, fmt.Errorf("screen: %w", err)
	}
	var html bytes.Buffer
	if err := page.Execute(&html, c); err != nil {
		return nil, fmt.Errorf("screen: %w", err)
	}
	h := &Handler{files: map[string][]byte{"": html.Bytes()}}
	if h.files["customer-operations.js"], err = module(); err != nil {
		return nil, err
	}
	for _, name := range []string{"page.js", "forms.js", "profile.js", "trading.js", "users.js", "firm.js", "page.css"} {
		if h.files[name], err = assets.ReadFile("assets/" + name); err != nil {
			return nil, fmt.Errorf("screen: %w", err)
		}
	}
	return h, nil
}

// module is the element as one ES module: the catalogues, what both it and the
// page use, the style, the code.
func module() ([]byte, error) {
	var all bytes.Buffer
	for _, name := range []string{"words.js", "why.js", "show.js", "request.js", "element.css", "element.js"} {
		text, err := assets.ReadFile("assets/" + name)
		if err != nil {
			return nil, fmt.Errorf("screen: %w", err)
		}
		if name == "element.css" {
			if text, err = json.Marshal(string(text)); err != nil {
				return nil, fmt.Errorf("screen: %w", err)
			}
			text = fmt.Appendf(nil, "const css = %s;\n", text)
		}
		all.Write(text)
	}
	return all.Bytes(), nil
}

// ServeHTTP serves files by name; it knows nothing of customers.
func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	name := strings.TrimPrefix(r.URL.Path, "/")
	text, ok := h.files[name]
	if !ok {
		http.NotFound(w, r)
		return
	}
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		w.Header().Set("Allow", "GET, HEAD")
		http.Error(w, "method not allowed", http.StatusMethodNotAllowed)
		return
	}
	header := w.Header()
	header.Set("Content-Security-Policy", Policy)
	header.Set("X-Content-Type-Options", "nosniff")
	header.Set("Referrer-Policy", "no-referrer")
	header.Set("Cache-Control", "no-cache")
	if name == "" {
		name = "page.html"
	}
	http.ServeContent(w, r, name, time.Time{}, bytes.NewReader(text))
}
