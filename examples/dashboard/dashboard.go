package main

import (
	"context"
	"crypto/rand"
	"errors"
	"html/template"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/onbehalf/onbehalf/adapters/screen"
	"github.com/onbehalf/onbehalf/operations"
	"github.com/onbehalf/onbehalf/tenancy"
)

// staff are the operators of this example: whoever presses one of these names
// is that person. It stands where a real host has its authentication.
func staff() map[string]string {
	return map[string]string{"ana": "Ana Ribeiro", "bruno": "Bruno Costa", "carla": "Carla Nunes"}
}

func principal(id string) tenancy.Principal {
	return tenancy.Principal{Tenant: tenant, Operator: tenancy.OperatorID(id), Person: tenancy.PersonID("p-" + id), Name: staff()[id], Channel: tenancy.ChannelUI}
}

// dashboard is the host: it signs people in and mounts the API and the screen.
type dashboard struct {
	options options
	screen  *screen.Handler

	mu       sync.RWMutex
	firm     *firm             // replaced by a reset
	sessions map[string]string // operator by token
}

func newDashboard(ctx context.Context, o options) (*dashboard, error) {
	d := &dashboard{options: o}
	var err error
	if d.screen, err = screen.New(screen.Config{API: "../api/", Home: "../"}); err != nil {
		return nil, err
	}
	if d.firm, err = openFirm(ctx, o, d.authenticate); err != nil {
		return nil, err
	}
	if d.sessions, err = d.firm.sessions(ctx); err != nil {
		return nil, errors.Join(err, d.firm.close())
	}
	return d, nil
}

var errNobody = errors.New("nobody is signed in")

// authenticate knows a session by its cookie, or by the same token as a bearer's.
func (d *dashboard) authenticate(r *http.Request) (tenancy.Principal, error) {
	token, bearer := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	if c, err := r.Cookie("session"); !bearer && err == nil {
		token = c.Value
	}
	d.mu.RLock()
	defer d.mu.RUnlock()
	id, ok := d.sessions[token]
	if !ok {
		return tenancy.Principal{}, errNobody
	}
	p := principal(id)
	if bearer {
		p.Channel = tenancy.ChannelAPI
	}
	return p, nil
}

func (d *dashboard) routes() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", d.home)
	mux.HandleFunc("POST /sign-in", d.signIn)
	mux.HandleFunc("POST /sign-out", d.signOut)
	mux.HandleFunc("POST /reset", d.reset)
	mux.HandleFunc("POST /fault", d.fault)
	mux.Handle("/desk/", http.StripPrefix("/desk", d.screen))
	mux.Handle("/api/", http.StripPrefix("/api", http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		d.mu.RLock()
		api := d.firm.api
		d.mu.RUnlock()
		api.ServeHTTP(w, r)
	})))
	return http.NewCrossOriginProtection().Handler(mux)
}

// homePage is where an operator signs in.
func homePage() *template.Template {
	return template.Must(template.New("home").Parse(`<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>Acme Pagamentos</title><link rel="stylesheet" href="desk/page.css"></head><body><main class="list"><h1>Acme Pagamentos</h1>
{{with .Name}}<p>{{.}} is signed in. <a href="desk/">Customers</a></p><form method="post" action="sign-out"><button>Sign out</button></form>
<form class="card" method="post" action="fault"><label>The payment rail "pix"<select name="fault">{{range $.Faults}}<option value="{{.}}"{{if eq . $.Fault}} selected{{end}}>{{.Says}}</option>{{end}}</select></label><p><button>Set</button></p></form>{{end}}
<p>Sign in as</p><div class="operators">{{range $id, $name := .Staff}}<form class="inline" method="post" action="sign-in"><input type="hidden" name="operator" value="{{$id}}"><input type="hidden" name="back" value="{{$.Back}}"><button id="{{$id}}">{{$name}}</button></form>{{end}}</div>
{{if .Reset}}<p>Or begin again.</p><form method="post" action="reset"><button>Reset</button></form>{{end}}
{{with .Token}}<p>For the API: <code>Authorization: Bearer {{.}}</code></p>{{end}}</main></body></html>`))
}

