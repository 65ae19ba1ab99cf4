// Command guide is the program of docs/guide.md.
package main

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"database/sql"
	_ "embed"
	"errors"
	"fmt"
	"html/template"
	"log"
	"net/http"
	"time"

	"github.com/shopspring/decimal"
	_ "modernc.org/sqlite"

	"github.com/onbehalf/onbehalf/accounts"
	"github.com/onbehalf/onbehalf/adapters/httpapi"
	"github.com/onbehalf/onbehalf/adapters/screen"
	"github.com/onbehalf/onbehalf/adapters/sqlstore"
	"github.com/onbehalf/onbehalf/customer"
	"github.com/onbehalf/onbehalf/operations"
	"github.com/onbehalf/onbehalf/tenancy"
)

// openBooks makes an engine on a SQLite file.
func openBooks(ctx context.Context, file string) (*operations.Engine, error) {
	db, err := sql.Open("sqlite", sqlstore.SQLiteDSN(file))
	if err != nil {
		return nil, err
	}
	db.SetMaxOpenConns(1)
	store, err := sqlstore.New(db, sqlstore.SQLite)
	if err != nil {
		return nil, err
	}
	if err := store.Migrate(ctx); err != nil {
		return nil, err
	}
	withdrawals := operations.Match{Kinds: []string{operations.KindWithdrawal}}
	return operations.New(store, operations.Config{
		PolicyVersion: "1",
		Fees:          []operations.FeeRule{{Name: "wire", Match: withdrawals, Tier: operations.Tier{Fixed: decimal.New(350, -2)}}},
		Limits:        []operations.Limit{{Name: "daily", Asset: "BRL", Match: withdrawals, Day: decimal.New(1_000, 0)}},
	})
}

// ana is the firm's first operator, and may do all.
func ana() tenancy.Principal {
	return tenancy.Principal{Tenant: "acme", Operator: "ana", Person: "staff-1", Name: "Ana", Channel: tenancy.ChannelUI}
}

// furnish makes the firm, and a customer with an account and some money in it.
func furnish(ctx context.Context, eng *operations.Engine) (tenancy.CustomerID, error) {
	firm, err := eng.Bootstrap(ctx, tenancy.Firm{Tenant: "acme", Name: "Acme", Admin: ana()})
	if err != nil {
		return "", err
	}
	maria, err := eng.OpenCustomer(ctx, firm, operations.Intent{Key: "maria"}, customer.Profile{Name: "Maria"})
	if err != nil {
		return "", err
	}
	scope, err := eng.Gate().Enter(ctx, ana(), maria.ID, "account opening")
	if err != nil {
		return "", err
	}
	acc, err := eng.Manage(ctx, scope, operations.Intent{Key: "account"}, accounts.Open{Name: "Main", Currency: "BRL", Details: accounts.Details{PixKey: "maria@example.com"}})
	if err != nil {
		return "", err
	}
	_, err = eng.Submit(ctx, scope, operations.Intent{Key: "opening"}, operations.Deposit{To: acc.Account, Amount: decimal.New(250, 0)})
	return maria.ID, err
}

// logIn is the log-in that the host has; here it is that of HTTP.
type logIn struct{ password string }

var errNobody = errors.New("nobody is logged in")

func (l logIn) who(r *http.Request) (tenancy.Principal, error) {
	name, password, _ := r.BasicAuth()
	if name != "ana" || subtle.ConstantTimeCompare([]byte(password), []byte(l.password)) != 1 {
		return tenancy.Principal{}, errNobody
	}
	return ana(), nil
}

//go:embed page.html
var page string

// routes are a page of the host's, the API and the screen.
func routes(eng *operations.Engine, l logIn, c tenancy.CustomerID) (*http.ServeMux, error) {
	api, err := httpapi.New(eng, httpapi.Config{Authenticate: l.who})
	if err != nil {
		return nil, err
	}
	module, err := screen.New(screen.Config{API: "api/"})
	if err != nil {
		return nil, err
	}
	html, err := template.New("page").Parse(page)
	if err != nil {
		return nil, err
	}
	mux := http.NewServeMux()
	api.Mount(mux, "/backoffice/api")
	mux.Handle("/backoffice/", http.StripPrefix("/backoffice", module))
	mux.HandleFunc("GET /{$}", func(w http.ResponseWriter, r *http.Request) {
		if _, err := l.who(r); err != nil {
			w.Header().Set("WWW-Authenticate", "Basic")
			http.Error(w, err.Error(), http.StatusUnauthorized)
			return
		}
		if err := html.Execute(w, c); err != nil {
			log.Print(err)
		}
	})
	return mux, nil
}

func main() {
	ctx, l := context.Background(), logIn{password: rand.Text()}
	eng := must(openBooks(ctx, "books.db"))
	server := &http.Server{Addr: "127.0.0.1:8080", Handler: must(routes(eng, l, must(furnish(ctx, eng)))), ReadHeaderTimeout: 5 * time.Second}
	httpapi.Harden(server)
	fmt.Println("http://127.0.0.1:8080/ as ana, password", l.password)
	log.Fatal(server.ListenAndServe())
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}
