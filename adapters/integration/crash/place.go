package main

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	_ "github.com/jackc/pgx/v5/stdlib" // the driver of PostgreSQL
	"github.com/shopspring/decimal"
	_ "modernc.org/sqlite" // the driver of SQLite

	"github.com/onbehalf/onbehalf/accounts"
	"github.com/onbehalf/onbehalf/adapters/sqlstore"
	"github.com/onbehalf/onbehalf/customer"
	"github.com/onbehalf/onbehalf/operations"
	"github.com/onbehalf/onbehalf/tenancy"
)

// connections is how many an engine has on PostgreSQL.
const connections = 8

// place is a database: the file of SQLite, or the data source name of PostgreSQL.
type place struct {
	dialect sqlstore.Dialect
	name    string
}

// opened is an engine on a place.
type opened struct {
	db  *sql.DB
	eng *operations.Engine
}

func (o *opened) close() error {
	o.eng.Close()
	return o.db.Close()
}

func open(ctx context.Context, at place) (*opened, error) {
	driver, name, committers := "sqlite", sqlstore.SQLiteDSN(at.name), 1
	if at.dialect == sqlstore.PostgreSQL {
		driver, name, committers = "pgx", at.name, 2
	}
	db, err := sql.Open(driver, name)
	if err != nil {
		return nil, fmt.Errorf("open database: %w", err)
	}
	if at.dialect == sqlstore.PostgreSQL {
		db.SetMaxOpenConns(connections)
		db.SetMaxIdleConns(connections)
	}
	eng, err := openEngine(ctx, db, at.dialect, committers)
	if err != nil {
		return nil, errors.Join(err, db.Close())
	}
	return &opened{db, eng}, nil
}

func openEngine(ctx context.Context, db *sql.DB, dialect sqlstore.Dialect, committers int) (*operations.Engine, error) {
	store, err := sqlstore.New(db, dialect)
	if err != nil {
		return nil, fmt.Errorf("open store: %w", err)
	}
	if err := store.Migrate(ctx); err != nil {
		return nil, fmt.Errorf("migrate: %w", err)
	}
	eng, err := operations.New(store, operations.Config{Committers: committers})
	if err != nil {
		return nil, fmt.Errorf("make engine: %w", err)
	}
	return eng, nil
}

func ana() tenancy.Principal {
	return tenancy.Principal{Tenant: "acme", Operator: "ana", Person: "p-ana", Channel: tenancy.ChannelJob}
}

// sharedBooks names the customers whom every process works for.
func sharedBooks() []string { return []string{"0", "1", "2"} }

// ownBooks names customers of one process.
func ownBooks(cycle uint64, n int) []string {
	names := make([]string, n)
	for i := range names {
		names[i] = fmt.Sprintf("c%d-%d", cycle, i)
	}
	return names
}

// desk is what a worker works with: one customer's scope and two accounts.
type desk struct {
	scope    tenancy.Scope
	accounts [2]accounts.ID
}

// setUp opens the customers named, or finds them as they were opened.
func setUp(ctx context.Context, eng *operations.Engine, names []string) ([]desk, error) {
	firm, err := eng.Bootstrap(ctx, tenancy.Firm{Tenant: "acme", Name: "Acme", Admin: ana()})
	if err != nil {
		return nil, fmt.Errorf("bootstrap: %w", err)
	}
	desks := make([]desk, len(names))
	for i, name := range names {
		in := func(what string) operations.Intent {
			return operations.Intent{Key: "setup-" + name + "-" + what}
		}
		c, err := eng.OpenCustomer(ctx, firm, in("customer"), customer.Profile{Name: "Customer " + name})
		if err != nil {
			return nil, fmt.Errorf("open customer: %w", err)
		}
		d := &desks[i]
		if d.scope, err = eng.Gate().Enter(ctx, ana(), c.ID, "crash test"); err != nil {
			return nil, fmt.Errorf("enter: %w", err)
		}
		for j := range d.accounts {
			m, err := eng.Manage(ctx, d.scope, in(fmt.Sprint("account", j)), accounts.Open{Currency: "BRL", Details: accounts.Details{PixKey: "key"}})
			if err != nil {
				return nil, fmt.Errorf("open account: %w", err)
			}
			d.accounts[j] = m.Account
		}
		if _, err := eng.Submit(ctx, d.scope, in("deposit"), operations.Deposit{To: d.accounts[0], Amount: decimal.New(1000, 0)}); err != nil {
			return nil, fmt.Errorf("deposit: %w", err)
		}
	}
	return desks, nil
}
