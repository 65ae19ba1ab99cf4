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
	if d.f.operatorsIn() >= d.caps.Operators {
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
		d.refuse(operatorUnknown(id))
		return nil
	}
	d.notHimself(id, o.Person)
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

// allowOperator gives a grant. Nobody gives to himself, nor more than he has,
// nor for longer.
func (d *decision) allowOperator(x tenancy.Allow, id tenancy.GrantID) error {
	to := d.c.row
	if d.f.id.Customer == tenancy.House {
		if o, ok := d.f.operators.get(x.Operator); ok {
			to = *o
		}
	}
	if to.Version == 0 {
		d.refuse(operatorUnknown(x.Operator))
	}
	d.notHimself(x.Operator, to.Person)
	g := x.Grant(id)
	for _, p := range x.Permissions.List() {
		if !d.gives(p, g) {
			d.refuse(Unmet{Code: CodeGrantExceeds, Subject: "permission:" + p.String(), Remedy: "Have it given by someone who has it for as long."})
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
		return nil // refused above
	}
	if len(o.Grants) >= d.caps.Grants {
		d.refuse(full("grants", d.caps.Grants))
	}
	d.fx.Operators = append(d.fx.Operators, withGrant(o, g, d.seq()))
	return nil
}

// withGrant is an operator's row with one grant more.
func withGrant(o *tenancy.Operator, g tenancy.Grant, version int64) tenancy.Operator {
	n := cloneOperator(o)
	n.Grants = append(n.Grants, g)
	slices.SortFunc(n.Grants, func(a, b tenancy.Grant) int { return cmp.Compare(a.ID, b.ID) })
	n.Version = version
	return n
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

// gives tells whether the operator himself has a permission where the grant
// would give it, and for as long.
func (d *decision) gives(p tenancy.Permission, g tenancy.Grant) bool {
	covers := func(own tenancy.Grant) bool {
		long := own.Expires.IsZero() || !g.Expires.IsZero() && !g.Expires.After(own.Expires)
		return long && own.Operator == d.c.operator() && own.Permissions.Has(p) && own.Live(d.now)
	}
	house := d.f.id.Customer == tenancy.House
	if g.Everyone || !house { // for customers his grants for all of them count
		if slices.ContainsFunc(d.standing.Operator.Grants, covers) {
			return true
		}
	}
	return !g.Everyone && d.c.scope.Permissions().Has(p) && slices.ContainsFunc(d.standing.Grants, covers)
}

// notHimself refuses when somebody, under whatever id, would change what he
// himself or one of those he acts with may do.
func (d *decision) notHimself(id tenancy.OperatorID, person tenancy.PersonID) {
	himself := person != "" && slices.Contains(d.c.scope.Principal().Persons(), person)
	for _, a := range d.c.actors {
		himself = himself || a.ID == string(id)
	}
	if himself {
		d.refuse(Unmet{Code: CodeOwnGrant, Subject: "operator:" + string(id), Remedy: "Have it changed by another person."})
	}
}

func operatorUnknown(id tenancy.OperatorID) Unmet {
	return Unmet{Code: CodeOperatorUnknown, Subject: "operator:" + string(id), Remedy: "Register the operator first."}
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
		}, d.switches()} // there from the beginning: what relies on it has a row to hold
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
