package storetest

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/onbehalf/onbehalf/customer"
	"github.com/onbehalf/onbehalf/operations"
	"github.com/onbehalf/onbehalf/tenancy"
)

// person is one customer of a list.
type person struct {
	id     tenancy.CustomerID
	typ    customer.Type
	status customer.Status
	name   string
	tax    string
	grants []operations.GrantRow
}

// open stores the person's book and gives the list's item.
func (b *bundle) open(x person) operations.CustomerItem {
	b.Helper()
	p := b.book(x.id)
	c := p.plain("")
	row := &operations.CustomerRow{
		Type: x.typ, Status: x.status, Country: "BR", Name: &x.name, TaxID: &x.tax,
		OpenedAt: at(1), OpenedBy: ana, UpdatedAt: at(2), UpdatedBy: bruno,
	}
	if x.typ == "" {
		row.Type = customer.Individual
	}
	if x.status == "" {
		row.Status = customer.Active
	}
	c.Customer, c.Grants = row, x.grants
	p.commit(c)
	return operations.CustomerItem{ID: x.id, Row: *row}
}

// customers walks the list to its end and gives the ids.
func (b *bundle) customers(q operations.CustomerQuery) []operations.CustomerItem {
	b.Helper()
	return ascend(b, "customers", q.Limit, q.After, cmp.Compare, func(after tenancy.CustomerID) ([]operations.CustomerItem, tenancy.CustomerID, bool, error) {
		q.After = after
		page, err := b.store.Customers(b.ctx, own, q)
		return page.Items, page.Next, page.More, err
	})
}

// lists checks that the query gives exactly these customers, whatever the page.
func (b *bundle) lists(q operations.CustomerQuery, want ...tenancy.CustomerID) {
	b.Helper()
	slices.Sort(want)
	for _, limit := range []int{1, 3, 200} {
		q.Limit = limit
		got := b.customers(q)
		ids := make([]tenancy.CustomerID, len(got))
		for i, item := range got {
			ids[i] = item.ID
		}
		b.same(lines(ids, func(id tenancy.CustomerID) string { return string(id) }),
			lines(want, func(id tenancy.CustomerID) string { return string(id) }), fmt.Sprintf("customers of %+v", q))
	}
}

