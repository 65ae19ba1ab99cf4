package operations

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/onbehalf/onbehalf/accounts"
	"github.com/onbehalf/onbehalf/tenancy"
)

// Verification is what Verify found.
type Verification struct {
	Book    BookID
	Head    Head
	Entries int64    // that were read and follow each other
	Erased  []string // subjects whose personal data were erased: no fault
	Faults  []Fault  // at most MaxFaults; empty: everything agrees
}

// Sound tells whether nothing was found.
func (v Verification) Sound() bool { return len(v.Faults) == 0 }

// MaxFaults is how many faults are told at most.
const MaxFaults = 100

// Fault is one thing that is not as the journal says.
type Fault struct {
	Seq  int64  // the entry it is about; 0: none
	What string // "entry", "head", "snapshot", "personal", "operation", "posting", "balance", "key", "ticket", "customer", "grant", "operator"
	Text string
}

// String names the entry and what is wrong with it.
func (f Fault) String() string {
	if f.Seq == 0 {
		return f.What + ": " + f.Text
	}
	return fmt.Sprintf("%s %d: %s", f.What, f.Seq, f.Text)
}

// Verify reads the whole journal of the scope's book, follows its chain, folds
// it anew and holds every stored row against what follows from it: it finds an
// entry that was changed, moved, left out, added or cut off at the end, and a
// balance, operation, key or personal value that is not as recorded. That a
// whole book was lost or set back together with its head shows in Heads alone.
// It needs the view permission, and memory for the rows of one book.
func (b *Book) Verify(ctx context.Context) (Verification, error) {
	r, err := b.eng.read(ctx, b.scope, "verify", Want{})
	if err != nil {
		return Verification{}, err
	}
	v, _, err := b.eng.verify(ctx, r.f.id)
	return v, err
}

// Verify is Book.Verify for a book that may be too damaged for any scope to be
// opened to it. It tells what is wrong and where, and nothing of what stands
// there. Nobody's permission is asked for: call it, as Bootstrap, from where
// only the owner of the database can. A store's Heads lists the books of a firm.
// Errors: invalid, unavailable.
func (e *Engine) Verify(ctx context.Context, id BookID) (Verification, error) {
	if err := errors.Join(tenancy.CheckID("tenant", string(id.Tenant)), tenancy.CheckID("customer", string(id.Customer))); err != nil {
		return Verification{}, err
	}
	v, _, err := e.verify(ctx, id)
	return v, err
}

// Rebuild makes every row that is derived from the journal anew, after
// verifying the journal itself, which it never changes.
// It needs the manage customers permission. Errors: unavailable when the
// journal is damaged, conflict when the book moved on meanwhile: try again.
func (b *Book) Rebuild(ctx context.Context) error {
	r, err := b.eng.read(ctx, b.scope, "rebuild", Want{})
	if err != nil {
		return err
	}
	st := standingOf(r.f, r.row, b.scope.Principal().Operator, r.now)
	if _, err := b.eng.gate.Authorize(b.scope, tenancy.ManageCustomers, st); err != nil {
		return err
	}
	v, derived, err := b.eng.verify(ctx, r.f.id)
	if err != nil {
		return err
	}
	for _, f := range v.Faults {
		if f.What == "entry" || f.What == "head" {
			return fmt.Errorf("rebuild: %w: %w: %s", ErrUnavailable, ErrDamaged, f)
		}
	}
	b.eng.evict(r.f.id)
	if err := b.eng.store.Rebuild(ctx, r.f.id, v.Head, derived.projection(v.Head)); err != nil {
		return b.eng.failed(ctx, fmt.Errorf("rebuild: %w", err))
	}
	return nil
}

// derivation is everything that follows from a journal.
type derivation struct {
	f          *Folded
	operations map[OperationID]OperationRow
	balances   map[balanceKey]BalanceRow
	postings   []PostingRow
	keys       []KeyRow
	customer   *CustomerRow
	grants     map[tenancy.GrantID]GrantRow
	operators  map[tenancy.OperatorID]tenancy.Operator
	erased     map[string]bool
	snapshot   *Snapshot
}

