package sqlstore

import (
	"context"
	"database/sql"

	"github.com/onbehalf/onbehalf/operations"
	"github.com/onbehalf/onbehalf/tenancy"
)

// Customers lists customers by id, ascending.
func (m *methods) Customers(ctx context.Context, tenant tenancy.TenantID, q operations.CustomerQuery) (operations.CustomerPage, error) {
	var page operations.CustomerPage
	err := m.via.read(ctx, ofFirm(tenant), func(s *session) error {
		if err := s.checkVersion(); err != nil {
			return err
		}
		var err error
		page, err = s.customers(tenant, q)
		return err
	})
	if err != nil {
		return operations.CustomerPage{}, m.failed(ctx, "customers of tenant "+string(tenant), err)
	}
	return page, nil
}

func (s *session) customers(tenant tenancy.TenantID, q operations.CustomerQuery) (operations.CustomerPage, error) {
	var page operations.CustomerPage
	statuses, err := list(q.Statuses)
	if err != nil {
		return page, err
	}
	types, err := list(q.Types)
	if err != nil {
		return page, err
	}
	rows, floor := customers, customersFloor
	args := []any{string(tenant), string(q.After), int64(examined), int64(max(q.Limit, 0)) + 1, statuses, types, q.Search}
	within := []any{string(tenant), string(q.After), int64(examined)}
	if q.Operator != "" {
		rows, floor = customersGranted, customersGrantedFloor
		args = append(args, string(q.Operator), micros(q.Now))
		within = append(within, string(q.Operator))
	}
	if page.Items, err = collect(s, rows, scanCustomer, args...); err != nil {
		return page, err
	}
	if len(page.Items) > q.Limit {
		page.Items = page.Items[:q.Limit]
		page.More = true
		if q.Limit > 0 {
			page.Next = page.Items[q.Limit-1].ID
		}
		return page, nil
	}
	var (
		seen int64
		last tenancy.CustomerID
	)
	if _, err := s.one(floor, []any{&seen, toText(&last)}, within...); err != nil {
		return page, err
	}
	if seen == examined {
		page.More, page.Next = true, last
	}
	return page, nil
}

// Heads lists the heads of all books of the tenant by customer id, ascending.
func (m *methods) Heads(ctx context.Context, tenant tenancy.TenantID, after tenancy.CustomerID, limit int) ([]operations.BookHead, error) {
	var all []operations.BookHead
	err := m.via.read(ctx, ofFirm(tenant), func(s *session) error {
		if err := s.checkVersion(); err != nil {
			return err
		}
		var err error
		all, err = collect(s, heads, func(rows *sql.Rows, h *operations.BookHead) error {
			return rows.Scan(toText(&h.Customer), toInt(&h.Head.Seq), toHash(&h.Head.Hash))
		}, string(tenant), string(after), int64(max(limit, 0)))
		return err
	})
	if err != nil {
		return nil, m.failed(ctx, "heads of tenant "+string(tenant), err)
	}
	return all, nil
}

// Positions sums what is posted on the system accounts of all books of the
// tenant.
func (m *methods) Positions(ctx context.Context, tenant tenancy.TenantID, q operations.PositionQuery) ([]operations.PositionRow, error) {
	var all []operations.PositionRow
	err := m.via.read(ctx, ofFirm(tenant), func(s *session) error {
		if err := s.checkVersion(); err != nil || q.Limit < 1 {
			return err
		}
		// A dialect that does not sum gives every book's row.
		return s.each(positions, func(rows *sql.Rows) (bool, error) {
			var r operations.PositionRow
			if err := rows.Scan(toText(&r.Ref), toText(&r.Asset), toAmount(&r.Amount), toInt(&r.Books)); err != nil {
				return false, err
			}
			if n := len(all); n > 0 && all[n-1].PositionPlace == r.PositionPlace {
				all[n-1].Amount = all[n-1].Amount.Add(r.Amount)
				all[n-1].Books += r.Books
				return true, nil
			} else if n == q.Limit {
				return false, nil
			}
			all = append(all, r)
			return true, nil
		}, string(tenant), string(q.After.Ref), q.After.Asset, int64(q.Limit))
	})
	if err != nil {
		return nil, m.failed(ctx, "positions of tenant "+string(tenant), err)
	}
	return all, nil
}

// PositionBooks lists the books that have a row of a system account, by
// customer, ascending. A book without one is a row, too, so that all that is
// looked at is counted.
func (m *methods) PositionBooks(ctx context.Context, tenant tenancy.TenantID, q operations.PositionBooksQuery) (operations.PositionBooksPage, error) {
	var page operations.PositionBooksPage
	err := m.via.read(ctx, ofFirm(tenant), func(s *session) error {
		if err := s.checkVersion(); err != nil || !q.Ref.System() {
			return err
		}
		seen, last := 0, q.After
		err := s.each(positionBooks, func(rows *sql.Rows) (bool, error) {
			if len(page.Items) >= q.Limit {
				page.More = true
				return false, nil
			}
			var (
				b      operations.BookPosition
				posted any
			)
			if err := rows.Scan(toText(&b.Customer), &posted, &b.Name); err != nil {
				return false, err
			}
			seen, last = seen+1, b.Customer
			if posted == nil {
				return true, nil
			}
			page.Items = append(page.Items, b)
			return true, toAmount(&page.Items[len(page.Items)-1].Amount).Scan(posted)
		}, string(tenant), string(q.After), string(q.Ref), q.Asset, int64(examined))
		if page.More = page.More || seen == examined; page.More {
			page.Next = last
		}
		return err
	})
	if err != nil {
		return operations.PositionBooksPage{}, m.failed(ctx, "books of a position of tenant "+string(tenant), err)
	}
	return page, nil
}
