package operations

import (
	"slices"

	"github.com/onbehalf/onbehalf/accounts"
	"github.com/onbehalf/onbehalf/customer"
	"github.com/onbehalf/onbehalf/tenancy"
)

// Administrative is a change to the book itself, for Engine.Manage. The set is
// closed, and its changes are given by value: accounts.Open, SetStatus, SetLimit, Edit and SetCurrency;
// customer.Edit, SetStatus, SetGroups and Erase; tenancy.Register, Suspend, Reinstate,
// Allow, Revoke, Stop and Lift; Freeze, Unfreeze, CloseIncident and Set. A kind's own changes
// that are settings come as a Setter.
type Administrative interface {
	Change() string  // its name, recorded as the entry's action
	Validate() error // what is malformed, whatever the book holds
}

// CloseIncident says that a person has dealt with an incident.
type CloseIncident struct {
	Incident IncidentID `json:"incident"`
}

// Change names the change.
func (CloseIncident) Change() string { return "incident.close" }

// Validate checks the id.
func (c CloseIncident) Validate() error { return tenancy.CheckID("incident", string(c.Incident)) }

// administer gives the permission and the decision for a change; false for a
// value that is none of the set. Ids and salts are drawn before deciding.
func administer(x Administrative, account accounts.ID, grant tenancy.GrantID, salt []byte) (tenancy.Permission, func(*decision) error, bool) {
	on := func(need tenancy.Permission, decide func(*decision) error) (tenancy.Permission, func(*decision) error, bool) {
		return need, decide, true
	}
	switch x := x.(type) {
	case accounts.Open:
		return on(tenancy.ManageAccounts, func(d *decision) error { return d.openAccount(x, account, salt) })
	case accounts.SetStatus:
		return on(tenancy.ManageAccounts, func(d *decision) error { return d.accountStatus(x) })
	case accounts.SetLimit:
		return on(tenancy.ManageAccounts, func(d *decision) error { return d.accountLimit(x) })
	case accounts.Edit:
		return on(tenancy.ManageAccounts, func(d *decision) error { return d.editAccount(x, salt) })
	case accounts.SetCurrency:
		return on(tenancy.ManageAccounts, func(d *decision) error { return d.setCurrency(x) })
	case customer.Edit:
		return on(tenancy.ManageCustomers, func(d *decision) error { return d.editCustomer(x.Profile, salt) })
	case customer.SetStatus:
		return on(tenancy.ManageCustomers, func(d *decision) error { return d.customerStatus(x) })
	case customer.SetGroups:
		return on(tenancy.ManageCustomers, func(d *decision) error { return d.customerGroups(x) })
	case customer.Erase:
		return on(tenancy.ManageCustomers, func(d *decision) error { return d.erase() })
	case tenancy.Register:
		return on(tenancy.ManageGrants, func(d *decision) error { return d.register(x) })
	case tenancy.Suspend:
		return on(tenancy.ManageGrants, func(d *decision) error { return d.operatorStatus(x.Operator, tenancy.OperatorSuspended) })
	case tenancy.Reinstate:
		return on(tenancy.ManageGrants, func(d *decision) error { return d.operatorStatus(x.Operator, tenancy.OperatorActive) })
	case tenancy.Allow:
		return on(tenancy.ManageGrants, func(d *decision) error { return d.allowOperator(x, grant) })
	case tenancy.Revoke:
		return on(tenancy.ManageGrants, func(d *decision) error { return d.revoke(x.Grant) })
	case tenancy.Stop:
		return on(tenancy.Freeze, func(d *decision) error { return d.stop(x) })
	case tenancy.Lift:
		return on(tenancy.Freeze, func(d *decision) error { return d.lift(x) })
	case Freeze:
		return on(tenancy.Freeze, func(d *decision) error { return d.freeze(x.Account, true, x.Reason) })
	case Unfreeze:
		return on(tenancy.Freeze, func(d *decision) error { return d.freeze(x.Account, false, x.Reason) })
	case Set:
		return on(tenancy.ManageAccounts, func(d *decision) error { return d.set(x) })
	case CloseIncident:
		return on(tenancy.ManageAccounts, func(d *decision) error { return d.closeIncident(x.Incident) })
	}
	return 0, nil, false
}

