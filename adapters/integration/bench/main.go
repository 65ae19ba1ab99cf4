// Bench measures the engine against ledgers written by hand, which store the
// same rows the same way and do nothing else, and prints the ratios. From the
// root of the project:
//
//	go run ./adapters/integration/bench
//
// Each pair does the same operations in turns, so that both meet the same
// noise; figures are medians over the rounds. In the end the balances and the
// chains of both are checked, and a wrong one is a failure. The whole takes
// about a minute; flags make it smaller or larger.
package main

import (
	"context"
	"database/sql"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"text/tabwriter"

	_ "modernc.org/sqlite" // the driver of both sides

	"github.com/onbehalf/onbehalf/adapters/memory"
	"github.com/onbehalf/onbehalf/adapters/sqlstore"
)

// sizes are how much is done.
type sizes struct {
	rounds      int
	callers     int // of R5
	sqliteBooks int
	sqliteTasks int // in a round
	memoryBooks int
	memoryTasks int
	dir         string // for the databases; empty: a temporary one
}

func main() {
	if err := run(context.Background(), os.Args[1:], os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string, out io.Writer) error {
	var z sizes
	flags := flag.NewFlagSet("bench", flag.ContinueOnError)
	only := flags.String("only", "", "R5 or R6; default: both")
	flags.IntVar(&z.rounds, "rounds", 5, "rounds of each side")
	flags.IntVar(&z.callers, "callers", 64, "concurrent callers of R5")
	flags.IntVar(&z.sqliteBooks, "sqlite-books", 10_000, "books of R5")
	flags.IntVar(&z.sqliteTasks, "sqlite-operations", 5_000, "operations in a round of R5")
	flags.IntVar(&z.memoryBooks, "memory-books", 1_000, "books of R6")
	flags.IntVar(&z.memoryTasks, "memory-operations", 10_000, "operations in a round of R6")
	flags.StringVar(&z.dir, "dir", "", "folder for the databases of R5; default: a temporary one")
	if err := flags.Parse(args); err != nil {
		if errors.Is(err, flag.ErrHelp) {
			return nil
		}
		return err
	}
	for _, n := range []int{z.rounds, z.callers, z.sqliteBooks, z.sqliteTasks, z.memoryBooks, z.memoryTasks} {
		if n < 1 {
			return errors.New("every size must be at least 1")
		}
	}
	if *only != "" && *only != "R5" && *only != "R6" {
		return errors.New("-only must be R5 or R6")
	}
	table := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	_, _ = fmt.Fprintln(table, "\tside\toperations/s\tallocations\tbytes\tratio\tof the rounds")
	if *only != "R6" {
		c, err := sqlitePair(ctx, z)
		if err != nil {
			return fmt.Errorf("R5: %w", err)
		}
		c.print(table, "R5", "engine on SQLite", "B3 by hand", "speed", ratios(c.baseline, c.engine))
	}
	if *only != "R5" {
		c, err := memoryPair(ctx, z)
		if err != nil {
			return fmt.Errorf("R6: %w", err)
		}
		c.print(table, "R6", "engine in memory", "B4 by hand", "time", ratios(c.engine, c.baseline))
	}
	return table.Flush()
}

// print writes a pair, with the ratio of what is told: speed, more is better,
// or time, less is better.
func (c comparison) print(out io.Writer, id, engine, baseline, what string, all []int64) {
	_, _ = fmt.Fprintf(out, "%s\t%s\t%d\t%d\t%d\t%s of %s %s\t%s to %s\n", id, engine, c.engine.perSecond(),
		median(c.engine.allocs), median(c.engine.bytes), hundredths(all[len(all)/2]), baseline[:2], what,
		hundredths(all[0]), hundredths(all[len(all)-1]))
	_, _ = fmt.Fprintf(out, "\t%s\t%d\t%d\t%d\t\t\n", baseline, c.baseline.perSecond(), median(c.baseline.allocs), median(c.baseline.bytes))
}

// warm is a round that is not measured, and the size of an entry after it.
func warm(ctx context.Context, engine *engineSide, w *workload, tasks int) (first []task, size int, err error) {
	first = w.next(tasks)
	if err = engine.run(ctx, first); err == nil {
		size, err = engine.entrySize(ctx)
	}
	return first, size, err
}

// memoryPair is R6: one caller, memory.
func memoryPair(ctx context.Context, z sizes) (comparison, error) {
	engine, err := newEngineSide(ctx, memory.New(), z.memoryBooks, 1)
	if err != nil {
		return comparison{}, err
	}
	w := newWorkload(z.memoryBooks)
	first, size, err := warm(ctx, engine, w, z.memoryTasks)
	if err != nil {
		return comparison{}, err
	}
	baseline, err := newMemoryBaseline(z.memoryBooks, size)
	if err == nil {
		err = baseline.run(ctx, first)
	}
	if err != nil {
		return comparison{}, err
	}
	return compare(ctx, engine, baseline, w, z.rounds, z.memoryTasks)
}

// sqlitePair is R5: many callers, SQLite with synchronous=FULL.
func sqlitePair(ctx context.Context, z sizes) (c comparison, err error) {
	if z.dir == "" {
		if z.dir, err = os.MkdirTemp("", "onbehalf-bench-"); err != nil {
			return c, err
		}
		defer func() { err = errors.Join(err, os.RemoveAll(z.dir)) }()
	}
	ours, err := openFile(filepath.Join(z.dir, "engine.db"))
	if err != nil {
		return c, err
	}
	defer func() { err = errors.Join(err, ours.Close()) }()
	store, err := sqlstore.New(ours, sqlstore.SQLite)
	if err == nil {
		err = store.Migrate(ctx)
	}
	if err != nil {
		return c, err
	}
	theirs, err := openFile(filepath.Join(z.dir, "baseline.db"))
	if err != nil {
		return c, err
	}
	defer func() { err = errors.Join(err, theirs.Close()) }()
	engine, err := newEngineSide(ctx, store, z.sqliteBooks, z.callers)
	if err != nil {
		return c, err
	}
	w := newWorkload(z.sqliteBooks)
	first, size, err := warm(ctx, engine, w, z.sqliteTasks)
	if err != nil {
		return c, err
	}
	baseline, err := newSQLiteBaseline(ctx, theirs, z.sqliteBooks, size)
	if err == nil {
		err = baseline.run(ctx, first)
	}
	if err != nil {
		return c, err
	}
	return compare(ctx, engine, baseline, w, z.rounds, z.sqliteTasks)
}

// openFile opens a new database file with the one connection both sides have.
func openFile(path string) (*sql.DB, error) {
	if _, err := os.Stat(path); err == nil {
		return nil, fmt.Errorf("%s is there already", path)
	}
	db, err := sql.Open("sqlite", sqlstore.SQLiteDSN(path))
	if err == nil {
		db.SetMaxOpenConns(1)
	}
	return db, err
}
