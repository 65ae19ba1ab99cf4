package customer

import (
	"slices"
	"strings"

	"github.com/onbehalf/onbehalf/tenancy"
)

// Status says what may be done for a customer. The zero value is not a status:
// nothing may be done.
type Status string

// The statuses of a customer.
const (
	// Onboarding is a customer whose checks are not finished: nothing may be
	// done for him yet.
	Onboarding Status = "onboarding"
	// Active is the only status that takes new operations.
	Active Status = "active"
	// Suspended takes nothing new; what is in flight may finish.
	Suspended Status = "suspended"
	// Closed is final. The book stays readable.
	Closed Status = "closed"
)

// Statuses returns all statuses.
func Statuses() []Status { return []Status{Onboarding, Active, Suspended, Closed} }

// ParseStatus returns the status with exactly this text, or a
// [*tenancy.FieldError].
func ParseStatus(text string) (Status, error) { return parse("status", text, Statuses()) }

// Next returns the statuses that may follow; none after [Closed].
func (s Status) Next() []Status {
	switch s {
	case Onboarding:
		return []Status{Active, Closed}
	case Active:
		return []Status{Suspended, Closed}
	case Suspended:
		return []Status{Active, Closed}
	case Closed:
		return nil
	default:
		return nil
	}
}

// Can reports whether the status may change to the other. No status changes to
// itself.
func (s Status) Can(to Status) bool { return slices.Contains(s.Next(), to) }

// TakesNew reports whether new operations may be prepared and executed.
func (s Status) TakesNew() bool { return s == Active }

// MayFinish reports whether operations that are in flight may go on to their
// end.
func (s Status) MayFinish() bool { return s == Active || s == Suspended }

// Type says what sort of customer it is. The zero value means [Individual].
type Type string

// The types of customers.
const (
	// Individual is a natural person.
	Individual Type = "individual"
	// Company is a legal person.
	Company Type = "company"
	// House is the firm itself. Only the bootstrap of a tenant makes one.
	House Type = "house"
)

// Types returns all types.
func Types() []Type { return []Type{Individual, Company, House} }

// ParseType returns the type with exactly this text, or a
// [*tenancy.FieldError]. The empty text is not a type.
func ParseType(text string) (Type, error) { return parse("type", text, Types()) }

// String returns the type's text, "individual" for the zero value.
func (t Type) String() string {
	if t == "" {
		return string(Individual)
	}
	return string(t)
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
	return "", tenancy.Invalid(field, "is not one of "+strings.Join(names, ", "))
}
