package main

import (
	"crypto/rand"
	"crypto/subtle"
	"embed"
	"errors"
	"fmt"
	"html/template"
	"net/http"
	"sync"

	"github.com/onbehalf/onbehalf/adapters/screen"
	"github.com/onbehalf/onbehalf/tenancy"
)

//go:embed web
var web embed.FS

// employee is a person as the dashboard knows him.
type employee struct {
	Number      int
	Login, Name string
}

// principal is the same person as the books know him.
func (e employee) principal() tenancy.Principal {
	return tenancy.Principal{
		Tenant: "acme", Operator: tenancy.OperatorID(e.Login), Person: tenancy.PersonID(fmt.Sprint("staff-", e.Number)),
		Name: e.Name, Channel: tenancy.ChannelUI,
	}
}

// ticket is what a customer wants.
type ticket struct {
	Number        int
	Name, Subject string
	Customer      tenancy.CustomerID
}

func (t ticket) reason() string { return fmt.Sprint("ticket ", t.Number) }

func dora() employee { return employee{Number: 7, Login: "dora", Name: "Dora Lima"} }

// dashboard is the firm's own: tickets, behind its own log-in.
type dashboard struct {
	password string
	tickets  []ticket

	mu       sync.RWMutex
	sessions map[string]employee // by the value of the cookie
}

// routes are its pages, as they were before.
func (d *dashboard) routes(mux *http.ServeMux) {
	mux.HandleFunc("GET /{$}", d.show)
	mux.HandleFunc("GET /tickets/{number}", d.show)
	mux.HandleFunc("POST /log-in", d.logIn)
	mux.HandleFunc("POST /log-out", d.logOut)
	mux.Handle("GET /web/", http.FileServerFS(web))
}

var errNobody = errors.New("nobody is logged in")

// authenticate is all that the API needs to know of the log-in.
func (d *dashboard) authenticate(r *http.Request) (tenancy.Principal, error) {
	e, err := d.who(r)
	if err != nil {
		return tenancy.Principal{}, err
	}
	return e.principal(), nil
}

func (d *dashboard) who(r *http.Request) (employee, error) {
	c, err := r.Cookie("acme-desk")
	if err != nil {
		return employee{}, err
	}
	d.mu.RLock()
	defer d.mu.RUnlock()
	e, ok := d.sessions[c.Value]
	if !ok {
		return employee{}, errNobody
	}
	return e, nil
}

// show writes the log-in, the list of tickets or one of them.
func (d *dashboard) show(w http.ResponseWriter, r *http.Request) {
	var page struct {
		Who     employee
		Tickets []ticket
		Ticket  ticket
		Reason  string
	}
	if e, err := d.who(r); err == nil {
		page.Who, page.Tickets = e, d.tickets
		for _, t := range d.tickets {
			if fmt.Sprint(t.Number) == r.PathValue("number") {
				page.Ticket, page.Reason = t, t.reason()
			}
		}
	}
	w.Header().Set("Content-Security-Policy", screen.Policy)
	w.Header().Set("Cache-Control", "no-store")
	_ = template.Must(template.ParseFS(web, "web/page.html")).Execute(w, page) // a client that has left needs no page
}

func (d *dashboard) logIn(w http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(w, r.Body, 1<<10)
	right := subtle.ConstantTimeCompare([]byte(r.FormValue("password")), []byte(d.password)) == 1
	if r.FormValue("login") != dora().Login || !right {
		http.Error(w, "wrong login or password", http.StatusForbidden)
		return
	}
	token := rand.Text()
	d.mu.Lock()
	d.sessions[token] = dora()
	d.mu.Unlock()
	http.SetCookie(w, &http.Cookie{Name: "acme-desk", Value: token, Path: "/", HttpOnly: true, SameSite: http.SameSiteStrictMode}) //nolint:gosec // plain HTTP on the loopback
	http.Redirect(w, r, "/", http.StatusSeeOther)
}

func (d *dashboard) logOut(w http.ResponseWriter, r *http.Request) {
	if c, err := r.Cookie("acme-desk"); err == nil {
		d.mu.Lock()
		delete(d.sessions, c.Value)
		d.mu.Unlock()
	}
	http.Redirect(w, r, "/", http.StatusSeeOther)
}
