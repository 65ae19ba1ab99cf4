package storetest

import (
	"fmt"
	"strings"

	"github.com/onbehalf/onbehalf/accounts"
	"github.com/onbehalf/onbehalf/customer"
	"github.com/onbehalf/onbehalf/operations"
	"github.com/onbehalf/onbehalf/tenancy"
)

// The ids every case draws from, and every neighbour has too.
const (
	maria tenancy.CustomerID = "maria"
	joao  tenancy.CustomerID = "joao"
	ana   tenancy.OperatorID = "ana"
	bruno tenancy.OperatorID = "bruno"
)

// neighbour is another tenant of the same store, as it stood before the case.
type neighbour struct {
	tenant tenancy.TenantID
	before string
}

// noisy are the neighbour's books.
func noisy() []tenancy.CustomerID { return []tenancy.CustomerID{tenancy.House, maria, joao} }

// settle fills a tenant with the ids the cases use and other content.
func settle(b *bundle, tenant tenancy.TenantID, amount string) neighbour {
	b.Helper()
	runs := make([]operations.Run, 0, len(noisy()))
	for _, c := range noisy() {
		p := b.bookOf(tenant, c)
		changes := make([]operations.Change, 0, 20)
		for i := range 20 {
			changes = append(changes, p.noise(i, amount))
		}
		runs = append(runs, p.run(changes...))
	}
	for _, v := range b.send(runs...) {
		b.won(v, 20)
	}
	n := neighbour{tenant: tenant}
	n.before = n.state(b)
	return n
}

// noise is an entry with every kind of row.
func (p *pen) noise(i int, amount string) operations.Change {
	p.Helper()
	c := p.write(operations.Entry{Key: key(i), Operation: op(i)})
	seq, d := c.Entry.Seq, dec(amount)
	c.Operations = []operations.OperationRow{{
		ID: op(i), Created: seq, Updated: seq, Version: 1, State: operations.Prepared, Kind: "deposit", Asset: "BRL",
		From: "acc-1", To: "acc-2", Amount: d, Maker: ana, CreatedAt: at(seq), Due: at(seq + int64(i%3)),
	}}
	for n, ref := range []accounts.Ref{"acc-1", "acc-2", accounts.Suspense} {
		c.Postings = append(c.Postings, operations.PostingRow{
			Seq: seq, N: n, At: at(seq), Operation: op(i), Ref: ref, Asset: "BRL", Amount: d, Balance: d,
		})
		c.Balances = append(c.Balances, operations.BalanceRow{Ref: ref, Asset: "BRL", Posted: d, Held: d, DebtLimit: d, Seq: seq})
	}
	name, tax := "Noisy "+string(p.id.Customer), "52998224725"
	c.Customer = &operations.CustomerRow{
		Type: customer.Individual, Status: customer.Active, Country: "BR", Name: &name, TaxID: &tax,
		OpenedAt: at(1), OpenedBy: ana, UpdatedAt: at(seq), UpdatedBy: bruno,
	}
	c.Grants = []operations.GrantRow{{Grant: tenancy.Grant{ID: grant(i), Operator: ana, Permissions: tenancy.NewPermissions(tenancy.View)}}}
	if p.id.Customer == tenancy.House {
		for _, id := range []tenancy.OperatorID{ana, bruno} {
			c.Operators = append(c.Operators, tenancy.Operator{
				ID: id, Person: "p9", Status: tenancy.OperatorSuspended, Version: seq,
				Grants: []tenancy.Grant{{ID: grant(i), Operator: id, Everyone: true, Permissions: tenancy.NewPermissions(tenancy.View)}},
			})
		}
	}
	for _, subject := range []string{"customer", "account:acc-1"} {
		c.Personal = append(c.Personal, operations.PersonalRow{
			Subject: subject, Digest: digest("noisy", i), Salt: []byte("noisy salt"), Value: fmt.Appendf(nil, "noisy %d", i),
		})
	}
	if i == 10 {
		c.Snapshot = &operations.Snapshot{Seq: seq - 1, Hash: c.Entry.Prev, Bytes: []byte("noisy snapshot")}
	}
	return c
}

// state is all the store knows of the tenant, as text.
func (n *neighbour) state(b *bundle) string {
	b.Helper()
	var all strings.Builder
	for _, c := range noisy() {
		all.WriteString(b.bookOf(n.tenant, c).state())
	}
	heads, err := b.store.Heads(b.ctx, n.tenant, "", 200)
	b.ok(err, "heads")
	all.WriteString(lines(heads, bookHeadLine))
	page, err := b.store.Customers(b.ctx, n.tenant, operations.CustomerQuery{Limit: 200, Operator: ana, Now: at(1)})
	b.ok(err, "customers")
	all.WriteString(lines(page.Items, itemLine))
	positions, err := b.store.Positions(b.ctx, n.tenant, operations.PositionQuery{Limit: 200})
	b.ok(err, "positions")
	all.WriteString(lines(positions, positionLine))
	return all.String()
}

func (n *neighbour) unchanged(b *bundle) {
	b.Helper()
	b.same(n.state(b), n.before, "the rows of tenant "+string(n.tenant)+" have changed")
}

func key(i int) string                { return fmt.Sprintf("key-%d", i) }
func op(i int) operations.OperationID { return operations.OperationID(fmt.Sprintf("op-%d", i)) }
func grant(i int) tenancy.GrantID     { return tenancy.GrantID(fmt.Sprintf("grant-%d", i)) }
