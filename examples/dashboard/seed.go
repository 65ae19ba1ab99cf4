package main

import (
	"context"
	"fmt"
	"time"

	"github.com/shopspring/decimal"

	"github.com/onbehalf/onbehalf/accounts"
	"github.com/onbehalf/onbehalf/customer"
	"github.com/onbehalf/onbehalf/operations"
	"github.com/onbehalf/onbehalf/tenancy"
)

const tenant = "acme"

// rounds is how many operations each customer has, before those that wait.
const rounds = 24

// people are the twelve customers.
func people() []customer.Profile {
	all := make([]customer.Profile, 0, 12)
	for i, name := range []string{
		"Maria da Silva", "Padaria Aurora Ltda", "João Pereira", "Northwind Trading LLC", "Ana Beatriz Moura", "Construtora Horizonte S.A.",
		"Rafael Nogueira", "Beatriz Figueiredo", "Café do Porto Ltda", "Helena Prado", "Sertão Energia Ltda", "Tiago Albuquerque",
	} {
		p := customer.Profile{Name: name, Type: customer.Individual, Country: "BR"}
		if i == 1 || i == 3 || i == 5 || i == 8 || i == 10 {
			p.Type = customer.Company
		}
		all = append(all, p)
	}
	all[0].TaxID = customer.TaxID{Kind: customer.CPF, Number: "12345678909"}
	all[1].TaxID = customer.TaxID{Kind: customer.CNPJ, Number: "11222333000181"}
	all[2].TaxID = customer.TaxID{Kind: customer.CPF, Number: "52998224725"}
	all[3].Country = "US"
	return all
}

// seed makes the firm through the engine, as its operators would have.
func seed(ctx context.Context, f *firm) error {
	const day = 24 * time.Hour
	f.clock.back.Store(int64(30 * day))
	defer f.clock.back.Store(0)
	s := &seeding{ctx: ctx, eng: f.eng}
	ana := principal("ana")
	all, err := f.eng.Bootstrap(ctx, tenancy.Firm{Tenant: tenant, Name: "Acme Pagamentos", Admin: ana})
	if err != nil {
		return err
	}
	house, err := f.eng.Gate().Own(ctx, ana, "setting up")
	if err != nil {
		return err
	}
	for _, o := range []tenancy.OperatorID{"bruno", "carla"} {
		s.manage(house, tenancy.Register{Operator: o, Person: "p-" + tenancy.PersonID(o)})
	}
	s.manage(house, tenancy.Allow{Operator: "bruno", Everyone: true, Permissions: tenancy.NewPermissions(tenancy.AllPermissions()...)})
	s.manage(house, tenancy.Allow{Operator: "carla", Everyone: true, Permissions: tenancy.NewPermissions(tenancy.View, tenancy.Prepare)})
	if s.err != nil {
		return s.err
	}
	books := make([]*seedBook, 0, 12)
	for _, p := range people() {
		o, err := f.eng.OpenCustomer(ctx, all, s.intent(), p)
		if err != nil {
			return err
		}
		b := &seedBook{id: o.ID}
		b.scope, b.err = f.eng.Gate().Enter(ctx, ana, o.ID, "account opening")
		if b.err != nil {
			return b.err
		}
		s.furnish(b)
		books = append(books, b)
	}
	for i := range rounds {
		f.clock.back.Store(int64(30*day) - int64(i+1)*int64(28*time.Hour))
		for n, b := range books {
			// a scope lives for minutes, and the clock has gone on
			if b.scope, err = f.eng.Gate().Enter(ctx, ana, b.id, "daily work"); err != nil {
				return err
			}
			s.work(b, i, n)
		}
	}
	f.clock.back.Store(0)
	for n, b := range books {
		if b.scope, err = f.eng.Gate().Enter(ctx, ana, b.id, "phone call"); err != nil {
			return err
		}
		if n%3 == 0 {
			s.submit(b, operations.Withdrawal{From: b.brl, Amount: decimal.New(int64(5_500+100*n), 0), Reference: "large"})
		}
		if n == 2 {
			s.manage(b.scope, customer.SetStatus{Status: customer.Suspended})
		}
	}
	return s.err
}

// seedBook is one customer's book.
type seedBook struct {
	id                     tenancy.CustomerID
	scope                  tenancy.Scope
	brl, reserve, usd, eur accounts.ID
	btc, usdc              accounts.ID
	err                    error
}

// seeding remembers the first error, and does nothing after it.
type seeding struct {
	ctx context.Context //nolint:containedctx // one call of seed
	eng *operations.Engine
	n   int
	err error
}

func (s *seeding) intent() operations.Intent {
	s.n++
	return operations.Intent{Key: fmt.Sprint("seed-", s.n)}
}

func (s *seeding) manage(scope tenancy.Scope, c operations.Administrative) accounts.ID {
	if s.err != nil {
		return ""
	}
	m, err := s.eng.Manage(s.ctx, scope, s.intent(), c)
	s.err = err
	return m.Account
}

func (s *seeding) submit(b *seedBook, r operations.Request) {
	if s.err == nil {
		_, s.err = s.eng.Submit(s.ctx, b.scope, s.intent(), r)
	}
}

func (s *seeding) furnish(b *seedBook) {
	bank := accounts.Details{Bank: "001", Branch: "0421", Number: "90210-7"}
	b.brl = s.manage(b.scope, accounts.Open{Name: "Main", Currency: "BRL", DebtLimit: decimal.New(500, 0), Details: accounts.Details{PixKey: string(b.id) + "@example.com"}})
	b.reserve = s.manage(b.scope, accounts.Open{Name: "Reserve", Currency: "BRL", Details: bank})
	b.usd = s.manage(b.scope, accounts.Open{Name: "Dollars", Currency: "USD", Details: bank})
	b.eur = s.manage(b.scope, accounts.Open{Name: "Euros", Currency: "EUR"})
	b.btc = s.manage(b.scope, accounts.Open{Name: "Coins", Currency: "BTC", Details: accounts.Details{Network: "bitcoin", Address: "bc1qar0srrr7xfkvy5l643lydnw9re59gtzzwf5mdq"}})
	b.usdc = s.manage(b.scope, accounts.Open{Name: "Stable", Currency: "USDC"})
	s.submit(b, operations.Deposit{To: b.brl, Amount: decimal.New(20_000, 0), Purpose: "opening"})
}

// work does one thing of a kind that changes with the day and the customer.
func (s *seeding) work(b *seedBook, i, n int) {
	cents := int64(10_000 + (i*7919+n*104_729)%90_000)
	switch (i + n) % 6 {
	case 0, 3:
		s.submit(b, operations.Deposit{To: b.brl, Amount: decimal.New(cents, -2), Reference: fmt.Sprintf("pix %d", s.n)})
	case 1:
		s.submit(b, operations.Withdrawal{From: b.brl, Amount: decimal.New(cents, -2), Purpose: "supplier"})
	case 2:
		s.submit(b, operations.Transfer{From: b.brl, To: b.reserve, Amount: decimal.New(cents/2, -2)})
	case 4:
		s.submit(b, operations.Deposit{To: b.usd, Amount: decimal.New(cents, -2), Purpose: "invoice"})
	default:
		s.submit(b, operations.Deposit{To: b.btc, Amount: decimal.New(cents, -8)})
	}
}
