package accounts

import (
	"errors"

	"github.com/onbehalf/onbehalf/tenancy"
)

// Hold is money set aside on one account for one operation, so that nothing
// else can spend it. It is above zero and ends by capture or release.
type Hold struct {
	// Operation is the id of the operation.
	Operation string `json:"operation"`
	// Account is the account the money is on.
	Account ID `json:"account"`
	// Amount is what is still set aside, in the account's asset.
	Amount Amount `json:"amount"`
}

// Validate checks the ids and that the amount is above zero and fits. All
// problems are reported together; each matches tenancy.ErrInvalid.
func (h Hold) Validate() error {
	return errors.Join(
		tenancy.CheckID("operation", h.Operation),
		h.Account.Validate(),
		CheckAmount("amount", h.Amount.Decimal, MaxScale),
	)
}
