package storetest

import (
	"github.com/onbehalf/onbehalf/operations"
	"github.com/onbehalf/onbehalf/tenancy"
)

func againCases() []testCase {
	return []testCase{
		{"a batch that was stored is won again, and stored once", func(b *bundle) {
			p, q := b.book(maria), b.book(joao)
			runs := []operations.Run{p.run(p.noise(1, "2"), p.noise(2, "2")), q.run(q.noise(1, "2"))}
			b.send(runs...)
			before := p.state() + q.state()
			for range 3 {
				verdicts := b.send(runs...)
				b.won(verdicts[0], 2)
				b.won(verdicts[1], 1)
			}
			b.same(p.state()+q.state(), before, "the books after the batch came again")
		}},
		{"a batch that was stored is won again after the book went on", func(b *bundle) {
			p := b.book(maria)
			run := p.run(p.noise(1, "2"), p.noise(2, "2"))
			b.send(run)
			p.head = p.tip
			p.fill(operations.MaxTail + 6)
			before := p.state()
			b.won(b.send(run)[0], 2)
			b.same(p.state(), before, "the book after the batch came again")
		}},
		{"a batch that was stored is won again although an operator it relied on has changed since", func(b *bundle) {
			house, p := b.book(tenancy.House), b.book(maria)
			a := house.register(ana, tenancy.OperatorActive)
			run := p.run(p.plain(key(1)))
			run.Relies = []operations.Reliance{{Operator: ana, Version: a.Version}}
			b.won(b.send(run)[0], 1)
			house.register(ana, tenancy.OperatorSuspended)
			b.won(b.send(run)[0], 1)
		}},
		{"an operator's own change that was stored is won again", func(b *bundle) {
			house := b.book(tenancy.House)
			a := house.register(ana, tenancy.OperatorActive)
			c := house.plain(key(1))
			c.Operators = []tenancy.Operator{operator(ana, c.Entry.Seq, tenancy.OperatorSuspended)}
			run := house.run(c)
			run.Relies = []operations.Reliance{{Operator: ana, Version: a.Version}}
			b.won(b.send(run)[0], 1)
			b.won(b.send(run)[0], 1)
		}},
		{"a run of which a prefix was stored is answered the same again", func(b *bundle) {
			p := b.book(maria)
			holder := p.plain(key(3))
			p.commit(holder)
			run := p.run(p.noise(1, "2"), p.noise(2, "2"), p.noise(3, "2"), p.noise(4, "2"))
			first := b.send(run)[0]
			b.lost(first, 2, operations.KeyTaken)
			before := p.state()
			second := b.send(run)[0]
			b.same(verdictText(second), verdictText(first), "the verdict when the run came again")
			p.takenBy(second, holder.Entry)
			b.same(p.state(), before, "the book after the run came again")
		}},
		{"a run that lost may be sent again and loses again", func(b *bundle) {
			p := b.book(maria)
			late := p.fork()
			p.fill(1)
			run := late.run(late.plain(key(1)))
			for range 2 {
				b.lost(b.send(run)[0], 0, operations.Stale)
			}
			p.stands(p.head)
		}},
		{"runs that were stored are won again beside new ones", func(b *bundle) {
			p, q := b.book(maria), b.book(joao)
			old := p.run(p.noise(1, "2"))
			b.send(old)
			verdicts := b.send(q.run(q.noise(1, "2")), old)
			b.won(verdicts[0], 1)
			b.won(verdicts[1], 1)
		}},
		{"a run that differs in its last entry only is not taken for the stored one", func(b *bundle) {
			p := b.book(maria)
			rival, first := p.fork(), p.plain("")
			p.commit(first, p.plain(key(1)))
			rival.tip = operations.Head{Seq: first.Entry.Seq, Hash: first.Entry.Hash}
			v := b.send(rival.run(first, rival.plain(key(2))))[0]
			if v.Won > 1 || v.Loss != operations.Stale {
				b.Fatalf("verdict is %d won, loss %q; want at most 1 won, stale", v.Won, v.Loss)
			}
			p.stands(p.head)
		}},
	}
}
