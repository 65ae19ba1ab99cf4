package main

import (
	"context"
	"fmt"

	"github.com/shopspring/decimal"

	"github.com/onbehalf/onbehalf/accounts"
	"github.com/onbehalf/onbehalf/customer"
	"github.com/onbehalf/onbehalf/tenancy"
)

type openCmd struct {
	Name    string `arg:"" help:"The customer's name."`
	Type    string `default:"individual" help:"individual or company (default: individual)." placeholder:"TYPE"`
	TaxKind string `help:"cpf, cnpj or other." placeholder:"KIND"`
	TaxID   string `help:"The tax id, bare or with its punctuation." name:"tax-id" placeholder:"NUMBER"`
	Country string `help:"Two capital letters of ISO 3166-1." placeholder:"CC"`
	Person  string `help:"The natural person he is, if he may also be one of the staff." placeholder:"PERSON"`
}

// Run opens the customer.
func (x *openCmd) Run(ctx context.Context, c *caller) error {
	profile := customer.Profile{Name: x.Name, Type: customer.Type(x.Type), Country: x.Country, Person: tenancy.PersonID(x.Person)}
	if x.TaxID != "" || x.TaxKind != "" {
		var err error
		if profile.TaxID, err = customer.ParseTaxID(customer.TaxKind(x.TaxKind), x.TaxID); err != nil {
			return err
		}
	}
	s, err := c.sit(ctx)
	if err != nil {
		return err
	}
	scope, err := s.across(ctx)
	if err != nil {
		return err
	}
	intent, err := c.intent()
	if err != nil {
		return err
	}
	opened, err := s.eng.OpenCustomer(ctx, scope, intent, profile)
	if err != nil {
		return err
	}
	return c.out.show(changedDoc{What: "the customer is open", Key: intent.Key, Customer: opened.ID, Replayed: opened.Replayed})
}

type statusCmd struct {
	book

	Status  string `arg:"" help:"active, suspended or closed; for an account also frozen or debit_frozen."`
	Account string `help:"One of the customer's accounts." placeholder:"ID"`
}

// Run changes the status.
func (x *statusCmd) Run(ctx context.Context, c *caller) error {
	if x.Account != "" {
		return c.manage(ctx, x.book, accounts.SetStatus{Account: accounts.ID(x.Account), Status: accounts.Status(x.Status)}, "the account is "+x.Status)
	}
	return c.manage(ctx, x.book, customer.SetStatus{Status: customer.Status(x.Status)}, "the customer is "+x.Status)
}

type accountCmd struct {
	book

	Currency string `arg:"" help:"Such as BRL, USD, BTC or USDC."`
	Name     string `help:"What people call it." placeholder:"TEXT"`
	Limit    string `default:"0" help:"How far the customer may go into debt (default: 0)." placeholder:"AMOUNT"`
	Use      string `default:"both" help:"both, credit_only or debit_only (default: both)." placeholder:"WAY"`
	Pending  bool   `help:"Not to be used yet."`

	Bank    string `help:"FIAT: the bank." placeholder:"TEXT"`
	Branch  string `help:"FIAT: the branch." placeholder:"TEXT"`
	Number  string `help:"FIAT: the number." placeholder:"TEXT"`
	PixKey  string `help:"FIAT: the Pix key, instead of the three." placeholder:"TEXT"`
	Network string `help:"CRYPTO: the network." placeholder:"TEXT"`
	Address string `help:"CRYPTO: the address." placeholder:"TEXT"`
}

// Run opens the account.
func (x *accountCmd) Run(ctx context.Context, c *caller) error {
	limit, err := c.amount("limit", x.Limit, x.Currency)
	if err != nil {
		return err
	}
	return c.manage(ctx, x.book, accounts.Open{
		Name: x.Name, Currency: x.Currency, DebtLimit: limit, Directions: accounts.Directions(x.Use), Pending: x.Pending,
		Details: accounts.Details{Bank: x.Bank, Branch: x.Branch, Number: x.Number, PixKey: x.PixKey, Network: x.Network, Address: x.Address},
	}, "the account is open")
}

// amount reads an amount of an asset from the command line. Of an asset the
// firm does not know, the engine tells.
func (c *caller) amount(field, text, asset string) (decimal.Decimal, error) {
	scale := int32(accounts.MaxScale)
	if a, ok := c.assets.Lookup(asset); ok {
		scale = a.Scale
	}
	d, err := accounts.ParseAmount(text, scale)
	if err != nil {
		return d, fmt.Errorf("%s: %w", field, err)
	}
	return d, nil
}

type accountsCmd struct{ book }

// Run shows the accounts area.
func (x *accountsCmd) Run(ctx context.Context, c *caller) error {
	s, scope, err := x.enter(ctx, c)
	if err != nil {
		return err
	}
	d, err := s.accounts(ctx, scope)
	if err != nil {
		return err
	}
	return c.out.show(d)
}

type eraseCmd struct{ book }

// Run erases what is personal.
func (x *eraseCmd) Run(ctx context.Context, c *caller) error {
	return c.manage(ctx, x.book, customer.Erase{}, "the personal data are erased")
}

type journalCmd struct {
	book

	After int64 `help:"Only entries after this one." placeholder:"N"`
	Limit int   `help:"At most this many (1 to 200, default 50)." placeholder:"N"`
}

// Run lists the entries.
func (x *journalCmd) Run(ctx context.Context, c *caller) error {
	s, scope, err := x.enter(ctx, c)
	if err != nil {
		return err
	}
	d, err := s.journal(ctx, scope, x.After, x.Limit)
	if err != nil {
		return err
	}
	return c.out.show(d)
}
