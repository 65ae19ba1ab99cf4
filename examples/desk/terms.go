package main

import (
	"context"
	"fmt"
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
		Context: list.Context, Order: plan.Order, Terms: plan.Terms, Allowed: plan.Allowed(), Unmet: unmetList(plan.Unmet), names: list.names(),
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
		p.linef(good, "It would be accepted.")
		return
	}
	p.linef(bad, "It would be refused, for %s:", count(len(d.Unmet), "reason"))
	p.reasons(d.Unmet)
}

func count(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}

// asked is an order in a line.
func (p *page) asked(o operations.Order, asset string, n names) string {
	line := o.Kind + " of " + accounts.Canonical(o.Amount.Decimal)
	if asset != "" {
		line = o.Kind + " of " + p.money(o.Amount.Decimal, asset)
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
	rows := [][]cell{
		{is("total debit"), is(p.money(t.Debit.Decimal, t.Asset))},
		{is("total credit"), is(p.money(t.Credit.Decimal, t.Asset))},
		{is("settled by"), is(provider)},
	}
	for _, h := range t.Holds {
		rows = append(rows, []cell{is("held from execution"), is(p.money(h.Amount.Decimal, t.Asset) + " on " + n.of(h.Account))})
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
