package integration_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"testing"

	"github.com/shopspring/decimal"
	"github.com/stretchr/testify/require"

	"github.com/onbehalf/onbehalf/accounts"
	"github.com/onbehalf/onbehalf/adapters/memory"
	"github.com/onbehalf/onbehalf/adapters/sqlstore"
	"github.com/onbehalf/onbehalf/customer"
	"github.com/onbehalf/onbehalf/operations"
	"github.com/onbehalf/onbehalf/tenancy"
)

// A firm's books go from any store to any other: the same heads, the same rows,
// sound, and its work goes on.
func TestAFirmMovesFromStoreToStore(t *testing.T) {
	t.Parallel()
	stores := map[string]func(*testing.T) operations.Store{
		"memory": func(*testing.T) operations.Store { return memory.New() },
		"sqlite": func(t *testing.T) operations.Store {
			t.Helper()
			s, _, _ := newSQLite(t)
			return s
		},
		"postgresql": func(t *testing.T) operations.Store {
			t.Helper()
			s, _, _ := newPostgres(t, sqlstore.Config{})
			return s
		},
		"postgresql, portable": func(t *testing.T) operations.Store {
			t.Helper()
			s, _, _ := newPostgres(t, sqlstore.Config{Portable: true})
			return s
		},
	}
	for _, way := range [][2]string{
		{"sqlite", "postgresql"}, {"sqlite", "memory"}, {"memory", "sqlite"}, {"postgresql", "sqlite"}, {"sqlite", "postgresql, portable"},
	} {
		t.Run(way[0]+" to "+way[1], func(t *testing.T) {
			t.Parallel()
			from := newMoving(t, stores[way[0]](t))
			from.live()
			to := newMoving(t, stores[way[1]](t))
			to.customers = from.customers
			for _, id := range from.books() {
				to.take(from.file(id))
				require.Equal(t, from.shown(id), to.shown(id))
				v, err := to.eng.Verify(t.Context(), id)
				require.NoError(t, err)
				require.Empty(t, v.Faults)
			}
			first, err := from.eng.Gate().Firm(t.Context(), from.ana)
			require.NoError(t, err)
			second, err := to.eng.Gate().Firm(t.Context(), to.ana)
			require.NoError(t, err)
			before, err := from.eng.Firm(first).Heads(t.Context())
			require.NoError(t, err)
			after, err := to.eng.Firm(second).Heads(t.Context())
			require.NoError(t, err)
			require.Equal(t, before, after, "the root over all books, kept elsewhere, is that of the new store")
			to.goesOn()
		})
	}
}

// moving is a firm that is moved.
type moving struct {
	*testing.T

	store     operations.Store
	eng       *operations.Engine
	ana       tenancy.Principal
	customers []tenancy.CustomerID
	account   accounts.ID // of the first customer
}

func newMoving(t *testing.T, store operations.Store) *moving {
	t.Helper()
	eng, err := operations.New(store, operations.Config{})
	require.NoError(t, err)
	t.Cleanup(eng.Close)
	return &moving{T: t, store: store, eng: eng, ana: tenancy.Principal{Tenant: "acme", Operator: "ana", Person: "p-ana"}}
}

func (m *moving) enter(c tenancy.CustomerID) tenancy.Scope {
	m.Helper()
	s, err := m.eng.Gate().Enter(m.Context(), m.ana, c, "the move")
	require.NoError(m, err)
	return s
}

