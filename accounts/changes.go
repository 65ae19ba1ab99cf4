package accounts

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/shopspring/decimal"

	"github.com/onbehalf/onbehalf/tenancy"
)

// The changes below are given to the engine's Manage. Validate checks what can
// be known from the change alone, ValidateFor also what depends on the asset of
// the account; both report all problems together, each matching
// tenancy.ErrInvalid and naming its field.

// Open opens an account and enables its currency for the customer.
type Open struct {
	// Name is what people call the account, at most 120 bytes; it may be empty.
	Name string `json:"name"`
	// Currency is the code of the asset, fiat or crypto.
	Currency string `json:"currency"`
	// Details may be given or completed later by [Edit].
	Details `json:"details,omitzero"`
	// DebtLimit is the debt limit, zero or above.
	DebtLimit decimal.Decimal `json:"debt_limit"`
	// Directions restricts the use of the account; empty means both.
	Directions Directions `json:"directions,omitempty"`
	// Pending opens the account in status pending instead of active.
	Pending bool `json:"pending,omitempty"`
}

// Change names the action: account.open.
func (Open) Change() string { return "account.open" }

// Validate checks the form of every field.
func (o Open) Validate() error {
	return errors.Join(
		checkName(o.Name),
		checkCode("currency", o.Currency),
		o.checkText(),
		checkLimit(o.DebtLimit, MaxScale),
		checkDirections(o.Directions),
	)
}

// ValidateFor checks the opening of an account of this asset, which must be the
// one that Currency names.
func (o Open) ValidateFor(asset Asset) error {
	problems := []error{
		checkName(o.Name),
		o.Details.Validate(asset.Kind),
		checkLimit(o.DebtLimit, asset.Scale),
		checkDirections(o.Directions),
	}
	if o.Currency != asset.Code {
		problems = append(problems, tenancy.Invalid("currency", "is not the asset of the account"))
	}
	return errors.Join(problems...)
}

// MarshalJSON writes the limit as canonical text.
func (o Open) MarshalJSON() ([]byte, error) {
	type plain Open
	text, err := json.Marshal(struct {
		plain
		Limit Amount `json:"debt_limit"`
	}{plain(o), Exact(o.DebtLimit)})
	if err != nil {
		return nil, fmt.Errorf("write account.open: %w", err)
	}
	return text, nil
}

// UnmarshalJSON reads the limit as [Amount] does and refuses unknown fields.
func (o *Open) UnmarshalJSON(text []byte) error {
	type plain Open
	var read struct {
		plain
		Limit Amount `json:"debt_limit"`
	}
	if err := readStrictly(text, &read); err != nil {
		return fmt.Errorf("read account.open: %w", err)
	}
	*o = Open(read.plain)
	o.DebtLimit = read.Limit.Decimal
	return nil
}

// SetStatus changes the stored status of an account, along [Status.Next].
type SetStatus struct {
	Account ID     `json:"account"`
	Status  Status `json:"status"`
}

// Change names the action: account.status.
func (SetStatus) Change() string { return "account.status" }

// Validate checks the account's id and that the status is one that can be set.
func (s SetStatus) Validate() error {
	var status error
	if !s.Status.Stored() || s.Status == Pending {
		status = tenancy.Invalid("status", "must be one of active, debit_frozen, frozen, closed")
	}
	return errors.Join(s.Account.Validate(), status)
}

// SetLimit changes the debt limit of an account.
type SetLimit struct {
	Account ID              `json:"account"`
	Limit   decimal.Decimal `json:"debt_limit"`
}

// Change names the action: account.limit.
func (SetLimit) Change() string { return "account.limit" }

// Validate checks the account's id and that the limit is zero or above.
func (s SetLimit) Validate() error {
	return errors.Join(s.Account.Validate(), checkLimit(s.Limit, MaxScale))
}

// ValidateFor checks the limit against the scale of the account's asset too.
func (s SetLimit) ValidateFor(asset Asset) error {
	return errors.Join(s.Account.Validate(), checkLimit(s.Limit, asset.Scale))
}

type setLimit struct {
	Account ID     `json:"account"`
	Limit   Amount `json:"debt_limit"`
}

// MarshalJSON writes the limit as canonical text.
func (s SetLimit) MarshalJSON() ([]byte, error) {
	text, err := json.Marshal(setLimit{s.Account, Exact(s.Limit)})
	if err != nil {
		return nil, fmt.Errorf("write account.limit: %w", err)
	}
	return text, nil
}

// UnmarshalJSON reads the limit as [Amount] does and refuses unknown fields.
func (s *SetLimit) UnmarshalJSON(text []byte) error {
	var read setLimit
	if err := readStrictly(text, &read); err != nil {
		return fmt.Errorf("read account.limit: %w", err)
	}
	*s = SetLimit{Account: read.Account, Limit: read.Limit.Decimal}
	return nil
}

// Edit replaces the name and all details of an account: a field that is empty
// here is empty afterwards.
type Edit struct {
	Account ID      `json:"account"`
	Name    string  `json:"name"`
	Details Details `json:"details,omitzero"`
}

// Change names the action: account.edit.
func (Edit) Change() string { return "account.edit" }

// Validate checks the form of every field.
func (e Edit) Validate() error {
	return errors.Join(e.Account.Validate(), checkName(e.Name), e.Details.checkText())
}

// ValidateFor checks the details against the kind of the account's asset too.
func (e Edit) ValidateFor(asset Asset) error {
	return errors.Join(e.Account.Validate(), checkName(e.Name), e.Details.Validate(asset.Kind))
}

// SetCurrency enables a currency for the customer or disables it. Accounts of a
// disabled currency keep their balances and take part in nothing new.
type SetCurrency struct {
	Currency string `json:"currency"`
	Enabled  bool   `json:"enabled"`
}

// Change names the action: currency.set.
func (SetCurrency) Change() string { return "currency.set" }

// Validate checks the form of the code.
func (s SetCurrency) Validate() error { return checkCode("currency", s.Currency) }

// readStrictly refuses unknown fields whatever the decoder around it does: that
// setting does not reach into an UnmarshalJSON.
func readStrictly(text []byte, into any) error {
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.DisallowUnknownFields()
	return decoder.Decode(into) //nolint:wrapcheck // both callers wrap it
}

func checkName(name string) error { return tenancy.CheckText("name", name, maxName) }

func checkLimit(limit decimal.Decimal, scale int32) error {
	if limit.IsNegative() {
		return tenancy.Invalid("limit", "must not be below zero")
	}
	return CheckSigned("limit", limit, scale)
}

func checkDirections(d Directions) error {
	_, err := ParseDirections(string(d))
	return err
}
