package memory

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/onbehalf/onbehalf/operations"
	"github.com/onbehalf/onbehalf/tenancy"
)

// Customers implements [operations.Directory]. It lists books that have a
// customer's row; the firm's own book is one of them.
func (s *Store) Customers(
	ctx context.Context, tenant tenancy.TenantID, q operations.CustomerQuery,
) (operations.CustomerPage, error) {
	var page operations.CustomerPage
	if err := ctx.Err(); err != nil {
		return page, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	list := s.shown(tenant, q.Operator)
	if list == nil {
		return page, nil
	}
	q.Search = lower(q.Search)
	for i, b := range list.after(q.After) {
		if len(page.Items) >= q.Limit || i >= examined {
			page.More = true
			return page, nil
		}
		page.Next = b.id.Customer
		if b.listed(&q) {
			page.Items = append(page.Items, operations.CustomerItem{ID: b.id.Customer, Row: *cloneCustomer(b.customer)})
		}
	}
	return page, nil
}

// shown are the books of the tenant, in order, or with an operator those that
// may be listed for him; nil where there are none. s.mu is held.
func (s *Store) shown(tenant tenancy.TenantID, operator tenancy.OperatorID) *shelf {
	f := s.firms[tenant]
	if f == nil {
		return nil
	}
	list := &f.all
	if operator != "" {
		if list = f.granted[operator]; list == nil {
			return nil
		}
	}
	list.tidy()
	return list
}

// listed tells whether the book is one of those asked for; Search is in lower case.
func (b *book) listed(q *operations.CustomerQuery) bool {
	row := b.customer
	switch {
	case row == nil,
		q.Operator != "" && !b.grantedTo(q.Operator, q.Now),
		len(q.Statuses) > 0 && !slices.Contains(q.Statuses, row.Status),
		len(q.Types) > 0 && !slices.Contains(q.Types, row.Type):
		return false
	}
	return q.Search == "" ||
		row.Name != nil && strings.Contains(lower(*row.Name), q.Search) ||
		row.TaxID != nil && strings.HasPrefix(lower(*row.TaxID), q.Search)
}

// grantedTo tells whether the operator has a grant to view this very book. A
// grant for everyone stands in the house's book and is none for the house.
func (b *book) grantedTo(operator tenancy.OperatorID, now time.Time) bool {
	for _, g := range b.grants {
		if g.Grant.Operator == operator && !g.Revoked && g.Lists() && g.Grant.Live(now) {
			return true
		}
	}
	return false
}

// lower maps the ASCII letters alone, byte by byte, as the contract says.
func lower(text string) string {
	folded := []byte(text)
	for i, c := range folded {
		if 'A' <= c && c <= 'Z' {
			folded[i] = c + ('a' - 'A')
		}
	}
	return string(folded)
}

// Heads implements [operations.Directory].
func (s *Store) Heads(
	ctx context.Context, tenant tenancy.TenantID, after tenancy.CustomerID, limit int,
) ([]operations.BookHead, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	f := s.firms[tenant]
	if f == nil {
		return nil, nil
	}
	f.all.tidy()
	var heads []operations.BookHead
	for _, b := range f.all.after(after) {
		if len(heads) >= limit {
			break
		}
		heads = append(heads, operations.BookHead{Customer: b.id.Customer, Head: b.head})
	}
	return heads, nil
}

// Positions implements [operations.Directory].
func (s *Store) Positions(ctx context.Context, tenant tenancy.TenantID, q operations.PositionQuery) ([]operations.PositionRow, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	s.mu.RLock()
	defer s.mu.RUnlock()
	f := s.firms[tenant]
	if f == nil {
		return nil, nil
	}
	sums := make(map[operations.PositionPlace]operations.PositionRow)
	for _, b := range f.books {
		for ref, a := range b.accounts {
			for i := range a.balances {
				at := operations.PositionPlace{Ref: ref, Asset: a.balances[i].Asset}
				if ref.System() && comparePositions(at, q.After) > 0 {
					sum := sums[at]
					sums[at] = operations.PositionRow{PositionPlace: at, Amount: sum.Amount.Add(a.balances[i].Posted), Books: sum.Books + 1}
				}
			}
		}
	}
	rows := slices.SortedFunc(maps.Values(sums), func(x, y operations.PositionRow) int {
		return comparePositions(x.PositionPlace, y.PositionPlace)
	})
	return slices.Clip(rows[:min(len(rows), max(q.Limit, 0))]), nil
}

// PositionBooks implements [operations.Directory].
func (s *Store) PositionBooks(ctx context.Context, tenant tenancy.TenantID, q operations.PositionBooksQuery) (operations.PositionBooksPage, error) {
	var page operations.PositionBooksPage
	if err := ctx.Err(); err != nil {
		return page, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	f := s.firms[tenant]
	if f == nil {
		return page, nil
	}
	f.all.tidy()
	for i, b := range f.all.after(q.After) {
		if i >= examined || len(page.Items) >= q.Limit {
			page.More = true
			return page, nil
		}
		page.Next = b.id.Customer
		a := b.accounts[q.Ref]
		if a == nil || !q.Ref.System() {
			continue
		}
		for j := range a.balances {
			if a.balances[j].Asset != q.Asset {
				continue
			}
			item := operations.BookPosition{Customer: b.id.Customer, Amount: a.balances[j].Posted}
			if b.customer != nil {
				item.Name = b.customer.Name
			}
			page.Items = append(page.Items, item)
		}
	}
	page.Next = ""
	return page, nil
}

// Waiting implements [operations.Directory].
func (s *Store) Waiting(ctx context.Context, tenant tenancy.TenantID, q operations.WaitingQuery) (operations.WaitingPage, error) {
	var page operations.WaitingPage
	if err := ctx.Err(); err != nil {
		return page, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	list := s.shown(tenant, q.Operator)
	if list == nil {
		return page, nil
	}
	seen, last := 0, q.After
	for i, b := range list.from(q.After.Customer) {
		if i > 0 && seen >= examined {
			page.More, page.Next = true, operations.WaitingPlace{Customer: b.id.Customer}
			return page, nil
		}
		seen += 1 + len(b.waiting)
		if len(b.waiting) == 0 || q.Operator != "" && (b.customer == nil || !b.grantedTo(q.Operator, q.Now)) {
			continue
		}
		for _, op := range slices.Sorted(maps.Keys(b.waiting)) {
			at := operations.WaitingPlace{Customer: b.id.Customer, Operation: op}
			if b.ops[op].State != operations.AwaitingApproval || at.Compare(q.After) <= 0 {
				continue
			}
			if len(page.Items) >= q.Limit {
				page.More, page.Next = true, last
				return page, nil
			}
			page.Items, last = append(page.Items, operations.WaitingItem{WaitingPlace: at, Due: b.waiting[op].due}), at
		}
	}
	return page, nil
}

func comparePositions(x, y operations.PositionPlace) int {
	return cmp.Or(cmp.Compare(x.Ref, y.Ref), strings.Compare(x.Asset, y.Asset))
}
