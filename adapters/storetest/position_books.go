package storetest

import (
	"cmp"
	"fmt"

	"github.com/onbehalf/onbehalf/accounts"
	"github.com/onbehalf/onbehalf/customer"
	"github.com/onbehalf/onbehalf/operations"
	"github.com/onbehalf/onbehalf/tenancy"
)

func positionBookCases() []testCase {
	return []testCase{
		{"the books of a position are those that have a row of it, by customer, with their names, whatever the page", func(b *bundle) {
			opened, at := at(1), operations.PositionPlace{Ref: accounts.Clearing("pix"), Asset: "BRL"}
			var want []operations.BookPosition
			for i := range 9 {
				c := tenancy.CustomerID(fmt.Sprint("c-", i))
				p := b.book(c)
				change := p.plain("")
				rows := []operations.BalanceRow{
					{Ref: at.Ref, Asset: "USD", Posted: dec("7"), Seq: 1},
					{Ref: accounts.Clearing("Pix"), Asset: "BRL", Posted: dec("8"), Seq: 1},
					{Ref: "pix", Asset: "BRL", Posted: dec("9"), Seq: 1},
					{Ref: accounts.Between, Asset: at.Asset, Posted: dec("10"), Seq: 1},
				}
				row := operations.BookPosition{Customer: c, Amount: dec(fmt.Sprintf("%d.%018d", 4-i, i))}
				if i%3 != 0 {
					name := fmt.Sprint("Customer ", i)
					row.Name = &name
					change.Customer = &operations.CustomerRow{Type: customer.Individual, Status: customer.Active, Name: &name, OpenedAt: opened, UpdatedAt: opened}
				}
				if i%2 == 0 {
					rows, want = append(rows, operations.BalanceRow{Ref: at.Ref, Asset: at.Asset, Posted: row.Amount, Seq: 1}), append(want, row)
				}
				change.Balances = rows
				p.commit(change)
			}
			for _, limit := range []int{1, 2, len(want), 200} {
				b.same(lines(b.positionBooks(own, at, limit), bookPositionLine), lines(want, bookPositionLine), fmt.Sprintf("books in pages of %d", limit))
			}
			for _, tenant := range []tenancy.TenantID{"FIRM", "fir", "nobody"} {
				b.same(lines(b.positionBooks(tenant, at, 9), bookPositionLine), "", "books of "+string(tenant))
			}
			for _, none := range []operations.PositionPlace{{Ref: at.Ref, Asset: "brl"}, {Ref: "clearing:PIX", Asset: "BRL"}, {Ref: "pix", Asset: "BRL"}, {Ref: "clearing:%", Asset: "BRL"}} {
				b.same(lines(b.positionBooks(own, none, 9), bookPositionLine), "", "books of "+string(none.Ref))
			}
		}},
		{"a position that few of many books have comes to its end, a book a page", func(b *bundle) {
			at := operations.PositionPlace{Ref: accounts.Suspense, Asset: "BRL"}
			var want []operations.BookPosition
			for i := range 120 {
				c := tenancy.CustomerID(fmt.Sprintf("c-%03d", i))
				p := b.book(c)
				change := p.plain("")
				if i%50 == 49 {
					change.Balances = []operations.BalanceRow{{Ref: at.Ref, Asset: at.Asset, Posted: dec("1"), Seq: 1}}
					want = append(want, operations.BookPosition{Customer: c, Amount: dec("1")})
				}
				p.commit(change)
			}
			b.same(lines(b.positionBooks(own, at, 1), bookPositionLine), lines(want, bookPositionLine), "books")
		}},
	}
}

// positionBooks walks the list to its end.
func (b *bundle) positionBooks(tenant tenancy.TenantID, at operations.PositionPlace, limit int) []operations.BookPosition {
	b.Helper()
	q := operations.PositionBooksQuery{PositionPlace: at, Limit: limit}
	return ascend(b, "books of a position", limit, q.After, cmp.Compare, func(after tenancy.CustomerID) ([]operations.BookPosition, tenancy.CustomerID, bool, error) {
		q.After = after
		page, err := b.store.PositionBooks(b.ctx, tenant, q)
		return page.Items, page.Next, page.More, err
	})
}
