package main

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/onbehalf/onbehalf/adapters/sqlstore"
)

// handBatch is how many operations B3 stores in one transaction.
const handBatch = 100

// sqliteBaseline is B3: SQLite in WAL mode with synchronous=FULL, the same
// driver and the same tables, one transaction for each hundred operations and
// a prepared statement for each row. It keeps balances and heads in memory and
// is the only writer, so it reads nothing.
type sqliteBaseline struct {
	db     *sql.DB
	ledger *ledger

	head, key, entry, operation, posting, balance *sql.Stmt
}

const (
	handHead = `UPDATE onbehalf_books SET seq = ?, hash = ? WHERE tenant = ? AND customer = ? AND seq = ? AND hash = ?`
	handKey  = `INSERT INTO onbehalf_keys (tenant, customer, key, seq) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING`

	handEntry = `INSERT INTO onbehalf_entries (tenant, customer, seq, prev, hash, at, action, operation, key, fingerprint, bytes)
		VALUES (?, ?, ?, ?, ?, ?, 'submit', ?, ?, ?, ?)`
	handOperation = `INSERT INTO onbehalf_operations (tenant, customer, id, created, updated, version, state, kind, asset,
		from_account, to_account, amount, amount_key, maker, created_at, due)
		VALUES (?, ?, ?, ?, ?, 1, 'completed', ?, '` + asset + `', ?, ?, ?, ?, 'teller', ?, NULL)`
	handPosting = `INSERT INTO onbehalf_postings (tenant, customer, ref, seq, n, at, operation, asset, amount, balance)
		VALUES (?, ?, ?, ?, ?, ?, ?, '` + asset + `', ?, ?)`
	handBalance = `UPDATE onbehalf_balances SET posted = ?, seq = ? WHERE tenant = ? AND customer = ? AND ref = ? AND asset = '` + asset + `'`
)

// newSQLiteBaseline makes the tables and opens the books. The host closes db.
func newSQLiteBaseline(ctx context.Context, db *sql.DB, books, size int) (*sqliteBaseline, error) {
	store, err := sqlstore.New(db, sqlstore.SQLite)
	if err == nil {
		err = store.Migrate(ctx)
	}
	if err != nil {
		return nil, err
	}
	s := &sqliteBaseline{db: db}
	if s.ledger, err = newLedger(books, size); err != nil {
		return nil, err
	}
	for text, into := range map[string]**sql.Stmt{
		handHead: &s.head, handKey: &s.key, handEntry: &s.entry, handOperation: &s.operation, handPosting: &s.posting, handBalance: &s.balance,
	} {
		if *into, err = db.PrepareContext(ctx, text); err != nil { //nolint:sqlclosecheck // they end with the pool
			return nil, err
		}
	}
	if err := s.open(ctx); err != nil {
		return nil, err
	}
	return s, nil
}

func (s *sqliteBaseline) open(ctx context.Context) error {
	tx, err := s.db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer tx.Rollback() //nolint:errcheck // after a commit it does nothing
	for i := range s.ledger.books {
		b := &s.ledger.books[i]
		_, err := tx.ExecContext(ctx, `INSERT INTO onbehalf_books (tenant, customer, seq, hash) VALUES (?, ?, 0, ?)`,
			s.ledger.tenant, b.customer, b.head[:])
		if err != nil {
			return err
		}
		for _, a := range []balance{b.current, b.savings, b.clearing} {
			_, err := tx.ExecContext(ctx, `INSERT INTO onbehalf_balances (tenant, customer, ref, asset, posted, held, debt_limit, seq)
				VALUES (?, ?, ?, '`+asset+`', ?, '0', '0', 0)`, s.ledger.tenant, b.customer, a.ref, sum(a.posted))
			if err != nil {
				return err
			}
		}
	}
	return tx.Commit()
}

func (s *sqliteBaseline) run(ctx context.Context, tasks []task) error {
	for len(tasks) > 0 {
		n := min(len(tasks), handBatch)
		if err := s.batch(ctx, tasks[:n]); err != nil {
			return err
		}
		tasks = tasks[n:]
	}
	return nil
}

// batch stores some operations at once. Nothing else writes, so memory and
// tables part only when it fails, which ends the measurement.
func (s *sqliteBaseline) batch(ctx context.Context, tasks []task) error {
	tx, err := s.db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer tx.Rollback() //nolint:errcheck // after a commit it does nothing
	w := handWriter{ctx: context.WithoutCancel(ctx), tenant: s.ledger.tenant}
	for into, from := range map[**sql.Stmt]*sql.Stmt{
		&w.head: s.head, &w.key: s.key, &w.entry: s.entry, &w.operation: s.operation, &w.posting: s.posting, &w.balance: s.balance,
	} {
		*into = tx.StmtContext(w.ctx, from)
	}
	now := time.Now().UTC()
	for i := range tasks {
		var c change
		if err := s.ledger.apply(&tasks[i], now, &c); err != nil {
			return err
		}
		if err := w.put(s.ledger.books[tasks[i].book].customer, &c); err != nil {
			return err
		}
	}
	return tx.Commit()
}

