package customer

import (
	"strings"

	"github.com/onbehalf/onbehalf/tenancy"
)

// TaxKind says by which register a tax id was given. The zero value means that
// there is none.
type TaxKind string

// The kinds of tax ids.
const (
	// CPF is the Brazilian register of natural persons.
	CPF TaxKind = "cpf"
	// CNPJ is the Brazilian register of legal persons.
	CNPJ TaxKind = "cnpj"
	// Other is any other register. Only the characters are checked.
	Other TaxKind = "other"
)

// TaxKinds returns all kinds of tax ids.
func TaxKinds() []TaxKind { return []TaxKind{CPF, CNPJ, Other} }

// ParseTaxKind returns the kind with exactly this text, or a
// [*tenancy.FieldError]. The empty text is not a kind.
func ParseTaxKind(text string) (TaxKind, error) { return parse("tax_kind", text, TaxKinds()) }

// TaxID is a tax id in its one stored form, as [ParseTaxID] makes it: two equal
// ids are equal values. The zero value means that there is none.
type TaxID struct {
	Kind TaxKind `json:"kind"`
	// Number has no punctuation: 11 digits for a CPF; 12 digits or capital
	// letters and 2 digits for a CNPJ.
	Number string `json:"number"`
}

const (
	cpfMask  = "###.###.###-##"
	cnpjMask = "##.###.###/####-##"

	cpfLength  = 11
	cnpjLength = 14
	maxOther   = 32
)

// ParseTaxID reads a tax id of the given kind. A CPF or CNPJ is written bare
// (12345678909) or with its usual punctuation (123.456.789-09), nothing between,
// and must have right check digits. A number that repeats one character is
// refused although its check digits may be right: it is a well-known dummy.
//
// A CNPJ may have capital letters in its first 12 places, as given out since
// July 2026; a letter counts as its ASCII code less 48 (Receita Federal,
// Instrução Normativa RFB 2.229/2024). Another id is 1 to 32 bytes from A-Z,
// a-z, 0-9, space, dot, slash and hyphen, begins and ends with a letter or
// digit, and is kept as it is.
//
// Errors are [*tenancy.FieldError]s of the field "tax_id" and do not repeat the
// text.
func ParseTaxID(kind TaxKind, text string) (TaxID, error) {
	var number, problem string
	switch kind {
	case CPF:
		number, problem = parseCPF(text)
	case CNPJ:
		number, problem = parseCNPJ(text)
	case Other:
		number, problem = parseOther(text)
	default:
		problem = "has an unknown kind"
	}
	if problem != "" {
		return TaxID{}, tenancy.Invalid("tax_id", problem)
	}
	return TaxID{Kind: kind, Number: number}, nil
}

// Validate returns a [*tenancy.FieldError] unless the value is zero or one that
// [ParseTaxID] makes. It is for values built by hand or decoded.
func (t TaxID) Validate() error {
	if t == (TaxID{}) {
		return nil
	}
	parsed, err := ParseTaxID(t.Kind, t.Number)
	switch {
	case err != nil:
		return err
	case parsed != t:
		return tenancy.Invalid("tax_id", "has punctuation in its stored number")
	default:
		return nil
	}
}

// Format returns the tax id for people: 123.456.789-09 for a CPF,
// 12.345.678/0001-95 for a CNPJ, any other as it is, and nothing for none.
func (t TaxID) Format() string {
	switch {
	case t.Kind == CPF && len(t.Number) == cpfLength:
		return fill(cpfMask, t.Number)
	case t.Kind == CNPJ && len(t.Number) == cnpjLength:
		return fill(cnpjMask, t.Number)
	default:
		return t.Number
	}
}

func fill(mask, number string) string {
	out := make([]byte, len(mask))
	next := 0
	for i := range len(mask) {
		out[i] = mask[i]
		if mask[i] == '#' {
			out[i] = number[next]
			next++
		}
	}
	return string(out)
}

// bare returns text without the punctuation of the mask. It reports false
// unless text has either none of it or all of it in its place.
func bare(mask, text string) (string, bool) {
	if len(text) == strings.Count(mask, "#") {
		return text, true
	}
	if len(text) != len(mask) {
		return "", false
	}
	out := make([]byte, 0, len(mask))
	for i := range len(mask) {
		switch {
		case mask[i] == '#':
			out = append(out, text[i])
		case mask[i] != text[i]:
			return "", false
		}
	}
	return string(out), true
}

func parseCPF(text string) (number, problem string) {
	number, ok := bare(cpfMask, text)
	if !ok || !all(number, digit) {
		return "", "is not 11 digits, bare or written 123.456.789-09"
	}
	if repeated(number) {
		return "", "repeats one digit"
	}
	if !checked(number, cpfLength) {
		return "", "has wrong check digits"
	}
	return number, ""
}

func parseCNPJ(text string) (number, problem string) {
	number, ok := bare(cnpjMask, text)
	if !ok || !all(number[:cnpjLength-2], digitOrCapital) || !all(number[cnpjLength-2:], digit) {
		return "", "is not 12 digits or capital letters and 2 digits, bare or written 12.345.678/0001-95"
	}
	if repeated(number) {
		return "", "repeats one digit"
	}
	// The weights of a CNPJ start again at 2 after 9.
	if !checked(number, 9) {
		return "", "has wrong check digits"
	}
	return number, ""
}

func parseOther(text string) (number, problem string) {
	switch {
	case text == "":
		return "", "has no number"
	case len(text) > maxOther:
		return "", "is longer than 32 bytes"
	case !all(text, func(c byte) bool { return alphanumeric(c) || strings.IndexByte(" ./-", c) >= 0 }):
		return "", "may contain only letters A-Z and a-z, digits, space, and . / -"
	case !alphanumeric(text[0]) || !alphanumeric(text[len(text)-1]):
		return "", "must begin and end with a letter or digit"
	default:
		return text, ""
	}
}

// checked reports whether the last two digits are the check digits of what
// stands before them.
func checked(number string, maxWeight int) bool {
	n := len(number)
	return checkDigit(number[:n-2], maxWeight) == number[n-2] &&
		checkDigit(number[:n-1], maxWeight) == number[n-1]
}

// checkDigit computes the modulo 11 digit that both registers use: from the
// right, the places have the weights 2, 3, … up to maxWeight and then again
// from 2; the digit is 11 less the remainder, and 0 where that has two digits.
func checkDigit(body string, maxWeight int) byte {
	sum, weight := 0, 2
	for i := len(body) - 1; i >= 0; i-- {
		sum += int(body[i]-'0') * weight
		weight++
		if weight > maxWeight {
			weight = 2
		}
	}
	if rest := sum % 11; rest > 1 {
		return byte('0' + 11 - rest)
	}
	return '0'
}

func repeated(number string) bool { return strings.Count(number, number[:1]) == len(number) }

func all(text string, allowed func(byte) bool) bool {
	for i := range len(text) {
		if !allowed(text[i]) {
			return false
		}
	}
	return true
}

func digit(c byte) bool          { return '0' <= c && c <= '9' }
func capital(c byte) bool        { return 'A' <= c && c <= 'Z' }
func digitOrCapital(c byte) bool { return digit(c) || capital(c) }
func alphanumeric(c byte) bool   { return digitOrCapital(c) || 'a' <= c && c <= 'z' }
