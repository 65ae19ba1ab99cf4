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

// slack is how far a page of history may run over its limit to keep operations
// together that one entry created.
const slack = 16

// History lists operations, newest first by Created.
func (m *methods) History(ctx context.Context, id operations.BookID, q operations.HistoryQuery) (operations.Page[operations.StoredOperation], error) {
	var page operations.Page[operations.StoredOperation]
	err := m.via.read(ctx, func(s *session) error {
		if _, err := s.head(id); err != nil {
			return err
		}
		var err error
		page, err = s.history(id, q)
		return err
	})
	if err != nil {
		return operations.Page[operations.StoredOperation]{}, m.failed(ctx, "history of book "+id.String(), err)
	}
	return page, nil
}

func (s *session) history(id operations.BookID, q operations.HistoryQuery) (operations.Page[operations.StoredOperation], error) {
	var page operations.Page[operations.StoredOperation]
	before := beginning(q.Before)
	args, err := historyArgs(id, q, before)
	if err != nil {
		return page, err
	}
	items, err := collect(s, history, func(rows *sql.Rows, o *operations.StoredOperation) error {
		return rows.Scan(append(operationInto(&o.Row), entryInto(&o.Entry)...)...)
	}, args...)
	if err != nil {
		return page, err
	}
	for i := range items {
		if items[i].Entry.Seq == 0 {
			return page, damaged("operation %q has no entry", items[i].Row.ID)
		}
	}
	if len(items) > q.Limit {
		page.Items = cut(items, q.Limit)
		page.More, page.Next = true, page.Items[len(page.Items)-1].Row.Created
		return page, nil
	}
	// All that was examined is on the page; what is left lies before it.
	var seen, floor int64
	if _, err := s.one(historyFloor, []any{&seen, &floor}, string(id.Tenant), string(id.Customer), before, int64(examined)); err != nil {
		return page, err
	}
	page.Items = items
	if seen < examined {
		return page, nil
	}
	// The operations created at the floor may not all have been examined: they
	// are left to the next page.
	page.More, page.Next = true, floor+1
	if floor+1 >= before {
		page.Next = floor
		return page, nil
	}
	for len(page.Items) > 0 && page.Items[len(page.Items)-1].Row.Created == floor {
		page.Items = page.Items[:len(page.Items)-1]
	}
	return page, nil
}

// cut keeps at most limit operations and never parts those that one entry
// created, unless they are more than the limit by themselves.
func cut(items []operations.StoredOperation, limit int) []operations.StoredOperation {
	end := limit
	for end > 0 && items[end-1].Row.Created == items[end].Row.Created {
		end--
	}
	if end == 0 {
		for end = limit; end < len(items) && items[end].Row.Created == items[0].Row.Created; {
			end++
		}
	}
	return items[:end]
}

func historyArgs(id operations.BookID, q operations.HistoryQuery, before int64) ([]any, error) {
	states, err := list(q.States)
	if err != nil {
		return nil, err
	}
	kinds, err := list(q.Kinds)
	if err != nil {
		return nil, err
	}
	least, err := bound("min", q.Min)
	if err != nil {
		return nil, err
	}
	most, err := bound("max", q.Max)
	if err != nil {
		return nil, err
	}
	return []any{
		string(id.Tenant), string(id.Customer), before, int64(examined), int64(q.Limit) + slack,
		q.Asset, string(q.Account), string(q.Maker), least, most, optional(q.Since), optional(q.Until), states, kinds,
	}, nil
}

func bound(field string, d *decimal.Decimal) (any, error) {
	if d == nil {
		return nil, nil //nolint:nilnil // NULL is the value
	}
	text, err := amountText(field, *d)
	return amountKey(text), err
}

// beginning is the seq before which a list begins.
func beginning(before int64) int64 {
	if before == 0 {
		return math.MaxInt64
	}
	return before
}
