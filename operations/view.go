package operations

import (
	"maps"
	"slices"

	"github.com/shopspring/decimal"

	"github.com/onbehalf/onbehalf/accounts"
	"github.com/onbehalf/onbehalf/customer"
	"github.com/onbehalf/onbehalf/tenancy"
)

// Unmet is one rule that is not met.
type Unmet = tenancy.Unmet

// Figure is one figure of an unmet rule.
type Figure = tenancy.Figure

// View is what a kind or a rule may see when it judges an order: the
// customer's book as it stands, the order and who asks. It is a value without
// a way to change anything, good for the duration of the call. The zero View
// sees an empty book.
type View struct {
	f      *Folded
	order  Order
	own    *Operation // the operation that is judged again; nil for a new one
	finish bool       // its time has come: what is in flight may finish
	kin    kin        // of a refund: what it gives back of
	stops  []tenancy.Stopped
	actor  tenancy.Actor

	facts any   // what the kind has gathered
	today *days // of the decision that this is a view of, if it needs them

	acknowledged []string // warnings that the command has seen
}

// NewView shows a folded book to an evaluation outside the engine, such as a
// unit test of a firm's rules; own is nil for a new operation.
func NewView(f *Folded, o Order, own *Operation, actor tenancy.Actor) View {
	return View{f: f, order: o, own: own, actor: actor}
}

func (v View) folded() *Folded {
	if v.f == nil {
		return &Folded{}
	}
	return v.f
}

// Book names the customer's book.
func (v View) Book() BookID { return v.folded().id }

// Order is what is asked for.
func (v View) Order() Order {
	o := v.order
	o.Attributes = maps.Clone(o.Attributes)
	return o
}

// Actor is who asks: the operator, or the engine where its own time has come.
func (v View) Actor() tenancy.Actor { return v.actor }

// Operation is the operation that is judged again, and false for a new one.
func (v View) Operation() (Operation, bool) {
	if v.own == nil {
		return Operation{}, false
	}
	return v.own.clone(), true
}

// Parent is the completed operation that a refund gives back of, and false for
// anything else; UpdatedAt is when it was completed.
func (v View) Parent() (Operation, bool) {
	if v.kin.parent == nil {
		return Operation{}, false
	}
	return v.kin.parent.clone(), true
}

// Status is the customer's.
func (v View) Status() customer.Status { return v.folded().customer.Status }

// Type is the customer's.
func (v View) Type() customer.Type { return v.folded().customer.Type }

// Groups are those the customer is in, ascending; see customer.SetGroups.
func (v View) Groups() []string { return slices.Clone(v.folded().customer.Groups) }

// Country is the customer's; empty when it is not known.
func (v View) Country() string { return v.folded().customer.Country }

// Account is one of the customer's own accounts.
func (v View) Account(id accounts.ID) (accounts.Account, bool) {
	if a, ok := v.folded().accounts.get(id); ok {
		return cloneAccount(a), true
	}
	return accounts.Account{}, false
}

// Accounts are all of the customer's accounts, by id.
func (v View) Accounts() []accounts.Account {
	all := make([]accounts.Account, 0, v.folded().accounts.len())
	for _, a := range v.folded().accounts.all {
		all = append(all, cloneAccount(a))
	}
	return all
}

// asset is that of an account of the customer; empty where there is none.
func (v View) asset(id accounts.ID) string {
	if a, ok := v.folded().accounts.get(id); ok {
		return a.Asset
	}
	return ""
}

func cloneAccount(a *accounts.Account) accounts.Account {
	n := *a
	n.Configured = slices.Clone(a.Configured)
	return n
}

// Enabled tells whether the customer may use the asset.
func (v View) Enabled(asset string) bool {
	enabled, _ := v.folded().currencies.get(asset)
	return enabled
}

// Open are the customer's operations that are not final, by id.
func (v View) Open() []Operation {
	all := make([]Operation, 0, v.folded().open.len())
	for _, o := range v.folded().open.all {
		all = append(all, o.clone())
	}
	return all
}

// Count is how many of the customer's operations are of the kind and in the
// state, which is not final.
func (v View) Count(kind string, s State) int {
	n := 0
	for _, o := range v.folded().open.all {
		if o.Order.Kind == kind && o.State == s {
			n++
		}
	}
	return n
}

// System is the posted balance of one of the book's system accounts.
func (v View) System(ref accounts.Ref, asset string) decimal.Decimal {
	return v.folded().systemPosted(ref, asset)
}

// Eligible tells every reason why an account cannot be debited or credited
// with the amount now; a zero amount leaves funds out. What the operation
// judged again holds on the account already counts as available to it.
func (v View) Eligible(id accounts.ID, dir accounts.Direction, amount decimal.Decimal) []Unmet {
	return v.frozen(v.eligible(id, dir, amount), id)
}

// eligible leaves freezes out.
func (v View) eligible(id accounts.ID, dir accounts.Direction, amount decimal.Decimal) []Unmet {
	f := v.folded()
	use := accounts.Use{Customer: f.customer.Status, Account: id, Direction: dir, Amount: amount}
	if a, ok := f.accounts.get(id); ok {
		use.Found, use.Asset = a, a.Asset
		use.CurrencyEnabled, _ = f.currencies.get(a.Asset)
	}
	if v.own != nil {
		use.Finish = v.finish
		use.Own, _ = f.holds.get(keyOfHold(v.own.ID, id))
	}
	return accounts.Eligible(use)
}
