package accounts

import (
	"errors"

	"github.com/onbehalf/onbehalf/tenancy"
)

// The names of the details, as JSON and [Details.Configured] have them.
const (
	fieldBank    = "bank"
	fieldBranch  = "branch"
	fieldNumber  = "number"
	fieldPixKey  = "pix_key"
	fieldNetwork = "network"
	fieldAddress = "address"
)

// The greatest lengths of texts about an account, in bytes.
const (
	maxName    = 120
	maxBank    = 64
	maxBranch  = 32
	maxNumber  = 64
	maxPixKey  = 77 // the limit the Pix key directory (DICT) of Banco Central do Brasil sets for the longest kind, an e-mail address
	maxNetwork = 64
	maxAddress = 128
)

// Details are where the money of an account is: at a bank or under a Pix key
// for fiat, at an address on a network for crypto. They are personal data: they
// are stored beside the journal, where they can be erased, and never in it.
// Every field may be empty; an account is usable once [Account.Missing] is.
type Details struct {
	Bank    string `json:"bank,omitempty"`
	Branch  string `json:"branch,omitempty"`
	Number  string `json:"number,omitempty"`
	PixKey  string `json:"pix_key,omitempty"`
	Network string `json:"network,omitempty"`
	Address string `json:"address,omitempty"`
}

// detail is one field of Details with what applies to it.
type detail struct {
	name, value string
	kind        Kind
	limit       int
}

func (d Details) list() [6]detail {
	return [6]detail{
		{fieldBank, d.Bank, Fiat, maxBank},
		{fieldBranch, d.Branch, Fiat, maxBranch},
		{fieldNumber, d.Number, Fiat, maxNumber},
		{fieldPixKey, d.PixKey, Fiat, maxPixKey},
		{fieldNetwork, d.Network, Crypto, maxNetwork},
		{fieldAddress, d.Address, Crypto, maxAddress},
	}
}

// Validate checks the details of an account of this kind: the fields of the
// other kind are empty, and every text is one that may enter a record and is
// not too long. All problems are reported together; each matches
// tenancy.ErrInvalid and names its field.
func (d Details) Validate(kind Kind) error {
	problems := []error{d.checkText()}
	if kind != Fiat && kind != Crypto {
		problems = append(problems, tenancy.Invalid("kind", "must be fiat or crypto"))
		return errors.Join(problems...)
	}
	for _, f := range d.list() {
		if f.value != "" && f.kind != kind {
			problems = append(problems, tenancy.Invalid(f.name, "is not for "+string(kind)+" accounts"))
		}
	}
	return errors.Join(problems...)
}

// Configured names the fields that are set, always in the order bank, branch,
// number, pix_key, network, address; nil when none is.
func (d Details) Configured() []string {
	var names []string
	for _, f := range d.list() {
		if f.value != "" {
			names = append(names, f.name)
		}
	}
	return names
}

func (d Details) checkText() error {
	var problems []error
	for _, f := range d.list() {
		problems = append(problems, tenancy.CheckText(f.name, f.value, f.limit))
	}
	return errors.Join(problems...)
}
