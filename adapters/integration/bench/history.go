package main

import (
	"context"
	"database/sql"
	_ "embed"
	"errors"
	"fmt"
	"time"

	"github.com/onbehalf/onbehalf/adapters/sqlstore"
	"github.com/onbehalf/onbehalf/operations"
	"github.com/onbehalf/onbehalf/tenancy"
)

//go:embed history.sql
var fillHistory string

const (
	historyPage = 50
	// historyBook is how many operations each book has but one.
	historyBook = 500
	// historyBooks are so many books whose pages are read, again and again: what
	// is compared are plans and indexes, not the disk.
	historyBooks = 10
)

// historyPages is R7: a page of operations with their entries, as the store
// brings it, under row-level security. The tables are filled by SQL: the rows
// are those of the store, with entries of 200 bytes that nobody folds.
func historyPages(ctx context.Context, z sizes, _ selection, r *report) (err error) {
	c, err := openCluster(ctx, z.dsn)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, c.close()) }()
	deep := z.pages * historyPage
	large, err := openHistory(ctx, c, "large", max((z.history-deep)/historyBook, historyBooks), deep)
	if err != nil {
		return err
	}
	small, err := openHistory(ctx, c, "small", max(z.history/1000/historyBook, historyBooks), 0)
	if err != nil {
		return err
	}
	var few, many, first, last []int64
	for range 5*z.rounds + 1 {
		for i := range historyBooks {
			for s, into := range map[*historySide]*[]int64{small: &few, large: &many} {
				took, _, err := s.page(ctx, s.book(i), 0)
				if err != nil {
					return err
				}
				*into = append(*into, took)
			}
		}
	}
	for i := range 10*z.rounds + 1 {
		took, before, err := large.page(ctx, deepBook, 0)
		if err != nil {
			return err
		}
		first = append(first, took)
		// The last full page, by the place that turning the pages comes to.
		if i == 0 {
			if before, err = large.turn(ctx, before, min(z.pages-2, 100)); err != nil {
				return err
			}
			if want := int64(deep - (min(z.pages-2, 100)+1)*historyPage + 1); z.pages > 2 && before != want {
				return fmt.Errorf("turning pages came to %d, not to %d", before, want)
			}
		}
		if took, _, err = large.page(ctx, deepBook, historyPage+1); err != nil {
			return err
		}
		last = append(last, took)
	}
	n := fmt.Sprintf("a page of %d of ", historyPage)
	r.times("R7", n+fmt.Sprint(small.total), few, n+fmt.Sprint(large.total), many)
	r.times("R7", "the first page", first, fmt.Sprintf("page %d", z.pages), last)
	return nil
}

// deepBook is the one with many operations.
const deepBook = "deep"

type historySide struct {
	store *sqlstore.Store
	books int
	total int // operations
}

// openHistory fills a database with so many books of historyBook operations and
// one with so many more.
func openHistory(ctx context.Context, c *cluster, name string, books, deep int) (*historySide, error) {
	database, err := c.database(ctx, name)
	if err != nil {
		return nil, err
	}
	db := c.pool(database, "", 1)
	defer db.Close() //nolint:errcheck // nothing is left to lose
	if err := fill(ctx, db, books, deep); err != nil {
		return nil, err
	}
	if err := c.settle(ctx, database); err != nil {
		return nil, err
	}
	s := &historySide{books: books, total: books*historyBook + deep}
	var n int
	if err := db.QueryRowContext(ctx, `SELECT count(*) FROM onbehalf.operations`).Scan(&n); err != nil || n != s.total {
		return nil, errors.Join(fmt.Errorf("%d operations are there, must be %d", n, s.total), err)
	}
	s.store, err = c.store(database, c.app())
	return s, err
}

func fill(ctx context.Context, db *sql.DB, books, deep int) error {
	if _, err := db.ExecContext(ctx, fillHistory); err != nil {
		return err
	}
	_, err := db.ExecContext(ctx, `SELECT fill_history($1, $2, $3, $4)`, books, historyBook, deepBook, deep)
	return err
}

// book is the name of one of those read, which lie all over the table.
func (s *historySide) book(i int) string { return fmt.Sprintf("book-%08d", 1+i*(s.books/historyBooks)) }

// page reads one page, which must be full, and gives what it took and where the
// next one begins.
func (s *historySide) page(ctx context.Context, customer string, before int64) (took, next int64, err error) {
	start := time.Now()
	page, err := s.store.History(ctx, operations.BookID{Tenant: "bench", Customer: tenancy.CustomerID(customer)},
		operations.HistoryQuery{Before: before, Limit: historyPage})
	took = time.Since(start).Nanoseconds()
	if err == nil && len(page.Items) != historyPage {
		err = fmt.Errorf("a page of %q has %d operations", customer, len(page.Items))
	}
	return took, page.Next, err
}

// turn turns so many pages of the deep book.
func (s *historySide) turn(ctx context.Context, before int64, pages int) (int64, error) {
	for range pages {
		var err error
		if _, before, err = s.page(ctx, deepBook, before); err != nil {
			return 0, err
		}
	}
	return before, nil
}
