package operations

import (
	"context"
	"errors"
	"fmt"

	"github.com/onbehalf/onbehalf/tenancy"
)

// maxStale is how often the lane of a batch loses its head to others before it
// takes a turn. To lose once is common where engines share a book, and costs
// less than a turn, in which everybody waits while it is decided.
const maxStale = 2

// errNothing ends a turn in which nothing is to be stored.
var errNothing = errors.New("nothing to commit")

// races counts for the books of one batch how often others were faster.
type races map[BookID]int

func (r races) note(lanes []*lane) {
	for _, l := range lanes {
		if l.stale {
			r[l.book]++
		}
	}
}

// part tells those who may race from those whose book is to be had by a turn.
func (r races) part(pending []*waiter) (calm, hot []*waiter) {
	if len(r) == 0 {
		return pending, nil
	}
	for _, w := range pending {
		if r[w.cmd.book] >= maxStale {
			hot = append(hot, w)
		} else {
			calm = append(calm, w)
		}
	}
	return calm, hot
}

// turns takes a turn for each book, and gives back whom to decide again.
func (e *Engine) turns(ctx context.Context, hot []*waiter) (again []*waiter) {
	for len(hot) > 0 {
		id := hot[0].cmd.book
		var own, rest []*waiter
		for _, w := range hot {
			if w.cmd.book == id {
				own = append(own, w)
			} else {
				rest = append(rest, w)
			}
		}
		again = append(again, e.turn(ctx, id, own)...)
		hot = rest
	}
	return again
}

// turn decides the commands on the book as the store has it, while nobody else
// can move it, and stores what they change. The operators' rows are read
// before: decide must not use the store, and the run relies on their versions.
func (e *Engine) turn(ctx context.Context, id BookID, waiters []*waiter) (again []*waiter) {
	waiters, rows := e.operatorRows(ctx, waiters)
	if len(waiters) == 0 {
		return nil
	}
	known := e.known(id)
	var l *lane
	var run Run
	v, err := e.store.Turn(ctx, id, known.head.Seq, func(loaded Loaded) (Run, error) {
		base, err := resume(known, loaded)
		if err != nil {
			return Run{}, fmt.Errorf("load book: %w", err)
		}
		l = newLane(base)
		for i, w := range waiters {
			if !e.place(l, w, rows[i]) {
				again = append(again, w)
			}
		}
		if len(l.drafts) == 0 {
			return Run{}, errNothing
		}
		run = l.run(e.cfg.Outbox)
		return run, nil
	})
	switch {
	case l == nil:
		return e.missed(known, waiters, err)
	case errors.Is(err, errNothing):
		e.keep(l.base)
		return again
	case errors.Is(err, ErrUnknownOutcome):
		var all []Verdict
		if all, err = e.resend(ctx, []Run{run}, err); err == nil && len(all) != 1 {
			err = fmt.Errorf("%w: %d verdicts for one run", ErrUnknownOutcome, len(all))
		}
		if err == nil {
			v = all[0]
		}
	}
	if err != nil {
		e.fail(l, err)
		return again
	}
	return append(again, e.settle(l, v)...)
}

// missed answers those for whom a turn came to no decision. What was cached may
// be to blame: then they are decided again without it.
func (e *Engine) missed(known *Folded, waiters []*waiter, err error) (again []*waiter) {
	e.evict(known.id)
	if known.head.Seq > 0 && errors.Is(err, ErrDamaged) {
		return waiters
	}
	if err == nil {
		err = errBroken
	}
	for _, w := range waiters {
		w.tell(answer{err: classify(err)})
	}
	return nil
}

// operatorRows are the rows that the commands are decided by; who cannot have
// one has his answer and is left out.
func (e *Engine) operatorRows(ctx context.Context, waiters []*waiter) ([]*waiter, []tenancy.Operator) {
	kept, rows := make([]*waiter, 0, len(waiters)), make([]tenancy.Operator, 0, len(waiters))
	for _, w := range waiters {
		row, err := e.operatorRow(ctx, w.cmd)
		if err != nil {
			w.tell(answer{err: classify(err)})
			continue
		}
		kept, rows = append(kept, w), append(rows, row)
	}
	return kept, rows
}
