package main

import (
	"context"
	"fmt"
	"strings"

	"github.com/onbehalf/onbehalf/operations"
	"github.com/onbehalf/onbehalf/tenancy"
)

// worklistDoc is what waits for approval, with what keeps this operator from
// giving it.
type worklistDoc struct {
	Operator operatorRef             `json:"operator"`
	Items    []operations.WorkItem   `json:"items"`
	Next     operations.WaitingPlace `json:"next,omitzero"` // where to go on, if there is more
}

func (s *seat) worklist(ctx context.Context, after operations.WaitingPlace, limit int) (worklistDoc, error) {
	firm, err := s.across(ctx)
	if err != nil {
		return worklistDoc{}, err
	}
	list, err := s.eng.Firm(firm).Worklist(ctx, after, limit)
	if err != nil {
		return worklistDoc{}, fmt.Errorf("list what waits: %w", err)
	}
	d := worklistDoc{Operator: operatorRef{s.who.Operator, s.who.Person, s.who.Name}, Items: list.Items}
	if list.More {
		d.Next = list.Next
	}
	return d, nil
}

func (d worklistDoc) draw(p *page) {
	rows := make([][]cell, len(d.Items))
	for i, w := range d.Items {
		o := w.Operation
		rows[i] = []cell{
			is(string(w.Customer)), is(string(o.ID)), is(p.asked(o.Order, o.Terms.Asset, nil)), is(maker(o.Maker)),
			is(approvals(o)), codes(w.Unmet),
		}
	}
	p.linef(strong, "Waits, for %s:", d.Operator.Name)
	p.table([]column{wide("customer", 36), wide("operation", 36), wide("what", 36), col("by"), wide("approved", 28), col("may approve")}, rows)
	if d.Next != (operations.WaitingPlace{}) {
		p.linef(faint, "more with --after-customer %s --after-operation %s", d.Next.Customer, d.Next.Operation)
	}
}

// approvals tell who has agreed so far, and how many have to.
func approvals(o operations.Operation) string {
	need := 0
	if o.Terms.Approval != nil {
		need = o.Terms.Approval.Persons
	}
	line := fmt.Sprintf("%d of %d", len(o.Approvals), need)
	who := make([]string, len(o.Approvals))
	for i, a := range o.Approvals {
		who[i] = maker(a.Actors[0])
	}
	if len(who) > 0 {
		line += ", by " + strings.Join(who, ", ")
	}
	return line + ", until " + clockTime(o.Terms.Expires)
}

// versionsDoc is an operation as each change left it, newest first.
type versionsDoc struct {
	Versions []operations.Version `json:"versions"`
}

func (s *seat) versions(ctx context.Context, scope tenancy.Scope, id operations.OperationID) (versionsDoc, error) {
	all, err := s.eng.Book(scope).Versions(ctx, id)
	if err != nil {
		return versionsDoc{}, fmt.Errorf("list versions: %w", err)
	}
	return versionsDoc{Versions: all}, nil
}

func (d versionsDoc) draw(p *page) {
	rows := make([][]cell, len(d.Versions))
	for i, v := range d.Versions {
		o := v.Operation
		held := ""
		for _, h := range o.Terms.Holds {
			if o.State.Holds() {
				held = p.money(h.Amount.Decimal, o.Terms.Asset)
			}
		}
		rows[i] = []cell{
			is(fmt.Sprint(o.Version)), is(clockTime(v.At)), is(maker(v.Actors[0])), is(string(v.Action)),
			is(p.money(o.Order.Amount.Decimal, o.Terms.Asset)), is(held), is(fmt.Sprint(len(o.Approvals))),
			toned(statusTone(string(o.State)), string(o.State)),
		}
	}
	p.table([]column{num("version"), col("at"), col("who"), col("did"), num("amount"), num("held"), num("approvals"), col("state")}, rows)
}
