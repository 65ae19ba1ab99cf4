package tenancy

import (
	"cmp"
	"slices"
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
}

// grantsFor returns the grants that count for a scope of this kind, live at
// st.Now and giving something, sorted by id.
//
// A grant from the operator's row counts for customers when it is for everyone;
// one from the book counts for that book only. The firm scope knows no book and
// so has only the tenant-wide ones.
func grantsFor(kind ScopeKind, operator OperatorID, st Standing) []Grant {
	var live []Grant
	add := func(grants []Grant, everyone bool) {
		for _, g := range grants {
			if g.Everyone == everyone && g.Operator == operator &&
				g.Permissions&known != 0 && g.Live(st.Now) {
				live = append(live, g)
			}
		}
	}
	if kind != HouseScope {
		add(st.Operator.Grants, true)
	}
	if kind != FirmScope {
		add(st.Grants, false)
	}
	slices.SortStableFunc(live, func(a, b Grant) int { return cmp.Compare(a.ID, b.ID) })
	return live
}

func union(grants []Grant) Permissions {
	var all Permissions
	for _, g := range grants {
		all |= g.Permissions & known
	}
	return all
}
