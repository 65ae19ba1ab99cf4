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

// The contracts of a store. They are outside the promise of compatibility
// until 1.0. Every "must" here names a case of adapters/storetest, which a
// store has to pass.
//
// A store keeps what it is given and decides nothing: amounts come and go as
// exact decimals and are never computed by it. Identifiers are compared
// bytewise. It must be safe for concurrent use, must not keep or change slices
// it was given or has returned, and must keep tenants and customers apart
// whatever their ids. Times come back in UTC; an empty text and nil are one.
//
// Errors: a call that had no effect and may be repeated wraps
// tenancy.ErrUnavailable; a Commit whose effect is not known wraps
// tenancy.ErrUnknownOutcome; stored data that contradict themselves wrap
// ErrDamaged. Errors of the caller's own context come back unwrapped.

// MaxTail is the largest number of entries a load reads after a snapshot, and
// how far apart snapshots are.
const MaxTail = 64

// Store is everything an engine needs of a store.
type Store interface {
	Books
	Reader
	Directory
	Queue
}

// Books is the whole money contract.
type Books interface {
	// Load gives what is needed to fold the book forward from seq since: the
	// entries after it when there are at most MaxTail, otherwise the newest
	// snapshot and the entries after that; without a snapshot, all entries after
	// it. All of it must be of one moment. A book without entries has the zero
	// Head. The tail must end at the head.
	Load(ctx context.Context, id BookID, since int64) (Loaded, error)

	// Commit stores the runs in one transaction, each whole or in a prefix, and
	// must tell for each, at the same index, how much of it was stored. The
	// books of one call are distinct.
	//
	// A run must lose whole, storing nothing, when the version of an operator it
	// relies on is no longer that one (Outdated), or when its book's head is not
	// exactly From (Stale). When a key of a change is taken already, that
	// change and those after it must not be stored, those before it must be
	// (KeyTaken). A loss must not harm other runs.
	//
	// A run that is stored already, told by the hashes of its changes, must be
	// answered as Won with what of it is stored, before operators and heads are
	// looked at: so a caller in doubt sends the identical batch again and learns
	// the truth. No two engines write the same entry.
	//
	// Operators are read before heads, heads are taken in the order of
	// BookID.Compare, and all rows of a change are stored with its entry or not
	// at all. An operator row that a change writes must make later runs which
	// rely on the earlier version lose.
	Commit(ctx context.Context, runs []Run) ([]Verdict, error)

	// Turn gives the caller the book for one run: what decide sees is what Load
	// would bring after since, and no other run may move the book's head until
	// the run that decide returns is stored, or decide fails. So a run on the head
	// that decide was given is not Stale, but where a book without entries is begun
	// by whoever comes first, or where the store would have to wait for an operator
	// who is being changed: then it gives the book back, with nothing stored.
	//
	// decide is called at most once, must be quick and must not use the store. Its
	// error must come back as it is, with nothing stored; should it panic, or end
	// its goroutine, the book is free again and nothing stored either. The run is
	// of the same book; verdict and errors are those of Commit, and a Turn whose
	// effect is not known is found out about by a Commit of the identical run.
	Turn(ctx context.Context, id BookID, since int64, decide func(Loaded) (Run, error)) (Verdict, error)

	// Find confirms the head of the book and brings what was wanted, all of one
	// moment. What does not exist is nil.
	Find(ctx context.Context, id BookID, want Want) (Found, error)
}

// Head is the end of a journal; the zero Head is that of a book not yet opened.
type Head struct {
	Seq  int64
	Hash Hash
}

// Snapshot is a folded book as of an entry, to load from. The entry after it
// carries its digest.
type Snapshot struct {
	Seq   int64
	Hash  Hash // of the entry at Seq
	Bytes []byte
}

// Loaded is what Load brings.
type Loaded struct {
	Head     Head
	Snapshot *Snapshot // nil when the tail alone is enough
	Tail     []Sealed  // ascending, without a gap
}

// Run is one book's part of a batch: changes that follow each other, decided
// on the head From.
type Run struct {
	Book    BookID
	From    Head
	Relies  []Reliance
	Changes []Change // at least one; Changes[0].Entry.Seq is From.Seq+1
}

// Validate refuses a run that is not a piece of a journal: one without changes,
// or whose entries do not follow each other from its head. It is a fault of the
// caller, and the error wraps tenancy.ErrInvalid; a store stores nothing then.
func (r *Run) Validate() error {
	if len(r.Changes) == 0 {
		return tenancy.Invalid("changes", "are missing")
	}
	last := r.From
	for i := range r.Changes {
		e := &r.Changes[i].Entry
		if e.Seq != last.Seq+1 || e.Prev != last.Hash {
			return tenancy.Invalid("changes", "do not follow each other from the head")
		}
		last = Head{Seq: e.Seq, Hash: e.Hash}
	}
	return nil
}

