package memory

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"time"

	"github.com/onbehalf/onbehalf/operations"
)

// slack is how many outdated places the queue may carry before it is swept.
const slack = 1024

// queue is the places of operations that wait, in their order. A place is
// appended when an operation begins to wait and dropped later, when it is found
// that the operation waits there no more: commits stay cheap, and who asks what
// is due pays for the order.
type queue struct {
	sorted  []place
	fresh   []place
	waiting int // operations that wait now
}

type place struct {
	operations.DuePlace
	book *book
}

// live tells whether the operation still waits at this place.
func (p *place) live() bool {
	row := p.book.ops[p.Operation]
	return row != nil && row.Due.Equal(p.Due)
}

// moved takes note that a row of the book replaced another.
func (q *queue) moved(b *book, before operations.OperationRow, after *operations.OperationRow) {
	if !before.Due.IsZero() {
		q.waiting--
	}
	if after.Due.IsZero() {
		return
	}
	q.waiting++
	if before.Due.Equal(after.Due) {
		return
	}
	q.fresh = append(q.fresh, place{
		DuePlace: operations.DuePlace{Due: after.Due, Book: b.id, Operation: after.ID},
		book:     b,
	})
	if len(q.sorted)+len(q.fresh) > 2*q.waiting+slack {
		q.tidy()
	}
}

// tidy drops what waits no more and sorts the rest.
func (q *queue) tidy() {
	q.sorted = append(q.sorted, q.fresh...)
	q.fresh = q.fresh[:0]
	q.sorted = slices.DeleteFunc(q.sorted, func(p place) bool { return !p.live() })
	slices.SortFunc(q.sorted, func(a, b place) int { return comparePlaces(&a.DuePlace, &b.DuePlace) })
	q.sorted = slices.CompactFunc(q.sorted, func(a, b place) bool {
		return comparePlaces(&a.DuePlace, &b.DuePlace) == 0
	})
}

func comparePlaces(a, b *operations.DuePlace) int {
	return cmp.Or(a.Due.Compare(b.Due), a.Book.Compare(b.Book),
		strings.Compare(string(a.Operation), string(b.Operation)))
}

// Due implements [operations.Queue].
func (s *Store) Due(ctx context.Context, now time.Time, after operations.DuePlace, limit int) ([]operations.DueItem, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	q := &s.queue
	if len(q.fresh) > 0 {
		q.tidy()
	}
	at, found := slices.BinarySearchFunc(q.sorted, after, func(p place, after operations.DuePlace) int {
		return comparePlaces(&p.DuePlace, &after)
	})
	if found {
		at++
	}
	var due []operations.DueItem
	for ; at < len(q.sorted) && len(due) < limit; at++ {
		p := &q.sorted[at]
		if p.Due.After(now) {
			break
		}
		if p.live() {
			due = append(due, operations.DueItem{DuePlace: p.DuePlace, State: p.book.ops[p.Operation].State})
		}
	}
	return due, nil
}
