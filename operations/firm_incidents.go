package operations

import (
	"context"
	"errors"
	"fmt"

	"github.com/onbehalf/onbehalf/tenancy"
)

// IncidentItem is an open incident and whose it is.
type IncidentItem struct {
	Customer tenancy.CustomerID
	Incident Incident
}

// IncidentPage is part of the list of incidents.
type IncidentPage struct {
	Items []IncidentItem
	Next  tenancy.CustomerID
	More  bool
}

// Incidents lists what a person has to look at in the books of all customers
// whom the scope's operator may view, by customer, after the given one; those of
// the house are listed by Book.Incidents in its own scope. It reads the books one
// after the other, at most limit of them, as for Book.History, and ends with the
// one that brings the page to limit incidents; so a page may come short, or
// empty, with More set.
func (v *Firm) Incidents(ctx context.Context, after tenancy.CustomerID, limit int) (IncidentPage, error) {
	limit, err := bounded(limit)
	if after != "" {
		err = errors.Join(err, tenancy.CheckID("after", string(after)))
	}
	if err != nil {
		return IncidentPage{}, err
	}
	st, err := v.standing(ctx, "incidents")
	if err != nil {
		return IncidentPage{}, err
	}
	q := CustomerQuery{After: after, Limit: limit, Now: st.Now}
	if !viewsAll(st) {
		q.Operator = v.scope.Principal().Operator
	}
	books, err := v.eng.store.Customers(ctx, v.scope.Tenant(), q)
	if err != nil {
		return IncidentPage{}, v.eng.failed(ctx, fmt.Errorf("list customers: %w", err))
	}
	page := IncidentPage{Next: books.Next, More: books.More}
	for i, c := range books.Items {
		if c.ID == tenancy.House {
			continue
		}
		at, err := v.glimpse(ctx, c.ID)
		if err != nil {
			return IncidentPage{}, err
		}
		if !at.visible {
			continue
		}
		for _, incident := range at.f.incidents.all {
			page.Items = append(page.Items, IncidentItem{Customer: c.ID, Incident: incident.clone()})
		}
		if len(page.Items) >= limit && i < len(books.Items)-1 {
			page.Next, page.More = c.ID, true
			break
		}
	}
	return page, nil
}
