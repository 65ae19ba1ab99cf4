package operations

import (
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"errors"

	"github.com/onbehalf/onbehalf/tenancy"
)

// A cursor says where a list goes on: a place, and a digest of the tenant, the
// customer, the list and its filter. It carries nothing that its holder has not
// seen, and is refused with any other scope, list or filter.

const cursorBytes = 8 + 16

func encodeCursor(place int64, bound Hash) string {
	var b [cursorBytes]byte
	binary.BigEndian.PutUint64(b[:8], uint64(place)) //nolint:gosec // a place is never negative
	copy(b[8:], bound[:16])
	return base64.RawURLEncoding.EncodeToString(b[:])
}

func decodeCursor(text string, bound Hash) (int64, error) {
	bad := tenancy.Invalid("cursor", "is not one of this list and filter")
	if len(text) != base64.RawURLEncoding.EncodedLen(cursorBytes) {
		return 0, bad
	}
	b, err := base64.RawURLEncoding.Strict().DecodeString(text)
	if err != nil || !bytes.Equal(b[8:], bound[:16]) {
		return 0, bad
	}
	place := int64(binary.BigEndian.Uint64(b[:8])) //nolint:gosec // checked below
	if place <= 0 {
		return 0, bad
	}
	return place, nil
}

func (b *Book) bound(list string, filter any) (Hash, error) {
	text, err := json.Marshal(filter)
	if err != nil {
		return Hash{}, tenancy.Invalid("filter", "cannot be read")
	}
	return digestParts("cursor", string(b.scope.Tenant()), string(b.scope.Customer()), list, string(text)), nil
}

// place reads limit and cursor of a list.
func (b *Book) place(list string, filter any, cursor string, limit int) (n int, before int64, err error) {
	n, err = bounded(limit)
	if cursor == "" {
		return n, 0, err
	}
	bound, bErr := b.bound(list, filter)
	before, cErr := decodeCursor(cursor, bound)
	return n, before, errors.Join(err, bErr, cErr)
}

func (b *Book) cursor(list string, filter any, place int64) string {
	bound, err := b.bound(list, filter)
	if err != nil {
		return ""
	}
	return encodeCursor(place, bound)
}
