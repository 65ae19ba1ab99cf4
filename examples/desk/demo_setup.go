package main

import (
	"context"

	"github.com/shopspring/decimal"

	"github.com/onbehalf/onbehalf/accounts"
	"github.com/onbehalf/onbehalf/customer"
	"github.com/onbehalf/onbehalf/operations"
	"github.com/onbehalf/onbehalf/tenancy"
)

// theFirm begins the firm with three operators of different rights.
func (m *demo) theFirm(ctx context.Context) error {
	m.part("The firm and its operators")
	ana, err := m.as("ana", "setting up the firm")
	if err != nil {
		return err
	}
	m.sayf("Ana begins the firm; Bruno may act for every customer, Carla is registered only.")
	if _, err := m.desk.eng.Bootstrap(ctx, tenancy.Firm{Tenant: m.desk.firm, Name: "Acme Pagamentos", Admin: ana.who}); err != nil {
		return err
	}
	house, err := ana.enter(ctx, tenancy.House)
	if err != nil {
		return err
	}
	bruno := tenancy.NewPermissions(tenancy.View, tenancy.Prepare, tenancy.Execute, tenancy.Modify, tenancy.Cancel)
	for _, change := range []operations.Administrative{
		tenancy.Register{Operator: "bruno", Person: "p-bruno"},
		tenancy.Register{Operator: "carla", Person: "p-carla"},
		tenancy.Allow{Operator: "bruno", Everyone: true, Permissions: bruno},
	} {
		if _, err := m.desk.eng.Manage(ctx, house, key(), change); err != nil {
			return err
		}
	}
	d, err := ana.operators(ctx)
	if err != nil {
		return err
	}
	m.view(d)
	return nil
}

// theCustomers opens four of them and gives Carla one to look after.
func (m *demo) theCustomers(ctx context.Context) error {
	m.part("Customers")
	ana, err := m.as("ana", "account opening")
	if err != nil {
		return err
	}
	firm, err := ana.across(ctx)
	if err != nil {
		return err
	}
	for _, c := range []struct {
		name, country, tax string
		kind               customer.TaxKind
		sort               customer.Type
		id                 *tenancy.CustomerID
	}{
		{"Maria da Silva", "BR", "123.456.789-09", customer.CPF, customer.Individual, &m.maria},
		{"Padaria Aurora Ltda", "BR", "11.222.333/0001-81", customer.CNPJ, customer.Company, &m.padaria},
		{"Northwind Trading LLC", "US", "98-7654321", customer.Other, customer.Company, new(tenancy.CustomerID)},
		{"João Pereira", "BR", "529.982.247-25", customer.CPF, customer.Individual, &m.joao},
	} {
		tax, err := customer.ParseTaxID(c.kind, c.tax)
		if err != nil {
			return err
		}
		opened, err := m.desk.eng.OpenCustomer(ctx, firm, key(), customer.Profile{Name: c.name, Type: c.sort, TaxID: tax, Country: c.country})
		if err != nil {
			return err
		}
		*c.id = opened.ID
	}
	if err := m.furnish(ctx); err != nil {
		return err
	}
	d, err := ana.customers(ctx, operations.CustomerFilter{}, "", 0)
	if err != nil {
		return err
	}
	m.sayf("Ana sees all of them.")
	m.view(d)
	carla, err := m.as("carla", "")
	if err != nil {
		return err
	}
	if d, err = carla.customers(ctx, operations.CustomerFilter{}, "", 0); err != nil {
		return err
	}
	m.sayf("Carla has a grant for one, and sees one.")
	m.view(d)
	return nil
}

// furnish gives Maria accounts and money, Carla a grant for her, and suspends João.
func (m *demo) furnish(ctx context.Context) error {
	_, joao, err := m.enter(ctx, "ana", m.joao, "documents out of date")
	if err != nil {
		return err
	}
	his, err := m.desk.eng.Manage(ctx, joao, key(), accounts.Open{Name: "Checking", Currency: "BRL", Details: accounts.Details{PixKey: "joao@example.com"}})
	if err != nil {
		return err
	}
	m.joaos = his.Account
	if _, err := m.desk.eng.Manage(ctx, joao, key(), customer.SetStatus{Status: customer.Suspended}); err != nil {
		return err
	}
	_, maria, err := m.enter(ctx, "ana", m.maria, "account opening")
	if err != nil {
		return err
	}
	carla := tenancy.Allow{Operator: "carla", Permissions: tenancy.NewPermissions(tenancy.View, tenancy.Prepare)}
	if _, err := m.desk.eng.Manage(ctx, maria, key(), carla); err != nil {
		return err
	}
	for _, a := range []struct {
		open accounts.Open
		id   *accounts.ID
	}{
		{accounts.Open{Name: "Main", Currency: "BRL", DebtLimit: brl(500_00), Details: accounts.Details{Bank: "001", Branch: "0421", Number: "90210-7"}}, &m.main},
		{accounts.Open{Name: "Savings", Currency: "BRL"}, &m.savings},
		{accounts.Open{Name: "Coins", Currency: "BTC", Details: accounts.Details{Network: "bitcoin", Address: "bc1qar0srrr7xfkvy5l643lydnw9re59gtzzwf5mdq"}}, &m.coins},
	} {
		opened, err := m.desk.eng.Manage(ctx, maria, key(), a.open)
		if err != nil {
			return err
		}
		*a.id = opened.Account
	}
	freeze := accounts.SetStatus{Account: m.savings, Status: accounts.DebitFrozen}
	if _, err := m.desk.eng.Manage(ctx, maria, key(), freeze); err != nil {
		return err
	}
	for _, d := range []operations.Deposit{
		{To: m.main, Amount: brl(10_000_00), Purpose: "salary"},
		{To: m.coins, Amount: decimal.New(25_000_000, -8), Reference: "block 871204"},
	} {
		if _, err := m.desk.eng.Submit(ctx, maria, key(), d); err != nil {
			return err
		}
	}
	return nil
}
