package main

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/shopspring/decimal"
	_ "modernc.org/sqlite" // the driver "sqlite"

	"github.com/onbehalf/onbehalf/accounts"
	"github.com/onbehalf/onbehalf/adapters/sqlstore"
	"github.com/onbehalf/onbehalf/customer"
	"github.com/onbehalf/onbehalf/operations"
	"github.com/onbehalf/onbehalf/tenancy"
)

// books are an engine on a database.
type books struct {
	db  *sql.DB
	eng *operations.Engine
	dir string // removed at the end, unless empty
}

// openBooks opens a SQLite file, or a temporary one.
func openBooks(ctx context.Context, file string) (_ *books, err error) {
	b := &books{}
	defer func() {
		if err != nil {
			err = errors.Join(err, b.close())
		}
	}()
	if file == "" {
		if b.dir, err = os.MkdirTemp("", "onbehalf-embed-"); err != nil {
			return nil, err
		}
		file = filepath.Join(b.dir, "books.db")
	}
	if b.db, err = sql.Open("sqlite", sqlstore.SQLiteDSN(file)); err != nil {
		return nil, err
	}
	b.db.SetMaxOpenConns(1)
	store, err := sqlstore.New(b.db, sqlstore.SQLite)
	if err != nil {
		return nil, err
	}
	if err := store.Migrate(ctx); err != nil {
		return nil, err
	}
	withdrawals := operations.Match{Kinds: []string{operations.KindWithdrawal}}
	b.eng, err = operations.New(store, operations.Config{
		PolicyVersion: "2026-11",
		Fees:          []operations.FeeRule{{Name: "wire", Match: withdrawals, Tier: operations.Tier{Fixed: decimal.New(350, -2)}}},
		Limits:        []operations.Limit{{Name: "daily", Asset: "BRL", Match: withdrawals, Day: decimal.New(10_000, 0)}},
	})
	return b, err
}

// furnish makes the firm and two customers, who have a ticket each. All of it
// has keys, so that on a file it is there once, however often this runs.
func furnish(ctx context.Context, eng *operations.Engine) ([]ticket, error) {
	admin := dora().principal()
	firm, err := eng.Bootstrap(ctx, tenancy.Firm{Tenant: admin.Tenant, Name: "Acme Pagamentos", Admin: admin})
	if err != nil {
		return nil, err
	}
	tickets := []ticket{
		{Number: 4711, Name: "Maria da Silva", Subject: "Wants her rent sent today"},
		{Number: 4712, Name: "Padaria Aurora", Subject: "Asks where a deposit is"},
	}
	for i, t := range tickets {
		opened, err := eng.OpenCustomer(ctx, firm, operations.Intent{Key: fmt.Sprint("customer-of-", t.Number)}, customer.Profile{Name: t.Name, Country: "BR"})
		if err != nil {
			return nil, err
		}
		tickets[i].Customer = opened.ID
		scope, err := eng.Gate().Enter(ctx, admin, opened.ID, "account opening")
		if err != nil {
			return nil, err
		}
		account, err := eng.Manage(ctx, scope, operations.Intent{Key: "account"}, accounts.Open{Name: "Main", Currency: "BRL", Details: accounts.Details{PixKey: string(opened.ID) + "@example.com"}})
		if err != nil {
			return nil, err
		}
		if _, err := eng.Submit(ctx, scope, operations.Intent{Key: "opening"}, operations.Deposit{To: account.Account, Amount: decimal.New(2_500, 0)}); err != nil {
			return nil, err
		}
	}
	return tickets, nil
}

func (b *books) close() error {
	if b.eng != nil {
		b.eng.Close()
	}
	var err error
	if b.db != nil {
		err = b.db.Close()
	}
	if b.dir != "" {
		err = errors.Join(err, os.RemoveAll(b.dir))
	}
	return err
}
