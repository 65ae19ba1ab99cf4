package accounts

import (
	"strings"

	"github.com/shopspring/decimal"

	"github.com/onbehalf/onbehalf/customer"
)

// The codes of the rules that [Eligible] checks, in the order in which it
// reports them.
const (
	// CodeCustomerNotActive means that the customer's status does not allow
	// this operation.
	CodeCustomerNotActive string = "customer_not_active"
	// CodeAccountNotFound means that the customer has no such account.
	CodeAccountNotFound string = "account_not_found"
	// CodeAccountNotActive means that the account is pending, frozen or closed.
	CodeAccountNotActive string = "account_not_active"
	// CodeAccountDebitsFrozen means that the account may be credited only.
	CodeAccountDebitsFrozen string = "account_debits_frozen"
	// CodeAccountOverdrawn means that the account is below its limit and may be
	// credited only.
	CodeAccountOverdrawn string = "account_overdrawn"
	// CodeAccountNotConfigured means that details of the account are missing.
	CodeAccountNotConfigured string = "account_not_configured"
	// CodeCurrencyNotEnabled means that the customer may not use the currency.
	CodeCurrencyNotEnabled string = "currency_not_enabled"
	// CodeDirectionNotAllowed means that the account is not for this direction.
	CodeDirectionNotAllowed string = "direction_not_allowed"
	// CodeAssetMismatch means that the account holds another asset.
	CodeAssetMismatch string = "asset_mismatch"
	// CodeInsufficientAvailable means that the account cannot pay the amount.
	CodeInsufficientAvailable string = "insufficient_available"
)

// Codes lists all codes of this package, in the order of reporting.
func Codes() []string {
	return []string{
		CodeCustomerNotActive, CodeAccountNotFound, CodeAccountNotActive,
		CodeAccountDebitsFrozen, CodeAccountOverdrawn, CodeAccountNotConfigured,
		CodeCurrencyNotEnabled, CodeDirectionNotAllowed, CodeAssetMismatch,
		CodeInsufficientAvailable,
	}
}

// Use is what an operation wants of one account.
type Use struct {
	// Customer is the customer's status.
	Customer customer.Status
	// Finish says that the operation is in flight already and is only being
	// finished, which a suspended customer may do.
	Finish bool
	// Account is the id that was asked for.
	Account ID
	// Found is that account, nil when it is not one of this customer's. Somebody
	// else's account and no account at all are the same here.
	Found *Account
	// CurrencyEnabled says whether the customer may use the account's asset.
	CurrencyEnabled bool
	// Direction is the way the money goes.
	Direction Direction
	// Asset is what the operation moves; empty when any will do.
	Asset string
	// Amount is what a debit takes, fees included. Zero asks nothing about
	// funds, and credits never do.
	Amount decimal.Decimal
	// Own is the part of the account's held balance that this very operation
	// has set aside before; it counts as available to it.
	Own decimal.Decimal
}

// Eligible says whether the account may be used so. It is nil when it may, else
// it holds every rule that is not met, in the order of [Codes]; when there is no
// such account, only that and the customer's status are told.
//
// An amount or own hold that is negative or does not pass [Fits] is never
// covered. Eligible does not allocate when it returns nil and no figure has
// more than 18 digits.
func Eligible(u Use) []Unmet {
	var unmet []Unmet
	if allowed := u.Customer.TakesNew() || u.Finish && u.Customer.MayFinish(); !allowed {
		unmet = append(unmet, Unmet{
			Code: CodeCustomerNotActive, Subject: "customer",
			Figures: []Figure{{Name: "status", Value: string(u.Customer)}},
			Remedy:  "Make the customer active.",
		})
	}
	if u.Found == nil {
		return append(unmet, u.unmet(CodeAccountNotFound, "Choose one of this customer's accounts."))
	}
	unmet = u.checkStatus(unmet)
	if missing := u.Found.Missing(); missing != nil {
		unmet = append(unmet, u.unmet(CodeAccountNotConfigured,
			"Set bank, branch and number or a Pix key, for crypto network and address.",
			Figure{Name: "missing", Value: missingText(u.Found.Kind, missing)}))
	}
	if !u.CurrencyEnabled {
		unmet = append(unmet, u.unmet(CodeCurrencyNotEnabled,
			"Enable the currency for the customer.",
			Figure{Name: "currency", Value: u.Found.Asset}))
	}
	if !u.Found.Directions.Allow(u.Direction) {
		unmet = append(unmet, u.unmet(CodeDirectionNotAllowed,
			"Choose an account that may be used in this direction.",
			Figure{Name: "asked", Value: string(u.Direction)},
			Figure{Name: "allowed", Value: string(u.Found.Directions)}))
	}
	if u.Asset != "" && u.Asset != u.Found.Asset {
		unmet = append(unmet, u.unmet(CodeAssetMismatch,
			"Choose an account of this asset.",
			Figure{Name: "asked", Value: u.Asset},
			Figure{Name: "asset", Value: u.Found.Asset}))
	}
	return u.checkFunds(unmet)
}

func (u Use) checkStatus(unmet []Unmet) []Unmet {
	status := u.Found.Status()
	switch {
	case status == Active, u.Direction == Credit && (status == DebitFrozen || status == Overdrawn):
		return unmet
	case status == DebitFrozen:
		return append(unmet, u.unmet(CodeAccountDebitsFrozen,
			"Lift the freeze on debits, or choose another account."))
	case status == Overdrawn:
		return append(unmet, u.unmet(CodeAccountOverdrawn,
			"Bring the account back within its limit by a deposit.",
			Figure{Name: "available", Value: Canonical(u.Found.Available())}))
	default:
		return append(unmet, u.unmet(CodeAccountNotActive,
			"Make the account active, or choose another.",
			Figure{Name: "status", Value: string(status)}))
	}
}

func (u Use) checkFunds(unmet []Unmet) []Unmet {
	if u.Amount.IsZero() || u.Direction == Credit {
		return unmet
	}
	if u.Amount.IsNegative() || u.Own.IsNegative() || !Fits(u.Amount) || !Fits(u.Own) {
		return append(unmet, u.unmet(CodeInsufficientAvailable,
			"Ask for an amount above zero that can be stored.",
			Figure{Name: "asked", Value: Canonical(u.Amount)}))
	}
	if !u.Found.falls(u.Own, u.Amount) {
		return unmet
	}
	available := u.Found.Available().Add(u.Own)
	return append(unmet, u.unmet(CodeInsufficientAvailable,
		"Deposit what is short, lower the amount, or raise the debt limit.",
		Figure{Name: "available", Value: Canonical(available)},
		Figure{Name: "asked", Value: Canonical(u.Amount)},
		Figure{Name: "short", Value: Canonical(u.Amount.Sub(available))}))
}

func (u Use) unmet(code, remedy string, figures ...Figure) Unmet {
	return Unmet{Code: code, Subject: "account:" + string(u.Account), Figures: figures, Remedy: remedy}
}

// missingText is the list of missing details; for fiat it also tells that a Pix
// key would do instead of all of them.
func missingText(kind Kind, missing []string) string {
	text := strings.Join(missing, ",")
	if kind == Fiat {
		text += "|" + fieldPixKey
	}
	return text
}
