package integration_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/sync/errgroup"

	"github.com/onbehalf/onbehalf/operations"
	"github.com/onbehalf/onbehalf/tenancy"
)

const (
	notPermitted = "42501" // by privilege or by row-level security
	entriesStay  = "OB003"
)

// settingsOf are the settings of a transaction about the books.
func settingsOf(books ...operations.BookID) [3]string {
	var names, tenants []string
	for _, id := range books {
		names = append(names, string(id.Tenant)+"/"+string(id.Customer))
		tenants = append(tenants, string(id.Tenant))
	}
	return [3]string{strings.Join(names, ","), strings.Join(tenants, ","), ""}
}

// under runs fn in a transaction of the pool under the settings, and undoes it.
func (w *rowsWorld) under(db *sql.DB, settings [3]string, fn func(tx *sql.Tx)) {
	w.t.Helper()
	tx, err := db.BeginTx(w.t.Context(), nil)
	require.NoError(w.t, err)
	defer tx.Rollback() //nolint:errcheck // nothing is to stay
	_, err = tx.ExecContext(w.t.Context(), `SELECT set_config('onbehalf.books', $1, true), set_config('onbehalf.tenants', $2, true),
		set_config('onbehalf.firm', $3, true)`, settings[0], settings[1], settings[2])
	require.NoError(w.t, err)
	fn(tx)
}

// attempt runs a statement of which nothing stays, and tells how many rows it
// touched, or the SQLSTATE.
func (w *rowsWorld) attempt(tx *sql.Tx, text string, args ...any) string {
	w.t.Helper()
	_, err := tx.ExecContext(w.t.Context(), "SAVEPOINT attempt")
	require.NoError(w.t, err)
	result, err := tx.ExecContext(w.t.Context(), text, args...)
	_, undone := tx.ExecContext(w.t.Context(), "ROLLBACK TO attempt")
	require.NoError(w.t, undone)
	if err != nil {
		return state(err)
	}
	rows, err := result.RowsAffected()
	require.NoError(w.t, err)
	return itoa(int(rows))
}

// settle fills books of two tenants with every sort of row.
func (w *rowsWorld) settle() []operations.BookID {
	w.t.Helper()
	store := w.store(w.app)
	var all []operations.BookID
	for _, tenant := range []tenancy.TenantID{"acme", "zeta"} {
		for _, c := range []tenancy.CustomerID{tenancy.House, "maria", "joao"} {
			b := newBook(c)
			b.id.Tenant = tenant
			for range 3 {
				change := b.change()
				change.Announce = true
				if c == tenancy.House {
					change.Operators = []tenancy.Operator{{ID: "ana", Person: "p1", Status: tenancy.OperatorActive, Version: b.head.Seq + 1}}
				}
				verdicts, err := store.Commit(w.t.Context(), []operations.Run{b.run(change)})
				require.NoError(w.t, err)
				require.Equal(w.t, []operations.Verdict{{Won: 1}}, verdicts)
				b.head = operations.Head{Seq: change.Entry.Seq, Hash: change.Entry.Hash}
			}
			all = append(all, b.id)
		}
	}
	return all
}

