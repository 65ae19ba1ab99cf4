package operations

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"slices"

	"github.com/onbehalf/onbehalf/customer"
	"github.com/onbehalf/onbehalf/tenancy"
)

// Firm reads across the books of one firm, under a firm scope; it moves
// nothing. Errors of all methods: invalid, refused, unavailable.
type Firm struct {
	eng   *Engine
	scope tenancy.Scope
}

// Firm is the firm of the scope, for lists over many books.
func (e *Engine) Firm(s tenancy.Scope) *Firm { return &Firm{eng: e, scope: s} }

// CustomerFilter says which customers to list; zero fields do not restrict.
type CustomerFilter struct {
	Statuses []customer.Status
	Types    []customer.Type
	Search   string // part of the name or beginning of the tax id; at most 64 bytes, never a pattern
}

// Customers lists customers by id, after the given one; the house is none of
// them. An operator who may view all customers sees all, any other those he has
// a live grant to view. Limit as for Book.History; a page may come short, or
// empty, with More set.
func (v *Firm) Customers(ctx context.Context, q CustomerFilter, after tenancy.CustomerID, limit int) (CustomerPage, error) {
	limit, err := bounded(limit)
	if after != "" {
		err = errors.Join(err, tenancy.CheckID("after", string(after)))
	}
	if err := errors.Join(err, q.validate()); err != nil {
		return CustomerPage{}, err
	}
	st, err := v.standing(ctx, "customers")
	if err != nil {
		return CustomerPage{}, err
	}
	query := CustomerQuery{After: after, Limit: limit, Now: st.Now, Statuses: q.Statuses, Types: q.Types, Search: q.Search}
	if !viewsAll(st) {
		query.Operator = v.scope.Principal().Operator
	}
	page, err := v.eng.store.Customers(ctx, v.scope.Tenant(), query)
	if err != nil {
		return CustomerPage{}, v.eng.failed(ctx, fmt.Errorf("list customers: %w", err))
	}
	page.Items = slices.DeleteFunc(page.Items, func(c CustomerItem) bool { return c.ID == tenancy.House })
	return page, nil
}

// viewsAll tells whether the operator may view all customers.
func viewsAll(st tenancy.Standing) bool {
	return slices.ContainsFunc(st.Operator.Grants, func(g tenancy.Grant) bool { return g.Live(st.Now) && g.Permissions.Has(tenancy.View) })
}

func (q CustomerFilter) validate() error {
	errs := []error{tenancy.CheckText("search", q.Search, 64)}
	for _, s := range q.Statuses {
		if !slices.Contains(customer.Statuses(), s) {
			errs = append(errs, tenancy.Invalid("statuses", "has one that is no status"))
		}
	}
	for _, t := range q.Types {
		if !slices.Contains(customer.Types(), t) {
			errs = append(errs, tenancy.Invalid("types", "has one that is no type"))
		}
	}
	return errors.Join(errs...)
}

// standing makes sure that the scope is the firm's and its operator still acts
// for it.
func (v *Firm) standing(ctx context.Context, what string) (tenancy.Standing, error) {
	if err := v.eng.honour(v.scope, what); err != nil {
		return tenancy.Standing{}, err
	}
	if v.scope.Kind() != tenancy.FirmScope {
		return tenancy.Standing{}, tenancy.Invalid("scope", "is not that of the firm")
	}
	p := v.scope.Principal()
	st, err := v.eng.standing(ctx, p, "")
	if err != nil {
		return st, err
	}
	err = v.eng.gate.Attend(v.scope, st)
	v.eng.access(AccessEvent{Scope: v.scope, What: what, Allowed: err == nil}, err)
	return st, err
}

// Treasury lists what the firm has on the system accounts of all its books
// together, its own among them: what is owed to and by each provider, what it
// earned, what cannot be assigned. By account and asset, ascending, after the
// given place. Exact sums, a report: books that change while it reads are taken
// before or after their change, and no decision may rest on it. It needs the view
// permission for all customers. Limit as for Book.History; a page shorter than
// its limit is the last.
func (v *Firm) Treasury(ctx context.Context, after PositionPlace, limit int) ([]PositionRow, error) {
	limit, err := bounded(limit)
	if after != (PositionPlace{}) {
		err = errors.Join(err, after.Ref.Validate(), tenancy.CheckID("asset", after.Asset))
	}
	if err != nil {
		return nil, err
	}
	st, err := v.standing(ctx, "treasury")
	if err != nil {
		return nil, err
	}
	if _, err := v.eng.gate.Authorize(v.scope, tenancy.View, st); err != nil {
		return nil, err
	}
	rows, err := v.eng.store.Positions(ctx, v.scope.Tenant(), PositionQuery{After: after, Limit: limit})
	if err != nil {
		return nil, v.eng.failed(ctx, fmt.Errorf("sum positions: %w", err))
	}
	return rows, nil
}

