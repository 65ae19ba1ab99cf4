package storetest

import (
	"errors"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/onbehalf/onbehalf/operations"
	"github.com/onbehalf/onbehalf/tenancy"
)

const rivals = 8

// race runs n goroutines at once and reports what each of them returns.
func (b *bundle) race(n int, do func(i int) error) {
	b.Helper()
	start, errs := make(chan struct{}), make([]error, n)
	var wg sync.WaitGroup
	for i := range n {
		wg.Go(func() {
			<-start
			errs[i] = do(i)
		})
	}
	close(start)
	wg.Wait()
	for i, err := range errs {
		if err != nil {
			b.Errorf("rival %d: %v", i, err)
		}
	}
	if b.Failed() {
		b.FailNow()
	}
}

func contentionCases() []testCase {
	return []testCase{
		{"of many runs on one head exactly one wins, and the others learn which", oneWins},
		{"writers that take in what won and try again lose nothing and leave no gap", nothingIsLost},
		{"of many changes with one key exactly one is stored, and the others get its entry", oneHolder},
		{"batches over the same books in opposite orders all come to an end", oppositeOrders},
		{"an identical batch that is sent by many at once is stored once and won by all", identicalAtOnce},
		{"when a change to an operator is stored, nothing that relies on the earlier version is stored any more", func(b *bundle) { revocation(b, false) }},
		{"when a switch of the firm is thrown, nothing that relies on the earlier version is stored any more", func(b *bundle) { revocation(b, true) }},
		{"what a read brings is of one moment, whatever is written meanwhile", oneMoment},
	}
}

func oneWins(b *bundle) {
	p := b.book(maria)
	for range 15 {
		runs, verdicts := make([]operations.Run, rivals), make([]operations.Verdict, rivals)
		for i := range runs {
			r := p.fork()
			runs[i] = r.run(r.noise(int(p.head.Seq)*rivals+i, "1"), r.plain(""))
		}
		b.race(rivals, func(i int) error {
			v, err := b.trySend(runs[i])
			if err == nil {
				verdicts[i] = v[0]
			}
			return err
		})
		winner := slices.IndexFunc(verdicts, func(v operations.Verdict) bool { return v.Loss == operations.NotLost })
		if winner < 0 {
			b.Fatalf("nobody has won")
		}
		for i, v := range verdicts {
			if i == winner {
				b.won(v, 2)
				continue
			}
			b.lost(v, 0, operations.Stale)
			b.same(sealedText(v.Tail), sealedText(sealedOf(runs[winner].Changes)), "what won")
		}
		last := runs[winner].Changes[1].Entry
		p.head = operations.Head{Seq: last.Seq, Hash: last.Hash}
		p.tip = p.head
		p.stands(p.head)
	}
	if n := len(p.projection().Operations); n != 15 {
		b.Fatalf("15 runs have won and %d operations are there", n)
	}
}

func nothingIsLost(b *bundle) {
	const each = 20
	b.race(rivals, func(i int) error {
		r := b.book(maria)
		for n := range each {
			if err := r.insist(func() []operations.Change { return []operations.Change{r.plain(key(i*each + n))} }); err != nil {
				return err
			}
		}
		return nil
	})
	p := b.book(maria)
	all := p.journal()
	b.chained(all, rivals*each)
	keys := make(map[string]bool)
	for _, e := range all {
		keys[e.Key] = true
	}
	if len(keys) != rivals*each {
		b.Fatalf("%d keys are in the journal, want %d", len(keys), rivals*each)
	}
}

func oneHolder(b *bundle) {
	for round := range 8 {
		var won atomic.Int64
		holders := make([]operations.Hash, rivals)
		p := b.book(maria)
		p.head = b.headOf(p.id)
		b.race(rivals, func(i int) error {
			r := p.fork()
			for range patience {
				r.tip = r.head
				c := r.write(operations.Entry{Key: key(round), RequestID: fmt.Sprint(i)})
				v, err := b.trySend(r.run(c))
				switch {
				case err != nil:
					return err
				case v[0].Loss == operations.NotLost:
					won.Add(1)
					holders[i] = c.Entry.Hash
					return nil
				case v[0].Loss == operations.KeyTaken:
					holders[i] = v[0].Taken.Hash
					return nil
				}
				if r.head, err = r.next(v[0]); err != nil {
					return err
				}
			}
			return fmt.Errorf("no verdict in %d tries", patience)
		})
		if won.Load() != 1 {
			b.Fatalf("%d changes with the same key have won", won.Load())
		}
		if len(slices.Compact(slices.Clone(holders))) != 1 {
			b.Fatalf("the rivals were told of different holders of one key")
		}
	}
}

func oppositeOrders(b *bundle) {
	const books, each = 6, 10
	b.race(rivals, func(i int) error {
		pens := make([]*pen, books)
		for j := range pens {
			pens[j] = b.book(tenancy.CustomerID(fmt.Sprintf("c-%d", j)))
		}
		if i%2 == 1 {
			slices.Reverse(pens)
		}
		stored := make([]int, books)
		for range patience {
			var runs []operations.Run
			var open []int
			for j, r := range pens {
				if stored[j] < each {
					r.tip = r.head
					runs = append(runs, r.run(r.write(operations.Entry{Key: fmt.Sprintf("%d-%d", i, stored[j])})))
					open = append(open, j)
				}
			}
			if len(runs) == 0 {
				return nil
			}
			verdicts, err := b.trySend(runs...)
			if err != nil {
				return err
			}
			for k, v := range verdicts {
				r := pens[open[k]]
				stored[open[k]] += v.Won
				if r.head, err = r.next(v); err != nil {
					return err
				}
			}
		}
		return fmt.Errorf("not stored in %d tries: %v", patience, stored)
	})
	for j := range books {
		b.chained(b.book(tenancy.CustomerID(fmt.Sprintf("c-%d", j))).journal(), rivals*each)
	}
}