func TestRowsAreThoseOfTheBooksNamed(t *testing.T) {
	t.Parallel()
	w := newRowsWorld(t)
	w.settle()
	maria := operations.BookID{Tenant: "acme", Customer: "maria"}
	for _, table := range w.tables() {
		name := w.schema + "." + table
		own, firm := "tenant = 'acme' AND customer = 'maria'", ""
		column := "customer"
		switch table {
		case "operators":
			own, column = "tenant = 'acme'", "operator"
		case "books", "customers", "grants", "balances", "queue":
			firm = "tenant = 'acme'"
		}
		count := func(where string) string { return w.text("SELECT count(*) FROM " + name + " WHERE " + where) }
		require.NotEqual(t, "0", count(own), "%s has no rows to be found", table)
		require.NotEqual(t, "0", count("NOT ("+own+")"), table)
		changes := func(tx *sql.Tx, where string) []string {
			all := []string{w.attempt(tx, "SELECT FROM "+name+" WHERE "+where)}
			if table == "entries" {
				return all
			}
			all = append(all, w.attempt(tx, "SELECT FROM "+name+" WHERE "+where+" FOR UPDATE"), w.attempt(tx, "UPDATE "+name+" SET tenant = tenant WHERE "+where))
			if table != "books" { // which the application may not delete
				all = append(all, w.attempt(tx, "DELETE FROM "+name+" WHERE "+where))
			}
			return all
		}
		same := func(tx *sql.Tx, where, want string) {
			for _, got := range changes(tx, where) {
				require.Equal(t, want, got, "%s where %s", table, where)
			}
		}
		row := w.text("SELECT to_jsonb(r)::text FROM " + name + " r WHERE " + own + " LIMIT 1")
		insert := "INSERT INTO " + name + " SELECT r.* FROM jsonb_populate_record(NULL::" + name + ", $1::jsonb || $2::jsonb) r" //nolint:unqueryvet // whatever columns there are
		foreign := []string{
			`{"tenant":"zeta"}`,                           // there is such a row
			`{"tenant":"zeta","` + column + `":"nobody"}`, // and none such
		}
		if table != "operators" {
			foreign = append(foreign, `{"customer":"joao"}`, `{"customer":"nobody"}`)
		}

		w.under(w.app, [3]string{}, func(tx *sql.Tx) {
			same(tx, "true", "0")
			require.Equal(t, notPermitted, w.attempt(tx, insert, row, "{}"), table)
		})
		w.under(w.app, settingsOf(maria), func(tx *sql.Tx) {
			same(tx, "true", count(own))
			same(tx, "NOT ("+own+")", "0")
			for _, f := range foreign {
				for _, conflict := range []string{"", " ON CONFLICT DO NOTHING"} {
					require.Equal(t, notPermitted, w.attempt(tx, insert+conflict, row, f), "%s: what is there cannot be told from what is not: %s", table, f)
				}
				if table != "entries" {
					move := "UPDATE " + name + " SET tenant = r.tenant, " + column + " = r." + column + " FROM jsonb_populate_record(NULL::" + name + ", $1::jsonb || $2::jsonb) r"
					require.Equal(t, notPermitted, w.attempt(tx, move, row, f), "%s: a row is not moved out: %s", table, f)
				}
			}
		})
		w.under(w.app, [3]string{"", "acme", "acme"}, func(tx *sql.Tx) {
			switch {
			case table == "operators":
				same(tx, "true", count(own))
			case firm == "":
				same(tx, "true", "0")
			default:
				got := changes(tx, "true")
				require.Equal(t, count(firm), got[0], "%s: a list over the firm's books", table)
				for _, n := range got[1:] {
					require.Equal(t, "0", n, "%s is changed under a list", table)
				}
			}
		})
		// Who owns the tables is held as well.
		w.under(w.owner, [3]string{}, func(tx *sql.Tx) { same(tx, "true", "0") })
	}
}

func TestNobodyChangesTheJournal(t *testing.T) {
	t.Parallel()
	w := newRowsWorld(t)
	books := w.settle()
	name := w.schema + ".entries"
	for role, c := range map[string]struct {
		db   *sql.DB
		want string
	}{"app": {w.app, notPermitted}, "worker": {w.worker, notPermitted}, "owner": {w.owner, entriesStay}, "superuser": {w.super, entriesStay}} {
		w.under(c.db, settingsOf(books...), func(tx *sql.Tx) {
			for _, text := range []string{
				"UPDATE " + name + " SET at = at + 1", "UPDATE " + name + " SET bytes = bytes", "DELETE FROM " + name,
				"TRUNCATE " + name, "TRUNCATE " + name + " CASCADE",
				"MERGE INTO " + name + " e USING " + name + " f ON e.tenant = f.tenant AND e.customer = f.customer AND e.seq = f.seq WHEN MATCHED THEN DELETE",
			} {
				require.Equal(t, c.want, w.attempt(tx, text), "%s: %s", role, text)
			}
			if role == "app" || role == "worker" {
				for _, text := range []string{
					"ALTER TABLE " + name + " DISABLE TRIGGER ALL", "ALTER TABLE " + name + " DISABLE ROW LEVEL SECURITY", "DROP TABLE " + name,
					"DROP POLICY book ON " + name, "SET LOCAL session_replication_role = replica", "SET LOCAL ROLE " + w.role("owner"),
				} {
					require.Equal(t, notPermitted, w.attempt(tx, text), "%s: %s", role, text)
				}
			}
		})
	}
}

func TestTheWorkerSeesTheQueueAlone(t *testing.T) {
	t.Parallel()
	w := newRowsWorld(t)
	books := w.settle()
	w.under(w.worker, settingsOf(books...), func(tx *sql.Tx) {
		for _, table := range w.tables() {
			name := w.schema + "." + table
			if table != "queue" {
				for _, text := range []string{"SELECT FROM " + name, "UPDATE " + name + " SET tenant = tenant", "DELETE FROM " + name, "INSERT INTO " + name + " DEFAULT VALUES"} {
					require.Equal(t, notPermitted, w.attempt(tx, text), text)
				}
				continue
			}
			require.Equal(t, w.text("SELECT count(*) FROM "+name), w.attempt(tx, "SELECT FROM "+name))
			require.NotEqual(t, "0", w.attempt(tx, "UPDATE "+name+" SET ready = ready + 1, tries = tries + 1, holder = 'w'"))
			for _, text := range []string{"DELETE FROM " + name, "UPDATE " + name + " SET tenant = tenant", "UPDATE " + name + " SET seq = 9", "INSERT INTO " + name + " DEFAULT VALUES"} {
				require.Equal(t, notPermitted, w.attempt(tx, text), text)
			}
		}
	})
	q := operations.ClaimQuery{Topic: operations.TopicOutbox, Holder: "w", Now: at, Until: at.Add(1e9), Limit: 100}
	tickets, err := w.store(w.app).Claim(t.Context(), q)
	require.NoError(t, err)
	require.Len(t, tickets, len(books), "a pool of workers sees what waits in all books")
	alone := w.alone(w.app)
	q.Holder, q.Now, q.Until = "x", q.Until, q.Until.Add(1e9)
	tickets, err = alone.Claim(t.Context(), q)
	require.NoError(t, err)
	require.Empty(t, tickets, "the application's own role does not")
}

