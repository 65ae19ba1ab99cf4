package tenancy

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
)

// Permission is one thing a grant lets an operator do. The zero value is not a
// permission and is in no set.
type Permission uint8

// The permissions.
const (
	// View lets the operator see the customer, the accounts and the history.
	View Permission = iota + 1
	// Prepare lets him price operations.
	Prepare
	// Execute lets him carry out prepared operations.
	Execute
	// Modify lets him change operations that are not final.
	Modify
	// Cancel lets him cancel operations that are not final.
	Cancel
	// Approve lets him approve or reject what another person made.
	Approve
	// Adjust lets him post fees, interest, penalties and corrections.
	Adjust
	// ManageAccounts lets him open and change accounts and currencies.
	ManageAccounts
	// ManageCustomers lets him open customers and change their profile and
	// status.
	ManageCustomers
	// ManageGrants lets him give and revoke grants and, in the house, register
	// and suspend operators.
	ManageGrants
	// ViewTreasury lets him see the firm's positions and income.
	ViewTreasury
	// Refund lets him give back what a completed operation brought or took.
	Refund
	// Freeze lets him freeze customers and accounts and lift that again and, in
	// the house, throw and lift the firm's switches.
	Freeze
)

// AllPermissions returns all permissions in their order.
func AllPermissions() []Permission {
	return []Permission{
		View, Prepare, Execute, Modify, Cancel, Approve, Adjust,
		ManageAccounts, ManageCustomers, ManageGrants, ViewTreasury, Refund, Freeze,
	}
}

// String returns the stable text of the permission, such as "manage_accounts".
func (p Permission) String() string {
	switch p {
	case View:
		return "view"
	case Prepare:
		return "prepare"
	case Execute:
		return "execute"
	case Modify:
		return "modify"
	case Cancel:
		return "cancel"
	case Approve:
		return "approve"
	case Adjust:
		return "adjust"
	case ManageAccounts:
		return "manage_accounts"
	case ManageCustomers:
		return "manage_customers"
	case ManageGrants:
		return "manage_grants"
	case ViewTreasury:
		return "view_treasury"
	case Refund:
		return "refund"
	case Freeze:
		return "freeze"
	default:
		return fmt.Sprintf("permission(%d)", uint8(p))
	}
}

// ParsePermission returns the permission with exactly this text, or a
// [*FieldError].
func ParsePermission(text string) (Permission, error) {
	for _, p := range AllPermissions() {
		if p.String() == text {
			return p, nil
		}
	}
	return 0, Invalid("permission", "is not a permission")
}

// Permissions is a set of permissions. The zero value is the empty set. In JSON
// it is a sorted list of texts, so that a stored set keeps its meaning whatever
// the bits are.
type Permissions uint32

// NewPermissions returns the set of the given permissions. What is not a
// permission is left out.
func NewPermissions(ps ...Permission) Permissions {
	var set Permissions
	for _, p := range ps {
		set = set.With(p)
	}
	return set
}

// bit is zero for what is not a permission, so such a value is in no set.
func (p Permission) bit() Permissions {
	if p < View || p > Freeze {
		return 0
	}
	return 1 << (p - View)
}

// known is the set of all permissions.
const known = Permissions(1)<<Freeze - 1

// Has reports whether p is in the set.
func (s Permissions) Has(p Permission) bool { return s&p.bit() != 0 }

// With returns the set and p.
func (s Permissions) With(p Permission) Permissions { return s | p.bit() }

// Intersect returns what is in both sets.
func (s Permissions) Intersect(other Permissions) Permissions { return s & other }

// Covers reports whether everything in other is in the set. An operator may
// pass on only permissions that his own cover.
func (s Permissions) Covers(other Permissions) bool { return other&^s == 0 }

// List returns the members in the order of [AllPermissions].
func (s Permissions) List() []Permission {
	var list []Permission
	for _, p := range AllPermissions() {
		if s.Has(p) {
			list = append(list, p)
		}
	}
	return list
}

// String returns the members' texts in the order of [AllPermissions], joined by
// commas; "none" for the empty set.
func (s Permissions) String() string {
	list := s.List()
	if len(list) == 0 {
		return "none"
	}
	texts := make([]string, len(list))
	for i, p := range list {
		texts[i] = p.String()
	}
	return strings.Join(texts, ",")
}

// MarshalJSON returns the texts as an alphabetically sorted list. A set with
// bits that are no permissions is an error.
func (s Permissions) MarshalJSON() ([]byte, error) {
	if s&^known != 0 {
		return nil, Invalid("permissions", "contains an unknown permission")
	}
	texts := make([]string, 0, len(AllPermissions()))
	for _, p := range s.List() {
		texts = append(texts, p.String())
	}
	slices.Sort(texts)
	return json.Marshal(texts)
}

// UnmarshalJSON reads a list of texts in any order. Null, an unknown text and a
// text that comes twice are errors; the set is unchanged then.
func (s *Permissions) UnmarshalJSON(data []byte) error {
	var texts []string
	if err := json.Unmarshal(data, &texts); err != nil || texts == nil {
		return Invalid("permissions", "is not a list of texts")
	}
	var set Permissions
	for _, text := range texts {
		p, err := ParsePermission(text)
		if err != nil {
			return Invalid("permissions", "contains an unknown permission")
		}
		if set.Has(p) {
			return Invalid("permissions", "contains "+text+" twice")
		}
		set = set.With(p)
	}
	*s = set
	return nil
}
