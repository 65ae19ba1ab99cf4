package sqlstore

import (
	"encoding/json"
	"fmt"

	"github.com/onbehalf/onbehalf/accounts"
	"github.com/onbehalf/onbehalf/operations"
	"github.com/onbehalf/onbehalf/tenancy"
)

// subjectCustomer is the subject of the customer's own personal data, which
// stand in the list of customers too.
const subjectCustomer = "customer"

// writer writes the rows of one book.
type writer struct {
	*batch

	tenant, customer any // texts
}

type balanceID struct {
	ref   accounts.Ref
	asset string
}

// row runs a statement whose first parameters are tenant and customer.
func (w *writer) row(id statement, args ...any) (int64, error) {
	w.args = append(append(w.args[:0], w.tenant, w.customer), args...)
	return w.exec(id, w.args...)
}

func (w *writer) put(id statement, args ...any) error {
	_, err := w.row(id, args...)
	return err
}

// move moves the head from exactly one place to another, and tells whether it
// was there.
func (w *writer) move(from, to operations.Head) (bool, error) {
	if from.Seq == 0 {
		if !from.Hash.IsZero() {
			return false, nil
		}
		moved, err := w.row(openBook, to.Seq, to.Hash[:])
		return moved == 1, err
	}
	moved, err := w.row(moveHead, to.Seq, to.Hash[:], from.Seq, from.Hash[:])
	return moved == 1, err
}

// moveBack leaves the head at the last change that won, after it had been moved
// past those that did not.
func (w *writer) moveBack(r *operations.Run, won int) error {
	last, keep := r.Changes[len(r.Changes)-1].Entry, r.From
	if won > 0 {
		keep = operations.Head{Seq: r.Changes[won-1].Entry.Seq, Hash: r.Changes[won-1].Entry.Hash}
	}
	if keep.Seq == 0 {
		return damaged("a key is taken in a book without entries")
	}
	moved, err := w.row(moveHead, keep.Seq, keep.Hash[:], last.Seq, last.Hash[:])
	if err == nil && moved != 1 {
		err = damaged("the head moved within a transaction")
	}
	return err
}

// keys takes the keys of the changes in turn, and tells how many changes there
// are before the first whose key is taken already.
func (w *writer) keys(changes []operations.Change) (int, error) {
	for i := range changes {
		e := &changes[i].Entry
		if e.Key == "" {
			continue
		}
		free, err := w.row(putKey, e.Key, e.Seq)
		if err != nil {
			return 0, err
		}
		if free == 0 {
			return i, nil
		}
	}
	return len(changes), nil
}

// changes writes the changes that won.
func (w *writer) changes(changes []operations.Change) error {
	for i := range changes {
		c := &changes[i]
		if err := w.entry(&c.Entry); err != nil {
			return fmt.Errorf("entry %d: %w", c.Entry.Seq, err)
		}
		for j := range c.Postings {
			if err := w.posting(&c.Postings[j]); err != nil {
				return fmt.Errorf("entry %d: posting %d: %w", c.Entry.Seq, j, err)
			}
		}
		if err := w.rare(c); err != nil {
			return fmt.Errorf("entry %d: %w", c.Entry.Seq, err)
		}
	}
	if err := w.announce(changes); err != nil {
		return err
	}
	return w.folded(changes)
}

// folded writes operations and balances, each as its last change left it.
func (w *writer) folded(changes []operations.Change) error {
	several := len(changes) > 1
	if several {
		if w.operations == nil {
			w.operations = make(map[operations.OperationID]struct{})
			w.balances = make(map[balanceID]struct{})
		}
		clear(w.operations)
		clear(w.balances)
	}
	for i := len(changes) - 1; i >= 0; i-- {
		c := &changes[i]
		for j := len(c.Operations) - 1; j >= 0; j-- {
			row := &c.Operations[j]
			if several {
				if _, written := w.operations[row.ID]; written {
					continue
				}
				w.operations[row.ID] = struct{}{}
			}
			if err := w.operation(row); err != nil {
				return fmt.Errorf("operation %q: %w", row.ID, err)
			}
		}
		for j := len(c.Balances) - 1; j >= 0; j-- {
			row := &c.Balances[j]
			if several {
				id := balanceID{row.Ref, row.Asset}
				if _, written := w.balances[id]; written {
					continue
				}
				w.balances[id] = struct{}{}
			}
			if err := w.balance(row); err != nil {
				return fmt.Errorf("balance %q: %w", row.Ref, err)
			}
		}
	}
	return nil
}

