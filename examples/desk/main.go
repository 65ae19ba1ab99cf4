// Command desk is a small host of onbehalf over SQLite: the screen on which a
// firm's staff operate accounts for its customers, as text.
//
//	desk demo                                  shows every part, on a database of its own
//	desk init --db firm.db --as ana            begins a firm
//	desk customers --db firm.db --as ana       and so on: desk --help
//
// It keeps no secrets: its operators sign in by name, from a fixed table. A real
// host authenticates them and hands the library the same tenancy.Principal.
package main

import (
	"context"
	"os"
	"os/signal"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	code := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}
