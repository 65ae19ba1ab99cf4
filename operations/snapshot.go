package operations

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/onbehalf/onbehalf/accounts"
	"github.com/onbehalf/onbehalf/tenancy"
)

// snapshotDoc is a folded book as it is kept beside the journal. Its digest is
// in the entry after it, so that a book is never loaded from a forged one.
type snapshotDoc struct {
	Format     int                `json:"format"`
	Book       BookID             `json:"book"`
	Seq        int64              `json:"seq"`
	Hash       Hash               `json:"hash"`
	At         time.Time          `json:"at"`
	OpenedAt   time.Time          `json:"opened_at"`
	OpenedBy   tenancy.OperatorID `json:"opened_by"`
	Customer   CustomerEffect     `json:"customer"`
	Personal   []PersonalEffect   `json:"personal,omitempty"`
	Operators  []tenancy.Operator `json:"operators,omitempty"`
	Grants     []tenancy.Grant    `json:"grants,omitempty"`
	Currencies []CurrencyEffect   `json:"currencies,omitempty"`
	Accounts   []accounts.Account `json:"accounts,omitempty"`
	Freezes    []*Frozen          `json:"freezes,omitempty"`
	Settings   []*Setting         `json:"settings,omitempty"`
	Counters   []counterDoc       `json:"counters,omitempty"`
	Holds      []holdDoc          `json:"holds,omitempty"`
	System     []systemBalance    `json:"system,omitempty"`
	Open       []*Operation       `json:"open,omitempty"`
	Incidents  []*Incident        `json:"incidents,omitempty"`
	Refusals   []refusalDoc       `json:"refusals,omitempty"`
}

type holdDoc struct {
	Key    holdKey         `json:"key"`
	Amount accounts.Amount `json:"amount"`
}

type refusalDoc struct {
	Operator tenancy.OperatorID `json:"operator"`
	Count    refusals           `json:"count"`
}

// snapshot encodes the folded book; equal books give equal bytes.
func (f *Folded) snapshot() (*Snapshot, error) {
	d := snapshotDoc{
		Format: Format, Book: f.id, Seq: f.head.Seq, Hash: f.head.Hash, At: f.at,
		OpenedAt: f.openedAt, OpenedBy: f.openedBy, Customer: f.customer,
		System: f.system, Open: f.open.values(), Incidents: f.incidents.values(), Freezes: f.freezes.values(),
	}
	for _, s := range f.settings.all {
		d.Settings = append(d.Settings, &s.Setting)
	}
	for _, c := range f.counters.all {
		d.Counters = append(d.Counters, c.doc())
	}
	for subject, digest := range f.personal.all {
		d.Personal = append(d.Personal, PersonalEffect{Subject: subject, Digest: digest})
	}
	for _, o := range f.operators.all {
		d.Operators = append(d.Operators, *o)
	}
	for _, g := range f.grants.all {
		d.Grants = append(d.Grants, *g)
	}
	for asset, enabled := range f.currencies.all {
		d.Currencies = append(d.Currencies, CurrencyEffect{Asset: asset, Enabled: enabled})
	}
	for _, a := range f.accounts.all {
		d.Accounts = append(d.Accounts, *a)
	}
	for key, amount := range f.holds.all {
		d.Holds = append(d.Holds, holdDoc{Key: key, Amount: accounts.Exact(amount)})
	}
	for op, count := range f.refusals.all {
		d.Refusals = append(d.Refusals, refusalDoc{Operator: op, Count: count})
	}
	b, err := json.Marshal(&d)
	if err != nil {
		return nil, fmt.Errorf("encode snapshot of entry %d: %w", f.head.Seq, err)
	}
	return &Snapshot{Seq: f.head.Seq, Hash: f.head.Hash, Bytes: b}, nil
}

func (s *Snapshot) digest() Hash { return sha256.Sum256(s.Bytes) }

