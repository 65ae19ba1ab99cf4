package storetest

import (
	"fmt"
	"slices"

	"github.com/onbehalf/onbehalf/accounts"
	"github.com/onbehalf/onbehalf/operations"
	"github.com/onbehalf/onbehalf/tenancy"
)

func positionCases() []testCase {
	return []testCase{
		{"positions are the exact sums over all books, by ref and asset in the order of bytes, whatever the page", func(b *bundle) {
			sums := make(map[operations.PositionPlace]operations.PositionRow)
			add := func(c tenancy.CustomerID, amounts map[operations.PositionPlace]string) {
				p := b.book(c)
				change := p.plain("")
				for at, text := range amounts {
					change.Balances = append(change.Balances, operations.BalanceRow{Ref: at.Ref, Asset: at.Asset, Posted: dec(text), Seq: 1})
					if at.Ref.System() {
						sum := sums[at]
						sums[at] = operations.PositionRow{PositionPlace: at, Amount: sum.Amount.Add(dec(text)), Books: sum.Books + 1}
					}
				}
				p.commit(change)
			}
			for i := range 12 {
				amounts := map[operations.PositionPlace]string{
					{Ref: "acc-1", Asset: "BRL"}:                  "1000",
					{Ref: accounts.Clearing("pix"), Asset: "BRL"}: fmt.Sprintf("-%d.%018d", i, i+1),
					{Ref: accounts.IncomeFees, Asset: "BRL"}:      "0.1",
				}
				if i%3 == 0 {
					amounts[operations.PositionPlace{Ref: accounts.Suspense, Asset: "ETH"}] = "0.000000000000000001"
					amounts[operations.PositionPlace{Ref: accounts.Suspense, Asset: "BRL"}] = "99999999999999999999"
					amounts[operations.PositionPlace{Ref: accounts.Clearing("Pix"), Asset: "BRL"}] = "7"
				}
				add(tenancy.CustomerID(fmt.Sprint("c-", i)), amounts)
			}
			add(tenancy.House, map[operations.PositionPlace]string{{Ref: accounts.IncomeFees, Asset: "BRL"}: "-1.2", {Ref: accounts.IncomeSpread, Asset: "USD"}: "0"})
			var want []operations.PositionRow
			for _, row := range sums {
				want = append(want, row)
			}
			slices.SortFunc(want, func(x, y operations.PositionRow) int { return comparePositions(x.PositionPlace, y.PositionPlace) })
			for _, limit := range []int{1, 2, len(want), 200} {
				b.same(lines(b.positions(limit), positionLine), lines(want, positionLine), fmt.Sprintf("positions in pages of %d", limit))
			}
		}},
		{"positions follow what is posted, and no tenant has those of another", func(b *bundle) {
			p := b.book(maria)
			for _, text := range []string{"5", "-2.5", "0"} {
				c := p.plain("")
				c.Balances = []operations.BalanceRow{{Ref: accounts.Between, Asset: "BRL", Posted: dec(text), Seq: c.Entry.Seq}}
				p.commit(c)
				b.same(lines(b.positions(9), positionLine), positionLine(operations.PositionRow{
					PositionPlace: operations.PositionPlace{Ref: accounts.Between, Asset: "BRL"}, Amount: dec(text), Books: 1,
				}), "positions")
			}
			for _, tenant := range []tenancy.TenantID{"FIRM", "fir", "nobody"} {
				rows, err := b.store.Positions(b.ctx, tenant, operations.PositionQuery{Limit: 9})
				b.ok(err, "positions")
				if len(rows) != 0 {
					b.Fatalf("tenant %q has %s", tenant, lines(rows, positionLine))
				}
			}
		}},
	}
}

// positions walks the list to its end.
func (b *bundle) positions(limit int) []operations.PositionRow {
	b.Helper()
	var all []operations.PositionRow
	q := operations.PositionQuery{Limit: limit}
	for range maxPages {
		page, err := b.store.Positions(b.ctx, own, q)
		b.ok(err, "positions")
		if len(page) > limit {
			b.Fatalf("a page of %d positions has %d", limit, len(page))
		}
		all = append(all, page...)
		if len(page) < limit {
			return all
		}
		q.After = page[limit-1].PositionPlace
	}
	b.Fatalf("the positions do not end within %d pages", maxPages)
	return nil
}

func comparePositions(x, y operations.PositionPlace) int {
	if x.Ref != y.Ref {
		return compareText(x.Ref, y.Ref)
	}
	return compareText(x.Asset, y.Asset)
}
