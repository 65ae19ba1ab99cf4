package storetest

import (
	"encoding/binary"
	"fmt"
	"testing"

	"github.com/shopspring/decimal"

	"github.com/onbehalf/onbehalf/operations"
	"github.com/onbehalf/onbehalf/tenancy"
)

// Bench measures the stores that open returns, each call an empty one of its
// own. A change has what a settled operation writes: an entry with a key, the
// operation, four postings and four balances. One op is one change, one load,
// one find or one page. Every measurement ends by following the chains.
func Bench(b *testing.B, open func(b *testing.B) operations.Store) {
	b.Helper()
	for _, shape := range []struct{ books, changes int }{{1, 1}, {64, 1}, {1, 16}} {
		b.Run(fmt.Sprintf("commit of %d books with %d changes each", shape.books, shape.changes), func(b *testing.B) {
			benchCommit(b, open(b), shape.books, shape.changes)
		})
	}
	b.Run("commits of 16 callers on books of their own", func(b *testing.B) { benchParallel(b, open(b)) })
	b.Run("reads of a long book", func(b *testing.B) { benchReads(b, open(b)) })
}

// ledger writes the changes of one book without encoding them: what the store
// is given is measured elsewhere.
type ledger struct {
	id   operations.BookID
	head operations.Head
	body []byte
}

func newLedger(n int) *ledger {
	return &ledger{
		id:   operations.BookID{Tenant: own, Customer: tenancy.CustomerID(fmt.Sprintf("customer-%d", n))},
		body: make([]byte, 900),
	}
}

func (l *ledger) change() operations.Change {
	seq := l.head.Seq + 1
	var hash operations.Hash
	binary.BigEndian.PutUint64(hash[:], uint64(seq)) //nolint:gosec // a seq is not negative
	copy(hash[8:], l.id.Customer)
	id, amount := op(int(seq)), decimal.New(12345, -2)
	c := operations.Change{
		Entry: operations.Sealed{
			Seq: seq, Prev: l.head.Hash, Hash: hash, At: at(seq), Action: operations.ActExecute, Operation: id, Key: key(int(seq)), Bytes: l.body,
		},
		Operations: []operations.OperationRow{{
			ID: id, Created: seq, Updated: seq, Version: 1, State: operations.Completed, Kind: "withdrawal", Asset: "BRL", From: "acc-1", Amount: amount, Maker: ana, CreatedAt: at(seq),
		}},
		Postings: make([]operations.PostingRow, 4), Balances: make([]operations.BalanceRow, 4),
	}
	for n := range c.Postings {
		ref := [...]operations.BalanceRow{{Ref: "acc-1"}, {Ref: "clearing:bank"}, {Ref: "acc-2"}, {Ref: "income:fees"}}[n].Ref
		c.Postings[n] = operations.PostingRow{Seq: seq, N: n, At: at(seq), Operation: id, Ref: ref, Asset: "BRL", Amount: amount, Balance: amount}
		c.Balances[n] = operations.BalanceRow{Ref: ref, Asset: "BRL", Posted: amount, Held: decimal.Zero, DebtLimit: decimal.Zero, Seq: seq}
	}
	l.head = operations.Head{Seq: seq, Hash: hash}
	return c
}

func (l *ledger) run(changes int) operations.Run {
	run := operations.Run{Book: l.id, From: l.head, Relies: []operations.Reliance{{Operator: ana}}, Changes: make([]operations.Change, changes)}
	for i := range run.Changes {
		run.Changes[i] = l.change()
	}
	return run
}

func stored(verdicts []operations.Verdict, err error) error {
	if err != nil {
		return err
	}
	for _, v := range verdicts {
		if v.Loss != operations.NotLost {
			return fmt.Errorf("a run was lost: %q", v.Loss)
		}
	}
	return nil
}

// prepared is how many calls are written before the clock goes on.
const prepared = 256