// impersonal is the content of a change without what is personal in it, and
// that alone: a fingerprint, which stays for ever, must not let erased data be
// guessed.
func impersonal(x Administrative) (content, personal any) {
	switch x := x.(type) {
	case accounts.Open:
		personal = personalAccount{Name: x.Name, Details: x.Details}
		configured := x.Configured()
		x.Name, x.Details = "", accounts.Details{}
		return []any{x, configured}, personal
	case accounts.Edit:
		personal = personalAccount{Name: x.Name, Details: x.Details}
		return []any{x.Account, x.Details.Configured()}, personal
	case customer.Edit:
		return impersonalProfile(x.Profile)
	}
	return x, nil
}

func impersonalProfile(p customer.Profile) (content, personal any) {
	personal = personalProfile{Name: p.Name, TaxID: p.TaxID}
	p.Name, p.TaxID = "", customer.TaxID{}
	return p, personal
}

func (d *decision) openAccount(x accounts.Open, id accounts.ID, salt []byte) error {
	asset, ok := d.assets.Lookup(x.Currency)
	if !ok {
		return tenancy.Invalid("currency", "is not an asset here")
	}
	if err := x.ValidateFor(asset); err != nil {
		return err
	}
	if s := d.f.customer.Status; s == customer.Suspended || s == customer.Closed {
		d.refuse(customerForbids(s))
	}
	if d.f.accounts.len() >= d.caps.Accounts {
		d.refuse(full("accounts", d.caps.Accounts))
	}
	d.enable(x.Currency, true)
	status := accounts.Active
	if x.Pending {
		status = accounts.Pending
	}
	d.fx.Accounts = append(d.fx.Accounts, AccountEffect{
		ID: id, Asset: asset.Code, Kind: asset.Kind, Scale: asset.Scale, Status: status,
		Directions: x.Directions, DebtLimit: accounts.Exact(x.DebtLimit), Configured: x.Configured(),
	})
	return d.keep(subjectAccount(id), personalAccount{Name: x.Name, Details: x.Details}, salt)
}

func (d *decision) enable(asset string, enabled bool) {
	if was, ok := d.f.currencies.get(asset); ok && was == enabled {
		return
	}
	if _, ok := d.f.currencies.get(asset); !ok && d.f.currencies.len() >= d.caps.Currencies {
		d.refuse(full("currencies", d.caps.Currencies))
	}
	d.fx.Currencies = append(d.fx.Currencies, CurrencyEffect{Asset: asset, Enabled: enabled})
}

func (d *decision) setCurrency(x accounts.SetCurrency) error {
	if _, ok := d.assets.Lookup(x.Currency); !ok {
		return tenancy.Invalid("currency", "is not an asset here")
	}
	d.enable(x.Currency, x.Enabled)
	return nil
}

// account finds an account to change; one of others and one that does not
// exist are refused alike.
func (d *decision) account(id accounts.ID) (*accounts.Account, bool) {
	a, ok := d.f.accounts.get(id)
	if !ok {
		d.refuse(Unmet{Code: accounts.CodeAccountNotFound, Subject: "account:" + string(id), Remedy: "Choose one of the customer's accounts."})
	}
	return a, ok
}

func effectOf(a *accounts.Account) AccountEffect {
	return AccountEffect{
		ID: a.ID, Asset: a.Asset, Kind: a.Kind, Scale: a.Scale, Status: a.Stored,
		Directions: a.Directions, DebtLimit: a.DebtLimit, Configured: a.Configured,
	}
}