// Reliance is a version of an operator's tenant-wide row that a decision used.
// The firm's switches are such a row, too: that of tenancy.Switches, on which
// whatever lets an operation begin relies.
type Reliance struct {
	Operator tenancy.OperatorID
	Version  int64 // 0: there is no such row
}

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

// Loss is why a run, or the rest of it, was not stored.
type Loss string

// The losses.
const (
	NotLost  Loss = ""
	Stale    Loss = "stale"     // another change moved the head first
	KeyTaken Loss = "key_taken" // the key of Changes[Won] is taken in this book
	Outdated Loss = "outdated"  // an operator's row has another version now
)

// Verdict is what became of one run.
type Verdict struct {
	Won       int // how many of its changes are stored, from the front
	Loss      Loss
	Tail      []Sealed           // Stale: the entries after From, when there are at most MaxTail; otherwise nil
	Taken     *Sealed            // KeyTaken: the entry that has the key
	Operators []tenancy.Operator // Outdated: those relied on, as they are now; Version 0 where there is none
}

// Want says what Find is to bring; empty fields ask for nothing.
type Want struct {
	Key       string
	Operation OperationID
	Operator  tenancy.OperatorID
}

// Found is what Find brings.
type Found struct {
	Head      Head
	Key       *Sealed           // the entry that has the key
	Operation *StoredOperation  // the operation, open or final
	Operator  *tenancy.Operator // the operator's tenant-wide row
}

// StoredOperation is an operation's row with the entry that holds its document.
type StoredOperation struct {
	Row   OperationRow
	Entry Sealed
}

// Reader reads one book for people. What it brings is of one moment a call.
// Lists must examine a bounded number of rows: a page may come back short, or
// empty, with More set, and Next to go on from.
type Reader interface {
	// History lists operations, newest first by Created. An entry makes at most
	// one operation. Min and Max are inclusive.
	History(ctx context.Context, id BookID, q HistoryQuery) (Page[StoredOperation], error)
	// Statement lists the postings of one account, newest first: by Seq, then N,
	// descending.
	Statement(ctx context.Context, id BookID, q StatementQuery) (Page[PostingRow], error)
	// Journal lists entries, oldest first, after seq q.After.
	Journal(ctx context.Context, id BookID, after int64, limit int) ([]Sealed, error)
	// Personal brings the personal rows of the book.
	Personal(ctx context.Context, id BookID) ([]PersonalRow, error)
	// Projection brings every row derived from the journal, to be held against
	// it: sorted by operation id, seq and n, ref and asset, grant id, operator
	// id, subject; keys by seq; what waits by operation id.
	Projection(ctx context.Context, id BookID) (Projection, error)
	// Rebuild replaces every derived row by the given ones if the head is still
	// at exactly this seq and hash; otherwise it must change nothing and return
	// an error that wraps tenancy.ErrConflict. Journal, personal rows and the
	// ticket of the outbox stay. A customer or snapshot that is nil is removed.
	// The tickets of the book's operations are made anew from the given rows.
	Rebuild(ctx context.Context, id BookID, head Head, p Projection) error
}

// Page is part of a list.
type Page[T any] struct {
	Items []T
	Next  int64 // pass as Before to go on
	More  bool  // there may be more after Next
}

// HistoryQuery says which operations; zero fields do not restrict.
type HistoryQuery struct {
	Before   int64 // only those created before this seq; 0: from the newest
	Limit    int   // at most this many; the engine keeps it within 1 to 200
	States   []State
	Kinds    []string
	Asset    string
	Account  accounts.ID // debited or credited
	Min, Max *decimal.Decimal
	Since    time.Time // created at or after
	Until    time.Time // created before
	Maker    tenancy.OperatorID
}

// StatementQuery says which postings of an account.
type StatementQuery struct {
	Ref    accounts.Ref
	Asset  string // needed where Ref is a system account with several assets; empty: all
	Before int64  // only entries before this seq; 0: from the newest
	Limit  int    // at most this many entries; all postings of an entry come together
	Since  time.Time
	Until  time.Time
}

// Projection is every derived row of one book.
type Projection struct {
	Head       Head
	Operations []OperationRow
	Postings   []PostingRow
	Balances   []BalanceRow
	Keys       []KeyRow
	Customer   *CustomerRow
	Grants     []GrantRow
	Operators  []tenancy.Operator // house only: the tenant's operator rows
	Personal   []PersonalRow      // digests to hold; Rebuild ignores them
	Snapshot   *Snapshot
	Waiting    []WaitingRow // work tickets; Rebuild ignores them and goes by Operations
}

// WaitingRow is that an operation has a work ticket, and what it says.
type WaitingRow struct {
	Operation OperationID
	Due       time.Time
	State     State
	Seq       int64
}

// KeyRow is a key taken in a book.
type KeyRow struct {
	Key string
	Seq int64
}

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