func identicalAtOnce(b *bundle) {
	p, q := b.book(maria), b.book(joao)
	p.commit(p.plain("taken"))
	for n := range 8 {
		runs := []operations.Run{p.run(p.noise(2*n, "1"), p.noise(2*n+1, "1")), q.run(q.noise(n, "1"), q.plain("taken"))}
		want := []operations.Loss{operations.NotLost, operations.NotLost}
		wins := []int{2, 2}
		if n > 0 { // the key is taken since the first round
			want[1], wins[1] = operations.KeyTaken, 1
		}
		b.race(rivals, func(int) error {
			verdicts, err := b.trySend(runs...)
			if err != nil {
				return err
			}
			for i, v := range verdicts {
				if v.Won != wins[i] || v.Loss != want[i] {
					return fmt.Errorf("run %d: %d won, loss %q; want %d won, loss %q", i, v.Won, v.Loss, wins[i], want[i])
				}
			}
			return nil
		})
		p.head, q.head = b.headOf(p.id), b.headOf(q.id)
		p.tip, q.tip = p.head, q.head
	}
	b.chained(p.journal(), 17)
	b.chained(q.journal(), 9)
	if got := len(p.projection().Postings); got != 48 {
		b.Fatalf("16 entries of three postings have left %d", got)
	}
}

// insist commits what write gives until all of it is stored, going on from
// what won each time.
func (p *pen) insist(write func() []operations.Change) error {
	for range patience {
		p.tip = p.head
		v, err := p.trySend(p.run(write()...))
		if err != nil {
			return err
		}
		if v[0].Loss == operations.NotLost {
			p.head = p.tip
			return nil
		}
		if p.head, err = p.next(v[0]); err != nil {
			return err
		}
	}
	return fmt.Errorf("%w in %d tries", errNotStored, patience)
}

// errNotStored is that others were always faster, which compare-and-set does
// not rule out: only a turn does.
var errNotStored = errors.New("not stored")

// next gives the head after a verdict on the pen's run.
func (p *pen) next(v operations.Verdict) (operations.Head, error) {
	switch v.Loss {
	case operations.NotLost:
		return p.tip, nil
	case operations.Stale:
		if n := len(v.Tail); n > 0 {
			return operations.Head{Seq: v.Tail[n-1].Seq, Hash: v.Tail[n-1].Hash}, nil
		}
		found, err := p.store.Find(p.ctx, p.id, operations.Want{})
		return found.Head, err
	case operations.KeyTaken, operations.Outdated:
	}
	return operations.Head{}, fmt.Errorf("unexpected loss %q", v.Loss)
}

// chained checks that the entries are n, follow each other and open.
func (b *bundle) chained(all []operations.Sealed, n int) {
	b.Helper()
	if len(all) != n {
		b.Fatalf("journal has %d entries, want %d", len(all), n)
	}
	var last operations.Head
	for _, e := range all {
		if e.Seq != last.Seq+1 || e.Prev != last.Hash {
			b.Fatalf("entry %d does not follow entry %d", e.Seq, last.Seq)
		}
		if _, err := e.Open(); err != nil {
			b.Fatalf("entry %d: %v", e.Seq, err)
		}
		last = operations.Head{Seq: e.Seq, Hash: e.Hash}
	}
}

// revocation lets writers rely on an operator's row, or on the switches beside
// it, until they are told that it has changed. Whoever began after the change had
// returned must not win.
func revocation(b *bundle, bySwitch bool) {
	house := b.book(tenancy.House)
	for round := range 5 {
		before := house.register(ana, tenancy.OperatorActive)
		after := func(version int64) tenancy.Operator { return operator(ana, version, tenancy.OperatorSuspended) }
		relies := []operations.Reliance{{Operator: ana, Version: before.Version}}
		if bySwitch {
			before = house.throw()
			after = func(version int64) tenancy.Operator { return switches(version, "firm") }
			relies = append(relies, operations.Reliance{Operator: tenancy.Switches, Version: before.Version})
		}
		var revoked atomic.Bool
		var ready sync.WaitGroup
		ready.Add(rivals)
		b.race(rivals+1, func(i int) error {
			if i == rivals {
				ready.Wait() // every writer has had a verdict
				defer revoked.Store(true)
				c := house.plain("")
				c.Operators = []tenancy.Operator{after(c.Entry.Seq)}
				v, err := b.trySend(house.run(c))
				if err != nil {
					return err
				}
				if v[0].Loss != operations.NotLost {
					return fmt.Errorf("the revocation has lost: %q", v[0].Loss)
				}
				house.head = house.tip
				return nil
			}
			r := b.book(tenancy.CustomerID(fmt.Sprintf("c-%d-%d", round, i)))
			for n := 0; ; n++ { // it ends: after the change every verdict is a loss or a fault
				late := revoked.Load()
				run := r.run(r.lone(n))
				run.Relies = relies
				v, err := b.trySend(run)
				switch {
				case err != nil:
					ready.Done()
					return err
				case n == 0:
					ready.Done()
				}
				switch {
				case v[0].Loss == operations.Outdated:
					return nil
				case v[0].Loss != operations.NotLost:
					return fmt.Errorf("unexpected loss %q", v[0].Loss)
				case late:
					return fmt.Errorf("won on version %d after it was revoked", before.Version)
				}
				r.head = r.tip
			}
		})
	}
}
