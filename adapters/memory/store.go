// Package memory is a store that keeps everything in the process: for tests,
// simulations and as the measure of what the engine itself costs. It is a full
// implementation of [operations.Store] and nothing of it survives the process.
package memory

import (
	"cmp"
	"slices"
	"sync"

	"github.com/onbehalf/onbehalf/operations"
	"github.com/onbehalf/onbehalf/tenancy"
)

// Store keeps books in memory. It is made by [New] and safe for concurrent use.
//
// One lock guards all of it. A commit only moves rows into maps and slices of
// its book, which takes about a microsecond, so more locks would cost more than
// they save; and one lock makes every read a read of one moment.
type Store struct {
	mu    sync.RWMutex
	firms map[tenancy.TenantID]*firm
}

var _ operations.Store = (*Store)(nil)

// New returns an empty store.
func New() *Store {
	return &Store{firms: make(map[tenancy.TenantID]*firm)}
}

// firm is what one tenant has: its books, and the operators' rows, the only
// rows that books share.
type firm struct {
	books     map[tenancy.CustomerID]*book
	all       shelf
	granted   map[tenancy.OperatorID]*shelf // books that ever had a grant of the operator's
	operators map[tenancy.OperatorID]tenancy.Operator
	queue     queue
}

// book gives the book, or nil.
func (s *Store) book(id operations.BookID) *book {
	if f := s.firms[id.Tenant]; f != nil {
		return f.books[id.Customer]
	}
	return nil
}

// firm gives the tenant's firm and makes it when it is not there yet.
func (s *Store) firm(id tenancy.TenantID) *firm {
	f := s.firms[id]
	if f == nil {
		f = &firm{
			books:     make(map[tenancy.CustomerID]*book),
			granted:   make(map[tenancy.OperatorID]*shelf),
			operators: make(map[tenancy.OperatorID]tenancy.Operator),
		}
		s.firms[id] = f
	}
	return f
}

// open gives the book and makes it when it is not there yet.
func (f *firm) open(id operations.BookID) *book {
	b := f.books[id.Customer]
	if b == nil {
		b = newBook(id)
		f.books[id.Customer] = b
		f.all.add(b)
	}
	return b
}

// shelf is a list of books by customer id. New ones gather unsorted and are
// merged in when somebody reads, so that opening many books stays cheap.
type shelf struct {
	sorted []*book
	fresh  []*book
}

func (s *shelf) add(b *book) { s.fresh = append(s.fresh, b) }

// tidy sorts what is new. The store must be locked for writing.
func (s *shelf) tidy() {
	if len(s.fresh) == 0 {
		return
	}
	s.sorted = append(s.sorted, s.fresh...)
	s.fresh = nil
	slices.SortFunc(s.sorted, func(a, b *book) int { return cmp.Compare(a.id.Customer, b.id.Customer) })
	s.sorted = slices.Compact(s.sorted)
}

// from gives the books that follow the customer's, and his own before them; the
// shelf must be tidy.
func (s *shelf) from(id tenancy.CustomerID) []*book {
	at, _ := slices.BinarySearchFunc(s.sorted, id, func(b *book, id tenancy.CustomerID) int {
		return cmp.Compare(b.id.Customer, id)
	})
	return s.sorted[at:]
}

// after gives the books that follow the customer; the shelf must be tidy.
func (s *shelf) after(id tenancy.CustomerID) []*book {
	if id == "" {
		return s.sorted
	}
	at, found := slices.BinarySearchFunc(s.sorted, id, func(b *book, id tenancy.CustomerID) int {
		return cmp.Compare(b.id.Customer, id)
	})
	if found {
		at++
	}
	return s.sorted[at:]
}
