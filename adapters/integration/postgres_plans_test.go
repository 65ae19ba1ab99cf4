package integration_test

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/stretchr/testify/require"

	"github.com/onbehalf/onbehalf/accounts"
	"github.com/onbehalf/onbehalf/adapters/sqlstore"
	"github.com/onbehalf/onbehalf/customer"
	"github.com/onbehalf/onbehalf/operations"
)

// node is a node of a plan that was run; Rows, Filtered and Rechecks are of one
// loop.
type node struct {
	Type     string  `json:"Node Type"`                     //nolint:tagliatelle // PostgreSQL's name
	Relation string  `json:"Relation Name"`                 //nolint:tagliatelle // PostgreSQL's name
	Rows     float64 `json:"Actual Rows"`                   //nolint:tagliatelle // PostgreSQL's name
	Loops    float64 `json:"Actual Loops"`                  //nolint:tagliatelle // PostgreSQL's name
	Filtered float64 `json:"Rows Removed by Filter"`        //nolint:tagliatelle // PostgreSQL's name
	Rechecks float64 `json:"Rows Removed by Index Recheck"` //nolint:tagliatelle // PostgreSQL's name
	Plans    []node  `json:"Plans"`                         //nolint:tagliatelle // PostgreSQL's name
}

// each hands the node and all below it to fn.
func (n *node) each(fn func(*node)) {
	fn(n)
	for i := range n.Plans {
		n.Plans[i].each(fn)
	}
}

// planned is a statement with its plan, as it was run.
type planned struct {
	Query string `json:"Query Text"` //nolint:tagliatelle // PostgreSQL's name
	Plan  node   `json:"Plan"`       //nolint:tagliatelle // PostgreSQL's name
}

// rows is how many rows the statement looked at, in tables and indexes.
func (p *planned) rows() int {
	total := 0.0
	p.Plan.each(func(n *node) {
		if n.Relation != "" && strings.Contains(n.Type, "Scan") {
			total += (n.Rows + n.Filtered + n.Rechecks) * n.Loops
		}
	})
	return int(total)
}

// watcher is told every plan by the server itself, those inside functions too.
type watcher struct {
	mu    sync.Mutex
	plans []planned
	bad   error
}

