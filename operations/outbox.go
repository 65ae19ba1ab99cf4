package operations

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/onbehalf/onbehalf/tenancy"
)

// Delivery is one entry of a book on its way out.
type Delivery struct {
	// ID is the same whenever the entry is delivered, and that of no other entry
	// of the store: tenant, customer and seq, with colons.
	ID    string
	Book  BookID
	Entry Sealed // its content: Entry.Open
}

// Delivered tells what one call of Deliver did.
type Delivered struct {
	Entries int  // delivered
	Failed  int  // books whose next entry could not be delivered now; it is tried again later
	Parked  int  // those of them that failed for the last time, see Config.MaxTries
	More    bool // there was more to do than the budget
}

const (
	boxesAtOnce   = 16 // how many outboxes one claim takes
	entriesAtOnce = 50 // how many entries of one book are delivered before others have their turn
)

// Deliver hands the entries of all books to the host's function, when the engine
// has Config.Outbox: every entry at least once, those of one book in their order
// and by one worker at a time. It starts nothing that outlives the call; the host
// calls it in a loop of its own, from as many places as it likes. Tenants take
// turns.
//
// An entry counts as delivered when the function has returned nil and that is
// stored; after a crash in between it is delivered again, under the same ID. An
// error, or a panic, has the entry tried again later and later, and after
// Config.MaxTries parks the book's outbox until the host requeues it. The entries
// after it wait, those of other books do not. An error that wraps ErrUnavailable
// says that the destination is not there: it is tried again however often.
//
// The function has to return within what is left of Config.Lease, when its
// context ends: one that goes on may find others delivering the same book.
//
// The error is that of the context; unavailable when the queue cannot be read;
// invalid without a function or on an engine made by Within.
func (e *Engine) Deliver(ctx context.Context, b Budget, deliver func(context.Context, Delivery) error) (Delivered, error) {
	var done Delivered
	switch {
	case e.direct:
		return done, tenancy.Invalid("engine", "is inside a host's transaction, where nothing is delivered")
	case deliver == nil:
		return done, tenancy.Invalid("deliver", "is nil")
	}
	for left := b.items(); left > 0; {
		c, err := e.claim(ctx, TopicOutbox, min(left, boxesAtOnce))
		if err != nil {
			return done, err
		}
		if len(c.tickets) == 0 {
			return done, ctx.Err()
		}
		before := left
		for i := range c.tickets {
			share := max(left/(len(c.tickets)-i), 1)
			left -= c.empty(ctx, &c.tickets[i], min(share, entriesAtOnce), deliver, &done)
		}
		left -= max(1-(before-left), 0) // a claim that delivered nothing is not for nothing
		if ctx.Err() != nil {
			return done, ctx.Err()
		}
	}
	done.More = true
	return done, nil
}

// empty delivers the next entries of one outbox, and tells how many.
func (c *claimed) empty(ctx context.Context, t *Ticket, limit int, deliver func(context.Context, Delivery) error, done *Delivered) int {
	if ctx.Err() != nil || !c.lasts(c.eng.cfg.Lease/2) {
		c.giveBack(ctx, t)
		return 0
	}
	entries, err := c.eng.store.Journal(ctx, t.Book(), t.Seq, limit)
	if err == nil && len(entries) == 0 && t.Seq == 0 {
		err = fmt.Errorf("%w: a book without entries has something to deliver", ErrDamaged)
	}
	n := 0
	for ; n < len(entries) && err == nil; n++ {
		if n > 0 && (ctx.Err() != nil || !c.lasts(c.eng.cfg.Lease/2)) {
			break
		}
		if err = c.hand(ctx, deliver, Delivery{ID: deliveryID(t.Book(), entries[n].Seq), Book: t.Book(), Entry: entries[n]}); err != nil {
			break
		}
	}
	done.Entries += n
	s := Settlement{Delivered: t.Seq + int64(n), Ready: c.now()}
	switch {
	case err == nil:
		c.settle(ctx, t, s)
	case n > 0 && ctx.Err() == nil: // it got on, and the next entry has failed once
		done.Failed++
		s.Ready, s.Tries = s.Ready.Add(pause(1)), 1
		c.settle(ctx, t, s)
	case n > 0:
		c.settle(ctx, t, s)
	case errors.Is(err, ErrUnavailable) && ctx.Err() == nil:
		done.Failed++
		c.settle(ctx, t, Settlement{Ready: s.Ready.Add(pause(t.Tries)), Tries: t.Tries})
	default:
		done.Failed++
		done.Parked += c.failed(ctx, t, err)
	}
	return n
}

// hand gives one entry to the host, for what is left of the lease.
func (c *claimed) hand(ctx context.Context, deliver func(context.Context, Delivery) error, d Delivery) (err error) {
	defer func() {
		if x := recover(); x != nil {
			err = fmt.Errorf("%w: %v", errPanicked, x)
		}
	}()
	ctx, cancel := context.WithTimeout(ctx, max(c.until.Sub(c.now()), time.Millisecond))
	defer cancel()
	return deliver(ctx, d)
}

func deliveryID(id BookID, seq int64) string {
	return string(id.Tenant) + ":" + string(id.Customer) + ":" + strconv.FormatInt(seq, 10)
}
