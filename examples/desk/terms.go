package main

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/onbehalf/onbehalf/accounts"
	"github.com/onbehalf/onbehalf/operations"
	"github.com/onbehalf/onbehalf/tenancy"
)

// planDoc is the answer of explain: what would happen, and every reason why not.
type planDoc struct {
	Context contextDoc       `json:"context"`
	Order   operations.Order `json:"order"`
	Terms   operations.Terms `json:"terms"`
	Allowed bool             `json:"allowed"`
	Unmet   []tenancy.Unmet  `json:"unmet"`

	Warnings []string              `json:"warnings,omitempty"` // may be acknowledged
	Limits   []operations.LimitUse `json:"limits,omitempty"`   // what is left before it

	names names
}

func (s *seat) explain(ctx context.Context, scope tenancy.Scope, o operations.Order) (planDoc, error) {
	list, err := s.accounts(ctx, scope)
	if err != nil {
		return planDoc{}, err
	}
	plan, err := s.eng.Explain(ctx, scope, o)
	if err != nil {
		return planDoc{}, err
	}
	return planDoc{
		Context: list.Context, Order: plan.Order, Terms: plan.Terms, Allowed: plan.Allowed(), Unmet: unmetList(plan.Unmet),
		Warnings: plan.Warnings, Limits: plan.Limits, names: list.names(),
	}, nil
}

func (d planDoc) draw(p *page) {
	d.Context.draw(p)
	d.answer(p)
}

func (d planDoc) answer(p *page) {
	p.linef(strong, "%s", p.asked(d.Order, d.Terms.Asset, d.names))
	if d.Allowed {
		p.terms(d.Terms, d.names, time.Time{})
		p.limits(d.Limits)
		p.linef(good, "It would be accepted.")
		return
	}
	p.linef(bad, "It would be refused, for %s:", count(len(d.Unmet), "reason"))
	p.reasons(d.Unmet)
	p.limits(d.Limits)
	for _, code := range d.Warnings {
		p.linef(waits, "If it is meant all the same: --acknowledge %s", code)
	}
}

// limits tells what is left of each limit before the operation counts.
func (p *page) limits(all []operations.LimitUse) {
	if len(all) == 0 {
		return
	}
	rows := make([][]cell, len(all))
	for i, l := range all {
		rows[i] = []cell{
			is(l.Limit), is(strings.ReplaceAll(string(l.Window), "_", " ")), is(p.money(l.Most.Decimal, l.Asset)),
			is(p.money(l.Used.Decimal, l.Asset)), toned(strong, p.money(l.Left.Decimal, l.Asset)),
		}
	}
	p.table([]column{col("limit"), col("per"), num("at most"), num("used"), num("left")}, rows)
}

func count(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}

// asked is an order in a line.
func (p *page) asked(o operations.Order, asset string, n names) string {
	what := o.Kind
	if side := o.Attributes["side"]; side != "" {
		what += " (" + side + ")"
	}
	line := what + " of " + accounts.Canonical(o.Amount.Decimal)
	if asset != "" {
		line = what + " of " + p.money(o.Amount.Decimal, asset)
	}
	if o.From != "" {
		line += " from " + n.of(o.From)
	}
	if o.To != "" {
		line += " to " + n.of(o.To)
	}
	if o.Via != "" {
		line += " via " + o.Via
	}
	if o.Purpose != "" {
		line += ", " + o.Purpose
	}
	if !o.NotBefore.IsZero() {
		line += ", not before " + clockTime(o.NotBefore)
	}
	return line
}

// terms are shown in full before anyone agrees to them.
func (p *page) terms(t operations.Terms, n names, now time.Time) {
	provider := t.Provider
	if provider == "" {
		provider = "inside the book"
	}
	debit, credit := t.Asset, t.Asset
	var rows [][]cell
	if x := t.Exchange; x != nil {
		if debit, credit = x.Quote, x.Base; x.Side == operations.Sell {
			debit, credit = credit, debit
		}
		rows = p.price(x)
	}
	rows = append(rows, [][]cell{
		{is("total debit"), is(p.money(t.Debit.Decimal, debit))},
		{is("total credit"), is(p.money(t.Credit.Decimal, credit))},
		{is("settled by"), is(provider)},
	}...)
	for _, f := range t.Fees {
		way := " on top, from "
		if f.Inside {
			way = " inside, from "
		}
		rows = append(rows, []cell{is("fee " + f.Fee), is(p.money(f.Amount.Decimal, f.Asset) + way + n.of(f.Account))})
	}
	if a := t.Approval; a != nil {
		rows = append(rows, []cell{is("needs approval"), toned(waits, "by "+count(a.Persons, "other person")+" within "+a.Within.String())})
	}
	for _, h := range t.Holds {
		rows = append(rows, []cell{is("held from execution"), is(p.money(h.Amount.Decimal, debit) + " on " + n.of(h.Account))})
	}
	for _, l := range t.Postings {
		rows = append(rows, []cell{is("posting"), is(p.money(l.Amount.Decimal, l.Asset) + " on " + n.ref(l.Ref))})
	}
	if !t.Expires.IsZero() && !now.IsZero() {
		rows = append(rows, []cell{is("expires"), toned(waits, clockTime(t.Expires)+", in "+t.Expires.Sub(now).Round(time.Second).String())})
	}
	p.table([]column{col("terms"), col("value")}, rows)
}

// clockTime is a time for people. All times of the books are UTC.
func clockTime(t time.Time) string { return t.UTC().Format("2006-01-02 15:04:05Z") }
