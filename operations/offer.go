package operations

import (
	"maps"
	"slices"

	"github.com/onbehalf/onbehalf/accounts"
	"github.com/onbehalf/onbehalf/tenancy"
)

// Offer is what an engine was made to deal in, for lists people choose from.
type Offer struct {
	Assets    []accounts.Asset // by code
	Kinds     []string         // of operations that can be asked for, by name
	Providers []string         // that an order may name in Via, by name
}

// Offer tells what the engine deals in. It does not change, and the caller owns
// it. Whether a customer may use any of it is told by Explain.
func (e *Engine) Offer() Offer {
	return Offer{
		Assets:    e.rules.assets.All(),
		Kinds:     slices.Sorted(maps.Keys(e.rules.kinds)),
		Providers: slices.Sorted(maps.Keys(e.rules.providers)),
	}
}

// Codes lists the codes of everything this package, accounts and tenancy find
// unmet, sorted, each once. A firm's own kinds and rules may have others.
func Codes() []string {
	all := slices.Concat(tenancy.Codes(), accounts.Codes(), []string{
		CodeProviderUnknown, CodeKindUnknown, CodeBookFull, CodeAmountRange, CodeStateForbids, CodeTermsExpired,
		CodeStatusForbids, CodeBalanceNotZero, CodeOperationsOpen, CodeAccountsOpen, CodeOwnGrant, CodeGrantExceeds,
		CodeOperatorUnknown, CodeOperatorExists, CodeGrantUnknown, CodeHouseOnly, CodeLastAdmin, CodeIncidentUnknown,
		CodeLimitBelowUse, CodeHouseUnchanging, CodeCustomerFrozen, CodeAccountFrozen, CodeOwnOperation, CodeOwnFinding,
		CodeAlreadyApproved, CodeNotApproved, CodeApprovalExpired, CodeLookAlike, CodeFeeExceeds, CodeFeeAccount,
		CodeLimitMinimum, CodeLimitOperation, CodeLimitDay, CodeLimitRolling, CodeLimitMonth, CodeNotRefundable,
		CodeParentReversed, CodeRefundExceeds, CodeFeesReturned, CodeRefundsFull, CodeAmountBelow, CodeAmountAbove,
		CodeFieldFixed, CodeStopped, CodeSettingUnknown,
	})
	slices.Sort(all)
	return slices.Compact(all)
}
