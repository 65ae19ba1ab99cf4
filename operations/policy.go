package operations

import (
	"slices"
	"time"

	"github.com/shopspring/decimal"

	"github.com/onbehalf/onbehalf/accounts"
	"github.com/onbehalf/onbehalf/customer"
	"github.com/onbehalf/onbehalf/tenancy"
)

// Match says which operations a fee or a limit is for. Zero fields
// do not restrict; the zero Match is for every operation.
type Match struct {
	Kinds     []string
	Assets    []string           // of the amount asked for
	Direction accounts.Direction // what becomes of the customer's money: Debit when it leaves, Credit when it comes; a transfer does both
	Customers []tenancy.CustomerID
	Types     []customer.Type
	From      decimal.Decimal // amounts of this and more

	// When is any further condition, pure as a Rule is.
	When func(v View, t Terms) bool
}

// covers tells whether the policy is for the order of the view.
func (m *Match) covers(v *View, t *Terms) bool {
	in := func(names []string, name string) bool { return len(names) == 0 || slices.Contains(names, name) }
	switch {
	case !in(m.Kinds, v.order.Kind), !in(m.Assets, t.Asset),
		len(m.Customers) > 0 && !slices.Contains(m.Customers, v.Book().Customer),
		len(m.Types) > 0 && !slices.Contains(m.Types, v.Type()),
		m.From.IsPositive() && accounts.Less(v.order.Amount.Decimal, m.From),
		m.Direction == accounts.Debit && v.order.From == "",
		m.Direction == accounts.Credit && v.order.To == "":
		return false
	}
	return m.When == nil || m.When(*v, t.clone())
}

// zoneOf is where the days of a tenant begin.
func (r *rulebook) zoneOf(tenant tenancy.TenantID) *time.Location {
	if z := r.zones[tenant]; z != nil {
		return z
	}
	if r.zone != nil {
		return r.zone
	}
	return time.UTC
}
