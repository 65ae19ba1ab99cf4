package operations

import (
	"context"
	"time"

	"github.com/shopspring/decimal"

	"github.com/onbehalf/onbehalf/accounts"
	"github.com/onbehalf/onbehalf/tenancy"
)

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
	Between  Between
}

// Between are two sets of accounts: operations that debit one of either and
// credit one of the other. It does not restrict while both are empty; with one
// of them empty nothing matches.
type Between struct{ One, Other []accounts.ID }

// IsZero tells that it does not restrict.
func (b Between) IsZero() bool { return len(b.One) == 0 && len(b.Other) == 0 }

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
