package operations

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync"

	"github.com/onbehalf/onbehalf/tenancy"
)

// Budget bounds one call of Work.
type Budget struct {
	Items int // operations looked at. Zero: 100
}

// Done tells what one call of Work did.
type Done struct {
	Expired    int  // prepared terms that ran out
	Released   int  // scheduled operations whose time had come
	Resolved   int  // operations a provider's answer ended
	Unresolved int  // operations that still wait for evidence
	Stuck      int  // items that could not be worked on now; they are tried again
	More       bool // there was more to do than the budget
}

// maxExpiries is how many operations one entry expires at most.
const maxExpiries = 100

// workPlace is where the last call stopped, so that what cannot be resolved
// yet does not keep the rest waiting.
type workPlace struct {
	mu sync.Mutex
	at DuePlace
}

// Work does what has become due, in all books of the store: it expires terms,
// releases what is scheduled, and asks providers for what is executing beyond
// its time or unresolved. It starts nothing that outlives the call; the host
// calls it in a loop of its own, from as many places as it likes. An item that
// fails is counted and logged, and does not keep the others from being done.
//
// The error is that of the context; unavailable when the queue cannot be read;
// invalid on an engine made by Within, which may call no provider.
func (e *Engine) Work(ctx context.Context, b Budget) (Done, error) {
	var done Done
	if e.direct {
		return done, tenancy.Invalid("engine", "is inside a host's transaction, where no work is done")
	}
	if b.Items <= 0 {
		b.Items = 100
	}
	e.work.mu.Lock()
	at := e.work.at
	e.work.mu.Unlock()
	now := instant(e.cfg.Clock.Now())
	items, err := e.store.Due(ctx, now, at, b.Items)
	if err == nil && len(items) < b.Items && at != (DuePlace{}) {
		var start []DueItem // around the end, back to where it began
		start, err = e.store.Due(ctx, now, DuePlace{}, b.Items-len(items))
		items = append(items, before(start, items)...)
	}
	if err != nil {
		return done, e.failed(ctx, fmt.Errorf("read the queue: %w", err))
	}
	done.More = len(items) == b.Items
	expiring := map[BookID][]OperationID{}
	var books []BookID
	for _, it := range items {
		if it.State == Prepared || it.State == AwaitingApproval {
			if expiring[it.Book] == nil {
				books = append(books, it.Book)
			}
			expiring[it.Book] = append(expiring[it.Book], it.Operation)
			continue
		}
		e.workOn(ctx, it, &done)
	}
	for _, id := range books {
		for ops := range slices.Chunk(expiring[id], maxExpiries) {
			e.expire(ctx, id, ops, &done)
		}
	}
	place := DuePlace{}
	if len(items) == b.Items {
		place = items[len(items)-1].DuePlace
	}
	e.work.mu.Lock()
	e.work.at = place
	e.work.mu.Unlock()
	return done, ctx.Err()
}

// before drops from start what is in items already.
func before(start, items []DueItem) []DueItem {
	type place struct {
		book BookID
		op   OperationID
	}
	seen := make(map[place]bool, len(items))
	for _, it := range items {
		seen[place{it.Book, it.Operation}] = true
	}
	return slices.DeleteFunc(start, func(it DueItem) bool { return seen[place{it.Book, it.Operation}] })
}

// expire ends operations in one entry, or in several when they do not fit into one.
func (e *Engine) expire(ctx context.Context, id BookID, ops []OperationID, done *Done) {
	entry, err := e.record(ctx, id, Operation{}, expire(ops), ActExpire, "")
	switch {
	case err == nil:
		done.Expired += len(entry.Effects.Operations)
	case errors.Is(err, errTooLarge) && len(ops) > 1:
		e.expire(ctx, id, ops[:len(ops)/2], done)
		e.expire(ctx, id, ops[len(ops)/2:], done)
	case !errors.Is(err, errIdle):
		e.stuck(done, id, ops[0], err)
	}
}

func (e *Engine) stuck(done *Done, id BookID, op OperationID, err error) {
	done.Stuck++
	e.cfg.Log.Warn("work failed", slog.String("book", id.String()), slog.String("operation", string(op)), slog.Any("error", err))
}

func (e *Engine) workOn(ctx context.Context, it DueItem, done *Done) {
	o, err := e.stored(ctx, it.Book, it.Operation)
	if err != nil {
		e.stuck(done, it.Book, it.Operation, err)
		return
	}
	switch o.State {
	case Scheduled:
		entry, err := e.record(ctx, it.Book, *o, release(o.ID), ActRelease, "")
		if errors.Is(err, errIdle) {
			return
		}
		if err != nil {
			e.stuck(done, it.Book, it.Operation, err)
			return
		}
		done.Released++
		if n := entry.operation(o.ID); n != nil && n.State == Executing {
			e.resolve(ctx, it.Book, *n, true, done)
		}
	case Executing, Unresolved:
		e.resolve(ctx, it.Book, *o, false, done)
	case Prepared, AwaitingApproval, Completed, Failed, Cancelled, Rejected, Expired:
	}
}

// resolve finds out how an intent stands. A fresh one is sent; any other is
// asked for first, and sent again only under the same reference, to a provider
// that honours it and does not know it.
func (e *Engine) resolve(ctx context.Context, id BookID, o Operation, fresh bool, done *Done) {
	var a Answer
	var ok bool
	if fresh {
		a, ok = e.send1(ctx, o)
	} else {
		a, ok = e.call(ctx, o, func(ctx context.Context, p Provider) (Answer, error) { return p.Ask(ctx, o.ProviderReference) })
		if p := e.rules.providers[o.Terms.Provider]; ok && a.Status == AnswerNotFound && p.Contract().HonoursReference {
			again := o
			again.SendBy = e.cfg.Clock.Now().Add(p.Contract().timeout())
			a, ok = e.send1(ctx, again)
		}
	}
	var entry *Entry
	var err error
	if ok {
		entry, err = e.take(ctx, id, &o, a)
	} else {
		entry, err = e.record(ctx, id, o, silent(o.ID), ActReport, "")
	}
	switch {
	case errors.Is(err, errIdle):
		done.Unresolved++
	case err != nil:
		e.stuck(done, id, o.ID, err)
	default:
		if n := entry.operation(o.ID); n != nil && n.State.Final() {
			done.Resolved++
			return
		}
		done.Unresolved++
	}
}
