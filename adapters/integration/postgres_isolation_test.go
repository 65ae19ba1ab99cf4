package integration_test

import (
	"database/sql"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/onbehalf/onbehalf/accounts"
	"github.com/onbehalf/onbehalf/customer"
	"github.com/onbehalf/onbehalf/operations"
	"github.com/onbehalf/onbehalf/tenancy"
)

// TestOneBookNeverShowsAnother asks everything a store and an engine can be
// asked about one book, with the ids of others, and looks for a trace of the
// others in the answers and for a change in their rows.
//
// The store's filters and row-level security each do that alone. With the build
// tag onbehalf_rows_alone the filters are gone: the application's role must
// still get nothing, and a superuser, whom row-level security does not hold,
// must, or the test could not fail.
func TestOneBookNeverShowsAnother(t *testing.T) {
	t.Parallel()
	for role, held := range map[string]bool{"app": true, "": !rowsAlone} {
		t.Run(map[string]string{"app": "the application", "": "a superuser"}[role], func(t *testing.T) {
			t.Parallel()
			i := newIsolation(t)
			i.askAll(i.w.pool(role, 4))
			if held {
				require.Empty(t, i.leaks)
				return
			}
			for _, want := range []string{
				"Journal tells", "History tells", "Statement tells", "Find tells", "Projection tells", "Customers tells", "Heads tells",
				"Commit changes", "Settle changes", "Requeue changes",
			} {
				require.Contains(t, strings.Join(i.leaks, "\n"), want, "without filters and security nothing seems to leak")
			}
		})
	}
}

// switched is a store that can be changed for another view of the same data.
type switched struct{ operations.Store }

// isolation is a book of an engine's with others around it that have a canary in
// every text.
type isolation struct {
	t       *testing.T
	w       *rowsWorld
	store   *switched
	desk    *desk
	firm    tenancy.Scope
	self    operations.BookID
	foreign []operations.BookID
	leaks   []string
}

func newIsolation(t *testing.T) *isolation {
	t.Helper()
	i := &isolation{t: t, w: newRowsWorld(t)}
	i.store = &switched{i.w.store(i.w.app)}
	i.desk = sit(t, i.store, operations.Config{})
	i.desk.deposit("10")
	i.self = operations.BookID{Tenant: "acme", Customer: i.desk.scope.Customer()}
	var err error
	i.firm, err = i.desk.eng.Gate().Firm(t.Context(), principal("acme", "ana"))
	require.NoError(t, err)
	i.foreign = []operations.BookID{{Tenant: "acme", Customer: "joao"}, {Tenant: "zeta", Customer: i.self.Customer}, {Tenant: "zeta", Customer: tenancy.House}}
	for _, id := range i.foreign {
		i.plant(id)
	}
	i.hold()
	return i
}

func canary(id operations.BookID) string {
	return "canary." + string(id.Tenant) + "." + string(id.Customer) + "."
}

