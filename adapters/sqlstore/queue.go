package sqlstore

import (
	"context"
	"database/sql"
	"time"

	"github.com/onbehalf/onbehalf/operations"
	"github.com/onbehalf/onbehalf/tenancy"
)

// wait makes the ticket of an operation anew, or removes it. A new operation
// has none to remove.
func (w *writer) wait(o *operations.OperationRow) error {
	switch {
	case !o.Due.IsZero():
		return w.put(putTicket, string(o.ID), micros(o.Due), o.Updated, string(o.State))
	case o.Created != o.Updated:
		return w.put(dropTicket, string(o.ID))
	}
	return nil
}

// announce makes sure that the book's outbox has a ticket, if one of the
// changes asks for it.
func (w *writer) announce(changes []operations.Change) error {
	for i := range changes {
		if c := &changes[i]; c.Announce {
			return w.put(announce, micros(c.Entry.At), c.Entry.Seq-1)
		}
	}
	return nil
}

// Claim hands out tickets that are ready, tenant by tenant in turns.
func (m *methods) Claim(ctx context.Context, q operations.ClaimQuery) ([]operations.Ticket, error) {
	if !q.Until.After(q.Now) {
		return nil, tenancy.Invalid("until", "is not after now")
	}
	// Nobody takes the lock of a writer to find that there is nothing to do.
	var turns []tenancy.TenantID
	err := m.via.read(ctx, scope{queue: true}, func(s *session) error {
		if err := s.checkVersion(); err != nil {
			return err
		}
		var err error
		turns, err = s.turns(&q)
		return err
	})
	var claimed []operations.Ticket
	if err == nil && len(turns) > 0 {
		err = m.via.write(ctx, scope{queue: true}, func(s *session) error {
			var err error
			claimed, err = s.claim(&q, turns)
			return err
		})
	}
	if err != nil {
		return nil, m.failed(ctx, "claim from the queue", err)
	}
	return claimed, nil
}

// turns gives the tenants that have something ready, at most as many as there
// are tickets to hand out, in the order of their turns.
func (s *session) turns(q *operations.ClaimQuery) ([]tenancy.TenantID, error) {
	if q.Limit < 1 {
		return nil, nil
	}
	scan := func(rows *sql.Rows, id *tenancy.TenantID) error { return rows.Scan(toText(id)) }
	turns, err := collect(s, readyTenants, scan, string(q.Topic), string(q.After), micros(q.Now), int64(q.Limit))
	if err != nil || q.After == "" || len(turns) == q.Limit {
		return turns, err
	}
	start, err := collect(s, readyTenants, scan, string(q.Topic), "", micros(q.Now), int64(q.Limit-len(turns)))
	for _, id := range start {
		if id <= q.After {
			turns = append(turns, id)
		}
	}
	return turns, err
}

// claim shares the limit between the tenants, and what one does not use between
// the others. Each transaction takes tenants in the order of its turns, but
// waits for no ticket that others have.
func (s *session) claim(q *operations.ClaimQuery, turns []tenancy.TenantID) ([]operations.Ticket, error) {
	of := make(map[tenancy.TenantID][]operations.Ticket, len(turns))
	left := q.Limit
	for open := turns; len(open) > 0 && left > 0; {
		share := max(left/len(open), 1)
		var again []tenancy.TenantID
		for _, tenant := range open {
			if left < share {
				break
			}
			got, err := s.claimOf(tenant, q, share)
			if err != nil {
				return nil, err
			}
			of[tenant] = append(of[tenant], got...)
			if left -= len(got); len(got) == share {
				again = append(again, tenant)
			}
		}
		open = again
	}
	claimed := make([]operations.Ticket, 0, q.Limit-left)
	for turn := 0; len(claimed) < q.Limit-left; turn++ {
		for _, tenant := range turns {
			if turn < len(of[tenant]) {
				claimed = append(claimed, of[tenant][turn])
			}
		}
	}
	return claimed, nil
}

// claimOf claims tickets of one tenant.
func (s *session) claimOf(tenant tenancy.TenantID, q *operations.ClaimQuery, limit int) ([]operations.Ticket, error) {
	got, err := collect(s, readyTickets, scanTicket, string(tenant), string(q.Topic), micros(q.Now), int64(limit))
	if err != nil {
		return nil, err
	}
	for i := range got {
		t := &got[i]
		t.Ready, t.Holder = q.Until.UTC(), q.Holder
		t.Tries++
		if _, err := s.exec(claimTicket, append(ticketKey(tenant, t.TicketPlace), micros(q.Until), q.Holder)...); err != nil {
			return nil, err
		}
	}
	return got, nil
}

func ticketKey(tenant tenancy.TenantID, p operations.TicketPlace) []any {
	return []any{string(tenant), string(p.Customer), string(p.Topic), string(p.Operation)}
}

func scanTicket(rows *sql.Rows, t *operations.Ticket) error {
	return rows.Scan(toText(&t.Tenant), toText(&t.Customer), toText(&t.Topic), toText(&t.Operation), toTime(&t.Due), toInt(&t.Seq),
		toInt(&t.Tries), toText(&t.Holder), toTime(&t.Ready), toText(&t.State))
}

// Settle records what became of a claimed ticket.
func (m *methods) Settle(ctx context.Context, t operations.Ticket, to operations.Settlement) error {
	err := m.via.write(ctx, ofBook(t.Book()), func(s *session) error {
		if t.Holder == "" {
			return nil
		}
		seq := int64(0)
		if to.Delivered > 0 && t.Topic == operations.TopicOutbox {
			var head int64
			if _, err := s.one(takeHead, []any{&head}, string(t.Tenant), string(t.Customer)); err != nil {
				return err
			}
			if head <= to.Delivered {
				_, err := s.exec(endTicket, append(ticketKey(t.Tenant, t.TicketPlace), t.Holder)...)
				return err
			}
			seq = to.Delivered
		}
		_, err := s.exec(settleTicket, append(ticketKey(t.Tenant, t.TicketPlace), t.Holder, optional(to.Ready), int64(to.Tries), seq)...)
		return err
	})
	return m.failed(ctx, "settle a ticket of book "+t.Book().String(), err)
}

// Parked lists the parked tickets of a tenant by place.
func (m *methods) Parked(
	ctx context.Context, tenant tenancy.TenantID, after operations.TicketPlace, limit int,
) ([]operations.Ticket, error) {
	var parked []operations.Ticket
	err := m.via.read(ctx, ofFirm(tenant), func(s *session) error {
		if err := s.checkVersion(); err != nil {
			return err
		}
		var err error
		parked, err = collect(s, parkedTickets, scanTicket, append(ticketKey(tenant, after), int64(max(limit, 0)))...)
		return err
	})
	if err != nil {
		return nil, m.failed(ctx, "parked tickets of tenant "+string(tenant), err)
	}
	return parked, nil
}

// Requeue makes a parked ticket ready again.
func (m *methods) Requeue(ctx context.Context, tenant tenancy.TenantID, place operations.TicketPlace, ready time.Time) (bool, error) {
	found := false
	err := m.via.write(ctx, ofBook(operations.BookID{Tenant: tenant, Customer: place.Customer}), func(s *session) error {
		touched, err := s.exec(requeueTicket, append(ticketKey(tenant, place), micros(ready))...)
		found = touched > 0
		return err
	})
	if err != nil {
		return false, m.failed(ctx, "requeue a ticket of tenant "+string(tenant), err)
	}
	return found, nil
}
