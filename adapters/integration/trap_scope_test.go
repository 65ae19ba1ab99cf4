package integration_test

import (
	"context"
	"io"
	"reflect"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/onbehalf/onbehalf/accounts"
	"github.com/onbehalf/onbehalf/adapters/memory"
	"github.com/onbehalf/onbehalf/customer"
	"github.com/onbehalf/onbehalf/operations"
	"github.com/onbehalf/onbehalf/tenancy"
)

// scoped are well-formed arguments, after the context and the scope, for every
// exported method that works under a scope.
func scoped() map[string][]any {
	in, ref := operations.Intent{Key: "k"}, operations.Ref{ID: "op", Version: 1}
	order := operations.Deposit{To: "acc", Amount: money("1")}
	return map[string][]any{
		"Engine.Actions":      {operations.OperationID("op")},
		"Engine.Approve":      {in, ref},
		"Engine.Cancel":       {in, ref},
		"Engine.Execute":      {in, ref},
		"Engine.Explain":      {order},
		"Engine.Manage":       {in, accounts.Open{Currency: "BRL"}},
		"Engine.Modify":       {in, ref, operations.Modification{Amount: money("2")}},
		"Engine.OpenCustomer": {in, customer.Profile{Name: "Maria"}},
		"Engine.Prepare":      {in, order},
		"Engine.Reject":       {in, ref, "no"},
		"Engine.Resolve":      {in, ref, operations.Resolution{Evidence: "statement 7"}},
		"Engine.Submit":       {in, order},
		"Engine.Withdraw":     {in, ref},

		"Book.Accounts":  {},
		"Book.Actions":   {operations.OperationID("op")},
		"Book.ActionsOf": {[]operations.Operation{{ID: "op"}}},
		"Book.Refunds":   {operations.OperationID("op")},
		"Book.Customer":  {},
		"Book.Freezes":   {},
		"Book.Grants":    {},
		"Book.History":   {operations.HistoryFilter{}, "", 10},
		"Book.Export":    {io.Discard},
		"Book.Holds":     {},
		"Book.Incidents": {},
		"Book.Journal":   {int64(0), 10},
		"Book.Operation": {operations.OperationID("op")},
		"Book.Operators": {},
		"Book.Outcome":   {"k"},
		"Book.Problems":  {"trade"},
		"Book.Rebuild":   {},
		"Book.Settings":  {},
		"Book.Statement": {operations.StatementFilter{Account: "acc"}, "", 10},
		"Book.Verify":    {},
		"Book.Versions":  {operations.OperationID("op")},

		"Firm.Customers":     {operations.CustomerFilter{}, tenancy.CustomerID(""), 10},
		"Firm.Heads":         {},
		"Firm.Incidents":     {tenancy.CustomerID(""), 10},
		"Firm.PositionBooks": {operations.PositionPlace{Ref: accounts.IncomeFees, Asset: "BRL"}, tenancy.CustomerID(""), 10},
		"Firm.Stops":         {},
		"Firm.Treasury":      {operations.PositionPlace{}, 10},
		"Firm.Worklist":      {operations.WaitingPlace{}, 10},
	}
}

// call is one method bound to an engine and a scope.
type call struct {
	name string
	ask  func(tenancy.Scope) []reflect.Value // all that it returns
}

func (c call) do(s tenancy.Scope) error {
	out := c.ask(s)
	err, _ := reflect.TypeAssert[error](out[len(out)-1])
	return err
}

