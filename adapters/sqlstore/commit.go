package sqlstore

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/onbehalf/onbehalf/operations"
	"github.com/onbehalf/onbehalf/tenancy"
)

// Commit stores the runs in one transaction, as operations.Books demands.
//
// Every run is judged before anything of it is written, so a loss needs no
// undoing. The rows that a run touches several times are written once, as they
// stand in the end.
func (m *methods) Commit(ctx context.Context, runs []operations.Run) ([]operations.Verdict, error) {
	if len(runs) == 0 {
		return nil, ctx.Err()
	}
	order := make([]int, len(runs))
	for i := range runs {
		if err := runs[i].Validate(); err != nil {
			return nil, fmt.Errorf("commit to book %s: %w", runs[i].Book, err)
		}
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return runs[a].Book.Compare(runs[b].Book) })
	verdicts, err := m.commit(ctx, runs, order)
	for tries := 1; err != nil && tries < maxTries && m.again(err) && ctx.Err() == nil; tries++ {
		verdicts, err = m.commit(ctx, runs, order)
	}
	if err != nil {
		return nil, m.failed(ctx, "commit", err)
	}
	return verdicts, nil
}

// maxTries is how often a batch is stored anew that met another transaction.
const maxTries = 5

func (m *methods) commit(ctx context.Context, runs []operations.Run, order []int) ([]operations.Verdict, error) {
	if m.dialect.batches {
		return m.commitBatch(ctx, runs, order)
	}
	verdicts := make([]operations.Verdict, len(runs))
	err := m.via.write(ctx, ofRuns(runs, order), func(s *session) error {
		b := batch{session: s}
		if err := b.readOperators(runs, order); err != nil {
			return err
		}
		for n, i := range order {
			if n%16 == 15 && ctx.Err() != nil {
				return ctx.Err()
			}
			var err error
			if verdicts[i], err = b.run(&runs[i]); err != nil {
				return fmt.Errorf("book %s: %w", runs[i].Book, err)
			}
		}
		return nil
	})
	return verdicts, err
}

// again tells whether the error leaves nothing behind and another try may do
// without it. A transaction of the host's is not tried again.
func (m *methods) again(err error) bool {
	if commit, ok := errors.AsType[*commitError](err); ok && commit.after {
		return false
	}
	return m.own() && m.dialect.again(err)
}

// own tells whether transactions are the store's, and not the host's.
func (m *methods) own() bool {
	_, own := m.via.(*Store)
	return own
}

// batch is what one commit knows while it runs.
type batch struct {
	*session

	holds      bool // the head is held already: no waiting for operators
	operators  map[operatorID]tenancy.Operator
	operations map[operations.OperationID]struct{}
	balances   map[balanceID]struct{}
}

type operatorID struct {
	tenant   tenancy.TenantID
	operator tenancy.OperatorID
}

// readOperators reads every operator that a run relies on or writes, once, in
// their order and before any head is taken, and holds them as they are.
func (b *batch) readOperators(runs []operations.Run, order []int) error {
	lock, toWrite := lockOperator, lockOperatorToWrite
	if b.holds {
		lock, toWrite = lockOperatorNow, lockOperatorToWriteNow
	}
	var ids []operatorID
	for _, i := range order {
		for _, r := range runs[i].Relies {
			ids = append(ids, operatorID{runs[i].Book.Tenant, r.Operator})
		}
		for j := range runs[i].Changes {
			for _, o := range runs[i].Changes[j].Operators {
				ids, lock = append(ids, operatorID{runs[i].Book.Tenant, o.ID}), toWrite
			}
		}
	}
	slices.SortFunc(ids, compareOperators)
	for _, id := range slices.Compact(ids) {
		o, err := b.operatorBy(lock, id)
		if err != nil {
			return err
		}
		b.keepOperator(id, o)
	}
	return nil
}

func compareOperators(a, b operatorID) int {
	return cmp.Or(cmp.Compare(a.tenant, b.tenant), cmp.Compare(a.operator, b.operator))
}

func (b *batch) keepOperator(id operatorID, o tenancy.Operator) {
	if b.operators == nil {
		b.operators = make(map[operatorID]tenancy.Operator)
	}
	b.operators[id] = o
}