// rare writes what few changes bring, in the order of the fields.
func (w *writer) rare(c *operations.Change) error {
	if c.Customer != nil {
		if err := w.customerRow(c.Customer); err != nil {
			return err
		}
	}
	for i := range c.Grants {
		if err := w.grant(&c.Grants[i]); err != nil {
			return err
		}
	}
	for i := range c.Operators {
		if err := w.operatorRow(&c.Operators[i]); err != nil {
			return err
		}
	}
	for i := range c.Personal {
		p := &c.Personal[i]
		if err := w.put(putPersonal, p.Subject, p.Digest[:], p.Salt, p.Value); err != nil {
			return err
		}
	}
	for _, subject := range c.Erase {
		if err := w.put(erasePersonal, subject); err != nil {
			return err
		}
		if subject == subjectCustomer {
			if err := w.put(eraseCustomer); err != nil {
				return err
			}
		}
	}
	if c.Snapshot != nil {
		return w.snapshot(c.Snapshot)
	}
	return nil
}

func (w *writer) entry(e *operations.Sealed) error {
	return w.put(putEntry, e.Seq, e.Prev[:], e.Hash[:], e.At.UnixMicro(), string(e.Action), string(e.Operation), e.Key, e.Fingerprint[:], e.Bytes)
}

func (w *writer) operation(o *operations.OperationRow) error {
	amount, err := amountText("amount", o.Amount)
	if err != nil {
		return err
	}
	if err := w.wait(o); err != nil {
		return err
	}
	args := []any{
		string(o.ID), o.Created, o.Updated, o.Version, string(o.State), o.Kind, o.Asset,
		string(o.From), string(o.To), amount, string(o.Maker), o.CreatedAt.UnixMicro(), optional(o.Due),
	}
	if !w.dialect.numbers {
		args = append(args, amountKey(amount))
	}
	return w.put(putOperation, args...)
}

func (w *writer) posting(p *operations.PostingRow) error {
	amount, balance, err := postingTexts(p)
	if err != nil {
		return err
	}
	return w.put(putPosting, p.Seq, int64(p.N), p.At.UnixMicro(), string(p.Operation), string(p.Ref), p.Asset, amount, balance)
}

func (w *writer) balance(b *operations.BalanceRow) error {
	posted, held, limit, err := balanceTexts(b)
	if err != nil {
		return err
	}
	return w.put(putBalance, string(b.Ref), b.Asset, posted, held, limit, b.Seq)
}

func (w *writer) customerRow(c *operations.CustomerRow) error {
	return w.put(putCustomer, string(c.Type), string(c.Status), c.Country, c.Name, c.TaxID,
		c.OpenedAt.UnixMicro(), string(c.OpenedBy), c.UpdatedAt.UnixMicro(), string(c.UpdatedBy))
}

func (w *writer) grant(g *operations.GrantRow) error {
	document, err := json.Marshal(g.Grant)
	if err != nil {
		return fmt.Errorf("grant %q: %w", g.Grant.ID, err)
	}
	return w.put(putGrant, string(g.Grant.ID), string(g.Grant.Operator), flag(g.Lists()), optional(g.Grant.Expires), flag(g.Revoked), string(document))
}

func (w *writer) operatorRow(o *tenancy.Operator) error {
	document, err := json.Marshal(o)
	if err != nil {
		return fmt.Errorf("operator %q: %w", o.ID, err)
	}
	if _, err := w.exec(putOperator, w.tenant, string(o.ID), o.Version, string(document)); err != nil {
		return err
	}
	tenant, _ := w.tenant.(string)
	w.keepOperator(operatorID{tenancy.TenantID(tenant), o.ID}, *o)
	return nil
}

func (w *writer) snapshot(s *operations.Snapshot) error {
	return w.put(putSnapshot, s.Seq, s.Hash[:], s.Bytes)
}

func flag(b bool) int64 {
	if b {
		return 1
	}
	return 0
}
