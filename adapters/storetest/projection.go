package storetest

import (
	"errors"

	"github.com/onbehalf/onbehalf/customer"
	"github.com/onbehalf/onbehalf/operations"
	"github.com/onbehalf/onbehalf/tenancy"
)

func journalCases() []testCase {
	return []testCase{
		{"a journal lists at most limit entries after a seq, oldest first", func(b *bundle) {
			p := b.book(maria)
			all := p.fill(150)
			for _, after := range []int64{0, 1, 64, 149, 150, 151, 1 << 40} {
				for _, limit := range []int{1, 10, 149, 200} {
					got, err := b.store.Journal(b.ctx, p.id, after, limit)
					b.ok(err, "journal")
					from := min(int(min(after, 1000)), len(all))
					b.same(sealedText(got), sealedText(all[from:min(from+limit, len(all))]), "journal")
				}
			}
		}},
	}
}

func projectionCases() []testCase {
	return []testCase{
		{"a projection brings every derived row, sorted", func(b *bundle) {
			for _, id := range []tenancy.CustomerID{tenancy.House, maria} {
				p := b.book(id)
				changes := make([]operations.Change, 0, 24)
				for i := range 24 {
					changes = append(changes, p.noise(i, "2"))
				}
				p.commit(changes...)
				b.same(p.state(), p.model(changes), "the book")
			}
		}},
		{"only the house's projection has the operators of the tenant", func(b *bundle) {
			house, p := b.book(tenancy.House), b.book(maria)
			house.register(ana, tenancy.OperatorActive)
			p.fill(1)
			if n := len(house.projection().Operators); n != 1 {
				b.Fatalf("the house has %d operators, want 1", n)
			}
			if n := len(p.projection().Operators); n != 0 {
				b.Fatalf("a customer's book has %d operators", n)
			}
		}},
		{"a rebuild replaces every derived row and leaves journal and personal rows", func(b *bundle) {
			p := b.book(tenancy.House)
			changes := make([]operations.Change, 0, 12)
			for i := range 12 {
				changes = append(changes, p.noise(i, "2"))
			}
			p.commit(changes...)
			m := newModel(p.id)
			m.entries = sealedOf(changes)
			for i := range changes[:7] {
				c := changes[i]
				c.Operations[0].State, c.Operations[0].Due = operations.Completed, at(400)
				c.Postings[1].Ref = "acc-7"
				c.Grants[0].Revoked = true
				c.Snapshot = nil
				m.apply(&c)
			}
			m.entries = sealedOf(changes)
			name := "Rebuilt"
			m.customer.Name, m.customer.TaxID = &name, nil
			want := m.projection()
			// What is personal is not derived: neither those rows given nor their absence count.
			want.Personal = p.projection().Personal
			given := want
			given.Personal = []operations.PersonalRow{{Subject: "nonsense", Value: []byte("x")}}
			b.ok(b.store.Rebuild(b.ctx, p.id, p.head, given), "rebuild")
			want.Customer.TaxID = changes[0].Customer.TaxID // none given: the stored one stays
			b.same(projectionText(p.projection()), projectionText(want), "the book after a rebuild")
			b.same(sealedText(p.journal()), sealedText(m.entries), "the journal after a rebuild")
		}},
		{"lists, finds and the queue show what a rebuild has put", func(b *bundle) {
			p := b.book(maria)
			p.commit(p.noise(1, "2"), p.noise(2, "2"), p.noise(3, "2"))
			given := p.projection()
			given.Operations = given.Operations[:2]
			given.Operations[0].Due, given.Operations[0].Kind = at(7), "rebuilt"
			given.Operations[1].Due = at(0).AddDate(900, 0, 0)
			given.Postings = given.Postings[:4]
			given.Keys = given.Keys[1:]
			given.Grants = given.Grants[:0]
			b.ok(b.store.Rebuild(b.ctx, p.id, p.head, given), "rebuild")
			history, err := b.store.History(b.ctx, p.id, operations.HistoryQuery{Limit: 9, Kinds: []string{"rebuilt"}})
			b.ok(err, "history")
			b.same(lines(history.Items, func(s operations.StoredOperation) string { return operationLine(s.Row) }), operationLine(given.Operations[0]), "history")
			b.ready(at(1000), p.ticket(given.Operations[0]))
			found, err := b.store.Find(b.ctx, p.id, operations.Want{Key: key(1), Operation: op(3)})
			b.ok(err, "find")
			if found.Key != nil || found.Operation != nil {
				b.Fatalf("a find brings what the rebuild has removed:\n%s", foundText(found))
			}
			page, err := b.store.Customers(b.ctx, own, operations.CustomerQuery{Limit: 9, Operator: ana, Now: at(1)})
			b.ok(err, "customers")
			if len(page.Items) != 0 {
				b.Fatalf("a grant that the rebuild has removed still lists %s", lines(page.Items, itemLine))
			}
			p.commit(p.plain(key(1)), p.noise(5, "2"))
		}},
		{"a rebuild without customer and snapshot removes those rows", func(b *bundle) {
			p := b.book(maria)
			p.commit(p.noise(10, "2"))
			b.ok(b.store.Rebuild(b.ctx, p.id, p.head, operations.Projection{Head: p.head}), "rebuild")
			got := p.projection()
			if got.Customer != nil || got.Snapshot != nil || len(got.Operations)+len(got.Postings)+len(got.Balances)+len(got.Keys)+len(got.Grants) > 0 {
				b.Fatalf("rows are left after a rebuild from nothing:\n%s", projectionText(got))
			}
			if len(got.Personal) != 2 || got.Head != p.head {
				b.Fatalf("a rebuild has touched personal rows or the head:\n%s", projectionText(got))
			}
		}},
		{"a rebuild of the house replaces the operators, that of a customer does not touch them", func(b *bundle) {
			house, p := b.book(tenancy.House), b.book(maria)
			a := house.register(ana, tenancy.OperatorActive)
			house.register(bruno, tenancy.OperatorActive)
			p.fill(1)
			b.ok(b.store.Rebuild(b.ctx, p.id, p.head, operations.Projection{Head: p.head}), "rebuild a customer's book")
			house.finds(operations.Want{Operator: ana}, operations.Found{Head: house.head, Operator: &a})
			given := house.projection()
			given.Operators = []tenancy.Operator{operator(ana, 2, tenancy.OperatorSuspended)}
			b.ok(b.store.Rebuild(b.ctx, house.id, house.head, given), "rebuild the house")
			b.same(lines(house.projection().Operators, operatorLine), lines(given.Operators, operatorLine), "the operators")
			p.finds(operations.Want{Operator: bruno}, operations.Found{Head: p.head})
			run := p.run(p.fork().plain(""))
			run.Relies = []operations.Reliance{{Operator: ana, Version: a.Version}}
			b.lost(b.send(run)[0], 0, operations.Outdated)
		}},
		{"a rebuild on a head that has moved, or never was, is a conflict and changes nothing", func(b *bundle) {
			p := b.book(maria)
			p.commit(p.noise(1, "2"), p.noise(10, "2"))
			before, given := p.state(), operations.Projection{Customer: &operations.CustomerRow{Type: customer.Company, Status: customer.Closed, OpenedAt: at(1), UpdatedAt: at(1)}}
			first := p.journal()[0]
			for _, head := range []operations.Head{
				{}, {Seq: first.Seq, Hash: first.Hash}, {Seq: p.head.Seq, Hash: first.Hash}, {Seq: p.head.Seq + 1, Hash: p.head.Hash}, {Seq: p.head.Seq},
			} {
				if err := b.store.Rebuild(b.ctx, p.id, head, given); !errors.Is(err, tenancy.ErrConflict) {
					b.Fatalf("rebuild at %s: error is %v, want a conflict", headText(head), err)
				}
			}
			b.same(p.state(), before, "a refused rebuild has changed the book")
			q := b.book(joao)
			if err := b.store.Rebuild(b.ctx, q.id, p.head, given); !errors.Is(err, tenancy.ErrConflict) {
				b.Fatalf("rebuild of a book that is not there: error is %v, want a conflict", err)
			}
			q.stands(operations.Head{})
		}},
	}
}
