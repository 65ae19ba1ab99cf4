package storetest

import (
	"github.com/shopspring/decimal"

	"github.com/onbehalf/onbehalf/accounts"
	"github.com/onbehalf/onbehalf/customer"
	"github.com/onbehalf/onbehalf/operations"
	"github.com/onbehalf/onbehalf/tenancy"
)

// put stores a change that fill completes, and feeds it to the model.
func (m *model) put(p *pen, fill func(c *operations.Change, seq int64)) {
	p.Helper()
	c := p.plain("")
	fill(&c, c.Entry.Seq)
	p.commit(c)
	m.apply(&c)
}

// holds checks that the store has what the model has.
func (m *model) holds(p *pen) {
	p.Helper()
	p.same(projectionText(p.projection()), projectionText(m.projection()), "the rows of "+p.id.String())
}

func rowCases() []testCase {
	return []testCase{
		{"every row of a change is stored with its entry", func(b *bundle) {
			for _, id := range []tenancy.CustomerID{maria, tenancy.House} {
				p := b.book(id)
				changes := []operations.Change{p.noise(9, "4.2"), p.noise(10, "4.3")}
				p.commit(changes...)
				b.same(p.state(), p.model(changes), "the book")
			}
		}},
		{"an operation's row replaces the one of the same id", func(b *bundle) {
			p, m := b.book(maria), newModel(b.book(maria).id)
			first := operations.OperationRow{
				ID: op(1), Created: 1, Updated: 1, Version: 1, State: operations.Prepared, Kind: "withdrawal", Asset: "BRL",
				From: "acc-1", Amount: dec("10"), Maker: ana, CreatedAt: at(1), Due: at(500),
			}
			m.put(p, func(c *operations.Change, _ int64) { c.Operations = []operations.OperationRow{first} })
			m.put(p, func(c *operations.Change, seq int64) {
				other := first
				other.ID, other.Created, other.Updated = op(2), seq, seq
				c.Operations = []operations.OperationRow{other}
			})
			for i, state := range operations.States() {
				m.put(p, func(c *operations.Change, seq int64) {
					row := first
					row.Updated, row.Version, row.State = seq, int64(i)+2, state
					row.Amount, row.From, row.To, row.Due = dec("11.5"), "", "acc-2", at(seq)
					c.Operations = []operations.OperationRow{row}
				})
				m.holds(p)
			}
		}},
		{"a balance replaces the one of the same ref and asset, and no other", func(b *bundle) {
			p, m := b.book(maria), newModel(b.book(maria).id)
			for _, amount := range []string{"1", "-2.5", "0"} {
				m.put(p, func(c *operations.Change, seq int64) {
					for _, id := range []balanceID{{"acc-1", "BRL"}, {accounts.Between, "BRL"}, {accounts.Between, "USD"}} {
						c.Balances = append(c.Balances, operations.BalanceRow{
							Ref: id.ref, Asset: id.asset, Posted: dec(amount), Held: dec("3"), DebtLimit: decimal.Zero, Seq: seq,
						})
					}
				})
				m.put(p, func(c *operations.Change, seq int64) {
					c.Balances = []operations.BalanceRow{{Ref: accounts.Between, Asset: "USD", Posted: dec("77"), Seq: seq}}
				})
				m.holds(p)
			}
		}},
		{"rows of several changes of one run end as the last one says", func(b *bundle) {
			p := b.book(tenancy.House)
			changes := make([]operations.Change, 12)
			for i := range changes {
				changes[i] = p.noise(i, "1")
				changes[i].Operations[0].ID, changes[i].Operations[0].Created = op(1), 1
				changes[i].Operations[0].Version = int64(i) + 1
				changes[i].Grants[0].Grant.ID = grant(1)
				changes[i].Grants[0].Revoked = i%2 == 1
				changes[i].Balances[0].Posted = dec("1").Add(decimal.NewFromInt(int64(i)))
			}
			p.commit(changes...)
			b.same(p.state(), p.model(changes), "the book")
		}},
		{"a grant's row replaces the one of the same grant", func(b *bundle) {
			p, m := b.book(maria), newModel(b.book(maria).id)
			for _, revoked := range []bool{false, true, false} {
				m.put(p, func(c *operations.Change, _ int64) {
					for _, id := range []tenancy.GrantID{"g", "G"} {
						c.Grants = append(c.Grants, operations.GrantRow{Revoked: revoked && id == "g", Grant: tenancy.Grant{
							ID: id, Operator: ana, Permissions: tenancy.NewPermissions(tenancy.AllPermissions()...), Expires: at(77),
						}})
					}
				})
				m.holds(p)
			}
		}},
		{"an operator's row replaces the one of the same operator, with his grants", func(b *bundle) {
			p, m := b.book(tenancy.House), newModel(b.book(tenancy.House).id)
			for i, grants := range []int{2, 0, 1} {
				m.put(p, func(c *operations.Change, seq int64) {
					o := operator(ana, seq, tenancy.OperatorStatuses()[i%2])
					o.Grants = o.Grants[:grants]
					c.Operators = []tenancy.Operator{o, operator("ANA", seq, tenancy.OperatorActive)}
				})
				m.holds(p)
			}
		}},
		{"a customer's row replaces the one before, but no name and no tax id leave what is stored", func(b *bundle) {
			p, m := b.book(maria), newModel(b.book(maria).id)
			first, second, tax := "Maria da Conceição", "María O'Neil %_\\", "39053344705"
			row := operations.CustomerRow{
				Type: customer.Individual, Status: customer.Onboarding, Country: "BR", OpenedAt: at(1), OpenedBy: ana, UpdatedAt: at(1), UpdatedBy: ana,
			}
			for _, next := range []struct {
				name, tax *string
				status    customer.Status
			}{
				{nil, nil, customer.Onboarding}, {&first, &tax, customer.Active}, {nil, nil, customer.Suspended}, {&second, nil, customer.Active}, {nil, nil, customer.Closed},
			} {
				m.put(p, func(c *operations.Change, seq int64) {
					kept := row
					kept.Name, kept.TaxID, kept.Status, kept.UpdatedAt, kept.UpdatedBy = next.name, next.tax, next.status, at(seq), bruno
					c.Customer = &kept
				})
				m.holds(p)
			}
			none := ""
			m.put(p, func(c *operations.Change, _ int64) {
				kept := row
				kept.TaxID = &none // an empty one is a value and replaces
				c.Customer = &kept
			})
			m.holds(p)
		}},
		{"every type and status of a customer, and every permission, comes back", func(b *bundle) {
			p, m := b.book(maria), newModel(b.book(maria).id)
			for i, permission := range tenancy.AllPermissions() {
				m.put(p, func(c *operations.Change, _ int64) {
					c.Customer = &operations.CustomerRow{
						Type: customer.Types()[i%len(customer.Types())], Status: customer.Statuses()[i%len(customer.Statuses())], OpenedAt: at(1), UpdatedAt: at(2),
					}
					c.Grants = []operations.GrantRow{{Grant: tenancy.Grant{ID: grant(i), Operator: ana, Everyone: i%2 == 0, Permissions: tenancy.NewPermissions(permission)}}}
				})
				m.holds(p)
			}
		}},
	}
}
