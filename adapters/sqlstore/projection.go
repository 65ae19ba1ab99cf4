package sqlstore

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"

	"github.com/onbehalf/onbehalf/accounts"
	"github.com/onbehalf/onbehalf/operations"
	"github.com/onbehalf/onbehalf/tenancy"
)

// Projection brings every row derived from the journal, to be held against it.
func (m *methods) Projection(ctx context.Context, id operations.BookID) (operations.Projection, error) {
	var p operations.Projection
	err := m.via.read(ctx, ofBook(id), func(s *session) error {
		var err error
		p, err = s.projection(id)
		return err
	})
	if err != nil {
		return operations.Projection{}, m.failed(ctx, "projection of book "+id.String(), err)
	}
	return p, nil
}

func (s *session) projection(id operations.BookID) (p operations.Projection, err error) {
	tenant, customer := string(id.Tenant), string(id.Customer)
	if p.Head, err = s.head(id); err != nil {
		return p, err
	}
	if p.Operations, err = collect(s, allOperations, scanIndexed, tenant, customer); err != nil {
		return p, err
	}
	if p.Postings, err = collect(s, allPostings, scanPosting, tenant, customer); err != nil {
		return p, err
	}
	if p.Balances, err = collect(s, allBalances, scanBalance, tenant, customer); err != nil {
		return p, err
	}
	if p.Keys, err = collect(s, allKeys, scanKey, tenant, customer); err != nil {
		return p, err
	}
	rows, err := collect(s, readCustomer, scanCustomer, tenant, customer)
	if err != nil {
		return p, err
	}
	if len(rows) == 1 {
		p.Customer = &rows[0].Row
	}
	if p.Grants, err = collect(s, allGrants, scanGrant, tenant, customer); err != nil {
		return p, err
	}
	if id.Customer == tenancy.House {
		if p.Operators, err = collect(s, allOperators, scanOperator, tenant); err != nil {
			return p, err
		}
	}
	if p.Personal, err = s.personal(id); err != nil {
		return p, err
	}
	if p.Waiting, err = collect(s, allWaiting, scanWaiting, tenant, customer); err != nil {
		return p, err
	}
	p.Snapshot, err = s.snapshot(id)
	return p, err
}

func scanBalance(rows *sql.Rows, b *operations.BalanceRow) error {
	return rows.Scan(toText(&b.Ref), toText(&b.Asset), toAmount(&b.Posted), toAmount(&b.Held), toAmount(&b.DebtLimit), toInt(&b.Seq))
}

func scanWaiting(rows *sql.Rows, r *operations.WaitingRow) error {
	return rows.Scan(toText(&r.Operation), toTime(&r.Due), toInt(&r.Seq), toText(&r.State))
}

func scanKey(rows *sql.Rows, k *operations.KeyRow) error {
	return rows.Scan(toText(&k.Key), toInt(&k.Seq))
}

func scanGrant(rows *sql.Rows, g *operations.GrantRow) error {
	var (
		document, id, operator  string
		revoked, lists, expires int64
	)
	if err := rows.Scan(&document, &revoked, &id, &operator, &lists, &expires); err != nil {
		return err
	}
	if err := json.Unmarshal([]byte(document), &g.Grant); err != nil {
		return fmt.Errorf("grant: %w: %w", operations.ErrDamaged, err)
	}
	g.Revoked = revoked != 0
	until := int64(0)
	if !g.Grant.Expires.IsZero() {
		until = g.Grant.Expires.UnixMicro()
	}
	if string(g.Grant.ID) != id || string(g.Grant.Operator) != operator || flag(g.Lists()) != lists || until != expires {
		g.Grant.ID, g.Grant.Operator = tenancy.GrantID(id), contradiction
	}
	return nil
}

// contradiction stands in a row of a projection whose columns do not agree with
// each other. No journal says so, and so it shows when the row is held against one.
const contradiction = "(columns contradict)"

// scanIndexed reads an operation with the column that amounts are filtered by.
func scanIndexed(rows *sql.Rows, o *operations.OperationRow) error {
	var key *string // what amounts are filtered by, where that is not the amount
	if err := rows.Scan(append(operationInto(o), &key)...); err != nil {
		return err
	}
	if key != nil && amountKey(accounts.Canonical(o.Amount)) != *key {
		o.Kind = contradiction
	}
	return nil
}

func scanOperator(rows *sql.Rows, o *tenancy.Operator) error {
	var (
		id, document string
		version      int64
	)
	if err := rows.Scan(&id, &version, &document); err != nil {
		return err
	}
	var err error
	if *o, err = decodeOperator(version, document); err == nil && string(o.ID) != id {
		o.ID, o.Person = tenancy.OperatorID(id), contradiction
	}
	return err
}

// Rebuild replaces every derived row of the book, if its head is still the one
// given. The name and tax id in the list of customers are personal data and
// stay where the projection has none.
func (m *methods) Rebuild(ctx context.Context, id operations.BookID, head operations.Head, p operations.Projection) error {
	err := m.via.write(ctx, ofBook(id), func(s *session) error {
		now, err := s.head(id)
		if err != nil {
			return err
		}
		if now != head {
			return fmt.Errorf("%w: the head is at %d and not at %d", tenancy.ErrConflict, now.Seq, head.Seq)
		}
		return s.rebuild(id, &p)
	})
	return m.failed(ctx, "rebuild book "+id.String(), err)
}

func (s *session) rebuild(id operations.BookID, p *operations.Projection) error {
	w := writer{batch: &batch{session: s}, tenant: string(id.Tenant), customer: string(id.Customer)}
	for _, drop := range []statement{dropOperations, dropPostings, dropBalances, dropKeys, dropGrants, dropSnapshot, dropTickets} {
		if err := w.put(drop); err != nil {
			return err
		}
	}
	if id.Customer == tenancy.House {
		if _, err := w.exec(dropOperators, w.tenant); err != nil {
			return err
		}
	}
	if p.Customer == nil {
		if err := w.put(dropCustomer); err != nil {
			return err
		}
	}
	for i := range p.Keys {
		if err := w.put(putKey, p.Keys[i].Key, p.Keys[i].Seq); err != nil {
			return err
		}
	}
	for i := range p.Postings {
		if err := w.posting(&p.Postings[i]); err != nil {
			return err
		}
	}
	change := operations.Change{
		Operations: p.Operations, Balances: p.Balances,
		Customer: p.Customer, Grants: p.Grants, Snapshot: p.Snapshot,
	}
	if id.Customer == tenancy.House {
		change.Operators = p.Operators
	}
	if err := w.rare(&change); err != nil {
		return err
	}
	return w.folded([]operations.Change{change})
}
