package accounts

import (
	"slices"
	"time"

	"github.com/shopspring/decimal"

	"github.com/onbehalf/onbehalf/tenancy"
)

// Unmet is one rule that is not met; see [Eligible].
type Unmet = tenancy.Unmet

// Figure is one figure of an [Unmet] rule.
type Figure = tenancy.Figure

// ID names an account within the book of one customer. It passes
// tenancy.CheckID, so it never contains a colon, and it is never "suspense".
type ID string

// Validate checks the form of an id. The error matches tenancy.ErrInvalid and
// names the field "account".
func (id ID) Validate() error {
	if id == ID(Suspense) {
		return tenancy.Invalid("account", "is the name of a system account")
	}
	return tenancy.CheckID("account", string(id))
}

// Kind is the kind of asset an account holds: an account at a bank for fiat, an
// address on a network for crypto.
type Kind = AssetKind

// Account is an account of a customer as its book sees it. Nothing in it is
// personal: of the [Details] it tells only which are there.
type Account struct {
	ID ID `json:"id"`
	// Asset, Kind and Scale are those of the asset when the account was opened.
	Asset string `json:"asset"`
	Kind  Kind   `json:"kind"`
	Scale int32  `json:"scale"`
	// Stored is the status that was set; see [Account.Status] for the one that
	// applies.
	Stored Status `json:"status"`
	// Directions restricts the use of the account; empty means both.
	Directions Directions `json:"directions,omitempty"`
	// DebtLimit is how far the customer may go into debt, zero or above.
	DebtLimit Amount `json:"debt_limit"`
	// Configured names the details that are set, in the order in which
	// [Details.Configured] lists them.
	Configured []string `json:"configured,omitempty"`
	// Posted is the sum of the account's postings.
	Posted Amount `json:"posted"`
	// Held is the sum of its open holds, zero or above.
	Held Amount `json:"held"`
	// Opened is when the account was opened, in UTC.
	Opened time.Time `json:"opened"`
}

// Available is what the account can still pay: posted - held + limit. It is
// below zero only after a fact from outside took the account there.
func (a Account) Available() decimal.Decimal {
	return available(a.Posted.Decimal, a.Held.Decimal, a.DebtLimit.Decimal)
}

// Status is the status that applies: [Overdrawn] for an active account whose
// available balance is below zero, else the stored one. It does not allocate
// unless a balance has more than 18 digits.
func (a Account) Status() Status {
	if a.Stored == Active && a.falls(decimal.Decimal{}, decimal.Decimal{}) {
		return Overdrawn
	}
	return a.Stored
}

// Missing names the details that the account still needs before it can be used,
// nil when it has them: network and address for crypto; bank, branch and number
// for fiat, for which a Pix key alone does as well.
func (a Account) Missing() []string {
	switch {
	case a.Kind == Crypto:
		return a.without(fieldNetwork, fieldAddress)
	case slices.Contains(a.Configured, fieldPixKey):
		return nil
	default:
		return a.without(fieldBank, fieldBranch, fieldNumber)
	}
}

func (a Account) without(needed ...string) []string {
	var missing []string
	for _, name := range needed {
		if !slices.Contains(a.Configured, name) {
			missing = append(missing, name)
		}
	}
	return missing
}

// falls says whether available + own - amount is below zero.
func (a Account) falls(own, amount decimal.Decimal) bool {
	posted, ok1 := widen(a.Posted.Decimal)
	held, ok2 := widen(a.Held.Decimal)
	limit, ok3 := widen(a.DebtLimit.Decimal)
	extra, ok4 := widen(own)
	asked, ok5 := widen(amount)
	if ok1 && ok2 && ok3 && ok4 && ok5 {
		return posted.minus(held).plus(limit).plus(extra).minus(asked).negative()
	}
	return a.Available().Add(own).LessThan(amount)
}

// available computes with machine integers when the three figures, brought to
// the same exponent, have at most maxSmall digits each.
func available(posted, held, limit decimal.Decimal) decimal.Decimal {
	e := min(posted.Exponent(), held.Exponent(), limit.Exponent())
	p, ok1 := raise(posted, e)
	h, ok2 := raise(held, e)
	l, ok3 := raise(limit, e)
	if ok1 && ok2 && ok3 {
		return decimal.New(p-h+l, e)
	}
	return posted.Sub(held).Add(limit)
}

// raise gives the coefficient of d at the exponent e, which is not above its
// own, when that has at most maxSmall digits.
func raise(d decimal.Decimal, e int32) (int64, bool) {
	c, ok := small(d)
	if c == 0 || !ok {
		return 0, ok
	}
	shift := int64(d.Exponent()) - int64(e)
	if shift == 0 {
		return c, true
	}
	if shift > maxSmall || d.NumDigits()+int(shift) > maxSmall {
		return 0, false
	}
	return c * int64(pow10[shift]), true //nolint:gosec // at most 10^18
}
