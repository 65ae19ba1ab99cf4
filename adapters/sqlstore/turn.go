package sqlstore

import (
	"context"
	"fmt"

	"github.com/onbehalf/onbehalf/operations"
	"github.com/onbehalf/onbehalf/tenancy"
)

// Turn gives the caller the book for one run, as operations.Books demands. The
// transaction has the head from before the book is read until the run is
// stored; with SQLite it has the whole file. Of a book that is not open there is
// no head to take: two who begin it find out when they store.
func (m *methods) Turn(
	ctx context.Context, id operations.BookID, since int64, decide func(operations.Loaded) (operations.Run, error),
) (operations.Verdict, error) {
	t := turn{id: id, since: since, decide: decide}
	err := m.via.write(ctx, ofBook(id), t.take)
	for tries := 1; err != nil && tries < maxTries && !t.decided && m.again(err) && ctx.Err() == nil; tries++ {
		err = m.via.write(ctx, ofBook(id), t.take)
	}
	switch {
	case t.own != nil:
		return operations.Verdict{}, t.own
	case err != nil:
		return operations.Verdict{}, m.failed(ctx, fmt.Sprintf("turn of book %s", id), err)
	}
	return t.verdict, nil
}

// turn is one turn of a book.
type turn struct {
	id      operations.BookID
	since   int64
	decide  func(operations.Loaded) (operations.Run, error)
	decided bool  // it was called
	own     error // its own
	verdict operations.Verdict
}

func (t *turn) take(s *session) error {
	b := batch{session: s}
	if err := b.lock(t.id); err != nil {
		return err
	}
	loaded, err := b.load(t.id, t.since)
	if err != nil {
		return err
	}
	t.decided = true
	run, err := t.decide(loaded)
	if err != nil {
		t.own = err
		return err
	}
	if run.Book != t.id {
		return tenancy.Invalid("book", "is another")
	}
	if err := run.Validate(); err != nil {
		return err
	}
	if err := b.readOperators([]operations.Run{run}, []int{0}); err != nil {
		return err
	}
	t.verdict, err = b.run(&run)
	return err
}

// lock takes the head of the book, if it has one, until the transaction ends.
func (b *batch) lock(id operations.BookID) error {
	var head operations.Head
	_, err := b.one(lockHead, []any{toInt(&head.Seq), toHash(&head.Hash)}, string(id.Tenant), string(id.Customer))
	return err
}
