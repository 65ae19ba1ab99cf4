package integration_test

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"slices"
	"sync"
	"time"

	"github.com/shopspring/decimal"

	"github.com/onbehalf/onbehalf/accounts"
	"github.com/onbehalf/onbehalf/customer"
	"github.com/onbehalf/onbehalf/operations"
	"github.com/onbehalf/onbehalf/tenancy"
)

// world is an engine over one store, with every source of chance in hand.
type world struct {
	name      string
	store     operations.Store
	eng       *operations.Engine
	clock     func() time.Time
	ids       int
	entropy   *rand.ChaCha8
	log       bytes.Buffer // what the engine says of the step at hand
	providers map[string]*fakeProvider
	scopes    map[scopeOf]tenancy.Scope
	before    map[operations.BookID]string // projections, as of the last look
	seen      map[operations.BookID]operations.Head
}

// epoch is where the clock of every property test begins, in the middle of a minute.
func epoch() time.Time { return time.Date(2026, 3, 1, 9, 0, 30, 123456000, time.UTC) }

func newWorld(name string, store operations.Store, clock func() time.Time) *world {
	w := &world{
		name: name, store: store, clock: clock, entropy: rand.NewChaCha8([32]byte{1}), scopes: map[scopeOf]tenancy.Scope{},
		before: map[operations.BookID]string{}, seen: map[operations.BookID]operations.Head{},
		providers: map[string]*fakeProvider{
			"bank": {contract: operations.Contract{HonoursReference: true}, known: map[string]operations.Instruction{}},
			"wire": {contract: operations.Contract{Finality: wireFinality}, known: map[string]operations.Instruction{}},
		},
	}
	w.reopen()
	return w
}

func (w *world) reopen() {
	if w.eng != nil {
		w.eng.Close()
	}
	assets, err := accounts.NewAssets(accounts.Asset{Code: "BTC", Scale: 8, Network: "bitcoin"})
	must(err)
	w.eng, err = operations.New(w.store, operations.Config{
		Assets: assets, PolicyVersion: "test",
		Rules:     []operations.Rule{operations.ForKinds{Kinds: []string{operations.KindTransfer}, Rule: operations.AmountWithin{Asset: "BRL", Max: decimal.RequireFromString(transferMaximum)}}},
		Providers: map[string]operations.Provider{"bank": w.providers["bank"], "wire": w.providers["wire"]},
		Clock:     operations.ClockFunc(w.clock), Entropy: w.entropy, Log: slog.New(slog.NewTextHandler(&w.log, nil)),
		IDs: operations.IDFunc(func() string { w.ids++; return fmt.Sprintf("id-%06d", w.ids) }),
	})
	must(err)
	clear(w.scopes)
}

func must(err error) {
	if err != nil {
		panic(err)
	}
}

func principal(tenant tenancy.TenantID, operator string) tenancy.Principal {
	return tenancy.Principal{Tenant: tenant, Operator: tenancy.OperatorID(operator), Person: tenancy.PersonID("p-" + operator)}
}

// caller is how an operator of the property tests comes: annie is another id of
// ana's, and eve acts for ben.
func caller(tenant tenancy.TenantID, operator string) tenancy.Principal {
	p := principal(tenant, operator)
	switch operator {
	case "annie":
		p.Person = "p-ana"
	case "ben":
		p.Delegates = []tenancy.Actor{{Kind: tenancy.OperatorActor, ID: "eve", Person: "p-eve"}}
	}
	return p
}

// fakeProvider says what it is told to say.
type fakeProvider struct {
	contract  operations.Contract
	mu        sync.Mutex
	send, ask string
	known     map[string]operations.Instruction
}

func (p *fakeProvider) Contract() operations.Contract { return p.contract }

func (p *fakeProvider) Send(_ context.Context, i operations.Instruction) (operations.Answer, error) {
	p.mu.Lock()
	p.known[i.Reference] = i
	mode := p.send
	p.mu.Unlock()
	return say(mode, i.Reference, i.Order.Amount.Decimal, i.Terms.Asset, "x0")
}

func (p *fakeProvider) Ask(_ context.Context, reference string) (operations.Answer, error) {
	p.mu.Lock()
	i, ok := p.known[reference]
	mode := p.ask
	p.mu.Unlock()
	if !ok {
		mode = "not found"
	}
	return say(mode, reference, i.Order.Amount.Decimal, i.Terms.Asset, "x0")
}

var errNoAnswer = errors.New("no answer")

