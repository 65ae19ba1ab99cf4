package operations

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/onbehalf/onbehalf/tenancy"
)

// Budget bounds one call of Work or Deliver.
type Budget struct {
	Items int // operations looked at, or entries delivered. Zero: 100
}

func (b Budget) items() int {
	if b.Items <= 0 {
		return 100
	}
	return b.Items
}

// Done tells what one call of Work did.
type Done struct {
	Expired    int  // prepared terms that ran out
	Released   int  // scheduled operations whose time had come
	Resolved   int  // operations a provider's answer ended
	Unresolved int  // operations that still wait for evidence
	Stuck      int  // items that could not be worked on now; they are tried again later
	Parked     int  // those of the unresolved and stuck that failed for the last time, see Config.MaxTries
	More       bool // there was more to do than the budget
}

const (
	maxExpiries = 100 // how many operations one entry expires at most
	workAtOnce  = 32  // how many tickets one claim takes, so that other workers find some too
)

// Work does what has become due, in all books of the store: it expires terms,
// releases what is scheduled, and asks providers for what is executing beyond
// its time or unresolved. It starts nothing that outlives the call; the host
// calls it in a loop of its own, from as many places as it likes.
//
// Tenants take turns, and an operation is with one worker at a time, for
// Config.Lease at most; that of a worker who died is then taken up by another.
// What a provider is still at is asked for again later, the longer it takes the
// less often. An item that fails, by a panic too, is counted, logged and tried
// again later and later; after Config.MaxTries it is parked, and waits until its
// operation changes or the host requeues it. It never keeps the others from
// being done.
//
// The error is that of the context; unavailable when the queue cannot be read;
// invalid on an engine made by Within, which may call no provider.
func (e *Engine) Work(ctx context.Context, b Budget) (Done, error) {
	r := round{seen: map[queued]bool{}}
	if e.direct {
		return r.done, tenancy.Invalid("engine", "is inside a host's transaction, where no work is done")
	}
	for left := b.items(); left > 0; {
		c, err := e.claim(ctx, TopicWork, min(left, workAtOnce))
		if err != nil {
			return r.done, err
		}
		left -= len(c.tickets)
		r.claimed = c
		r.run(ctx)
		if !c.full || ctx.Err() != nil {
			return r.done, ctx.Err()
		}
	}
	r.done.More = true
	return r.done, nil
}

// round is one call of Work.
type round struct {
	*claimed

	done Done
	seen map[queued]bool
}

// queued is one operation of one book.
type queued struct {
	book BookID
	op   OperationID
}

// run works on everything that was claimed.
func (r *round) run(ctx context.Context) {
	expiring := map[BookID][]*Ticket{}
	var books []BookID
	for i := range r.tickets {
		t := &r.tickets[i]
		if r.seen[queued{t.Book(), t.Operation}] {
			r.settle(ctx, t, Settlement{Ready: r.now().Add(shortPause), Tries: t.Tries - 1}) // not twice in one call
			continue
		}
		r.seen[queued{t.Book(), t.Operation}] = true
		if t.State == Prepared || t.State == AwaitingApproval {
			if expiring[t.Book()] == nil {
				books = append(books, t.Book())
			}
			expiring[t.Book()] = append(expiring[t.Book()], t)
			continue
		}
		r.guard(ctx, []*Ticket{t}, func() { r.workOn(ctx, t) })
	}
	for _, id := range books {
		for ts := range slices.Chunk(expiring[id], maxExpiries) {
			r.guard(ctx, ts, func() { r.expire(ctx, id, ts) })
		}
	}
}

// guard makes of a panic a failure of the tickets it was about.
func (r *round) guard(ctx context.Context, ts []*Ticket, do func()) {
	if ctx.Err() != nil {
		for _, t := range ts {
			r.giveBack(ctx, t)
		}
		return
	}
	defer func() {
		if x := recover(); x != nil {
			r.stuck(ctx, fmt.Errorf("%w: %v", errPanicked, x), ts...)
		}
	}()
	do()
}

var errPanicked = errors.New("panicked")