func (d *decision) accountStatus(x accounts.SetStatus) error {
	a, ok := d.account(x.Account)
	if !ok {
		return nil
	}
	if !a.Stored.Can(x.Status) {
		d.refuse(statusForbids("account:"+string(a.ID), string(a.Stored), string(x.Status)))
	}
	if x.Status == accounts.Closed && (!a.Posted.IsZero() || !a.Held.IsZero()) {
		d.refuse(Unmet{
			Code: CodeBalanceNotZero, Subject: "account:" + string(a.ID),
			Figures: []Figure{{Name: "posted", Value: a.Posted.String()}, {Name: "held", Value: a.Held.String()}},
			Remedy:  "Bring its balance and holds to zero first.",
		})
	}
	if x.Status == accounts.Closed && d.inFlight(a.ID) {
		d.refuse(Unmet{Code: CodeOperationsOpen, Subject: "account:" + string(a.ID), Remedy: "Finish or cancel its open operations first."})
	}
	e := effectOf(a)
	e.Status = x.Status
	d.fx.Accounts = append(d.fx.Accounts, e)
	return nil
}

// inFlight tells whether an open operation names the account or would post to it.
func (d *decision) inFlight(id accounts.ID) bool {
	for _, o := range d.f.open.all {
		if o.Order.From == id || o.Order.To == id || slices.ContainsFunc(o.Terms.Postings, func(p accounts.Posting) bool { return p.Ref == accounts.Customer(id) }) {
			return true
		}
	}
	return false
}

func (d *decision) accountLimit(x accounts.SetLimit) error {
	a, ok := d.account(x.Account)
	if !ok {
		return nil
	}
	asset, ok := d.assets.Lookup(a.Asset)
	if !ok {
		return tenancy.Invalid("account", "is in an asset that is no longer registered")
	}
	if err := x.ValidateFor(asset); err != nil {
		return err
	}
	e := effectOf(a)
	e.DebtLimit = accounts.Exact(x.Limit)
	left := a.Posted.Sub(a.Held.Decimal).Add(x.Limit)
	if left.IsNegative() && x.Limit.LessThan(a.DebtLimit.Decimal) {
		d.refuse(Unmet{
			Code: CodeLimitBelowUse, Subject: "account:" + string(a.ID),
			Figures: []Figure{{Name: "limit", Value: accounts.Canonical(x.Limit)}, {Name: "short", Value: accounts.Canonical(left.Neg())}},
			Remedy:  "Choose a limit that covers what is drawn and held.",
		})
	}
	d.fx.Accounts = append(d.fx.Accounts, e)
	return nil
}

func (d *decision) editAccount(x accounts.Edit, salt []byte) error {
	a, ok := d.account(x.Account)
	if !ok {
		return nil
	}
	asset, ok := d.assets.Lookup(a.Asset)
	if !ok {
		return tenancy.Invalid("account", "is in an asset that is no longer registered")
	}
	if err := x.ValidateFor(asset); err != nil {
		return err
	}
	if a.Stored == accounts.Closed {
		d.refuse(statusForbids("account:"+string(a.ID), string(a.Stored), "edit"))
	}
	e := effectOf(a)
	e.Configured = x.Details.Configured()
	d.fx.Accounts = append(d.fx.Accounts, e)
	return d.keep(subjectAccount(a.ID), personalAccount{Name: x.Name, Details: x.Details}, salt)
}

func (d *decision) editCustomer(p customer.Profile, salt []byte) error {
	if d.f.customer.Type == customer.House {
		d.refuse(houseUnchanging())
	}
	if d.f.customer.Status == customer.Closed {
		d.refuse(customerForbids(customer.Closed))
	}
	d.setCustomer(p, d.f.customer.Status)
	return d.keep(subjectCustomer, personalProfile{Name: p.Name, TaxID: p.TaxID}, salt)
}

func (d *decision) setCustomer(p customer.Profile, status customer.Status) {
	kind := p.Type
	if kind == "" {
		kind = customer.Individual
	}
	d.fx.Customer = &CustomerEffect{Type: kind, Status: status, Country: p.Country, Person: p.Person, Groups: d.f.customer.Groups}
}