// calls finds every method of Engine, Book and Firm that works under a scope.
func calls(t *testing.T, eng *operations.Engine) []call {
	t.Helper()
	cases := scoped()
	scope := reflect.TypeFor[tenancy.Scope]()
	var all []call
	add := func(typ string, m reflect.Method, receiver func(tenancy.Scope) reflect.Value, direct bool) {
		name := typ + "." + m.Name
		args, ok := cases[name]
		require.True(t, ok, "%s works under a scope and has no case here", name)
		delete(cases, name)
		all = append(all, call{name, func(s tenancy.Scope) []reflect.Value {
			in := []reflect.Value{receiver(s), reflect.ValueOf(context.Background())}
			if direct {
				in = append(in, reflect.ValueOf(s))
			}
			for _, a := range args {
				in = append(in, reflect.ValueOf(a))
			}
			out := m.Func.Call(in)
			err, _ := reflect.TypeAssert[error](out[len(out)-1])
			if err != nil && len(out) > 1 {
				require.True(t, out[0].IsZero(), "%s tells %v with its error", name, out[0])
			}
			return out
		}})
	}
	engine := reflect.TypeFor[*operations.Engine]()
	for m := range engine.Methods() {
		takes := false
		for in := range m.Type.Ins() {
			takes = takes || in == scope
		}
		if takes && m.Name != "Book" && m.Name != "Firm" { // what those two give is tried below
			add("Engine", m, func(tenancy.Scope) reflect.Value { return reflect.ValueOf(eng) }, true)
		}
	}
	for m := range reflect.TypeFor[*operations.Book]().Methods() {
		add("Book", m, func(s tenancy.Scope) reflect.Value { return reflect.ValueOf(eng.Book(s)) }, false)
	}
	for m := range reflect.TypeFor[*operations.Firm]().Methods() {
		add("Firm", m, func(s tenancy.Scope) reflect.Value { return reflect.ValueOf(eng.Firm(s)) }, false)
	}
	require.Empty(t, cases, "cases without a method")
	return all
}

func TestEveryMethodRefusesAScopeItsGateDidNotOpen(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	store := memory.New()
	d := sit(t, store, operations.Config{})
	d.deposit("10")
	other := d.beside(store, operations.Config{}) // another gate, of the same firm and store
	foreignFirm, err := other.eng.Gate().Firm(ctx, principal("acme", "ana"))
	require.NoError(t, err)
	foreignHouse, err := other.eng.Gate().Own(ctx, principal("acme", "ana"), "")
	require.NoError(t, err)
	before := d.seq()
	for _, c := range calls(t, d.eng) {
		require.Equal(t, outcome{Class: "refused", Codes: []string{"scope_required scope"}}, failure(c.do(tenancy.Scope{})), "%s with the zero scope", c.name)
		for name, s := range map[string]tenancy.Scope{"customer": other.scope, "house": foreignHouse, "firm": foreignFirm} {
			require.Equal(t, outcome{Class: "refused", Codes: []string{"scope_foreign scope"}}, failure(c.do(s)), "%s with the %s scope of another gate", c.name, name)
		}
	}
	require.Equal(t, before, d.seq())
}

func TestEveryMethodRefusesAScopeOfTheWrongKind(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	d := sit(t, memory.New(), operations.Config{})
	firm, err := d.eng.Gate().Firm(ctx, principal("acme", "ana"))
	require.NoError(t, err)
	before := d.seq()
	for _, c := range calls(t, d.eng) {
		wrong := []tenancy.Scope{firm}
		if slices.Contains([]string{"Engine.OpenCustomer", "Firm.Customers", "Firm.Heads", "Firm.Incidents", "Firm.PositionBooks", "Firm.Stops", "Firm.Treasury", "Firm.Worklist"}, c.name) {
			wrong = []tenancy.Scope{d.scope, d.house}
		}
		for _, s := range wrong {
			require.Equal(t, "invalid", failure(c.do(s)).Class, "%s in the %s scope", c.name, s.Kind())
		}
	}
	require.Equal(t, before, d.seq())
}

