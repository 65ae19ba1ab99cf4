package sqlstore

import (
	"context"
	"database/sql"
	"math"

	"github.com/shopspring/decimal"

	"github.com/onbehalf/onbehalf/operations"
)

// examined is how many rows one call for a list looks at, at most.
const examined = 2000

// slack is how many rows beyond its limit a page of history looks at first, to
// keep operations together that one entry created.
const slack = 16

// History lists operations, newest first by Created. Operations that one entry
// created are never parted, for which a page may run over its limit.
func (m *methods) History(ctx context.Context, id operations.BookID, q operations.HistoryQuery) (operations.Page[operations.StoredOperation], error) {
	var page operations.Page[operations.StoredOperation]
	err := m.via.read(ctx, ofBook(id), func(s *session) error {
		if _, err := s.head(id); err != nil {
			return err
		}
		for beyond := int64(slack); ; beyond *= 8 {
			var (
				whole bool
				err   error
			)
			if page, whole, err = s.history(id, q, beyond); whole || err != nil {
				return err
			}
		}
	})
	if err != nil {
		return operations.Page[operations.StoredOperation]{}, m.failed(ctx, "history of book "+id.String(), err)
	}
	return page, nil
}

// history makes a page, and tells whether its last entry is on it whole.
func (s *session) history(id operations.BookID, q operations.HistoryQuery, beyond int64) (operations.Page[operations.StoredOperation], bool, error) {
	var page operations.Page[operations.StoredOperation]
	before, limit := beginning(q.Before), max(q.Limit, 1)
	most := int64(limit) + beyond
	args, err := s.historyArgs(id, q, before, most)
	if err != nil {
		return page, false, err
	}
	items, err := collect(s, history, func(rows *sql.Rows, o *operations.StoredOperation) error {
		return rows.Scan(append(operationInto(&o.Row), entryInto(&o.Entry)...)...)
	}, args...)
	if err != nil {
		return page, false, err
	}
	for i := range items {
		if items[i].Entry.Seq == 0 {
			return page, false, damaged("operation %q has no entry", items[i].Row.ID)
		}
	}
	if len(items) > limit {
		end := limit
		for end < len(items) && items[end].Row.Created == items[limit-1].Row.Created {
			end++
		}
		page.Items, page.More, page.Next = items[:end], true, items[limit-1].Row.Created
		return page, end < len(items) || int64(end) < min(most, examined), nil
	}
	// What was examined and fits is on the page; what is left lies before it.
	var seen, floor int64
	if _, err := s.one(historyFloor, []any{&seen, &floor}, string(id.Tenant), string(id.Customer), before, int64(examined)); err != nil {
		return page, false, err
	}
	page.Items = items
	if seen < examined {
		return page, true, nil
	}
	// The operations created at the floor may not all have been examined: they
	// are left to the next page.
	page.More, page.Next = true, floor+1
	for len(page.Items) > 0 && page.Items[len(page.Items)-1].Row.Created == floor {
		page.Items = page.Items[:len(page.Items)-1]
	}
	return page, true, nil
}

func (s *session) historyArgs(id operations.BookID, q operations.HistoryQuery, before, most int64) ([]any, error) {
	states, err := list(q.States)
	if err != nil {
		return nil, err
	}
	kinds, err := list(q.Kinds)
	if err != nil {
		return nil, err
	}
	one, other, err := between(q.Between)
	if err != nil {
		return nil, err
	}
	bound := boundKey
	if s.dialect.numbers {
		bound = boundNumber
	}
	least, err := bound("min", q.Min, decimal.Decimal.RoundCeil)
	if err != nil {
		return nil, err
	}
	highest, err := bound("max", q.Max, decimal.Decimal.RoundFloor)
	if err != nil {
		return nil, err
	}
	return []any{
		string(id.Tenant), string(id.Customer), before, int64(examined), most,
		q.Asset, string(q.Account), string(q.Maker), least, highest, optional(q.Since), optional(q.Until), states, kinds, one, other,
	}, nil
}

// between are both sets or none: where one of two is empty, nothing matches.
func between(b operations.Between) (one, other any, err error) {
	if b.IsZero() {
		return nil, nil, nil
	}
	if one, err = jsonArray(b.One); err != nil {
		return nil, nil, err
	}
	other, err = jsonArray(b.Other)
	return one, other, err
}

// beginning is the seq before which a list begins.
func beginning(before int64) int64 {
	if before == 0 {
		return math.MaxInt64
	}
	return before
}
