package tenancy

import (
	"time"
)

// Grant lets one operator do certain things in one book. It is an entry of that
// book, so the book's own order decides what happened before a revocation.
type Grant struct {
	ID       GrantID    `json:"id"`
	Operator OperatorID `json:"operator"`
	// Everyone makes the grant hold for every customer of the tenant, but not
	// for the house. Such a grant is an entry of the house's book.
	Everyone    bool        `json:"everyone,omitempty"`
	Permissions Permissions `json:"permissions"`
	// Expires is the first instant at which the grant no longer holds, in UTC
	// and whole microseconds. Zero: it does not expire.
	Expires time.Time `json:"expires,omitzero"`
}

// Live reports whether the grant still holds at now.
func (g Grant) Live(now time.Time) bool { return g.Expires.IsZero() || now.Before(g.Expires) }

// OperatorStatus says whether an operator may act at all. The zero value is not
// a status; an operator without one may not act.
type OperatorStatus string

// The statuses of an operator.
const (
	OperatorActive    OperatorStatus = "active"
	OperatorSuspended OperatorStatus = "suspended"
)

// OperatorStatuses returns all statuses of an operator.
func OperatorStatuses() []OperatorStatus {
	return []OperatorStatus{OperatorActive, OperatorSuspended}
}

// ParseOperatorStatus returns the status with exactly this text, or a
// [*FieldError].
func ParseOperatorStatus(text string) (OperatorStatus, error) {
	return parse("operator_status", text, OperatorStatuses())
}

// Operator is what the house's book says of one operator.
type Operator struct {
	ID     OperatorID     `json:"id"`
	Person PersonID       `json:"person"`
	Status OperatorStatus `json:"status"`
	// Version is the seq of the entry of the house's book that last changed the
	// operator. Zero: no such operator is registered.
	Version int64 `json:"version"`
	// Grants are the operator's tenant-wide grants, sorted by id.
	Grants []Grant `json:"grants,omitempty"`
	// Stops are the switches of the firm that are thrown, sorted by subject, in
	// the row whose ID is [Switches]; it has no person, status or grants. Other
	// rows have none.
	Stops []Stopped `json:"stops,omitempty"`
}

// grantsFor walks the grants that count for a scope of this kind, live at
// st.Now and giving something.
//
// A grant from the operator's row counts for customers when it is for everyone;
// one from the book counts for that book only. The firm scope knows no book and
// so has only the tenant-wide ones.
func grantsFor(kind ScopeKind, operator OperatorID, st Standing, yield func(*Grant)) {
	walk := func(grants []Grant, everyone bool) {
		for i := range grants {
			g := &grants[i]
			if g.Everyone == everyone && g.Operator == operator && g.Permissions&known != 0 && g.Live(st.Now) {
				yield(g)
			}
		}
	}
	if kind != HouseScope {
		walk(st.Operator.Grants, true)
	}
	if kind != FirmScope {
		walk(st.Grants, false)
	}
}

// giving finds the first grant by id that gives the permission, and tells
// whether there is one, and whether there is any grant at all.
func giving(kind ScopeKind, operator OperatorID, st Standing, need Permission) (id GrantID, given, live bool) {
	grantsFor(kind, operator, st, func(g *Grant) {
		live = true
		if g.Permissions.Has(need) && (!given || g.ID < id) {
			id, given = g.ID, true
		}
	})
	return id, given, live
}

// union is what all of them give together.
func union(kind ScopeKind, operator OperatorID, st Standing) (all Permissions) {
	grantsFor(kind, operator, st, func(g *Grant) { all |= g.Permissions & known })
	return all
}
