package main

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"path/filepath"
	"runtime"
	"strconv"
	"time"

	"github.com/onbehalf/onbehalf/adapters/sqlstore"
	"github.com/onbehalf/onbehalf/customer"
	"github.com/onbehalf/onbehalf/operations"
)

// touchedCache is full long before a tenth of the books are touched.
const touchedCache = 8 << 20

// engineMemory is R8: books are opened, each once, by an engine over SQLite with
// a small cache, and what the Go heap has in use is taken after a tenth and
// after all of them.
func engineMemory(ctx context.Context, z sizes, _ selection, r *report) error {
	return withFolder(z.dir, func(dir string) (err error) {
		db, store, err := openStore(ctx, filepath.Join(dir, "touched.db"))
		if err != nil {
			return err
		}
		defer func() { err = errors.Join(err, db.Close()) }()
		s, err := newEngineSide(ctx, store, engineConfig{callers: z.callers, cache: touchedCache})
		if err != nil {
			return err
		}
		few := max(z.touched/10, 1)
		if err := s.touch(ctx, 0, few); err != nil {
			return err
		}
		after := heapInUse()
		if err := s.touch(ctx, few, z.touched); err != nil {
			return err
		}
		end := heapInUse()
		runtime.KeepAlive(s)
		heads, err := s.eng.Firm(s.firm).Heads(ctx)
		if err == nil && heads.Books < int64(z.touched) {
			err = fmt.Errorf("%d books are there, %d were touched", heads.Books, z.touched)
		}
		if err != nil {
			return err
		}
		r.line("", "engine on SQLite, heap in use", "KiB", "ratio")
		r.line("", fmt.Sprintf("after %d books", few), after>>10, "")
		r.line("R8", fmt.Sprintf("after %d books", z.touched), end>>10, hundredths(int64(100*end/max(after, 1)))) //nolint:gosec // small
		return nil
	})
}

// touch opens the books of these numbers.
func (s *engineSide) touch(ctx context.Context, from, to int) error {
	return s.spread(ctx, to-from, func(ctx context.Context, i int) error {
		name := strconv.Itoa(from + i)
		_, err := s.eng.OpenCustomer(ctx, s.firm, operations.Intent{Key: "customer-" + name}, customer.Profile{Name: "Customer " + name})
		return err
	})
}

func heapInUse() uint64 {
	var m runtime.MemStats
	runtime.GC()
	runtime.GC() // what finalizers let go
	runtime.ReadMemStats(&m)
	return m.HeapInuse
}

// treasury is R9: what the firm has on the system accounts of all books. The
// index must have been used, and the table not been read as a whole.
func treasury(ctx context.Context, z sizes, _ selection, r *report) (err error) {
	c, err := openCluster(ctx, z.dsn)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, c.close()) }()
	f := &field{cluster: c, sizes: z}
	engine, err := f.side(ctx, "treasury", c.app(), engineConfig{books: z.coldBooks, callers: z.callers, cache: coldCache})
	if err == nil {
		err = c.settle(ctx, f.databases...)
	}
	if err != nil {
		return err
	}
	db := c.pool(f.databases[0], c.app(), 1)
	defer func() { err = errors.Join(err, db.Close()) }()
	store, err := sqlstore.New(db, sqlstore.PostgreSQL)
	if err != nil {
		return err
	}
	scansBefore, wholeBefore, err := treasuryScans(ctx, db)
	if err != nil {
		return err
	}
	var nanos []int64
	var rows []operations.PositionRow
	for range 2*z.rounds + 1 {
		start := time.Now()
		if rows, err = store.Positions(ctx, engine.firm.Tenant(), operations.PositionQuery{Limit: 100}); err != nil {
			return err
		}
		nanos = append(nanos, time.Since(start).Nanoseconds())
	}
	want := task{amount: -int64(z.coldBooks) * funding}.decimal()
	if len(rows) != 1 || !rows[0].Amount.Equal(want) || rows[0].Books != int64(z.coldBooks) {
		return fmt.Errorf("the positions are %v, must be one of %s", rows, want)
	}
	scans, whole, err := treasuryScans(ctx, db)
	if err != nil {
		return err
	}
	scans, whole = scans-scansBefore, whole-wholeBefore
	r.line("", "treasury position", "median", "scans of its index", "of the whole table")
	r.line("R9", fmt.Sprintf("over %d books", z.coldBooks), time.Duration(median(nanos)).Round(10*time.Microsecond), scans, whole)
	return nil
}

// treasuryScans counts how often the index was used so far, and the table read
// as a whole.
func treasuryScans(ctx context.Context, db *sql.DB) (index, whole int64, err error) {
	if _, err := db.ExecContext(ctx, `SELECT pg_stat_force_next_flush()`); err != nil {
		return 0, 0, err
	}
	err = db.QueryRowContext(ctx, `SELECT i.idx_scan, t.seq_scan FROM pg_stat_user_indexes i JOIN pg_stat_user_tables t USING (relid)
		WHERE i.indexrelname = 'balances_system'`).Scan(&index, &whole)
	return index, whole, err
}
