package storetest

import (
	"cmp"
	"maps"
	"slices"

	"github.com/onbehalf/onbehalf/accounts"
	"github.com/onbehalf/onbehalf/operations"
	"github.com/onbehalf/onbehalf/tenancy"
)

// model is what a book must hold after changes: the plainest store there is,
// without lists, queues or concurrency, to hold a real one against.
type model struct {
	id        operations.BookID
	entries   []operations.Sealed
	ops       map[operations.OperationID]operations.OperationRow
	postings  []operations.PostingRow
	balances  map[balanceID]operations.BalanceRow
	customer  *operations.CustomerRow
	grants    map[tenancy.GrantID]operations.GrantRow
	operators map[tenancy.OperatorID]tenancy.Operator
	personal  map[string]operations.PersonalRow
	snapshot  *operations.Snapshot
}

type balanceID struct {
	ref   accounts.Ref
	asset string
}

func newModel(id operations.BookID) *model {
	return &model{
		id: id, ops: make(map[operations.OperationID]operations.OperationRow), balances: make(map[balanceID]operations.BalanceRow),
		grants: make(map[tenancy.GrantID]operations.GrantRow), operators: make(map[tenancy.OperatorID]tenancy.Operator),
		personal: make(map[string]operations.PersonalRow),
	}
}

func (m *model) apply(c *operations.Change) {
	m.entries = append(m.entries, c.Entry)
	for _, r := range c.Operations {
		m.ops[r.ID] = r
	}
	m.postings = append(m.postings, c.Postings...)
	for _, r := range c.Balances {
		m.balances[balanceID{r.Ref, r.Asset}] = r
	}
	if c.Customer != nil {
		row := *c.Customer
		if m.customer != nil {
			row.Name, row.TaxID = cmp.Or(row.Name, m.customer.Name), cmp.Or(row.TaxID, m.customer.TaxID)
		}
		m.customer = &row
	}
	for _, g := range c.Grants {
		m.grants[g.Grant.ID] = g
	}
	for _, o := range c.Operators {
		m.operators[o.ID] = o
	}
	for _, r := range c.Personal {
		m.personal[r.Subject] = r
	}
	for _, subject := range c.Erase {
		if r, ok := m.personal[subject]; ok {
			m.personal[subject] = operations.PersonalRow{Subject: subject, Digest: r.Digest}
		}
		if subject == "customer" && m.customer != nil {
			row := *m.customer
			row.Name, row.TaxID = nil, nil
			m.customer = &row
		}
	}
	if c.Snapshot != nil {
		m.snapshot = c.Snapshot
	}
}

// projection gives the rows in the order in which every store must bring them:
// those the contract names, keys by seq, operators by id, personal rows by subject.
func (m *model) projection() operations.Projection {
	p := operations.Projection{
		Operations: byKey(m.ops), Grants: byKey(m.grants), Personal: byKey(m.personal),
		Postings: slices.Clone(m.postings), Balances: slices.Collect(maps.Values(m.balances)),
		Customer: m.customer, Snapshot: m.snapshot,
	}
	if m.id.Customer == tenancy.House {
		p.Operators = byKey(m.operators)
	}
	for _, o := range p.Operations {
		if !o.Due.IsZero() {
			p.Waiting = append(p.Waiting, operations.WaitingRow{Operation: o.ID, Due: o.Due, State: o.State, Seq: o.Updated})
		}
	}
	for _, e := range m.entries {
		p.Head = operations.Head{Seq: e.Seq, Hash: e.Hash}
		if e.Key != "" {
			p.Keys = append(p.Keys, operations.KeyRow{Key: e.Key, Seq: e.Seq})
		}
	}
	slices.SortFunc(p.Postings, func(a, b operations.PostingRow) int {
		return cmp.Or(cmp.Compare(a.Seq, b.Seq), cmp.Compare(a.N, b.N))
	})
	slices.SortFunc(p.Balances, func(a, b operations.BalanceRow) int {
		return cmp.Or(cmp.Compare(a.Ref, b.Ref), cmp.Compare(a.Asset, b.Asset))
	})
	return p
}

func byKey[K cmp.Ordered, V any](rows map[K]V) []V {
	sorted := make([]V, 0, len(rows))
	for _, k := range slices.Sorted(maps.Keys(rows)) {
		sorted = append(sorted, rows[k])
	}
	return sorted
}
