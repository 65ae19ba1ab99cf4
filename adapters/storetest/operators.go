package storetest

import (
	"github.com/onbehalf/onbehalf/operations"
	"github.com/onbehalf/onbehalf/tenancy"
)

// operator is an operator's row as of an entry of the house's book.
func operator(id tenancy.OperatorID, version int64, status tenancy.OperatorStatus) tenancy.Operator {
	return tenancy.Operator{
		ID: id, Person: tenancy.PersonID("person-" + id), Status: status, Version: version,
		Grants: []tenancy.Grant{
			{ID: "g1", Operator: id, Everyone: true, Permissions: tenancy.NewPermissions(tenancy.View, tenancy.Execute), Expires: at(900)},
			{ID: "g2", Operator: id, Everyone: true, Permissions: tenancy.NewPermissions(tenancy.View)},
		},
	}
}

// register stores an entry of the house's book that writes the operator's row,
// and gives the row.
func (p *pen) register(id tenancy.OperatorID, status tenancy.OperatorStatus) tenancy.Operator {
	p.Helper()
	c := p.plain("")
	o := operator(id, c.Entry.Seq, status)
	c.Operators = []tenancy.Operator{o}
	p.commit(c)
	return o
}

func operatorCases() []testCase {
	return []testCase{
		{"a run that relies on the version that stands wins", func(b *bundle) {
			house, p := b.book(tenancy.House), b.book(maria)
			house.fill(2)
			a, c := house.register(ana, tenancy.OperatorActive), house.register(bruno, tenancy.OperatorActive)
			run := p.run(p.plain(""))
			run.Relies = []operations.Reliance{{Operator: a.ID, Version: a.Version}, {Operator: c.ID, Version: c.Version}}
			b.won(b.send(run)[0], 1)
		}},
		{"a run that relies on there being no row wins while there is none", func(b *bundle) {
			p := b.book(maria)
			run := p.run(p.plain(""))
			run.Relies = []operations.Reliance{{Operator: ana}}
			b.won(b.send(run)[0], 1)
			house := b.book(tenancy.House)
			house.register(ana, tenancy.OperatorActive)
			p.head = p.tip
			run = p.run(p.plain(""))
			run.Relies = []operations.Reliance{{Operator: ana}}
			b.lost(b.send(run)[0], 0, operations.Outdated)
		}},
		{"a run that relies on another version is outdated, stores nothing, and learns the rows as they are", func(b *bundle) {
			house, p := b.book(tenancy.House), b.book(maria)
			a := house.register(ana, tenancy.OperatorActive)
			old := house.register(bruno, tenancy.OperatorActive)
			now := house.register(bruno, tenancy.OperatorSuspended)
			p.fill(1)
			before := p.state()
			run := p.run(p.noise(1, "4"), p.noise(2, "4"))
			run.Relies = []operations.Reliance{
				{Operator: a.ID, Version: a.Version}, {Operator: bruno, Version: old.Version}, {Operator: "nobody", Version: 3},
			}
			v := b.send(run)[0]
			b.lost(v, 0, operations.Outdated)
			b.same(lines(v.Operators, operatorLine), lines([]tenancy.Operator{a, now, {ID: "nobody"}}, operatorLine), "the operators relied on")
			b.same(p.state(), before, "an outdated run has changed the book")
		}},
		{"a run that relies on a version not yet there, or on that of another operator, is outdated", func(b *bundle) {
			house, p := b.book(tenancy.House), b.book(maria)
			a := house.register(ana, tenancy.OperatorActive)
			for _, r := range []operations.Reliance{{Operator: ana, Version: a.Version + 1}, {Operator: "ANA", Version: a.Version}, {Operator: bruno, Version: a.Version}} {
				run := p.run(p.fork().plain(""))
				run.Relies = []operations.Reliance{r}
				b.lost(b.send(run)[0], 0, operations.Outdated)
			}
			p.stands(operations.Head{})
		}},
		{"the house itself relies on operators like any book", func(b *bundle) {
			house := b.book(tenancy.House)
			a := house.register(ana, tenancy.OperatorActive)
			c := house.plain("")
			next := operator(ana, c.Entry.Seq, tenancy.OperatorSuspended)
			c.Operators = []tenancy.Operator{next}
			run := house.run(c)
			run.Relies = []operations.Reliance{{Operator: ana, Version: a.Version}}
			b.won(b.send(run)[0], 1)
			house.head = house.tip
			run = house.run(house.plain(""))
			run.Relies = []operations.Reliance{{Operator: ana, Version: a.Version}}
			b.lost(b.send(run)[0], 0, operations.Outdated)
		}},
		{"a row written in one run of a call makes runs of later calls lose", func(b *bundle) {
			house, p := b.book(tenancy.House), b.book(maria)
			a := house.register(ana, tenancy.OperatorActive)
			first := house.plain("")
			first.Operators = []tenancy.Operator{operator(ana, first.Entry.Seq, tenancy.OperatorSuspended)}
			second := house.plain("")
			last := operator(ana, second.Entry.Seq, tenancy.OperatorActive)
			second.Operators = []tenancy.Operator{last}
			house.commit(first, second)
			for _, version := range []int64{a.Version, first.Entry.Seq} {
				run := p.run(p.fork().plain(""))
				run.Relies = []operations.Reliance{{Operator: ana, Version: version}}
				v := b.send(run)[0]
				b.lost(v, 0, operations.Outdated)
				b.same(lines(v.Operators, operatorLine), operatorLine(last), "the operator as he is now")
			}
		}},
		{"a row of a change that was not stored is not stored either", func(b *bundle) {
			house, p := b.book(tenancy.House), b.book(maria)
			house.commit(house.plain(key(1)))
			a := house.register(ana, tenancy.OperatorActive)
			c := house.plain(key(1))
			c.Operators = []tenancy.Operator{operator(ana, c.Entry.Seq, tenancy.OperatorSuspended)}
			b.lost(b.send(house.run(c))[0], 0, operations.KeyTaken)
			run := p.run(p.plain(""))
			run.Relies = []operations.Reliance{{Operator: ana, Version: a.Version}}
			b.won(b.send(run)[0], 1)
		}},
		{"a run that is outdated and stale stores nothing", func(b *bundle) {
			p := b.book(maria)
			late := p.fork()
			p.fill(1)
			run := late.run(late.plain(""))
			run.Relies = []operations.Reliance{{Operator: ana, Version: 7}}
			v := b.send(run)[0]
			if v.Won != 0 || v.Loss != operations.Outdated && v.Loss != operations.Stale {
				b.Fatalf("verdict is %d won, loss %q", v.Won, v.Loss)
			}
			p.stands(p.head)
		}},
	}
}
