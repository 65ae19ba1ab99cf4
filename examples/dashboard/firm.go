package main

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"sync/atomic"
	"time"

	"github.com/shopspring/decimal"
	_ "modernc.org/sqlite" // the driver "sqlite"

	"github.com/onbehalf/onbehalf/accounts"
	"github.com/onbehalf/onbehalf/adapters/httpapi"
	"github.com/onbehalf/onbehalf/adapters/sqlstore"
	"github.com/onbehalf/onbehalf/examples/internal/pgpool"
	"github.com/onbehalf/onbehalf/operations"
	"github.com/onbehalf/onbehalf/tenancy"
)

// clock is the system's, set back while the firm's past is made.
type clock struct{ back atomic.Int64 }

func (c *clock) Now() time.Time { return time.Now().Add(-time.Duration(c.back.Load())) }

// firm is an engine on one database, and its API.
type firm struct {
	eng   *operations.Engine
	api   *httpapi.Handler
	db    *sql.DB
	rail  *rail
	dir   string // removed at the end, unless empty
	clock clock
}

func config(c operations.Clock) (operations.Config, error) {
	assets, err := accounts.NewAssets(
		accounts.Asset{Code: "BTC", Scale: 8, Network: "bitcoin", Name: "Bitcoin"},
		accounts.Asset{Code: "ETH", Scale: 18, Network: "ethereum", Name: "Ether"},
		accounts.Asset{Code: "USDC", Scale: 6, Network: "ethereum", Name: "USD Coin"},
	)
	withdrawals := []string{operations.KindWithdrawal}
	return operations.Config{
		PolicyVersion: "dashboard-1", Clock: c, Assets: assets,
		Fees:      []operations.FeeRule{{Name: "wire", Match: operations.Match{Kinds: withdrawals, Assets: []string{"BRL"}}, Tier: operations.Tier{Fixed: decimal.New(350, -2)}}},
		Limits:    []operations.Limit{{Name: "daily", Asset: "BRL", Match: operations.Match{Kinds: withdrawals}, Day: decimal.New(50_000, 0)}},
		Approvals: []operations.Approval{{Name: "large", Persons: 1, Match: operations.Match{Kinds: withdrawals, Assets: []string{"BRL"}, From: decimal.New(5_000, 0)}}},
	}, err
}

// openFirm opens a database, and makes the firm if there is none in it.
func openFirm(ctx context.Context, o options, authenticate func(*http.Request) (tenancy.Principal, error)) (_ *firm, err error) {
	f := &firm{rail: newRail()}
	defer func() {
		if err != nil {
			err = errors.Join(err, f.close())
		}
	}()
	store, err := f.open(ctx, o)
	if err != nil {
		return nil, err
	}
	if err := errors.Join(store.Migrate(ctx), f.keepSessions(ctx)); err != nil {
		return nil, err
	}
	c, err := config(&f.clock)
	if err != nil {
		return nil, err
	}
	c.Providers = map[string]operations.Provider{railName: f.rail}
	if c, err = trades(c, o.rates); err != nil {
		return nil, err
	}
	if f.eng, err = operations.New(store, c); err != nil {
		return nil, err
	}
	_, err = f.eng.Gate().Own(ctx, principal("ana"), "starting")
	if errors.Is(err, tenancy.ErrRefused) || errors.Is(err, operations.ErrNotFound) {
		err = seed(ctx, f, o.count)
	}
	if err != nil {
		return nil, fmt.Errorf("the firm: %w", err)
	}
	f.api, err = httpapi.New(f.eng, httpapi.Config{Authenticate: authenticate, Clock: &f.clock})
	return f, err
}

// open opens PostgreSQL, a file, or a file that is removed at the end.
func (f *firm) open(ctx context.Context, o options) (_ *sqlstore.Store, err error) {
	if o.dsn != "" {
		if f.db, err = pgpool.Open(ctx, o.dsn, 8); err != nil {
			return nil, err
		}
		return sqlstore.New(f.db, sqlstore.PostgreSQL)
	}
	file := o.file
	if file == "" {
		if f.dir, err = os.MkdirTemp("", "onbehalf-dashboard-"); err != nil {
			return nil, err
		}
		file = filepath.Join(f.dir, "firm.db")
	}
	if file, err = filepath.Abs(file); err != nil {
		return nil, err
	}
	if f.db, err = sql.Open("sqlite", sqlstore.SQLiteDSN(file)); err != nil {
		return nil, fmt.Errorf("database: %w", err)
	}
	f.db.SetMaxOpenConns(1)
	return sqlstore.New(f.db, sqlstore.SQLite)
}

func (f *firm) close() error {
	if f.api != nil {
		f.api.Close()
	}
	if f.eng != nil {
		f.eng.Close()
	}
	var err error
	if f.db != nil {
		err = f.db.Close()
	}
	if f.dir != "" {
		err = errors.Join(err, os.RemoveAll(f.dir))
	}
	return err
}