type balanceKey struct {
	ref   accounts.Ref
	asset string
}

// journalPage is how many entries are read at a time.
const journalPage = 500

func (e *Engine) verify(ctx context.Context, id BookID) (Verification, *derivation, error) {
	v := Verification{Book: id}
	stored, err := e.store.Projection(ctx, id)
	if err != nil {
		return v, nil, e.failed(ctx, fmt.Errorf("verify: %w", err))
	}
	v.Head = stored.Head
	personal := make(map[string]PersonalRow, len(stored.Personal))
	for _, row := range stored.Personal {
		personal[row.Subject] = row
	}
	d := &derivation{
		f: Empty(id), operations: map[OperationID]OperationRow{}, balances: map[balanceKey]BalanceRow{},
		grants: map[tenancy.GrantID]GrantRow{}, operators: make(map[tenancy.OperatorID]tenancy.Operator), erased: map[string]bool{},
	}
	broken, err := e.walk(ctx, &v, d, personal)
	if err != nil {
		return v, nil, err
	}
	if !broken {
		v.personal(d, personal)
		v.compare(d.projection(stored.Head), stored)
	}
	return v, d, nil
}

// walk follows the journal up to the head and tells whether it broke off.
func (e *Engine) walk(ctx context.Context, v *Verification, d *derivation, personal map[string]PersonalRow) (broken bool, err error) {
	after := int64(0)
	for {
		page, err := e.store.Journal(ctx, v.Book, after, journalPage)
		if err != nil {
			return true, e.failed(ctx, fmt.Errorf("verify: %w", err))
		}
		for _, s := range page {
			if s.Seq > v.Head.Seq {
				return e.beyond(ctx, v, s)
			}
			if s.Seq > d.f.head.Seq+1 {
				v.fault(d.f.head.Seq+1, "entry", fmt.Sprintf("is missing; the next there is %d", s.Seq))
				return true, nil
			}
			if err := d.take(s, personal); err != nil {
				v.fault(max(s.Seq, d.f.head.Seq+1), "entry", err.Error())
				return true, nil
			}
			v.Entries++
			after = s.Seq
		}
		if len(page) < journalPage {
			break
		}
	}
	switch {
	case d.f.head.Seq < v.Head.Seq:
		v.fault(d.f.head.Seq+1, "entry", fmt.Sprintf("is missing; the head is at entry %d", v.Head.Seq))
		return true, nil
	case d.f.head != v.Head:
		v.fault(v.Head.Seq, "head", "does not have the hash of its entry")
		return true, nil
	}
	return false, nil
}

// beyond judges an entry after the head that was read first: the book may have
// moved on since.
func (e *Engine) beyond(ctx context.Context, v *Verification, s Sealed) (bool, error) {
	found, err := e.store.Find(ctx, v.Book, Want{})
	if err != nil {
		return true, e.failed(ctx, fmt.Errorf("verify: %w", err))
	}
	if found.Head == v.Head {
		v.fault(s.Seq, "entry", fmt.Sprintf("stands after the head, which is at entry %d", v.Head.Seq))
		return true, nil
	}
	return false, nil
}

func (d *derivation) take(s Sealed, personal map[string]PersonalRow) error {
	entry, err := s.Open()
	if err != nil {
		return err
	}
	for _, p := range entry.Effects.Personal {
		delete(d.erased, p.Subject)
	}
	x, err := stepOf(d.f, entry, s)
	if err != nil {
		return err
	}
	if x.snapshot != nil {
		d.snapshot = x.snapshot
	}
	c := project(d.f, x.after, entry, s, personalOf(entry, personal))
	d.f = x.after
	for _, o := range c.Operations {
		d.operations[o.ID] = o
	}
	d.postings = append(d.postings, c.Postings...)
	for _, r := range c.Balances {
		d.balances[balanceKey{r.Ref, r.Asset}] = r
	}
	if s.Key != "" {
		d.keys = append(d.keys, KeyRow{Key: s.Key, Seq: s.Seq})
	}
	if c.Customer != nil {
		if d.customer != nil && c.Customer.Name == nil {
			c.Customer.Name, c.Customer.TaxID = d.customer.Name, d.customer.TaxID
		}
		d.customer = c.Customer
	}
	for _, g := range c.Grants {
		d.grants[g.Grant.ID] = g
	}
	for _, o := range c.Operators {
		d.operators[o.ID] = o
	}
	for _, subject := range c.Erase {
		d.erased[subject] = true
		if subject == subjectCustomer && d.customer != nil {
			d.customer.Name, d.customer.TaxID = nil, nil
		}
	}
	return nil
}

