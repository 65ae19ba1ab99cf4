package operations

import (
	"context"

	"github.com/onbehalf/onbehalf/tenancy"
)

// The contracts of a store, here and in the files store_*.go. They are outside the promise of compatibility
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
