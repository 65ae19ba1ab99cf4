package storetest

import (
	"fmt"
	"slices"
	"time"

	"github.com/shopspring/decimal"

	"github.com/onbehalf/onbehalf/accounts"
	"github.com/onbehalf/onbehalf/operations"
	"github.com/onbehalf/onbehalf/tenancy"
)

// maxPages ends a walk whose pages do not come to an end.
const maxPages = 10_000

// walk reads a list to its end, page by page, and checks what every page must
// be: within its limit, and nearer to the end than the one before.
func walk[T any](b *bundle, limit int, size func([]T) int, page func(before int64) (operations.Page[T], error)) []T {
	b.Helper()
	var all []T
	before := int64(0)
	for range maxPages {
		got, err := page(before)
		b.ok(err, "page")
		if n := size(got.Items); n > limit {
			b.Fatalf("a page of at most %d has %d", limit, n)
		}
		all = append(all, got.Items...)
		if !got.More {
			return all
		}
		if got.Next < 1 || before > 0 && got.Next >= before {
			b.Fatalf("the page before %d goes on before %d", before, got.Next)
		}
		before = got.Next
	}
	b.Fatalf("the list does not end within %d pages", maxPages)
	return nil
}

// history is the brute-force answer to the query, without its limit.
func (m *model) history(q operations.HistoryQuery) []operations.StoredOperation {
	var all []operations.StoredOperation
	for _, r := range m.ops {
		if q.Before > 0 && r.Created >= q.Before ||
			len(q.States) > 0 && !slices.Contains(q.States, r.State) ||
			len(q.Kinds) > 0 && !slices.Contains(q.Kinds, r.Kind) ||
			q.Asset != "" && r.Asset != q.Asset ||
			q.Account != "" && r.From != q.Account && r.To != q.Account ||
			q.Min != nil && r.Amount.Cmp(*q.Min) < 0 || q.Max != nil && r.Amount.Cmp(*q.Max) > 0 ||
			!q.Since.IsZero() && r.CreatedAt.Before(q.Since) || !q.Until.IsZero() && !r.CreatedAt.Before(q.Until) ||
			q.Maker != "" && r.Maker != q.Maker || !q.Between.IsZero() && !between(q.Between, r) {
			continue
		}
		all = append(all, operations.StoredOperation{Row: r, Entry: m.entries[r.Updated-1]})
	}
	slices.SortFunc(all, func(a, b operations.StoredOperation) int { return int(b.Row.Created - a.Row.Created) })
	return all
}

// between tells whether the row goes from an account of one set to one of the other.
func between(b operations.Between, r operations.OperationRow) bool {
	for _, one := range b.One {
		for _, other := range b.Other {
			if r.From == one && r.To == other || r.From == other && r.To == one {
				return true
			}
		}
	}
	return false
}

// historyHolds walks the query from its beginning and holds it against the model.
func (m *model) historyHolds(p *pen, q operations.HistoryQuery) {
	p.Helper()
	got := walk(p.bundle, q.Limit, func(items []operations.StoredOperation) int { return len(items) },
		func(before int64) (operations.Page[operations.StoredOperation], error) {
			query := q
			if before > 0 {
				query.Before = before
			}
			return p.store.History(p.ctx, p.id, query)
		})
	p.same(lines(got, storedLine), lines(m.history(q), storedLine), fmt.Sprintf("history of %+v", q))
}

func (m *model) statement(q operations.StatementQuery) []operations.PostingRow {
	var all []operations.PostingRow
	for _, r := range slices.Backward(m.projection().Postings) {
		if r.Ref != q.Ref || q.Asset != "" && r.Asset != q.Asset || q.Before > 0 && r.Seq >= q.Before ||
			!q.Since.IsZero() && r.At.Before(q.Since) || !q.Until.IsZero() && !r.At.Before(q.Until) {
			continue
		}
		all = append(all, r)
	}
	return all
}

