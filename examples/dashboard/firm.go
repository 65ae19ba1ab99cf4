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
	dir   string // removed at the end, unless empty
	clock clock
}

func config(c operations.Clock) (operations.Config, error) {
	assets, err := accounts.NewAssets(
		accounts.Asset{Code: "BTC", Scale: 8, Network: "bitcoin", Name: "Bitcoin"},
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

// openFirm opens a database, and fills it if it is new.
func openFirm(ctx context.Context, o options, authenticate func(*http.Request) (tenancy.Principal, error)) (_ *firm, err error) {
	f, file := &firm{}, o.file
	defer func() {
		if err != nil {
			err = errors.Join(err, f.close())
		}
	}()
	if file == "" {
		if f.dir, err = os.MkdirTemp("", "onbehalf-dashboard-"); err != nil {
			return nil, err
		}
		file = filepath.Join(f.dir, "firm.db")
	}
	if file, err = filepath.Abs(file); err != nil {
		return nil, err
	}
	_, missing := os.Stat(file)
	if f.db, err = sql.Open("sqlite", sqlstore.SQLiteDSN(file)); err != nil {
		return nil, fmt.Errorf("database: %w", err)
	}
	f.db.SetMaxOpenConns(1)
	store, err := sqlstore.New(f.db, sqlstore.SQLite)
	if err != nil {
		return nil, err
	}
	if err := store.Migrate(ctx); err != nil {
		return nil, err
	}
	c, err := config(&f.clock)
	if err != nil {
		return nil, err
	}
	if f.eng, err = operations.New(store, c); err != nil {
		return nil, err
	}
	if missing != nil {
		if err := seed(ctx, f); err != nil {
			return nil, fmt.Errorf("making the firm: %w", err)
		}
	}
	f.api, err = httpapi.New(f.eng, httpapi.Config{Authenticate: authenticate, Clock: &f.clock})
	return f, err
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
