package operations

import (
	"context"
	"errors"
	"fmt"

	"github.com/onbehalf/onbehalf/tenancy"
)

// ActRenew is the action of what Renew adds.
const ActRenew Action = "firm.renew"

// Renew gives an administrator of a firm every permission that there is now, in
// the house and for every customer, as Bootstrap did with those of its day: a
// release may bring permissions that nobody has, and so nobody could give. He
// must be registered for this person, active, and have manage grants in the
// house without expiry. What he lacks is new grants beside his others, in one
// entry of the house's book; where he lacks nothing, nothing happens. A firm
// that was begun before there were switches gets their row with it.
//
// Nobody's permission is asked for: call it from where only the owner of the
// database can, as Bootstrap. He gives to others by tenancy.Allow. Errors:
// invalid, not found without such a firm, refused, unavailable, unknown outcome.
func (e *Engine) Renew(ctx context.Context, admin tenancy.Principal) error {
	if err := (tenancy.Firm{Tenant: admin.Tenant, Admin: admin}).Validate(); err != nil {
		return err
	}
	c := &command{
		book: BookID{Tenant: admin.Tenant, Customer: tenancy.House}, action: ActRenew, actors: admin.Chain(), decide: renew(admin),
	}
	if _, _, err := e.do(ctx, c); !errors.Is(err, errIdle) {
		return err
	}
	return nil
}

func renew(admin tenancy.Principal) func(*decision) error {
	return func(d *decision) error {
		o, ok := d.f.operators.get(admin.Operator)
		if !ok || admin.Operator == tenancy.Switches {
			d.refuse(operatorUnknown(admin.Operator))
			return nil
		}
		var here []tenancy.Grant
		for _, g := range d.f.grants.all {
			here = append(here, *g)
		}
		d.refuse(noAdministrator(o, admin, here)...)
		if len(d.refused) > 0 {
			return nil
		}
		all := tenancy.NewPermissions(tenancy.AllPermissions()...)
		grant := func(of string, has []tenancy.Grant) (g tenancy.Grant, lacks bool) {
			g = tenancy.Grant{
				ID:       tenancy.GrantID(derivedID("grant", string(admin.Tenant), "renew", of, string(o.ID), fmt.Sprint(d.seq()))),
				Operator: o.ID, Permissions: all &^ standing(has, o.ID),
			}
			return g, g.Permissions != 0
		}
		if g, lacks := grant("house", here); lacks {
			d.fx.Grants = append(d.fx.Grants, g)
		}
		if g, lacks := grant("everyone", o.Grants); lacks {
			g.Everyone = true
			d.fx.Operators = append(d.fx.Operators, withGrant(o, g, d.seq()))
		}
		if _, ok := d.f.operators.get(tenancy.Switches); !ok {
			d.fx.Operators = append(d.fx.Operators, d.switches())
		}
		d.idle = len(d.fx.Grants) == 0 && len(d.fx.Operators) == 0
		return nil
	}
}

// standing is what grants give an operator for as long as nobody revokes them.
func standing(grants []tenancy.Grant, id tenancy.OperatorID) (all tenancy.Permissions) {
	for _, g := range grants {
		if g.Operator == id && g.Expires.IsZero() {
			all |= g.Permissions
		}
	}
	return all
}

// noAdministrator tells why an operator is not one who could be renewed.
func noAdministrator(o *tenancy.Operator, admin tenancy.Principal, here []tenancy.Grant) []Unmet {
	subject := "operator:" + string(o.ID)
	var unmet []Unmet
	if o.Person != admin.Person {
		unmet = append(unmet, Unmet{Code: tenancy.CodePersonMismatch, Subject: subject, Remedy: "Name the person the operator is registered for."})
	}
	if o.Status != tenancy.OperatorActive {
		unmet = append(unmet, Unmet{Code: tenancy.CodeOperatorSuspended, Subject: subject, Remedy: "Have the operator reinstated first."})
	}
	if !standing(here, o.ID).Has(tenancy.ManageGrants) {
		unmet = append(unmet, Unmet{
			Code: tenancy.CodePermissionMissing, Subject: "permission:" + tenancy.ManageGrants.String(),
			Remedy: "Name an operator who may manage grants in the house without expiry.",
		})
	}
	return unmet
}
