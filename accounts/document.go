package accounts

import (
	"fmt"

	"github.com/shopspring/decimal"

	"github.com/onbehalf/onbehalf/tenancy"
)

// Amount is an amount inside documents and journals: a decimal of either sign
// whose text is always the canonical one, whatever the global settings of
// package decimal are. It is written as a JSON string. Reading accepts the
// canonical text only, so that equal amounts have equal bytes: "1.50", "007"
// and a JSON number are errors that match tenancy.ErrInvalid, as is null.
// Writing an amount that does not pass [Fits] is an error. The zero value is
// zero.
type Amount struct{ decimal.Decimal }

// Exact gives d as an amount of a document, unchanged.
func Exact(d decimal.Decimal) Amount { return Amount{Decimal: d} }

// String gives the canonical text.
func (a Amount) String() string { return Canonical(a.Decimal) }

// Format makes every verb of package fmt print the canonical text, so that no
// verb brings a rounded or scientific form into a log or message.
func (a Amount) Format(f fmt.State, verb rune) {
	text := Canonical(a.Decimal)
	if verb == 'q' {
		text = `"` + text + `"`
	}
	_, _ = f.Write([]byte(text))
}

// MarshalText gives the canonical text.
func (a Amount) MarshalText() ([]byte, error) {
	return a.AppendText(make([]byte, 0, textRoom))
}

// AppendText appends the canonical text to b.
func (a Amount) AppendText(b []byte) ([]byte, error) {
	if c, ok := compact(a.Decimal); ok {
		return appendCompact(b, c, int(-a.Exponent())), nil
	}
	if err := a.storable(); err != nil {
		return b, err
	}
	return appendCanonical(b, a.Decimal), nil
}

// MarshalJSON gives the canonical text in quotes.
func (a Amount) MarshalJSON() ([]byte, error) {
	if err := a.storable(); err != nil {
		return nil, err
	}
	buf := append(make([]byte, 0, textRoom), '"')
	return append(appendCanonical(buf, a.Decimal), '"'), nil
}

// UnmarshalText reads canonical text of any scale up to [MaxScale].
func (a *Amount) UnmarshalText(text []byte) error {
	return a.read(text)
}

// UnmarshalJSON reads a JSON string that holds canonical text.
func (a *Amount) UnmarshalJSON(text []byte) error {
	if len(text) < 2 || text[0] != '"' || text[len(text)-1] != '"' {
		return tenancy.Invalid("amount", "must be a string")
	}
	return a.read(text[1 : len(text)-1])
}

// Scan reads canonical text from a database column of text. It stands in front
// of the reader of package decimal, which takes exponents and binary fractions.
func (a *Amount) Scan(value any) error {
	switch text := value.(type) {
	case string:
		return a.read([]byte(text))
	case []byte:
		return a.read(text)
	default:
		return tenancy.Invalid("amount", fmt.Sprintf("must be text, not %T", value))
	}
}

// textRoom is the capacity for a quoted amount; nearly all are shorter.
const textRoom = 24

func (a Amount) storable() error {
	if _, ok := compact(a.Decimal); ok {
		return nil
	}
	return CheckSigned("amount", a.Decimal, MaxScale)
}

func (a *Amount) read(text []byte) error {
	d, problem := parse(text, MaxScale, true)
	if problem == "" && d.Exponent() < 0 && text[len(text)-1] == '0' {
		problem = "must not end in a zero after the point"
	}
	if problem != "" {
		return tenancy.Invalid("amount", problem)
	}
	a.Decimal = d
	return nil
}
