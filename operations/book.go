package operations

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"github.com/onbehalf/onbehalf/accounts"
	"github.com/onbehalf/onbehalf/customer"
	"github.com/onbehalf/onbehalf/tenancy"
)

// Book reads the one book of a scope. Every answer is confirmed by the store
// and the scope's grants are looked at anew each time; all methods need the
// view permission. Errors, if not said otherwise: refused (without access), not
// found (the book itself), unavailable.
type Book struct {
	eng   *Engine
	scope tenancy.Scope
}

// Book is the book of the scope, for reading.
func (e *Engine) Book(s tenancy.Scope) *Book { return &Book{eng: e, scope: s} }

// CustomerView is the customer as his book knows him.
type CustomerView struct {
	ID       tenancy.CustomerID
	Profile  customer.Profile // Name and TaxID are empty when erased
	Status   customer.Status
	Erased   bool
	Groups   []string // ascending
	OpenedAt time.Time
	OpenedBy tenancy.OperatorID
	Seq      int64
}

// Customer brings the profile and status: the context banner.
func (b *Book) Customer(ctx context.Context) (CustomerView, error) {
	r, personal, err := b.personal(ctx, "customer")
	if err != nil {
		return CustomerView{}, err
	}
	c := r.f.customer
	v := CustomerView{
		ID: r.f.id.Customer, Status: c.Status, Groups: slices.Clone(c.Groups), OpenedAt: r.f.openedAt, OpenedBy: r.f.openedBy, Seq: r.f.head.Seq,
		Profile: customer.Profile{Type: c.Type, Country: c.Country, Person: c.Person},
	}
	var p personalProfile
	v.Erased, err = personal.read(subjectCustomer, &p)
	v.Profile.Name, v.Profile.TaxID = p.Name, p.TaxID
	return v, err
}

// AccountView is one of the customer's accounts with what is personal about it.
type AccountView struct {
	accounts.Account
	Name    string
	Details accounts.Details
	Erased  bool
	Debit   []Unmet // why it cannot be debited, whatever the amount; empty: it can
	Credit  []Unmet // why it cannot be credited
}

// Accounts brings all accounts of the customer, by id, with balances and
// eligibility.
func (b *Book) Accounts(ctx context.Context) ([]AccountView, error) {
	r, personal, err := b.personal(ctx, "accounts")
	if err != nil {
		return nil, err
	}
	view := View{f: r.f}
	all := make([]AccountView, 0, r.f.accounts.len())
	for id, a := range r.f.accounts.all {
		var p personalAccount
		erased, err := personal.read(subjectAccount(id), &p)
		if err != nil {
			return nil, err
		}
		all = append(all, AccountView{
			Account: cloneAccount(a), Name: p.Name, Details: p.Details, Erased: erased,
			Debit:  view.Eligible(id, accounts.Debit, accounts.Amount{}.Decimal),
			Credit: view.Eligible(id, accounts.Credit, accounts.Amount{}.Decimal),
		})
	}
	return all, nil
}

// Holds brings what is set aside now, by operation and account.
func (b *Book) Holds(ctx context.Context) ([]accounts.Hold, error) {
	r, err := b.eng.read(ctx, b.scope, "holds", Want{})
	if err != nil {
		return nil, err
	}
	var all []accounts.Hold
	for _, o := range r.f.open.all {
		for id := range r.f.accounts.all {
			if amount, ok := r.f.holds.get(keyOfHold(o.ID, id)); ok {
				all = append(all, accounts.Hold{Operation: string(o.ID), Account: id, Amount: accounts.Exact(amount)})
			}
		}
	}
	return all, nil
}

// Grants brings the grants that are entries of this book, by id.
func (b *Book) Grants(ctx context.Context) ([]tenancy.Grant, error) {
	r, err := b.eng.read(ctx, b.scope, "grants", Want{})
	if err != nil {
		return nil, err
	}
	all := make([]tenancy.Grant, 0, r.f.grants.len())
	for _, g := range r.f.grants.all {
		all = append(all, *g)
	}
	return all, nil
}

// Operators brings the firm's operators with their tenant-wide grants, by id:
// in the house's scope; in a customer's there are none.
func (b *Book) Operators(ctx context.Context) ([]tenancy.Operator, error) {
	r, err := b.eng.read(ctx, b.scope, "operators", Want{})
	if err != nil {
		return nil, err
	}
	all := make([]tenancy.Operator, 0, r.f.operators.len())
	for id, o := range r.f.operators.all {
		if id != tenancy.Switches {
			all = append(all, cloneOperator(o))
		}
	}
	return all, nil
}

