package storetest

import (
	"slices"

	"github.com/onbehalf/onbehalf/operations"
	"github.com/onbehalf/onbehalf/tenancy"
)

func aliasCases() []testCase {
	return []testCase{
		{"a store does not keep what it was given", func(b *bundle) {
			p := b.book(tenancy.House)
			changes := []operations.Change{p.noise(1, "2"), p.noise(10, "2")}
			want := p.model(changes)
			run := p.run(changes...)
			run.Relies = []operations.Reliance{{Operator: ana}}
			b.won(b.send(run)[0], 2)
			for i := range changes {
				scribble(&changes[i])
			}
			clear(changes)
			b.same(p.state(), want, "the book after the caller wrote over what he had given")
		}},
		{"a store does not change what it was given", func(b *bundle) {
			p := b.book(tenancy.House)
			changes := []operations.Change{p.noise(5, "2"), p.noise(1, "2"), p.noise(10, "2")}
			want, digest := p.model(changes), sealedText(sealedOf(changes))
			relies := []operations.Reliance{{Operator: "zoe"}, {Operator: ana}}
			runs := []operations.Run{{Book: operations.BookID{Tenant: own, Customer: "z"}, Changes: []operations.Change{b.book("z").plain("")}}, p.run(changes...)}
			runs[1].Relies = relies
			b.send(runs...)
			b.same(p.model(changes), want, "the changes after they were stored")
			b.same(sealedText(sealedOf(changes)), digest, "the entries after they were stored")
			if runs[0].Book.Customer != "z" || !slices.Equal(relies, []operations.Reliance{{Operator: "zoe"}, {Operator: ana}}) {
				b.Fatalf("the store has put the caller's runs in another order")
			}
		}},
		{"a store does not keep what it returned", func(b *bundle) {
			house := b.book(tenancy.House)
			house.register(bruno, tenancy.OperatorActive)
			changes := []operations.Change{house.noise(1, "2"), house.noise(10, "2")}
			house.commit(changes...)
			want := house.state()
			for range 2 { // the second round reads what a kept slice would have spoiled
				scribbleProjection(house.projection())
				clear(house.journal())
				house.scribbleLists()
				b.same(house.state(), want, "the book after the caller wrote over what he had got")
			}
		}},
		{"a verdict is the caller's own", func(b *bundle) {
			house, p := b.book(tenancy.House), b.book(maria)
			house.register(ana, tenancy.OperatorActive)
			p.commit(p.plain(key(1)))
			want := p.state() + house.state()
			outdated := p.run(p.fork().plain(""))
			outdated.Relies = []operations.Reliance{{Operator: ana, Version: 9}}
			v := b.send(outdated)[0]
			clear(v.Operators[0].Grants)
			stale := b.book(maria)
			v = b.send(stale.run(stale.plain("")))[0]
			clear(v.Tail)
			v = b.send(p.run(p.fork().plain(key(1))))[0]
			*v.Taken = operations.Sealed{}
			b.same(p.state()+house.state(), want, "the books after the caller wrote over the verdicts")
		}},
	}
}

// scribble writes over everything a caller may write over.
func scribble(c *operations.Change) {
	clear(c.Operations)
	clear(c.Postings)
	clear(c.Balances)
	clear(c.Grants)
	for _, o := range c.Operators {
		clear(o.Grants)
		clear(o.Stops)
	}
	clear(c.Operators)
	for _, r := range c.Personal {
		clear(r.Salt)
		clear(r.Value)
	}
	clear(c.Personal)
	clear(c.Erase)
	if c.Customer != nil {
		*c.Customer.Name, *c.Customer.TaxID = "spoiled", "spoiled"
		*c.Customer = operations.CustomerRow{}
	}
	if c.Snapshot != nil {
		clear(c.Snapshot.Bytes)
		*c.Snapshot = operations.Snapshot{}
	}
}

func scribbleProjection(p operations.Projection) {
	scribble(&operations.Change{
		Operations: p.Operations, Postings: p.Postings, Balances: p.Balances, Customer: p.Customer,
		Grants: p.Grants, Operators: p.Operators, Personal: p.Personal, Snapshot: p.Snapshot,
	})
	clear(p.Keys)
}

// scribbleLists writes over what every other read returns.
func (p *pen) scribbleLists() {
	p.Helper()
	loaded, err := p.store.Load(p.ctx, p.id, 0)
	p.ok(err, "load")
	clear(loaded.Tail)
	found, err := p.store.Find(p.ctx, p.id, operations.Want{Key: key(1), Operation: op(1), Operator: bruno})
	p.ok(err, "find")
	*found.Key, *found.Operation = operations.Sealed{}, operations.StoredOperation{}
	clear(found.Operator.Grants)
	history, err := p.store.History(p.ctx, p.id, operations.HistoryQuery{Limit: 9})
	p.ok(err, "history")
	clear(history.Items)
	statement, err := p.store.Statement(p.ctx, p.id, operations.StatementQuery{Ref: "acc-1", Limit: 9})
	p.ok(err, "statement")
	clear(statement.Items)
	personal, err := p.store.Personal(p.ctx, p.id)
	p.ok(err, "personal")
	for _, r := range personal {
		clear(r.Salt)
		clear(r.Value)
	}
	customers, err := p.store.Customers(p.ctx, p.id.Tenant, operations.CustomerQuery{Limit: 9})
	p.ok(err, "customers")
	for _, c := range customers.Items {
		*c.Row.Name, *c.Row.TaxID = "spoiled", "spoiled"
	}
}
