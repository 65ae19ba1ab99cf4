package operations

import (
	"encoding/json"
	"time"

	"github.com/shopspring/decimal"

	"github.com/onbehalf/onbehalf/accounts"
	"github.com/onbehalf/onbehalf/customer"
	"github.com/onbehalf/onbehalf/tenancy"
)

// project gives the rows that follow from an entry: a pure function of the
// book before and after it and of the personal data that came with it, so that
// Verify and Rebuild compute the very rows that were stored.
func project(before, after *Folded, e *Entry, sealed Sealed, personal []PersonalRow) Change {
	fx := &e.Effects
	c := Change{Entry: sealed, Operators: fx.Operators, Personal: personal, Erase: fx.Erased}
	for i := range fx.Operations {
		c.Operations = append(c.Operations, rowOf(&fx.Operations[i]))
	}
	c.Postings = postingRows(before, after, e)
	c.Balances = balanceRows(after, e)
	for _, g := range fx.Grants {
		c.Grants = append(c.Grants, GrantRow{Grant: g})
	}
	for _, id := range fx.Revoked {
		if g, ok := before.grants.get(id); ok {
			c.Grants = append(c.Grants, GrantRow{Grant: *g, Revoked: true})
		}
	}
	if fx.Customer != nil || touchesCustomer(personal) {
		c.Customer = customerRow(after, e.At, actorID(e), personal)
	}
	return c
}

func rowOf(o *Operation) OperationRow {
	return OperationRow{
		ID: o.ID, Created: o.Created, Updated: o.Updated, Version: o.Version, State: o.State,
		Kind: o.Order.Kind, Asset: o.Terms.Asset, From: o.Order.From, To: o.Order.To, Amount: o.Order.Amount.Decimal,
		Maker: tenancy.OperatorID(o.Maker.ID), CreatedAt: o.CreatedAt, Due: o.due(),
	}
}

func postingRows(before, after *Folded, e *Entry) []PostingRow {
	ps := e.Effects.Postings
	if len(ps) == 0 {
		return nil
	}
	rows := make([]PostingRow, len(ps))
	for i := range ps {
		p, r := &ps[i], &rows[i]
		r.Seq, r.N, r.At, r.Operation, r.Ref, r.Asset, r.Amount = e.Seq, i, e.At, e.Operation, p.Ref, p.Asset, p.Amount.Decimal
		if !touched(ps[i+1:], p) {
			r.Balance = after.posted(p.Ref, p.Asset)
			continue
		}
		earlier := i - 1 // not the last leg on its account: only so much of the change is made by then
		for earlier >= 0 && (rows[earlier].Ref != p.Ref || rows[earlier].Asset != p.Asset) {
			earlier--
		}
		if earlier >= 0 {
			r.Balance = accounts.Plus(rows[earlier].Balance, r.Amount)
		} else {
			r.Balance = accounts.Plus(before.posted(p.Ref, p.Asset), r.Amount)
		}
	}
	return rows
}

func (f *Folded) posted(ref accounts.Ref, asset string) decimal.Decimal {
	if id, ok := ref.Account(); ok {
		if a, found := f.accounts.get(id); found {
			return a.Posted.Decimal
		}
		return decimal.Decimal{}
	}
	return f.systemPosted(ref, asset)
}

func balanceRows(after *Folded, e *Entry) []BalanceRow {
	fx := &e.Effects
	n := len(fx.Accounts) + len(fx.Holds) + len(fx.Releases)
	for i := range fx.Postings {
		if !touched(fx.Postings[:i], &fx.Postings[i]) {
			n++
		}
	}
	if n == 0 {
		return nil
	}
	rows := make([]BalanceRow, 0, n)
	touch := func(ref accounts.Ref, asset string) {
		for i := range rows {
			if rows[i].Ref == ref && (asset == "" || rows[i].Asset == asset) {
				return
			}
		}
		rows = append(rows, after.balanceRow(ref, asset, e.Seq))
	}
	for _, a := range fx.Accounts {
		touch(accounts.Customer(a.ID), a.Asset)
	}
	for _, r := range fx.Releases {
		touch(accounts.Customer(r.Account), "")
	}
	for _, h := range fx.Holds {
		touch(accounts.Customer(h.Account), "")
	}
	for _, p := range fx.Postings {
		touch(p.Ref, p.Asset)
	}
	return rows
}

func (f *Folded) balanceRow(ref accounts.Ref, asset string, seq int64) BalanceRow {
	if id, ok := ref.Account(); ok {
		if a, found := f.accounts.get(id); found {
			return BalanceRow{Ref: ref, Asset: a.Asset, Posted: a.Posted.Decimal, Held: a.Held.Decimal, DebtLimit: a.DebtLimit.Decimal, Seq: seq}
		}
	}
	return BalanceRow{Ref: ref, Asset: asset, Posted: f.systemPosted(ref, asset), Seq: seq}
}

// subjectCustomer is where the customer's own personal data stand.
const subjectCustomer = "customer"

func subjectAccount(id accounts.ID) string { return "account:" + string(id) }

func touchesCustomer(rows []PersonalRow) bool {
	for i := range rows {
		if rows[i].Subject == subjectCustomer {
			return true
		}
	}
	return false
}

func customerRow(f *Folded, at time.Time, by tenancy.OperatorID, personal []PersonalRow) *CustomerRow {
	row := &CustomerRow{
		Type: f.customer.Type, Status: f.customer.Status, Country: f.customer.Country,
		OpenedAt: f.openedAt, OpenedBy: f.openedBy, UpdatedAt: at, UpdatedBy: by,
	}
	for i := range personal {
		if personal[i].Subject != subjectCustomer || personal[i].Value == nil {
			continue
		}
		var p personalProfile
		if err := json.Unmarshal(personal[i].Value, &p); err == nil {
			tax := p.TaxID.Number
			row.Name, row.TaxID = &p.Name, &tax
		}
	}
	return row
}

// personalProfile is the personal part of a customer's profile, as it stands
// beside the journal.
type personalProfile struct {
	Name  string         `json:"name"`
	TaxID customer.TaxID `json:"tax_id,omitzero"`
}

// personalAccount is the personal part of an account's set-up.
type personalAccount struct {
	Name    string           `json:"name,omitempty"`
	Details accounts.Details `json:"details,omitzero"`
}
