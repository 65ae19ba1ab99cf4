package storetest

import (
	"strings"
	"time"

	"github.com/shopspring/decimal"

	"github.com/onbehalf/onbehalf/accounts"
	"github.com/onbehalf/onbehalf/operations"
	"github.com/onbehalf/onbehalf/tenancy"
)

// hardAmounts are those a float, an integer of 64 bits, or a database's own
// number would spoil.
func hardAmounts() []decimal.Decimal {
	texts := []string{
		"0", "0.1", "0.2", "1", "10", "100", "1.5", "0.30", "99999999999999999999.99", "9007199254740993", "9223372036854775808",
		"18446744073709551616", "0.000000000000000001", "12345678901234567890.123456789012345678",
		"99999999999999999999.999999999999999999", strings.Repeat("9", 38), "1" + strings.Repeat("0", 37), "123456789012345678901234567890.12345678",
	}
	all := make([]decimal.Decimal, 0, 2*len(texts))
	for _, text := range texts {
		d := dec(text)
		all = append(all, d)
		if !d.IsZero() {
			all = append(all, d.Neg())
		}
	}
	// The same number in other shapes of decimal.
	return append(all, decimal.New(5, 10), decimal.New(5000, -3), decimal.New(1, 37))
}

// hardTimes are whole microseconds, from the first instants to the last ones
// that have four digits for the year.
func hardTimes() []time.Time {
	return []time.Time{
		time.Date(1, 1, 1, 0, 0, 0, 1000, time.UTC), time.Date(1883, 11, 18, 12, 3, 58, 0, time.UTC),
		time.Date(1969, 12, 31, 23, 59, 59, 999999000, time.UTC), time.Date(1970, 1, 1, 0, 0, 0, 0, time.UTC),
		time.Date(1970, 1, 1, 0, 0, 0, 1000, time.UTC), time.Date(2026, 3, 29, 1, 30, 0, 1000, time.UTC),
		time.Date(2026, 12, 31, 23, 59, 59, 999999000, time.UTC), time.Date(2038, 1, 19, 3, 14, 8, 5000, time.UTC),
		time.Date(2262, 4, 11, 23, 47, 16, 854776000, time.UTC), time.Date(9999, 12, 31, 23, 59, 59, 999999000, time.UTC),
	}
}

