package main

import (
	"context"
	"fmt"
	"strings"

	"github.com/shopspring/decimal"

	"github.com/onbehalf/onbehalf/accounts"
	"github.com/onbehalf/onbehalf/operations"
	"github.com/onbehalf/onbehalf/tenancy"
)

// treasuryDoc is what the firm has on the system accounts of all its books.
type treasuryDoc struct {
	Providers []providerRow `json:"providers"`
	Income    []systemRow   `json:"income"`
	Other     []systemRow   `json:"other"`
}

// providerRow is where the firm stands with one provider, in one asset.
type providerRow struct {
	Provider string          `json:"provider"`
	Asset    string          `json:"asset"`
	Owed     accounts.Amount `json:"owed"` // to the firm; zero where it is the other way round
	Owing    accounts.Amount `json:"owing"`
	Books    int64           `json:"books"`
}

type systemRow struct {
	Account accounts.Ref    `json:"account"`
	Asset   string          `json:"asset"`
	Amount  accounts.Amount `json:"balance"`
	Books   int64           `json:"books"`
}

func (s *seat) treasury(ctx context.Context) (treasuryDoc, error) {
	d := treasuryDoc{Providers: []providerRow{}, Income: []systemRow{}, Other: []systemRow{}}
	firm, err := s.across(ctx)
	if err != nil {
		return d, err
	}
	for after := (operations.PositionPlace{}); ; {
		rows, err := s.eng.Firm(firm).Treasury(ctx, after, operations.MaxLimit)
		if err != nil {
			return d, fmt.Errorf("read treasury: %w", err)
		}
		for _, r := range rows {
			d.add(r)
			after = r.PositionPlace
		}
		if len(rows) < operations.MaxLimit {
			return d, nil
		}
	}
}

// add sorts a position. What was taken out of clearing, for a customer, is with
// the provider: he owes it.
func (d *treasuryDoc) add(r operations.PositionRow) {
	row := systemRow{r.Ref, r.Asset, accounts.Exact(r.Amount), r.Books}
	provider, clearing := strings.CutPrefix(string(r.Ref), string(accounts.Clearing("")))
	switch {
	case clearing && r.Ref != accounts.Between:
		p := providerRow{Provider: provider, Asset: r.Asset, Books: r.Books}
		p.Owed = accounts.Exact(decimal.Max(r.Amount.Neg(), decimal.Zero))
		p.Owing = accounts.Exact(decimal.Max(r.Amount, decimal.Zero))
		d.Providers = append(d.Providers, p)
	case strings.HasPrefix(string(r.Ref), "income:"):
		d.Income = append(d.Income, row)
	default:
		d.Other = append(d.Other, row)
	}
}

func (d treasuryDoc) draw(p *page) {
	p.linef(strong, "Providers")
	rows := make([][]cell, len(d.Providers))
	for i, r := range d.Providers {
		rows[i] = []cell{is(r.Provider), is(r.Asset), p.owed(r.Owed, r.Asset), p.owed(r.Owing, r.Asset), is(fmt.Sprint(r.Books))}
	}
	p.table([]column{col("provider"), col("asset"), num("owes the firm"), num("is owed"), num("books")}, rows)
	for _, part := range []struct {
		title string
		rows  []systemRow
	}{{"Earned", d.Income}, {"Other", d.Other}} {
		if part.title == "Other" && len(part.rows) == 0 {
			continue
		}
		p.linef(strong, "%s", part.title)
		rows := make([][]cell, len(part.rows))
		for i, r := range part.rows {
			rows[i] = []cell{is(string(r.Account)), is(r.Asset), is(p.figure(r.Amount.Decimal, r.Asset)), is(fmt.Sprint(r.Books))}
		}
		p.table([]column{col("account"), col("asset"), num("balance"), num("books")}, rows)
	}
	p.linef(faint, "Book by book: desk treasury --of clearing:%s --asset BRL", house)
	p.linef(faint, "Of one book: desk statement clearing:%s --customer ID", house)
}

// owed is an amount, and nothing where there is none.
func (p *page) owed(a accounts.Amount, asset string) cell {
	if a.IsZero() {
		return is("")
	}
	return is(p.figure(a.Decimal, asset))
}

// sharesDoc is what makes up one position.
type sharesDoc struct {
	Account accounts.Ref       `json:"account"`
	Asset   string             `json:"asset"`
	Shares  []shareRow         `json:"shares"`
	Next    tenancy.CustomerID `json:"next,omitempty"`
}

type shareRow struct {
	Customer tenancy.CustomerID `json:"customer"`
	Amount   accounts.Amount    `json:"balance"`
}

func (s *seat) shares(ctx context.Context, of operations.PositionPlace, after tenancy.CustomerID) (sharesDoc, error) {
	d := sharesDoc{Account: of.Ref, Asset: of.Asset, Shares: []shareRow{}}
	firm, err := s.across(ctx)
	if err != nil {
		return d, err
	}
	page, err := s.eng.Firm(firm).PositionBooks(ctx, of, after, operations.MaxLimit)
	if err != nil {
		return d, fmt.Errorf("read treasury: %w", err)
	}
	for _, b := range page.Items {
		d.Shares = append(d.Shares, shareRow{b.Customer, accounts.Exact(b.Amount)})
	}
	if page.More {
		d.Next = page.Next
	}
	return d, nil
}

func (d sharesDoc) draw(p *page) {
	p.linef(strong, "%s, %s", d.Account, d.Asset)
	rows := make([][]cell, len(d.Shares))
	for i, r := range d.Shares {
		rows[i] = []cell{is(string(r.Customer)), is(p.figure(r.Amount.Decimal, d.Asset))}
	}
	p.table([]column{col("customer"), num("balance")}, rows)
	if d.Next != "" {
		p.linef(faint, "There may be more: --after %s", d.Next)
	}
	p.linef(faint, "The postings of one: desk statement %s --customer ID", d.Account)
}
