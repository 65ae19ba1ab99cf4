package main

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"golang.org/x/sync/errgroup"
)

//go:embed baseline.sql
var handFunctions string

// postgresBaseline is B1 and B2: the store's own tables, functions of its own,
// the driver without database/sql. It keeps balances and heads in memory and is
// the only writer, so it reads nothing.
type postgresBaseline struct {
	pool        *pgxpool.Pool
	ledger      *ledger
	connections int
	batches     bool         // B2: many operations in a transaction; else B1
	locks       []sync.Mutex // by book, B1: the next operation waits for the one before
	timer
}

// newPostgresBaseline opens the books in a database that has the tables.
func newPostgresBaseline(ctx context.Context, pool *pgxpool.Pool, books, size, connections int, batches bool) (*postgresBaseline, error) {
	s := &postgresBaseline{pool: pool, connections: connections, batches: batches, locks: make([]sync.Mutex, books)}
	var err error
	if s.ledger, err = newLedger(books, size); err != nil {
		return nil, err
	}
	if _, err := pool.Exec(ctx, handFunctions); err != nil {
		return nil, err
	}
	heads, balances := make([][]any, 0, books), make([][]any, 0, 3*books)
	for i := range s.ledger.books {
		b := &s.ledger.books[i]
		heads = append(heads, []any{s.ledger.tenant, b.customer, int64(0), b.head[:]})
		for _, a := range []balance{b.current, b.savings, b.clearing} {
			balances = append(balances, []any{s.ledger.tenant, b.customer, a.ref, asset, sum(a.posted), "0", "0", int64(0)})
		}
	}
	_, err = pool.CopyFrom(ctx, pgx.Identifier{"books"}, []string{"tenant", "customer", "seq", "hash"}, pgx.CopyFromRows(heads))
	if err == nil {
		_, err = pool.CopyFrom(ctx, pgx.Identifier{"balances"},
			[]string{"tenant", "customer", "ref", "asset", "posted", "held", "debt_limit", "seq"}, pgx.CopyFromRows(balances))
	}
	if err == nil {
		_, err = pool.Exec(ctx, `ANALYZE books, balances`) // or the first plans are made for empty tables
	}
	return s, err
}

func (s *postgresBaseline) run(ctx context.Context, tasks []task) error {
	if s.batches {
		return s.runBatches(ctx, tasks)
	}
	g, ctx := errgroup.WithContext(ctx)
	var taken atomic.Int64
	for range s.connections {
		g.Go(func() error {
			for {
				i := int(taken.Add(1)) - 1
				if i >= len(tasks) {
					return nil
				}
				if err := s.time(func() error { return s.one(ctx, &tasks[i]) }); err != nil {
					return err
				}
			}
		})
	}
	return g.Wait()
}

const callOne = `SELECT hand_one($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21)`

func (s *postgresBaseline) one(ctx context.Context, t *task) error {
	s.locks[t.book].Lock()
	defer s.locks[t.book].Unlock()
	var c change
	if err := s.ledger.apply(t, time.Now().UTC(), &c); err != nil {
		return err
	}
	a, b := &c.legs[0], &c.legs[1]
	_, err := s.pool.Exec(ctx, callOne, s.ledger.tenant, s.ledger.books[t.book].customer, c.seq, c.prev[:], c.hash[:], c.at.UnixMicro(),
		c.key, c.id, c.kind, c.from, c.to, asset, sum(c.amount), c.fingerprint[:], c.bytes,
		a.of.ref, sum(a.amount), sum(a.posted), b.of.ref, sum(b.amount), sum(b.posted))
	return err
}

// runBatches gives each connection the books of its own, so that no two
// transactions meet.
func (s *postgresBaseline) runBatches(ctx context.Context, tasks []task) error {
	shares := make([][]*task, s.connections)
	for i := range tasks {
		n := tasks[i].book % s.connections
		shares[n] = append(shares[n], &tasks[i])
	}
	g, ctx := errgroup.WithContext(ctx)
	for _, share := range shares {
		g.Go(func() error {
			for len(share) > 0 {
				n := min(len(share), handBatch)
				if err := s.batch(ctx, share[:n]); err != nil {
					return err
				}
				share = share[n:]
			}
			return nil
		})
	}
	return g.Wait()
}

const callBatch = `SELECT hand_batch($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21,
	$22, $23, $24, $25, $26, $27, $28, $29, $30, $31, $32)`

func (s *postgresBaseline) batch(ctx context.Context, tasks []*task) error {
	a, now := newHandArrays(), time.Now().UTC()
	changes := make([]change, len(tasks))
	for i, t := range tasks {
		if err := s.ledger.apply(t, now, &changes[i]); err != nil {
			return err
		}
		a.add(&s.ledger.books[t.book], &changes[i])
	}
	_, err := s.pool.Exec(ctx, callBatch, a.args(s.ledger.tenant)...)
	return err
}

func (s *postgresBaseline) check(ctx context.Context, w *workload) error {
	for table, want := range map[string]int{"keys": w.done, "operations": w.done, "postings": 2 * w.done} {
		var n int
		if err := s.pool.QueryRow(ctx, "SELECT count(*) FROM "+table).Scan(&n); err != nil {
			return err
		}
		if n != want {
			return fmt.Errorf("%s has %d rows, must have %d", table, n, want)
		}
	}
	if err := s.checkChains(ctx, w.done); err != nil {
		return err
	}
	if err := s.checkBalances(ctx); err != nil {
		return err
	}
	return s.ledger.balances(w)
}

// checkChains follows the chain of each book as it is stored, to its head.
func (s *postgresBaseline) checkChains(ctx context.Context, done int) error {
	last, n := make(map[string][32]byte, len(s.ledger.books)), 0
	rows, err := s.pool.Query(ctx, `SELECT customer, prev, hash, bytes FROM entries ORDER BY tenant, customer, seq`)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var customer string
		var k link
		if err := rows.Scan(&customer, &k.prev, &k.hash, &k.bytes); err != nil {
			return err
		}
		if last[customer], err = k.follows(last[customer]); err != nil {
			return fmt.Errorf("book %s: %w", customer, err)
		}
		n++
	}
	if err := rows.Err(); err != nil {
		return err
	}
	if n != done {
		return fmt.Errorf("%d entries are there, %d operations were done", n, done)
	}
	for i := range s.ledger.books {
		if b := &s.ledger.books[i]; last[b.customer] != b.head {
			return fmt.Errorf("book %d: the chain does not end at the head", i)
		}
	}
	return nil
}

// checkBalances holds the balances and heads as stored against those in memory.
func (s *postgresBaseline) checkBalances(ctx context.Context) error {
	type key struct{ customer, ref string }
	want := make(map[key]string, 3*len(s.ledger.books))
	for i := range s.ledger.books {
		b := &s.ledger.books[i]
		for _, a := range []balance{b.current, b.savings, b.clearing} {
			want[key{b.customer, a.ref}] = sum(a.posted)
		}
	}
	rows, err := s.pool.Query(ctx, `SELECT b.customer, a.ref, a.posted::text, b.seq FROM books b JOIN balances a ON a.tenant = b.tenant AND a.customer = b.customer`)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var k key
		var posted string
		var seq int64
		if err := rows.Scan(&k.customer, &k.ref, &posted, &seq); err != nil {
			return err
		}
		if want[k] != posted {
			return fmt.Errorf("account %q has %s, must have %s", k.ref, posted, want[k])
		}
		delete(want, k)
	}
	if err := rows.Err(); err != nil {
		return err
	}
	if len(want) > 0 {
		return errors.New("an account is missing")
	}
	return nil
}
