package httpapi

import (
	"errors"

	"github.com/shopspring/decimal"

	"github.com/onbehalf/onbehalf/accounts"
	"github.com/onbehalf/onbehalf/adapters/httpapi/internal/contract"
	"github.com/onbehalf/onbehalf/customer"
	"github.com/onbehalf/onbehalf/operations"
	"github.com/onbehalf/onbehalf/tenancy"
)

// val is what a pointer points to, or the zero value.
func val[T any](p *T) T {
	if p == nil {
		var zero T
		return zero
	}
	return *p
}

// opt leaves out a zero value.
func opt[T comparable](v T) *T {
	var zero T
	if v == zero {
		return nil
	}
	return &v
}

// some leaves out an empty list.
func some[T any](list []T) *[]T {
	if len(list) == 0 {
		return nil
	}
	return &list
}

// each maps a list to one that is never null.
func each[T, U any](list []T, f func(T) U) []U {
	all := make([]U, 0, len(list))
	for _, v := range list {
		all = append(all, f(v))
	}
	return all
}

func same[T any](v T) T { return v }

func text[T ~string](v T) string { return string(v) }

// amount reads an amount that is asked for; the asset's own scale is held against
// it by the engine.
func amount(field, text string) (decimal.Decimal, error) {
	d, err := accounts.ParseAmount(text, accounts.MaxScale)
	if err != nil {
		return d, named(field, err)
	}
	return d, nil
}

// positive reads an amount for which zero would mean that none was given.
func positive(field, text string) (decimal.Decimal, error) {
	d, err := amount(field, text)
	if err == nil && d.IsZero() {
		err = tenancy.Invalid(field, "is zero")
	}
	return d, err
}

// named gives a malformed field the name it has in the contract.
func named(field string, err error) error {
	for _, f := range tenancy.Fields(err) {
		return tenancy.Invalid(field, f.Problem)
	}
	return err
}

// renamed gives fields that are malformed the names they have in the contract.
func renamed(err error, names map[string]string) error {
	fields := tenancy.Fields(err)
	if !errors.Is(err, tenancy.ErrInvalid) || len(fields) == 0 {
		return err
	}
	all := make([]error, 0, len(fields))
	for _, f := range fields {
		name, other := names[f.Field]
		if !other {
			name = f.Field
		}
		all = append(all, tenancy.Invalid(name, f.Problem))
	}
	return errors.Join(all...)
}

func customerOf(v operations.CustomerView) contract.Customer {
	c := contract.Customer{
		Id: string(v.ID), Name: opt(v.Profile.Name), Type: kindOf(v.Profile.Type), Country: opt(v.Profile.Country), Person: opt(string(v.Profile.Person)),
		Status: v.Status, Erased: v.Erased, OpenedAt: v.OpenedAt, OpenedBy: string(v.OpenedBy), Seq: v.Seq, NextStatuses: some(v.Status.Next()), Groups: some(v.Groups),
	}
	if t := v.Profile.TaxID; t != (customer.TaxID{}) {
		c.TaxId = &contract.CustomerTaxID{Kind: t.Kind, Number: t.Number, Formatted: t.Format()}
	}
	return c
}

// kindOf is the type that is meant where none is told.
func kindOf(t customer.Type) customer.Type { return customer.Type(t.String()) }

func customerItem(c operations.CustomerItem) contract.CustomerItem {
	return contract.CustomerItem{
		Id: string(c.ID), Name: c.Row.Name, TaxId: opt(val(c.Row.TaxID)), Country: opt(c.Row.Country), Type: kindOf(c.Row.Type), Status: c.Row.Status,
		OpenedAt: c.Row.OpenedAt, OpenedBy: string(c.Row.OpenedBy), UpdatedAt: c.Row.UpdatedAt, UpdatedBy: string(c.Row.UpdatedBy),
	}
}

func profileOf(name string, of *customer.Type, id *contract.TaxID, country, person *string) (customer.Profile, error) {
	p := customer.Profile{Name: name, Type: val(of), Country: val(country), Person: tenancy.PersonID(val(person))}
	if id == nil {
		return p, nil
	}
	var err error
	p.TaxID, err = customer.ParseTaxID(id.Kind, id.Number)
	return p, err
}

