package storetest

import (
	"bytes"

	"github.com/onbehalf/onbehalf/customer"
	"github.com/onbehalf/onbehalf/operations"
)

func personalCases() []testCase {
	return []testCase{
		{"personal rows come back byte by byte, and replace those of the same subject", func(b *bundle) {
			p, m := b.book(maria), newModel(b.book(maria).id)
			for i, value := range [][]byte{[]byte(`{"name":"Maria"}`), {0, 0xff, 0xfe, '\'', '\\'}, bytes.Repeat([]byte("x"), 70_000)} {
				m.put(p, func(c *operations.Change, _ int64) {
					for _, subject := range []string{"customer", "account:acc-1", "account:ACC-1"} {
						c.Personal = append(c.Personal, operations.PersonalRow{
							Subject: subject, Digest: digest(i, subject), Salt: []byte{0, 1, 255}, Value: value,
						})
					}
				})
				m.put(p, func(c *operations.Change, _ int64) {
					c.Personal = []operations.PersonalRow{{Subject: "account:acc-1", Digest: operations.Hash{7}, Salt: []byte("s"), Value: []byte("v")}}
				})
				m.personalHolds(p)
			}
		}},
		{"erasing deletes salt and value and keeps the digest", func(b *bundle) {
			p, m := b.book(maria), newModel(b.book(maria).id)
			m.introduce(p)
			m.put(p, func(c *operations.Change, _ int64) { c.Erase = []string{"account:acc-1"} })
			m.personalHolds(p)
			rows, err := b.store.Personal(b.ctx, p.id)
			b.ok(err, "personal")
			for _, r := range rows {
				erased := len(r.Salt) == 0 && len(r.Value) == 0
				if erased != (r.Subject == "account:acc-1") || r.Digest.IsZero() {
					b.Fatalf("after erasing account:acc-1: %s", personalLine(r))
				}
			}
		}},
		{"erasing the customer clears his name and tax id as well", func(b *bundle) {
			p, m := b.book(maria), newModel(b.book(maria).id)
			m.introduce(p)
			m.put(p, func(c *operations.Change, _ int64) { c.Erase = []string{"customer", "account:acc-1", "account:ACC-1"} })
			m.personalHolds(p)
			if row := p.projection().Customer; row == nil || row.Name != nil || row.TaxID != nil {
				b.Fatalf("after erasing the customer: %s", customerText(row))
			}
			page, err := b.store.Customers(b.ctx, own, operations.CustomerQuery{Limit: 5, Search: "maria"})
			b.ok(err, "customers")
			if len(page.Items) != 0 {
				b.Fatalf("the erased name is still found: %s", lines(page.Items, itemLine))
			}
		}},
		{"erasing comes after what the same change writes, and in a run in the order of the changes", func(b *bundle) {
			p, m := b.book(maria), newModel(b.book(maria).id)
			m.introduce(p)
			name := "Maria again"
			write := func(c *operations.Change) {
				c.Customer = &operations.CustomerRow{Type: customer.Individual, Status: customer.Active, Name: &name, OpenedAt: at(1), UpdatedAt: at(2)}
				c.Personal = []operations.PersonalRow{{Subject: "customer", Digest: operations.Hash{42}, Salt: []byte("s"), Value: []byte("v")}}
			}
			m.put(p, func(c *operations.Change, _ int64) {
				write(c)
				c.Erase = []string{"customer"}
			})
			m.personalHolds(p)
			for _, eraseFirst := range []bool{true, false} {
				changes := []operations.Change{p.plain(""), p.plain("")}
				writes, erases := &changes[0], &changes[1]
				if eraseFirst {
					writes, erases = erases, writes
				}
				write(writes)
				erases.Erase = []string{"customer"}
				p.commit(changes...)
				m.apply(&changes[0])
				m.apply(&changes[1])
				m.personalHolds(p)
			}
		}},
		{"erasing what is not there, or erased already, is no fault", func(b *bundle) {
			p, m := b.book(maria), newModel(b.book(maria).id)
			for range 2 {
				m.put(p, func(c *operations.Change, _ int64) { c.Erase = []string{"customer", "account:nowhere"} })
			}
			m.personalHolds(p)
		}},
		{"erasing in one book leaves the other books", func(b *bundle) {
			p, q := b.book(maria), b.book(joao)
			m := newModel(q.id)
			newModel(p.id).introduce(p)
			m.introduce(q)
			c := p.plain("")
			c.Erase = []string{"customer", "account:acc-1", "account:ACC-1"}
			p.commit(c)
			m.personalHolds(q)
		}},
	}
}

// introduce stores a customer with personal data of three subjects.
func (m *model) introduce(p *pen) {
	p.Helper()
	name, tax := "Maria", "39053344705"
	m.put(p, func(c *operations.Change, _ int64) {
		c.Customer = &operations.CustomerRow{Type: customer.Individual, Status: customer.Active, Name: &name, TaxID: &tax, OpenedAt: at(1), UpdatedAt: at(1)}
		for i, subject := range []string{"customer", "account:acc-1", "account:ACC-1"} {
			c.Personal = append(c.Personal, operations.PersonalRow{
				Subject: subject, Digest: operations.Hash{byte(i) + 1}, Salt: []byte("salt"), Value: []byte("value"),
			})
		}
	})
}

func (m *model) personalHolds(p *pen) {
	p.Helper()
	m.holds(p)
	rows, err := p.store.Personal(p.ctx, p.id)
	p.ok(err, "personal")
	p.same(lines(rows, personalLine), lines(byKey(m.personal), personalLine), "the personal rows")
}
