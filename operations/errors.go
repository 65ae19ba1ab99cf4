package operations

import (
	"errors"
	"fmt"
	"strings"

	"github.com/onbehalf/onbehalf/tenancy"
)

// Every error of this package is exactly one of these, or the error of the
// caller's own context before anything was begun. Match with errors.Is; what
// can be acted on is in RefusedError, FieldError, ConflictError and
// UnknownOutcomeError, with errors.As.
var (
	// ErrInvalid: the request is malformed. Nothing is recorded, no key is burned.
	ErrInvalid = tenancy.ErrInvalid
	// ErrRefused: rules are not met; RefusedError lists all of them.
	ErrRefused = tenancy.ErrRefused
	// ErrNotFound: there is no such thing, or none that this scope may know of.
	ErrNotFound = tenancy.ErrNotFound
	// ErrConflict: the operation has moved on, or the key was used for
	// something else. Nothing is recorded.
	ErrConflict = tenancy.ErrConflict
	// ErrUnavailable: it had no effect and may be repeated under the same key.
	// Where it wraps ErrDamaged or ErrFormat, repeating does not help.
	ErrUnavailable = tenancy.ErrUnavailable
	// ErrUnknownOutcome: it may have had its effect. Repeat it under the same
	// key, and the answer is the one outcome it has.
	ErrUnknownOutcome = tenancy.ErrUnknownOutcome
)

type (
	// RefusedError lists every rule that is not met.
	RefusedError = tenancy.RefusedError
	// FieldError names a malformed field.
	FieldError = tenancy.FieldError
)

// ConflictError tells what stands in the way of a command that had no effect.
type ConflictError struct {
	Reason  ConflictReason
	ID      OperationID // StaleVersion: the operation as it is now; empty: a setting is meant
	State   State
	Version int64 // of a setting that is not there: 0
}

// ConflictReason says what conflicts.
type ConflictReason string

// The conflicts.
const (
	StaleVersion ConflictReason = "stale_version" // the operation or setting is not at the version named
	KeyReused    ConflictReason = "key_reused"    // the key was used in this book for another command, content or actor
	Exists       ConflictReason = "exists"        // the firm is bootstrapped already, by someone else or otherwise
)

// Error tells the reason, and for a stale version where the operation or the
// setting stands.
func (e *ConflictError) Error() string {
	switch {
	case e.Reason == StaleVersion && e.ID == "" && e.Version == 0:
		return "conflict: the setting is not there yet: name version 0"
	case e.Reason == StaleVersion && e.ID == "":
		return fmt.Sprintf("conflict: the setting is at version %d now", e.Version)
	case e.Reason == StaleVersion:
		return fmt.Sprintf("conflict: operation %q is %s at version %d now", e.ID, e.State, e.Version)
	}
	return "conflict: " + string(e.Reason)
}

// Is matches ErrConflict.
func (e *ConflictError) Is(target error) bool { return target == ErrConflict }

// UnknownOutcomeError says how to find out what became of a command: repeat it
// in this book under this key, or ask Book.Outcome for the key. It does not
// unwrap to its cause, whose class is another.
type UnknownOutcomeError struct {
	Book BookID
	Key  string
	Err  error
}

// Error names the key to ask by.
func (e *UnknownOutcomeError) Error() string {
	if e.Key == "" || strings.HasPrefix(e.Key, systemKey) { // the engine's own: Report, Bootstrap, Work
		return fmt.Sprintf("unknown outcome: repeat the call to learn it: %v", e.Err)
	}
	return fmt.Sprintf("unknown outcome: repeat the command under key %q to learn it: %v", e.Key, e.Err)
}

// Is matches ErrUnknownOutcome.
func (e *UnknownOutcomeError) Is(target error) bool { return target == ErrUnknownOutcome }

// classify gives an error of a store or of a host's code its one class: what
// is not known to be otherwise had no effect here.
func classify(err error) error {
	switch {
	case err == nil,
		errors.Is(err, ErrInvalid), errors.Is(err, ErrRefused), errors.Is(err, ErrNotFound),
		errors.Is(err, ErrConflict), errors.Is(err, ErrUnavailable), errors.Is(err, ErrUnknownOutcome):
		return err
	}
	return fmt.Errorf("%w: %w", ErrUnavailable, err)
}
