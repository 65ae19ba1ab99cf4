package tenancy

import (
	"errors"
	"time"
)

// Register makes an operator known to the firm, in the house's scope. He is
// active and has no grants. A person may stand behind several operators.
type Register struct {
	Operator OperatorID `json:"operator"`
	Person   PersonID   `json:"person"`
}

// Change returns the action's name in the journal.
func (Register) Change() string { return "operator.register" }

// Validate returns all problems, each a [*FieldError].
func (c Register) Validate() error {
	return errors.Join(CheckID("operator", string(c.Operator)), CheckID("person", string(c.Person)))
}

// Suspend stops an operator from acting anywhere in the tenant, in the house's
// scope. His grants stay and hold again once he is reinstated.
type Suspend struct {
	Operator OperatorID `json:"operator"`
}

// Change returns the action's name in the journal.
func (Suspend) Change() string { return "operator.suspend" }

// Validate returns all problems, each a [*FieldError].
func (c Suspend) Validate() error { return CheckID("operator", string(c.Operator)) }

// Reinstate ends a suspension, in the house's scope.
type Reinstate struct {
	Operator OperatorID `json:"operator"`
}

// Change returns the action's name in the journal.
func (Reinstate) Change() string { return "operator.reinstate" }

// Validate returns all problems, each a [*FieldError].
func (c Reinstate) Validate() error { return CheckID("operator", string(c.Operator)) }

// Allow gives an operator a grant. In a customer's scope it is for that
// customer; in the house's scope it is for the house or, with Everyone, for
// every customer.
type Allow struct {
	Operator    OperatorID  `json:"operator"`
	Everyone    bool        `json:"everyone,omitempty"`
	Permissions Permissions `json:"permissions"`
	// Expires is the first instant at which the grant no longer holds, in any
	// zone, from 1970 to 9999. Zero: it does not expire.
	Expires time.Time `json:"expires,omitzero"`
}

// Change returns the action's name in the journal.
func (Allow) Change() string { return "grant.allow" }

// Validate returns all problems, each a [*FieldError]. Whether the expiry lies
// ahead is not asked here: that needs the time of the command.
func (c Allow) Validate() error {
	problems := []error{CheckID("operator", string(c.Operator))}
	switch {
	case c.Permissions == 0:
		problems = append(problems, Invalid("permissions", "is empty"))
	case c.Permissions&^known != 0:
		problems = append(problems, Invalid("permissions", "contains an unknown permission"))
	}
	// Outside these years the time has no JSON form, or could be taken for the
	// zero time once cut to microseconds, and so for "never".
	if year := c.Expires.UTC().Year(); !c.Expires.IsZero() && (year < 1970 || year > 9999) {
		problems = append(problems, Invalid("expires", "is not between the years 1970 and 9999"))
	}
	return errors.Join(problems...)
}

// Grant returns the grant that the change asks for, under this id. The expiry
// is in UTC and cut to whole microseconds, so never later than asked.
func (c Allow) Grant(id GrantID) Grant {
	g := Grant{ID: id, Operator: c.Operator, Everyone: c.Everyone, Permissions: c.Permissions}
	if !c.Expires.IsZero() {
		g.Expires = c.Expires.UTC().Truncate(time.Microsecond)
	}
	return g
}

// Revoke ends a grant of the scope's book at once.
type Revoke struct {
	Grant GrantID `json:"grant"`
}

// Change returns the action's name in the journal.
func (Revoke) Change() string { return "grant.revoke" }

// Validate returns all problems, each a [*FieldError].
func (c Revoke) Validate() error { return CheckID("grant", string(c.Grant)) }

// Firm is what opens the first book of a tenant: the house and its first
// administrator.
type Firm struct {
	Tenant TenantID
	// Name is the firm's name, at most 120 bytes; it may be empty.
	Name string
	// Admin is registered as an operator with every permission.
	Admin Principal
}

// Validate returns all problems, each a [*FieldError].
func (f Firm) Validate() error {
	problems := []error{CheckID("tenant", string(f.Tenant)), CheckText("name", f.Name, maxName)}
	problems = append(problems, f.Admin.validate("admin."))
	if f.Admin.Tenant != "" && f.Admin.Tenant != f.Tenant {
		problems = append(problems, Invalid("admin.tenant", "is not the firm's tenant"))
	}
	return errors.Join(problems...)
}