// projection gives the rows as a store lists them.
func (d *derivation) projection(head Head) Projection {
	p := Projection{Head: head, Postings: d.postings, Keys: slices.Clone(d.keys), Customer: d.customer, Snapshot: d.snapshot}
	for _, o := range d.operations {
		p.Operations = append(p.Operations, o)
	}
	slices.SortFunc(p.Operations, func(a, b OperationRow) int { return cmp.Compare(a.ID, b.ID) })
	for i := range p.Operations {
		if o := &p.Operations[i]; !o.Due.IsZero() {
			p.Waiting = append(p.Waiting, WaitingRow{Operation: o.ID, Due: o.Due, State: o.State, Seq: o.Updated})
		}
	}
	for _, b := range d.balances {
		p.Balances = append(p.Balances, b)
	}
	slices.SortFunc(p.Balances, func(a, b BalanceRow) int {
		return cmp.Or(cmp.Compare(a.Ref, b.Ref), cmp.Compare(a.Asset, b.Asset))
	})
	for _, g := range d.grants {
		p.Grants = append(p.Grants, g)
	}
	slices.SortFunc(p.Grants, func(a, b GrantRow) int { return cmp.Compare(a.Grant.ID, b.Grant.ID) })
	for _, o := range d.operators {
		p.Operators = append(p.Operators, o)
	}
	slices.SortFunc(p.Operators, func(a, b tenancy.Operator) int { return cmp.Compare(a.ID, b.ID) })
	return p
}

func (v *Verification) fault(seq int64, what, text string) {
	if len(v.Faults) < MaxFaults {
		v.Faults = append(v.Faults, Fault{Seq: seq, What: what, Text: text})
	}
}

// personal holds the values beside the journal against their digests.
func (v *Verification) personal(d *derivation, stored map[string]PersonalRow) {
	for subject, digest := range d.f.personal.all {
		row, ok := stored[subject]
		switch {
		case !ok:
			v.fault(0, "personal", subject+" is missing")
		case row.Digest != digest:
			v.fault(0, "personal", subject+" has another digest than was recorded")
		case row.Value == nil && d.erased[subject]:
			v.Erased = append(v.Erased, subject)
		case row.Value == nil:
			v.fault(0, "personal", subject+" is gone, and no entry erased it")
		case personalDigest(row.Salt, row.Value) != digest:
			v.fault(0, "personal", subject+" was changed")
		}
	}
	for subject := range stored {
		if _, ok := d.f.personal.get(subject); !ok {
			v.fault(0, "personal", subject+" was never recorded")
		}
	}
	slices.SortFunc(v.Faults, func(a, b Fault) int { return cmp.Compare(a.Text, b.Text) })
}