// run stores one run, or as much of it as wins.
func (b *batch) run(r *operations.Run) (operations.Verdict, error) {
	if b.outdated(r) {
		if v, stored, err := b.alreadyStored(r); stored || err != nil {
			return v, err
		}
		v := operations.Verdict{Loss: operations.Outdated, Operators: make([]tenancy.Operator, len(r.Relies))}
		for i, rely := range r.Relies {
			v.Operators[i] = b.operators[operatorID{r.Book.Tenant, rely.Operator}]
		}
		return v, nil
	}
	w := writer{batch: b, tenant: string(r.Book.Tenant), customer: string(r.Book.Customer)}
	last := &r.Changes[len(r.Changes)-1].Entry
	moved, err := w.move(r.From, operations.Head{Seq: last.Seq, Hash: last.Hash})
	if err != nil {
		return operations.Verdict{}, err
	}
	if !moved {
		if v, stored, err := b.alreadyStored(r); stored || err != nil {
			return v, err
		}
		return b.stale(r)
	}
	won, err := w.keys(r.Changes)
	if err != nil {
		return operations.Verdict{}, err
	}
	if won < len(r.Changes) {
		if err := w.moveBack(r, won); err != nil {
			return operations.Verdict{}, err
		}
	}
	if err := w.changes(r.Changes[:won]); err != nil {
		return operations.Verdict{}, err
	}
	v := operations.Verdict{Won: won}
	if won < len(r.Changes) {
		v.Loss = operations.KeyTaken
		if v.Taken, err = b.taken(r.Book, r.Changes[won].Entry.Key); err != nil {
			return operations.Verdict{}, err
		}
		if v.Taken == nil {
			return operations.Verdict{}, damaged("a key that is taken has no entry")
		}
	}
	return v, nil
}

func (b *batch) outdated(r *operations.Run) bool {
	for _, rely := range r.Relies {
		if b.operators[operatorID{r.Book.Tenant, rely.Operator}].Version != rely.Version {
			return true
		}
	}
	return false
}

// alreadyStored looks for the changes of the run in the journal, by their
// hashes, and tells how many of them are there.
func (b *batch) alreadyStored(r *operations.Run) (operations.Verdict, bool, error) {
	won := 0
	for won < len(r.Changes) {
		var hash operations.Hash
		e := &r.Changes[won].Entry
		found, err := b.one(entryHash, []any{toHash(&hash)}, string(r.Book.Tenant), string(r.Book.Customer), e.Seq)
		if err != nil {
			return operations.Verdict{}, false, err
		}
		if !found || hash != e.Hash {
			break
		}
		won++
	}
	switch won {
	case 0:
		return operations.Verdict{}, false, nil
	case len(r.Changes):
		return operations.Verdict{Won: won}, true, nil
	}
	// Only a key that was taken can have cut the run short.
	v := operations.Verdict{Won: won, Loss: operations.KeyTaken}
	var err error
	if v.Taken, err = b.taken(r.Book, r.Changes[won].Entry.Key); err != nil {
		return operations.Verdict{}, false, err
	}
	if v.Taken == nil {
		if v, err = b.stale(r); err != nil {
			return operations.Verdict{}, false, err
		}
		v.Won = won
	}
	return v, true, nil
}

// stale is the verdict of a run that came too late, with what came before it.
func (b *batch) stale(r *operations.Run) (operations.Verdict, error) {
	v := operations.Verdict{Loss: operations.Stale}
	head, err := b.head(r.Book)
	if err != nil {
		return v, err
	}
	if behind := head.Seq - r.From.Seq; behind > 0 && behind <= operations.MaxTail {
		// Exactly up to that head: the journal may go on meanwhile.
		if v.Tail, err = b.tail(r.Book, r.From.Seq, behind); err == nil {
			err = whole(v.Tail, r.From.Seq, head)
		}
	}
	return v, err
}

// taken is the entry that has the key; nil when the key is free.
func (b *batch) taken(id operations.BookID, key string) (*operations.Sealed, error) {
	if key == "" {
		return nil, nil //nolint:nilnil // no key, no entry
	}
	var e operations.Sealed
	found, err := b.one(entryOfKey, entryInto(&e), string(id.Tenant), string(id.Customer), key)
	switch {
	case err != nil || !found:
		return nil, err
	case e.Seq == 0:
		return nil, damaged("a key has no entry")
	}
	return &e, nil
}
