// Replay operates the accounts of a real bank's customers on their behalf: it
// submits every transaction the bank recorded to the engine, reads the books
// back, and holds the balance after each transaction against the one the bank
// recorded.
//
//	go run ./examples/replay --store sqlite ../shared/data/bank1993
//
// Whatever it asks for it asks under a key that follows from the data. Killed at
// any moment and started again on the same --db or --dsn, it ends with the same books.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"slices"
	"syscall"
	"time"

	"github.com/alecthomas/kong"
	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/jedib0t/go-pretty/v6/text"

	"github.com/onbehalf/onbehalf/operations"
)

// options are the command line.
type options struct {
	Data    string `arg:"" help:"Folder with accounts.csv and transactions.csv." type:"existingdir"`
	Store   string `default:"sqlite" enum:"sqlite,postgres,memory" help:"Where the books are kept: sqlite, postgres or memory."`
	DB      string `help:"SQLite file to keep; started again on it, the replay goes on. Default: a temporary one." name:"db" placeholder:"FILE" type:"path"`
	DSN     string `env:"REPLAY_DSN" help:"PostgreSQL database to keep. With a password in it, give it in REPLAY_DSN: a command line can be seen by others." name:"dsn" placeholder:"URL"`
	Workers int    `default:"64" help:"How many customers are operated at a time, 1 to 1024."`
	Every   int    `default:"0" help:"Print a line to standard error after this many steps, instead of a bar on a terminal." placeholder:"N"`
}

const maxWorkers = 1024

// Validate is called by kong.
func (o *options) Validate() error {
	var errs []error
	if o.Workers < 1 || o.Workers > maxWorkers {
		errs = append(errs, fmt.Errorf("--workers must be 1 to %d", maxWorkers))
	}
	if o.DB != "" && o.Store != "sqlite" {
		errs = append(errs, errors.New("--db is for --store sqlite"))
	}
	if o.DSN == "" && o.Store == "postgres" {
		errs = append(errs, errors.New("--store postgres needs --dsn"))
	}
	if o.Every < 0 {
		errs = append(errs, errors.New("--every must not be below zero"))
	}
	return errors.Join(errs...)
}

// errDiffers is the answer when the books are not what the bank recorded.
var errDiffers = errors.New("the books differ from the record")

func main() {
	var o options
	parsed := kong.Parse(&o, kong.Description("Replays a bank's recorded transactions on behalf of its customers and compares every balance."))
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := o.run(ctx, os.Stdout, os.Stderr)
	stop()
	parsed.FatalIfErrorf(err)
}

func (o *options) run(ctx context.Context, out, watch io.Writer) (err error) {
	records, moves, err := readData(o.Data)
	if err != nil {
		return err
	}
	store, closing, err := o.openStore(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, closing()) }()
	providers := map[string]operations.Provider{}
	for _, name := range rails() {
		providers[name] = operations.Desk{}
	}
	config := operations.Config{Providers: providers}
	if o.Store == "postgres" {
		config.Committers = postgresCommitters
	}
	eng, err := operations.New(store, config)
	if err != nil {
		return err
	}
	defer eng.Close()

	show := func(what string, total int) *progress { return newProgress(watch, o.Every, what, total) }
	b, err := openBank(ctx, eng, records)
	if err != nil {
		return err
	}
	all := books(records)
	done := show("customers opened", len(all))
	err = each(ctx, o.Workers, all, func(ctx context.Context, k *book) error {
		defer done.step()
		return b.open(ctx, k)
	})
	if err != nil {
		return err
	}
	p, err := b.replay(ctx, o.Workers, all, show("transactions replayed", moves))
	if err != nil {
		return err
	}
	f, err := b.check(ctx, o.Workers, all, show)
	if err != nil {
		return err
	}
	return report(out, p, f, moves, len(all)+1)
}

// shownDifferences bounds the list of what differs.
const shownDifferences = 20

func report(out io.Writer, p *pace, f *findings, moves, books int) error {
	flows(out, f)
	for _, d := range f.differences[:min(len(f.differences), shownDifferences)] {
		_, _ = fmt.Fprintln(out, d)
	}
	if more := len(f.differences) - shownDifferences; more > 0 {
		_, _ = fmt.Fprintf(out, "and %d differences more\n", more)
	}
	_, _ = fmt.Fprintf(out, "%d of %d recorded balances reproduced\n", f.reproduced, moves)
	_, _ = fmt.Fprintf(out, "%d of %d books verified\n", f.sound, books)
	_, _ = fmt.Fprintf(out, "%d operations per second: %d submitted, %d there before, %d refused, in %s\n",
		p.perSecond(), p.fresh.Load(), p.before.Load(), p.refused.Load(), p.took.Round(time.Millisecond))
	if len(f.differences) > 0 || f.reproduced != moves || f.sound != books {
		return errDiffers
	}
	return nil
}

// flows is a table of what went by each rail.
func flows(out io.Writer, f *findings) {
	t := table.NewWriter()
	t.SetOutputMirror(out)
	t.AppendHeader(table.Row{"by", "operations", "by a disponent", "in", "out"})
	var names []string
	for name := range f.byRail {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		w := f.byRail[name]
		t.AppendRow(table.Row{name, w.operations, w.disponents, w.in.StringFixed(2), w.out.StringFixed(2)})
	}
	right := func(n int) table.ColumnConfig { return table.ColumnConfig{Number: n, Align: text.AlignRight} }
	t.SetColumnConfigs([]table.ColumnConfig{right(4), right(5)})
	t.Render()
}