// compare holds the stored rows against those that follow from the journal.
func (v *Verification) compare(want, got Projection) {
	compareRows(v, "operation", want.Operations, got.Operations,
		func(r OperationRow) string { return string(r.ID) }, sameRow, func(r OperationRow) int64 { return r.Updated })
	compareRows(v, "posting", want.Postings, got.Postings,
		func(r PostingRow) string { return fmt.Sprintf("%d/%d %s", r.Seq, r.N, r.Ref) }, samePosting, func(r PostingRow) int64 { return r.Seq })
	compareRows(v, "balance", want.Balances, got.Balances,
		func(r BalanceRow) string { return string(r.Ref) + " " + r.Asset }, sameBalance, func(r BalanceRow) int64 { return r.Seq })
	compareRows(v, "key", want.Keys, got.Keys,
		func(r KeyRow) string { return r.Key }, func(a, b KeyRow) bool { return a == b }, func(r KeyRow) int64 { return r.Seq })
	compareRows(v, "grant", want.Grants, got.Grants,
		func(r GrantRow) string { return string(r.Grant.ID) }, sameGrant, func(GrantRow) int64 { return 0 })
	compareRows(v, "operator", want.Operators, got.Operators,
		func(o tenancy.Operator) string { return string(o.ID) }, sameOperator, func(o tenancy.Operator) int64 { return o.Version })
	compareRows(v, "ticket", want.Waiting, got.Waiting,
		func(r WaitingRow) string { return string(r.Operation) },
		func(a, b WaitingRow) bool { return a.Seq == b.Seq && a.State == b.State && a.Due.Equal(b.Due) }, func(r WaitingRow) int64 { return r.Seq })
	if !sameCustomer(want.Customer, got.Customer) {
		v.fault(0, "customer", "its row is not what the journal says")
	}
	switch {
	case want.Snapshot == nil && got.Snapshot == nil:
	case want.Snapshot == nil || got.Snapshot == nil || got.Snapshot.digest() != want.Snapshot.digest() ||
		got.Snapshot.Seq != want.Snapshot.Seq || got.Snapshot.Hash != want.Snapshot.Hash:
		v.fault(0, "snapshot", "is not what the journal says")
	}
}

func compareRows[T any](v *Verification, what string, want, got []T, key func(T) string, same func(a, b T) bool, seq func(T) int64) {
	stored := make(map[string]T, len(got))
	for _, r := range got {
		if _, twice := stored[key(r)]; twice {
			v.fault(seq(r), what, key(r)+" is there twice")
		}
		stored[key(r)] = r
	}
	for _, w := range want {
		g, ok := stored[key(w)]
		delete(stored, key(w))
		switch {
		case !ok:
			v.fault(seq(w), what, key(w)+" is missing")
		case !same(w, g):
			v.fault(seq(w), what, key(w)+" is not what the journal says")
		}
	}
	for _, g := range got {
		if _, left := stored[key(g)]; left {
			v.fault(seq(g), what, key(g)+" does not follow from the journal")
		}
	}
}

func samePosting(a, b PostingRow) bool {
	return a.Seq == b.Seq && a.N == b.N && a.At.Equal(b.At) && a.Operation == b.Operation && a.Ref == b.Ref &&
		a.Asset == b.Asset && a.Amount.Equal(b.Amount) && a.Balance.Equal(b.Balance)
}

func sameBalance(a, b BalanceRow) bool {
	return a.Ref == b.Ref && a.Asset == b.Asset && a.Posted.Equal(b.Posted) && a.Held.Equal(b.Held) && a.DebtLimit.Equal(b.DebtLimit) && a.Seq == b.Seq
}

func sameOperator(a, b tenancy.Operator) bool {
	return a.ID == b.ID && a.Person == b.Person && a.Status == b.Status && a.Version == b.Version &&
		slices.EqualFunc(a.Grants, b.Grants, func(x, y tenancy.Grant) bool { return sameGrant(GrantRow{Grant: x}, GrantRow{Grant: y}) }) &&
		slices.EqualFunc(a.Stops, b.Stops, sameStop)
}

func sameGrant(a, b GrantRow) bool {
	x, y := a.Grant, b.Grant
	return a.Revoked == b.Revoked && x.ID == y.ID && x.Operator == y.Operator && x.Everyone == y.Everyone &&
		x.Permissions == y.Permissions && x.Expires.Equal(y.Expires)
}

func sameCustomer(a, b *CustomerRow) bool {
	if a == nil || b == nil {
		return a == b
	}
	text := func(s *string) string {
		if s == nil {
			return ""
		}
		return *s
	}
	return a.Type == b.Type && a.Status == b.Status && a.Country == b.Country && text(a.Name) == text(b.Name) && text(a.TaxID) == text(b.TaxID) &&
		a.OpenedAt.Equal(b.OpenedAt) && a.OpenedBy == b.OpenedBy && a.UpdatedAt.Equal(b.UpdatedAt) && a.UpdatedBy == b.UpdatedBy
}