func benchCommit(b *testing.B, s operations.Store, books, changes int) {
	ledgers := make([]*ledger, books)
	for i := range ledgers {
		ledgers[i] = newLedger(i)
	}
	calls := make([][]operations.Run, 0, prepared)
	b.ReportAllocs()
	for done := 0; done < b.N; {
		b.StopTimer()
		calls = calls[:0]
		for len(calls) < prepared && done < b.N {
			runs := make([]operations.Run, books)
			for i, l := range ledgers {
				runs[i] = l.run(changes)
			}
			calls = append(calls, runs)
			done += books * changes
		}
		b.StartTimer()
		for _, runs := range calls {
			if err := stored(s.Commit(b.Context(), runs)); err != nil {
				b.Fatal(err)
			}
		}
	}
	b.StopTimer()
	for _, l := range ledgers {
		l.verify(b, s)
	}
}

func benchParallel(b *testing.B, s operations.Store) {
	const callers = 16
	ledgers := make([]*ledger, callers)
	for i := range ledgers {
		ledgers[i] = newLedger(i)
	}
	bundle := newBundle(b, s)
	b.ReportAllocs()
	b.ResetTimer()
	bundle.race(callers, func(i int) error {
		for n := i; n < b.N; n += callers {
			if err := stored(bundle.trySend(ledgers[i].run(1))); err != nil {
				return err
			}
		}
		return nil
	})
	b.StopTimer()
	for _, l := range ledgers {
		l.verify(b, s)
	}
}

func benchReads(b *testing.B, s operations.Store) {
	const entries = 5000
	l := newLedger(0)
	for l.head.Seq < entries {
		run := l.run(operations.MaxTail)
		first := &run.Changes[0]
		if run.From.Seq > 0 {
			first.Snapshot = &operations.Snapshot{Seq: run.From.Seq, Hash: run.From.Hash, Bytes: make([]byte, 4096)}
		}
		if err := stored(s.Commit(b.Context(), []operations.Run{run})); err != nil {
			b.Fatal(err)
		}
	}
	l.verify(b, s)
	for name, read := range map[string]func() error{
		"confirm a head": func() error {
			_, err := s.Find(b.Context(), l.id, operations.Want{})
			return err
		},
		"find a key and an operation": func() error {
			_, err := s.Find(b.Context(), l.id, operations.Want{Key: key(77), Operation: op(99)})
			return err
		},
		"load": func() error {
			_, err := s.Load(b.Context(), l.id, 0)
			return err
		},
		"first page of history": func() error {
			_, err := s.History(b.Context(), l.id, operations.HistoryQuery{Limit: 50})
			return err
		},
		"late page of history": func() error {
			_, err := s.History(b.Context(), l.id, operations.HistoryQuery{Limit: 50, Before: 60})
			return err
		},
		"page of a statement": func() error {
			_, err := s.Statement(b.Context(), l.id, operations.StatementQuery{Ref: "acc-1", Limit: 50})
			return err
		},
	} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if err := read(); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// verify follows the chain to its end and counts what was written beside it.
func (l *ledger) verify(b *testing.B, s operations.Store) {
	b.Helper()
	var last operations.Head
	for {
		page, err := s.Journal(b.Context(), l.id, last.Seq, 1000)
		if err != nil {
			b.Fatal(err)
		}
		if len(page) == 0 {
			break
		}
		for _, e := range page {
			if e.Seq != last.Seq+1 || e.Prev != last.Hash {
				b.Fatalf("entry %d does not follow entry %d", e.Seq, last.Seq)
			}
			last = operations.Head{Seq: e.Seq, Hash: e.Hash}
		}
	}
	if last != l.head {
		b.Fatalf("journal ends at entry %d, want %d", last.Seq, l.head.Seq)
	}
	p, err := s.Projection(b.Context(), l.id)
	if err != nil {
		b.Fatal(err)
	}
	if n := int(last.Seq); len(p.Operations) != n || len(p.Keys) != n || len(p.Postings) != 4*n {
		b.Fatalf("%d entries have %d operations, %d keys, %d postings", n, len(p.Operations), len(p.Keys), len(p.Postings))
	}
}
