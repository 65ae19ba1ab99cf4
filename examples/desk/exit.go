package main

import (
	"errors"

	"github.com/onbehalf/onbehalf/operations"
)

// The exit codes. A script acts on them alone.
const (
	exitOK             = 0
	exitOther          = 1
	exitInvalid        = 2
	exitRefused        = 3
	exitNotFound       = 4
	exitConflict       = 5
	exitUnavailable    = 6
	exitUnknownOutcome = 7
	exitDamage         = 8
)

const exitHelp = `
Exit codes:
  0  done
  1  anything else
  2  invalid: the request or the command line is malformed; nothing was recorded
  3  refused: rules are not met, all of them are told ("explain": it would be refused)
  4  not found, or nothing this operator may know of
  5  conflict: the operation has moved on, or the key was used for something else
  6  unavailable: no effect, may be repeated with the same --key
  7  unknown outcome: repeat with the same --key to learn it
  8  verify found damage
`

// errDamage is what verify ends with when something was found; its report is
// printed already.
var errDamage = errors.New("the books are damaged")

// errWouldRefuse is what explain ends with when its answer, printed already, is no.
var errWouldRefuse = errors.New("it would be refused")

// class is what sort of error it is: its exit code and its name in JSON.
type class struct {
	code int
	name string
}

func classOf(err error) class {
	switch {
	case err == nil:
		return class{exitOK, "ok"}
	case errors.Is(err, errDamage):
		return class{exitDamage, "damage"}
	case errors.Is(err, operations.ErrUnknownOutcome):
		return class{exitUnknownOutcome, "unknown_outcome"}
	case errors.Is(err, operations.ErrInvalid), errors.Is(err, errUsage):
		return class{exitInvalid, "invalid"}
	case errors.Is(err, operations.ErrRefused), errors.Is(err, errWouldRefuse):
		return class{exitRefused, "refused"}
	case errors.Is(err, operations.ErrNotFound):
		return class{exitNotFound, "not_found"}
	case errors.Is(err, operations.ErrConflict):
		return class{exitConflict, "conflict"}
	case errors.Is(err, operations.ErrUnavailable):
		return class{exitUnavailable, "unavailable"}
	default:
		return class{exitOther, "other"}
	}
}