// TestNothingLeaksBetweenUsesOfAConnection has tenants take turns on two
// connections, callers give up in between, and then looks at what the
// connections still know.
func TestNothingLeaksBetweenUsesOfAConnection(t *testing.T) {
	t.Parallel()
	w := newRowsWorld(t)
	books := w.settle()
	db := w.pool("app", 2)
	store := w.store(db)
	clean := func() {
		t.Helper()
		ctx := t.Context()
		var conns []*sql.Conn
		for range 2 {
			c, err := db.Conn(ctx)
			require.NoError(t, err)
			conns = append(conns, c)
		}
		for _, c := range conns {
			var left string
			require.NoError(t, c.QueryRowContext(ctx, `SELECT concat(current_setting('onbehalf.books', true), current_setting('onbehalf.tenants', true),
				current_setting('onbehalf.firm', true), pg_current_xact_id_if_assigned())`).Scan(&left))
			require.Empty(t, left)
			var rows int
			require.NoError(t, c.QueryRowContext(ctx, "SELECT count(*) FROM "+w.schema+".entries").Scan(&rows))
			require.Zero(t, rows)
		}
		require.Equal(t, "0", w.text("SELECT count(*) FROM pg_stat_activity WHERE usename = $1 AND state LIKE 'idle in transaction%'", w.role("app")))
		for _, c := range conns {
			require.NoError(t, c.Close())
		}
	}
	const callers = 8
	var group errgroup.Group
	for caller := range callers {
		group.Go(func() error {
			for n := range atLeast(500, 1000, 10000) / callers {
				id := books[(caller+n)%len(books)]
				ctx, cancel := context.WithCancel(context.Background())
				if n%5 == 0 {
					go cancel() // before, during or after
				}
				err := call4(ctx, store, id, n)
				cancel()
				gaveUp := n%5 == 0 && (errors.Is(err, context.Canceled) || errors.Is(err, tenancy.ErrUnavailable))
				if err != nil && !gaveUp {
					return fmt.Errorf("call %d of %s: %w", n, id, err)
				}
			}
			return nil
		})
	}
	require.NoError(t, group.Wait())
	clean()

	// Inside the host's transaction they end with it, however it ends.
	for _, end := range []func(*sql.Tx) error{(*sql.Tx).Commit, (*sql.Tx).Rollback} {
		tx, err := db.BeginTx(t.Context(), nil)
		require.NoError(t, err)
		for n := range 8 {
			require.NoError(t, call4(t.Context(), store.WithTx(tx), books[n%len(books)], n))
		}
		require.NoError(t, end(tx))
		clean()
	}
}

// call4 reads a book in one of four ways, and makes sure that it is that book.
func call4(ctx context.Context, store operations.Store, id operations.BookID, n int) error {
	var entries []operations.Sealed
	switch n % 4 {
	case 0:
		loaded, err := store.Load(ctx, id, 0)
		if err != nil {
			return err
		}
		entries = loaded.Tail
	case 1:
		page, err := store.History(ctx, id, operations.HistoryQuery{Limit: 10})
		if err != nil {
			return err
		}
		for i := range page.Items {
			entries = append(entries, page.Items[i].Entry)
		}
	case 2:
		var err error
		if entries, err = store.Journal(ctx, id, 0, 10); err != nil {
			return err
		}
	default:
		found, err := store.Find(ctx, id, operations.Want{Key: "key-1", Operation: operations.OperationID("op-" + string(id.Customer) + "-1")})
		if err != nil {
			return err
		}
		if found.Key == nil || found.Operation == nil {
			return fmt.Errorf("found %+v", found)
		}
		entries = []operations.Sealed{*found.Key, found.Operation.Entry, *found.Key}
	}
	if len(entries) != 3 {
		return fmt.Errorf("%d entries", len(entries))
	}
	for i := range entries {
		e, err := entries[i].Open()
		if err != nil {
			return err
		}
		if e.Tenant != id.Tenant || e.Customer != id.Customer {
			return fmt.Errorf("an entry of %s/%s", e.Tenant, e.Customer)
		}
	}
	return nil
}
