package operations

import (
	"context"
	"errors"
	"fmt"

	"github.com/onbehalf/onbehalf/tenancy"
)

// WorkItem is an operation that waits for approval, as it stands.
type WorkItem struct {
	Customer  tenancy.CustomerID `json:"customer"`
	Operation Operation          `json:"operation"` // its Approvals tell who has agreed so far
	Unmet     []Unmet            `json:"unmet,omitempty"`
}

// MayApprove tells whether the operator whose list it is may approve it now;
// Unmet has all reasons why not.
func (w WorkItem) MayApprove() bool { return len(w.Unmet) == 0 }

// Worklist is part of a work list.
type Worklist struct {
	Items []WorkItem   `json:"items"`
	Next  WaitingPlace `json:"next,omitzero"` // where to go on
	More  bool         `json:"more"`          // there may be more after Next
}

// Worklist lists what waits for approval in the books of customers whom the
// scope's operator may view, by customer and operation, after the given place.
// Each item tells whether he may approve it, by the decision of Approve as it
// would be made in the customer's own scope, so that what he prepared himself
// is there with the reason. Limit as for Book.History; a page may come short,
// or empty, with More set. What moves on while the list is made is left out.
func (v *Firm) Worklist(ctx context.Context, after WaitingPlace, limit int) (Worklist, error) {
	limit, err := bounded(limit)
	if after.Customer != "" {
		err = errors.Join(err, tenancy.CheckID("after.customer", string(after.Customer)))
	}
	if after.Operation != "" {
		err = errors.Join(err, tenancy.CheckID("after.operation", string(after.Operation)))
	}
	if err != nil {
		return Worklist{}, err
	}
	st, err := v.standing(ctx, "worklist")
	if err != nil {
		return Worklist{}, err
	}
	q := WaitingQuery{After: after, Limit: limit, Now: st.Now}
	if !viewsAll(st) {
		q.Operator = v.scope.Principal().Operator
	}
	page, err := v.eng.store.Waiting(ctx, v.scope.Tenant(), q)
	if err != nil {
		return Worklist{}, v.eng.failed(ctx, fmt.Errorf("list what waits: %w", err))
	}
	stops, err := v.eng.newestSwitches(ctx, BookID{Tenant: v.scope.Tenant(), Customer: tenancy.House})
	if err != nil {
		return Worklist{}, err
	}
	list := Worklist{Items: make([]WorkItem, 0, len(page.Items)), Next: page.Next, More: page.More}
	var at glimpse
	for _, w := range page.Items {
		if w.Customer == tenancy.House {
			continue
		}
		if w.Customer != at.customer {
			if at, err = v.glimpse(ctx, w.Customer); err != nil {
				return Worklist{}, err
			}
			at.switches = stops
		}
		item, ok, err := v.judge(ctx, &at, w.Operation)
		if err != nil {
			return Worklist{}, err
		}
		if ok {
			list.Items = append(list.Items, item)
		}
	}
	return list, nil
}

// glimpse is what the firm scope's operator could see of a customer's book.
type glimpse struct {
	reading

	customer tenancy.CustomerID
	visible  bool
}

func (v *Firm) glimpse(ctx context.Context, c tenancy.CustomerID) (glimpse, error) {
	operator := v.scope.Principal().Operator
	r, err := v.eng.glance(ctx, BookID{Tenant: v.scope.Tenant(), Customer: c}, operator)
	if err != nil {
		return glimpse{}, err
	}
	g := glimpse{reading: r, customer: c}
	_, err = v.eng.gate.Foresee(v.scope, tenancy.View, standingOf(r.f, r.row, operator, r.now))
	if err != nil && !errors.Is(err, ErrRefused) {
		return glimpse{}, err
	}
	g.visible = err == nil
	return g, nil
}

// glance reads a book for a list of the firm: confirmed by the store, with the
// operator's row as it is now.
func (e *Engine) glance(ctx context.Context, id BookID, operator tenancy.OperatorID) (reading, error) {
	f, found, err := e.confirm(ctx, id, Want{Operator: operator})
	if err != nil {
		return reading{}, e.failed(ctx, err)
	}
	return reading{f: f, found: found, row: orUnknown(found.Operator, operator), now: later(instant(e.cfg.Clock.Now()), f.at)}, nil
}

// judge tells of one operation what the list shows; false when it is not the
// operator's to see, or waits no more.
func (v *Firm) judge(ctx context.Context, at *glimpse, id OperationID) (WorkItem, bool, error) {
	o, ok := at.f.open.get(id)
	if !at.visible || !ok || o.State != AwaitingApproval {
		return WorkItem{}, false, nil
	}
	c := &command{
		book: at.f.id, action: ActApprove, scope: v.scope, actors: v.scope.Principal().Chain(), needs: []tenancy.Permission{tenancy.Approve},
		subject: id, foreseen: true, decide: approve(o.Ref()),
	}
	d, err := v.eng.try(ctx, &at.reading, c)
	switch {
	case err == nil:
		return WorkItem{Customer: at.customer, Operation: o.clone(), Unmet: d.refused}, true, nil
	case errors.Is(err, ErrConflict), errors.Is(err, ErrRefused): // it has moved on, or his access has
		return WorkItem{}, false, nil
	}
	return WorkItem{}, false, err
}