func (m *model) statementHolds(p *pen, q operations.StatementQuery) {
	p.Helper()
	entries := func(items []operations.PostingRow) int {
		seqs := make(map[int64]bool, len(items))
		for _, r := range items {
			seqs[r.Seq] = true
		}
		return len(seqs)
	}
	got := walk(p.bundle, q.Limit, entries, func(before int64) (operations.Page[operations.PostingRow], error) {
		query := q
		if before > 0 {
			query.Before = before
		}
		return p.store.Statement(p.ctx, p.id, query)
	})
	p.same(lines(got, postingLine), lines(m.statement(q), postingLine), fmt.Sprintf("statement of %+v", q))
}

// busy stores a book of n operations that differ in everything a list can
// filter by; every third of them changes later, and some entries have no
// operation at all.
func (b *bundle) busy(customer tenancy.CustomerID, n int) (*pen, *model) {
	b.Helper()
	p := b.book(customer)
	m := newModel(p.id)
	amounts := []string{"0.01", "1", "1.5", "9.99", "10", "10.01", "100", "99999999999999999999.99", "0.000000000000000001"}
	changes := make([]operations.Change, 0, 2*n)
	for i := range n {
		c := p.write(operations.Entry{Key: key(i), Operation: op(i)})
		seq := c.Entry.Seq
		row := operations.OperationRow{
			ID: op(i), Created: seq, Updated: seq, Version: 1, State: operations.States()[i%10], Kind: []string{"deposit", "withdrawal", "trade"}[i%3],
			Asset: []string{"BRL", "USD"}[i/2%2], From: accounts.ID(fmt.Sprintf("acc-%d", i%4)), To: accounts.ID(fmt.Sprintf("acc-%d", i%5)),
			Amount: dec(amounts[i%len(amounts)]), Maker: []tenancy.OperatorID{ana, bruno}[i/5%2], CreatedAt: at(seq),
		}
		if i%7 == 0 {
			row.From = ""
		}
		c.Operations = []operations.OperationRow{row}
		c.Postings = p.legs(seq, i)
		changes = append(changes, c)
		if i%4 == 0 {
			changes = append(changes, p.plain(""))
		}
		if i%3 == 0 {
			c := p.write(operations.Entry{Operation: op(i)})
			row.Updated, row.Version, row.State = c.Entry.Seq, 2, operations.States()[(i+3)%10]
			c.Operations = []operations.OperationRow{row}
			changes = append(changes, c)
		}
	}
	for part := range slices.Chunk(changes, operations.MaxTail) {
		p.commit(part...)
	}
	for i := range changes {
		m.apply(&changes[i])
	}
	return p, m
}

// legs are the postings of an entry: one to three on the first account, in two
// assets, and their counterparts.
func (p *pen) legs(seq int64, i int) []operations.PostingRow {
	var rows []operations.PostingRow
	for n := range 2 * (1 + i%3) {
		ref, amount := accounts.Ref("acc-1"), decimal.New(int64(i+1), int32(-n))
		if n%2 == 1 {
			ref, amount = accounts.Between, amount.Neg()
		}
		rows = append(rows, operations.PostingRow{
			Seq: seq, N: n, At: at(seq), Operation: op(i), Ref: ref, Asset: []string{"BRL", "USD"}[(i+n/2)%2],
			Amount: amount, Balance: amount.Add(decimal.NewFromInt(int64(n))),
		})
	}
	return rows
}

