package operations

import (
	"slices"
	"time"

	"github.com/onbehalf/onbehalf/accounts"
	"github.com/onbehalf/onbehalf/customer"
	"github.com/onbehalf/onbehalf/tenancy"
)

// Effects are what one entry does to its book: a small closed set that fold
// understands without knowing kinds, rules or prices, so that a journal stays
// verifiable when those change. They apply in the order of the fields.
type Effects struct {
	Customer   *CustomerEffect    `json:"customer,omitempty"`
	Personal   []PersonalEffect   `json:"personal,omitempty"`
	Erased     []string           `json:"erased,omitempty"` // subjects whose personal data were erased
	Operators  []tenancy.Operator `json:"operators,omitempty"`
	Grants     []tenancy.Grant    `json:"grants,omitempty"`
	Revoked    []tenancy.GrantID  `json:"revoked,omitempty"`
	Currencies []CurrencyEffect   `json:"currencies,omitempty"`
	Accounts   []AccountEffect    `json:"accounts,omitempty"`
	Freezes    []FreezeEffect     `json:"freezes,omitempty"`
	Settings   []Setting          `json:"settings,omitempty"`
	Releases   []ReleaseEffect    `json:"releases,omitempty"`
	Holds      []HoldEffect       `json:"holds,omitempty"`
	Postings   []accounts.Posting `json:"postings,omitempty"`
	Counts     []CountEffect      `json:"counts,omitempty"`
	Operations []Operation        `json:"operations,omitempty"`
	Incidents  []Incident         `json:"incidents,omitempty"`
	Closed     []IncidentID       `json:"closed,omitempty"`
}

// CustomerEffect sets what the book says of its customer.
type CustomerEffect struct {
	Type    customer.Type    `json:"type"`
	Status  customer.Status  `json:"status"`
	Country string           `json:"country,omitempty"`
	Person  tenancy.PersonID `json:"person,omitempty"`
	Groups  []string         `json:"groups,omitempty"` // ascending
}

// PersonalEffect says that personal data of this digest stand beside the
// journal under the subject: "customer" or "account:<id>". The digest is
// SHA-256 over salt and value, so an erased value cannot be guessed from it.
type PersonalEffect struct {
	Subject string `json:"subject"`
	Digest  Hash   `json:"digest"`
}

// CurrencyEffect enables or disables an asset for the customer.
type CurrencyEffect struct {
	Asset   string `json:"asset"`
	Enabled bool   `json:"enabled"`
}

// AccountEffect opens an account or changes its set-up; it never touches a balance.
type AccountEffect struct {
	ID         accounts.ID         `json:"id"`
	Asset      string              `json:"asset"`
	Kind       accounts.Kind       `json:"kind"`
	Scale      int32               `json:"scale"`
	Status     accounts.Status     `json:"status"`
	Directions accounts.Directions `json:"directions,omitempty"`
	DebtLimit  accounts.Amount     `json:"debt_limit"`
	Configured []string            `json:"configured,omitempty"`
}

// HoldEffect sets aside an amount of an account for an operation. An operation
// has at most one hold on an account.
type HoldEffect struct {
	Operation OperationID     `json:"operation"`
	Account   accounts.ID     `json:"account"`
	Amount    accounts.Amount `json:"amount"`
}

// ReleaseEffect ends the hold of an operation on an account: captured, when
// the money goes where it was held for, or given back.
type ReleaseEffect struct {
	Operation OperationID     `json:"operation"`
	Account   accounts.ID     `json:"account"`
	Amount    accounts.Amount `json:"amount"`
	Captured  bool            `json:"captured,omitempty"`
	Rest      accounts.Amount `json:"rest,omitzero"` // of what was captured, how much is given back: only a part happened
}

// Incident is something a person must look at: an answer that contradicts a
// final state, an account below its limit by a fact from outside.
type Incident struct {
	ID        IncidentID  `json:"id"`
	Code      string      `json:"code"`
	Operation OperationID `json:"operation,omitempty"`
	Opened    int64       `json:"opened"` // seq of the entry that opened it
	At        time.Time   `json:"at"`
	Figures   []Figure    `json:"figures,omitempty"`
}

// clone shares nothing with the incident.
func (i *Incident) clone() Incident {
	n := *i
	n.Figures = slices.Clone(i.Figures)
	return n
}

// empty tells whether an entry with these effects changes nothing.
func (e *Effects) empty() bool {
	return e.Customer == nil && len(e.Personal) == 0 && len(e.Erased) == 0 && len(e.Operators) == 0 && len(e.Grants) == 0 &&
		len(e.Revoked) == 0 && len(e.Currencies) == 0 && len(e.Accounts) == 0 && len(e.Releases) == 0 && len(e.Holds) == 0 &&
		len(e.Postings) == 0 && len(e.Operations) == 0 && len(e.Incidents) == 0 && len(e.Closed) == 0 &&
		len(e.Counts) == 0 && len(e.Freezes) == 0 && len(e.Settings) == 0
}
