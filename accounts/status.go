package accounts

import "slices"

// Status says what may be done with an account. The set is closed; the zero
// value is not a status.
type Status string

const (
	// Pending accounts are set up but not in use yet.
	Pending Status = "pending"
	// Active accounts may be debited and credited.
	Active Status = "active"
	// DebitFrozen accounts may be credited only.
	DebitFrozen Status = "debit_frozen"
	// Frozen accounts may be neither debited nor credited.
	Frozen Status = "frozen"
	// Overdrawn is never set or stored: an active account whose available
	// balance is below zero is overdrawn. It may be credited only.
	Overdrawn Status = "overdrawn"
	// Closed accounts are never used again. The status is final.
	Closed Status = "closed"
)

// Statuses lists all statuses, [Overdrawn] included.
func Statuses() []Status {
	return []Status{Pending, Active, DebitFrozen, Frozen, Overdrawn, Closed}
}

// ParseStatus reads a status from its exact text.
func ParseStatus(text string) (Status, error) {
	return parseOneOf("status", text, Statuses())
}

// Next lists the statuses that this one may be changed to. Nothing can be
// changed to or from [Overdrawn]: the stored status beneath it is what changes.
func (s Status) Next() []Status {
	switch s {
	case Pending:
		return []Status{Active, Closed}
	case Active:
		return []Status{DebitFrozen, Frozen, Closed}
	case DebitFrozen:
		return []Status{Active, Frozen, Closed}
	case Frozen:
		return []Status{Active, DebitFrozen, Closed}
	case Overdrawn, Closed:
		return nil
	default:
		return nil
	}
}

// Can says whether this status may be changed to the other. A status cannot be
// changed to itself.
func (s Status) Can(to Status) bool { return slices.Contains(s.Next(), to) }

// Stored says whether an account may have this status of its own, as all but
// [Overdrawn] are.
func (s Status) Stored() bool {
	return s != Overdrawn && slices.Contains(Statuses(), s)
}

// Direction is the way money moves on an account. The set is closed; the zero
// value is no direction, and no account allows it.
type Direction string

const (
	// Debit takes money out of an account.
	Debit Direction = "debit"
	// Credit puts money into an account.
	Credit Direction = "credit"
)

// EachDirection lists both directions.
func EachDirection() []Direction { return []Direction{Debit, Credit} }

// ParseDirection reads a direction from its exact text.
func ParseDirection(text string) (Direction, error) {
	return parseOneOf("direction", text, EachDirection())
}

// Directions says in which directions an account may be used at all. The set is
// closed; the empty value means the same as [Both].
type Directions string

const (
	// Both lets an account be debited and credited.
	Both Directions = "both"
	// CreditOnly accounts collect money and never pay.
	CreditOnly Directions = "credit_only"
	// DebitOnly accounts pay and never collect.
	DebitOnly Directions = "debit_only"
)

// AllDirections lists all values but the empty one.
func AllDirections() []Directions { return []Directions{Both, CreditOnly, DebitOnly} }

// ParseDirections reads a value from its exact text; the empty text gives [Both].
func ParseDirections(text string) (Directions, error) {
	if text == "" {
		return Both, nil
	}
	return parseOneOf("directions", text, AllDirections())
}

// Allow says whether an account with these directions may be used in this one.
func (d Directions) Allow(direction Direction) bool {
	switch d {
	case "", Both:
		return direction == Debit || direction == Credit
	case CreditOnly:
		return direction == Credit
	case DebitOnly:
		return direction == Debit
	default:
		return false
	}
}