// restore rebuilds the folded book from a snapshot whose digest the caller has
// checked.
func (s *Snapshot) restore(id BookID) (*Folded, error) {
	var d snapshotDoc
	dec := json.NewDecoder(bytes.NewReader(s.Bytes))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&d); err != nil {
		return nil, fmt.Errorf("%w: snapshot: %w", ErrDamaged, err)
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("%w: snapshot: more than one document", ErrDamaged)
	}
	if d.Format != Format {
		return nil, fmt.Errorf("snapshot: %w: %d", ErrFormat, d.Format)
	}
	if d.Book != id || d.Seq != s.Seq || d.Hash != s.Hash {
		return nil, fmt.Errorf("%w: snapshot of another place", ErrDamaged)
	}
	f := &Folded{id: id, head: Head{Seq: d.Seq, Hash: d.Hash}, at: d.At, openedAt: d.OpenedAt, openedBy: d.OpenedBy, customer: d.Customer, system: d.System}
	for _, p := range d.Personal {
		f.personal.grow(p.Subject, p.Digest)
	}
	for i := range d.Operators {
		f.operators.grow(d.Operators[i].ID, &d.Operators[i])
	}
	for i := range d.Grants {
		f.grants.grow(d.Grants[i].ID, &d.Grants[i])
	}
	for _, c := range d.Currencies {
		f.currencies.grow(c.Asset, c.Enabled)
	}
	for i := range d.Accounts {
		f.accounts.grow(d.Accounts[i].ID, &d.Accounts[i])
	}
	for _, z := range d.Freezes {
		f.freezes.grow(z.Subject, z)
	}
	for _, s := range d.Settings {
		f.settings.grow(s.Name, &keptSetting{Setting: *s})
	}
	for _, c := range d.Counters {
		if n := c.counter(); n != nil {
			f.counters.grow(c.Name, n)
		}
	}
	for _, h := range d.Holds {
		f.holds.grow(h.Key, h.Amount.Decimal)
	}
	for _, o := range d.Open {
		f.open.grow(o.ID, o)
		if o.large() {
			f.large++
		}
		if o.State == AwaitingApproval {
			f.waiting++
		}
	}
	for _, i := range d.Incidents {
		f.incidents.grow(i.ID, i)
	}
	for _, r := range d.Refusals {
		f.refusals.grow(r.Operator, r.Count)
	}
	return f, nil
}

// resume folds what a store loaded onto a book known before, or onto nothing.
// It trusts no row: the chain is followed from the known place to the head.
func resume(known *Folded, l Loaded) (*Folded, error) {
	f := known
	if l.Snapshot != nil {
		if len(l.Tail) == 0 {
			return nil, fmt.Errorf("%w: a snapshot at entry %d without the entry after it", ErrDamaged, l.Snapshot.Seq)
		}
		next, err := l.Tail[0].Open()
		if err != nil {
			return nil, err
		}
		if next.Seq != l.Snapshot.Seq+1 || next.Snapshot != l.Snapshot.digest() {
			return nil, fmt.Errorf("%w: the snapshot at entry %d is not the one that entry %d names", ErrDamaged, l.Snapshot.Seq, next.Seq)
		}
		if f, err = l.Snapshot.restore(known.id); err != nil {
			return nil, err
		}
	}
	f, err := foldAll(f, l.Tail)
	if err != nil {
		return nil, err
	}
	if f.head != l.Head {
		return nil, fmt.Errorf("%w: the journal ends at entry %d, the head says %d", ErrDamaged, f.head.Seq, l.Head.Seq)
	}
	return f, nil
}

func foldAll(f *Folded, tail []Sealed) (*Folded, error) {
	for i := range tail {
		e, err := tail[i].Open()
		if err != nil {
			return nil, err
		}
		if f, err = Fold(f, e, tail[i].Hash); err != nil {
			return nil, err
		}
	}
	return f, nil
}
