package tenancy

import (
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// The identifiers. All of them pass [CheckID], are compared byte by byte, and
// carry no meaning beyond being different from each other.
type (
	// TenantID names a firm. Nothing is ever shared between two tenants.
	TenantID string
	// CustomerID names a customer within a tenant.
	CustomerID string
	// OperatorID names a log-in of the firm's staff within a tenant.
	OperatorID string
	// PersonID names a natural person within a tenant. Two operators with the
	// same person are the same pair of eyes.
	PersonID string
	// GrantID names a grant within the book it is an entry of.
	GrantID string
)

// House is the customer id of the firm itself. It is reserved in every tenant
// and reached by [Gate.Own] only.
const House CustomerID = "house"

// MaxID is the greatest length of an id in bytes.
const MaxID = 64

// CheckID returns a [*FieldError] unless id has 1 to [MaxID] bytes, all of them
// from A-Z, a-z, 0-9, dot, underscore, at sign and hyphen, the first and last a
// letter or digit.
//
// The set is small on purpose: two ids that look alike to a person, a database
// collation or a file system are then either equal or differ in case. Upper and
// lower case are different ids.
func CheckID(field, id string) error {
	switch {
	case id == "":
		return Invalid(field, "is required")
	case len(id) > MaxID:
		return Invalid(field, "is longer than "+strconv.Itoa(MaxID)+" bytes")
	}
	for i := range len(id) {
		if c := id[i]; !alphanumeric(c) && !strings.ContainsRune("._@-", rune(c)) {
			return Invalid(field, "may contain only the letters A-Z and a-z, digits, and . _ @ -")
		}
	}
	if !alphanumeric(id[0]) || !alphanumeric(id[len(id)-1]) {
		return Invalid(field, "must begin and end with a letter or digit")
	}
	return nil
}

func alphanumeric(c byte) bool {
	return 'A' <= c && c <= 'Z' || 'a' <= c && c <= 'z' || '0' <= c && c <= '9'
}

// CheckText returns a [*FieldError] unless text may enter a journal: at most
// maxBytes bytes of valid UTF-8 without control characters (NUL, escape, tab
// and line ends among them), line or paragraph separators, or characters that
// override the direction of writing, which could make a line read as another.
// The empty text passes.
func CheckText(field, text string, maxBytes int) error {
	switch {
	case len(text) > maxBytes:
		return Invalid(field, "is longer than "+strconv.Itoa(maxBytes)+" bytes")
	case !utf8.ValidString(text):
		return Invalid(field, "is not valid UTF-8")
	}
	for _, r := range text {
		switch {
		case unicode.IsControl(r), r == '\u2028', r == '\u2029':
			return Invalid(field, "contains a control character or line break")
		case '\u202a' <= r && r <= '\u202e', '\u2066' <= r && r <= '\u2069':
			return Invalid(field, "contains a character that changes the direction of writing")
		}
	}
	return nil
}

// parse finds text among the members of a closed set. The error lists the
// members and does not repeat the text.
func parse[T ~string](field, text string, all []T) (T, error) {
	if i := slices.Index(all, T(text)); i >= 0 {
		return all[i], nil
	}
	names := make([]string, len(all))
	for i, member := range all {
		names[i] = string(member)
	}
	return "", Invalid(field, "is not one of "+strings.Join(names, ", "))
}
