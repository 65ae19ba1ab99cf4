package memory

import (
	"context"
	"slices"
	"sort"
	"time"

	"github.com/onbehalf/onbehalf/operations"
)

// examined is how many rows one page of a list looks at, so that a filter that
// nothing matches does not hold the lock over a whole book.
const examined = 2000

// History implements [operations.Reader].
func (s *Store) History(
	ctx context.Context, id operations.BookID, q operations.HistoryQuery,
) (operations.Page[operations.StoredOperation], error) {
	var page operations.Page[operations.StoredOperation]
	if err := ctx.Err(); err != nil {
		return page, err
	}
	s.mu.RLock()
	defer s.mu.RUnlock()
	b := s.book(id)
	if b == nil {
		return page, nil
	}
	end := len(b.history)
	if q.Before > 0 {
		end = sort.Search(end, func(i int) bool { return b.history[i].Created >= q.Before })
	}
	for i := end - 1; i >= 0; i-- {
		row := b.history[i]
		// A page ends between two entries only, as Next names an entry.
		if (len(page.Items) >= q.Limit || end-1-i >= examined) && row.Created != page.Next {
			page.More = true
			return page, nil
		}
		page.Next = row.Created
		if matches(row, &q) {
			if page.Items == nil {
				page.Items = make([]operations.StoredOperation, 0, min(q.Limit, i+1))
			}
			page.Items = append(page.Items, b.stored(row))
		}
	}
	return page, nil
}

func matches(row *operations.OperationRow, q *operations.HistoryQuery) bool {
	switch {
	case len(q.States) > 0 && !slices.Contains(q.States, row.State),
		len(q.Kinds) > 0 && !slices.Contains(q.Kinds, row.Kind),
		q.Asset != "" && row.Asset != q.Asset,
		q.Account != "" && row.From != q.Account && row.To != q.Account,
		q.Maker != "" && row.Maker != q.Maker,
		!q.Between.IsZero() && !between(row, &q.Between),
		q.Min != nil && row.Amount.LessThan(*q.Min),
		q.Max != nil && row.Amount.GreaterThan(*q.Max):
		return false
	}
	return within(row.CreatedAt, q.Since, q.Until)
}

func between(row *operations.OperationRow, b *operations.Between) bool {
	return slices.Contains(b.One, row.From) && slices.Contains(b.Other, row.To) || slices.Contains(b.Other, row.From) && slices.Contains(b.One, row.To)
}

func within(at, since, until time.Time) bool {
	return (since.IsZero() || !at.Before(since)) && (until.IsZero() || at.Before(until))
}

// Statement implements [operations.Reader]. The postings of one entry come in
// the reverse of their order too, so that each balance follows from the next
// row's.
func (s *Store) Statement(
	ctx context.Context, id operations.BookID, q operations.StatementQuery,
) (operations.Page[operations.PostingRow], error) {
	var page operations.Page[operations.PostingRow]
	if err := ctx.Err(); err != nil {
		return page, err
	}
	s.mu.RLock()
	defer s.mu.RUnlock()
	b := s.book(id)
	if b == nil || b.accounts[q.Ref] == nil {
		return page, nil
	}
	postings := &b.accounts[q.Ref].postings
	end := postings.len()
	if q.Before > 0 {
		end = sort.Search(end, func(i int) bool { return postings.at(i).Seq >= q.Before })
	}
	var entries int
	var last int64
	for i := end - 1; i >= 0; i-- {
		row := postings.at(i)
		if (entries >= q.Limit || end-1-i >= examined) && row.Seq != page.Next {
			page.More = true
			return page, nil
		}
		page.Next = row.Seq
		if (q.Asset != "" && row.Asset != q.Asset) || !within(row.At, q.Since, q.Until) {
			continue
		}
		if row.Seq != last {
			entries, last = entries+1, row.Seq
		}
		page.Items = append(page.Items, *row)
	}
	return page, nil
}
