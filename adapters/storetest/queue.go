package storetest

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/onbehalf/onbehalf/operations"
	"github.com/onbehalf/onbehalf/tenancy"
)

func compareText[T ~string](a, b T) int { return strings.Compare(string(a), string(b)) }

// claim makes one claim, under a name of its own.
func (b *bundle) claim(topic operations.Topic, now, until time.Time, limit int, after tenancy.TenantID) []operations.Ticket {
	b.Helper()
	got, err := b.tryClaim(topic, now, until, limit, after)
	b.ok(err, "claim")
	return got
}

func (b *bundle) tryClaim(topic operations.Topic, now, until time.Time, limit int, after tenancy.TenantID) ([]operations.Ticket, error) {
	q := operations.ClaimQuery{
		Topic: topic, Holder: "holder-" + strconv.FormatInt(b.pens.Add(1), 10), Now: now, Until: until, Limit: limit, After: after,
	}
	for range patience {
		got, err := b.store.Claim(b.ctx, q)
		if errors.Is(err, tenancy.ErrUnavailable) {
			continue
		}
		if len(got) > max(limit, 0) {
			return nil, fmt.Errorf("a claim of at most %d tickets has %d", limit, len(got))
		}
		for i := range got {
			if got[i].Holder != q.Holder || !got[i].Ready.Equal(until) || got[i].Topic != topic {
				return nil, fmt.Errorf("claimed by %q until %s: %s held by %q", q.Holder, when(until), ticketLine(got[i]), got[i].Holder)
			}
		}
		return got, err
	}
	return nil, fmt.Errorf("the store asked %d times to repeat", patience)
}

func (b *bundle) settle(t operations.Ticket, s operations.Settlement) {
	b.Helper()
	b.ok(b.trySettle(t, s), "settle")
}

func (b *bundle) trySettle(t operations.Ticket, s operations.Settlement) error {
	var err error
	for range patience {
		if err = b.store.Settle(b.ctx, t, s); !errors.Is(err, tenancy.ErrUnavailable) {
			return err
		}
	}
	return err
}

// ready checks that exactly these operations of the own tenant are ready, in
// this order, in claims of several sizes. It leaves every ticket as it was, but
// for what was ready at another time than its Due.
func (b *bundle) ready(now time.Time, want ...operations.Ticket) {
	b.Helper()
	for _, limit := range []int{1, 7, 200} {
		var all []operations.Ticket
		after := tenancy.TenantID("")
		until := now.Add(time.Microsecond)
		for range 10 * maxPages {
			page := b.claim(operations.TopicWork, now, until, limit, after)
			if len(page) == 0 {
				break
			}
			all, after = append(all, page...), page[len(page)-1].Tenant
		}
		var got []operations.Ticket
		for _, t := range all {
			b.settle(t, operations.Settlement{Ready: t.Due, Tries: t.Tries - 1})
			if t.Tenant == own {
				t.Ready, t.Tries = t.Due, t.Tries-1
				got = append(got, t)
			}
		}
		b.same(lines(got, ticketLine), lines(want, ticketLine), fmt.Sprintf("what is ready at %s, %d at a time", when(now), limit))
	}
}

// ticket is that of an operation's row when it was committed.
func (p *pen) ticket(row operations.OperationRow) operations.Ticket {
	return operations.Ticket{
		TicketPlace: operations.TicketPlace{Customer: p.id.Customer, Topic: operations.TopicWork, Operation: row.ID},
		Tenant:      p.id.Tenant, Due: row.Due, State: row.State, Seq: row.Updated, Ready: row.Due,
	}
}

func byReady(x, y operations.Ticket) int {
	return cmp.Or(x.Ready.Compare(y.Ready), x.Compare(y.TicketPlace))
}

// waits stores an operation that is due at the time; zero for never.
func (p *pen) waits(id operations.OperationID, state operations.State, due time.Time) operations.Ticket {
	p.Helper()
	c := p.waiting(id, state, due)
	p.commit(c)
	return p.ticket(c.Operations[0])
}

func (p *pen) waiting(id operations.OperationID, state operations.State, due time.Time) operations.Change {
	p.Helper()
	c := p.write(operations.Entry{Operation: id})
	c.Operations = []operations.OperationRow{{
		ID: id, Created: c.Entry.Seq, Updated: c.Entry.Seq, Version: 1, State: state, Kind: "k", Asset: "BRL",
		Amount: dec("1"), Maker: ana, CreatedAt: at(c.Entry.Seq), Due: due,
	}}
	if old, ok := p.born[id]; ok {
		c.Operations[0].Created = old
	} else {
		p.born[id] = c.Entry.Seq
	}
	return c
}