func (w *watcher) notice(_ *pgconn.PgConn, n *pgconn.Notice) {
	_, plan, found := strings.Cut(n.Message, "plan:\n")
	if !found {
		return
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	var p planned
	if err := json.Unmarshal([]byte(plan), &p); err != nil {
		w.bad = err
	}
	w.plans = append(w.plans, p)
}

func (w *watcher) take() ([]planned, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	plans := w.plans
	w.plans = nil
	return plans, w.bad
}

// watched is a pool under a role whose statements tell their plans. The role is
// taken on after a superuser has switched that on.
func (w *rowsWorld) watched(to *watcher, role, mode string) *sql.DB {
	w.t.Helper()
	c := *w
	c.config = w.config.Copy()
	c.config.OnNotice = to.notice
	return c.pool("", 1, stdlib.OptionAfterConnect(func(ctx context.Context, conn *pgx.Conn) error {
		_, err := conn.Exec(ctx, `LOAD 'auto_explain'; SET auto_explain.log_min_duration = 0; SET auto_explain.log_nested_statements = on;
			SET auto_explain.log_analyze = on; SET auto_explain.log_timing = off; SET auto_explain.log_format = json; SET client_min_messages = log;
			SET plan_cache_mode = `+mode+`; SET ROLE `+w.role(role))
		return err
	}))
}

// TestPlansOfReadingStatements loads books in bulk and then makes every call
// that reads, with the plans as the server ran them: whatever the size of the
// tables, no table is swept, nothing is sorted that is longer than a page's
// bound, and the rows looked at are bounded.
func TestPlansOfReadingStatements(t *testing.T) {
	t.Parallel()
	w := newRowsWorld(t)
	n := atLeast(20_000, 20_000, 1_000_000)
	began := time.Now()
	w.fill(n)
	t.Logf("%d operations loaded in %s", n, time.Since(began).Round(time.Second))
	w.logSizes(n)
	large := w.large()
	require.GreaterOrEqual(t, len(large), 4)
	for _, mode := range []string{"force_custom_plan", "force_generic_plan"} {
		to := &watcher{}
		worker := w.watched(to, "worker", mode)
		store, err := sqlstore.New(w.watched(to, "app", mode), sqlstore.PostgreSQL, sqlstore.Config{Schema: w.schema, Workers: worker})
		require.NoError(t, err)
		for _, c := range w.readings(store, int64(n)/10) {
			for range 2 { // once with statements made for it, once as they are kept
				require.NoError(t, c.call(), "%s: %s", mode, c.name)
			}
			plans, err := to.take()
			require.NoError(t, err)
			looked := 0
			for i := range plans {
				looked += w.bounded(mode+": "+c.name, &plans[i], c.bound, large)
			}
			require.Positive(t, looked, "%s looks at nothing", c.name)
		}
	}
}

// A host's own statements are planned in its transaction as they were before.
func TestAHostsTransactionKeepsItsPlanner(t *testing.T) {
	t.Parallel()
	store, db, _ := newPostgres(t, sqlstore.Config{})
	tx, err := db.BeginTx(t.Context(), nil)
	require.NoError(t, err)
	defer tx.Rollback() //nolint:errcheck // it only reads
	_, err = store.WithTx(tx).History(t.Context(), operations.BookID{Tenant: "t", Customer: "c"}, operations.HistoryQuery{Limit: 1})
	require.NoError(t, err)
	for _, setting := range []string{"enable_seqscan", "enable_bitmapscan"} {
		var is string
		require.NoError(t, tx.QueryRowContext(t.Context(), "SHOW "+setting).Scan(&is))
		require.Equal(t, "on", is, setting)
	}
}

// bounded holds a plan to its bounds, and tells how many rows it looked at.
func (w *rowsWorld) bounded(name string, p *planned, bound int, large map[string]bool) int {
	w.t.Helper()
	rows := p.rows()
	if rows > bound {
		w.t.Errorf("%s looks at %d rows and not at %d at most: %s", name, rows, bound, p.Query)
	}
	p.Plan.each(func(n *node) {
		if n.Type == "Seq Scan" && large[n.Relation] {
			w.t.Errorf("%s sweeps %s: %s", name, n.Relation, p.Query)
		}
		if strings.Contains(n.Type, "Sort") && int(n.Rows) > bound {
			w.t.Errorf("%s sorts %d rows: %s", name, int(n.Rows), p.Query)
		}
	})
	return rows
}

// reading is a call that reads, with the most rows that one statement of it may
// look at.
type reading struct {
	name  string
	bound int
	call  func() error
}

// examined is how many rows a list looks at, see sqlstore.
const examined = 2000

// readings are the calls that read. The large book has this many operations.
func (w *rowsWorld) readings(store operations.Store, large int64) []reading {
	ctx := w.t.Context()
	big, small := operations.BookID{Tenant: "t0", Customer: "big"}, operations.BookID{Tenant: "t0", Customer: "c00000010"}
	var all []reading
	add := func(name string, bound int, call func() error) { all = append(all, reading{name, bound, call}) }
	point := func(id operations.BookID, since int64) func() error {
		return func() error { _, err := store.Load(ctx, id, since); return err }
	}
	add("load from the snapshot", operations.MaxTail+3, point(big, 0))
	add("load what is new", operations.MaxTail+3, point(big, large-5))
	add("load a small book", operations.MaxTail+3, point(small, 0))
	op := operations.OperationID("op-" + w.text("SELECT md5('big' || 77)"))
	for name, want := range map[string]operations.Want{
		"the head": {}, "an operation": {Operation: op}, "a key": {Key: "key-" + string(op[3:])}, "nothing": {Key: "x", Operation: "x", Operator: "x"},
		"all": {Operation: op, Key: "key-" + string(op[3:]), Operator: "ana"},
	} {
		add("find "+name, 8, func() error { _, err := store.Find(ctx, big, want); return err })
	}
	since, amount := time.UnixMicro(1700000000000000+large*500000), money("500")
	for name, q := range map[string]operations.HistoryQuery{
		"plain": {}, "deep": {Before: large / 2}, "states": {States: []operations.State{operations.Failed}}, "kinds": {Kinds: []string{"transfer"}}, "asset": {Asset: "USD"},
		"account": {Account: "acc-7"}, "maker": {Maker: "ana"}, "amount": {Min: &amount, Max: &amount}, "since": {Since: since}, "until": {Until: since},
		"what nobody has": {Maker: "nobody"},
		"between":         {Between: operations.Between{One: []accounts.ID{"acc-7", "acc-8"}, Other: []accounts.ID{"acc-9"}}}, "all at once": {States: operations.States(), Kinds: []string{"deposit"}, Asset: "BRL", Account: "acc-7", Min: &amount, Since: since, Maker: "ana", Before: large},
	} {
		for _, id := range []operations.BookID{big, small} {
			q.Limit = 50
			add("history, "+name+", "+string(id.Customer), examined+2*(q.Limit+16), func() error { _, err := store.History(ctx, id, q); return err })
		}
	}
	for name, q := range map[string]operations.StatementQuery{
		"an account": {Ref: "acc-7"}, "a system account": {Ref: "clearing:bank"}, "deep": {Ref: "clearing:bank", Before: large / 2},
		"an asset it has not": {Ref: "clearing:bank", Asset: "USD"}, "until": {Ref: "clearing:bank", Until: since},
	} {
		q.Limit = 50
		add("statement, "+name, examined+1, func() error { _, err := store.Statement(ctx, big, q); return err })
	}
	add("journal", 51, func() error { _, err := store.Journal(ctx, big, large/2, 50); return err })
	add("personal", 8, func() error { _, err := store.Personal(ctx, big); return err })
	add("projection of a small book", 100, func() error { _, err := store.Projection(ctx, small); return err })
	for name, q := range map[string]operations.CustomerQuery{
		"all": {}, "deep": {After: "c00010000"}, "status": {Statuses: []customer.Status{customer.Closed}}, "type": {Types: []customer.Type{customer.Individual}},
		"search": {Search: "nobody"}, "granted": {Operator: "ana", Now: at}, "granted, deep": {Operator: "ana", Now: at, After: "c00010000"},
		"granted, search": {Operator: "ana", Now: at, Search: "nobody"}, "granted to nobody": {Operator: "nobody", Now: at},
	} {
		q.Limit = 50
		bound := examined + 1
		if q.Operator != "" {
			bound *= 2 // the grant and the customer
		}
		add("customers, "+name, bound, func() error { _, err := store.Customers(ctx, "t0", q); return err })
	}
	add("heads", 1001, func() error { _, err := store.Heads(ctx, "t0", "c00000100", 1000); return err })
	books := large*9/45 + 1 // of all tenants: a report reads one row of each book of the tenant, by an index
	add("positions", int(books), func() error {
		_, err := store.Positions(ctx, "t0", operations.PositionQuery{Limit: 100})
		return err
	})
	for name, q := range map[string]operations.PositionBooksQuery{
		"all": {PositionPlace: operations.PositionPlace{Ref: "clearing:bank", Asset: "BRL"}}, "of nobody": {PositionPlace: operations.PositionPlace{Ref: "clearing:nobody", Asset: "BRL"}},
		"deep": {PositionPlace: operations.PositionPlace{Ref: "clearing:bank", Asset: "BRL"}, After: "c00010000"},
	} {
		q.Limit = 50
		add("books of a position, "+name, 3*examined, func() error { _, err := store.PositionBooks(ctx, "t0", q); return err }) // the book, its part, its customer
	}
	for name, q := range map[string]operations.WaitingQuery{
		"all": {}, "deep": {After: operations.WaitingPlace{Customer: "c00010000"}},
		"granted": {Operator: "ana", Now: at}, "granted to nobody": {Operator: "nobody", Now: at},
	} {
		q.Limit = 50
		bound := q.Limit + 1
		if q.Operator != "" {
			bound = 4 * examined // the grants, the customers, and what waits
		}
		add("waiting, "+name, bound, func() error { _, err := store.Waiting(ctx, "t0", q); return err })
	}
	now := time.UnixMicro(1900000000000000)
	for _, topic := range operations.Topics() {
		add("claim of "+string(topic), 2*100+10, func() error {
			tickets, err := store.Claim(ctx, operations.ClaimQuery{Topic: topic, Holder: "w", Now: now, Until: now.Add(1), Limit: 100})
			if err == nil && len(tickets) != 100 {
				err = fmt.Errorf("%d tickets", len(tickets))
			}
			return err
		})
		add("settle "+string(topic), 3, func() error {
			t := operations.Ticket{TicketPlace: operations.TicketPlace{Customer: "big", Topic: topic}, Tenant: "t0", Holder: "nobody"}
			return store.Settle(ctx, t, operations.Settlement{Delivered: 1, Ready: now})
		})
	}
	add("parked", examined, func() error {
		_, err := store.Parked(ctx, "t0", operations.TicketPlace{Customer: "big"}, 50)
		return err
	})
	add("requeue", 3, func() error {
		_, err := store.Requeue(ctx, "t0", operations.TicketPlace{Customer: "big", Topic: operations.TopicWork, Operation: "none"}, now)
		return err
	})
	return all
}

// large are the tables that have more rows than a list looks at.
func (w *rowsWorld) large() map[string]bool {
	w.t.Helper()
	all := make(map[string]bool)
	for name := range strings.SplitSeq(w.text(`SELECT string_agg(relname, ' ') FROM pg_class WHERE relnamespace = $1::regnamespace AND relkind = 'r'
		AND reltuples > 2 * $2`, w.schema, examined), " ") {
		all[name] = true
	}
	return all
}

// logSizes shows what an operation takes on disk, by table, indexes included.
func (w *rowsWorld) logSizes(n int) {
	w.t.Helper()
	rows, err := w.super.QueryContext(w.t.Context(), `SELECT relname, pg_table_size(oid), pg_indexes_size(oid) FROM pg_class
		WHERE relnamespace = $1::regnamespace AND relkind = 'r' ORDER BY pg_total_relation_size(oid) DESC`, w.schema)
	require.NoError(w.t, err)
	defer rows.Close() //nolint:errcheck // Err below tells
	for rows.Next() {
		var (
			table       string
			size, index float64
		)
		require.NoError(w.t, rows.Scan(&table, &size, &index))
		w.t.Logf("%-12s %6.1f bytes an operation, and %6.1f in indexes", table, size/float64(n), index/float64(n))
	}
	require.NoError(w.t, rows.Err())
}
