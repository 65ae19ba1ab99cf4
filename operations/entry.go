package operations

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"sync"
	"time"

	"github.com/onbehalf/onbehalf/tenancy"
)

// Format is the version of the entry encoding this package writes, and the
// newest it reads.
const Format = 1

// MaxEntry is the largest entry in bytes.
const MaxEntry = 1 << 20

// Action says which command or event made an entry.
type Action string

// The actions on operations, on a book and by the engine itself. Changes given
// to Manage are recorded under their own names, such as "account.open".
const (
	ActPrepare   Action = "prepare"
	ActExecute   Action = "execute"
	ActSubmit    Action = "submit"
	ActModify    Action = "modify"
	ActCancel    Action = "cancel"
	ActApprove   Action = "approve"
	ActReject    Action = "reject"
	ActWithdraw  Action = "withdraw"
	ActResolve   Action = "resolve"
	ActReport    Action = "report"
	ActExpire    Action = "expire"
	ActRelease   Action = "release"
	ActBootstrap Action = "firm.bootstrap"
	ActOpen      Action = "customer.open"
)

// Entry is one line of a book's journal. Its JSON, as Seal makes it, is what
// is hashed and stored: the hashed bytes are the stored bytes.
type Entry struct {
	Format       int                `json:"format"`
	Tenant       tenancy.TenantID   `json:"tenant"`
	Customer     tenancy.CustomerID `json:"customer"`
	Seq          int64              `json:"seq"` // 1, 2, 3, … without a gap
	At           time.Time          `json:"at"`
	Prev         Hash               `json:"prev"` // hash of the entry before
	Action       Action             `json:"action"`
	Actors       []tenancy.Actor    `json:"actors"` // who acted: the operator first, then his chain
	Grant        tenancy.GrantID    `json:"grant,omitempty"`
	Reason       string             `json:"reason,omitempty"`
	Channel      tenancy.Channel    `json:"channel,omitempty"`
	RequestID    string             `json:"request_id,omitempty"`
	Engine       string             `json:"engine,omitempty"` // the engine that decided it: no two write the same entry
	Policy       string             `json:"policy,omitempty"` // Config.PolicyVersion at the time
	Key          string             `json:"key,omitempty"`
	Fingerprint  Hash               `json:"fingerprint,omitzero"` // of command, content and actor
	Cause        int64              `json:"cause,omitempty"`      // seq of the entry that made the engine act
	Operation    OperationID        `json:"operation,omitempty"`
	Acknowledged []string           `json:"acknowledged,omitempty"` // warnings that the command had seen
	Refused      []Unmet            `json:"refused,omitempty"`      // every rule that was not met; such an entry has no effects
	Suppressed   int64              `json:"suppressed,omitempty"`   // refusals of this operator counted, not recorded, since his last one
	Snapshot     Hash               `json:"snapshot,omitzero"`      // SHA-256 of the folded book just before this entry, kept beside the journal
	Effects      Effects            `json:"effects"`
}

// Sealed is an entry as it is stored: its bytes, and the columns taken from
// them. Bytes must not be changed by anyone.
type Sealed struct {
	Seq         int64
	Prev, Hash  Hash
	At          time.Time
	Action      Action
	Operation   OperationID
	Key         string
	Fingerprint Hash
	Bytes       []byte
}

// Seal encodes and hashes the entry. Equal entries give equal bytes.
func Seal(e *Entry) (Sealed, error) { return new(scratch).seal(e) }

// scratch lends buffers to encode in. What is kept is copied, as long as it has
// to be, since it may stay in memory for long. The zero value works.
type scratch struct{ pool sync.Pool }

// maxScratch is how long a buffer may have become and be lent again.
const maxScratch = 64 << 10

func (s *scratch) lend() *[]byte {
	if b, ok := s.pool.Get().(*[]byte); ok {
		return b
	}
	b := make([]byte, 0, 4<<10)
	return &b
}

// back takes a buffer back, with what was written to it.
func (s *scratch) back(lent *[]byte, b []byte) {
	if cap(b) <= maxScratch {
		*lent = b[:0]
		s.pool.Put(lent)
	}
}

func (s *scratch) seal(e *Entry) (Sealed, error) {
	lent := s.lend()
	b, err := appendEntry(*lent, e)
	defer func() { s.back(lent, b) }()
	if err == nil && len(b) > MaxEntry {
		err = fmt.Errorf("%w: %d bytes", errTooLarge, len(b))
	}
	if err != nil {
		return Sealed{}, fmt.Errorf("encode entry %d: %w", e.Seq, err)
	}
	return Sealed{
		Seq: e.Seq, Prev: e.Prev, Hash: sha256.Sum256(b), At: e.At, Action: e.Action,
		Operation: e.Operation, Key: e.Key, Fingerprint: e.Fingerprint, Bytes: slices.Clone(b),
	}, nil
}

// ErrFormat means an entry of a format this package does not know: a newer
// release wrote it.
var ErrFormat = errors.New("entry format is not known to this release")

// errTooLarge means an entry of more than MaxEntry bytes.
var errTooLarge = errors.New("entry is too large")

// Open decodes the entry and holds its columns against its bytes. An entry
// whose hash or columns differ, or whose bytes Seal would not have written, is
// damaged; one of an unknown format is ErrFormat.
func (s Sealed) Open() (*Entry, error) {
	if sha256.Sum256(s.Bytes) != s.Hash {
		return nil, fmt.Errorf("entry %d: %w: its bytes do not have its hash", s.Seq, ErrDamaged)
	}
	e, err := DecodeEntry(s.Bytes)
	if err != nil {
		return nil, fmt.Errorf("entry %d: %w", s.Seq, err)
	}
	if e.Seq != s.Seq || e.Prev != s.Prev || !e.At.Equal(s.At) || e.Action != s.Action ||
		e.Operation != s.Operation || e.Key != s.Key || e.Fingerprint != s.Fingerprint {
		return nil, fmt.Errorf("entry %d: %w: its columns do not agree with its bytes", s.Seq, ErrDamaged)
	}
	return e, nil
}

// ErrDamaged means stored data that contradict themselves. The engine answers
// nothing from them; Verify tells where the damage is.
var ErrDamaged = errors.New("book is damaged")

// DecodeEntry reads the bytes of one entry, strictly: unknown fields, a second
// document, non-canonical amounts and anything Seal would write otherwise are
// errors that wrap ErrDamaged, or ErrFormat for a newer format.
func DecodeEntry(b []byte) (*Entry, error) {
	if len(b) > MaxEntry {
		return nil, fmt.Errorf("%w: %d bytes", ErrDamaged, len(b))
	}
	var version struct {
		Format int `json:"format"`
	}
	if err := json.Unmarshal(b, &version); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrDamaged, err)
	}
	if version.Format != Format {
		return nil, fmt.Errorf("%w: %d", ErrFormat, version.Format)
	}
	var e Entry
	dec := json.NewDecoder(bytes.NewReader(b))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&e); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrDamaged, err)
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("%w: more than one document", ErrDamaged)
	}
	again, err := appendEntry(make([]byte, 0, len(b)), &e)
	if err != nil || !bytes.Equal(again, b) {
		return nil, fmt.Errorf("%w: not in canonical form", ErrDamaged)
	}
	return &e, nil
}

// digestParts hashes texts so that no two different lists give the same bytes.
func digestParts(parts ...string) Hash {
	b := make([]byte, 0, 512)
	for _, p := range parts {
		b = binary.BigEndian.AppendUint64(b, uint64(len(p)))
		b = append(b, p...)
	}
	return sha256.Sum256(b)
}