// expire ends operations in one entry, or in several when they do not fit into one.
func (r *round) expire(ctx context.Context, id BookID, ts []*Ticket) {
	ops := make([]OperationID, len(ts))
	for i, t := range ts {
		ops[i] = t.Operation
	}
	entry, err := r.eng.record(ctx, id, Operation{}, expire(ops), ActExpire, "")
	switch {
	case err == nil, errors.Is(err, errIdle):
		for _, t := range ts {
			if entry != nil && entry.operation(t.Operation) != nil {
				r.done.Expired++
			} else {
				r.later(ctx, t)
			}
		}
	case errors.Is(err, errTooLarge) && len(ops) > 1:
		r.expire(ctx, id, ts[:len(ts)/2])
		r.expire(ctx, id, ts[len(ts)/2:])
	default:
		r.stuck(ctx, err, ts...)
	}
}

// stuck counts one failure, of one or several operations.
func (r *round) stuck(ctx context.Context, err error, ts ...*Ticket) {
	r.done.Stuck++
	for _, t := range ts {
		r.done.Parked += r.failed(ctx, t, err)
	}
}

func (r *round) workOn(ctx context.Context, t *Ticket) {
	o, err := r.eng.stored(ctx, t.Book(), t.Operation)
	if err != nil {
		r.stuck(ctx, err, t)
		return
	}
	switch o.State {
	case Scheduled:
		entry, err := r.eng.record(ctx, t.Book(), *o, release(o.ID), ActRelease, "")
		if errors.Is(err, errIdle) {
			r.later(ctx, t)
			return
		}
		if err != nil {
			r.stuck(ctx, err, t)
			return
		}
		r.done.Released++
		if n := entry.operation(o.ID); n != nil && n.State == Executing {
			// The entry has made the ticket anew: nobody looks at it before SendBy.
			r.resolve(ctx, &Ticket{TicketPlace: t.TicketPlace, Tenant: t.Tenant}, *n, true)
		}
	case Executing, Unresolved:
		r.resolve(ctx, t, *o, false)
	case Prepared, AwaitingApproval:
		r.later(ctx, t)
	case Completed, Failed, Cancelled, Rejected, Expired:
	}
}

// resolve finds out how an intent stands. A fresh one is sent; any other is
// asked for first, and sent again only under the same reference, to a provider
// that honours it and does not know it, and only if it has no price.
func (r *round) resolve(ctx context.Context, t *Ticket, o Operation, fresh bool) {
	e := r.eng
	p := e.rules.providers[o.Terms.Provider]
	var a Answer
	var ok bool
	switch {
	case fresh:
		a, ok = e.send1(ctx, o)
	case p != nil && !r.lasts(2*p.Contract().timeout()):
		r.giveBack(ctx, t)
		return
	default:
		a, ok = e.call(ctx, o, func(ctx context.Context, p Provider) (Answer, error) { return p.Ask(ctx, o.ProviderReference) })
		if ok && a.Status == AnswerNotFound && o.resends(p.Contract()) {
			again := o
			again.SendBy = e.cfg.Clock.Now().Add(p.Contract().timeout())
			a, ok = e.send1(ctx, again)
		}
	}
	var entry *Entry
	var err error
	if ok {
		entry, err = e.take(ctx, t.Book(), &o, a)
	} else {
		entry, err = e.record(ctx, t.Book(), o, silent(o.ID), ActReport, "")
	}
	switch {
	case errors.Is(err, errIdle) && ok && a.Validate() == nil:
		r.done.Unresolved++
		r.later(ctx, t)
	case errors.Is(err, errIdle):
		r.done.Unresolved++
		r.done.Parked += r.failed(ctx, t, errSilent)
	case err != nil:
		r.stuck(ctx, err, t)
	default:
		if n := entry.operation(o.ID); n != nil && n.State.Final() {
			r.done.Resolved++
			return
		}
		r.done.Unresolved++
		r.later(ctx, t) // unless the entry moved the operation, and made its ticket anew
	}
}

var errSilent = errors.New("the provider gave no usable answer")
