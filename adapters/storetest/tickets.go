package storetest

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/onbehalf/onbehalf/operations"
	"github.com/onbehalf/onbehalf/tenancy"
)

// Nothing of the neighbours is ready at these times.
func early(n int64) time.Time { return at(n - 10_000) }

// holds makes a claim and checks what it gets.
func (b *bundle) claims(now, until time.Time, want ...operations.Ticket) []operations.Ticket {
	b.Helper()
	got := b.claim(operations.TopicWork, now, until, 200, "")
	for i := range want {
		want[i].Ready = until
		want[i].Tries++
	}
	b.same(lines(got, ticketLine), lines(want, ticketLine), "what was claimed at "+when(now))
	return got
}

// parks checks what is parked in the own tenant, in pages of several sizes.
func (b *bundle) parks(want ...operations.Ticket) {
	b.Helper()
	for _, limit := range []int{1, 3, 200} {
		var all []operations.Ticket
		after := operations.TicketPlace{}
		for range maxPages {
			page, err := b.store.Parked(b.ctx, own, after, limit)
			b.ok(err, "parked")
			if len(page) > limit {
				b.Fatalf("a page of %d parked tickets has %d", limit, len(page))
			}
			if all = append(all, page...); len(page) < limit {
				break
			}
			after = page[limit-1].TicketPlace
		}
		b.same(lines(all, ticketLine), lines(want, ticketLine), fmt.Sprintf("what is parked, in pages of %d", limit))
	}
}

func parked(t operations.Ticket, tries int) operations.Ticket {
	t.Ready, t.Tries, t.Holder = time.Time{}, tries, ""
	return t
}

func (b *bundle) requeues(tenant tenancy.TenantID, place operations.TicketPlace, ready time.Time, want bool) {
	b.Helper()
	found, err := b.store.Requeue(b.ctx, tenant, place, ready)
	b.ok(err, "requeue")
	if found != want {
		b.Fatalf("requeue of %+v found %t, want %t", place, found, want)
	}
}

func ticketCases() []testCase {
	return []testCase{
		{"a claimed ticket is handed out again when its lease has run out, with a try more, and not before", func(b *bundle) {
			p := b.book(maria)
			t := p.waits(op(1), operations.Unresolved, early(0))
			b.claims(early(0), early(60), t)
			b.claims(early(60).Add(-time.Microsecond), early(90))
			t.Tries = 1
			b.claims(early(60), early(90), t)
		}},
		{"a claim that does not end after it begins is refused", func(b *bundle) {
			b.book(maria).waits(op(1), operations.Unresolved, early(0))
			_, err := b.store.Claim(b.ctx, operations.ClaimQuery{Topic: operations.TopicWork, Holder: "h", Now: early(1), Until: early(1), Limit: 1})
			if err == nil {
				b.Fatalf("a claim for no time has no error")
			}
		}},
		{"of many claims at once no two get the same ticket, and together they get all", oneHolderEach},
		{"a settled ticket is ready when it was told to be, with the tries it was told", func(b *bundle) {
			p := b.book(maria)
			t := p.waits(op(1), operations.Unresolved, early(0))
			got := b.claims(early(0), early(60), t)
			b.settle(got[0], operations.Settlement{Ready: early(10), Tries: 5})
			b.claims(early(10).Add(-time.Microsecond), early(90))
			t.Tries = 5
			got = b.claims(early(10), early(90), t)
			b.settle(got[0], operations.Settlement{Ready: early(200)})
			t.Tries = 0
			b.claims(early(100), early(190))
			b.claims(early(200), early(290), t)
		}},
		{"a settlement of a ticket that its claimant does not hold any more changes nothing", fenced},
		{"what is parked is not handed out, until it is requeued", func(b *bundle) {
			p := b.book(maria)
			t, other := p.waits(op(1), operations.Unresolved, early(0)), p.waits(op(2), operations.Unresolved, early(1))
			got := b.claims(early(5), early(60), t, other)
			b.settle(got[0], operations.Settlement{Tries: 8})
			b.settle(got[1], operations.Settlement{Ready: early(70), Tries: 1})
			b.parks(parked(t, 8))
			other.Tries = 1
			b.claims(early(5000), early(5001), other)
			for _, place := range []operations.TicketPlace{
				{},
				{Customer: maria, Topic: operations.TopicWork, Operation: op(2)},
				{Customer: maria, Topic: operations.TopicOutbox, Operation: op(1)},
				{Customer: maria, Topic: operations.TopicOutbox},
				{Customer: joao, Topic: operations.TopicWork, Operation: op(1)},
				{Customer: maria, Topic: operations.TopicWork, Operation: "OP-1"},
			} {
				b.requeues(own, place, early(1), false)
			}
			b.requeues(lookalike, t.TicketPlace, early(1), false)
			b.requeues(own, t.TicketPlace, early(6000), true)
			b.parks()
			b.requeues(own, t.TicketPlace, early(1), false)
			other.Tries = 2
			b.claims(early(5999), early(6500), other)
			t.Tries = 0
			b.claims(early(6000), early(6500), t)
		}},
		{"a change of the operation makes its ticket anew, parked or held, and its end removes it", func(b *bundle) {
			p := b.book(maria)
			for i, end := range []time.Time{early(300), {}} {
				for _, park := range []bool{true, false} {
					id := operations.OperationID(fmt.Sprint("op-", i, park))
					t := p.waits(id, operations.Unresolved, early(0))
					got := b.claims(early(0), early(60), t)
					if park {
						b.settle(got[0], operations.Settlement{Tries: 3})
					}
					next := p.waits(id, operations.Unresolved, end)
					b.parks()
					b.settle(got[0], operations.Settlement{Ready: early(0), Tries: 7})
					if end.IsZero() {
						b.claims(early(400), early(401))
						continue
					}
					b.claims(early(299), early(400))
					b.claims(early(300), early(5000), next)
					p.waits(id, operations.Completed, time.Time{})
				}
			}
		}},
		{"parked tickets are listed by place, those of one tenant", func(b *bundle) {
			var want []operations.Ticket
			for _, tenant := range []tenancy.TenantID{own, "FIRM"} {
				for _, c := range []tenancy.CustomerID{maria, "Maria", "a_b", "a-b"} {
					p := b.bookOf(tenant, c)
					for _, id := range []operations.OperationID{"b", "B", "a.a", "a"} {
						p.waits(id, operations.Unresolved, early(0))
					}
					p.commit(p.announced(early(0)))
				}
			}
			for _, topic := range operations.Topics() {
				for _, t := range b.claim(topic, early(100), early(200), 200, "") {
					b.settle(t, operations.Settlement{Tries: 2})
					if t.Tenant == own {
						want = append(want, parked(t, 2))
					}
				}
			}
			slices.SortFunc(want, func(x, y operations.Ticket) int { return x.Compare(y.TicketPlace) })
			if len(want) != 4*5 {
				b.Fatalf("%d tickets were claimed", len(want))
			}
			b.parks(want...)
		}},
		{"a rebuild makes the tickets of operations anew and leaves that of the outbox", func(b *bundle) {
			p := b.book(maria)
			stays := p.waits(op(1), operations.Unresolved, early(0))
			gone := p.waits(op(2), operations.Unresolved, early(1))
			p.commit(p.announced(early(2)))
			b.settle(b.claims(early(50), early(60), stays, gone)[0], operations.Settlement{Tries: 4})
			box := b.claim(operations.TopicOutbox, early(50), early(60), 9, "")
			b.settle(box[0], operations.Settlement{Tries: 5})
			given := p.projection()
			given.Operations[1].Due = time.Time{}
			given.Waiting = []operations.WaitingRow{{Operation: "nonsense", Due: early(0)}}
			b.ok(b.store.Rebuild(b.ctx, p.id, p.head, given), "rebuild")
			b.parks(parked(box[0], 5))
			b.claims(early(50), early(60), p.ticket(given.Operations[0]))
			if w := p.projection().Waiting; len(w) != 1 || w[0].Operation != op(1) {
				b.Fatalf("after the rebuild there waits %s", lines(w, waitingLine))
			}
		}},
	}
}

