package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/onbehalf/onbehalf/operations"
	"github.com/onbehalf/onbehalf/tenancy"
)

// disponentShare is which of the transactions of an account with a disponent
// are entered by him: those whose id it divides.
const disponentShare = 4

// each runs do for every book, workers at a time, those with the most
// transactions first, so that none is left over in the end. It stops at the
// first error.
func each(ctx context.Context, workers int, all []*book, do func(context.Context, *book) error) error {
	longest := slices.Clone(all)
	slices.SortStableFunc(longest, func(a, b *book) int { return b.moves() - a.moves() })
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(workers)
	for _, k := range longest {
		if ctx.Err() != nil {
			break
		}
		g.Go(func() error { return do(ctx, k) })
	}
	return g.Wait()
}

// pace is how the replay went.
type pace struct {
	fresh, before, refused atomic.Int64
	took                   time.Duration
}

// perSecond is how many operations were brought to their outcome in a second.
func (p *pace) perSecond() int64 {
	n := p.fresh.Load() + p.before.Load() + p.refused.Load()
	return n * int64(time.Second) / max(int64(p.took), 1)
}

// replay submits every transaction, those of one account one after the other
// in the order of the file.
func (b *bank) replay(ctx context.Context, workers int, all []*book, done *progress) (*pace, error) {
	p := &pace{}
	start := time.Now()
	err := each(ctx, workers, all, func(ctx context.Context, k *book) error {
		for _, h := range k.holdings {
			for i := range h.moves {
				if err := b.submit(ctx, k, h, &h.moves[i], p); err != nil {
					return fmt.Errorf("%s:%d: transaction %d: %w", transactionsFile, h.moves[i].line, h.moves[i].id, err)
				}
				done.step()
			}
		}
		return nil
	})
	p.took = time.Since(start)
	return p, err
}

func (b *bank) submit(ctx context.Context, k *book, h *holding, m *move, p *pace) error {
	in := operations.Intent{Key: "move-" + strconv.FormatInt(h.id, 10) + "-" + strconv.FormatInt(m.id, 10)}
	res, err := b.eng.Submit(ctx, actor(k, h, m), in, request(h, m))
	refused := new(operations.RefusedError)
	switch {
	case errors.As(err, &refused): // the rest goes on; what is missing is told in the end
		m.refused = unmet(refused)
		p.refused.Add(1)
	case err != nil:
		return err
	case res.Operation.State != operations.Completed:
		return fmt.Errorf("is %s, not completed", res.Operation.State)
	case res.Replayed:
		p.before.Add(1)
	default:
		p.fresh.Add(1)
	}
	return nil
}

func unmet(e *operations.RefusedError) string {
	texts := make([]string, len(e.Unmet))
	for i, u := range e.Unmet {
		texts[i] = u.String()
	}
	return strings.Join(texts, "; ")
}

// actor is the scope of who enters a transaction.
func actor(k *book, h *holding, m *move) tenancy.Scope {
	switch {
	case m.rail == "":
		return k.posting
	case !h.disponent.IsZero() && m.id%disponentShare == 0:
		return h.disponent
	}
	return k.clerk
}

// request is a transaction as the engine is asked for it.
func request(h *holding, m *move) operations.Request {
	ref := reference(m)
	switch {
	case m.rail == "" && m.credit:
		return operations.Adjustment{To: h.account, Amount: m.amount, Purpose: operations.Purpose(m.purpose), Reference: ref}
	case m.rail == "":
		return operations.Adjustment{From: h.account, Amount: m.amount, Purpose: operations.Purpose(m.purpose), Reference: ref}
	case m.credit:
		return operations.Deposit{To: h.account, Amount: m.amount, Via: m.rail, Purpose: m.purpose, Reference: ref}
	}
	return operations.Withdrawal{From: h.account, Amount: m.amount, Via: m.rail, Purpose: m.purpose, Reference: ref}
}

// reference is what a transaction is known by in the book: the day the bank
// recorded, and its id.
func reference(m *move) string { return m.date + "/" + strconv.FormatInt(m.id, 10) }
