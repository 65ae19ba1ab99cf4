package main

import (
	"context"
	"fmt"

	"github.com/onbehalf/onbehalf/accounts"
	"github.com/onbehalf/onbehalf/operations"
	"github.com/onbehalf/onbehalf/tenancy"
)

type resolveCmd struct {
	target

	Settled    bool   `help:"It happened." required:"true" xor:"found"`
	NotSettled bool   `help:"It did not happen, and will not." required:"true" xor:"found"`
	Evidence   string `help:"What that rests on; recorded for ever, so nothing personal." placeholder:"TEXT" required:"true"`
	Part       string `help:"Of a trade that takes parts: only so much of the base asset was exchanged." placeholder:"AMOUNT"`
	Counter    string `help:"With --part: what the provider got or gave for it." placeholder:"AMOUNT"`
}

// Run says how what is in doubt has ended.
func (x *resolveCmd) Run(ctx context.Context, c *caller) error {
	r := operations.Resolution{Settled: x.Settled, Evidence: x.Evidence}
	for _, f := range []struct {
		field, text string
		into        *accounts.Amount
	}{{"part", x.Part, &r.Amount}, {"counter", x.Counter, &r.Counter}} {
		if f.text == "" {
			continue
		}
		d, err := c.amount(f.field, f.text, "")
		if err != nil {
			return err
		}
		*f.into = accounts.Exact(d)
	}
	return x.send(ctx, c, func(e *operations.Engine, ctx context.Context, s tenancy.Scope, in operations.Intent, ref operations.Ref) (operations.Result, error) {
		return e.Resolve(ctx, s, in, ref, r)
	})
}

type incidentsCmd struct {
	After string `help:"Go on after this customer." placeholder:"ID"`
	Limit int    `help:"At most so many customers (1 to 200, default 50)." placeholder:"N"`
}

// Run lists the incidents of all customers.
func (x *incidentsCmd) Run(ctx context.Context, c *caller) error {
	s, err := c.sit(ctx)
	if err != nil {
		return err
	}
	firm, err := s.across(ctx)
	if err != nil {
		return err
	}
	page, err := s.eng.Firm(firm).Incidents(ctx, tenancy.CustomerID(x.After), x.Limit)
	if err != nil {
		return fmt.Errorf("list incidents: %w", err)
	}
	d := incidentsDoc{Incidents: make([]incidentRow, len(page.Items))}
	for i, n := range page.Items {
		d.Incidents[i] = incidentRow{Customer: n.Customer, Incident: n.Incident}
	}
	if page.More {
		d.Next = page.Next
	}
	return c.out.show(d)
}

// incidentsDoc is what people have to look at.
type incidentsDoc struct {
	Incidents []incidentRow      `json:"incidents"`
	Next      tenancy.CustomerID `json:"next,omitempty"`
}

type incidentRow struct {
	operations.Incident

	Customer tenancy.CustomerID `json:"customer"`
}

func (d incidentsDoc) draw(p *page) {
	rows := make([][]cell, len(d.Incidents))
	for i, n := range d.Incidents {
		figures := make([]string, len(n.Figures))
		for j, f := range n.Figures {
			figures[j] = f.Name + " " + f.Value
		}
		rows[i] = []cell{toned(bad, n.Code), is(string(n.Customer), string(n.Operation)), is(figures...), is(clockTime(n.At))}
	}
	p.table([]column{col("incident"), col("customer, operation"), col("figures"), col("since")}, rows)
	if d.Next != "" {
		p.linef(faint, "There may be more: --after %s", d.Next)
	}
}
