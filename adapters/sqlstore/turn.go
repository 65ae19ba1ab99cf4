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
	var (
		verdict operations.Verdict
		own     error // decide's
	)
	err := m.via.write(ctx, ofBook(id), func(s *session) error {
		b := batch{session: s, holds: true}
		loaded, err := b.hold(id, since)
		if err != nil {
			return err
		}
		run, err := decide(loaded)
		if err != nil {
			own = err
			return err
		}
		if run.Book != id {
			return tenancy.Invalid("book", "is another")
		}
		if err := run.Validate(); err != nil {
			return err
		}
		if err := b.readOperators([]operations.Run{run}, []int{0}); err != nil {
			return err
		}
		verdict, err = b.run(&run)
		return err
	})
	switch {
	case own != nil:
		return operations.Verdict{}, own
	case err != nil && m.again(err):
		// It would have had to wait for an operator, out of the order in which
		// batches wait: the book goes back and is decided again.
		return operations.Verdict{Loss: operations.Stale}, nil
	case err != nil:
		return operations.Verdict{}, m.failed(ctx, fmt.Sprintf("turn of book %s", id), err)
	}
	return verdict, nil
}

// hold takes the head of the book, if it has one, until the transaction ends,
// and loads the book. One that another began in between is taken after all.
func (b *batch) hold(id operations.BookID, since int64) (operations.Loaded, error) {
	for {
		var head operations.Head
		held, err := b.one(lockHead, []any{toInt(&head.Seq), toHash(&head.Hash)}, string(id.Tenant), string(id.Customer))
		if err != nil {
			return operations.Loaded{}, err
		}
		loaded, err := b.load(id, since)
		if err != nil || held || loaded.Head.Seq == 0 {
			return loaded, err
		}
	}
}
