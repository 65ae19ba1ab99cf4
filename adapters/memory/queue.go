package memory

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"time"

	"github.com/onbehalf/onbehalf/operations"
	"github.com/onbehalf/onbehalf/tenancy"
)

// ticket is what a ticket says beside its place and the operation's row.
type ticket struct {
	due    time.Time
	seq    int64
	tries  int
	holder string
	ready  time.Time // zero: parked
}

// queue is the tickets of one tenant that may be claimed, by topic.
type queue struct {
	work, outbox line
}

// line gives the line of a topic; a topic nobody knows has an empty one.
func (q *queue) line(topic operations.Topic) *line {
	switch topic {
	case operations.TopicWork:
		return &q.work
	case operations.TopicOutbox:
		return &q.outbox
	}
	return new(line)
}

// wait makes the ticket of an operation anew, or removes it.
func (f *firm) wait(b *book, row *operations.OperationRow) {
	t := b.waiting[row.ID]
	if row.Due.IsZero() {
		if t != nil {
			delete(b.waiting, row.ID)
			f.queue.work.live--
		}
		return
	}
	if t == nil {
		if b.waiting == nil {
			b.waiting = make(map[operations.OperationID]*ticket)
		}
		t = new(ticket)
		b.waiting[row.ID] = t
		f.queue.work.live++
	}
	*t = ticket{due: row.Due, seq: row.Updated, ready: t.ready}
	f.queue.work.move(b, operations.TicketPlace{Customer: b.id.Customer, Topic: operations.TopicWork, Operation: row.ID}, t, row.Due)
}

// announce makes sure that the outbox of the book has a ticket.
func (f *firm) announce(b *book, e *operations.Sealed) {
	if b.outbox != nil {
		return
	}
	b.outbox = &ticket{due: e.At, seq: e.Seq - 1}
	f.queue.outbox.live++
	f.queue.outbox.move(b, operations.TicketPlace{Customer: b.id.Customer, Topic: operations.TopicOutbox}, b.outbox, e.At)
}

// ticket gives the ticket at a place, or nil.
func (b *book) ticket(place operations.TicketPlace) *ticket {
	switch {
	case b == nil:
		return nil
	case place.Topic == operations.TopicWork:
		return b.waiting[place.Operation]
	case place.Topic == operations.TopicOutbox && place.Operation == "":
		return b.outbox
	}
	return nil
}

// told is a ticket as the contract has it.
func (b *book) told(place operations.TicketPlace, t *ticket) operations.Ticket {
	told := operations.Ticket{
		TicketPlace: place, Tenant: b.id.Tenant, Due: t.due, Seq: t.seq, Tries: t.tries, Holder: t.holder, Ready: t.ready,
	}
	if row := b.ops[place.Operation]; row != nil {
		told.State = row.State
	}
	return told
}

// Claim implements [operations.Queue].
func (s *Store) Claim(ctx context.Context, q operations.ClaimQuery) ([]operations.Ticket, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if !q.Until.After(q.Now) {
		return nil, tenancy.Invalid("until", "is not after now")
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	var claimed []operations.Ticket
	turns := s.turns(q.After)
	for len(turns) > 0 && len(claimed) < q.Limit {
		turns = slices.DeleteFunc(turns, func(f *firm) bool {
			if len(claimed) >= q.Limit {
				return true
			}
			at, ok := f.queue.line(q.Topic).pop(q.Now)
			if !ok {
				return true
			}
			t := at.book.ticket(at.place)
			t.holder = q.Holder
			t.tries++
			f.queue.line(q.Topic).move(at.book, at.place, t, q.Until)
			claimed = append(claimed, at.book.told(at.place, t))
			return false
		})
	}
	return claimed, nil
}

// turns gives the firms in the order in which they are served.
func (s *Store) turns(after tenancy.TenantID) []*firm {
	ids := slices.SortedFunc(maps.Keys(s.firms), func(a, b tenancy.TenantID) int {
		return cmp.Or(-compareBool(a > after, b > after), cmp.Compare(a, b))
	})
	firms := make([]*firm, len(ids))
	for i, id := range ids {
		firms[i] = s.firms[id]
	}
	return firms
}

func compareBool(a, b bool) int {
	switch {
	case a == b:
		return 0
	case a:
		return 1
	}
	return -1
}

// Settle implements [operations.Queue].
func (s *Store) Settle(ctx context.Context, t operations.Ticket, to operations.Settlement) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	b := s.book(t.Book())
	kept := b.ticket(t.TicketPlace)
	if kept == nil || kept.holder != t.Holder || t.Holder == "" {
		return nil
	}
	line := s.firms[t.Tenant].queue.line(t.Topic)
	if to.Delivered > 0 && t.Topic == operations.TopicOutbox {
		if b.head.Seq <= to.Delivered {
			b.outbox = nil
			line.live--
			return nil
		}
		kept.seq = max(kept.seq, to.Delivered)
	}
	kept.holder, kept.tries = "", to.Tries
	line.move(b, t.TicketPlace, kept, to.Ready)
	return nil
}

// Parked implements [operations.Queue].
func (s *Store) Parked(
	ctx context.Context, tenant tenancy.TenantID, after operations.TicketPlace, limit int,
) ([]operations.Ticket, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	s.mu.RLock()
	defer s.mu.RUnlock()
	f := s.firms[tenant]
	if f == nil {
		return nil, nil
	}
	var parked []operations.Ticket
	add := func(b *book, place operations.TicketPlace, t *ticket) {
		if t.ready.IsZero() && place.Compare(after) > 0 {
			parked = append(parked, b.told(place, t))
		}
	}
	for _, b := range f.books {
		for id, t := range b.waiting {
			add(b, operations.TicketPlace{Customer: b.id.Customer, Topic: operations.TopicWork, Operation: id}, t)
		}
		if b.outbox != nil {
			add(b, operations.TicketPlace{Customer: b.id.Customer, Topic: operations.TopicOutbox}, b.outbox)
		}
	}
	slices.SortFunc(parked, func(x, y operations.Ticket) int { return x.Compare(y.TicketPlace) })
	return slices.Clip(parked[:min(len(parked), max(limit, 0))]), nil
}

// Requeue implements [operations.Queue].
func (s *Store) Requeue(ctx context.Context, tenant tenancy.TenantID, place operations.TicketPlace, ready time.Time) (bool, error) {
	if err := ctx.Err(); err != nil {
		return false, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	b := s.book(operations.BookID{Tenant: tenant, Customer: place.Customer})
	t := b.ticket(place)
	if t == nil || !t.ready.IsZero() {
		return false, nil
	}
	t.tries, t.holder = 0, ""
	s.firms[tenant].queue.line(place.Topic).move(b, place, t, ready)
	return true, nil
}