func (d *dashboard) home(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Security-Policy", screen.Policy)
	w.Header().Set("Cache-Control", "no-store")
	show := struct {
		Name, Token, Back string
		Staff             map[string]string
		Reset             bool
		Fault             fault
		Faults            []fault
	}{Staff: staff(), Reset: d.options.temporary(), Back: r.URL.Query().Get("back")}
	if p, err := d.authenticate(r); err == nil {
		d.mu.RLock()
		show.Name, show.Fault, show.Faults = p.Name, d.firm.rail.now(), faults()
		d.mu.RUnlock()
		if c, err := r.Cookie("session"); err == nil {
			show.Token = c.Value
		}
	}
	_ = homePage().Execute(w, show) // a client that has left needs no page
}

func (d *dashboard) signIn(w http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(w, r.Body, 4<<10)
	operator := r.FormValue("operator")
	if _, ok := staff()[operator]; !ok {
		http.Error(w, "no such operator", http.StatusBadRequest)
		return
	}
	token := rand.Text()
	d.mu.Lock()
	d.sessions[token] = operator
	err := d.firm.remember(r.Context(), token, operator)
	d.mu.Unlock()
	if err != nil {
		http.Error(w, "the session could not be kept", http.StatusServiceUnavailable)
		return
	}
	http.SetCookie(w, &http.Cookie{Name: "session", Value: token, Path: "/", HttpOnly: true, SameSite: http.SameSiteStrictMode}) //nolint:gosec // plain HTTP on the loopback
	// back to the page that the session ended on, and nowhere else
	query, err := url.ParseQuery(strings.TrimPrefix(r.FormValue("back"), "?"))
	if err != nil {
		query = nil
	}
	http.Redirect(w, r, "desk/?"+query.Encode(), http.StatusSeeOther) //nolint:gosec // whatever the query, it is the desk's
}

func (d *dashboard) signOut(w http.ResponseWriter, r *http.Request) {
	if c, err := r.Cookie("session"); err == nil {
		d.mu.Lock()
		delete(d.sessions, c.Value)
		err := d.firm.forget(r.Context(), c.Value)
		d.mu.Unlock()
		if err != nil {
			http.Error(w, "the session could not be ended for good", http.StatusServiceUnavailable)
			return
		}
	}
	http.Redirect(w, r, "./", http.StatusSeeOther)
}

// fault sets what is wrong with the payment rail.
func (d *dashboard) fault(w http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(w, r.Body, 1<<10)
	chosen := fault(r.FormValue("fault"))
	_, err := d.authenticate(r)
	if err != nil || !slices.Contains(faults(), chosen) {
		http.Error(w, "not for you, or no such fault", http.StatusForbidden)
		return
	}
	d.mu.RLock()
	d.firm.rail.set(chosen)
	d.mu.RUnlock()
	http.Redirect(w, r, "./", http.StatusSeeOther)
}

// work has the engine do what is due, each second until ctx ends.
func (d *dashboard) work(ctx context.Context) {
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			d.mu.RLock()
			eng := d.firm.eng
			d.mu.RUnlock()
			_, _ = eng.Work(ctx, operations.Budget{}) // what cannot be done now is due again
		}
	}
}

// reset makes a new firm beside the old one, and then takes its place.
func (d *dashboard) reset(w http.ResponseWriter, r *http.Request) {
	if !d.options.temporary() {
		http.Error(w, "a database of yours is not reset", http.StatusForbidden)
		return
	}
	fresh, err := openFirm(r.Context(), d.options, d.authenticate)
	if err != nil {
		http.Error(w, "the firm could not be made anew", http.StatusInternalServerError)
		return
	}
	d.mu.Lock()
	old := d.firm
	d.firm = fresh
	d.mu.Unlock()
	_ = old.close() // what still runs in it is refused, and its files are temporary
	http.Redirect(w, r, "./", http.StatusSeeOther)
}

func (d *dashboard) endStreams() {
	d.mu.RLock()
	defer d.mu.RUnlock()
	d.firm.api.Close()
}

func (d *dashboard) close() error {
	d.mu.RLock()
	defer d.mu.RUnlock()
	return d.firm.close()
}