func queueCases() []testCase {
	return []testCase{
		{"what is ready comes by time, customer and operation in the order of bytes, however many at a time", func(b *bundle) {
			var want []operations.Ticket
			for _, c := range []tenancy.CustomerID{maria, "Maria", "a-b", "a_b", "a", tenancy.House} {
				p := b.book(c)
				for i, id := range []operations.OperationID{"b", "B", "a", "a.a", "a1", "A"} {
					want = append(want, p.waits(id, operations.States()[i%5], at(int64(100+i%3))))
				}
			}
			slices.SortFunc(want, byReady)
			b.ready(at(1000), want...)
		}},
		{"tenants take turns, beginning after the one that had the last", turnsOfTenants},
		{"an operation is ready at its very time and not before, and never when it has none", func(b *bundle) {
			p := b.book(maria)
			p.waits(op(1), operations.Prepared, time.Time{})
			p.waits(op(3), operations.Completed, time.Time{})
			want := p.waits(op(2), operations.Scheduled, at(500))
			b.ready(at(500).Add(-time.Microsecond))
			b.ready(at(500), want)
			b.ready(at(500).AddDate(7000, 0, 0), want)
		}},
		{"an operation moves in the queue as it changes, and leaves it", func(b *bundle) {
			p := b.book(maria)
			other := p.waits(op(2), operations.Unresolved, at(50))
			for i, due := range []time.Time{at(60), at(40), at(40), at(60), {}, at(10), {}, {}} {
				item := p.waits(op(1), operations.States()[i%5], due)
				want := []operations.Ticket{other}
				if !due.IsZero() {
					want = append(want, item)
				}
				slices.SortFunc(want, byReady)
				b.ready(at(1000), want...)
			}
		}},
		{"an operation that comes and goes in one run leaves no ticket, and one that stays has that of its last change", func(b *bundle) {
			p := b.book(maria)
			changes := []operations.Change{
				p.waiting(op(1), operations.Prepared, at(50)), p.waiting(op(2), operations.Prepared, at(60)),
				p.waiting(op(1), operations.Completed, time.Time{}), p.waiting(op(2), operations.Scheduled, at(70)),
			}
			p.commit(changes...)
			b.ready(at(1000), p.ticket(changes[3].Operations[0]))
		}},
		{"changes that lose leave no ticket and take none away", func(b *bundle) {
			p := b.book(maria)
			p.commit(p.plain("taken"))
			stays := p.waits(op(1), operations.Scheduled, at(50))
			rival := p.fork()
			p.fill(1)
			b.lost(b.send(rival.run(rival.waiting(op(1), operations.Completed, time.Time{}), rival.waiting(op(2), operations.Prepared, at(40))))[0], 0, operations.Stale)
			won, cut := p.waiting(op(3), operations.Scheduled, at(60)), p.write(operations.Entry{Key: "taken"})
			lost := p.waiting(op(4), operations.Scheduled, at(30))
			b.lost(b.send(p.run(won, cut, lost))[0], 1, operations.KeyTaken)
			b.ready(at(1000), stays, p.ticket(won.Operations[0]))
		}},
		{"many operations that stop to wait leave the queue to those that do not", func(b *bundle) {
			p := b.book(maria)
			stays := p.waits("stays", operations.Scheduled, at(5000))
			for round := range 12 {
				changes := make([]operations.Change, 0, 200)
				for i := range 200 {
					due := at(int64(4000 + i + round))
					if i >= 100 {
						due = time.Time{}
					}
					changes = append(changes, p.waiting(op(i%100), operations.Prepared, due))
				}
				p.commit(changes...)
			}
			b.ready(at(9000), stays)
		}},
	}
}

// turnsOfTenants holds claims against who must get what: nothing of the
// neighbours is ready as early as all this.
func turnsOfTenants(b *bundle) {
	of := map[tenancy.TenantID][]operations.Ticket{}
	for tenant, n := range map[tenancy.TenantID]int{own: 5, "zeta": 1, "Zeta": 3, "a-b": 7, "a_b": 0} {
		p := b.bookOf(tenant, maria)
		for i := range 9 { // some are not ready
			due := at(-100 + int64(i))
			if i >= n {
				due = at(10)
			}
			if t := p.waits(op(i), operations.Scheduled, due); i < n {
				of[tenant] = append(of[tenant], t)
			}
		}
	}
	for _, after := range []tenancy.TenantID{"", own, "zeta", "Zeta", "a-b", "a_b", "b", "zz"} {
		order := slices.Sorted(maps.Keys(of))
		begin := slices.IndexFunc(order, func(id tenancy.TenantID) bool { return id > after })
		order = append(order[max(begin, 0):], order[:max(begin, 0)]...)
		var turns []operations.Ticket
		for i := range 9 {
			for _, tenant := range order {
				if i < len(of[tenant]) {
					turns = append(turns, of[tenant][i])
				}
			}
		}
		for limit := -1; limit <= len(turns)+1; limit++ {
			got := b.claim(operations.TopicWork, at(-50), at(-49), limit, after)
			for i := range got {
				b.settle(got[i], operations.Settlement{Ready: got[i].Due})
				got[i].Ready, got[i].Tries = got[i].Due, got[i].Tries-1
			}
			want := turns[:min(max(limit, 0), len(turns))]
			b.same(lines(got, ticketLine), lines(want, ticketLine), fmt.Sprintf("%d tickets after %q", limit, after))
		}
	}
}
