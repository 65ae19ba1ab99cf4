package storetest

import (
	"github.com/onbehalf/onbehalf/operations"
	"github.com/onbehalf/onbehalf/tenancy"
)

func findCases() []testCase {
	return []testCase{
		{"a find brings the head and exactly what was wanted", func(b *bundle) {
			p, o := b.withOneOfEach()
			entry := p.journal()[1]
			row := p.projection().Operations[0]
			stored := &operations.StoredOperation{Row: row, Entry: entry}
			for _, c := range []struct {
				want  operations.Want
				found operations.Found
			}{
				{operations.Want{}, operations.Found{}},
				{operations.Want{Key: key(1)}, operations.Found{Key: &entry}},
				{operations.Want{Operation: op(1)}, operations.Found{Operation: stored}},
				{operations.Want{Operator: ana}, operations.Found{Operator: &o}},
				{operations.Want{Key: key(1), Operation: op(1), Operator: ana}, operations.Found{Key: &entry, Operation: stored, Operator: &o}},
			} {
				c.found.Head = p.head
				p.finds(c.want, c.found)
			}
		}},
		{"what does not exist is nil", func(b *bundle) {
			p, _ := b.withOneOfEach()
			for _, want := range []operations.Want{
				{Key: "key-2"},
				{Key: "KEY-1"},
				{Key: "key-"},
				{Operation: "op-2"},
				{Operation: "OP-1"},
				{Operation: "op-%"},
				{Operator: bruno},
				{Operator: "Ana"},
				{Key: "op-1", Operation: "key-1", Operator: "key-1"},
			} {
				p.finds(want, operations.Found{Head: p.head})
			}
		}},
		{"a find sees its own book only, but the operators of the whole tenant", func(b *bundle) {
			p, o := b.withOneOfEach()
			everything := operations.Want{Key: key(1), Operation: op(1), Operator: ana}
			b.book(joao).finds(everything, operations.Found{Operator: &o})
			b.bookOf("nobody", p.id.Customer).finds(everything, operations.Found{})
			b.bookOf(own+"x", p.id.Customer).finds(everything, operations.Found{})
		}},
		{"an operation comes with the entry of its newest version, in every state", func(b *bundle) {
			p := b.book(maria)
			p.fill(1)
			for i, state := range operations.States() {
				c := p.write(operations.Entry{Operation: op(1)})
				row := operations.OperationRow{
					ID: op(1), Created: 2, Updated: c.Entry.Seq, Version: int64(i) + 1, State: state, Kind: "trade", Asset: "BTC",
					From: "acc-1", To: "acc-2", Amount: dec("0.5"), Maker: ana, CreatedAt: at(2),
				}
				c.Operations = []operations.OperationRow{row}
				p.commit(c, p.plain(""))
				p.finds(operations.Want{Operation: op(1)}, operations.Found{
					Head: p.head, Operation: &operations.StoredOperation{Row: row, Entry: c.Entry},
				})
			}
		}},
		{"an operator without grants is found", func(b *bundle) {
			house := b.book(tenancy.House)
			c := house.plain("")
			o := tenancy.Operator{ID: ana, Person: "p1", Status: tenancy.OperatorActive, Version: 1}
			c.Operators = []tenancy.Operator{o}
			house.commit(c)
			house.finds(operations.Want{Operator: ana}, operations.Found{Head: house.head, Operator: &o})
		}},
	}
}

// withOneOfEach opens a book whose second entry has a key and an operation, in
// a tenant with an operator.
func (b *bundle) withOneOfEach() (*pen, tenancy.Operator) {
	b.Helper()
	o := b.book(tenancy.House).register(ana, tenancy.OperatorActive)
	p := b.book(maria)
	p.fill(1)
	p.commit(p.noise(1, "17.5"))
	p.fill(2)
	return p, o
}

func (p *pen) finds(want operations.Want, found operations.Found) {
	p.Helper()
	got, err := p.store.Find(p.ctx, p.id, want)
	p.ok(err, "find")
	p.same(foundText(got), foundText(found), "find")
}
