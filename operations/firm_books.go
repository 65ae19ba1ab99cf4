package operations

import (
	"context"
	"errors"
	"fmt"

	"github.com/onbehalf/onbehalf/tenancy"
)

// Shares lists the books that make up one position of Treasury, with what each
// of them has on that system account, by customer id, after the given one; the
// house is among them. The postings behind one of them are in Book.Statement, by
// the same account. What is zero by now is listed, too. It needs the view
// permission for all customers. Limit as for Book.History; a page shorter than
// its limit is the last.
func (v *Firm) Shares(ctx context.Context, of PositionPlace, after tenancy.CustomerID, limit int) ([]ShareRow, error) {
	limit, err := bounded(limit)
	err = errors.Join(err, of.Ref.Validate(), tenancy.CheckID("asset", of.Asset))
	if !of.Ref.System() {
		err = errors.Join(err, tenancy.Invalid("account", "is not one of the system's"))
	}
	if after != "" {
		err = errors.Join(err, tenancy.CheckID("after", string(after)))
	}
	if err != nil {
		return nil, err
	}
	st, err := v.standing(ctx, "shares")
	if err != nil {
		return nil, err
	}
	if _, err := v.eng.gate.Authorize(v.scope, tenancy.View, st); err != nil {
		return nil, err
	}
	rows, err := v.eng.store.Shares(ctx, v.scope.Tenant(), ShareQuery{Of: of, After: after, Limit: limit})
	if err != nil {
		return nil, v.eng.failed(ctx, fmt.Errorf("list shares: %w", err))
	}
	return rows, nil
}

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
			n := *incident
			n.Figures = append([]Figure(nil), n.Figures...)
			page.Items = append(page.Items, IncidentItem{Customer: c.ID, Incident: n})
		}
		if len(page.Items) >= limit && i < len(books.Items)-1 {
			page.Next, page.More = c.ID, true
			break
		}
	}
	return page, nil
}
