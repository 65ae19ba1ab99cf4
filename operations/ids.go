package operations

import (
	"cmp"
	"encoding/hex"
	"fmt"
	"io"

	"github.com/google/uuid"

	"github.com/onbehalf/onbehalf/tenancy"
)

// BookID names one customer's book: the security boundary, the transaction,
// the order of events and the shard of everything that belongs to him.
type BookID struct {
	Tenant   tenancy.TenantID   `json:"tenant"`
	Customer tenancy.CustomerID `json:"customer"`
}

// String is for logs; it is not parsed anywhere.
func (id BookID) String() string { return string(id.Tenant) + "/" + string(id.Customer) }

// Compare orders books bytewise by tenant, then customer: the one order in
// which every process takes head rows.
func (id BookID) Compare(other BookID) int {
	return cmp.Or(cmp.Compare(id.Tenant, other.Tenant), cmp.Compare(id.Customer, other.Customer))
}

// OperationID names one operation of a book. Ids are opaque and compared
// bytewise; by default they are UUIDv7, so that they sort by creation.
type OperationID string

// IncidentID names one incident of a book.
type IncidentID string

// Hash is a SHA-256 digest; the zero Hash precedes the first entry.
type Hash [32]byte

// String is lower-case hexadecimal.
func (h Hash) String() string { return hex.EncodeToString(h[:]) }

// IsZero tells the hash before the first entry.
func (h Hash) IsZero() bool { return h == Hash{} }

// MarshalText writes lower-case hexadecimal.
func (h Hash) MarshalText() ([]byte, error) { return hex.AppendEncode(nil, h[:]), nil }

// UnmarshalText reads what MarshalText writes, and nothing else.
func (h *Hash) UnmarshalText(text []byte) error {
	if len(text) != hex.EncodedLen(len(h)) {
		return fmt.Errorf("hash: %d characters instead of %d", len(text), hex.EncodedLen(len(h)))
	}
	for _, c := range text {
		if c >= 'A' && c <= 'F' {
			return fmt.Errorf("hash: upper-case digit")
		}
	}
	if _, err := hex.Decode(h[:], text); err != nil {
		return fmt.Errorf("hash: %w", err)
	}
	return nil
}

// IDSource gives identifiers that never repeat, in the form tenancy.CheckID asks
// for: an engine in whose entries another stood would be of no use. It is called
// from many goroutines.
type IDSource interface{ NewID() string }

// IDFunc is an IDSource of one function.
type IDFunc func() string

// NewID calls f.
func (f IDFunc) NewID() string { return f() }

// uuids draws UUIDv7 (RFC 9562), whose leading bits are the time.
type uuids struct{}

func (uuids) NewID() string { return uuid.Must(uuid.NewV7()).String() }

// derivedID is the same identifier for the same parts, whoever computes it: a
// UUIDv8 over their hash. It lets a command that opens a book be repeated
// under its key and find the book it opened the first time.
func derivedID(parts ...string) string {
	sum := digestParts(parts...)
	var id uuid.UUID
	copy(id[:], sum[:16])
	id[6] = id[6]&0x0f | 0x80
	id[8] = id[8]&0x3f | 0x80
	return id.String()
}

// salt draws the 16 bytes that keep a digest of personal data from being guessed.
func salt(entropy io.Reader) ([]byte, error) {
	b := make([]byte, 16)
	if _, err := io.ReadFull(entropy, b); err != nil {
		return nil, fmt.Errorf("draw salt: %w", err)
	}
	return b, nil
}