func accountOf(a operations.AccountView) contract.Account {
	directions := a.Directions
	if directions == "" {
		directions = accounts.Both
	}
	return contract.Account{
		Id: string(a.ID), Name: a.Name, Asset: a.Asset, Kind: a.Kind, Scale: a.Scale, Status: a.Status(), NextStatuses: each(a.Stored.Next(), same),
		Directions: directions, Posted: a.Posted.String(), Held: a.Held.String(), Available: accounts.Canonical(a.Available()),
		DebtLimit: a.DebtLimit.String(), Details: a.Details, Configured: each(a.Configured, same), Missing: each(a.Missing(), same),
		Erased: a.Erased, OpenedAt: a.Opened, DebitUnmet: each(a.Debit, same), CreditUnmet: each(a.Credit, same),
	}
}

func postingLine(p operations.PostingRow) contract.StatementLine {
	return contract.StatementLine{
		Seq: p.Seq, N: p.N, At: p.At, Operation: opt(string(p.Operation)), Account: string(p.Ref), Asset: p.Asset,
		Amount: accounts.Canonical(p.Amount), Balance: accounts.Canonical(p.Balance),
	}
}

func entryOf(l operations.Line) contract.JournalEntry {
	return contract.JournalEntry{
		Seq: l.Seq, At: l.At, Action: string(l.Action), Actors: each(l.Actors, same), Grant: opt(string(l.Grant)), Reason: opt(l.Reason),
		Channel: opt(string(l.Channel)), RequestId: opt(l.RequestID), Policy: opt(l.Policy), Key: opt(l.Key), Cause: opt(l.Cause),
		Operation: opt(string(l.Operation)), Acknowledged: some(l.Acknowledged), Refused: some(l.Refused), Suppressed: opt(l.Suppressed),
		Prev: l.Prev.String(), Hash: l.Hash.String(), Effects: l.Effects,
	}
}

func orderOf(b *contract.OperationRequest) (operations.Request, error) {
	a, err := amount("amount", b.Amount)
	if err != nil {
		return nil, err
	}
	if b.Kind == operations.KindRefund && b.Attributes == nil {
		r := operations.Refund{Parent: operations.OperationID(val(b.Parent)), Amount: a, Fees: val(b.Fees), Purpose: val(b.Purpose), Reference: val(b.Reference)}.Order()
		r.From, r.To, r.Via, r.NotBefore = accounts.ID(val(b.From)), accounts.ID(val(b.To)), val(b.Via), val(b.NotBefore)
		return r, nil
	}
	if b.Fees != nil {
		return nil, tenancy.Invalid("fees", "belongs to a refund")
	}
	return operations.Order{
		Kind: b.Kind, From: accounts.ID(val(b.From)), To: accounts.ID(val(b.To)), Amount: accounts.Exact(a), Via: val(b.Via), Purpose: val(b.Purpose),
		Reference: val(b.Reference), NotBefore: val(b.NotBefore), Parent: operations.OperationID(val(b.Parent)), Attributes: val(b.Attributes),
	}, nil
}

func modificationOf(b *contract.Modification) (operations.Modification, error) {
	m := operations.Modification{
		From: accounts.ID(val(b.From)), To: accounts.ID(val(b.To)), Via: val(b.Via), Purpose: val(b.Purpose), Reference: val(b.Reference), NotBefore: val(b.NotBefore),
	}
	if b.Amount == nil {
		return m, nil
	}
	var err error
	m.Amount, err = positive("amount", *b.Amount)
	return m, err
}

func resolutionOf(b *contract.Resolution) (operations.Resolution, error) {
	r := operations.Resolution{Settled: b.Settled, Evidence: b.Evidence}
	if (b.Amount == nil) != (b.Counter == nil) {
		return r, tenancy.Invalid("counter", "both amounts of a part have to be given, or none")
	}
	if b.Amount == nil {
		return r, nil
	}
	base, err := positive("amount", *b.Amount)
	counter, other := positive("counter", *b.Counter)
	r.Amount, r.Counter = accounts.Exact(base), accounts.Exact(counter)
	return r, errors.Join(err, other)
}