// plant fills a foreign book: once under ids of its own, once under those that
// everything is asked for.
func (i *isolation) plant(id operations.BookID) {
	i.t.Helper()
	head, mark := operations.Head{}, canary(id)
	for _, ids := range [][3]string{{mark + "op", mark + "acc", mark + "key"}, {"op", "acc", "k"}, {"op-2", "acc-2", "k-2"}} {
		op, ref, seq := operations.OperationID(ids[0]), accounts.Ref(ids[1]), head.Seq+1
		sealed, err := operations.Seal(&operations.Entry{
			Format: operations.Format, Tenant: id.Tenant, Customer: id.Customer, Seq: seq, At: at, Prev: head.Hash, Action: operations.ActSubmit,
			Actors: []tenancy.Actor{{Kind: tenancy.OperatorActor, ID: mark + "actor", Person: tenancy.PersonID(mark + "person")}},
			Reason: mark + "reason", RequestID: mark + "request", Key: ids[2], Operation: op,
		})
		require.NoError(i.t, err)
		name, tax, amount := mark+"name", mark+"tax", money("7")
		change := operations.Change{
			Entry: sealed, Announce: true,
			Operations: []operations.OperationRow{{
				ID: op, Created: seq, Updated: seq, Version: 1, State: operations.Scheduled, Kind: mark + "kind", Asset: mark + "asset",
				From: accounts.ID(ref), To: accounts.ID(ref), Amount: amount, Maker: tenancy.OperatorID(mark + "maker"), CreatedAt: at, Due: at,
			}},
			Postings: []operations.PostingRow{{Seq: seq, At: at, Operation: op, Ref: ref, Asset: mark + "asset", Amount: amount, Balance: amount}},
			Balances: []operations.BalanceRow{
				{Ref: ref, Asset: mark + "asset", Posted: amount, Seq: seq},
				{Ref: accounts.Clearing(mark + "bank"), Asset: mark + "asset", Posted: amount, Seq: seq},
			},
			Customer: &operations.CustomerRow{
				Type: customer.Individual, Status: customer.Active, Country: mark + "country", Name: &name, TaxID: &tax,
				OpenedAt: at, OpenedBy: tenancy.OperatorID(mark + "by"), UpdatedAt: at, UpdatedBy: tenancy.OperatorID(mark + "by"),
			},
			Grants: []operations.GrantRow{{Grant: tenancy.Grant{
				ID: tenancy.GrantID(mark + ids[0]), Operator: "ana", Permissions: tenancy.NewPermissions(tenancy.View),
			}}},
			Personal: []operations.PersonalRow{
				{Subject: "customer", Salt: []byte(mark + "salt"), Value: []byte(mark + "value")},
				{Subject: mark + "subject", Salt: []byte(mark + "salt"), Value: []byte(mark + "value")},
			},
			Snapshot: &operations.Snapshot{Seq: head.Seq, Hash: head.Hash, Bytes: []byte(mark + "snapshot")},
		}
		if id.Customer == tenancy.House {
			change.Operators = []tenancy.Operator{{ID: "ana", Person: tenancy.PersonID(mark + "person"), Status: tenancy.OperatorActive, Version: seq}}
		}
		verdicts, err := i.store.Commit(i.t.Context(), []operations.Run{{Book: id, From: head, Changes: []operations.Change{change}}})
		require.NoError(i.t, err)
		require.Equal(i.t, []operations.Verdict{{Won: 1}}, verdicts)
		head = operations.Head{Seq: sealed.Seq, Hash: sealed.Hash}
	}
}

// hold has a worker, who sees the queue of all by design, claim every ticket;
// those of the canaries' own ids are parked.
func (i *isolation) hold() {
	i.t.Helper()
	claimed := 0
	for _, topic := range operations.Topics() {
		tickets, err := i.store.Claim(i.t.Context(), operations.ClaimQuery{Topic: topic, Holder: "w", Now: at.Add(time.Hour), Until: at.Add(2 * time.Hour), Limit: 100})
		require.NoError(i.t, err)
		for _, ticket := range tickets {
			claimed++
			if strings.HasPrefix(string(ticket.Operation), "canary.") {
				require.NoError(i.t, i.store.Settle(i.t.Context(), ticket, operations.Settlement{Tries: 1}))
			}
		}
	}
	require.Equal(i.t, 4*len(i.foreign), claimed)
}

// digest is one of all rows of the foreign books, by table.
func (i *isolation) digest() map[string]string {
	i.t.Helper()
	sums := make(map[string]string)
	for _, table := range i.w.tables() {
		where := "tenant <> 'acme'"
		if table != "operators" {
			where += " OR customer = 'joao'"
		}
		sums[table] = i.w.text("SELECT count(*) || ' ' || md5(coalesce(string_agg(r::text, E'\\n' ORDER BY r::text), '')) FROM " + i.w.schema + "." + table + " r WHERE " + where)
	}
	return sums
}

