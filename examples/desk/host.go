package main

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/shopspring/decimal"
	_ "modernc.org/sqlite" // the driver "sqlite"

	"github.com/onbehalf/onbehalf/accounts"
	"github.com/onbehalf/onbehalf/adapters/sqlstore"
	"github.com/onbehalf/onbehalf/examples/internal/pgpool"
	"github.com/onbehalf/onbehalf/operations"
	"github.com/onbehalf/onbehalf/tenancy"
)

// desk is an engine over one database.
type desk struct {
	eng   *operations.Engine
	store *sqlstore.Store
	db    *sql.DB
	firm  tenancy.TenantID
	clock operations.Clock
}

// firmAssets are the currencies of ISO 4217 and two crypto assets.
func firmAssets() (accounts.Assets, error) {
	return accounts.NewAssets(
		accounts.Asset{Code: "BTC", Scale: 8, Network: "bitcoin", Name: "Bitcoin"},
		accounts.Asset{Code: "USDC", Scale: 6, Network: "ethereum", Name: "USD Coin"},
	)
}

// config is everything this firm decided: what it deals in, that nobody enters
// a customer's context without a reason, its rules, and that a second person
// agrees to what is large. What demo --rules adds is in rulesConfig, and how the
// firm trades in trades.
func config(assets accounts.Assets, clock operations.Clock) operations.Config {
	return operations.Config{
		Assets: assets,
		Rules: []operations.Rule{
			operations.ForKinds{Kinds: []string{operations.KindWithdrawal}, Rule: operations.AmountWithin{Asset: "BRL", Min: decimal.New(1, 0), Max: decimal.New(50_000, 0)}},
			operations.ForKinds{Kinds: []string{operations.KindWithdrawal}, Rule: operations.AmountWithin{Asset: "BTC", Max: decimal.New(1, 0)}},
		},
		Approvals: []operations.Approval{{
			Name: "large", Match: operations.Match{Kinds: []string{operations.KindWithdrawal}, Assets: []string{"BRL"}, From: decimal.New(10_000, 0)},
		}},
		PolicyVersion: "desk-3",
		Gate:          tenancy.Policy{RequireReason: true},
		Clock:         clock,
	}
}

// place is where the database of a firm is.
type place struct {
	store sqlstore.Dialect
	file  string // SQLite
	dsn   string // PostgreSQL; never shown, it may have a password in it
}

// connections is how many the pool to PostgreSQL has.
const connections = 4

// open opens the database of a firm. Only with create may the file be new, and
// only then tables are made.
func open(ctx context.Context, at place, firm tenancy.TenantID, create bool, cfg operations.Config) (_ *desk, err error) {
	d := &desk{firm: firm, clock: cfg.Clock}
	if at.store == sqlstore.PostgreSQL {
		if at.file != "" {
			return nil, tenancy.Invalid("db", "is for --store sqlite")
		}
		d.db, err = pgpool.Open(ctx, at.dsn, connections)
	} else {
		d.db, err = openFile(at.file, create)
	}
	if err != nil {
		return nil, err
	}
	if err := d.start(ctx, at.store, create, cfg); err != nil {
		return nil, errors.Join(err, d.db.Close())
	}
	return d, nil
}

func openFile(file string, create bool) (_ *sql.DB, err error) {
	if file == "" {
		return nil, tenancy.Invalid("db", "is required, or --store postgres and --dsn")
	}
	if file, err = filepath.Abs(file); err != nil {
		return nil, fmt.Errorf("database: %w", err)
	}
	if _, err := os.Stat(file); err != nil && !create {
		if errors.Is(err, os.ErrNotExist) {
			return nil, fmt.Errorf("database: %w: make one with desk init", operations.ErrNotFound)
		}
		return nil, fmt.Errorf("database: %w: %w", operations.ErrUnavailable, err)
	}
	db, err := sql.Open("sqlite", sqlstore.SQLiteDSN(file))
	if err != nil {
		return nil, fmt.Errorf("database: %w: %w", operations.ErrUnavailable, err)
	}
	db.SetMaxOpenConns(1)
	return db, nil
}

func (d *desk) start(ctx context.Context, dialect sqlstore.Dialect, create bool, cfg operations.Config) error {
	var err error
	if d.store, err = sqlstore.New(d.db, dialect); err != nil {
		return err
	}
	if create {
		if err := d.store.Migrate(ctx); err != nil {
			return err
		}
	}
	d.eng, err = operations.New(d.store, cfg)
	return err
}

// close ends the engine, then what it stood on.
func (d *desk) close() error {
	d.eng.Close()
	return d.db.Close()
}

func (d *desk) now() time.Time { return d.clock.Now() }

// seat is an operator who has signed in at the desk, and why he acts.
type seat struct {
	*desk

	who    tenancy.Principal
	reason string
}

// enter opens the one context everything else is done in: a customer's, or the
// firm's own for the house.
func (s *seat) enter(ctx context.Context, c tenancy.CustomerID) (tenancy.Scope, error) {
	if c == tenancy.House {
		return s.eng.Gate().Own(ctx, s.who, s.reason)
	}
	return s.eng.Gate().Enter(ctx, s.who, c, s.reason)
}

// across opens the context of lists over many books.
func (s *seat) across(ctx context.Context) (tenancy.Scope, error) {
	return s.eng.Gate().Firm(ctx, s.who)
}
