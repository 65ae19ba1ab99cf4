package main

import (
	"context"
	"fmt"
	"time"

	"github.com/shopspring/decimal"
	"golang.org/x/sync/errgroup"

	"github.com/onbehalf/onbehalf/accounts"
	"github.com/onbehalf/onbehalf/customer"
	"github.com/onbehalf/onbehalf/operations"
	"github.com/onbehalf/onbehalf/tenancy"
)

const (
	tenant = "acme"
	day    = 24 * time.Hour
	past   = 60 * day // how old the firm is
)

// people are the twelve customers.
func people() []customer.Profile {
	all := make([]customer.Profile, 0, 12)
	for _, p := range []struct{ name, cpf, cnpj string }{
		{"Maria da Silva", "12345678909", ""},
		{"Padaria Aurora Ltda", "", "11222333000181"},
		{"João Pereira", "52998224725", ""},
		{"Northwind Trading LLC", "", ""},
		{"Ana Beatriz Moura", "28471593041", ""},
		{"Construtora Horizonte S.A.", "", "27184639000120"},
		{"Rafael Nogueira", "37190648240", ""},
		{"Beatriz Figueiredo", "46081729567", ""},
		{"Café do Porto Ltda", "", "34509281000124"},
		{"Helena Prado", "59372810479", ""},
		{"Sertão Energia Ltda", "", "48291056000179"},
		{"Tiago Albuquerque", "64829103787", ""},
	} {
		c := customer.Profile{Name: p.name, Type: customer.Company, Country: "BR"}
		switch {
		case p.cpf != "":
			c.Type, c.TaxID = customer.Individual, customer.TaxID{Kind: customer.CPF, Number: p.cpf}
		case p.cnpj != "":
			c.TaxID = customer.TaxID{Kind: customer.CNPJ, Number: p.cnpj}
		default:
			c.Country, c.TaxID = "US", customer.TaxID{Kind: customer.Other, Number: "84-1523907"}
		}
		all = append(all, c)
	}
	return all
}

// seed makes the firm through the engine, as its operators would have: so many
// operations over the last weeks, day by day, with all customers at once.
func seed(ctx context.Context, f *firm, count int) error {
	f.clock.back.Store(int64(past))
	defer f.clock.back.Store(0)
	books, err := found(ctx, f.eng)
	if err != nil {
		return err
	}
	rounds := max(1, count/len(books))
	for round := range rounds {
		f.clock.back.Store(int64(past) - int64(past-day)/int64(rounds)*int64(round+1))
		if err := each(ctx, books, func(ctx context.Context, b *seedBook) { b.work(ctx, round) }); err != nil {
			return err
		}
	}
	f.clock.back.Store(0)
	return each(ctx, books, func(ctx context.Context, b *seedBook) {
		b.enter(ctx, "phone call")
		if b.n%3 == 0 {
			b.submit(ctx, operations.Withdrawal{From: b.brl, Amount: decimal.New(int64(5_500+100*b.n), 0), Reference: "large"})
		}
		if b.n == 2 {
			b.manage(ctx, customer.SetStatus{Status: customer.Suspended})
		}
	})
}

// found makes the firm, its operators and its customers with their accounts.
func found(ctx context.Context, eng *operations.Engine) ([]*seedBook, error) {
	ana := principal("ana")
	all, err := eng.Bootstrap(ctx, tenancy.Firm{Tenant: tenant, Name: "Acme Pagamentos", Admin: ana})
	if err != nil {
		return nil, err
	}
	house := &seedBook{eng: eng, id: "house"}
	if house.scope, err = eng.Gate().Own(ctx, ana, "setting up"); err != nil {
		return nil, err
	}
	for _, o := range []tenancy.OperatorID{"bruno", "carla"} {
		house.manage(ctx, tenancy.Register{Operator: o, Person: "p-" + tenancy.PersonID(o)})
	}
	house.manage(ctx, tenancy.Allow{Operator: "bruno", Everyone: true, Permissions: tenancy.NewPermissions(tenancy.AllPermissions()...)})
	house.manage(ctx, tenancy.Allow{Operator: "carla", Everyone: true, Permissions: tenancy.NewPermissions(tenancy.View, tenancy.Prepare)})
	treasury := house.manage(ctx, accounts.Open{Name: "Treasury", Currency: "BRL", Details: accounts.Details{Bank: "001", Branch: "0001", Number: "1000-1"}})
	house.submit(ctx, operations.Deposit{To: treasury, Amount: decimal.New(250_000, 0), Purpose: "capital"})
	if house.err != nil {
		return nil, house.err
	}
	books := make([]*seedBook, 0, 12)
	for n, p := range people() {
		o, err := eng.OpenCustomer(ctx, all, operations.Intent{Key: fmt.Sprint("customer-", n)}, p)
		if err != nil {
			return nil, err
		}
		books = append(books, &seedBook{eng: eng, id: o.ID, n: n})
	}
	return books, each(ctx, books, func(ctx context.Context, b *seedBook) { b.furnish(ctx) })
}

// each does something for every customer at once, so that what they change is
// stored together.
func each(ctx context.Context, books []*seedBook, do func(context.Context, *seedBook)) error {
	group, ctx := errgroup.WithContext(ctx)
	for _, b := range books {
		group.Go(func() error { do(ctx, b); return b.err })
	}
	return group.Wait()
}
