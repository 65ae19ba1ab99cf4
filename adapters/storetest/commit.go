package storetest

import (
	"fmt"
	"slices"

	"github.com/onbehalf/onbehalf/operations"
	"github.com/onbehalf/onbehalf/tenancy"
)

func commitCases() []testCase {
	return []testCase{
		{"a run is stored whole and moves the head to its last entry", func(b *bundle) {
			p := b.book(maria)
			first := []operations.Change{p.plain(key(1)), p.plain(key(2)), p.plain("")}
			p.commit(first...)
			p.stands(p.tip)
			p.commit(p.plain(""))
			p.stands(p.tip)
			if n := len(p.journal()); n != 4 {
				b.Fatalf("journal has %d entries, want 4", n)
			}
		}},
		{"nothing to commit is no error", func(b *bundle) {
			v, err := b.store.Commit(b.ctx, nil)
			b.ok(err, "commit of nothing")
			if len(v) != 0 {
				b.Fatalf("%d verdicts for no runs", len(v))
			}
		}},
		{"a run that is not on the head is stale, stores nothing and brings the entries after From", func(b *bundle) {
			p := b.book(maria)
			p.fill(3)
			rival := p.fork()
			winners := []operations.Change{rival.plain(key(1)), rival.plain(key(2))}
			rival.commit(winners...)
			before := p.state()
			v := b.send(p.run(p.noise(3, "5"), p.noise(4, "5")))[0]
			b.lost(v, 0, operations.Stale)
			b.same(sealedText(v.Tail), sealedText([]operations.Sealed{winners[0].Entry, winners[1].Entry}), "tail")
			b.same(p.state(), before, "a stale run has changed the book")
		}},
		{"a run on the zero head of an open book is stale", func(b *bundle) {
			p := b.book(maria)
			rival := p.fork()
			all := rival.fill(2)
			v := b.send(p.run(p.plain("")))[0]
			b.lost(v, 0, operations.Stale)
			b.same(sealedText(v.Tail), sealedText(all), "tail")
		}},
		{"a run whose From has the right seq and another hash is stale", func(b *bundle) {
			p := b.book(maria)
			rival := p.fork()
			p.fill(2)
			rival.head = rival.forge(2)
			b.lost(b.send(rival.run(rival.plain("")))[0], 0, operations.Stale)
			p.stands(p.head)
		}},
		{"a run ahead of the head is stale, also in a book not opened", func(b *bundle) {
			for _, n := range []int{0, 2} {
				p := b.book(tenancy.CustomerID(fmt.Sprintf("ahead-%d", n)))
				p.fill(n)
				rival := p.fork()
				rival.head = rival.forge(5)
				v := b.send(rival.run(rival.plain("")))[0]
				b.lost(v, 0, operations.Stale)
				if len(v.Tail) != 0 {
					b.Fatalf("%d entries after one that is not there", len(v.Tail))
				}
				p.stands(p.head)
			}
		}},
		{"a stale verdict brings MaxTail entries, and none when there are more", func(b *bundle) {
			p := b.book(maria)
			p.fill(1)
			late := p.fork()
			change := late.plain("")
			all := p.fill(operations.MaxTail)
			v := b.send(late.run(change))[0]
			b.lost(v, 0, operations.Stale)
			b.same(sealedText(v.Tail), sealedText(all), "tail")
			p.fill(1)
			v = b.send(late.run(change))[0]
			b.lost(v, 0, operations.Stale)
			if v.Tail != nil {
				b.Fatalf("tail has %d entries, want none", len(v.Tail))
			}
		}},
		{"each run has its own verdict at its own index, and a loss does not harm the others", lossHarmsNobody},
		{"a call takes many runs of many changes", func(b *bundle) {
			const books, changes = 60, 5
			runs := make([]operations.Run, books)
			pens := make([]*pen, books)
			for i := range runs {
				p := b.book(tenancy.CustomerID(fmt.Sprintf("customer-%d", i*7%books)))
				list := make([]operations.Change, changes)
				for j := range list {
					list[j] = p.noise(j, "12.25")
				}
				runs[i], pens[i] = p.run(list...), p
			}
			for i, v := range b.send(runs...) {
				b.won(v, changes)
				pens[i].stands(pens[i].tip)
			}
			b.same(pens[7].state(), pens[7].model(runs[7].Changes), "a book of the batch")
		}},
		{"a run takes as many changes as a snapshot is apart", func(b *bundle) {
			p := b.book(maria)
			changes := make([]operations.Change, operations.MaxTail)
			for i := range changes {
				changes[i] = p.noise(i, "0.01")
			}
			p.commit(changes...)
			b.same(p.state(), p.model(changes), "the book")
		}},
	}
}

// lossHarmsNobody sends all losses in one call, between runs that win.
func lossHarmsNobody(b *bundle) {
	pens := make([]*pen, 7)
	for i := range pens {
		// Not in the order of the ids, so that a store has to sort and sort back.
		pens[i] = b.book(tenancy.CustomerID(fmt.Sprintf("customer-%d", 9-i)))
		pens[i].commit(pens[i].plain("taken"))
	}
	runs := make([]operations.Run, len(pens))
	for i, p := range pens {
		if i == 1 {
			p.fork().fill(1)
		}
		if i == 3 {
			runs[i] = p.run(p.plain("taken"))
			continue
		}
		changes := []operations.Change{p.noise(1, "3"), p.noise(2, "3")}
		if i == 5 {
			changes = append(changes, p.plain("taken"), p.noise(3, "3"))
		}
		runs[i] = p.run(changes...)
	}
	runs[2].Relies = []operations.Reliance{{Operator: ana, Version: 4}}
	verdicts := b.send(runs...)
	for i, want := range []operations.Verdict{
		{Won: 2},
		{Loss: operations.Stale},
		{Loss: operations.Outdated},
		{Loss: operations.KeyTaken},
		{Won: 2},
		{Won: 2, Loss: operations.KeyTaken},
		{Won: 2},
	} {
		if verdicts[i].Won != want.Won || verdicts[i].Loss != want.Loss {
			b.Fatalf("run %d: %d won, loss %q; want %d won, loss %q", i, verdicts[i].Won, verdicts[i].Loss, want.Won, want.Loss)
		}
		stored := int64(1 + want.Won)
		if want.Loss == operations.Stale {
			stored++
		}
		if entries := pens[i].journal(); int64(len(entries)) != stored {
			b.Fatalf("run %d: its book has %d entries, want %d", i, len(entries), stored)
		}
		if rows := pens[i].projection().Operations; len(rows) != want.Won {
			b.Fatalf("run %d: its book has %d operations, want %d", i, len(rows), want.Won)
		}
	}
	for _, i := range []int{0, 4, 6} {
		pens[i].stands(pens[i].tip)
	}
}

// forge gives a head that the book does not have, and writes on it.
func (p *pen) forge(seq int64) operations.Head {
	p.tip = operations.Head{Seq: seq, Hash: digest("forged", seq)}
	return p.tip
}

// model is the state of a book that has only these changes, of which no two
// write a row with the same identity except those that noise repeats.
func (p *pen) model(changes []operations.Change) string {
	p.Helper()
	m := newModel(p.id)
	for i := range changes {
		m.apply(&changes[i])
	}
	return projectionText(m.projection()) + "\njournal\n" + sealedText(m.entries)
}

func sealedOf(changes []operations.Change) []operations.Sealed {
	all := make([]operations.Sealed, len(changes))
	for i := range changes {
		all[i] = changes[i].Entry
	}
	return slices.Clip(all)
}
