package storetest

import (
	"fmt"

	"github.com/onbehalf/onbehalf/operations"
	"github.com/onbehalf/onbehalf/tenancy"
)

// throw stores an entry of the house's book that writes the row of the firm's
// switches, with these subjects stopped, and gives the row.
func (p *pen) throw(subjects ...string) tenancy.Operator {
	p.Helper()
	c := p.plain("")
	o := switches(c.Entry.Seq, subjects...)
	c.Operators = []tenancy.Operator{o}
	p.commit(c)
	return o
}

func switches(version int64, subjects ...string) tenancy.Operator {
	o := tenancy.Operator{ID: tenancy.Switches, Version: version}
	for _, s := range subjects {
		o.Stops = append(o.Stops, tenancy.Stopped{Subject: s, Reason: `"Störung" 停止 \ '); --`, Seq: version, At: at(version)})
	}
	return o
}

// lone is a change that makes one operation and nothing else.
func (p *pen) lone(n int) operations.Change {
	p.Helper()
	id := op(n)
	c := p.write(operations.Entry{Operation: id, Key: key(n)})
	c.Operations = []operations.OperationRow{{
		ID: id, Created: c.Entry.Seq, Updated: c.Entry.Seq, Version: 1, State: operations.Completed, Kind: "k", Asset: "BRL",
		Amount: dec("1"), Maker: ana, CreatedAt: at(c.Entry.Seq),
	}}
	return c
}

func switchCases() []testCase {
	return []testCase{
		{"the row of the switches is kept as an operator's, found, projected and rebuilt", func(b *bundle) {
			house, p := b.book(tenancy.House), b.book(maria)
			p.fill(1)
			a := house.register(ana, tenancy.OperatorActive)
			row := house.throw("firm", "kind:withdrawal", "provider:bank")
			p.finds(operations.Want{Operator: tenancy.Switches}, operations.Found{Head: p.head, Operator: &row})
			all := []tenancy.Operator{a, row}
			given := house.projection()
			b.same(lines(given.Operators, operatorLine), lines(all, operatorLine), "the rows of the firm")
			b.ok(b.store.Rebuild(b.ctx, house.id, house.head, given), "rebuild the house")
			b.same(lines(house.projection().Operators, operatorLine), lines(all, operatorLine), "the rows of the firm, rebuilt")
			none := house.throw()
			p.finds(operations.Want{Operator: tenancy.Switches}, operations.Found{Head: p.head, Operator: &none})
		}},
		{"a run relies on an operator and on the switches, in any order, and loses when either has changed", func(b *bundle) {
			house, p := b.book(tenancy.House), b.book(maria)
			p.fill(1)
			for n := range 4 {
				a, row := house.register(ana, tenancy.OperatorActive), house.throw("firm")
				both := []operations.Reliance{{Operator: ana, Version: a.Version}, {Operator: tenancy.Switches, Version: row.Version}}
				if n%2 == 1 {
					both[0], both[1] = both[1], both[0]
				}
				run := p.run(p.lone(2 * n))
				run.Relies = both
				b.won(b.send(run)[0], 1)
				p.head = p.tip
				if n < 2 {
					row = house.throw()
				} else {
					a = house.register(ana, tenancy.OperatorSuspended)
				}
				run = p.run(p.fork().lone(2*n + 1))
				run.Relies = both
				v := b.send(run)[0]
				b.lost(v, 0, operations.Outdated)
				now := []tenancy.Operator{a, row}
				if n%2 == 1 {
					now[0], now[1] = now[1], now[0]
				}
				b.same(lines(v.Operators, operatorLine), lines(now, operatorLine), fmt.Sprintf("the rows relied on, round %d", n))
				p.stands(p.head)
			}
		}},
		{"a run relies on the switches alone", func(b *bundle) {
			house, p := b.book(tenancy.House), b.book(maria)
			p.fill(1)
			row := house.throw("firm")
			run := p.run(p.lone(1))
			run.Relies = []operations.Reliance{{Operator: tenancy.Switches, Version: row.Version}}
			b.won(b.send(run)[0], 1)
			p.head = p.tip
			house.throw()
			run = p.run(p.fork().lone(2))
			run.Relies = []operations.Reliance{{Operator: tenancy.Switches, Version: row.Version}}
			b.lost(b.send(run)[0], 0, operations.Outdated)
			p.stands(p.head)
		}},
	}
}
