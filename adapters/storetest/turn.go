package storetest

import (
	"errors"
	"fmt"
	"runtime"
	"sync"

	"github.com/onbehalf/onbehalf/operations"
	"github.com/onbehalf/onbehalf/tenancy"
)

func turnCases() []testCase {
	return []testCase{
		{"what decide sees is what a load brings", func(b *bundle) {
			p := b.book(maria)
			p.sees(0)
			p.fill(3)
			for _, since := range []int64{0, 2, 3} {
				p.sees(since)
			}
			p.fill(operations.MaxTail)
			c := p.plain("")
			c.Snapshot = &operations.Snapshot{Seq: p.head.Seq, Hash: p.head.Hash, Bytes: []byte("folded")}
			p.commit(c)
			for _, since := range []int64{0, 5, p.head.Seq - 1, p.head.Seq} {
				p.sees(since)
			}
		}},
		{"a turn stores the run that decide returns, whole, and again it is won", func(b *bundle) {
			p := b.book(maria)
			var changes []operations.Change
			for range 3 {
				var run operations.Run
				v := p.turn(func(operations.Loaded) (operations.Run, error) {
					n := len(changes)
					changes = append(changes, p.noise(n, "2"), p.noise(n+1, "2"))
					run = p.run(changes[n:]...)
					return run, nil
				})
				b.won(v, 2)
				p.head = p.tip
				b.won(b.send(run)[0], 2)
			}
			b.same(p.state(), p.model(changes), "the book after three turns")
		}},
		{"the error of decide comes back as it is, and nothing is stored", func(b *bundle) {
			p := b.book(maria)
			p.fill(2)
			before := p.state()
			for _, own := range []error{errors.New("no"), fmt.Errorf("busy: %w", tenancy.ErrUnavailable), fmt.Errorf("bad: %w", operations.ErrDamaged)} {
				calls := 0
				_, err := b.store.Turn(b.ctx, p.id, 0, func(operations.Loaded) (operations.Run, error) {
					calls++
					return p.run(p.fork().noise(1, "2")), own
				})
				if err != own || calls != 1 { //nolint:errorlint // as it is, is what is promised
					b.Fatalf("decide was called %d times, and the error is %v; want once and %v itself", calls, err, own)
				}
				b.same(p.state(), before, "a turn whose decide failed has changed the book")
			}
			p.commit(p.plain(""))
		}},
		{"a decide that does not return leaves the store usable and the book as it was", neverReturns},
		{"a change whose key is taken is lost in a turn too, those before it are stored", func(b *bundle) {
			p := b.book(maria)
			holder := p.plain(key(2))
			p.commit(holder)
			changes := []operations.Change{p.noise(1, "2"), p.noise(2, "2"), p.noise(3, "2")}
			v := p.turn(func(operations.Loaded) (operations.Run, error) { return p.run(changes...), nil })
			b.lost(v, 1, operations.KeyTaken)
			p.takenBy(v, holder.Entry)
			b.same(p.state(), p.model([]operations.Change{holder, changes[0]}), "the book after a prefix won")
		}},
		{"a run that relies on an operator's earlier version is outdated in a turn too", func(b *bundle) {
			house, p := b.book(tenancy.House), b.book(maria)
			a := house.register(ana, tenancy.OperatorActive)
			p.fill(1)
			run := p.run(p.plain(key(1)))
			run.Relies = []operations.Reliance{{Operator: ana, Version: a.Version}}
			now := house.register(ana, tenancy.OperatorSuspended)
			v := p.turn(func(operations.Loaded) (operations.Run, error) { return run, nil })
			b.lost(v, 0, operations.Outdated)
			if len(v.Operators) != 1 || v.Operators[0].Version != now.Version {
				b.Fatalf("operators are %+v, want the one at version %d", v.Operators, now.Version)
			}
			p.stands(p.head)
			run.Relies[0].Version = now.Version
			b.won(p.turn(func(operations.Loaded) (operations.Run, error) { return run, nil }), 1)
		}},
		{"a run on another head than the one it was given is stale", func(b *bundle) {
			p := b.book(maria)
			late := p.fork()
			all := p.fill(2)
			v := p.turn(func(operations.Loaded) (operations.Run, error) { return late.run(late.plain(key(1))), nil })
			b.lost(v, 0, operations.Stale)
			b.same(sealedText(v.Tail), sealedText(all), "tail")
			p.stands(p.head)
		}},
		{"a run of another book, or one that is no piece of a journal, is refused", func(b *bundle) {
			p, q := b.book(maria), b.book(joao)
			p.fill(1)
			gap := p.run(p.plain(""), p.plain(""))
			gap.Changes = gap.Changes[1:]
			for name, run := range map[string]operations.Run{
				"of another book": q.run(q.plain("")), "without changes": {Book: p.id, From: p.head}, "with a gap": gap,
			} {
				_, err := b.store.Turn(b.ctx, p.id, 0, func(operations.Loaded) (operations.Run, error) { return run, nil })
				if !errors.Is(err, tenancy.ErrInvalid) {
					b.Errorf("a run %s: error is %v, want one that is invalid", name, err)
				}
			}
			p.stands(p.head)
			q.stands(operations.Head{})
		}},
		{"a run on the head that decide was given is never stale, whatever is written meanwhile", neverStale},
		{"who takes turns and who commits both get on, on one book and across books", bothGetOn},
	}
}

