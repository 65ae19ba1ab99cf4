package main

import (
	"context"
	"fmt"
	"time"

	"github.com/onbehalf/onbehalf/operations"
	"github.com/onbehalf/onbehalf/tenancy"
)

// resultDoc is the outcome of a command on an operation.
type resultDoc struct {
	Key       string               `json:"key"`
	Seq       int64                `json:"seq"`
	Replayed  bool                 `json:"replayed"`
	Operation operations.Operation `json:"operation"`

	now time.Time
}

func (d resultDoc) draw(p *page) {
	if d.Replayed {
		p.linef(waits, "This key had its outcome already; this is how it was left then.")
	}
	p.operation(d.Operation, nil, d.now)
	p.linef(faint, "key %s", d.Key)
}

// operation shows one operation in full.
func (p *page) operation(o operations.Operation, n names, now time.Time) {
	p.linef(strong, "%s", p.asked(o.Order, o.Terms.Asset, n))
	p.linef(statusTone(string(o.State)), "%s, version %d · operation %s", o.State, o.Version, o.ID)
	if o.Parent != "" {
		p.linef(plain, "of operation %s", o.Parent)
	}
	if o.State == operations.AwaitingApproval {
		p.linef(waits, "%s", approvals(o))
	}
	if o.Outcome != nil {
		p.linef(plain, "outcome %s %s", o.Outcome.Code, o.Outcome.Text)
		if len(o.Outcome.Unmet) > 0 {
			p.reasons(o.Outcome.Unmet)
		}
	}
	switch {
	case !o.State.Final():
		p.terms(o.Terms, n, now)
	case o.State == operations.Completed && o.Terms.Exchange != nil:
		p.terms(o.Terms, n, time.Time{})
	}
}

// storyDoc is one operation as it stands, and what this operator may do to it.
type storyDoc struct {
	Context   contextDoc           `json:"context"`
	Operation operations.Operation `json:"operation"`
	Actions   []actionDoc          `json:"actions"`

	names names
	now   time.Time
}

type actionDoc struct {
	Action  operations.Action `json:"action"`
	Allowed bool              `json:"allowed"`
	Unmet   []tenancy.Unmet   `json:"unmet"`
}

func (s *seat) story(ctx context.Context, scope tenancy.Scope, id operations.OperationID) (storyDoc, error) {
	d := storyDoc{now: s.now()}
	list, err := s.accounts(ctx, scope)
	if err != nil {
		return d, err
	}
	d.Context, d.names = list.Context, list.names()
	if d.Operation, err = s.eng.Book(scope).Operation(ctx, id); err != nil {
		return d, fmt.Errorf("read operation: %w", err)
	}
	d.Actions, err = s.actions(ctx, scope, id)
	return d, err
}

func (s *seat) actions(ctx context.Context, scope tenancy.Scope, id operations.OperationID) ([]actionDoc, error) {
	allowed, err := s.eng.Actions(ctx, scope, id)
	if err != nil {
		return nil, fmt.Errorf("read actions: %w", err)
	}
	all := make([]actionDoc, len(allowed))
	for i, a := range allowed {
		all[i] = actionDoc{Action: a.Action, Allowed: a.Allowed(), Unmet: unmetList(a.Unmet)}
	}
	return all, nil
}

func (d storyDoc) draw(p *page) {
	d.Context.draw(p)
	p.operation(d.Operation, d.names, d.now)
	p.controls(d.Actions)
}

// controls are the buttons of an operation: shown when the engine would accept
// them, and otherwise with the reasons why not.
func (p *page) controls(all []actionDoc) {
	rows := make([][]cell, len(all))
	for i, a := range all {
		rows[i] = []cell{is(string(a.Action)), codes(a.Unmet)}
	}
	p.table([]column{col("action"), col("may be done now")}, rows)
}
