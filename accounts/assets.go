package accounts

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/onbehalf/onbehalf/tenancy"
)

//go:generate go run ./internal/isogen iso4217.csv iso4217_table.go

// AssetKind says what sort of money an asset is. The set is closed; the zero
// value is not a kind.
type AssetKind string

const (
	// Fiat is a currency of ISO 4217; its accounts are held at banks.
	Fiat AssetKind = "fiat"
	// Crypto is a unit on a blockchain network; its accounts are addresses there.
	Crypto AssetKind = "crypto"
)

// AssetKinds lists all kinds.
func AssetKinds() []AssetKind { return []AssetKind{Fiat, Crypto} }

// ParseAssetKind reads a kind from its exact text.
func ParseAssetKind(text string) (AssetKind, error) {
	return parseOneOf("kind", text, AssetKinds())
}

// Asset is what an amount can be an amount of.
type Asset struct {
	// Code names the asset and is unique: BRL, or BTC. 2 to 16 bytes of A-Z,
	// 0-9 and -, with a letter or digit at both ends.
	Code string `json:"code"`
	// Kind is Fiat for the currencies of ISO 4217, else Crypto.
	Kind AssetKind `json:"kind"`
	// Scale is the number of digits after the point: 2 for BRL, 0 for JPY.
	Scale int32 `json:"scale"`
	// Network is where a crypto asset lives; empty for fiat.
	Network string `json:"network,omitempty"`
	// Name is for people and may be empty.
	Name string `json:"name,omitempty"`
}

// Assets is an immutable set of assets: all fiat currencies and the crypto
// assets a firm deals in. The zero value holds the fiat currencies alone.
//
// The fiat currencies are the entries of list one of ISO 4217 that have a minor
// unit, as in force in 2026 (amendment 180). Codes without one, such as XAU,
// XDR and XXX, are not money that can be counted here. An account keeps the
// scale it was opened with, so a currency that is withdrawn later stays
// readable.
type Assets struct {
	crypto []Asset // sorted by code
}

// NewAssets gives the fiat currencies and these crypto assets. The Kind of a
// crypto asset may be left empty. Its network is required, its scale is 0 to
// [MaxScale], and its code must be neither that of a fiat currency nor used
// twice. All problems are reported together; each matches tenancy.ErrInvalid.
func NewAssets(crypto ...Asset) (Assets, error) {
	var problems []error
	sorted := slices.Clone(crypto)
	for i := range sorted {
		field := fmt.Sprintf("crypto[%d]", i)
		if sorted[i].Kind == "" {
			sorted[i].Kind = Crypto
		}
		problems = append(problems, checkCrypto(field, sorted[i]))
		for j := range i {
			if sorted[j].Code == sorted[i].Code {
				problems = append(problems, tenancy.Invalid(field+".code", fmt.Sprintf("is that of crypto[%d] too", j)))
				break
			}
		}
	}
	if err := errors.Join(problems...); err != nil {
		return Assets{}, err
	}
	slices.SortFunc(sorted, byCode)
	return Assets{crypto: sorted}, nil
}

// Lookup finds the asset with exactly this code. It does not allocate.
func (a Assets) Lookup(code string) (Asset, bool) {
	if i, ok := find(iso4217[:], code); ok {
		return iso4217[i], true
	}
	if i, ok := find(a.crypto, code); ok {
		return a.crypto[i], true
	}
	return Asset{}, false
}

// All lists the assets, sorted by code. The caller owns the slice.
func (a Assets) All() []Asset {
	all := slices.Concat(iso4217[:], a.crypto)
	slices.SortFunc(all, byCode)
	return all
}

func checkCrypto(field string, a Asset) error {
	var problems []error
	problems = append(problems, checkCode(field+".code", a.Code))
	if _, fiat := find(iso4217[:], a.Code); fiat {
		problems = append(problems, tenancy.Invalid(field+".code", "is that of a currency of ISO 4217"))
	}
	if a.Kind != Crypto {
		problems = append(problems, tenancy.Invalid(field+".kind", "must be crypto or empty"))
	}
	if a.Scale < 0 || a.Scale > MaxScale {
		problems = append(problems, tenancy.Invalid(field+".scale", fmt.Sprintf("must be 0 to %d", MaxScale)))
	}
	if a.Network == "" {
		problems = append(problems, tenancy.Invalid(field+".network", "is required"))
	} else {
		problems = append(problems, tenancy.CheckText(field+".network", a.Network, maxNetwork))
	}
	problems = append(problems, tenancy.CheckText(field+".name", a.Name, maxName))
	return errors.Join(problems...)
}

// checkCode checks the form of an asset code, not whether there is such an asset.
func checkCode(field, code string) error {
	ok := len(code) >= 2 && len(code) <= 16 && code[0] != '-' && code[len(code)-1] != '-'
	for i := range len(code) {
		c := code[i]
		ok = ok && (c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '-')
	}
	if !ok {
		return tenancy.Invalid(field, "must be 2 to 16 of A-Z, 0-9 and -, with a letter or digit at both ends")
	}
	return nil
}

func find(sorted []Asset, code string) (int, bool) {
	return slices.BinarySearchFunc(sorted, code, func(a Asset, code string) int {
		return strings.Compare(a.Code, code)
	})
}

func byCode(a, b Asset) int { return strings.Compare(a.Code, b.Code) }

// parseOneOf is the strict reader of all closed sets of this package.
func parseOneOf[T ~string](field, text string, set []T) (T, error) {
	if i := slices.Index(set, T(text)); i >= 0 {
		return set[i], nil
	}
	names := make([]string, len(set))
	for i, v := range set {
		names[i] = string(v)
	}
	return "", tenancy.Invalid(field, "must be one of "+strings.Join(names, ", "))
}
