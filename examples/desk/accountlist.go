package main

import (
	"context"
	"fmt"
	"strings"

	"github.com/onbehalf/onbehalf/accounts"
	"github.com/onbehalf/onbehalf/operations"
	"github.com/onbehalf/onbehalf/tenancy"
)

// accountsDoc is the accounts area of the screen.
type accountsDoc struct {
	Context  contextDoc   `json:"context"`
	Accounts []accountDoc `json:"accounts"`
}

type accountDoc struct {
	ID         accounts.ID         `json:"id"`
	Name       string              `json:"name"`
	Kind       accounts.Kind       `json:"kind"`
	Asset      string              `json:"asset"`
	Posted     accounts.Amount     `json:"posted"`
	Held       accounts.Amount     `json:"held"`
	Available  accounts.Amount     `json:"available"`
	Limit      accounts.Amount     `json:"limit"`
	Status     accounts.Status     `json:"status"`
	Directions accounts.Directions `json:"directions"`
	Details    accounts.Details    `json:"details"`
	Missing    []string            `json:"missing,omitempty"` // details it still needs
	Erased     bool                `json:"erased,omitempty"`
	Debit      []tenancy.Unmet     `json:"debit"`  // why it cannot be debited; empty: it can
	Credit     []tenancy.Unmet     `json:"credit"` // why it cannot be credited
}

func (s *seat) accounts(ctx context.Context, scope tenancy.Scope) (accountsDoc, error) {
	banner, err := s.context(ctx, scope)
	if err != nil {
		return accountsDoc{}, err
	}
	all, err := s.eng.Book(scope).Accounts(ctx)
	if err != nil {
		return accountsDoc{}, fmt.Errorf("read accounts: %w", err)
	}
	d := accountsDoc{Context: banner, Accounts: make([]accountDoc, len(all))}
	for i, a := range all {
		d.Accounts[i] = accountOf(a)
	}
	return d, nil
}

func accountOf(a operations.AccountView) accountDoc {
	directions, err := accounts.ParseDirections(string(a.Directions))
	if err != nil {
		directions = a.Directions
	}
	return accountDoc{
		ID: a.ID, Name: a.Name, Kind: a.Kind, Asset: a.Asset, Posted: a.Posted, Held: a.Held,
		Available: accounts.Exact(a.Available()), Limit: a.DebtLimit, Status: a.Status(), Directions: directions,
		Details: a.Details, Missing: a.Missing(), Erased: a.Erased, Debit: unmetList(a.Debit), Credit: unmetList(a.Credit),
	}
}

// unmetList is never null in JSON.
func unmetList(unmet []tenancy.Unmet) []tenancy.Unmet {
	if unmet == nil {
		return []tenancy.Unmet{}
	}
	return unmet
}

func (d accountsDoc) draw(p *page) {
	d.Context.draw(p)
	d.list(p)
}

func (d accountsDoc) list(p *page) {
	rows := make([][]cell, len(d.Accounts))
	for i, a := range d.Accounts {
		name := a.Name
		if a.Erased {
			name = "(erased)"
		}
		rows[i] = []cell{
			is(append([]string{name, string(a.ID)}, where(a.Details)...)...),
			is(strings.ToUpper(string(a.Kind)), a.Asset),
			is(p.figure(a.Posted.Decimal, a.Asset)), is(p.figure(a.Held.Decimal, a.Asset)),
			toned(strong, p.figure(a.Available.Decimal, a.Asset)), is(p.figure(a.Limit.Decimal, a.Asset)),
			toned(statusTone(string(a.Status)), string(a.Status)), codes(a.Debit), codes(a.Credit),
		}
	}
	p.table([]column{col("account"), col("asset"), num("posted"), num("held"), num("available"), num("limit"), col("status"), col("debit"), col("credit")}, rows)
}

// where tells in short where the money of an account is.
func where(d accounts.Details) []string {
	switch {
	case d.Address != "":
		return []string{d.Network, d.Address}
	case d.PixKey != "":
		return []string{"Pix " + d.PixKey}
	case d.Bank != "":
		return []string{"bank " + strings.Join([]string{d.Bank, d.Branch, d.Number}, " · ")}
	default:
		return []string{"no details"}
	}
}