// ask makes one call, under which the rows of the foreign books must neither
// show nor change.
func (i *isolation) ask(name string, foreign []operations.BookID, call func() []any) {
	i.t.Helper()
	before := i.digest()
	var told strings.Builder
	for _, v := range call() {
		if err, failed := v.(error); failed {
			told.WriteString(err.Error() + "\n")
		}
		gather(reflect.ValueOf(v), 0, &told)
	}
	for _, id := range foreign {
		if strings.Contains(told.String(), canary(id)) {
			i.leaks = append(i.leaks, fmt.Sprintf("%s tells of %s", name, id))
		}
	}
	for table, sum := range i.digest() {
		if before[table] != sum {
			i.leaks = append(i.leaks, fmt.Sprintf("%s changes %s", name, table))
		}
	}
}

// gather collects every text in a value, exported or not.
func gather(v reflect.Value, depth int, into *strings.Builder) {
	if !v.IsValid() || depth > 16 || v.Type() == reflect.TypeFor[time.Time]() {
		return
	}
	switch v.Kind() { //nolint:exhaustive // the others hold no text
	case reflect.String:
		into.WriteString(v.String() + "\n")
	case reflect.Slice, reflect.Array:
		if v.Type().Elem().Kind() == reflect.Uint8 {
			for n := range v.Len() {
				into.WriteByte(byte(v.Index(n).Uint()))
			}
			into.WriteByte('\n')
			return
		}
		for n := range v.Len() {
			gather(v.Index(n), depth+1, into)
		}
	case reflect.Map:
		for entry := v.MapRange(); entry.Next(); {
			gather(entry.Key(), depth+1, into)
			gather(entry.Value(), depth+1, into)
		}
	case reflect.Pointer, reflect.Interface:
		gather(v.Elem(), depth+1, into)
	case reflect.Struct:
		for _, field := range v.Fields() {
			gather(field, depth+1, into)
		}
	}
}

func (i *isolation) askAll(db *sql.DB) {
	i.t.Helper()
	head := i.head()
	projection, err := i.store.Projection(i.t.Context(), i.self)
	require.NoError(i.t, err)
	i.store.Store = i.w.store(db)
	i.askEngine()
	i.store.Store = i.w.store(i.w.app)
	if now := i.head(); now != head { // commands write to their own book
		head = now
		projection, err = i.store.Projection(i.t.Context(), i.self)
		require.NoError(i.t, err)
	}
	i.askStore(i.w.store(db), head, projection)
}

func (i *isolation) head() operations.Head {
	i.t.Helper()
	found, err := i.store.Find(i.t.Context(), i.self, operations.Want{})
	require.NoError(i.t, err)
	return found.Head
}

// askEngine asks whatever works under a scope. Ids are those of foreign books.
func (i *isolation) askEngine() {
	i.t.Helper()
	zeta := i.foreign[1:]
	for _, c := range calls(i.t, i.desk.eng) {
		for _, s := range []tenancy.Scope{i.desk.scope, i.desk.house, i.firm} {
			foreign := i.foreign
			if s == i.firm {
				foreign = zeta
			}
			i.ask(c.name, foreign, func() []any {
				var all []any
				for _, v := range c.ask(s) {
					all = append(all, v.Interface())
				}
				return all
			})
		}
	}
	for n := range i.foreign {
		mark := canary(i.foreign[n])
		book := i.desk.eng.Book(i.desk.scope)
		for name, ask := range map[string]func() (any, error){
			"operation": func() (any, error) { return book.Operation(i.t.Context(), operations.OperationID(mark+"op")) },
			"outcome":   func() (any, error) { return book.Outcome(i.t.Context(), mark+"key") },
			"statement": func() (any, error) {
				return book.Statement(i.t.Context(), operations.StatementFilter{Account: accounts.Ref(mark + "acc")}, "", 10)
			},
		} {
			if _, err := ask(); err == nil {
				i.leaks = append(i.leaks, fmt.Sprintf("Book tells of %s by its id: %s", i.foreign[n], name))
			}
		}
	}
}