func say(mode, reference string, amount decimal.Decimal, asset, external string) (operations.Answer, error) {
	a := operations.Answer{Reference: reference, Amount: amount, Asset: asset, External: external}
	switch mode {
	case "settle":
		a.Status = operations.AnswerSettled
	case "refuse":
		a.Status, a.Code = operations.AnswerRefused, "no_funds"
	case "call off":
		a.Status = operations.AnswerCalledOff
	case "pending":
		a.Status = operations.AnswerPending
	case "not found":
		a.Status = operations.AnswerNotFound
	case "reverse":
		a.Status = operations.AnswerReversed
	case "other amount", "reverse other amount":
		a.Status, a.Amount = operations.AnswerSettled, decimal.New(1, 0)
		if amount.Equal(a.Amount) {
			a.Amount = decimal.New(2, 0)
		}
		if mode != "other amount" {
			a.Status = operations.AnswerReversed
		}
	case "other asset":
		a.Status, a.Asset = operations.AnswerSettled, "XYZ"
	case "garbage":
		a.Status = "perhaps"
	case "unreadable":
		a.Status, a.Text = operations.AnswerSettled, "two\nlines"
	case "panic":
		panic("the provider's client broke")
	default:
		return operations.Answer{}, errNoAnswer
	}
	return a, nil
}

func modes() []string {
	return []string{"settle", "refuse", "timeout", "settle", "call off", "pending", "not found", "other amount", "other asset", "garbage", "unreadable", "panic", "reverse", "reverse other amount"}
}

func (w *world) scope(s step) tenancy.Scope { return w.scopes[scopeOf{s.By, s.Book}] }

// look is the administrator's own scope, opened anew, for checkers.
func (w *world) look(id operations.BookID) tenancy.Scope {
	admin := principal(id.Tenant, adminOf(id.Tenant))
	var sc tenancy.Scope
	var err error
	if id.Customer == tenancy.House {
		sc, err = w.eng.Gate().Own(context.Background(), admin, "")
	} else {
		sc, err = w.eng.Gate().Enter(context.Background(), admin, id.Customer, "check")
	}
	must(err)
	return sc
}

func adminOf(tenant tenancy.TenantID) string {
	if tenant == "acme" {
		return "ana"
	}
	return "zoe"
}

// run does a step for real and tells what a caller is told.
func (w *world) run(s step) outcome {
	ctx := context.Background()
	w.log.Reset()
	for _, p := range w.providers {
		p.mu.Lock()
		p.send, p.ask = s.Send, s.Ask
		p.mu.Unlock()
	}
	in, sc := operations.Intent{Key: s.Key, RequestID: "r-" + s.Key}, w.scope(s)
	ref := operations.Ref{ID: operations.OperationID(s.Op), Version: s.Version}
	switch s.Do {
	case "advance":
		return outcome{Class: "ok"}
	case "reopen":
		w.reopen()
		return outcome{Class: "ok"}
	case "enter":
		return w.enter(ctx, s)
	case "prepare":
		return resultOf(w.eng.Prepare(ctx, sc, in, s.request()))
	case "submit":
		return resultOf(w.eng.Submit(ctx, sc, in, s.request()))
	case "execute":
		return resultOf(w.eng.Execute(ctx, sc, in, ref))
	case "cancel":
		return resultOf(w.eng.Cancel(ctx, sc, in, ref))
	case "modify":
		return resultOf(w.eng.Modify(ctx, sc, in, ref, operations.Modification{
			Amount: amountOf(s.Amount), From: accounts.ID(s.From), To: accounts.ID(s.To), Via: s.Via, Purpose: s.Purpose, NotBefore: s.NotBefore,
		}))
	case "report":
		reference := string(s.Book.Tenant) + ":" + string(s.Book.Customer) + ":" + s.Op
		known := w.providers[s.Provider].known[reference]
		a, err := say(s.Send, reference, known.Order.Amount.Decimal, known.Terms.Asset, s.Key)
		must(err)
		return resultOf(w.eng.Report(ctx, s.Book.Tenant, s.Provider, a))
	case "work":
		done, err := w.eng.Work(ctx, operations.Budget{Items: 10_000})
		out := failure(err)
		out.Note = fmt.Sprintf("%+v", done)
		return out
	case "open customer":
		firm, err := w.eng.Gate().Firm(ctx, principal(s.Book.Tenant, s.By))
		must(err)
		opened, err := w.eng.OpenCustomer(ctx, firm, in, customer.Profile{Name: "Canary " + s.Key, Person: tenancy.PersonID(s.Person)})
		out := failure(err)
		out.ID, out.Replayed = string(opened.ID), opened.Replayed
		return out
	}
	managed, err := w.eng.Manage(ctx, sc, in, w.change(ctx, s))
	out := failure(err)
	if out.Class == "ok" {
		out.ID, out.Replayed = string(managed.Account)+string(managed.Grant), managed.Replayed
	}
	return out
}

func (w *world) enter(ctx context.Context, s step) outcome {
	var sc tenancy.Scope
	var err error
	if s.Book.Customer == tenancy.House {
		sc, err = w.eng.Gate().Own(ctx, caller(s.Book.Tenant, s.By), "desk")
	} else {
		sc, err = w.eng.Gate().Enter(ctx, caller(s.Book.Tenant, s.By), s.Book.Customer, "call")
	}
	w.scopes[scopeOf{s.By, s.Book}] = sc
	return failure(err)
}

