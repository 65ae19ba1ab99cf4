package storetest

import (
	"fmt"
	"runtime"
	"sync/atomic"
	"time"

	"github.com/onbehalf/onbehalf/operations"
)

// announced writes an entry that goes to the outbox.
func (p *pen) announced(at time.Time) operations.Change {
	p.Helper()
	c := p.write(operations.Entry{At: at})
	c.Announce = true
	return c
}

// box is the ticket of the book's outbox.
func (p *pen) box(seq int64, due time.Time) operations.Ticket {
	return operations.Ticket{
		TicketPlace: operations.TicketPlace{Customer: p.id.Customer, Topic: operations.TopicOutbox},
		Tenant:      p.id.Tenant, Due: due, Seq: seq,
	}
}

// fetches claims outboxes and checks what it gets.
func (b *bundle) fetches(now, until time.Time, want ...operations.Ticket) []operations.Ticket {
	b.Helper()
	got := b.claim(operations.TopicOutbox, now, until, 200, "")
	for i := range want {
		want[i].Ready = until
		want[i].Tries++
	}
	b.same(lines(got, ticketLine), lines(want, ticketLine), "what was claimed at "+when(now))
	return got
}

func outboxCases() []testCase {
	return []testCase{
		{"an entry is not announced unless it asks for it", func(b *bundle) {
			b.book(maria).fill(3)
			b.fetches(at(1000), at(2000))
		}},
		{"the first entry announced makes the ticket, and those after it leave it as it is", func(b *bundle) {
			p, q := b.book(maria), b.book(joao)
			p.fill(2)
			p.commit(p.plain(""), p.announced(early(4)), p.announced(early(5)))
			q.commit(q.announced(early(1)))
			p.commit(p.announced(early(6)))
			b.fetches(early(0), early(9))
			got := b.fetches(early(4), early(9), q.box(0, early(1)), p.box(3, early(4)))
			p.commit(p.announced(early(7)))
			b.fetches(early(8), early(9)) // still held
			b.settle(got[1], operations.Settlement{Tries: 3})
			p.commit(p.announced(early(8)))
			b.parks(parked(p.box(3, early(4)), 3))
			b.requeues(own, got[1].TicketPlace, early(20), true)
			held := q.box(0, early(1))
			held.Tries = 1
			b.fetches(early(20), early(30), held, p.box(3, early(4)))
		}},
		{"changes that lose announce nothing", func(b *bundle) {
			p := b.book(maria)
			p.commit(p.plain("taken"))
			rival := p.fork()
			p.fill(1)
			b.lost(b.send(rival.run(rival.announced(early(1))))[0], 0, operations.Stale)
			won, cut := p.plain(""), p.write(operations.Entry{Key: "taken"})
			cut.Announce = true
			b.lost(b.send(p.run(won, cut))[0], 1, operations.KeyTaken)
			b.fetches(at(1000), at(2000))
		}},
		{"an outbox that is delivered up to the head has no ticket any more, another goes on from there", func(b *bundle) {
			p := b.book(maria)
			p.commit(p.announced(early(1)), p.announced(early(2)), p.announced(early(3)))
			got := b.fetches(early(5), early(9), p.box(0, early(1)))
			b.settle(got[0], operations.Settlement{Delivered: 2, Ready: early(6)})
			got = b.fetches(early(6), early(9), p.box(2, early(1)))
			p.commit(p.announced(early(4)))
			b.settle(got[0], operations.Settlement{Delivered: 3, Ready: early(7)})
			got = b.fetches(early(7), early(9), p.box(3, early(1)))
			b.settle(got[0], operations.Settlement{Ready: early(8), Tries: 1})
			again := p.box(3, early(1))
			again.Tries = 1
			got = b.fetches(early(8), early(9), again)
			b.settle(got[0], operations.Settlement{Delivered: 4, Ready: early(8)})
			b.fetches(at(1000), at(2000))
			b.settle(got[0], operations.Settlement{Ready: early(8)})
			b.fetches(at(1000), at(2000))
			p.commit(p.announced(early(20)))
			b.fetches(early(20), early(30), p.box(4, early(20)))
		}},
		{"no entry is left without a ticket, however commits and settlements meet", nothingUnannounced},
	}
}

// nothingUnannounced lets writers announce while workers deliver, and holds
// what was delivered against the journal.
func nothingUnannounced(b *bundle) {
	const writers, each = 4, 25
	d := deliveries{want: writers * each}
	d.writing.Store(writers)
	b.race(writers+2, func(i int) error {
		if i >= writers {
			return b.deliver(&d)
		}
		defer d.writing.Add(-1)
		r := b.book(maria)
		for range each {
			if err := r.insist(func() []operations.Change { return []operations.Change{r.announced(early(0))} }); err != nil {
				return err
			}
		}
		return nil
	})
	b.fetches(at(1000), at(2000))
}

// deliveries is how far several workers have come with one book.
type deliveries struct {
	want          int64
	last, writing atomic.Int64
}

// deliver works until everything is delivered.
func (b *bundle) deliver(d *deliveries) error {
	for idle := 0; idle < 100*patience; runtime.Gosched() {
		written := d.writing.Load() == 0
		got, err := b.tryClaim(operations.TopicOutbox, early(10), early(20), 1, "")
		switch {
		case err != nil:
			return err
		case len(got) == 1:
			if err := b.deliverNext(d, got[0]); err != nil {
				return err
			}
		case written && d.last.Load() == d.want:
			return nil
		case written:
			idle++
		}
	}
	return fmt.Errorf("%d of %d entries are delivered", d.last.Load(), d.want)
}

func (b *bundle) deliverNext(d *deliveries, t operations.Ticket) error {
	entries, err := b.store.Journal(b.ctx, b.book(maria).id, t.Seq, 7)
	if err != nil {
		return err
	}
	if len(entries) == 0 {
		return fmt.Errorf("a ticket after entry %d, where the journal ends", t.Seq)
	}
	for _, e := range entries {
		if !d.last.CompareAndSwap(e.Seq-1, e.Seq) {
			return fmt.Errorf("entry %d is next, and %d was delivered last", e.Seq, d.last.Load())
		}
	}
	return b.trySettle(t, operations.Settlement{Delivered: entries[len(entries)-1].Seq, Ready: early(10)})
}
