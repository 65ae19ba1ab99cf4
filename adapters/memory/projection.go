package memory

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/onbehalf/onbehalf/operations"
	"github.com/onbehalf/onbehalf/tenancy"
)

// Projection implements [operations.Reader]. Keys come by seq, operators by id,
// personal rows by subject.
func (s *Store) Projection(ctx context.Context, id operations.BookID) (operations.Projection, error) {
	var p operations.Projection
	if err := ctx.Err(); err != nil {
		return p, err
	}
	s.mu.RLock()
	defer s.mu.RUnlock()
	b := s.book(id)
	if b == nil {
		return p, nil
	}
	p.Head = b.head
	for _, key := range slices.Sorted(maps.Keys(b.ops)) {
		p.Operations = append(p.Operations, *b.ops[key])
	}
	for _, a := range b.accounts {
		p.Postings = a.postings.appendTo(p.Postings, 0, a.postings.len())
		p.Balances = append(p.Balances, a.balances...)
	}
	slices.SortFunc(p.Postings, func(x, y operations.PostingRow) int {
		return cmp.Or(cmp.Compare(x.Seq, y.Seq), cmp.Compare(x.N, y.N))
	})
	slices.SortFunc(p.Balances, func(x, y operations.BalanceRow) int {
		return cmp.Or(cmp.Compare(x.Ref, y.Ref), strings.Compare(x.Asset, y.Asset))
	})
	for key, seq := range b.keys {
		p.Keys = append(p.Keys, operations.KeyRow{Key: key, Seq: seq})
	}
	slices.SortFunc(p.Keys, func(x, y operations.KeyRow) int { return cmp.Compare(x.Seq, y.Seq) })
	p.Customer = cloneCustomer(b.customer)
	for _, key := range slices.Sorted(maps.Keys(b.grants)) {
		p.Grants = append(p.Grants, b.grants[key])
	}
	if id.Customer == tenancy.House {
		operators := s.firms[id.Tenant].operators
		for _, key := range slices.Sorted(maps.Keys(operators)) {
			p.Operators = append(p.Operators, cloneOperator(operators[key]))
		}
	}
	p.Personal = b.personalRows()
	p.Snapshot = cloneSnapshot(b.snapshot)
	for _, key := range slices.Sorted(maps.Keys(b.waiting)) {
		p.Waiting = append(p.Waiting, operations.WaitingRow{
			Operation: key, Due: b.waiting[key].due, State: b.ops[key].State, Seq: b.waiting[key].seq,
		})
	}
	return p, nil
}

// Rebuild implements [operations.Reader]. Name and tax id of the customer are
// not in the journal: where the given row has none, those stored stay.
func (s *Store) Rebuild(ctx context.Context, id operations.BookID, head operations.Head, p operations.Projection) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	b := s.book(id)
	if b == nil || b.head != head {
		return fmt.Errorf("rebuild %s: its head is not at entry %d any more: %w", id, head.Seq, tenancy.ErrConflict)
	}
	f := s.firms[id.Tenant]
	f.queue.work.live -= len(b.waiting)
	old := b.customer
	b.derived = newDerived()
	if p.Customer != nil {
		b.customer = old
		b.putCustomer(p.Customer)
	}
	for i := range p.Operations {
		f.putOperation(b, &p.Operations[i])
	}
	for _, row := range slices.SortedFunc(slices.Values(p.Postings), func(x, y operations.PostingRow) int {
		return cmp.Or(cmp.Compare(x.Seq, y.Seq), cmp.Compare(x.N, y.N))
	}) {
		b.account(row.Ref).postings.add(row)
	}
	for i := range p.Balances {
		b.account(p.Balances[i].Ref).put(&p.Balances[i])
	}
	for _, k := range p.Keys {
		b.keys[k.Key] = k.Seq
	}
	for _, g := range p.Grants {
		f.putGrant(b, g)
	}
	if id.Customer == tenancy.House {
		clear(f.operators)
		for _, o := range p.Operators {
			f.operators[o.ID] = cloneOperator(o)
		}
	}
	b.snapshot = cloneSnapshot(p.Snapshot)
	return nil
}
