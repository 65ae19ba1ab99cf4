package operations

import (
	"time"

	"github.com/shopspring/decimal"

	"github.com/onbehalf/onbehalf/accounts"
	"github.com/onbehalf/onbehalf/customer"
	"github.com/onbehalf/onbehalf/tenancy"
)

// Change is one entry with the rows that follow from it. All rows belong to
// the run's book; Operators rows to its tenant.
type Change struct {
	Entry      Sealed
	Operations []OperationRow
	Postings   []PostingRow
	Balances   []BalanceRow
	Customer   *CustomerRow
	Grants     []GrantRow
	Operators  []tenancy.Operator
	Personal   []PersonalRow
	Erase      []string // subjects whose personal value and salt are deleted, the digest kept
	Snapshot   *Snapshot
	Announce   bool // the book's outbox must have a ticket from this entry on, see Queue
}

// OperationRow is what lists and queues know of an operation. Its document is
// in the entry at Updated. A row replaces the one of the same ID, and its ticket
// in the queue.
type OperationRow struct {
	ID        OperationID
	Created   int64 // seq of its first entry: the order of history
	Updated   int64 // seq of the entry of this version
	Version   int64
	State     State
	Kind      string
	Asset     string
	From, To  accounts.ID
	Amount    decimal.Decimal
	Maker     tenancy.OperatorID // the operator, or the id of the system actor
	CreatedAt time.Time
	Due       time.Time // when Work must look at it; zero: never
}

// PostingRow is one leg of an entry, with the balance of its account after it.
type PostingRow struct {
	Seq       int64
	N         int // position among the postings of the entry
	At        time.Time
	Operation OperationID
	Ref       accounts.Ref
	Asset     string
	Amount    decimal.Decimal
	Balance   decimal.Decimal
}

// BalanceRow is an account of the customer, or a system account of his book,
// as it stands. A row replaces the one of the same Ref and Asset.
type BalanceRow struct {
	Ref       accounts.Ref
	Asset     string
	Posted    decimal.Decimal
	Held      decimal.Decimal
	DebtLimit decimal.Decimal
	Seq       int64 // of the entry that last changed it
}

// CustomerRow is what the list of customers shows. Name and TaxID are personal
// data: nil leaves what is stored, erasing "customer" clears them.
type CustomerRow struct {
	Type      customer.Type
	Status    customer.Status
	Country   string
	Name      *string
	TaxID     *string // normalised, without its kind
	OpenedAt  time.Time
	OpenedBy  tenancy.OperatorID
	UpdatedAt time.Time
	UpdatedBy tenancy.OperatorID
}

// GrantRow is a grant of this book, for lists by operator. A row replaces the
// one of the same grant.
type GrantRow struct {
	Grant   tenancy.Grant
	Revoked bool
}

// Lists tells whether the grant, while it lives, shows the customer of its book
// in its operator's list: it permits viewing him, and is for this book.
func (g GrantRow) Lists() bool {
	return !g.Grant.Everyone && g.Grant.Permissions.Has(tenancy.View)
}

// PersonalRow is personal data beside the journal. A row replaces the one of
// the same Subject. Erased rows have neither Salt nor Value.
type PersonalRow struct {
	Subject string
	Digest  Hash
	Salt    []byte
	Value   []byte
}
