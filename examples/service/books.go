package main

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"github.com/onbehalf/onbehalf/accounts"
	"github.com/onbehalf/onbehalf/adapters/sqlstore"
	"github.com/onbehalf/onbehalf/customer"
	"github.com/onbehalf/onbehalf/operations"
	"github.com/onbehalf/onbehalf/tenancy"
)

// open opens the database, with invoices 17 and 18 of one customer in it.
func open(ctx context.Context, file string) (_ *service, err error) {
	if file == "" {
		file = ":memory:"
	}
	s := &service{}
	defer func() {
		if err != nil {
			err = errors.Join(err, s.close())
		}
	}()
	if s.db, err = sql.Open("sqlite", sqlstore.SQLiteDSN(file)); err != nil {
		return nil, err
	}
	s.db.SetMaxOpenConns(1)
	if s.store, err = sqlstore.New(s.db, sqlstore.SQLite); err != nil {
		return nil, err
	}
	if err := s.store.Migrate(ctx); err != nil {
		return nil, err
	}
	if s.eng, err = operations.New(s.store, operations.Config{}); err != nil {
		return nil, err
	}
	err = s.furnish(ctx)
	return s, err
}

// furnish makes a firm in which the service may prepare and execute, and its
// invoices. All of it is there once, however often this runs.
func (s *service) furnish(ctx context.Context) error {
	admin := tenancy.Principal{Tenant: "acme", Operator: "ana", Person: "ana.souza"}
	firm, err := s.eng.Bootstrap(ctx, tenancy.Firm{Tenant: "acme", Admin: admin})
	if err != nil {
		return err
	}
	house, err := s.eng.Gate().Own(ctx, admin, "setting up")
	if err != nil {
		return err
	}
	for i, change := range []operations.Administrative{
		tenancy.Register{Operator: robot().Operator, Person: robot().Person},
		tenancy.Allow{Operator: robot().Operator, Everyone: true, Permissions: tenancy.NewPermissions(tenancy.View, tenancy.Prepare, tenancy.Execute)},
	} {
		if _, err := s.eng.Manage(ctx, house, operations.Intent{Key: fmt.Sprint("robot-", i)}, change); err != nil {
			return err
		}
	}
	maria, err := s.eng.OpenCustomer(ctx, firm, operations.Intent{Key: "maria"}, customer.Profile{Name: "Maria"})
	if err != nil {
		return err
	}
	scope, err := s.eng.Gate().Enter(ctx, admin, maria.ID, "account opening")
	if err != nil {
		return err
	}
	account, err := s.eng.Manage(ctx, scope, operations.Intent{Key: "account"}, accounts.Open{Currency: "BRL", Details: accounts.Details{PixKey: "maria@example.com"}})
	if err != nil {
		return err
	}
	_, err = s.db.ExecContext(ctx, `CREATE TABLE IF NOT EXISTS invoices (
		number TEXT PRIMARY KEY, customer TEXT NOT NULL, account TEXT NOT NULL, amount TEXT NOT NULL, deposit TEXT) STRICT`)
	if err != nil {
		return err
	}
	for number, amount := range map[string]string{"17": "80.00", "18": "1250.00"} {
		_, err := s.db.ExecContext(ctx, `INSERT INTO invoices (number, customer, account, amount) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING`, number, maria.ID, account.Account, amount)
		if err != nil {
			return err
		}
	}
	return nil
}

func (s *service) close() error {
	if s.eng != nil {
		s.eng.Close()
	}
	if s.db != nil {
		return s.db.Close()
	}
	return nil
}
