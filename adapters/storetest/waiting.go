package storetest

import (
	"fmt"
	"slices"
	"time"

	"github.com/onbehalf/onbehalf/operations"
	"github.com/onbehalf/onbehalf/tenancy"
)

func awaitedLine(w operations.WaitingItem) string {
	return fmt.Sprintf("%s/%s until %s", w.Customer, w.Operation, when(w.Due))
}

// awaits stores an operation that waits for approval until the time, and gives
// the list's item.
func (p *pen) awaits(id operations.OperationID, due time.Time) operations.WaitingItem {
	p.Helper()
	p.waits(id, operations.AwaitingApproval, due)
	return operations.WaitingItem{WaitingPlace: operations.WaitingPlace{Customer: p.id.Customer, Operation: id}, Due: due}
}

// awaited checks that the query lists exactly these, whatever the page.
func (b *bundle) awaited(q operations.WaitingQuery, want ...operations.WaitingItem) {
	b.Helper()
	slices.SortFunc(want, func(x, y operations.WaitingItem) int { return x.Compare(y.WaitingPlace) })
	for _, limit := range []int{1, 3, 200} {
		q := q
		q.Limit = limit
		all := ascend(b, "what waits", limit, q.After, operations.WaitingPlace.Compare, func(after operations.WaitingPlace) ([]operations.WaitingItem, operations.WaitingPlace, bool, error) {
			q.After = after
			page, err := b.store.Waiting(b.ctx, own, q)
			return page.Items, page.Next, page.More, err
		})
		b.same(lines(all, awaitedLine), lines(want, awaitedLine), fmt.Sprintf("what waits, in pages of %d of %+v", limit, q))
	}
}

func waitingCases() []testCase {
	return []testCase{
		{"what waits for approval comes by customer and operation in the order of bytes, whatever the page", func(b *bundle) {
			var want []operations.WaitingItem
			for i, id := range append(nearIDs()[:6], string(tenancy.House)) {
				p := b.book(tenancy.CustomerID(id))
				for _, o := range nearIDs()[:1+i%3] {
					want = append(want, p.awaits(operations.OperationID(o), at(int64(1000-i))))
				}
			}
			b.awaited(operations.WaitingQuery{}, want...)
			slices.SortFunc(want, func(x, y operations.WaitingItem) int { return x.Compare(y.WaitingPlace) })
			for i := range want {
				b.awaited(operations.WaitingQuery{After: want[i].WaitingPlace}, slices.Clone(want[i+1:])...)
			}
			first := slices.IndexFunc(want, func(w operations.WaitingItem) bool { return w.Customer == want[3].Customer })
			b.awaited(operations.WaitingQuery{After: operations.WaitingPlace{Customer: want[3].Customer}}, slices.Clone(want[first:])...)
		}},
		{"only what waits for approval is listed, and not once it goes on", func(b *bundle) {
			p := b.book(maria)
			for i, s := range operations.States() {
				if s != operations.AwaitingApproval && !s.Final() {
					p.waits(operations.OperationID(fmt.Sprint("other-", i)), s, at(500))
				}
			}
			b.awaited(operations.WaitingQuery{})
			one, two := p.awaits(op(1), at(500)), p.awaits(op(2), at(400))
			b.awaited(operations.WaitingQuery{}, one, two)
			one = p.awaits(op(1), at(900))
			b.awaited(operations.WaitingQuery{}, one, two)
			p.waits(op(2), operations.Executing, at(900))
			b.awaited(operations.WaitingQuery{}, one)
			p.waits(op(1), operations.Rejected, time.Time{})
			b.awaited(operations.WaitingQuery{})
		}},
		{"what is held by a worker or parked waits as before", func(b *bundle) {
			p := b.book(maria)
			held, parked := p.awaits(op(1), early(0)), p.awaits(op(2), early(1))
			got := b.claim(operations.TopicWork, early(5), early(60), 200, "")
			b.settle(got[1], operations.Settlement{Tries: 8})
			b.awaited(operations.WaitingQuery{}, held, parked)
		}},
		{"with an operator, only what waits for customers he would be listed is", func(b *bundle) {
			view := tenancy.NewPermissions(tenancy.View)
			grant := func(id tenancy.GrantID, operator tenancy.OperatorID, until time.Time, revoked bool) operations.GrantRow {
				return operations.GrantRow{Revoked: revoked, Grant: tenancy.Grant{ID: id, Operator: operator, Permissions: view, Expires: until}}
			}
			now := at(100)
			want := map[string][]operations.WaitingItem{}
			for id, grants := range map[string][]operations.GrantRow{
				"a-live":    {grant("g", ana, time.Time{}, false)},
				"b-expired": {grant("g", ana, now, false)},
				"c-longer":  {grant("g", ana, now, false), grant("h", ana, at(101), false)},
				"d-revoked": {grant("g", ana, time.Time{}, true)},
				"e-bruno":   {grant("g", bruno, time.Time{}, false)},
				"f-execute": {{Grant: tenancy.Grant{ID: "g", Operator: ana, Permissions: tenancy.NewPermissions(tenancy.Execute)}}},
				"g-nothing": {grant("g", ana, time.Time{}, false)},
				"h-last":    {grant("g", ana, time.Time{}, false)},
			} {
				b.open(person{id: tenancy.CustomerID(id), name: id, grants: grants})
				if id == "g-nothing" {
					continue
				}
				p := b.book(tenancy.CustomerID(id))
				p.head = b.headOf(p.id)
				p.tip = p.head
				want[id] = []operations.WaitingItem{p.awaits(op(1), at(500)), p.awaits(op(2), at(600))}
			}
			b.awaited(operations.WaitingQuery{Operator: ana, Now: now}, slices.Concat(want["a-live"], want["c-longer"], want["h-last"])...)
			b.awaited(operations.WaitingQuery{Operator: bruno, Now: now}, want["e-bruno"]...)
			b.awaited(operations.WaitingQuery{Operator: "nobody", Now: now})
			b.awaited(operations.WaitingQuery{Operator: ana, Now: now, After: want["a-live"][0].WaitingPlace}, slices.Concat(want["a-live"][1:], want["c-longer"], want["h-last"])...)
			b.awaited(operations.WaitingQuery{Operator: ana, Now: now, After: want["c-longer"][1].WaitingPlace}, want["h-last"]...)
		}},
		{"a list in which nearly nobody has anything that waits comes to its end", func(b *bundle) {
			granted := []operations.GrantRow{{Grant: tenancy.Grant{ID: "g", Operator: ana, Permissions: tenancy.NewPermissions(tenancy.View)}}}
			for i := range 60 {
				b.open(person{id: tenancy.CustomerID(fmt.Sprintf("c-%02d", i)), grants: granted})
			}
			p := b.book("c-59")
			p.head = b.headOf(p.id)
			p.tip = p.head
			w := p.awaits(op(1), at(500))
			b.awaited(operations.WaitingQuery{}, w)
			b.awaited(operations.WaitingQuery{Operator: ana, Now: at(1)}, w)
		}},
	}
}
