package sqlstore

import (
	"context"
	"database/sql"

	"github.com/onbehalf/onbehalf/operations"
	"github.com/onbehalf/onbehalf/tenancy"
)

// Waiting lists what waits for approval in all books of the tenant, by place.
func (m *methods) Waiting(ctx context.Context, tenant tenancy.TenantID, q operations.WaitingQuery) (operations.WaitingPage, error) {
	var page operations.WaitingPage
	err := m.via.read(ctx, ofFirm(tenant), func(s *session) error {
		if err := s.checkVersion(); err != nil {
			return err
		}
		var err error
		page, err = s.waiting(tenant, q)
		return err
	})
	if err != nil {
		return operations.WaitingPage{}, m.failed(ctx, "what waits for approval in tenant "+string(tenant), err)
	}
	return page, nil
}

func (s *session) waiting(tenant tenancy.TenantID, q operations.WaitingQuery) (operations.WaitingPage, error) {
	var page operations.WaitingPage
	args := []any{string(tenant), string(q.After.Customer), string(q.After.Operation), int64(max(q.Limit, 0)) + 1}
	rows, bound := waiting, 0
	if q.Operator != "" {
		rows, bound = waitingGranted, examined
		args[3] = int64(examined)
		args = append(args, string(q.Operator), micros(q.Now))
	}
	seen, last := 0, q.After
	err := s.each(rows, func(rows *sql.Rows) (bool, error) {
		var w operations.WaitingItem
		if err := rows.Scan(toText(&w.Customer), toText(&w.Operation), toTime(&w.Due)); err != nil {
			return false, err
		}
		seen++
		if w.Operation != "" && len(page.Items) >= q.Limit {
			page.More = true
			return false, nil
		}
		last = w.WaitingPlace
		if w.Operation != "" {
			page.Items = append(page.Items, w)
		}
		return true, nil
	}, args...)
	if err != nil {
		return operations.WaitingPage{}, err
	}
	// Whatever is beyond what one page looks at comes with the next.
	page.More = page.More || bound > 0 && seen == bound
	if page.More {
		page.Next = last
	}
	return page, nil
}