func TestForeignAndUnknownAreTheSame(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	d := sit(t, memory.New(), operations.Config{})
	d.deposit("10")
	prep, err := d.eng.Prepare(ctx, d.scope, intent("foreign key"[:7]), operations.Deposit{To: d.acc, Amount: money("1")})
	require.NoError(t, err)
	firm, err := d.eng.Gate().Firm(ctx, principal("acme", "ana"))
	require.NoError(t, err)
	joao, err := d.eng.OpenCustomer(ctx, firm, intent("joao"), customer.Profile{Name: "Joao"})
	require.NoError(t, err)
	s, err := d.eng.Gate().Enter(ctx, principal("acme", "ana"), joao.ID, "call")
	require.NoError(t, err)
	_, err = d.eng.Gate().Enter(ctx, principal("acme", "zoe"), joao.ID, "call")
	require.ErrorIs(t, err, operations.ErrNotFound)
	_, unknown := d.eng.Gate().Enter(ctx, principal("zeta", "zoe"), "nobody", "call")
	require.Equal(t, err.Error(), unknown.Error(), "no grant, no customer, no firm: one answer")

	foreign, random := prep.Operation.Ref(), operations.Ref{ID: "01900000-0000-7000-8000-000000000000", Version: 1}
	book := d.eng.Book(s)
	for name, do := range map[string]func(operations.Ref) error{
		"execute":  func(r operations.Ref) error { _, err := d.eng.Execute(ctx, s, d.next(), r); return err },
		"cancel":   func(r operations.Ref) error { _, err := d.eng.Cancel(ctx, s, d.next(), r); return err },
		"approve":  func(r operations.Ref) error { _, err := d.eng.Approve(ctx, s, d.next(), r); return err },
		"reject":   func(r operations.Ref) error { _, err := d.eng.Reject(ctx, s, d.next(), r, "no"); return err },
		"withdraw": func(r operations.Ref) error { _, err := d.eng.Withdraw(ctx, s, d.next(), r); return err },
		"versions": func(r operations.Ref) error { _, err := book.Versions(ctx, r.ID); return err },
		"modify": func(r operations.Ref) error {
			_, err := d.eng.Modify(ctx, s, d.next(), r, operations.Modification{Amount: money("2")})
			return err
		},
		"operation": func(r operations.Ref) error { _, err := book.Operation(ctx, r.ID); return err },
		"actions":   func(r operations.Ref) error { _, err := book.Actions(ctx, r.ID); return err },
		"actions of": func(r operations.Ref) error {
			_, err := book.ActionsOf(ctx, []operations.Operation{{ID: r.ID, Version: r.Version}})
			return err
		},
		"refunds": func(r operations.Ref) error { _, err := book.Refunds(ctx, r.ID); return err },
		"outcome of a key": func(r operations.Ref) error {
			key := "foreign"
			if r == random {
				key = "random"
			}
			_, err := book.Outcome(ctx, key)
			return err
		},
		"statement": func(r operations.Ref) error {
			account := accounts.Customer(d.acc)
			if r == random {
				account = "01900000-0000-7000-8000-000000000000"
			}
			_, err := book.Statement(ctx, operations.StatementFilter{Account: account}, "", 0)
			return err
		},
	} {
		err := do(foreign)
		require.Equal(t, "not found", failure(err).Class, name)
		require.Equal(t, do(random).Error(), err.Error(), name)
	}
	cursors, err := d.eng.Book(d.scope).History(ctx, operations.HistoryFilter{}, "", 1)
	require.NoError(t, err)
	require.NotEmpty(t, cursors.Next)
	for name, do := range map[string]func() error{
		"another customer's book": func() error { _, err := book.History(ctx, operations.HistoryFilter{}, cursors.Next, 1); return err },
		"another filter": func() error {
			_, err := d.eng.Book(d.scope).History(ctx, operations.HistoryFilter{Kinds: []string{"deposit"}}, cursors.Next, 1)
			return err
		},
		"another list": func() error {
			_, err := d.eng.Book(d.scope).Statement(ctx, operations.StatementFilter{Account: accounts.Customer(d.acc)}, cursors.Next, 1)
			return err
		},
	} {
		require.Equal(t, "invalid", failure(do()).Class, name)
	}
}
