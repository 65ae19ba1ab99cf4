package memory

import (
	"bytes"
	"slices"

	"github.com/onbehalf/onbehalf/accounts"
	"github.com/onbehalf/onbehalf/operations"
	"github.com/onbehalf/onbehalf/tenancy"
)

// customerSubject is the subject of the customer's own personal data.
const customerSubject = "customer"

// book is one book: its journal, and the rows derived from it.
type book struct {
	id       operations.BookID
	head     operations.Head
	entries  rows[operations.Sealed] // entry seq stands at seq-1
	personal map[string]operations.PersonalRow
	outbox   *ticket
	derived
}

// derived are the rows Rebuild makes anew.
type derived struct {
	keys     map[string]int64 // seq of the entry that has the key
	ops      map[operations.OperationID]*operations.OperationRow
	history  []*operations.OperationRow // the rows of ops, ascending by Created
	accounts map[accounts.Ref]*account
	customer *operations.CustomerRow
	grants   map[tenancy.GrantID]operations.GrantRow
	snapshot *operations.Snapshot
	waiting  map[operations.OperationID]*ticket // of the operations that have a Due
}

// account is what one ref has: its legs in the order of the journal, and a
// balance for each asset, of which there are few.
type account struct {
	postings rows[operations.PostingRow]
	balances []operations.BalanceRow
}

func newBook(id operations.BookID) *book { return &book{id: id, derived: newDerived()} }

func newDerived() derived {
	return derived{
		keys:     make(map[string]int64),
		ops:      make(map[operations.OperationID]*operations.OperationRow),
		accounts: make(map[accounts.Ref]*account),
	}
}

// entry gives the entry at seq, or nil.
func (b *book) entry(seq int64) *operations.Sealed {
	if seq < 1 || seq > int64(b.entries.len()) {
		return nil
	}
	return b.entries.at(int(seq - 1))
}

// tail gives a copy of the entries after seq.
func (b *book) tail(seq int64) []operations.Sealed {
	return b.entries.appendTo(nil, int(max(seq, 0)), b.entries.len())
}

// taken gives the entry that has the key, or nil.
func (b *book) taken(key string) *operations.Sealed {
	if key == "" {
		return nil
	}
	if seq, ok := b.keys[key]; ok {
		return b.entry(seq)
	}
	return nil
}

// stored gives an operation's row with the entry that holds its document.
func (b *book) stored(row *operations.OperationRow) operations.StoredOperation {
	found := operations.StoredOperation{Row: *row}
	if e := b.entry(row.Updated); e != nil {
		found.Entry = *e
	}
	return found
}

// apply stores one change whole. Nothing of it can fail.
func (f *firm) apply(b *book, c *operations.Change) {
	b.entries.add(c.Entry)
	b.head = operations.Head{Seq: c.Entry.Seq, Hash: c.Entry.Hash}
	if c.Entry.Key != "" {
		b.keys[c.Entry.Key] = c.Entry.Seq
	}
	for i := range c.Operations {
		f.putOperation(b, &c.Operations[i])
	}
	for i := range c.Postings {
		b.account(c.Postings[i].Ref).postings.add(c.Postings[i])
	}
	for i := range c.Balances {
		b.account(c.Balances[i].Ref).put(&c.Balances[i])
	}
	if c.Customer != nil {
		b.putCustomer(c.Customer)
	}
	for _, g := range c.Grants {
		f.putGrant(b, g)
	}
	for _, o := range c.Operators {
		f.operators[o.ID] = cloneOperator(o)
	}
	for _, p := range c.Personal {
		if b.personal == nil {
			b.personal = make(map[string]operations.PersonalRow)
		}
		b.personal[p.Subject] = clonePersonal(p)
	}
	for _, subject := range c.Erase {
		b.erase(subject)
	}
	if c.Snapshot != nil {
		b.snapshot = cloneSnapshot(c.Snapshot)
	}
	if c.Announce {
		f.announce(b, &c.Entry)
	}
}

func (f *firm) putOperation(b *book, row *operations.OperationRow) {
	old := b.ops[row.ID]
	if old == nil {
		kept := *row
		b.ops[row.ID] = &kept
		b.insert(&kept)
		f.wait(b, &kept)
		return
	}
	created := old.Created
	*old = *row
	if created != row.Created {
		b.history = slices.DeleteFunc(b.history, func(r *operations.OperationRow) bool { return r == old })
		b.insert(old)
	}
	f.wait(b, old)
}

// insert keeps history ascending; a new operation nearly always is the newest.
func (d *derived) insert(row *operations.OperationRow) {
	at := len(d.history)
	for at > 0 && compareCreated(d.history[at-1], row) > 0 {
		at--
	}
	d.history = slices.Insert(d.history, at, row)
}

func (d *derived) account(ref accounts.Ref) *account {
	a := d.accounts[ref]
	if a == nil {
		a = new(account)
		d.accounts[ref] = a
	}
	return a
}

func (a *account) put(row *operations.BalanceRow) {
	for i := range a.balances {
		if a.balances[i].Asset == row.Asset {
			a.balances[i] = *row
			return
		}
	}
	a.balances = append(a.balances, *row)
}

func (d *derived) putCustomer(row *operations.CustomerRow) {
	kept := cloneCustomer(row)
	if d.customer != nil {
		if kept.Name == nil {
			kept.Name = d.customer.Name
		}
		if kept.TaxID == nil {
			kept.TaxID = d.customer.TaxID
		}
	}
	d.customer = kept
}

func (f *firm) putGrant(b *book, g operations.GrantRow) {
	if b.grants == nil {
		b.grants = make(map[tenancy.GrantID]operations.GrantRow)
	}
	b.grants[g.Grant.ID] = g
	s := f.granted[g.Grant.Operator]
	if s == nil {
		s = new(shelf)
		f.granted[g.Grant.Operator] = s
	}
	s.add(b)
}

func (b *book) erase(subject string) {
	if p, ok := b.personal[subject]; ok {
		p.Salt, p.Value = nil, nil
		b.personal[subject] = p
	}
	if subject == customerSubject && b.customer != nil {
		b.customer.Name, b.customer.TaxID = nil, nil
	}
}

func cloneOperator(o tenancy.Operator) tenancy.Operator {
	o.Grants, o.Stops = slices.Clone(o.Grants), slices.Clone(o.Stops)
	return o
}

func clonePersonal(p operations.PersonalRow) operations.PersonalRow {
	p.Salt, p.Value = bytes.Clone(p.Salt), bytes.Clone(p.Value)
	return p
}

func cloneSnapshot(s *operations.Snapshot) *operations.Snapshot {
	if s == nil {
		return nil
	}
	return &operations.Snapshot{Seq: s.Seq, Hash: s.Hash, Bytes: bytes.Clone(s.Bytes)}
}

func cloneCustomer(row *operations.CustomerRow) *operations.CustomerRow {
	if row == nil {
		return nil
	}
	kept := *row
	kept.Name, kept.TaxID = cloneText(row.Name), cloneText(row.TaxID)
	return &kept
}

func cloneText(text *string) *string {
	if text == nil {
		return nil
	}
	kept := *text
	return &kept
}
