package memory

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"github.com/onbehalf/onbehalf/operations"
)

// Load implements [operations.Books]. A book that has no snapshot gives every
// entry after since, however many.
func (s *Store) Load(ctx context.Context, id operations.BookID, since int64) (operations.Loaded, error) {
	if err := ctx.Err(); err != nil {
		return operations.Loaded{}, err
	}
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.load(id, since), nil
}

func (s *Store) load(id operations.BookID, since int64) operations.Loaded {
	b := s.book(id)
	if b == nil {
		return operations.Loaded{}
	}
	loaded := operations.Loaded{Head: b.head}
	if b.head.Seq-since > operations.MaxTail && b.snapshot != nil {
		loaded.Snapshot = cloneSnapshot(b.snapshot)
		since = b.snapshot.Seq
	}
	loaded.Tail = b.tail(since)
	return loaded
}

// Find implements [operations.Books].
func (s *Store) Find(ctx context.Context, id operations.BookID, want operations.Want) (operations.Found, error) {
	if err := ctx.Err(); err != nil {
		return operations.Found{}, err
	}
	var found operations.Found
	s.mu.RLock()
	defer s.mu.RUnlock()
	f := s.firms[id.Tenant]
	if f == nil {
		return found, nil
	}
	if want.Operator != "" {
		if o, ok := f.operators[want.Operator]; ok {
			o = cloneOperator(o)
			found.Operator = &o
		}
	}
	b := f.books[id.Customer]
	if b == nil {
		return found, nil
	}
	found.Head = b.head
	if e := b.taken(want.Key); e != nil {
		taken := *e
		found.Key = &taken
	}
	if row := b.ops[want.Operation]; row != nil {
		stored := b.stored(row)
		found.Operation = &stored
	}
	return found, nil
}

// Journal implements [operations.Reader].
func (s *Store) Journal(ctx context.Context, id operations.BookID, after int64, limit int) ([]operations.Sealed, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	s.mu.RLock()
	defer s.mu.RUnlock()
	b := s.book(id)
	if b == nil || after >= b.head.Seq {
		return nil, nil
	}
	first := int(max(after, 0))
	return b.entries.appendTo(nil, first, min(first+limit, b.entries.len())), nil
}

// Personal implements [operations.Reader]; the rows come by subject.
func (s *Store) Personal(ctx context.Context, id operations.BookID) ([]operations.PersonalRow, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	s.mu.RLock()
	defer s.mu.RUnlock()
	b := s.book(id)
	if b == nil {
		return nil, nil
	}
	return b.personalRows(), nil
}

func (b *book) personalRows() []operations.PersonalRow {
	rows := make([]operations.PersonalRow, 0, len(b.personal))
	for _, p := range b.personal {
		rows = append(rows, clonePersonal(p))
	}
	slices.SortFunc(rows, func(x, y operations.PersonalRow) int { return strings.Compare(x.Subject, y.Subject) })
	return rows
}

func compareCreated(a, b *operations.OperationRow) int {
	return cmp.Or(cmp.Compare(a.Created, b.Created), strings.Compare(string(a.ID), string(b.ID)))
}
