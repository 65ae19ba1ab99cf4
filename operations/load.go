package operations

import (
	"context"
	"fmt"
	"math"

	"github.com/onbehalf/onbehalf/tenancy"
)

// load gives a book as cached, or else as stored.
func (e *Engine) load(ctx context.Context, id BookID) (*Folded, error) {
	if f := e.known(id); f.head.Seq > 0 {
		return f, nil
	}
	return e.follow(ctx, Empty(id))
}

// known is a book as cached, or as it is before its first entry.
func (e *Engine) known(id BookID) *Folded {
	if !e.direct {
		if f := e.cache.get(id); f != nil {
			return f
		}
	}
	return Empty(id)
}

// follow brings a book known up to some entry to what the store has.
func (e *Engine) follow(ctx context.Context, known *Folded) (*Folded, error) {
	l, err := e.store.Load(ctx, known.id, known.head.Seq)
	if err != nil {
		return nil, fmt.Errorf("load book: %w", err)
	}
	f, err := resume(known, l)
	if err != nil {
		e.evict(known.id)
		return nil, fmt.Errorf("load book: %w", err)
	}
	e.keep(f)
	return f, nil
}

func (e *Engine) keep(f *Folded) {
	if !e.direct && f.head.Seq > 0 {
		e.cache.put(f)
	}
}

func (e *Engine) evict(id BookID) { e.cache.evict(id, math.MaxInt64) }

// operatorRow is what is known of the command's operator, if it is decided by
// that; the rows of a grantee and of the firm's switches go to the command.
func (e *Engine) operatorRow(ctx context.Context, c *command) (own tenancy.Operator, err error) {
	if c.reliesOnSwitches() {
		if c.switches, err = e.row(ctx, c.book, tenancy.Switches); err != nil {
			return own, err
		}
	}
	if !c.relies() {
		return tenancy.Operator{}, nil
	}
	if c.grantee != "" {
		if c.row, err = e.row(ctx, c.book, c.grantee); err != nil {
			return own, err
		}
	}
	return e.row(ctx, c.book, c.operator())
}

func (e *Engine) row(ctx context.Context, id BookID, operator tenancy.OperatorID) (tenancy.Operator, error) {
	if o, ok := e.cache.operator(operatorKey{id.Tenant, operator}); ok && !e.direct {
		return o, nil
	}
	found, err := e.store.Find(ctx, id, Want{Operator: operator})
	if err != nil {
		return tenancy.Operator{}, fmt.Errorf("find operator: %w", err)
	}
	o := orUnknown(found.Operator, operator)
	e.keepOperator(id.Tenant, o)
	return o, nil
}

// keepOperator remembers a row as last seen. What is wrong about it is found
// out by the commit that relies on it.
func (e *Engine) keepOperator(tenant tenancy.TenantID, o tenancy.Operator) {
	if !e.direct { // what a host's transaction has written may never come to be
		e.cache.setOperator(operatorKey{tenant, o.ID}, o)
	}
}

func orUnknown(o *tenancy.Operator, id tenancy.OperatorID) tenancy.Operator {
	if o == nil {
		return tenancy.Operator{ID: id}
	}
	return *o
}

// confirm gives the book exactly as the store has it now, with what was wanted,
// all of one moment.
func (e *Engine) confirm(ctx context.Context, id BookID, want Want) (*Folded, Found, error) {
	known := e.known(id)
	for range maxRounds {
		found, err := e.store.Find(ctx, id, want)
		if err != nil {
			return nil, Found{}, fmt.Errorf("confirm book: %w", err)
		}
		if want.Operator != "" {
			e.keepOperator(id.Tenant, orUnknown(found.Operator, want.Operator))
		}
		if found.Head == known.head {
			return known, found, nil
		}
		if known.head.Seq >= found.Head.Seq { // not where we thought: nothing cached can be trusted
			e.evict(id)
			known = Empty(id)
		}
		if known, err = e.follow(ctx, known); err != nil {
			return nil, Found{}, err
		}
		if found.Head == known.head {
			return known, found, nil
		}
	}
	return nil, Found{}, fmt.Errorf("confirm book: %w: it is contended", ErrUnavailable)
}