func historyCases() []testCase {
	return []testCase{
		{"history is newest first by creation, with the newest version of each, whatever the page", func(b *bundle) {
			p, m := b.busy(maria, 60)
			for _, limit := range []int{1, 2, 7, 59, 60, 61, 200} {
				m.historyHolds(p, operations.HistoryQuery{Limit: limit})
			}
		}},
		{"history before a seq has only what was created before it", func(b *bundle) {
			p, m := b.busy(maria, 20)
			for before := int64(1); before <= p.head.Seq+1; before++ {
				m.historyHolds(p, operations.HistoryQuery{Limit: 6, Before: before})
			}
		}},
		{"each filter of history gives what a search of all operations gives", func(b *bundle) {
			p, m := b.busy(maria, 60)
			for _, q := range historyQueries() {
				for _, limit := range []int{1, 7, 200} {
					q.Limit = limit
					m.historyHolds(p, q)
				}
			}
		}},
		{"filters of history restrict together", func(b *bundle) {
			p, m := b.busy(maria, 60)
			queries := historyQueries()
			for i := range queries {
				for j := range i {
					q := merged(queries[i], queries[j])
					q.Limit = 9
					m.historyHolds(p, q)
				}
			}
		}},
		{"a filter that nothing matches in a long book comes to its end", func(b *bundle) {
			p, m := b.busy(maria, 400)
			m.historyHolds(p, operations.HistoryQuery{Limit: 1, Kinds: []string{"nothing"}})
			m.historyHolds(p, operations.HistoryQuery{Limit: 3, Maker: "nobody", States: operations.States()})
			newest := m.history(operations.HistoryQuery{})
			oldest := newest[len(newest)-1].Row.CreatedAt
			m.historyHolds(p, operations.HistoryQuery{Limit: 1, Until: oldest.Add(time.Microsecond)})
		}},
		{"operations that are added while one walks do not disturb the walk", func(b *bundle) {
			p, m := b.busy(maria, 20)
			want := lines(m.history(operations.HistoryQuery{}), storedLine)
			added := 100
			got := walk(b, 3, func(items []operations.StoredOperation) int { return len(items) },
				func(before int64) (operations.Page[operations.StoredOperation], error) {
					page, err := b.store.History(b.ctx, p.id, operations.HistoryQuery{Limit: 3, Before: before})
					p.commit(p.noise(added, "1"))
					added++
					return page, err
				})
			b.same(lines(got, storedLine), want, "the walk")
		}},
		{"history has the operations of its own book only", func(b *bundle) {
			p, m := b.busy(maria, 12)
			q, n := b.busy(joao, 9)
			m.historyHolds(p, operations.HistoryQuery{Limit: 5})
			n.historyHolds(q, operations.HistoryQuery{Limit: 5})
		}},
	}
}

func historyQueries() []operations.HistoryQuery {
	one, ten, tenAgain, huge, tiny := dec("1"), dec("10"), dec("10.00"), dec("99999999999999999999.99"), dec("0.000000000000000001")
	minus, most := dec("-1"), decimal.New(1, 37)
	queries := []operations.HistoryQuery{
		{},
		{Kinds: []string{"trade"}},
		{Kinds: []string{"deposit", "trade"}},
		{Kinds: []string{"Trade"}},
		{Kinds: []string{"tra%"}},
		{Asset: "USD"},
		{Asset: "usd"},
		{Account: "acc-1"},
		{Account: "acc-4"},
		{Account: "ACC-1"},
		{Account: "acc-_"},
		{Min: &ten},
		{Min: &tenAgain, Max: &ten},
		{Max: &one},
		{Max: &tiny},
		{Min: &huge},
		{Min: &minus},
		{Max: &minus},
		{Min: &most},
		{Max: &most},
		{Min: &ten, Max: &one},
		{Since: at(20)},
		{Until: at(20)},
		{Since: at(20), Until: at(40)},
		{Since: at(40), Until: at(20)},
		{Since: at(20).Add(time.Microsecond), Until: at(21).Add(-time.Microsecond)},
		{Maker: ana},
		{Maker: "Ana"},
		{Maker: bruno},
		{Between: operations.Between{One: []accounts.ID{"acc-1"}, Other: []accounts.ID{"acc-2"}}},
		{Between: operations.Between{One: []accounts.ID{"acc-0", "acc-1"}, Other: []accounts.ID{"acc-4", "acc-3", "acc-9"}}},
		{Between: operations.Between{One: []accounts.ID{"ACC-1"}, Other: []accounts.ID{"acc-2"}}},
		{Between: operations.Between{One: []accounts.ID{"acc-1"}, Other: []accounts.ID{"acc-_"}}},
		{Between: operations.Between{One: []accounts.ID{"acc-1"}}},
		{Between: operations.Between{Other: []accounts.ID{"acc-1"}}},
		{States: operations.States()},
	}
	for _, s := range operations.States() {
		queries = append(queries, operations.HistoryQuery{States: []operations.State{s}})
	}
	return append(queries, operations.HistoryQuery{States: []operations.State{operations.Completed, operations.Failed, operations.Prepared}})
}

