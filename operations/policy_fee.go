package operations

import (
	"github.com/shopspring/decimal"

	"github.com/onbehalf/onbehalf/accounts"
)

// FeeRule is one charge to the customer.
type FeeRule struct {
	Name     string // recorded with each charge: 1 to 64 bytes, see tenancy.CheckID
	Match    Match
	Tier                     // the one rate, where there are no Tiers
	Tiers    []Tier          // by the amount asked for, ascending by UpTo; the last may be without
	Min, Max decimal.Decimal // of the charge; zero does not bind

	// Inside takes the fee from the amount; otherwise it comes on top.
	Inside bool
	// Payer names another account of the customer that pays, of the same asset;
	// nil: the operation's own. It is pure as a Rule is.
	Payer func(v View, t Terms) accounts.ID
	// Rounding of a charge by basis points to the asset's scale.
	Rounding accounts.Rounding
}

// Tier is what is charged up to an amount.
type Tier struct {
	UpTo  decimal.Decimal // inclusive; zero: whatever the amount
	Fixed decimal.Decimal
	BPS   decimal.Decimal // hundredths of a percent of the amount asked for
}

// FeeLine is one charge, as it stands in terms before agreement and in the
// postings after.
type FeeLine struct {
	Fee      string            `json:"fee"` // its name
	Account  accounts.ID       `json:"account"`
	Asset    string            `json:"asset"`
	Amount   accounts.Amount   `json:"amount"`
	Inside   bool              `json:"inside,omitempty"`
	Rounding accounts.Rounding `json:"rounding,omitempty"` // where it was rounded
}

func checkFees([]FeeRule) error { return nil }

// charge adds the fees to the terms of a kind.
func (r *rulebook) charge(View, *Terms) []Unmet { return nil }

// carried is what the provider is to carry.
func (o *Operation) carried() accounts.Amount {
	if o.Terms.Carried != nil {
		return *o.Terms.Carried
	}
	return o.Order.Amount
}
