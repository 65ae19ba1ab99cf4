package main

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"github.com/shopspring/decimal"
	_ "modernc.org/sqlite" // the driver

	"github.com/onbehalf/onbehalf/accounts"
	"github.com/onbehalf/onbehalf/adapters/memory"
	"github.com/onbehalf/onbehalf/adapters/sqlstore"
	"github.com/onbehalf/onbehalf/customer"
	"github.com/onbehalf/onbehalf/operations"
	"github.com/onbehalf/onbehalf/operations/trading"
	"github.com/onbehalf/onbehalf/tenancy"
)

const (
	tenant = tenancy.TenantID("fx")
	house  = "house"
	base   = "USD"
	quote  = "BRL"
)

// openStore opens a store that is gone in the end; what it returns closes it.
func openStore(ctx context.Context, kind string) (operations.Store, func() error, error) {
	if kind == "memory" {
		return memory.New(), func() error { return nil }, nil
	}
	dir, err := os.MkdirTemp("", "onbehalf-fx-")
	if err != nil {
		return nil, nil, err
	}
	db, err := sql.Open("sqlite", sqlstore.SQLiteDSN(filepath.Join(dir, "books.db")))
	if err != nil {
		return nil, nil, errors.Join(err, os.RemoveAll(dir))
	}
	db.SetMaxOpenConns(1)
	closing := func() error { return errors.Join(db.Close(), os.RemoveAll(dir)) }
	s, err := sqlstore.New(db, sqlstore.SQLite)
	if err == nil {
		err = s.Migrate(ctx)
	}
	if err != nil {
		return nil, nil, errors.Join(err, closing())
	}
	return s, closing, nil
}

// firm is one with a single operator, who acts for a single customer.
type firm struct {
	eng      *operations.Engine
	clock    *clock
	source   trading.Source
	zone     *time.Location
	customer tenancy.CustomerID
	dollars  accounts.ID
	reais    accounts.ID
	began    decimal.Decimal // what the customer had, in reais
	keys     int
}

func operator() tenancy.Principal {
	return tenancy.Principal{Tenant: tenant, Operator: "rita", Person: "p-rita", Name: "Rita"}
}

// found makes the firm: an engine that trades with the house at recorded rates,
// and a customer with reais who may.
func found(ctx context.Context, store operations.Store, rates *trading.Recorded, zone *time.Location, clock *clock) (*firm, error) {
	f := &firm{clock: clock, source: rates, zone: zone, began: decimal.New(100_000, 0)}
	quotes := trading.NewHouse(trading.Market{KeepStale: true}.Over(rates, clock))
	kind, err := trading.New(trading.Config{
		Providers: map[string]trading.Provider{house: quotes},
		Calendars: map[string]trading.Calendar{house: {Zone: zone, Holidays: trading.Brazil{Banks: true}, Opens: 9 * time.Hour, Closes: 17 * time.Hour}},
		Reference: rates,
	})
	if err != nil {
		return nil, err
	}
	f.eng, err = operations.New(store, operations.Config{
		Kinds: []operations.Kind{kind}, Providers: map[string]operations.Provider{house: quotes}, Clock: clock, Zone: zone, PolicyVersion: "fx-1",
	})
	if err != nil {
		return nil, err
	}
	if err := f.setUp(ctx); err != nil {
		f.eng.Close()
		return nil, fmt.Errorf("set up: %w", err)
	}
	return f, nil
}

func (f *firm) setUp(ctx context.Context) error {
	all, err := f.eng.Bootstrap(ctx, tenancy.Firm{Tenant: tenant, Name: "Câmbio", Admin: operator()})
	if err != nil {
		return err
	}
	opened, err := f.eng.OpenCustomer(ctx, all, f.intent(), customer.Profile{Name: "Otávio", Country: "BR"})
	if err != nil {
		return err
	}
	f.customer = opened.ID
	s, err := f.enter(ctx)
	if err != nil {
		return err
	}
	for _, a := range []struct {
		asset string
		into  *accounts.ID
	}{{base, &f.dollars}, {quote, &f.reais}} {
		made, err := f.eng.Manage(ctx, s, f.intent(), accounts.Open{Name: a.asset, Currency: a.asset, Details: accounts.Details{Bank: "001", Branch: "1", Number: a.asset}})
		if err != nil {
			return err
		}
		*a.into = made.Account
	}
	if _, err := f.eng.Submit(ctx, s, f.intent(), operations.Deposit{To: f.reais, Amount: f.began}); err != nil {
		return err
	}
	bps := func(n int64) decimal.Decimal { return decimal.New(n, 0) }
	for _, x := range []operations.Administrative{
		trading.SetCustomer{Customer: trading.Customer{Providers: []string{house}}},
		trading.SetPair{Pair: trading.Pair{Base: f.dollars, Quote: f.reais, Quotations: []trading.Path{{
			Provider: house, Priority: 1, Spread: trading.Spreads{Working: bps(50), Closed: bps(80), DayOff: bps(120)},
		}}}},
	} {
		if _, err := f.eng.Manage(ctx, s, f.intent(), x); err != nil {
			return err
		}
	}
	return nil
}

// enter opens the customer's context, which lasts a while.
func (f *firm) enter(ctx context.Context) (tenancy.Scope, error) {
	return f.eng.Gate().Enter(ctx, operator(), f.customer, "his standing order")
}

// intent has a key that is the same in every play.
func (f *firm) intent() operations.Intent {
	f.keys++
	return operations.Intent{Key: "fx-" + strconv.Itoa(f.keys)}
}

// position is what all books have on the system accounts.
func (f *firm) position(ctx context.Context) (map[operations.PositionPlace]decimal.Decimal, error) {
	s, err := f.eng.Gate().Firm(ctx, operator())
	if err != nil {
		return nil, err
	}
	rows, err := f.eng.Firm(s).Treasury(ctx, operations.PositionPlace{}, operations.MaxLimit)
	if err != nil {
		return nil, err
	}
	all := map[operations.PositionPlace]decimal.Decimal{}
	for _, r := range rows {
		all[r.PositionPlace] = r.Amount
	}
	return all, nil
}
