// Command dashboard is a firm's dashboard with the Customer Operations screen in
// it, and prints one address. The firm is made up through the engine: customers,
// accounts, operations of the last weeks, approvals that wait. It is kept in a
// temporary SQLite database, or in one of yours:
//
//	go run ./examples/dashboard
//	go run ./examples/dashboard --db firm.db
//	go run ./examples/dashboard --dsn postgres://user:password@host:5432/database
//
// Whoever presses an operator's name is signed in as him; the page then shows the
// bearer token for the API, and what can go wrong with the payment rail. See
// --help for the rest.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/signal"
	"time"

	"github.com/onbehalf/onbehalf/adapters/httpapi"
)

func main() { os.Exit(command(os.Args[1:])) }

// options are what a person may choose.
type options struct {
	listen string
	file   string // of SQLite; empty: a temporary one
	dsn    string // of PostgreSQL, instead of a file
	rates  string // a file of recorded rates; empty: made up
	count  int    // operations made for a new firm, before those that wait
}

// temporary databases are nobody's, and may be made anew.
func (o options) temporary() bool { return o.file == "" && o.dsn == "" }

func command(args []string) int {
	var o options
	flags := flag.NewFlagSet("dashboard", flag.ContinueOnError)
	flags.StringVar(&o.listen, "listen", "127.0.0.1:0", "where to listen; port 0 is a free one")
	flags.StringVar(&o.file, "db", "", "the SQLite database; empty: a temporary one, with a reset button")
	flags.StringVar(&o.dsn, "dsn", "", "a PostgreSQL database instead: postgres://user:password@host:5432/database")
	flags.StringVar(&o.rates, "rates", "", "recorded rates, lines of date,base,quote,rate; without them they are made up")
	flags.IntVar(&o.count, "operations", 2000, "how many operations a new firm has made")
	if err := flags.Parse(args); err != nil {
		return 2
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, o, func(url string) { fmt.Println(url) }); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return 0
}

// run serves until ctx ends; ready is told the address.
func run(ctx context.Context, o options, ready func(url string)) (err error) {
	d, err := newDashboard(ctx, o)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, d.close()) }()
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", o.listen)
	if err != nil {
		return err
	}
	server := &http.Server{Handler: d.routes(), ReadHeaderTimeout: 5 * time.Second}
	httpapi.Harden(server)
	server.RegisterOnShutdown(d.endStreams)
	working := make(chan struct{})
	go func() { defer close(working); d.work(ctx) }()
	defer func() { <-working }()
	done := make(chan error, 1)
	go func() {
		<-ctx.Done()
		limited, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
		defer cancel()
		done <- server.Shutdown(limited)
	}()
	ready("http://" + listener.Addr().String() + "/")
	if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return <-done
}