func oneHolderEach(b *bundle) {
	const books, each = 5, 20
	for i := range books {
		p := b.bookOf(tenancy.TenantID(fmt.Sprint("t-", i%2)), tenancy.CustomerID(fmt.Sprint("c-", i)))
		changes := make([]operations.Change, each)
		for j := range changes {
			changes[j] = p.waiting(op(j), operations.Unresolved, early(int64(j)))
		}
		p.commit(changes...)
	}
	var mu sync.Mutex
	held := make(map[string]bool)
	claim := func() (n int, err error) {
		got, err := b.tryClaim(operations.TopicWork, early(1000), early(2000), 3, "")
		if err != nil {
			return 0, err
		}
		mu.Lock()
		defer mu.Unlock()
		for _, t := range got {
			name := strings.Join([]string{string(t.Tenant), string(t.Customer), string(t.Operation)}, "/")
			if held[name] || t.Tries != 1 {
				return 0, fmt.Errorf("handed out twice: %s", ticketLine(t))
			}
			held[name] = true
		}
		return len(got), nil
	}
	b.race(rivals, func(int) error {
		for {
			if n, err := claim(); n == 0 || err != nil {
				return err // others may hold the rest
			}
		}
	})
	for n := 1; n > 0; { // what nobody got while all were at it is there when it is asked for again
		var err error
		n, err = claim()
		b.ok(err, "claim")
	}
	if len(held) != books*each {
		b.Fatalf("%d of %d tickets were claimed", len(held), books*each)
	}
}

func fenced(b *bundle) {
	p := b.book(maria)
	t := p.waits(op(1), operations.Unresolved, early(0))
	first := b.claims(early(0), early(60), t)[0]
	stranger := first
	stranger.Holder = "nobody"
	nobody := first
	nobody.Holder = ""
	elsewhere := first
	elsewhere.Customer = joao
	abroad := first
	abroad.Tenant = lookalike
	other := first
	other.Topic = operations.TopicOutbox
	wrong := []operations.Ticket{stranger, nobody, elsewhere, abroad, other}
	for _, s := range []operations.Settlement{{Ready: early(1)}, {}, {Delivered: 1, Ready: early(1)}} {
		for _, w := range wrong {
			b.settle(w, s)
		}
	}
	b.claims(early(59), early(100))
	t.Tries = 1
	second := b.claims(early(60), early(120), t)[0] // the lease of the first has run out
	b.settle(first, operations.Settlement{Ready: early(61)})
	b.settle(first, operations.Settlement{})
	b.parks()
	b.claims(early(119), early(200))
	b.settle(second, operations.Settlement{Ready: early(130), Tries: 1})
	b.settle(second, operations.Settlement{Ready: early(100), Tries: 9}) // once is enough
	b.claims(early(129), early(200))
	third := b.claims(early(130), early(200), t)[0]
	moved := p.waits(op(1), operations.Unresolved, early(150))
	b.settle(third, operations.Settlement{})
	b.parks()
	b.claims(early(149), early(300))
	b.claims(early(150), early(300), moved)
}