// handWriter has the statements within one transaction.
type handWriter struct {
	ctx    context.Context //nolint:containedctx // lives as long as one transaction
	tenant string

	head, key, entry, operation, posting, balance *sql.Stmt
}

func (w *handWriter) put(customer string, c *change) error {
	at, amount := c.at.UnixMicro(), sum(c.amount)
	err := w.one(w.key, w.tenant, customer, c.key, c.seq)
	if err == nil {
		err = w.one(w.head, c.seq, c.hash[:], w.tenant, customer, c.seq-1, c.prev[:])
	}
	if err == nil {
		err = w.one(w.entry, w.tenant, customer, c.seq, c.prev[:], c.hash[:], at, c.id, c.key, c.fingerprint[:], c.bytes)
	}
	if err == nil {
		err = w.one(w.operation, w.tenant, customer, c.id, c.seq, c.seq, c.kind, c.from, c.to, amount, sortable(amount), at)
	}
	for n := range c.legs {
		l := &c.legs[n]
		balance := sum(l.posted)
		if err == nil {
			err = w.one(w.posting, w.tenant, customer, l.of.ref, c.seq, n, at, c.id, sum(l.amount), balance)
		}
		if err == nil {
			err = w.one(w.balance, balance, c.seq, w.tenant, customer, l.of.ref)
		}
	}
	return err
}

// one runs a statement that must change exactly one row.
func (w *handWriter) one(statement *sql.Stmt, args ...any) error {
	res, err := statement.ExecContext(w.ctx, args...)
	if err != nil {
		return err
	}
	if n, err := res.RowsAffected(); err != nil || n != 1 {
		return errors.Join(errors.New("a row was not written"), err)
	}
	return nil
}

// sortable is an amount in a fixed width that sorts as it counts, as wide as
// the engine's.
func sortable(amount string) string {
	const width = 58
	b := make([]byte, 0, width)
	for range width - len(amount) {
		b = append(b, '0')
	}
	return string(append(b, amount...))
}

func (s *sqliteBaseline) check(ctx context.Context, w *workload) error {
	for table, want := range map[string]int{
		"onbehalf_entries": w.done, "onbehalf_keys": w.done, "onbehalf_operations": w.done, "onbehalf_postings": 2 * w.done,
	} {
		var n int
		if err := s.db.QueryRowContext(ctx, "SELECT count(*) FROM "+table).Scan(&n); err != nil {
			return err
		}
		if n != want {
			return fmt.Errorf("%s has %d rows, must have %d", table, n, want)
		}
	}
	for i := range s.ledger.books {
		if err := s.checkBook(ctx, &s.ledger.books[i]); err != nil {
			return fmt.Errorf("book %d: %w", i, err)
		}
	}
	return s.ledger.balances(w)
}

// checkBook follows the chain as it is stored, and the balances.
func (s *sqliteBaseline) checkBook(ctx context.Context, b *ledgerBook) error {
	rows, err := s.db.QueryContext(ctx, `SELECT prev, hash, bytes FROM onbehalf_entries WHERE tenant = ? AND customer = ? ORDER BY seq`,
		s.ledger.tenant, b.customer)
	if err != nil {
		return err
	}
	defer rows.Close() //nolint:errcheck // Err tells
	var last [32]byte
	for rows.Next() {
		var k link
		if err := rows.Scan(&k.prev, &k.hash, &k.bytes); err != nil {
			return err
		}
		if last, err = k.follows(last); err != nil {
			return err
		}
	}
	if err := rows.Err(); err != nil {
		return err
	}
	if last != b.head {
		return errors.New("the chain does not end at the head")
	}
	for _, a := range []balance{b.current, b.savings, b.clearing} {
		var posted string
		err := s.db.QueryRowContext(ctx, `SELECT posted FROM onbehalf_balances WHERE tenant = ? AND customer = ? AND ref = ?`,
			s.ledger.tenant, b.customer, a.ref).Scan(&posted)
		if err != nil {
			return err
		}
		if posted != sum(a.posted) {
			return fmt.Errorf("account %q has %s, must have %s", a.ref, posted, sum(a.posted))
		}
	}
	return nil
}
