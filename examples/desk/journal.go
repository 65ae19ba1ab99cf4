package main

import (
	"context"
	"fmt"
	"strings"

	"github.com/onbehalf/onbehalf/operations"
	"github.com/onbehalf/onbehalf/tenancy"
)

// journalDoc are entries of one book, oldest first: who did what, for whom, why.
type journalDoc struct {
	Context contextDoc `json:"context"`
	Entries []entryDoc `json:"entries"`
}

type entryDoc struct {
	operations.Entry

	Hash operations.Hash `json:"hash"`
}

func (s *seat) journal(ctx context.Context, scope tenancy.Scope, after int64, limit int) (journalDoc, error) {
	banner, err := s.context(ctx, scope)
	if err != nil {
		return journalDoc{}, err
	}
	lines, err := s.eng.Book(scope).Journal(ctx, after, limit)
	if err != nil {
		return journalDoc{}, fmt.Errorf("read journal: %w", err)
	}
	d := journalDoc{Context: banner, Entries: make([]entryDoc, len(lines))}
	for i, l := range lines {
		d.Entries[i] = entryDoc{l.Entry, l.Hash}
	}
	return d, nil
}

func (d journalDoc) draw(p *page) {
	d.Context.draw(p)
	d.list(p)
}

func (d journalDoc) list(p *page) {
	rows := make([][]cell, len(d.Entries))
	for i, e := range d.Entries {
		t := plain
		if len(e.Refused) > 0 {
			t = bad
		}
		rows[i] = []cell{
			is(fmt.Sprint(e.Seq)), is(clockTime(e.At)), is(chain(e.Actors), string(e.Channel)), is(d.Context.Customer.called()),
			toned(t, string(e.Action)), is(e.Reason), is(p.happened(&e.Entry)...), toned(faint, e.Hash.String()[:12]),
		}
	}
	p.table([]column{num("entry"), col("at"), col("who"), wide("for whom", 18), col("what"), wide("why", 26), col("what it did"), col("hash")}, rows)
}

// chain is everyone who took part, the operator first.
func chain(actors []tenancy.Actor) string {
	names := make([]string, len(actors))
	for i, a := range actors {
		names[i] = maker(a)
	}
	return strings.Join(names, " by ")
}

// happened tells the effects of an entry, or the rules it was refused by.
func (p *page) happened(e *operations.Entry) []string {
	var lines []string
	note := func(format string, args ...any) { lines = append(lines, fmt.Sprintf(format, args...)) }
	for _, u := range e.Refused {
		note("refused: %s", u.Code)
	}
	fx := &e.Effects
	if fx.Customer != nil {
		note("customer %s, %s", fx.Customer.Type, fx.Customer.Status)
	}
	if len(fx.Erased) > 0 {
		note("erased %s", strings.Join(fx.Erased, ", "))
	}
	for _, o := range fx.Operators {
		note("operator %s %s", o.ID, o.Status)
		for _, g := range o.Grants {
			note("  for every customer: %s", g.Permissions)
		}
	}
	for _, g := range fx.Grants {
		note("grant to %s: %s", g.Operator, g.Permissions)
	}
	for _, id := range fx.Revoked {
		note("grant %s revoked", id)
	}
	for _, a := range fx.Accounts {
		note("%s account %s, limit %s", a.Asset, a.Status, p.figure(a.DebtLimit.Decimal, a.Asset))
	}
	for _, o := range fx.Operations {
		note("%s of %s → %s, version %d", o.Order.Kind, p.money(o.Order.Amount.Decimal, o.Terms.Asset), o.State, o.Version)
	}
	for _, r := range fx.Releases {
		end := "given back"
		if r.Captured {
			end = "captured"
		}
		note("hold of %s %s", p.money(r.Amount.Decimal, assetOf(fx, r.Operation)), end)
	}
	for _, h := range fx.Holds {
		note("hold of %s", p.money(h.Amount.Decimal, assetOf(fx, h.Operation)))
	}
	for _, l := range fx.Postings {
		ref := "account"
		if l.Ref.System() {
			ref = string(l.Ref)
		}
		note("%s %s", ref, p.money(l.Amount.Decimal, l.Asset))
	}
	for _, i := range fx.Incidents {
		note("incident %s", i.Code)
	}
	if len(lines) == 0 {
		note("nothing but this entry")
	}
	return lines
}

// assetOf is the asset of an operation that is among the effects, as every one
// whose holds change is.
func assetOf(fx *operations.Effects, id operations.OperationID) string {
	for i := range fx.Operations {
		if fx.Operations[i].ID == id {
			return fx.Operations[i].Terms.Asset
		}
	}
	return ""
}
