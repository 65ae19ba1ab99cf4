package operations

import (
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"strings"

	"github.com/onbehalf/onbehalf/tenancy"
)

// Intent says that a mutating command is meant once. Draw a new key for each
// thing a person wants to happen, and use the same one for every repetition of
// it: a double click, a retry after an error, a restart.
//
// A key belongs to its book and stays taken for ever. The same key with the
// same command, content and operator brings the outcome as the first one left
// it, marked as a replay; with anything else it is a conflict without effect.
type Intent struct {
	Key       string // 1 to 128 printable ASCII characters without space; not beginning with '~'
	RequestID string // optional: the host's own id of the request, recorded; at most 128 bytes

	// Acknowledge names the codes of warnings that a person has seen and wants to
	// go ahead in spite of, see Plan.Warnings; at most MaxAcknowledged. They are
	// recorded, and part of the command: another list is another command.
	Acknowledge []string
}

// MaxKey is the longest idempotency key in bytes.
const MaxKey = 128

// MaxAcknowledged is how many warnings one command may acknowledge.
const MaxAcknowledged = 8

// systemKey begins the keys the engine gives its own entries.
const systemKey = "~"

func (i Intent) validate() error {
	var errs []error
	switch {
	case i.wellFormed():
	case i.Key == "":
		errs = append(errs, tenancy.Invalid("intent.key", "is required"))
	case len(i.Key) > MaxKey:
		errs = append(errs, tenancy.Invalid("intent.key", fmt.Sprintf("is longer than %d bytes", MaxKey)))
	case strings.HasPrefix(i.Key, systemKey):
		errs = append(errs, tenancy.Invalid("intent.key", "begins with '~'"))
	default:
		errs = append(errs, tenancy.Invalid("intent.key", "has a space or a character that is not printable ASCII"))
	}
	errs = append(errs, tenancy.CheckText("intent.request_id", i.RequestID, 128))
	if len(i.Acknowledge) > MaxAcknowledged {
		return errors.Join(append(errs, tenancy.Invalid("intent.acknowledge", fmt.Sprintf("has more than %d codes", MaxAcknowledged)))...)
	}
	for _, code := range i.Acknowledge {
		errs = append(errs, tenancy.CheckID("intent.acknowledge", code))
	}
	return errors.Join(errs...)
}

func (i Intent) wellFormed() bool {
	if i.Key == "" || len(i.Key) > MaxKey || i.Key[0] == systemKey[0] {
		return false
	}
	for j := range len(i.Key) {
		if c := i.Key[j]; c <= ' ' || c > '~' {
			return false
		}
	}
	return true
}

// fingerprint tells one command from another: what it is, of what content, by
// whom. Content is encoded as JSON of plain structs, which is the same for the
// same content.
func (s *scratch) fingerprint(action Action, actor string, content any) (Hash, error) {
	lent := s.lend()
	w := writer{b: *lent}
	defer func() { s.back(lent, w.b) }()
	if o, ok := content.(*Order); ok {
		w.order(o)
	} else {
		w.other(content)
	}
	if w.err != nil {
		return Hash{}, fmt.Errorf("fingerprint %s: %w", action, w.err)
	}
	n := len(w.b)
	w.b = append(w.b, action...)
	w.b = append(w.b, 0) // in no action and no id
	w.b = append(w.b, actor...)
	w.b = binary.BigEndian.AppendUint64(w.b, uint64(n))
	return sha256.Sum256(w.b), nil
}