func amountOf(text string) decimal.Decimal { return decimal.RequireFromString(text) }

func (s step) request() operations.Request {
	return operations.Order{
		Kind: s.Kind, From: accounts.ID(s.From), To: accounts.ID(s.To), Amount: accounts.Exact(amountOf(s.Amount)),
		Via: s.Via, Purpose: s.Purpose, NotBefore: s.NotBefore,
	}
}

func (w *world) change(ctx context.Context, s step) operations.Administrative {
	switch s.Do {
	case "open account":
		open := accounts.Open{Currency: s.Currency, DebtLimit: amountOf(s.Limit), Directions: accounts.Directions(s.Directions)}
		switch {
		case s.Bare:
		case s.Currency == "BTC":
			open.Details = accounts.Details{Network: "bitcoin", Address: "canary-address"}
		default:
			open.Details = accounts.Details{PixKey: "canary@example.com"}
		}
		return open
	case "account status":
		return accounts.SetStatus{Account: accounts.ID(s.Account), Status: accounts.Status(s.Status)}
	case "account limit":
		return accounts.SetLimit{Account: accounts.ID(s.Account), Limit: amountOf(s.Limit)}
	case "currency":
		return accounts.SetCurrency{Currency: s.Currency, Enabled: s.Enabled}
	case "customer status":
		return customer.SetStatus{Status: customer.Status(s.Status)}
	case "allow":
		return tenancy.Allow{
			Operator: tenancy.OperatorID(s.Operator), Everyone: s.Everyone, Permissions: s.Permissions, Expires: s.Expires,
		}
	case "revoke":
		return tenancy.Revoke{Grant: tenancy.GrantID(s.Grant)}
	case "suspend":
		return tenancy.Suspend{Operator: tenancy.OperatorID(s.Operator)}
	case "reinstate":
		return tenancy.Reinstate{Operator: tenancy.OperatorID(s.Operator)}
	case "close incident":
		incidents, err := w.eng.Book(w.look(s.Book)).Incidents(ctx)
		must(err)
		id := operations.IncidentID("none")
		for _, i := range incidents {
			if i.Opened == s.Seq && i.Code == s.Status {
				id = i.ID
			}
		}
		return operations.CloseIncident{Incident: id}
	}
	panic("no such step: " + s.Do)
}

func resultOf(res operations.Result, err error) outcome {
	out := failure(err)
	if err == nil {
		o := res.Operation
		out.ID, out.State, out.Version, out.Replayed = string(o.ID), string(o.State), o.Version, res.Replayed
	}
	return out
}

// failure gives an error its class; exactly one must match.
func failure(err error) outcome {
	if err == nil {
		return outcome{Class: "ok"}
	}
	classes := []struct {
		name string
		err  error
	}{
		{"invalid", operations.ErrInvalid},
		{"refused", operations.ErrRefused},
		{"not found", operations.ErrNotFound},
		{"conflict", operations.ErrConflict},
		{"unavailable", operations.ErrUnavailable},
		{"unknown outcome", operations.ErrUnknownOutcome},
	}
	var out outcome
	for _, c := range classes {
		if errors.Is(err, c.err) {
			out.Class += c.name
		}
	}
	if refused, ok := errors.AsType[*operations.RefusedError](err); ok {
		for _, u := range refused.Unmet {
			subject := u.Subject
			if u.Code == operations.CodeIncidentUnknown {
				subject = "incident"
			}
			out.Codes = append(out.Codes, u.Code+" "+subject)
		}
		if len(refused.Unmet) != len(tidy(slices.Clone(out.Codes))) {
			out.Codes = append(out.Codes, "told twice")
		}
		slices.Sort(out.Codes)
	}
	if conflict, ok := errors.AsType[*operations.ConflictError](err); ok {
		out.Codes = []string{string(conflict.Reason)}
		if conflict.Reason == operations.StaleVersion {
			out.Codes = append(out.Codes, string(conflict.ID), string(conflict.State), fmt.Sprint(conflict.Version))
		}
	}
	return out
}

// projection is every row the store derives for a book, as text.
func (w *world) projection(id operations.BookID) (operations.Projection, string) {
	p, err := w.store.Projection(context.Background(), id)
	must(err)
	slices.SortFunc(p.Keys, func(a, b operations.KeyRow) int { return int(a.Seq - b.Seq) })
	b, err := json.Marshal([]any{p.Head, list(p.Operations), list(p.Postings), list(p.Balances), list(p.Keys), p.Customer, list(p.Grants), list(p.Operators), list(p.Personal), p.Snapshot})
	must(err)
	return p, string(b)
}

func list[T any](rows []T) []T {
	if rows == nil {
		return []T{}
	}
	return rows
}

// openDB opens a pool of one connection.
func openDB(dsn string) *sql.DB {
	db, err := sql.Open("sqlite", dsn)
	must(err)
	db.SetMaxOpenConns(1)
	return db
}
