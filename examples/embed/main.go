// Command embed is a dashboard that a firm has had for long, with a log-in,
// pages and styles of its own, and the Customer Operations screen in it by one
// tag. docs/guide.md leads to the same in one file, examples/guide.
package main

import (
	"context"
	"crypto/rand"
	"errors"
	"flag"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/signal"
	"time"

	"github.com/onbehalf/onbehalf/adapters/httpapi"
	"github.com/onbehalf/onbehalf/adapters/screen"
)

func main() {
	listen := flag.String("listen", "127.0.0.1:0", "where to listen; port 0 is a free one")
	file := flag.String("db", "", "the SQLite database; empty: a temporary one")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	password := rand.Text()
	err := run(ctx, *listen, *file, password, func(url string) { fmt.Println(url, "sign in as dora, password", password) })
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// run serves until ctx ends; ready is told the address.
func run(ctx context.Context, listen, file, password string, ready func(url string)) (err error) {
	b, err := openBooks(ctx, file)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, b.close()) }()
	tickets, err := furnish(ctx, b.eng)
	if err != nil {
		return err
	}
	d := &dashboard{password: password, tickets: tickets, sessions: map[string]employee{}}

	api, err := httpapi.New(b.eng, httpapi.Config{Authenticate: d.authenticate})
	if err != nil {
		return err
	}
	defer api.Close()
	page, err := screen.New(screen.Config{API: "api/", Home: "../"})
	if err != nil {
		return err
	}
	mux := http.NewServeMux()
	d.routes(mux) // what was there before
	api.Mount(mux, "/backoffice/api")
	mux.Handle("/backoffice/", http.StripPrefix("/backoffice", page))

	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", listen)
	if err != nil {
		return err
	}
	server := &http.Server{Handler: http.NewCrossOriginProtection().Handler(mux), ReadHeaderTimeout: 5 * time.Second}
	httpapi.Harden(server)
	server.RegisterOnShutdown(api.Close)
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
