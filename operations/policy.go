package operations

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/shopspring/decimal"

	"github.com/onbehalf/onbehalf/accounts"
	"github.com/onbehalf/onbehalf/customer"
	"github.com/onbehalf/onbehalf/tenancy"
)

// Match says which operations a fee, a limit or an approval is for. Zero fields
// do not restrict; the zero Match is for every operation, but for refunds and
// adjustments where fees and limits are concerned: those must be named.
type Match struct {
	Kinds     []string           // empty: see above
	Assets    []string           // one of them at least is moved: asked for, or the other side of a trade
	Direction accounts.Direction // what becomes of the asset: Debit when it leaves the customer, Credit when it comes; a transfer does both
	Customers []tenancy.CustomerID
	Groups    []string // customers who are in one of them at least
	Types     []customer.Type
	From      decimal.Decimal // amounts of this and more, of one of Assets; of the asset asked for, or a limit's own, where there are none

	// When is any further condition, pure as a Rule is.
	When func(v View, t Terms) bool
}

// problems are what in the match can never be met here, or is malformed.
func (m *Match) problems(r *rulebook, field string) error {
	var errs []error
	wrong := func(is bool, name, why string) {
		if is {
			errs = append(errs, tenancy.Invalid(field+".Match."+name, why))
		}
	}
	for _, k := range m.Kinds {
		wrong(r.kinds[k] == nil, "Kinds", fmt.Sprintf("has %q, which is not a kind of operation here", k))
	}
	for _, a := range m.Assets {
		_, ok := r.assets.Lookup(a)
		wrong(!ok, "Assets", fmt.Sprintf("has %q, which is not an asset here", a))
	}
	for _, c := range m.Customers {
		wrong(tenancy.CheckID("customer", string(c)) != nil, "Customers", fmt.Sprintf("has %q, which cannot be one", c))
	}
	for _, g := range m.Groups {
		wrong(tenancy.CheckID("group", g) != nil, "Groups", fmt.Sprintf("has %q, which cannot be one", g))
	}
	for _, t := range m.Types {
		_, err := customer.ParseType(string(t))
		wrong(err != nil, "Types", fmt.Sprintf("has %q, which is not a type of customer", t))
	}
	wrong(!slices.Contains([]accounts.Direction{"", accounts.Debit, accounts.Credit}, m.Direction), "Direction", "is not debit, credit or empty for both")
	wrong(m.From.IsNegative() || !accounts.Fits(m.From), "From", "is no amount")
	return errors.Join(errs...)
}

// matched checks the matches of all fees, limits and approvals.
func (r *rulebook) matched() error {
	var errs []error
	for i := range r.fees {
		errs = append(errs, r.fees[i].Match.problems(r, fmt.Sprintf("Fees[%d]", i)))
	}
	for i := range r.limits {
		field := fmt.Sprintf("Limits[%d]", i)
		errs = append(errs, r.limits[i].Match.problems(r, field))
		if _, ok := r.assets.Lookup(r.limits[i].Asset); !ok && r.limits[i].Asset != "" {
			errs = append(errs, tenancy.Invalid(field+".Asset", fmt.Sprintf("is %q, which is not an asset here", r.limits[i].Asset)))
		}
	}
	for i := range r.approvals {
		errs = append(errs, r.approvals[i].Match.problems(r, fmt.Sprintf("Approvals[%d]", i)))
	}
	return errors.Join(errs...)
}

// covers tells whether the policy is for the order of the view, in which
// asset, and how much of that it moves: the one that is asked for if that fits,
// or the first of its own that the order moves. A limit asks for its asset,
// others for that of the amount.
func (m *Match) covers(v *View, t *Terms, asset string) (string, decimal.Decimal, bool) {
	amount := v.moves(t, asset, m.Direction)
	if len(m.Assets) == 0 && !m.reached(amount) { // what is moved is the cheapest to ask
		return "", amount, false
	}
	switch {
	case len(m.Kinds) > 0 && !slices.Contains(m.Kinds, v.order.Kind),
		len(m.Customers) > 0 && !slices.Contains(m.Customers, v.Book().Customer),
		len(m.Groups) > 0 && !slices.ContainsFunc(v.folded().customer.Groups, func(g string) bool { return slices.Contains(m.Groups, g) }),
		len(m.Types) > 0 && !slices.Contains(m.Types, v.Type()):
		return "", amount, false
	}
	if len(m.Assets) > 0 && !slices.Contains(m.Assets, asset) || !m.reached(amount) {
		i := slices.IndexFunc(m.Assets, func(a string) bool { return a != asset && m.reached(v.moves(t, a, m.Direction)) })
		if i < 0 {
			return "", amount, false
		}
		asset = m.Assets[i]
		amount = v.moves(t, asset, m.Direction)
	}
	return asset, amount, m.When == nil || m.When(*v, t.clone())
}

// reached tells whether so much of an asset is enough.
func (m *Match) reached(amount decimal.Decimal) bool {
	return amount.IsPositive() && (!m.From.IsPositive() || !accounts.Less(amount, m.From))
}

// binds is covers for a fee or a limit: one that names no kinds is for what
// customers ask for, not for what the firm gives back or puts right.
func (m *Match) binds(v *View, t *Terms, asset string) (string, decimal.Decimal, bool) {
	if len(m.Kinds) == 0 && (v.order.Kind == KindAdjustment || v.order.Kind == KindRefund) {
		return "", decimal.Decimal{}, false
	}
	return m.covers(v, t, asset)
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
