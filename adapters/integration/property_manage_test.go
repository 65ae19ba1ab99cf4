package integration_test

import (
	"fmt"
	"slices"

	"github.com/onbehalf/onbehalf/operations"
	"github.com/onbehalf/onbehalf/tenancy"
)

// scales are the assets the firm of the property tests deals in.
func scales() map[string]int { return map[string]int{"BRL": 2, "JPY": 0, "BTC": 8} }

// manage applies administrative changes.
func (m *model) manage(s step, got outcome) outcome {
	b := m.books[s.Book]
	switch s.Do {
	case "open customer":
		return m.openCustomer(s, got)
	case "open account":
		return m.administer(s, fmt.Sprint(s.Currency, s.Limit, s.Directions, s.Bare), tenancy.ManageAccounts, got, func(d *modelDecision) { d.openAccount(s) })
	case "account status":
		return m.administer(s, s.Account+s.Status, tenancy.ManageAccounts, got, func(d *modelDecision) { d.accountStatus(s) })
	case "account limit":
		return m.administer(s, s.Account+" "+s.Limit, tenancy.ManageAccounts, got, func(d *modelDecision) { d.accountLimit(s) })
	case "currency":
		return m.administer(s, fmt.Sprint(s.Currency, s.Enabled), tenancy.ManageAccounts, got, func(d *modelDecision) {
			if _, ok := scales()[s.Currency]; !ok {
				d.fail("invalid")
				return
			}
			d.effect = func(outcome) outcome { b.currencies[s.Currency] = s.Enabled; return outcome{Class: "ok"} }
		})
	case "customer status":
		return m.administer(s, s.Status, tenancy.ManageCustomers, got, func(d *modelDecision) { d.customerStatus(s) })
	case "allow":
		return m.administer(s, fmt.Sprint(s.Operator, s.Permissions, s.Expires.UnixMicro(), s.Everyone), tenancy.ManageGrants, got, func(d *modelDecision) { d.allow(s) })
	case "revoke":
		return m.administer(s, s.Grant, tenancy.ManageGrants, got, func(d *modelDecision) { d.revoke(s) })
	case "suspend", "reinstate":
		return m.administer(s, s.Operator, tenancy.ManageGrants, got, func(d *modelDecision) { d.suspend(s) })
	case "close incident":
		return m.administer(s, fmt.Sprint(s.Seq, s.Status), tenancy.ManageAccounts, got, func(d *modelDecision) {
			i := slices.IndexFunc(b.incidents, func(i modelIncident) bool { return i.seq == s.Seq && i.code == s.Status })
			if i < 0 {
				d.refuse("incident_unknown incident")
				return
			}
			d.effect = func(outcome) outcome { b.incidents = slices.Delete(b.incidents, i, i+1); return outcome{Class: "ok"} }
		})
	}
	panic("no such step: " + s.Do)
}

func (m *model) administer(s step, finger string, need tenancy.Permission, got outcome, decide func(*modelDecision)) outcome {
	return m.command(s, finger, got, []tenancy.Permission{need}, decide)
}

// openCustomer is always by the administrator; the customer follows from the key.
func (m *model) openCustomer(s step, got outcome) outcome {
	for _, b := range m.books {
		k, ok := b.keys[s.Key]
		if b.id.Tenant != s.Book.Tenant || !ok || k.out.State != "opened" {
			continue
		}
		if _, ok := m.now(b); !ok {
			return outcome{Class: "unavailable"}
		}
		if k.finger != s.Person {
			return outcome{Class: "conflict", Codes: []string{"key_reused"}}
		}
		return outcome{Class: "ok", ID: k.out.ID, Replayed: true}
	}
	b := m.open(operations.BookID{Tenant: s.Book.Tenant, Customer: tenancy.CustomerID(got.ID)})
	b.person = s.Person
	m.entry(b, m.clock)
	b.keys[s.Key] = modelKey{s.Person, outcome{ID: got.ID, State: "opened"}}
	return outcome{Class: "ok", ID: got.ID}
}

func (d *modelDecision) openAccount(s step) {
	scale, ok := scales()[s.Currency]
	limit := figOf(s.Limit)
	if _, places := shape(limit); !ok || places > scale {
		d.fail("invalid")
		return
	}
	if d.b.status == "suspended" || d.b.status == "closed" {
		d.refuse("customer_not_active customer")
	}
	d.effect = func(got outcome) outcome {
		d.b.currencies[s.Currency] = true
		d.b.accounts[got.ID] = &modelAccount{
			id: got.ID, asset: s.Currency, status: "active", directions: s.Directions, scale: scale, configured: !s.Bare,
			posted: nought(), held: nought(), limit: limit,
		}
		return outcome{Class: "ok", ID: got.ID}
	}
}

func (d *modelDecision) accountStatus(s step) {
	a := d.b.accounts[s.Account]
	if a == nil {
		d.refuse("account_not_found account:" + s.Account)
		return
	}
	if a.status == s.Status || a.status == "closed" {
		d.refuse("status_forbids account:" + a.id)
	}
	if s.Status == "closed" && (a.posted.Sign() != 0 || a.held.Sign() != 0) {
		d.refuse("balance_not_zero account:" + a.id)
	}
	for _, o := range d.b.ops {
		if s.Status == "closed" && !o.final() && (o.from == a.id || o.to == a.id) {
			d.refuse("operations_open account:" + a.id)
		}
	}
	d.effect = func(outcome) outcome { a.status = s.Status; return outcome{Class: "ok"} }
}

