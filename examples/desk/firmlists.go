package main

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/onbehalf/onbehalf/customer"
	"github.com/onbehalf/onbehalf/operations"
	"github.com/onbehalf/onbehalf/tenancy"
)

// customersDoc is the table of customers this operator may see.
type customersDoc struct {
	Customers []customerRow      `json:"customers"`
	Next      tenancy.CustomerID `json:"next,omitempty"`
}

type customerRow struct {
	ID        tenancy.CustomerID `json:"id"`
	Name      string             `json:"name"`
	TaxID     string             `json:"tax_id,omitempty"` // digits and letters alone
	Type      string             `json:"type"`
	Country   string             `json:"country,omitempty"`
	Status    customer.Status    `json:"status"`
	Erased    bool               `json:"erased,omitempty"`
	OpenedAt  time.Time          `json:"opened_at"`
	OpenedBy  tenancy.OperatorID `json:"opened_by"`
	UpdatedAt time.Time          `json:"updated_at"`
	UpdatedBy tenancy.OperatorID `json:"updated_by"`
}

func (s *seat) customers(ctx context.Context, q operations.CustomerFilter, after tenancy.CustomerID, limit int) (customersDoc, error) {
	scope, err := s.across(ctx)
	if err != nil {
		return customersDoc{}, err
	}
	found, err := s.eng.Firm(scope).Customers(ctx, q, after, limit)
	if err != nil {
		return customersDoc{}, fmt.Errorf("list customers: %w", err)
	}
	d := customersDoc{Customers: make([]customerRow, len(found.Items))}
	if found.More {
		d.Next = found.Next
	}
	for i, c := range found.Items {
		d.Customers[i] = customerRow{
			ID: c.ID, Type: c.Row.Type.String(), Country: c.Row.Country, Status: c.Row.Status, Erased: c.Row.Name == nil,
			OpenedAt: c.Row.OpenedAt, OpenedBy: c.Row.OpenedBy, UpdatedAt: c.Row.UpdatedAt, UpdatedBy: c.Row.UpdatedBy,
		}
		if c.Row.Name != nil {
			d.Customers[i].Name = *c.Row.Name
		}
		if c.Row.TaxID != nil {
			d.Customers[i].TaxID = *c.Row.TaxID
		}
	}
	return d, nil
}

func (d customersDoc) draw(p *page) {
	rows := make([][]cell, len(d.Customers))
	for i, c := range d.Customers {
		name := c.Name
		if c.Erased {
			name = "(erased)"
		}
		rows[i] = []cell{
			is(name), is(c.TaxID), is(c.Country), is(c.Type), toned(statusTone(string(c.Status)), string(c.Status)),
			is(clockTime(c.UpdatedAt)), is(called(string(c.UpdatedBy))), is(string(c.ID)),
		}
	}
	p.table([]column{wide("name", 28), col("tax id"), col("country"), col("type"), col("status"), col("updated"), col("by"), col("id")}, rows)
	if d.Next != "" {
		p.linef(faint, "more with --after %s", d.Next)
	}
}

// operatorsDoc are the firm's operators with their grants in the house and for
// every customer.
type operatorsDoc struct {
	Operators []operatorDoc `json:"operators"`
}

type operatorDoc struct {
	tenancy.Operator

	House []tenancy.Grant `json:"house,omitempty"` // grants for the house itself
}

func (s *seat) operators(ctx context.Context) (operatorsDoc, error) {
	scope, err := s.enter(ctx, tenancy.House)
	if err != nil {
		return operatorsDoc{}, err
	}
	book := s.eng.Book(scope)
	all, err := book.Operators(ctx)
	if err != nil {
		return operatorsDoc{}, fmt.Errorf("list operators: %w", err)
	}
	house, err := book.Grants(ctx)
	if err != nil {
		return operatorsDoc{}, fmt.Errorf("list grants: %w", err)
	}
	d := operatorsDoc{Operators: make([]operatorDoc, len(all))}
	for i, o := range all {
		d.Operators[i] = operatorDoc{Operator: o}
		for _, g := range house {
			if g.Operator == o.ID {
				d.Operators[i].House = append(d.Operators[i].House, g)
			}
		}
	}
	return d, nil
}

func (d operatorsDoc) draw(p *page) {
	rows := make([][]cell, len(d.Operators))
	for i, o := range d.Operators {
		rows[i] = []cell{
			is(called(string(o.ID))), is(string(o.ID)), is(string(o.Person)), toned(statusTone(string(o.Status)), string(o.Status)),
			rights(o.Grants), rights(o.House),
		}
	}
	p.table([]column{wide("name", 28), col("operator"), col("person"), col("status"), col("for every customer"), col("in the house")}, rows)
}

// grantsDoc are the grants that are entries of one book.
type grantsDoc struct {
	Context contextDoc      `json:"context"`
	Grants  []tenancy.Grant `json:"grants"`
}

func (s *seat) grants(ctx context.Context, scope tenancy.Scope) (grantsDoc, error) {
	banner, err := s.context(ctx, scope)
	if err != nil {
		return grantsDoc{}, err
	}
	all, err := s.eng.Book(scope).Grants(ctx)
	if err != nil {
		return grantsDoc{}, fmt.Errorf("list grants: %w", err)
	}
	return grantsDoc{Context: banner, Grants: all}, nil
}

func (d grantsDoc) draw(p *page) {
	d.Context.draw(p)
	d.list(p)
}

func (d grantsDoc) list(p *page) {
	rows := make([][]cell, len(d.Grants))
	for i, g := range d.Grants {
		rows[i] = []cell{is(called(string(g.Operator))), rights([]tenancy.Grant{g}), is(string(g.ID))}
	}
	p.table([]column{col("operator"), col("for this customer"), col("grant")}, rows)
}

func rights(grants []tenancy.Grant) cell {
	var lines []string
	for _, g := range grants {
		names := permissionNames(g.Permissions)
		if len(names) == len(tenancy.AllPermissions()) {
			names = []string{"everything"}
		}
		line := strings.Join(names, ", ")
		if !g.Expires.IsZero() {
			line += " until " + clockTime(g.Expires)
		}
		lines = append(lines, line)
	}
	if lines == nil {
		return toned(faint, "nothing")
	}
	return is(lines...)
}
