// Fx trades by five years of recorded rates: the firm quotes dollars from them
// with a spread that follows the hours of São Paulo, and a customer buys when a
// dollar is cheap and sells when it is dear. A clock of its own plays the days.
//
//	go run ./examples/fx ../shared/data/fxdaily/rates.csv
//
// It prints the position and the firm's income month by month, what the books
// say in the end, and whether they hold what was traded.
package main

import (
	"bytes"
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
	"time"
	_ "time/tzdata" // São Paulo's hours, wherever it runs

	"github.com/alecthomas/kong"

	"github.com/onbehalf/onbehalf/operations"
	"github.com/onbehalf/onbehalf/operations/trading"
)

// options are the command line.
type options struct {
	Rates string `arg:"" help:"Recorded rates in lines date,base,quote,rate, with those of USD/BRL among them." type:"existingfile"`
	Store string `default:"memory" enum:"memory,sqlite" help:"Where the books are kept: memory, or a temporary file of sqlite."`
}

func main() {
	var o options
	parsed := kong.Parse(&o, kong.Description("Trades dollars on behalf of a customer by recorded rates, and shows what comes of it."))
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := o.run(ctx, os.Stdout)
	stop()
	parsed.FatalIfErrorf(err)
}

func (o *options) run(ctx context.Context, out io.Writer) (err error) {
	zone, err := time.LoadLocation("America/Sao_Paulo")
	if err != nil {
		return fmt.Errorf("hours: %w", err)
	}
	text, err := os.ReadFile(o.Rates)
	if err != nil {
		return fmt.Errorf("rates: %w", err)
	}
	clock := &clock{}
	rates, err := trading.ReadRecorded(bytes.NewReader(text), "recorded", zone, clock)
	if err != nil {
		return err
	}
	first, last, err := span(text)
	if err != nil {
		return err
	}
	store, closing, err := openStore(ctx, o.Store)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, closing()) }()
	clock.at = first
	f, err := found(ctx, store, rates, zone, clock)
	if err != nil {
		return err
	}
	defer f.eng.Close()
	c := customerOf(f, last)
	for day := first; !day.After(last); day = day.AddDate(0, 0, 1) {
		if err := c.live(ctx, day); err != nil {
			return fmt.Errorf("%s: %w", day.Format(time.DateOnly), err)
		}
	}
	return c.report(ctx, out)
}

// clock is where the play stands. It is for one goroutine, but that the engine
// reads it while a call is under way.
type clock struct{ at time.Time }

// Now tells the time of the play.
func (c *clock) Now() time.Time { return c.at }

// span is from the first day with a rate of the pair to the last, in UTC: in São
// Paulo some days have no midnight.
func span(text []byte) (first, last time.Time, err error) {
	lines, err := csv.NewReader(bytes.NewReader(text)).ReadAll()
	if err != nil {
		return first, last, fmt.Errorf("rates: %w", err)
	}
	for _, f := range lines {
		if f[1] != base || f[2] != quote {
			continue
		}
		day, err := time.Parse(time.DateOnly, f[0])
		if err != nil {
			return first, last, fmt.Errorf("rates: %w", err)
		}
		if first.IsZero() || day.Before(first) {
			first = day
		}
		if day.After(last) {
			last = day
		}
	}
	if first.IsZero() {
		return first, last, fmt.Errorf("rates: %w: %s/%s", operations.ErrNotFound, base, quote)
	}
	return first, last, nil
}