func (d *modelDecision) accountLimit(s step) {
	a := d.b.accounts[s.Account]
	if a == nil {
		d.refuse("account_not_found account:" + s.Account)
		return
	}
	limit := figOf(s.Limit)
	if _, places := shape(limit); places > a.scale {
		d.fail("invalid")
		return
	}
	if left := plus(minus(a.posted, a.held), limit); left.Sign() < 0 && limit.Cmp(a.limit) < 0 {
		d.refuse("limit_below_use account:" + a.id)
	}
	d.effect = func(outcome) outcome { a.limit = limit; return outcome{Class: "ok"} }
}

func (d *modelDecision) customerStatus(s step) {
	ways := map[string][]string{"active": {"suspended", "closed"}, "suspended": {"active", "closed"}}
	if !slices.Contains(ways[d.b.status], s.Status) {
		d.refuse("status_forbids customer")
	}
	if s.Status == "closed" {
		for _, o := range d.b.ops {
			if !o.final() {
				d.refuse("operations_open customer")
			}
		}
		for _, a := range d.b.accounts {
			if a.posted.Sign() != 0 {
				d.refuse("balance_not_zero account:" + a.id)
			}
			if a.status != "closed" {
				d.refuse("accounts_open account:" + a.id)
			}
		}
	}
	d.effect = func(outcome) outcome { d.b.status = s.Status; return outcome{Class: "ok"} }
}

// himself refuses what one of those who act would do for himself, under
// whatever id.
func (d *modelDecision) himself(operator string) {
	o := d.m.operators[operatorOf{d.b.id.Tenant, operator}]
	for _, actor := range caller(d.b.id.Tenant, d.by).Chain() {
		if actor.ID == operator || o != nil && string(actor.Person) == o.person {
			d.refuse("own_grant operator:" + operator)
		}
	}
}

// gives tells whether he has the permission himself where he would give it, in
// one grant that lives as long.
func (d *modelDecision) gives(p tenancy.Permission, s step) bool {
	covers := func(own *modelGrant) bool {
		live := !own.revoked && (own.expires.IsZero() || d.now.Before(own.expires))
		long := own.expires.IsZero() || !s.Expires.IsZero() && !s.Expires.After(own.expires)
		return live && long && own.operator == d.by && own.permissions.Has(p)
	}
	if s.Everyone || d.b.id.Customer != tenancy.House {
		if slices.ContainsFunc(d.m.operators[operatorOf{d.b.id.Tenant, d.by}].grants, covers) {
			return true
		}
	}
	return !s.Everyone && d.m.scopes[scopeOf{d.by, d.b.id}].permissions.Has(p) && slices.ContainsFunc(d.b.grants, covers)
}

func (d *modelDecision) allow(s step) {
	d.himself(s.Operator)
	for _, p := range s.Permissions.List() {
		if !d.gives(p, s) {
			d.refuse("grant_exceeds_own permission:" + p.String())
		}
	}
	operator := d.m.operators[operatorOf{d.b.id.Tenant, s.Operator}]
	if operator == nil {
		d.refuse("operator_unknown operator:" + s.Operator)
	}
	if s.Everyone && d.b.id.Customer != tenancy.House {
		d.refuse("house_only book")
	}
	d.effect = func(got outcome) outcome {
		g := &modelGrant{id: got.ID, operator: s.Operator, permissions: s.Permissions, expires: s.Expires}
		if s.Everyone {
			operator.grants = append(operator.grants, g)
		} else {
			d.b.grants = append(d.b.grants, g)
		}
		return outcome{Class: "ok", ID: got.ID}
	}
}

// administered tells whether somebody may manage grants in the house for good,
// leaving out one operator and one grant.
func (d *modelDecision) administered(without string, grant *modelGrant) bool {
	return slices.ContainsFunc(d.b.grants, func(g *modelGrant) bool {
		return g != grant && !g.revoked && g.expires.IsZero() && g.operator != without && g.permissions.Has(tenancy.ManageGrants) &&
			!d.m.operators[operatorOf{d.b.id.Tenant, g.operator}].suspended
	})
}

func (d *modelDecision) revoke(s step) {
	find := func(grants []*modelGrant) *modelGrant {
		for _, g := range grants {
			if g.id == s.Grant && !g.revoked {
				return g
			}
		}
		return nil
	}
	g := find(d.b.grants)
	if g == nil && d.b.id.Customer == tenancy.House {
		for of, o := range d.m.operators {
			if of.tenant == d.b.id.Tenant && g == nil {
				g = find(o.grants)
			}
		}
	}
	if g == nil {
		d.refuse("grant_unknown grant:" + s.Grant)
		return
	}
	if house := d.b.id.Customer == tenancy.House; house && slices.Contains(d.b.grants, g) && g.permissions.Has(tenancy.ManageGrants) && !d.administered("", g) {
		d.refuse("last_administrator book")
	}
	d.effect = func(outcome) outcome { g.revoked = true; return outcome{Class: "ok"} }
}

func (d *modelDecision) suspend(s step) {
	if d.b.id.Customer != tenancy.House {
		d.refuse("house_only book")
		return
	}
	o := d.m.operators[operatorOf{d.b.id.Tenant, s.Operator}]
	if o == nil {
		d.refuse("operator_unknown operator:" + s.Operator)
		return
	}
	d.himself(s.Operator)
	if to := s.Do == "suspend"; o.suspended == to {
		d.refuse("status_forbids operator:" + s.Operator)
	} else {
		d.effect = func(outcome) outcome { o.suspended = to; return outcome{Class: "ok"} }
	}
	if s.Do == "suspend" && !d.administered(s.Operator, nil) {
		d.refuse("last_administrator book")
	}
}
