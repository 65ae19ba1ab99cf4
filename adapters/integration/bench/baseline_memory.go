package main

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"
)

// memoryBaseline is B4: a ledger in memory as one would write it by hand, one
// lock, a map for each thing looked up by its id, a slice for each thing that
// is only added to.
type memoryBaseline struct {
	mu     sync.Mutex
	ledger *ledger
	books  []memoryBook
}

type memoryBook struct {
	keys       map[string]int64
	operations map[string]*operationRow
	entries    []entryRow
	postings   []postingRow
}

type entryRow struct {
	seq                     int64
	prev, hash, fingerprint [32]byte
	at                      time.Time
	key, operation          string
	bytes                   []byte
}

type operationRow struct {
	id, kind, state, from, to string
	amount                    int64
	seq                       int64
	at                        time.Time
}

type postingRow struct {
	seq             int64
	ref, operation  string
	amount, balance int64
}

func newMemoryBaseline(books, size int) (*memoryBaseline, error) {
	l, err := newLedger(books, size)
	if err != nil {
		return nil, err
	}
	m := &memoryBaseline{ledger: l, books: make([]memoryBook, books)}
	for i := range m.books {
		m.books[i] = memoryBook{keys: map[string]int64{}, operations: map[string]*operationRow{}}
	}
	return m, nil
}

var errKeyTaken = errors.New("the key is taken")

func (m *memoryBaseline) run(ctx context.Context, tasks []task) error {
	for i := range tasks {
		if err := ctx.Err(); err != nil {
			return err
		}
		if err := m.submit(&tasks[i]); err != nil {
			return err
		}
	}
	return nil
}

func (m *memoryBaseline) submit(t *task) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	b := &m.books[t.book]
	if _, taken := b.keys[t.key]; taken {
		return errKeyTaken
	}
	var c change
	if err := m.ledger.apply(t, time.Now().UTC(), &c); err != nil {
		return err
	}
	b.keys[c.key] = c.seq
	b.entries = append(b.entries, entryRow{
		seq: c.seq, prev: c.prev, hash: c.hash, fingerprint: c.fingerprint, at: c.at, key: c.key, operation: c.id, bytes: c.bytes,
	})
	b.operations[c.id] = &operationRow{
		id: c.id, kind: c.kind, state: "completed", from: c.from, to: c.to, amount: c.amount, seq: c.seq, at: c.at,
	}
	for i := range c.legs {
		b.postings = append(b.postings, postingRow{
			seq: c.seq, ref: c.legs[i].of.ref, operation: c.id, amount: c.legs[i].amount, balance: c.legs[i].posted,
		})
	}
	return nil
}

func (m *memoryBaseline) check(_ context.Context, w *workload) error {
	done := 0
	for i := range m.books {
		b := &m.books[i]
		var last [32]byte
		for j := range b.entries {
			e := &b.entries[j]
			var err error
			if last, err = (link{e.prev[:], e.hash[:], e.bytes}).follows(last); err != nil {
				return fmt.Errorf("book %d: entry %d: %w", i, e.seq, err)
			}
		}
		n := len(b.entries)
		if len(b.keys) != n || len(b.operations) != n || len(b.postings) != 2*n || last != m.ledger.books[i].head {
			return fmt.Errorf("book %d lacks rows", i)
		}
		done += n
	}
	if done != w.done {
		return fmt.Errorf("%d operations are there, %d were done", done, w.done)
	}
	return m.ledger.balances(w)
}