func (d *decision) customerStatus(x customer.SetStatus) error {
	was := d.f.customer
	if was.Type == customer.House {
		d.refuse(houseUnchanging())
	}
	if !was.Status.Can(x.Status) {
		d.refuse(statusForbids(subjectCustomer, string(was.Status), string(x.Status)))
	}
	if x.Status == customer.Closed {
		if d.f.open.len() > 0 {
			d.refuse(Unmet{Code: CodeOperationsOpen, Subject: subjectCustomer, Remedy: "Finish or cancel the open operations first."})
		}
		for _, a := range d.f.accounts.all {
			if !a.Posted.IsZero() {
				d.refuse(Unmet{
					Code: CodeBalanceNotZero, Subject: "account:" + string(a.ID),
					Figures: []Figure{{Name: "posted", Value: a.Posted.String()}}, Remedy: "Bring its balance to zero first.",
				})
			}
			if a.Stored != accounts.Closed {
				d.refuse(Unmet{Code: CodeAccountsOpen, Subject: "account:" + string(a.ID), Remedy: "Close the account first."})
			}
		}
	}
	was.Status = x.Status
	d.fx.Customer = &was
	return nil
}

// customerGroups puts the customer into groups.
func (d *decision) customerGroups(x customer.SetGroups) error {
	if d.f.customer.Type == customer.House {
		d.refuse(houseUnchanging())
	}
	n := d.f.customer
	n.Groups = slices.Sorted(slices.Values(x.Groups))
	d.fx.Customer = &n
	return nil
}

// erase deletes the personal values of a closed customer; what was recorded
// about them stays, as digests that no longer say anything.
func (d *decision) erase() error {
	if d.f.customer.Status != customer.Closed {
		d.refuse(statusForbids(subjectCustomer, string(d.f.customer.Status), "erase"))
	}
	for subject := range d.f.personal.all {
		d.fx.Erased = append(d.fx.Erased, subject)
	}
	return nil
}

func (d *decision) closeIncident(id IncidentID) error {
	if _, ok := d.f.incidents.get(id); !ok {
		d.refuse(Unmet{Code: CodeIncidentUnknown, Subject: "incident:" + string(id), Remedy: "Choose an open incident of this book."})
		return nil
	}
	d.fx.Closed = append(d.fx.Closed, id)
	return nil
}

func statusForbids(subject, from, to string) Unmet {
	return Unmet{
		Code: CodeStatusForbids, Subject: subject,
		Figures: []Figure{{Name: "status", Value: from}, {Name: "asked", Value: to}},
		Remedy:  "Choose a change that its status allows.",
	}
}

func customerForbids(s customer.Status) Unmet {
	return Unmet{
		Code: accounts.CodeCustomerNotActive, Subject: subjectCustomer,
		Figures: []Figure{{Name: "status", Value: string(s)}}, Remedy: "Reactivate the customer first.",
	}
}

func houseUnchanging() Unmet {
	return Unmet{Code: CodeHouseUnchanging, Subject: subjectCustomer, Remedy: "The firm's own book has no status or profile to change."}
}

// administratorLeft tells whether somebody may still manage grants in the house
// without one operator or one grant.
func (d *decision) administratorLeft(without tenancy.OperatorID, grant tenancy.GrantID) bool {
	for _, g := range d.f.grants.all {
		if g.ID == grant || g.Operator == without || !g.Permissions.Has(tenancy.ManageGrants) || !g.Expires.IsZero() {
			continue
		}
		if o, ok := d.f.operators.get(g.Operator); ok && o.Status == tenancy.OperatorActive {
			return true
		}
	}
	return false
}

func cloneOperator(o *tenancy.Operator) tenancy.Operator {
	n := *o
	n.Grants = slices.Clone(o.Grants)
	return n
}