// PositionBooks lists what each book has of a position of the Treasury, the
// house's among them, by customer, ascending, after the given one. A book whose
// part has come to zero is listed too. The lines behind a part are the book's
// own Statement of that account. It needs the view permission for all customers.
// Limit as for Book.History; a page may come back short, or empty, with More
// set, and Next to go on from. Errors: invalid, too, where the account is none of
// the system's.
func (v *Firm) PositionBooks(ctx context.Context, at PositionPlace, after tenancy.CustomerID, limit int) (PositionBooksPage, error) {
	limit, err := bounded(limit)
	if !at.Ref.System() {
		err = errors.Join(err, tenancy.Invalid("account", "is not a system account"))
	}
	err = errors.Join(err, at.Ref.Validate(), tenancy.CheckID("asset", at.Asset))
	if after != "" {
		err = errors.Join(err, tenancy.CheckID("after", string(after)))
	}
	if err != nil {
		return PositionBooksPage{}, err
	}
	st, err := v.standing(ctx, "treasury")
	if err != nil {
		return PositionBooksPage{}, err
	}
	if _, err := v.eng.gate.Authorize(v.scope, tenancy.View, st); err != nil {
		return PositionBooksPage{}, err
	}
	page, err := v.eng.store.PositionBooks(ctx, v.scope.Tenant(), PositionBooksQuery{PositionPlace: at, After: after, Limit: limit})
	if err != nil {
		return PositionBooksPage{}, v.eng.failed(ctx, fmt.Errorf("list books of a position: %w", err))
	}
	return page, nil
}

// Root is a commitment to the heads of all books of a firm at about one time.
// Sign it and keep it elsewhere: a book that was later lost or set back, its
// head with it, no longer gives the same root for the same books.
type Root struct {
	Books int64
	Hash  Hash // Merkle tree hash in the form of RFC 6962 over the books by customer id; zero for none
}

// Heads gives the root over all books of the firm, the house's among them. It
// needs the view permission for all customers. Books that change while it reads
// are taken before or after their change.
func (v *Firm) Heads(ctx context.Context) (Root, error) {
	st, err := v.standing(ctx, "heads")
	if err != nil {
		return Root{}, err
	}
	if _, err := v.eng.gate.Authorize(v.scope, tenancy.View, st); err != nil {
		return Root{}, err
	}
	var tree merkle
	after := tenancy.CustomerID("")
	for {
		page, err := v.eng.store.Heads(ctx, v.scope.Tenant(), after, 1000)
		if err != nil {
			return Root{}, v.eng.failed(ctx, fmt.Errorf("list heads: %w", err))
		}
		for _, h := range page {
			tree.add(digestParts(string(v.scope.Tenant()), string(h.Customer), fmt.Sprint(h.Head.Seq), h.Head.Hash.String()))
			after = h.Customer
		}
		if len(page) < 1000 {
			return Root{Books: tree.n, Hash: tree.root()}, nil
		}
	}
}

// merkle sums leaves into the tree hash of RFC 6962, section 2.1, keeping one
// hash for each complete subtree.
type merkle struct {
	n     int64
	peaks []Hash // of complete subtrees, largest first
}

func (m *merkle) add(leaf Hash) {
	h := Hash(sha256.Sum256(append([]byte{0}, leaf[:]...)))
	for n := m.n; n&1 == 1; n >>= 1 {
		last := len(m.peaks) - 1
		h = inner(m.peaks[last], h)
		m.peaks = m.peaks[:last]
	}
	m.peaks = append(m.peaks, h)
	m.n++
}

func (m *merkle) root() Hash {
	if len(m.peaks) == 0 {
		return Hash{}
	}
	h := m.peaks[len(m.peaks)-1]
	for i := len(m.peaks) - 2; i >= 0; i-- {
		h = inner(m.peaks[i], h)
	}
	return h
}

func inner(left, right Hash) Hash {
	return sha256.Sum256(append(append([]byte{1}, left[:]...), right[:]...))
}