// turn takes a turn for the pen's book, whose decide is called once.
func (p *pen) turn(decide func(operations.Loaded) (operations.Run, error)) operations.Verdict {
	p.Helper()
	v, err := p.tryTurn(0, decide)
	p.ok(err, "turn")
	return v
}

// tryTurn is turn for goroutines that may not end the test. What had no effect
// is repeated; what is in doubt is committed as it was.
func (p *pen) tryTurn(since int64, decide func(operations.Loaded) (operations.Run, error)) (operations.Verdict, error) {
	for range patience {
		var run operations.Run
		calls := 0
		v, err := p.store.Turn(p.ctx, p.id, since, func(l operations.Loaded) (_ operations.Run, err error) {
			calls++
			run, err = decide(l)
			return run, err
		})
		switch {
		case calls > 1:
			return v, fmt.Errorf("decide was called %d times", calls)
		case errors.Is(err, tenancy.ErrUnknownOutcome):
			all, err := p.trySend(run)
			if err != nil {
				return v, err
			}
			return all[0], nil
		case !errors.Is(err, tenancy.ErrUnavailable):
			return v, err
		}
	}
	return operations.Verdict{}, fmt.Errorf("the store asked %d times to repeat", patience)
}

var errSeen = errors.New("seen")

func (p *pen) sees(since int64) {
	p.Helper()
	want, err := p.store.Load(p.ctx, p.id, since)
	p.ok(err, "load")
	var got operations.Loaded
	_, err = p.tryTurn(since, func(l operations.Loaded) (operations.Run, error) {
		got = l
		return operations.Run{}, errSeen
	})
	if !errors.Is(err, errSeen) {
		p.Fatalf("turn: %v", err)
	}
	p.same(loadedText(got), loadedText(want), fmt.Sprintf("what decide sees after entry %d", since))
}

// neverReturns has decide panic, and end its goroutine as a test's FailNow does.
func neverReturns(b *bundle) {
	p := b.book(maria)
	p.fill(2)
	before := p.state()
	for name, end := range map[string]func(){"panics": func() { panic("panics") }, "ends its goroutine": runtime.Goexit} {
		for range 3 {
			var went any
			done, returned := make(chan struct{}), false
			go func() {
				defer close(done)
				defer func() { went = recover() }()
				_, _ = b.store.Turn(b.ctx, p.id, 0, func(operations.Loaded) (operations.Run, error) {
					end()
					return operations.Run{}, nil
				})
				returned = true
			}()
			<-done
			if returned || name == "panics" && went != any(name) {
				b.Fatalf("a decide that %s: returned is %t, the panic that went on is %v", name, returned, went)
			}
			b.same(p.state(), before, "a turn whose decide did not return has changed the book")
		}
	}
	p.commit(p.plain(""))
	b.won(p.turn(func(operations.Loaded) (operations.Run, error) { return p.run(p.plain("")), nil }), 1)
}

// neverStale takes turns while rivals commit all the time.
func neverStale(b *bundle) {
	const turns = 20
	begun, stop := b.book(maria), make(chan struct{})
	begun.fill(1)
	var ready sync.WaitGroup
	ready.Add(rivals)
	b.race(rivals+1, func(i int) error {
		r := begun.fork()
		if i < rivals {
			for n := 0; ; n++ {
				err := r.insist(func() []operations.Change { return []operations.Change{r.plain("")} })
				if n == 0 {
					ready.Done()
				}
				if err != nil && !errors.Is(err, errNotStored) { // it only has to be in the way
					return err
				}
				select {
				case <-stop:
					return nil
				default:
				}
			}
		}
		defer close(stop)
		ready.Wait() // every rival is at work
		for n := range turns {
			v, err := r.tryTurn(0, func(l operations.Loaded) (operations.Run, error) {
				for range 100 { // time for others to get between
					runtime.Gosched()
				}
				r.head, r.tip = l.Head, l.Head
				return r.run(r.plain(key(n))), nil
			})
			if err != nil {
				return err
			}
			if v.Loss != operations.NotLost || v.Won != 1 {
				return fmt.Errorf("turn %d: %d won, loss %q", n, v.Won, v.Loss)
			}
		}
		return nil
	})
	b.chained(begun.journal(), int(b.headOf(begun.id).Seq))
}

// bothGetOn has half of the rivals take turns and half commit.
func bothGetOn(b *bundle) {
	const each = 20
	customers := []tenancy.CustomerID{maria, maria, maria, joao}
	b.race(rivals, func(i int) error {
		r := b.book(customers[i/2%len(customers)])
		for n := range each {
			write := func() []operations.Change { return []operations.Change{r.plain(key(i*each + n)), r.plain("")} }
			if i%2 == 0 {
				if err := r.insist(write); err != nil {
					return err
				}
				continue
			}
			for lost := true; lost; {
				v, err := r.tryTurn(0, func(l operations.Loaded) (operations.Run, error) {
					r.head, r.tip = l.Head, l.Head
					return r.run(write()...), nil
				})
				lost = v.Loss == operations.Stale && r.head.Seq == 0 // another began the book
				if err != nil || !lost && v.Won != 2 {
					return fmt.Errorf("turn %d: %d won, loss %q, error %w", n, v.Won, v.Loss, err)
				}
			}
		}
		return nil
	})
	b.chained(b.book(maria).journal(), 2*rivals*3/4*each)
	b.chained(b.book(joao).journal(), 2*rivals*1/4*each)
}