// live fills the books: one of several runs of an import with something that
// waits from its beginning, and one whose customer was erased.
func (m *moving) live() {
	m.Helper()
	ctx := m.Context()
	firm, err := m.eng.Bootstrap(ctx, tenancy.Firm{Tenant: "acme", Name: "Acme", Admin: m.ana})
	require.NoError(m, err)
	manage := func(s tenancy.Scope, key string, x operations.Administrative) operations.Managed {
		done, err := m.eng.Manage(ctx, s, operations.Intent{Key: key}, x)
		require.NoError(m, err)
		return done
	}
	own, err := m.eng.Gate().Own(ctx, m.ana, "the move")
	require.NoError(m, err)
	manage(own, "register", tenancy.Register{Operator: "bruno", Person: "p-bruno"})
	for i, name := range []string{"Maria", "João"} {
		in := operations.Intent{Key: fmt.Sprint("open", i)}
		opened, err := m.eng.OpenCustomer(ctx, firm, in, customer.Profile{Name: name, Country: "BR"})
		require.NoError(m, err)
		m.customers = append(m.customers, opened.ID)
	}
	maria, joao := m.enter(m.customers[0]), m.enter(m.customers[1])
	m.account = manage(maria, "account", accounts.Open{Name: "Main", Currency: "BRL", Details: accounts.Details{PixKey: "maria@example.com"}}).Account
	manage(maria, "edit", customer.Edit{Profile: customer.Profile{Name: "Maria S.", Country: "PT"}})
	manage(maria, "groups", customer.SetGroups{Groups: []string{"vip", "branch-7"}})
	manage(maria, "allow", tenancy.Allow{Operator: "bruno", Permissions: tenancy.NewPermissions(tenancy.View)})
	_, err = m.eng.Prepare(ctx, maria, operations.Intent{Key: "waits"}, operations.Deposit{To: m.account, Amount: decimal.New(7, 0)})
	require.NoError(m, err)
	for i := range 300 {
		_, err := m.eng.Submit(ctx, maria, operations.Intent{Key: fmt.Sprint("d", i)}, operations.Deposit{To: m.account, Amount: decimal.New(int64(100+i), -2)})
		require.NoError(m, err)
	}
	manage(joao, "close", customer.SetStatus{Status: customer.Closed})
	manage(joao, "erase", customer.Erase{})
}

func (m *moving) books() []operations.BookID {
	ids := []operations.BookID{{Tenant: "acme", Customer: tenancy.House}}
	for _, c := range m.customers {
		ids = append(ids, operations.BookID{Tenant: "acme", Customer: c})
	}
	return ids
}

func (m *moving) file(id operations.BookID) []byte {
	m.Helper()
	var b bytes.Buffer
	_, err := m.eng.Export(m.Context(), id, &b)
	require.NoError(m, err)
	return b.Bytes()
}

func (m *moving) take(file []byte) {
	m.Helper()
	done, err := m.eng.Import(m.Context(), bytes.NewReader(file))
	require.NoError(m, err)
	require.Equal(m, done.Head.Seq, done.Stored)
	again, err := m.eng.Import(m.Context(), bytes.NewReader(file))
	require.NoError(m, err)
	require.Zero(m, again.Stored)
}

// shown is all the store has of a book, as JSON: equal amounts are equal texts.
func (m *moving) shown(id operations.BookID) string {
	m.Helper()
	ctx := m.Context()
	rows, err := m.store.Projection(ctx, id)
	require.NoError(m, err)
	require.Equal(m, len(rows.Operations) > 0, len(rows.Waiting) > 0)
	journal, err := m.store.Journal(ctx, id, 0, 1000)
	require.NoError(m, err)
	personal, err := m.store.Personal(ctx, id)
	require.NoError(m, err)
	history, err := m.store.History(ctx, id, operations.HistoryQuery{Limit: 200})
	require.NoError(m, err)
	statement := operations.Page[operations.PostingRow]{}
	if len(rows.Postings) > 0 {
		statement, err = m.store.Statement(ctx, id, operations.StatementQuery{Ref: rows.Postings[0].Ref, Asset: rows.Postings[0].Asset, Limit: 200})
		require.NoError(m, err)
	}
	b, err := json.MarshalIndent([]any{rows, journal, personal, history, statement}, "", " ")
	require.NoError(m, err)
	return string(b)
}

// goesOn makes sure that a command of before is known, that a new one is taken,
// that an operator who was granted something has it, and that the customer is
// still in his groups.
func (m *moving) goesOn() {
	m.Helper()
	ctx := m.Context()
	maria := m.enter(m.customers[0])
	list, err := m.eng.Book(maria).Accounts(ctx)
	require.NoError(m, err)
	who, err := m.eng.Book(maria).Customer(ctx)
	require.NoError(m, err)
	require.Equal(m, []string{"branch-7", "vip"}, who.Groups)
	deposit := operations.Deposit{To: list[0].ID, Amount: decimal.New(100, -2)}
	again, err := m.eng.Submit(ctx, maria, operations.Intent{Key: "d0"}, deposit)
	require.NoError(m, err)
	require.True(m, again.Replayed)
	fresh, err := m.eng.Submit(ctx, maria, operations.Intent{Key: "fresh"}, deposit)
	require.NoError(m, err)
	require.False(m, fresh.Replayed)
	_, err = m.eng.Gate().Enter(ctx, tenancy.Principal{Tenant: "acme", Operator: "bruno", Person: "p-bruno"}, m.customers[0], "look")
	require.NoError(m, err)
	v, err := m.eng.Book(maria).Verify(ctx)
	require.NoError(m, err)
	require.Empty(m, v.Faults)
}
