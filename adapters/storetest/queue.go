package storetest

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/onbehalf/onbehalf/operations"
	"github.com/onbehalf/onbehalf/tenancy"
)

// due walks what is due to its end, in pages, and checks the order of all.
func (b *bundle) due(now time.Time, limit int) []operations.DueItem {
	b.Helper()
	var all []operations.DueItem
	var place operations.DuePlace
	for range maxPages {
		page, err := b.store.Due(b.ctx, now, place, limit)
		b.ok(err, "due")
		if len(page) > limit {
			b.Fatalf("a page of %d due operations has %d", limit, len(page))
		}
		for _, item := range page {
			if place != (operations.DuePlace{}) && comparePlaces(place, item.DuePlace) >= 0 {
				b.Fatalf("%s comes after %v", dueLine(item), place)
			}
			place = item.DuePlace
		}
		all = append(all, page...)
		if len(page) == 0 {
			return all
		}
	}
	b.Fatalf("the queue does not end within %d pages", maxPages)
	return nil
}

// dueOf gives what is due in the own tenant.
func (b *bundle) dueOf(now time.Time) []operations.DueItem {
	b.Helper()
	return slices.DeleteFunc(b.due(now, 50), func(d operations.DueItem) bool { return d.Book.Tenant != own })
}

func comparePlaces(a, b operations.DuePlace) int {
	return cmp.Or(a.Due.Compare(b.Due), a.Book.Compare(b.Book), strings.Compare(string(a.Operation), string(b.Operation)))
}

// waits stores an operation that is due at the time; zero for never.
func (p *pen) waits(id operations.OperationID, state operations.State, due time.Time) operations.DueItem {
	p.Helper()
	c := p.write(operations.Entry{Operation: id})
	c.Operations = []operations.OperationRow{{
		ID: id, Created: c.Entry.Seq, Updated: c.Entry.Seq, Version: 1, State: state, Kind: "k", Asset: "BRL",
		Amount: dec("1"), Maker: ana, CreatedAt: at(c.Entry.Seq), Due: due,
	}}
	p.commit(c)
	return operations.DueItem{DuePlace: operations.DuePlace{Due: due, Book: p.id, Operation: id}, State: state}
}

func queueCases() []testCase {
	return []testCase{
		{"what is due comes by time, tenant, customer and operation in the order of bytes, whatever the page", func(b *bundle) {
			var want []operations.DueItem
			for _, tenant := range []tenancy.TenantID{own, "zeta", "Zeta", "a-b", "a_b"} {
				for _, c := range []tenancy.CustomerID{maria, "Maria", tenancy.House} {
					p := b.bookOf(tenant, c)
					for i, id := range []operations.OperationID{"b", "B", "a", "a.a", "a1", "A"} {
						want = append(want, p.waits(id, operations.States()[i%5], at(int64(100+i%3))))
					}
				}
			}
			slices.SortFunc(want, func(x, y operations.DueItem) int { return comparePlaces(x.DuePlace, y.DuePlace) })
			for _, limit := range []int{1, 7, 200} {
				got := slices.DeleteFunc(b.due(at(1000), limit), func(d operations.DueItem) bool {
					return d.Book.Tenant == lookalike || d.Book.Tenant == longer
				})
				b.same(lines(got, dueLine), lines(want, dueLine), "what is due")
			}
		}},
		{"an operation is due at its very time and not before, and never when it has none", func(b *bundle) {
			p := b.book(maria)
			p.waits(op(1), operations.Prepared, time.Time{})
			p.waits(op(3), operations.Completed, time.Time{})
			want := p.waits(op(2), operations.Scheduled, at(500))
			for _, c := range []struct {
				now  time.Time
				want string
			}{{at(500).Add(-time.Microsecond), ""}, {at(500), dueLine(want)}, {at(500).AddDate(7000, 0, 0), dueLine(want)}} {
				b.same(lines(b.dueOf(c.now), dueLine), c.want, "what is due at "+when(c.now))
			}
		}},
		{"an operation moves in the queue as it changes, and leaves it", func(b *bundle) {
			p := b.book(maria)
			other := p.waits(op(2), operations.Unresolved, at(50))
			for i, due := range []time.Time{at(60), at(40), at(40), at(60), {}, at(10), {}, {}} {
				state := operations.States()[i%5]
				item := p.waits(op(1), state, due)
				want := []operations.DueItem{other}
				if !due.IsZero() {
					want = append(want, item)
				}
				slices.SortFunc(want, func(x, y operations.DueItem) int { return comparePlaces(x.DuePlace, y.DuePlace) })
				b.same(lines(b.dueOf(at(1000)), dueLine), lines(want, dueLine), fmt.Sprintf("what is due after change %d", i))
			}
		}},
		{"many operations that stop to wait leave the queue to those that do not", func(b *bundle) {
			p := b.book(maria)
			stays := p.waits("stays", operations.Scheduled, at(5000))
			for round := range 12 {
				changes := make([]operations.Change, 0, 200)
				for i := range 200 {
					c := p.plain("")
					row := operations.OperationRow{
						ID: op(i % 100), Created: int64(i%100) + 2, Updated: c.Entry.Seq, Version: int64(2*round+i/100) + 1, State: operations.Prepared,
						Kind: "k", Asset: "BRL", Amount: dec("1"), Maker: ana, CreatedAt: at(2),
					}
					if i < 100 {
						row.Due = at(int64(4000 + i + round))
					}
					c.Operations = []operations.OperationRow{row}
					changes = append(changes, c)
				}
				p.commit(changes...)
			}
			b.same(lines(b.dueOf(at(9000)), dueLine), dueLine(stays), "what is due")
		}},
	}
}
