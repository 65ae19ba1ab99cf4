package operations

import (
	"cmp"
	"context"
	"time"

	"github.com/shopspring/decimal"

	"github.com/onbehalf/onbehalf/accounts"
	"github.com/onbehalf/onbehalf/customer"
	"github.com/onbehalf/onbehalf/tenancy"
)

// Directory reads across the books of one tenant.
type Directory interface {
	// Customers lists customers by id, ascending, the house among them. With an
	// operator, only those for whom he has an unrevoked grant of their own book
	// that is live at q.Now and lists them.
	Customers(ctx context.Context, tenant tenancy.TenantID, q CustomerQuery) (CustomerPage, error)
	// Heads lists the heads of all books by customer id, ascending, after the
	// given one. A page shorter than its limit is the last.
	Heads(ctx context.Context, tenant tenancy.TenantID, after tenancy.CustomerID, limit int) ([]BookHead, error)
	// Positions sums what is posted on the system accounts of all books of the
	// tenant, exactly: by ref and asset, ascending, after the given place. The
	// accounts of customers must be left out. A page shorter than its limit is
	// the last.
	Positions(ctx context.Context, tenant tenancy.TenantID, q PositionQuery) ([]PositionRow, error)
	// PositionBooks lists the books of the tenant that have a row of one system
	// account in one asset, by customer, ascending, after the given one. It must
	// look at a bounded number of books: a page may come back short, or empty,
	// with More set, and Next to go on from.
	PositionBooks(ctx context.Context, tenant tenancy.TenantID, q PositionBooksQuery) (PositionBooksPage, error)
	// Waiting lists what waits for approval in all books of the tenant, the
	// house's among them: the work tickets in state AwaitingApproval, held and
	// parked ones too, by place, ascending, after the given one. A place without an
	// operation is before all operations of its customer. With an operator, only
	// those of customers whom Customers would list for him.
	Waiting(ctx context.Context, tenant tenancy.TenantID, q WaitingQuery) (WaitingPage, error)
}

// WaitingPlace is a place in the list of what waits for approval; the zero
// value is its beginning.
type WaitingPlace struct {
	Customer  tenancy.CustomerID `json:"customer"`
	Operation OperationID        `json:"operation,omitempty"`
}

// Compare orders by customer, then operation, bytewise.
func (p WaitingPlace) Compare(q WaitingPlace) int {
	return cmp.Or(cmp.Compare(p.Customer, q.Customer), cmp.Compare(p.Operation, q.Operation))
}

// WaitingQuery says from where on to list what waits for approval, and for whom.
type WaitingQuery struct {
	After    WaitingPlace
	Limit    int
	Operator tenancy.OperatorID // empty: of all customers
	Now      time.Time          // when grants must be live
}

// WaitingPage is part of the list of what waits for approval.
type WaitingPage struct {
	Items []WaitingItem
	Next  WaitingPlace
	More  bool
}

// WaitingItem is an operation that waits for approval.
type WaitingItem struct {
	WaitingPlace

	Due time.Time // when it expires
}

// PositionQuery says from where on positions are listed.
type PositionQuery struct {
	After PositionPlace
	Limit int
}

// PositionPlace is a place in the list of positions; the zero value is its
// beginning.
type PositionPlace struct {
	Ref   accounts.Ref
	Asset string
}

// PositionRow is what all books of a tenant have on one system account, in one
// asset.
type PositionRow struct {
	PositionPlace

	Amount decimal.Decimal
	Books  int64 // that have a row of the account
}

// PositionBooksQuery says of which position the books are listed, from where on.
type PositionBooksQuery struct {
	PositionPlace

	After tenancy.CustomerID
	Limit int
}

// PositionBooksPage is part of the list of books that make up a position.
type PositionBooksPage struct {
	Items []BookPosition
	Next  tenancy.CustomerID
	More  bool
}

// BookPosition is what one book has of a position.
type BookPosition struct {
	Customer tenancy.CustomerID
	Name     *string // of the customer, as his row has it: nil without one, or once erased
	Amount   decimal.Decimal
}

// CustomerQuery says which customers; zero fields do not restrict.
type CustomerQuery struct {
	After    tenancy.CustomerID
	Limit    int
	Operator tenancy.OperatorID
	Now      time.Time
	Statuses []customer.Status
	Types    []customer.Type
	Search   string // part of the name, or beginning of the tax id; case of ASCII letters is ignored; never a pattern
}

// CustomerPage is part of the list of customers.
type CustomerPage struct {
	Items []CustomerItem
	Next  tenancy.CustomerID
	More  bool
}

// CustomerItem is one customer with his row.
type CustomerItem struct {
	ID  tenancy.CustomerID
	Row CustomerRow
}

// BookHead is the head of one book.
type BookHead struct {
	Customer tenancy.CustomerID
	Head     Head
}