func valueCases() []testCase {
	return []testCase{
		{"amounts come back exactly, up to 38 digits and 18 decimals", func(b *bundle) {
			p, m := b.book(maria), newModel(b.book(maria).id)
			for i, d := range hardAmounts() {
				m.put(p, func(c *operations.Change, seq int64) {
					if !d.IsNegative() {
						c.Operations = []operations.OperationRow{{
							ID: op(i), Created: seq, Updated: seq, Version: 1, State: operations.Completed, Kind: "adjustment", Asset: "ETH", To: "acc-1", Amount: d, Maker: ana, CreatedAt: at(seq),
						}}
					}
					c.Postings = []operations.PostingRow{{Seq: seq, At: at(seq), Operation: op(i), Ref: "acc-1", Asset: "ETH", Amount: d, Balance: d.Neg()}}
					c.Balances = []operations.BalanceRow{{Ref: accounts.Customer(accounts.ID(op(i))), Asset: "ETH", Posted: d, Held: d.Abs(), DebtLimit: d.Abs(), Seq: seq}}
				})
			}
			m.holds(p)
			history, err := b.store.History(b.ctx, p.id, operations.HistoryQuery{Limit: 200})
			b.ok(err, "history")
			for _, item := range history.Items {
				if want := m.ops[item.Row.ID].Amount; !item.Row.Amount.Equal(want) {
					b.Fatalf("history shows %s, want %s", item.Row.Amount, want)
				}
			}
		}},
		{"history filters by amount exactly, between every two amounts", func(b *bundle) {
			p, m := b.book(maria), newModel(b.book(maria).id)
			for i, d := range hardAmounts() {
				if d.IsNegative() {
					continue
				}
				m.put(p, func(c *operations.Change, seq int64) {
					c.Operations = []operations.OperationRow{{ID: op(i), Created: seq, Updated: seq, Version: 1, State: operations.Completed, Kind: "k", Asset: "ETH", Amount: d, Maker: ana, CreatedAt: at(seq)}}
				})
			}
			for _, low := range hardAmounts() {
				m.historyHolds(p, operations.HistoryQuery{Limit: 200, Min: &low})
				m.historyHolds(p, operations.HistoryQuery{Limit: 200, Max: &low})
				high := low.Add(dec("99999999999999999"))
				m.historyHolds(p, operations.HistoryQuery{Limit: 200, Min: &low, Max: &high})
			}
		}},
		{"times come back to the microsecond, up to the year 9999, in UTC", func(b *bundle) {
			p, m := b.book(maria), newModel(b.book(maria).id)
			for i, t := range hardTimes() {
				c := p.write(operations.Entry{At: t, Operation: op(i)})
				seq := c.Entry.Seq
				c.Operations = []operations.OperationRow{{ID: op(i), Created: seq, Updated: seq, Version: 1, State: operations.Scheduled, Kind: "k", Asset: "BRL", Amount: dec("1"), Maker: ana, CreatedAt: t, Due: t}}
				c.Postings = []operations.PostingRow{{Seq: seq, At: t, Operation: op(i), Ref: "acc-1", Asset: "BRL", Amount: dec("1"), Balance: dec("1")}}
				c.Grants = []operations.GrantRow{{Grant: tenancy.Grant{ID: grant(i), Operator: ana, Expires: t, Permissions: tenancy.NewPermissions(tenancy.View)}}}
				c.Customer = &operations.CustomerRow{Type: "individual", Status: "active", OpenedAt: t, UpdatedAt: t}
				p.commit(c)
				m.apply(&c)
				m.holds(p)
			}
			b.same(sealedText(p.journal()), sealedText(m.entries), "journal")
			for _, t := range hardTimes() {
				m.historyHolds(p, operations.HistoryQuery{Limit: 200, Since: t})
				m.historyHolds(p, operations.HistoryQuery{Limit: 200, Until: t})
				m.statementHolds(p, operations.StatementQuery{Ref: "acc-1", Limit: 200, Since: t})
				m.statementHolds(p, operations.StatementQuery{Ref: "acc-1", Limit: 200, Until: t})
			}
		}},
		{"ids are compared byte by byte, everywhere", bytewiseIDs},
		{"books are kept apart whatever the ids of tenant and customer", func(b *bundle) {
			pairs := [][2]string{
				{"a", "b.c"},
				{"a.b", "c"},
				{"a-b", "c"},
				{"a", "b-c"},
				{"ab", "c"},
				{"a", "bc"},
				{"A", "bc"},
				{"a", "BC"},
				{"a", "bC"},
				{"a_b", "c"},
				{"axb", "c"},
				{strings.Repeat("a", 64), "c"},
				{strings.Repeat("a", 63), "c"},
				{"c", strings.Repeat("a", 64)},
				{"c", "a"},
				{"1", "1"},
				{"01", "1"},
				{"1", "01"},
				{"1.0", "1"},
			}
			pens := make([]*pen, len(pairs))
			for i, pair := range pairs {
				pens[i] = b.bookOf(tenancy.TenantID(pair[0]), tenancy.CustomerID(pair[1]))
				pens[i].commit(pens[i].noise(i, "1"))
			}
			for i, p := range pens {
				p.stands(p.head)
				if rows := p.projection().Operations; len(rows) != 1 || rows[0].ID != op(i) {
					b.Fatalf("book %s has other operations: %s", p.id, lines(rows, operationLine))
				}
				heads, err := b.store.Heads(b.ctx, p.id.Tenant, "", 100)
				b.ok(err, "heads")
				for _, h := range heads {
					if q := b.bookOf(p.id.Tenant, h.Customer); !isOneOf(pens, q.id) {
						b.Fatalf("tenant %s has the head of %s", p.id.Tenant, h.Customer)
					}
				}
			}
		}},
	}
}

