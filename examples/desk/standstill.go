package main

import (
	"context"
	"fmt"

	"github.com/onbehalf/onbehalf/operations"
	"github.com/onbehalf/onbehalf/tenancy"
)

// freezesDoc is what is frozen in a book.
type freezesDoc struct {
	Context contextDoc          `json:"context"`
	Freezes []operations.Frozen `json:"freezes"`
}

func (s *seat) freezes(ctx context.Context, scope tenancy.Scope) (freezesDoc, error) {
	banner, err := s.context(ctx, scope)
	if err != nil {
		return freezesDoc{}, err
	}
	all, err := s.eng.Book(scope).Freezes(ctx)
	if err != nil {
		return freezesDoc{}, fmt.Errorf("list freezes: %w", err)
	}
	return freezesDoc{Context: banner, Freezes: all}, nil
}

func (d freezesDoc) draw(p *page) {
	d.Context.draw(p)
	d.list(p)
}

func (d freezesDoc) list(p *page) {
	rows := make([][]cell, len(d.Freezes))
	for i, z := range d.Freezes {
		rows[i] = []cell{toned(bad, z.Subject), is(z.Reason), is(called(string(z.By))), is(clockTime(z.At))}
	}
	p.table([]column{col("frozen"), wide("why", 48), col("by"), col("since")}, rows)
}

// stopsDoc are the firm's switches that are thrown.
type stopsDoc struct {
	Stops []tenancy.Stopped `json:"stops"`
}

func (s *seat) stops(ctx context.Context) (stopsDoc, error) {
	firm, err := s.across(ctx)
	if err != nil {
		return stopsDoc{}, err
	}
	all, err := s.eng.Firm(firm).Stops(ctx)
	if err != nil {
		return stopsDoc{}, fmt.Errorf("list stops: %w", err)
	}
	return stopsDoc{Stops: append([]tenancy.Stopped{}, all...)}, nil
}

func (d stopsDoc) draw(p *page) {
	rows := make([][]cell, len(d.Stops))
	for i, s := range d.Stops {
		rows[i] = []cell{toned(bad, s.Subject), is(s.Reason), is(clockTime(s.At))}
	}
	p.table([]column{col("stopped"), wide("why", 48), col("since")}, rows)
}