func customerCases() []testCase {
	return []testCase{
		{"customers come by id in the order of bytes, with their rows, whatever the page", func(b *bundle) {
			ids := nearIDs()
			items := make([]operations.CustomerItem, len(ids))
			for i, id := range ids {
				items[i] = b.open(person{id: tenancy.CustomerID(id), name: "Name of " + id, tax: fmt.Sprint(1000 + i)})
			}
			slices.SortFunc(items, func(x, y operations.CustomerItem) int { return strings.Compare(string(x.ID), string(y.ID)) })
			for _, limit := range []int{1, 4, len(items), 200} {
				b.same(lines(b.customers(operations.CustomerQuery{Limit: limit}), itemLine), lines(items, itemLine), "customers")
			}
			b.same(lines(b.customers(operations.CustomerQuery{Limit: 5, After: items[9].ID}), itemLine), lines(items[10:], itemLine), "customers after one")
			b.same(lines(b.customers(operations.CustomerQuery{Limit: 5, After: items[9].ID + ".0"}), itemLine), lines(after(items, items[9].ID+".0"), itemLine), "customers after one that is not there")
		}},
		{"a book without a customer's row is not listed, that of the house is", func(b *bundle) {
			b.book(maria).fill(1)
			b.open(person{id: tenancy.House, typ: customer.House, name: "The firm"})
			b.lists(operations.CustomerQuery{}, tenancy.House)
			b.lists(operations.CustomerQuery{Types: []customer.Type{customer.Individual, customer.Company}})
		}},
		{"customers are filtered by status and by type", func(b *bundle) {
			for _, typ := range customer.Types() {
				for _, status := range customer.Statuses() {
					b.open(person{id: tenancy.CustomerID(string(typ) + "-" + string(status)), typ: typ, status: status})
				}
			}
			for _, typ := range customer.Types() {
				for _, status := range customer.Statuses() {
					b.lists(operations.CustomerQuery{Types: []customer.Type{typ}, Statuses: []customer.Status{status}}, tenancy.CustomerID(string(typ)+"-"+string(status)))
				}
			}
			b.lists(operations.CustomerQuery{Types: []customer.Type{customer.Company}, Statuses: []customer.Status{customer.Active, customer.Closed}}, "company-active", "company-closed")
		}},
		{"a search finds part of the name or the beginning of the tax id, in either case of ASCII letters", func(b *bundle) {
			for _, x := range []person{
				{id: "a", name: "Maria da Conceição", tax: "39053344705"},
				{id: "b", name: "JOÃO 100%", tax: "12ABC34501DE35"},
				{id: "c", name: `O'Neil_Back\slash*?[a-z]`, tax: "3905"},
				{id: "d", name: "İstanbul ß Kelvin K", tax: ""},
				{id: "e", name: "", tax: "5"},
			} {
				b.open(x)
			}
			for search, want := range map[string][]tenancy.CustomerID{
				"maria": {"a"}, "MARIA": {"a"}, "ria da c": {"a"}, "ção": {"a"}, "ÇÃO": nil, "joão": nil, "joÃo": {"b"}, "JOÃO": {"b"},
				"3905": {"a", "c"}, "390533": {"a"}, "4705": nil, "12abc": {"b"}, "12ABC34501DE35": {"b"}, "12ABC34501DE350": nil,
				"%": {"b"}, "100%": {"b"}, "_": {"c"}, "l_b": {"c"}, "o'neil": {"c"}, `k\s`: {"c"}, `\`: {"c"}, "*": {"c"}, "?": {"c"}, "[a-z]": {"c"},
				"%a%": nil, "m_ria": nil, "istanbul": nil, "İSTANBUL": {"d"}, "SS": nil, "kelvin k": {"d"}, "K": {"c", "d"}, "5": {"e"}, " ": {"a", "b", "d"},
				"nobody": nil, "maria  da": nil, "e\u0301": nil, "' OR 1=1 --": nil,
			} {
				b.lists(operations.CustomerQuery{Search: search}, want...)
			}
		}},
		{"with an operator, only customers he has a live grant of their own book for are listed", listedByGrant},
		{"filters of customers restrict together", func(b *bundle) {
			granted := []operations.GrantRow{{Grant: tenancy.Grant{ID: "g", Operator: ana, Permissions: tenancy.NewPermissions(tenancy.View)}}}
			for i, typ := range []customer.Type{customer.Individual, customer.Company} {
				for j, status := range []customer.Status{customer.Active, customer.Closed} {
					b.open(person{id: tenancy.CustomerID(fmt.Sprintf("c-%d%d-granted", i, j)), typ: typ, status: status, name: "Ana Lima", grants: granted})
					b.open(person{id: tenancy.CustomerID(fmt.Sprintf("c-%d%d", i, j)), typ: typ, status: status, name: "Ana Lima"})
					b.open(person{id: tenancy.CustomerID(fmt.Sprintf("c-%d%d-other", i, j)), typ: typ, status: status, name: "Else", grants: granted})
				}
			}
			b.lists(operations.CustomerQuery{
				Operator: ana, Now: at(1), Types: []customer.Type{customer.Company}, Statuses: []customer.Status{customer.Active}, Search: "lima",
			}, "c-10-granted")
			b.lists(operations.CustomerQuery{Types: []customer.Type{customer.Company}, Statuses: []customer.Status{customer.Active}, Search: "lima"}, "c-10", "c-10-granted")
		}},
		{"a list in which nearly nobody matches comes to its end", func(b *bundle) {
			runs := make([]operations.Run, 0, 300)
			for i := range 300 {
				p := b.book(tenancy.CustomerID(fmt.Sprintf("c-%03d", i)))
				c := p.plain("")
				name := "Somebody"
				if i == 299 {
					name = "Wanted"
				}
				c.Customer = &operations.CustomerRow{Type: customer.Individual, Status: customer.Active, Name: &name, OpenedAt: at(1), UpdatedAt: at(1)}
				runs = append(runs, p.run(c))
			}
			for _, v := range b.send(runs...) {
				b.won(v, 1)
			}
			b.lists(operations.CustomerQuery{Search: "wanted"}, "c-299")
			b.lists(operations.CustomerQuery{Search: "unwanted"})
			b.lists(operations.CustomerQuery{Operator: ana, Now: at(1)})
		}},
		{"a tenant lists its own customers only", func(b *bundle) {
			b.open(person{id: "a", name: "Maria"})
			for _, tenant := range []tenancy.TenantID{"FIRM", "fir", "nobody", "f%"} {
				page, err := b.store.Customers(b.ctx, tenant, operations.CustomerQuery{Limit: 9})
				b.ok(err, "customers")
				if len(page.Items) != 0 || page.More {
					b.Fatalf("tenant %q lists %s", tenant, lines(page.Items, itemLine))
				}
			}
		}},
	}
}

func after(items []operations.CustomerItem, id tenancy.CustomerID) []operations.CustomerItem {
	i := slices.IndexFunc(items, func(x operations.CustomerItem) bool { return x.ID > id })
	if i < 0 {
		return nil
	}
	return items[i:]
}

func listedByGrant(b *bundle) {
	view := tenancy.NewPermissions(tenancy.View)
	now := at(100)
	row := func(id tenancy.GrantID, operator tenancy.OperatorID, expires time.Time, everyone, revoked bool) operations.GrantRow {
		return operations.GrantRow{Revoked: revoked, Grant: tenancy.Grant{ID: id, Operator: operator, Everyone: everyone, Permissions: view, Expires: expires}}
	}
	for id, grants := range map[tenancy.CustomerID][]operations.GrantRow{
		"live":           {row("g", ana, time.Time{}, false, false)},
		"expiring":       {row("g", ana, now.Add(time.Microsecond), false, false)},
		"expired":        {row("g", ana, now, false, false)},
		"long-expired":   {row("g", ana, at(1), false, false)},
		"revoked":        {row("g", ana, time.Time{}, false, true)},
		"of-bruno":       {row("g", bruno, time.Time{}, false, false)},
		"of-another":     {row("g", "Ana", time.Time{}, false, false)},
		"several":        {row("g1", ana, now, false, false), row("g2", ana, time.Time{}, false, true), row("g3", ana, at(101), false, false)},
		"twice":          {row("g1", ana, time.Time{}, false, false), row("g2", ana, time.Time{}, false, false)},
		"not-to-view":    {{Grant: tenancy.Grant{ID: "g", Operator: ana, Permissions: tenancy.NewPermissions(tenancy.Execute)}}},
		"none":           nil,
		tenancy.House:    {row("g", ana, time.Time{}, true, false), row("h", bruno, time.Time{}, false, false)},
		"no-row-of-ours": {row("g", "zoe", time.Time{}, false, false)},
	} {
		b.open(person{id: id, name: string(id), grants: grants})
	}
	b.lists(operations.CustomerQuery{Operator: ana, Now: now}, "live", "expiring", "several", "twice")
	b.lists(operations.CustomerQuery{Operator: ana, Now: at(0)}, "live", "expiring", "expired", "long-expired", "several", "twice")
	b.lists(operations.CustomerQuery{Operator: bruno, Now: now}, "of-bruno", tenancy.House)
	b.lists(operations.CustomerQuery{Operator: "nobody", Now: now})
	p := b.book("live")
	p.head = b.headOf(p.id)
	p.tip = p.head
	c := p.plain("")
	c.Grants = []operations.GrantRow{row("g", ana, time.Time{}, false, true)}
	p.commit(c)
	b.lists(operations.CustomerQuery{Operator: ana, Now: now}, "expiring", "several", "twice")
}

func (b *bundle) headOf(id operations.BookID) operations.Head {
	b.Helper()
	found, err := b.store.Find(b.ctx, id, operations.Want{})
	b.ok(err, "find")
	return found.Head
}

func headCases() []testCase {
	return []testCase{
		{"heads of all books of the tenant come by customer in the order of bytes, whatever the page", func(b *bundle) {
			var want []operations.BookHead
			for i, id := range append(nearIDs(), string(tenancy.House)) {
				p := b.book(tenancy.CustomerID(id))
				p.fill(1 + i%3)
				want = append(want, operations.BookHead{Customer: p.id.Customer, Head: p.head})
			}
			slices.SortFunc(want, func(x, y operations.BookHead) int { return strings.Compare(string(x.Customer), string(y.Customer)) })
			for _, limit := range []int{1, 4, len(want), 200} {
				var all []operations.BookHead
				for {
					last := tenancy.CustomerID("")
					if len(all) > 0 {
						last = all[len(all)-1].Customer
					}
					page, err := b.store.Heads(b.ctx, own, last, limit)
					b.ok(err, "heads")
					if len(page) > limit {
						b.Fatalf("a page of %d heads has %d", limit, len(page))
					}
					all = append(all, page...)
					if len(page) < limit { // a short page is the last one
						break
					}
				}
				b.same(lines(all, bookHeadLine), lines(want, bookHeadLine), "heads")
			}
		}},
		{"a book to which nothing was stored has no head", func(b *bundle) {
			p := b.book(maria)
			p.forge(3)
			p.head = p.tip
			b.lost(b.send(p.run(p.plain("")))[0], 0, operations.Stale)
			q := b.book(joao)
			run := q.run(q.plain(""))
			run.Relies = []operations.Reliance{{Operator: ana, Version: 3}}
			b.lost(b.send(run)[0], 0, operations.Outdated)
			heads, err := b.store.Heads(b.ctx, own, "", 9)
			b.ok(err, "heads")
			if len(heads) != 0 {
				b.Fatalf("runs that lost have left heads: %s", lines(heads, bookHeadLine))
			}
		}},
	}
}
