package memory

import (
	"context"
	"fmt"

	"github.com/onbehalf/onbehalf/operations"
	"github.com/onbehalf/onbehalf/tenancy"
)

// Commit implements [operations.Books]. All runs are stored under one lock.
// A run that has no changes, or whose entries do not follow each other from its
// head, is a fault of the caller: the whole call then stores nothing and
// returns an error that wraps [tenancy.ErrInvalid].
func (s *Store) Commit(ctx context.Context, runs []operations.Run) ([]operations.Verdict, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	for i := range runs {
		if err := runs[i].Validate(); err != nil {
			return nil, fmt.Errorf("commit %s: %w", runs[i].Book, err)
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.commit(runs), nil
}

// commit stores the runs; the store is locked.
func (s *Store) commit(runs []operations.Run) []operations.Verdict {
	verdicts := make([]operations.Verdict, len(runs))
	// Reliances of all runs are judged before anything is stored: an operator's
	// row written in this call counts for later calls.
	for i := range runs {
		if !s.stored(&runs[i], &verdicts[i]) {
			s.rely(&runs[i], &verdicts[i])
		}
	}
	for i := range runs {
		if verdicts[i].Won == 0 && verdicts[i].Loss == operations.NotLost {
			s.store(&runs[i], &verdicts[i])
		}
	}
	return verdicts
}

// stored tells whether the run was sent and stored before, and what of it.
func (s *Store) stored(run *operations.Run, v *operations.Verdict) bool {
	b := s.book(run.Book)
	if b == nil || b.head.Seq <= run.From.Seq {
		return false
	}
	won := 0
	for won < len(run.Changes) {
		c := &run.Changes[won].Entry
		if e := b.entry(c.Seq); e == nil || e.Hash != c.Hash {
			break
		}
		won++
	}
	if won == 0 {
		return false
	}
	v.Won = won
	if won < len(run.Changes) {
		b.lose(run, won, v)
	}
	return true
}

// rely holds the versions a run relies on against those that stand.
func (s *Store) rely(run *operations.Run, v *operations.Verdict) {
	f := s.firms[run.Book.Tenant]
	outdated := false
	for _, r := range run.Relies {
		if f.version(r.Operator) != r.Version {
			outdated = true
			break
		}
	}
	if !outdated {
		return
	}
	v.Loss = operations.Outdated
	v.Operators = make([]tenancy.Operator, len(run.Relies))
	for i, r := range run.Relies {
		v.Operators[i].ID = r.Operator
		if f != nil {
			if o, ok := f.operators[r.Operator]; ok {
				v.Operators[i] = cloneOperator(o)
			}
		}
	}
}

func (f *firm) version(id tenancy.OperatorID) int64 {
	if f == nil {
		return 0
	}
	return f.operators[id].Version
}

// store moves the head from exactly From over the changes, up to the first
// whose key is taken.
func (s *Store) store(run *operations.Run, v *operations.Verdict) {
	var head operations.Head
	b := s.book(run.Book)
	if b != nil {
		head = b.head
	}
	if head != run.From {
		v.Loss = operations.Stale
		if b != nil && head.Seq-run.From.Seq <= operations.MaxTail {
			v.Tail = b.tail(run.From.Seq)
		}
		return
	}
	f := s.firm(run.Book.Tenant)
	b = f.open(run.Book)
	for i := range run.Changes {
		c := &run.Changes[i]
		if b.taken(c.Entry.Key) != nil {
			b.lose(run, i, v)
			return
		}
		f.apply(b, c)
		v.Won = i + 1
	}
}

// lose says why the change at index i of a run was not stored although those
// before it were: its key is taken, or else another change moved the head.
func (b *book) lose(run *operations.Run, i int, v *operations.Verdict) {
	if e := b.taken(run.Changes[i].Entry.Key); e != nil {
		taken := *e
		v.Loss, v.Taken = operations.KeyTaken, &taken
		return
	}
	v.Loss = operations.Stale
	if b.head.Seq-run.From.Seq <= operations.MaxTail {
		v.Tail = b.tail(run.From.Seq)
	}
}