// merged gives a query that restricts by both.
func merged(a, b operations.HistoryQuery) operations.HistoryQuery {
	if len(b.States) > 0 {
		a.States = b.States
	}
	if len(b.Kinds) > 0 {
		a.Kinds = b.Kinds
	}
	if b.Asset != "" {
		a.Asset = b.Asset
	}
	if b.Account != "" {
		a.Account = b.Account
	}
	if b.Min != nil {
		a.Min = b.Min
	}
	if b.Max != nil {
		a.Max = b.Max
	}
	if !b.Since.IsZero() {
		a.Since = b.Since
	}
	if !b.Until.IsZero() {
		a.Until = b.Until
	}
	if b.Maker != "" {
		a.Maker = b.Maker
	}
	if !b.Between.IsZero() {
		a.Between = b.Between
	}
	return a
}

func statementCases() []testCase {
	return []testCase{
		{"a statement has every posting of the account, the last one first, whatever the page", func(b *bundle) {
			p, m := b.busy(maria, 40)
			for _, ref := range []accounts.Ref{"acc-1", accounts.Between, "acc-9", "ACC-1", "acc-_"} {
				for _, limit := range []int{1, 2, 7, 40, 200} {
					m.statementHolds(p, operations.StatementQuery{Ref: ref, Limit: limit})
				}
			}
		}},
		{"the postings of one entry come on one page", func(b *bundle) {
			p, m := b.busy(maria, 30)
			seen := make(map[int64]bool)
			before := int64(0)
			for range maxPages {
				page, err := b.store.Statement(b.ctx, p.id, operations.StatementQuery{Ref: "acc-1", Limit: 2, Before: before})
				b.ok(err, "statement")
				here := make(map[int64]bool)
				for _, r := range page.Items {
					if seen[r.Seq] {
						b.Fatalf("the postings of entry %d are on two pages", r.Seq)
					}
					here[r.Seq] = true
				}
				for seq := range here {
					seen[seq] = true
				}
				if !page.More {
					break
				}
				before = page.Next
			}
			if len(seen) != 30 {
				b.Fatalf("the statement shows %d entries, want 30", len(seen))
			}
			m.statementHolds(p, operations.StatementQuery{Ref: "acc-1", Limit: 2})
		}},
		{"each filter of a statement gives what a search of all postings gives", func(b *bundle) {
			p, m := b.busy(maria, 40)
			for _, ref := range []accounts.Ref{"acc-1", accounts.Between} {
				for _, asset := range []string{"", "BRL", "USD", "brl", "EUR"} {
					for _, q := range []operations.StatementQuery{
						{}, {Before: 17}, {Since: at(20)}, {Until: at(20)}, {Since: at(10), Until: at(30)}, {Since: at(30), Until: at(10)}, {Before: 30, Since: at(10)},
					} {
						q.Ref, q.Asset, q.Limit = ref, asset, 3
						m.statementHolds(p, q)
					}
				}
			}
		}},
		{"a filter that nothing matches in a long account comes to its end", func(b *bundle) {
			p, m := b.busy(maria, 400)
			m.statementHolds(p, operations.StatementQuery{Ref: "acc-1", Asset: "EUR", Limit: 1})
			m.statementHolds(p, operations.StatementQuery{Ref: "acc-1", Until: at(2), Limit: 1})
		}},
		{"a statement has the postings of its own book only", func(b *bundle) {
			p, m := b.busy(maria, 12)
			q, n := b.busy(joao, 9)
			m.statementHolds(p, operations.StatementQuery{Ref: "acc-1", Limit: 5})
			n.statementHolds(q, operations.StatementQuery{Ref: "acc-1", Limit: 5})
		}},
	}
}