// Incidents brings what a person has to look at, by id.
func (b *Book) Incidents(ctx context.Context) ([]Incident, error) {
	r, err := b.eng.read(ctx, b.scope, "incidents", Want{})
	if err != nil {
		return nil, err
	}
	all := make([]Incident, 0, r.f.incidents.len())
	for _, i := range r.f.incidents.all {
		all = append(all, i.clone())
	}
	return all, nil
}

// Operation brings one operation, open or final. Errors: not found, too.
func (b *Book) Operation(ctx context.Context, id OperationID) (Operation, error) {
	if err := tenancy.CheckID("id", string(id)); err != nil {
		return Operation{}, err
	}
	r, err := b.eng.read(ctx, b.scope, "operation", Want{Operation: id})
	if err != nil {
		return Operation{}, err
	}
	if r.found.Operation == nil {
		return Operation{}, ErrNotFound
	}
	o, err := documentOf(r.found.Operation)
	if err != nil {
		return Operation{}, classify(err)
	}
	return *o, nil
}

// Outcome brings the entry that has the key, whatever command it was: how to
// find out after an unknown outcome without repeating it. Errors: not found
// when the key had no effect yet.
func (b *Book) Outcome(ctx context.Context, key string) (Line, error) {
	if err := (Intent{Key: key}).validate(); err != nil {
		return Line{}, err
	}
	r, err := b.eng.read(ctx, b.scope, "outcome", Want{Key: key})
	if err != nil {
		return Line{}, err
	}
	if r.found.Key == nil {
		return Line{}, ErrNotFound
	}
	return lineOf(*r.found.Key)
}

// Actions is Engine.Actions for this scope.
func (b *Book) Actions(ctx context.Context, id OperationID) ([]Allowance, error) {
	return b.eng.Actions(ctx, b.scope, id)
}

// ActionsOf tells what this scope may do to each of several operations that were
// read from this book, such as a page of its history, in their order: as Actions
// does for each as it stands now, but by one reading of the book for all of
// them. At most MaxLimit. Errors as for Actions; invalid, too.
func (b *Book) ActionsOf(ctx context.Context, all []Operation) ([][]Allowance, error) {
	return b.eng.actionsOf(ctx, b.scope, all)
}

// personalRows are the personal data of a book by subject.
type personalRows map[string]PersonalRow

func (b *Book) personal(ctx context.Context, what string) (reading, personalRows, error) {
	for range maxRounds {
		r, err := b.eng.read(ctx, b.scope, what, Want{})
		if err != nil {
			return r, nil, err
		}
		rows, err := b.eng.store.Personal(ctx, r.f.id)
		if err != nil {
			return r, nil, b.eng.failed(ctx, fmt.Errorf("read personal data: %w", err))
		}
		m := make(personalRows, len(rows))
		for _, row := range rows {
			m[row.Subject] = row
		}
		if m.recorded(r.f) {
			return r, m, nil
		}
		found, err := b.eng.store.Find(ctx, r.f.id, Want{})
		if err != nil {
			return r, nil, b.eng.failed(ctx, fmt.Errorf("read personal data: %w", err))
		}
		if found.Head == r.f.head { // nothing has changed in between
			return r, nil, fmt.Errorf("%w: %w: personal data are not what was recorded", ErrUnavailable, ErrDamaged)
		}
	}
	return reading{}, nil, fmt.Errorf("%w: the book is contended", ErrUnavailable)
}

// recorded tells whether the rows are those whose digests the journal has.
func (m personalRows) recorded(f *Folded) bool {
	for subject, digest := range f.personal.all {
		if row, ok := m[subject]; !ok || row.Digest != digest {
			return false
		}
	}
	return len(m) == f.personal.len()
}

// read decodes the value of a subject; true when it was erased.
func (m personalRows) read(subject string, into any) (erased bool, err error) {
	row, ok := m[subject]
	if !ok || row.Value == nil {
		return ok, nil
	}
	if personalDigest(row.Salt, row.Value) != row.Digest {
		return false, fmt.Errorf("%w: %w: personal data of %s are not what was recorded", ErrUnavailable, ErrDamaged, subject)
	}
	if err := json.Unmarshal(row.Value, into); err != nil {
		return false, fmt.Errorf("%w: %w: personal data of %s: %w", ErrUnavailable, ErrDamaged, subject, err)
	}
	return false, nil
}
