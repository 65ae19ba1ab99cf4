// Command desk is a small host of onbehalf over SQLite or PostgreSQL: the screen on which a
// firm's staff operate accounts for its customers, as text.
//
//	desk demo                                  shows every part, on a database of its own
//	desk demo --rules                          shows fees, limits, approvals, refunds, freezes and stops
//	desk init --db firm.db --as ana            begins a firm
//	desk customers --db firm.db --as ana       and so on: desk --help
//
// A firm moves to PostgreSQL while nobody works on it. Of what the files say, the
// root over all heads must be the same on both sides:
//
//	desk verify --db firm.db --as ana
//	desk export --db firm.db --all --to books
//	DESK_DSN=postgres://… desk import --store postgres books
//	DESK_DSN=postgres://… desk verify --store postgres --as ana
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
