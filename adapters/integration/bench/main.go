// Bench measures the engine against ledgers written by hand, which store the
// same rows the same way and do nothing else, and prints the ratios. From the
// root of the project:
//
//	go run ./adapters/integration/bench
//
// All sides of a comparison do the same operations in turns, so that they meet
// the same noise; figures are medians over the rounds, and beside a ratio
// stands what it was in the lowest and the highest round. In the end the balances
// and the chains of all sides are checked, and a wrong one is a failure.
//
//	R1  PostgreSQL, many callers over warm books, and beside it over cold ones,
//	    and as a role that no row-level security holds
//	R2  the same against one statement for each operation
//	R3  PostgreSQL, one caller: the median time of an operation
//	R4  PostgreSQL, many callers on one customer
//	R5  SQLite, many callers
//	R6  memory, one caller
//	R7  a page of history, by the size of the table and its depth
//	R8  memory of an engine over SQLite, by the number of books touched
//	R9  what a firm has, over all its books
//	R10 PostgreSQL, 32 connections of the API against 32 callers of the engine
//	R11 PostgreSQL, two engines in processes of their own against one
//
// The PostgreSQL server is that of -dsn or ONBEHALF_POSTGRES_DSN, where the user
// must be a superuser and the databases made are dropped again, or else one that
// is started for it. The whole takes some minutes; flags make it smaller or larger.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"slices"
	"strconv"
	"strings"
	"text/tabwriter"
)

func main() {
	if os.Getenv(childVariable) != "" {
		if err := serveTasks(context.Background(), os.Stdin, os.Stdout); err != nil {
			fmt.Fprintln(os.Stderr, "bench: engine:", err)
			os.Exit(1)
		}
		return
	}
	if err := run(context.Background(), os.Args[1:], os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

// sizes are how much is done.
type sizes struct {
	rounds     int
	callers    int // of all but R3 and R6
	committers int // of the engine on PostgreSQL

	books, tasks             int // of R1, R2 and R4; tasks in a round
	coldBooks, coldTasks     int
	loneTasks                int // of R3
	sqliteBooks, sqliteTasks int
	memoryBooks, memoryTasks int
	memoryHeap               int // MiB
	history                  int // operations in the table of R7
	pages                    int // up to which R7 turns
	touched                  int // books of R8

	dir string // for the databases of SQLite; empty: a temporary one
	dsn string

	profile string // folder for profiles of this process; empty: none
}

func run(ctx context.Context, args []string, out io.Writer) (err error) {
	z, only, err := parse(args)
	if err != nil {
		if errors.Is(err, flag.ErrHelp) {
			return nil
		}
		return err
	}
	stop, err := profile(z.profile)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, stop()) }()
	for _, m := range []struct {
		of []string
		do func(context.Context, sizes, selection, *report) error
	}{
		{[]string{"R1", "R2", "R3", "R4", "R10", "R11"}, postgresSpeed},
		{[]string{"R5"}, sqliteSpeed},
		{[]string{"R6"}, memorySpeed},
		{[]string{"R7"}, historyPages},
		{[]string{"R8"}, engineMemory},
		{[]string{"R9"}, treasury},
	} {
		if !only.any(m.of...) {
			continue
		}
		r := report{tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)}
		if err := m.do(ctx, z, only, &r); err != nil {
			return fmt.Errorf("%s: %w", strings.Join(m.of, ", "), err)
		}
		if err := r.table.Flush(); err != nil {
			return err
		}
	}
	return nil
}

func parse(args []string) (z sizes, only selection, err error) {
	flags := flag.NewFlagSet("bench", flag.ContinueOnError)
	flags.Var(&only, "only", "what to measure, as R1,R3; default: all")
	counts := map[string]*int{}
	count := func(at *int, name string, value int, usage string) {
		flags.IntVar(at, name, value, usage)
		counts[name] = at
	}
	count(&z.rounds, "rounds", 3, "rounds of each side")
	count(&z.callers, "callers", 64, "concurrent callers of R1, R2, R4 and R5")
	count(&z.committers, "committers", defaultCommitters, "committers of the engine on PostgreSQL")
	count(&z.books, "books", 10_000, "books of R1 and R2")
	count(&z.tasks, "operations", 20_000, "operations in a round of R1, R2 and R4")
	count(&z.coldBooks, "cold-books", 100_000, "cold books beside R1, and books of R9")
	count(&z.coldTasks, "cold-operations", 10_000, "operations in a round over cold books")
	count(&z.loneTasks, "lone-operations", 2_000, "operations in a round of R3")
	count(&z.sqliteBooks, "sqlite-books", 10_000, "books of R5")
	count(&z.sqliteTasks, "sqlite-operations", 5_000, "operations in a round of R5")
	count(&z.memoryBooks, "memory-books", 1_000, "books of R6")
	count(&z.memoryTasks, "memory-operations", 10_000, "operations in a round of R6")
	count(&z.memoryHeap, "memory-heap", 1024, "MiB that the process takes before R6")
	count(&z.history, "history", 5_000_000, "operations in the larger table of R7; the smaller has a thousandth")
	count(&z.pages, "pages", 10_000, "up to which page of history R7 turns")
	count(&z.touched, "touched", 300_000, "books touched in R8, at first a tenth of them")
	flags.StringVar(&z.dir, "dir", "", "folder for the databases of SQLite; default: a temporary one")
	flags.StringVar(&z.dsn, "dsn", os.Getenv("ONBEHALF_POSTGRES_DSN"), "PostgreSQL server, as a superuser; default: one of our own")
	flags.StringVar(&z.profile, "profile", "", "folder to write cpu.pprof and allocs.pprof of this process to, all sides together; default: none")
	if err := flags.Parse(args); err != nil {
		return z, only, err
	}
	for name, n := range counts {
		if *n < 1 {
			return z, only, fmt.Errorf("-%s must be at least 1", name)
		}
	}
	return z, only, nil
}

// selection is what to measure; none: all.
type selection []string

func (s *selection) String() string { return strings.Join(*s, ",") }

// Set takes a list of ids.
func (s *selection) Set(text string) error {
	for id := range strings.SplitSeq(text, ",") {
		n, err := strconv.Atoi(strings.TrimPrefix(id, "R"))
		if err != nil || n < 1 || n > 11 || id != "R"+strconv.Itoa(n) {
			return fmt.Errorf("%q is not one of R1 to R11", id)
		}
		*s = append(*s, id)
	}
	return nil
}

func (s selection) any(ids ...string) bool {
	return len(s) == 0 || slices.ContainsFunc(ids, func(id string) bool { return slices.Contains(s, id) })
}
