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

// contextDoc is the context everything below it was read or done in.
type contextDoc struct {
	Firm        tenancy.TenantID    `json:"firm"`
	Kind        tenancy.ScopeKind   `json:"kind"`
	Customer    customerDoc         `json:"customer"`
	Operator    operatorRef         `json:"operator"`
	Reason      string              `json:"reason,omitempty"`
	Permissions tenancy.Permissions `json:"permissions"`
	Seq         int64               `json:"seq"` // the book's newest entry
}

type operatorRef struct {
	ID     tenancy.OperatorID `json:"id"`
	Person tenancy.PersonID   `json:"person"`
	Name   string             `json:"name"`
}

type customerDoc struct {
	ID       tenancy.CustomerID `json:"id"`
	Name     string             `json:"name"`
	TaxKind  customer.TaxKind   `json:"tax_kind,omitempty"`
	TaxID    string             `json:"tax_id,omitempty"` // as people write it
	Type     string             `json:"type"`
	Country  string             `json:"country,omitempty"`
	Status   customer.Status    `json:"status"`
	Erased   bool               `json:"erased,omitempty"`
	OpenedAt time.Time          `json:"opened_at"`
	OpenedBy tenancy.OperatorID `json:"opened_by"`
}

// context reads what the banner shows of a scope.
func (s *seat) context(ctx context.Context, scope tenancy.Scope) (contextDoc, error) {
	v, err := s.eng.Book(scope).Customer(ctx)
	if err != nil {
		return contextDoc{}, fmt.Errorf("read customer: %w", err)
	}
	p := scope.Principal()
	return contextDoc{
		Firm: scope.Tenant(), Kind: scope.Kind(), Customer: customerOf(v),
		Operator: operatorRef{p.Operator, p.Person, p.Name}, Reason: scope.Reason(), Permissions: scope.Permissions(), Seq: v.Seq,
	}, nil
}

func customerOf(v operations.CustomerView) customerDoc {
	return customerDoc{
		ID: v.ID, Name: v.Profile.Name, TaxKind: v.Profile.TaxID.Kind, TaxID: v.Profile.TaxID.Format(), Type: v.Profile.Type.String(),
		Country: v.Profile.Country, Status: v.Status, Erased: v.Erased, OpenedAt: v.OpenedAt, OpenedBy: v.OpenedBy,
	}
}

func (c customerDoc) called() string {
	if c.Erased {
		return "(erased)"
	}
	return c.Name
}

// tax is the tax id with the register it comes from.
func (c customerDoc) tax() string {
	switch c.TaxKind {
	case customer.CPF, customer.CNPJ:
		return strings.ToUpper(string(c.TaxKind)) + " " + c.TaxID
	case customer.Other:
		return "tax id " + c.TaxID
	default:
		return "no tax id"
	}
}

func (d contextDoc) draw(p *page) {
	about := []string{d.Customer.Type, d.Customer.tax()}
	if d.Customer.Country != "" {
		about = append(about, d.Customer.Country)
	}
	acts := fmt.Sprintf("You, %s, act for %s.", d.Operator.Name, d.Customer.called())
	if d.Kind == tenancy.HouseScope {
		acts = fmt.Sprintf("You, %s, act for the firm itself: %s.", d.Operator.Name, d.Customer.called())
	}
	rows := []cell{
		toned(strong, d.Customer.called()),
		is(strings.Join(about, " · ")),
		is("id " + string(d.Customer.ID)),
		toned(statusTone(string(d.Customer.Status)), "status "+string(d.Customer.Status)),
		toned(strong, acts),
	}
	if d.Reason != "" {
		rows = append(rows, is("Reason: "+d.Reason))
	}
	rows = append(rows, toned(faint, "You may: "+strings.Join(permissionNames(d.Permissions), ", ")))
	p.box(rows...)
}

func permissionNames(set tenancy.Permissions) []string {
	names := make([]string, 0, len(set.List()))
	for _, x := range set.List() {
		names = append(names, strings.ReplaceAll(x.String(), "_", " "))
	}
	if len(names) == 0 {
		return []string{"nothing"}
	}
	return names
}

// statusTone colours any status or state by what it means for whoever waits.
func statusTone(status string) tone {
	switch status {
	case "active", "completed":
		return good
	case "suspended", "closed", "frozen", "overdrawn", "failed", "rejected", "expired":
		return bad
	case "onboarding", "pending", "debit_frozen", "prepared", "awaiting_approval", "scheduled", "executing", "unresolved":
		return waits
	default:
		return faint
	}
}