func isOneOf(pens []*pen, id operations.BookID) bool {
	for _, p := range pens {
		if p.id == id {
			return true
		}
	}
	return false
}

// nearIDs are ids that a collation, padding or pattern would take for each other.
func nearIDs() []string {
	return []string{
		"a", "A", "aa", "AA", "aA", "Aa", "a.a", "a-a", "a_a", "a@a", "axa", "a1", "a10", "a2", "a02", "1", "01", "1e0", "Z", "z", "0", "9", "null", "NULL",
		strings.Repeat("i", 64), strings.Repeat("I", 64), strings.Repeat("i", 63),
	}
}

// oddIDs are near ids, and texts that would be torn by a quotation. Ids of tenants
// and customers are never such.
func oddIDs() []string {
	return append(nearIDs(),
		`"`, `""`, `\`, `\"`, `{}`, `{"a"}`, "a,a", "'", "''", " a", "a ", "é", "e\u0301", "%", "a\n", "$1",
	)
}

// bytewiseIDs stores, for every odd id, one row of every kind under it.
func bytewiseIDs(b *bundle) {
	p, m := b.book(tenancy.House), newModel(b.book(tenancy.House).id)
	for i, id := range oddIDs() {
		c := p.write(operations.Entry{Key: id, Operation: operations.OperationID(id)})
		seq, ref := c.Entry.Seq, accounts.Ref(id)
		c.Operations = []operations.OperationRow{{
			ID: operations.OperationID(id), Created: seq, Updated: seq, Version: 1, State: operations.Completed, Kind: id, Asset: "BRL",
			From: accounts.ID(id), To: accounts.ID(id), Amount: dec("1"), Maker: tenancy.OperatorID(id), CreatedAt: at(seq),
		}}
		c.Postings = []operations.PostingRow{{Seq: seq, At: at(seq), Operation: operations.OperationID(id), Ref: ref, Asset: id, Amount: dec("1"), Balance: decimal.NewFromInt(int64(i))}}
		c.Balances = []operations.BalanceRow{{Ref: ref, Asset: "BRL", Posted: decimal.NewFromInt(int64(i)), Seq: seq}, {Ref: "acc", Asset: id, Posted: decimal.NewFromInt(int64(i)), Seq: seq}}
		c.Grants = []operations.GrantRow{{Grant: tenancy.Grant{ID: tenancy.GrantID(id), Operator: tenancy.OperatorID(id), Permissions: tenancy.NewPermissions(tenancy.View)}}}
		c.Operators = []tenancy.Operator{{ID: tenancy.OperatorID(id), Person: tenancy.PersonID(id), Status: tenancy.OperatorActive, Version: seq}}
		c.Personal = []operations.PersonalRow{{Subject: "account:" + id, Digest: operations.Hash{byte(i)}, Salt: []byte{byte(i)}, Value: []byte(id)}}
		p.commit(c)
		m.apply(&c)
	}
	m.holds(p) // in the order of bytes, too
	for i, id := range oddIDs() {
		found, err := p.store.Find(p.ctx, p.id, operations.Want{Key: id, Operation: operations.OperationID(id), Operator: tenancy.OperatorID(id)})
		p.ok(err, "find")
		if found.Key == nil || found.Key.Seq != int64(i+1) || found.Operation == nil || found.Operation.Row.Created != int64(i+1) ||
			found.Operator == nil || found.Operator.Version != int64(i+1) {
			p.Fatalf("find of id %q:\n%s", id, foundText(found))
		}
		for _, q := range []operations.HistoryQuery{{Account: accounts.ID(id)}, {Kinds: []string{id}}, {Maker: tenancy.OperatorID(id)}} {
			q.Limit = 200
			m.historyHolds(p, q)
		}
		m.statementHolds(p, operations.StatementQuery{Ref: accounts.Ref(id), Limit: 200})
		m.statementHolds(p, operations.StatementQuery{Ref: accounts.Ref(id), Asset: id, Limit: 200})
	}
}
