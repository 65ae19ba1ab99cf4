package sqlstore

import (
	"context"
	"database/sql"
	"time"

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

// Due lists operations of all books whose time has come, after the given place.
func (m *methods) Due(ctx context.Context, now time.Time, after operations.DuePlace, limit int) ([]operations.DueItem, error) {
	var items []operations.DueItem
	err := m.via.read(ctx, scope{}, func(s *session) error {
		if err := s.checkVersion(); err != nil {
			return err
		}
		var err error
		items, err = collect(s, due, func(rows *sql.Rows, d *operations.DueItem) error {
			return rows.Scan(toTime(&d.Due), toText(&d.Book.Tenant), toText(&d.Book.Customer), toText(&d.Operation), toText(&d.State))
		}, micros(now), micros(after.Due), string(after.Book.Tenant), string(after.Book.Customer), string(after.Operation), int64(max(limit, 0)))
		return err
	})
	if err != nil {
		return nil, m.failed(ctx, "due operations", err)
	}
	return items, nil
}
