package operations

import (
	"cmp"
	"slices"

	"github.com/onbehalf/onbehalf/customer"
	"github.com/onbehalf/onbehalf/tenancy"
)

// inHouse refuses a change that belongs in the firm's own book.
func (d *decision) inHouse() bool {
	if d.f.id.Customer == tenancy.House {
		return true
	}
	d.refuse(Unmet{Code: CodeHouseOnly, Subject: "book", Remedy: "Make this change in the house's own scope."})
	return false
}

func (d *decision) register(x tenancy.Register) error {
	if !d.inHouse() {
		return nil
	}
	if _, ok := d.f.operators.get(x.Operator); ok {
		d.refuse(Unmet{Code: CodeOperatorExists, Subject: "operator:" + string(x.Operator), Remedy: "Choose another operator id."})
	}
	if d.f.operators.len() >= d.caps.Operators {
		d.refuse(full("operators", d.caps.Operators))
	}
	d.fx.Operators = append(d.fx.Operators, tenancy.Operator{
		ID: x.Operator, Person: x.Person, Status: tenancy.OperatorActive, Version: d.seq(),
	})
	return nil
}

func (d *decision) operatorStatus(id tenancy.OperatorID, to tenancy.OperatorStatus) error {
	if !d.inHouse() {
		return nil
	}
	o, ok := d.f.operators.get(id)
	if !ok {
		d.refuse(Unmet{Code: CodeOperatorUnknown, Subject: "operator:" + string(id), Remedy: "Register the operator first."})
		return nil
	}
	d.notHimself(id)
	if o.Status == to {
		d.refuse(statusForbids("operator:"+string(id), string(o.Status), string(to)))
	}
	if to == tenancy.OperatorSuspended && !d.administratorLeft(id, "") {
		d.refuse(lastAdministrator())
	}
	n := cloneOperator(o)
	n.Status, n.Version = to, d.seq()
	d.fx.Operators = append(d.fx.Operators, n)
	return nil
}

// allowOperator gives a grant. Nobody gives to himself, nor more than he has.
func (d *decision) allowOperator(x tenancy.Allow, id tenancy.GrantID) error {
	d.notHimself(x.Operator)
	for _, p := range x.Permissions.List() {
		if _, err := d.gate.Authorize(d.c.scope, p, d.standing); err != nil {
			d.refuse(Unmet{Code: CodeGrantExceeds, Subject: "permission:" + p.String(), Remedy: "Have it given by someone who has it."})
		}
	}
	g := x.Grant(id)
	if d.f.id.Customer == tenancy.House {
		if _, ok := d.f.operators.get(x.Operator); !ok {
			d.refuse(Unmet{Code: CodeOperatorUnknown, Subject: "operator:" + string(x.Operator), Remedy: "Register the operator first."})
		}
	}
	if !g.Everyone {
		if d.f.grants.len() >= d.caps.Grants {
			d.refuse(full("grants", d.caps.Grants))
		}
		d.fx.Grants = append(d.fx.Grants, g)
		return nil
	}
	if !d.inHouse() {
		return nil
	}
	o, ok := d.f.operators.get(x.Operator)
	if !ok {
		return nil
	}
	if len(o.Grants) >= d.caps.Grants {
		d.refuse(full("grants", d.caps.Grants))
	}
	n := cloneOperator(o)
	n.Grants = append(n.Grants, g)
	slices.SortFunc(n.Grants, func(a, b tenancy.Grant) int { return cmp.Compare(a.ID, b.ID) })
	n.Version = d.seq()
	d.fx.Operators = append(d.fx.Operators, n)
	return nil
}

func (d *decision) revoke(id tenancy.GrantID) error {
	if g, ok := d.f.grants.get(id); ok {
		house := d.f.id.Customer == tenancy.House
		if house && g.Permissions.Has(tenancy.ManageGrants) && !d.administratorLeft("", id) {
			d.refuse(lastAdministrator())
		}
		d.fx.Revoked = append(d.fx.Revoked, id)
		return nil
	}
	for _, o := range d.f.operators.all {
		i := slices.IndexFunc(o.Grants, func(g tenancy.Grant) bool { return g.ID == id })
		if i < 0 {
			continue
		}
		n := cloneOperator(o)
		n.Grants = slices.Delete(n.Grants, i, i+1)
		n.Version = d.seq()
		d.fx.Operators = append(d.fx.Operators, n)
		return nil
	}
	d.refuse(Unmet{Code: CodeGrantUnknown, Subject: "grant:" + string(id), Remedy: "Choose a grant of this book."})
	return nil
}

// notHimself refuses when an operator, under this or another id of his, would
// change what he himself may do.
func (d *decision) notHimself(id tenancy.OperatorID) {
	himself := id == d.c.operator()
	if o, ok := d.f.operators.get(id); ok {
		himself = himself || slices.Contains(d.c.scope.Principal().Persons(), o.Person)
	}
	if himself {
		d.refuse(Unmet{Code: CodeOwnGrant, Subject: "operator:" + string(id), Remedy: "Have it changed by another person."})
	}
}

func lastAdministrator() Unmet {
	return Unmet{Code: CodeLastAdmin, Subject: "book", Remedy: "First give another active operator manage_grants in the house, without expiry."}
}

// bootstrap begins the house's book: it names the first administrator and gives
// him everything, in the house and for every customer.
func bootstrap(firm tenancy.Firm, house, everyone tenancy.GrantID, salt []byte) func(*decision) error {
	return func(d *decision) error {
		all := tenancy.NewPermissions(tenancy.AllPermissions()...)
		admin := firm.Admin.Operator
		d.setCustomer(customer.Profile{Type: customer.House}, customer.Active)
		d.fx.Operators = []tenancy.Operator{{
			ID: admin, Person: firm.Admin.Person, Status: tenancy.OperatorActive, Version: d.seq(),
			Grants: []tenancy.Grant{{ID: everyone, Operator: admin, Everyone: true, Permissions: all}},
		}}
		d.fx.Grants = []tenancy.Grant{{ID: house, Operator: admin, Permissions: all}}
		return d.keep(subjectCustomer, personalProfile{Name: firm.Name}, salt)
	}
}

// openCustomer begins a customer's book.
func openCustomer(p customer.Profile, salt []byte) func(*decision) error {
	return func(d *decision) error {
		status := customer.Active
		if p.Onboarding {
			status = customer.Onboarding
		}
		d.setCustomer(p, status)
		return d.keep(subjectCustomer, personalProfile{Name: p.Name, TaxID: p.TaxID}, salt)
	}
}
