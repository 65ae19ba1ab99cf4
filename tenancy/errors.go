package tenancy

import (
	"errors"
	"slices"
	"strings"
)

// The classes of errors. Every error the library returns, other than one of
// the caller's own context, matches exactly one of them with errors.Is.
var (
	// ErrInvalid means that the request is malformed. Nothing was recorded and
	// no idempotency key was used up. Errors of this class are [FieldError]s.
	ErrInvalid = errors.New("invalid")
	// ErrRefused means that the request is well formed but rules forbid it.
	// Errors of this class are [RefusedError]s and list every unmet rule.
	ErrRefused = errors.New("refused")
	// ErrNotFound means that there is no such thing in the scope. What belongs
	// to somebody else and what does not exist look the same.
	ErrNotFound = errors.New("not found")
	// ErrConflict means that the caller works on an outdated version, or used
	// an idempotency key again for something else. It had no effect.
	ErrConflict = errors.New("conflict")
	// ErrUnavailable means that the answer could not be given now. It had no
	// effect and may be tried again.
	ErrUnavailable = errors.New("unavailable")
	// ErrUnknownOutcome means that an effect is possible. The caller asks again
	// with the same idempotency key instead of starting anew.
	ErrUnknownOutcome = errors.New("unknown outcome")
)

// FieldError tells what is wrong with one field of a request. It matches
// [ErrInvalid]. Neither part repeats what the caller sent, so the error can be
// logged and shown as it is.
type FieldError struct {
	// Field is the snake_case path of the field, such as "admin.operator".
	Field string `json:"field"`
	// Problem completes the sentence that starts with the field.
	Problem string `json:"problem"`
}

// Error returns the field and its problem, such as
// "amount: has more than 2 decimal places".
func (e *FieldError) Error() string { return e.Field + ": " + e.Problem }

// Is reports that a field error belongs to the class [ErrInvalid].
func (e *FieldError) Is(target error) bool { return target == ErrInvalid }

// Invalid returns a [*FieldError].
func Invalid(field, problem string) error {
	return &FieldError{Field: field, Problem: problem}
}

// Fields returns every [FieldError] in the tree of err, in the order in which
// they were joined. It is nil when there is none.
func Fields(err error) []FieldError {
	if err == nil {
		return nil
	}
	if field, ok := err.(*FieldError); ok { //nolint:errorlint // The tree is walked here, node by node.
		return []FieldError{*field}
	}
	switch node := err.(type) { //nolint:errorlint // As above.
	case interface{ Unwrap() error }:
		return Fields(node.Unwrap())
	case interface{ Unwrap() []error }:
		var all []FieldError
		for _, inner := range node.Unwrap() {
			all = append(all, Fields(inner)...)
		}
		return all
	default:
		return nil
	}
}

// Figure is one number or word that explains an unmet rule, such as what was
// asked and what is there. Amounts are canonical decimal text.
type Figure struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

// Unmet is one rule that is not met.
type Unmet struct {
	// Code is stable and snake_case, such as "insufficient_available".
	// Programs act on it; it never changes its meaning.
	Code string `json:"code"`
	// Subject is what the rule is about: "customer", "account:<id>",
	// "operation:<id>", "permission:execute", "amount".
	Subject string `json:"subject"`
	// Figures are what was asked and what is there, in a fixed order.
	Figures []Figure `json:"figures,omitempty"`
	// Remedy is one sentence telling what would make the rule met.
	Remedy string `json:"remedy"`
}

// String returns the code, the subject and the figures on one line.
func (u Unmet) String() string {
	var b strings.Builder
	b.WriteString(u.Code)
	if u.Subject != "" {
		b.WriteString(" (" + u.Subject + ")")
	}
	for i, f := range u.Figures {
		if i == 0 {
			b.WriteString(":")
		}
		b.WriteString(" " + f.Name + "=" + f.Value)
	}
	return b.String()
}

// RefusedError lists all rules that are not met, so that a caller can mend them
// in one go. It matches [ErrRefused].
type RefusedError struct {
	Unmet []Unmet
}

// Error lists the code and subject of every unmet rule, and leaves out figures
// and remedies: amounts do not belong into logs.
func (e *RefusedError) Error() string {
	if len(e.Unmet) == 0 {
		return ErrRefused.Error()
	}
	parts := make([]string, len(e.Unmet))
	for i, u := range e.Unmet {
		parts[i] = Unmet{Code: u.Code, Subject: u.Subject}.String()
	}
	return ErrRefused.Error() + ": " + strings.Join(parts, ", ")
}

// Is reports that the error belongs to the class [ErrRefused].
func (e *RefusedError) Is(target error) bool { return target == ErrRefused }

// Refuse returns a [*RefusedError] with a copy of the list. It never returns
// nil: a refusal without a rule is still a refusal.
func Refuse(unmet ...Unmet) error {
	return &RefusedError{Unmet: slices.Clone(unmet)}
}
