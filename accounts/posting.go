package accounts

import (
	"fmt"
	"slices"
	"strings"

	"github.com/shopspring/decimal"

	"github.com/onbehalf/onbehalf/tenancy"
)

// Ref names what a posting touches: an account of the customer by its id, or
// one of the system accounts that every book has. Every system account but
// [Suspense] has a colon in its name, which no account id has.
type Ref string

const (
	// Between is where money is while it goes from one account or asset to
	// another inside a book.
	Between Ref = "clearing:between"
	// IncomeFees collects the fees the customer paid.
	IncomeFees Ref = "income:fees"
	// IncomeSpread collects what the firm earned on rates.
	IncomeSpread Ref = "income:spread"
	// IncomeInterest is what the firm earned from interest or, when negative, paid.
	IncomeInterest Ref = "income:interest"
	// Suspense holds what cannot be assigned yet.
	Suspense Ref = "suspense"
)

const clearingPrefix = "clearing:"

// Customer refers to an account of the customer.
func Customer(id ID) Ref { return Ref(id) }

// Clearing refers to the account of what is owed to and by a provider. The
// provider's name must pass [CheckProvider].
func Clearing(provider string) Ref { return Ref(clearingPrefix + provider) }

// CheckProvider checks the name of a provider: an id other than "between",
// whose clearing account would be [Between]. The error matches
// tenancy.ErrInvalid and names the field.
func CheckProvider(field, name string) error {
	if Clearing(name) == Between {
		return tenancy.Invalid(field, "is the name of a system account")
	}
	return tenancy.CheckID(field, name)
}

// System says whether r is a system account and not the customer's.
func (r Ref) System() bool {
	return r == Suspense || strings.IndexByte(string(r), ':') >= 0
}

// Account gives the account id that r stands for; false for a system account.
func (r Ref) Account() (ID, bool) {
	if r.System() {
		return "", false
	}
	return ID(r), true
}

// Validate checks that r is a well-formed account id or one of the system
// accounts. The error matches tenancy.ErrInvalid and names the field "account".
func (r Ref) Validate() error {
	switch r {
	case Between, IncomeFees, IncomeSpread, IncomeInterest, Suspense:
		return nil
	}
	if provider, ok := strings.CutPrefix(string(r), clearingPrefix); ok {
		return CheckProvider("account", provider)
	}
	return ID(r).Validate()
}

// Posting is one leg of an entry. A positive amount credits the account: there
// is more money in it afterwards. A negative one debits it.
type Posting struct {
	Ref    Ref    `json:"account"`
	Asset  string `json:"asset"`
	Amount Amount `json:"amount"`
}

// Balanced checks that the postings of one entry sum to zero for every asset.
// The error names each asset that does not and by how much; it is a fault of
// the program that made the postings, not of a request, and matches no class.
// A posting whose amount does not pass [Fits] is an error too.
func Balanced(ps []Posting) error {
	if even(ps) {
		return nil
	}
	for i := range ps {
		if !Fits(ps[i].Amount.Decimal) {
			return fmt.Errorf("posting %d to %q: amount %s does not fit", i, ps[i].Ref, ps[i].Amount)
		}
	}
	var off []string
	for i := range ps {
		asset := ps[i].Asset
		if slices.ContainsFunc(ps[:i], func(p Posting) bool { return p.Asset == asset }) {
			continue
		}
		if rest := ps[i:]; !sumsToZero(rest, asset) {
			sum := addUp(rest, func(p *Posting) bool { return p.Asset == asset })
			off = append(off, asset+" by "+Canonical(sum))
		}
	}
	if off != nil {
		return fmt.Errorf("postings do not balance: %s", strings.Join(off, ", "))
	}
	return nil
}

// even tells, of few postings of at most 18 digits, that they balance: what
// nearly all entries have, in one pass and without allocating.
func even(ps []Posting) bool {
	var all [16]wide
	for i := range ps {
		if i == len(all) {
			return false
		}
		w, ok := widen(ps[i].Amount.Decimal)
		if !ok {
			return false
		}
		for j := range i { // what stands first for an asset has its sum
			if ps[j].Asset == ps[i].Asset {
				all[j], w = all[j].plus(w), wide{}
				break
			}
		}
		all[i] = w //nolint:gosec // i is less than their number
	}
	return all == [16]wide{}
}

// Sum adds up the postings of one account and asset.
func Sum(ps []Posting, ref Ref, asset string) decimal.Decimal {
	return addUp(ps, func(p *Posting) bool { return p.Ref == ref && p.Asset == asset })
}

func addUp(ps []Posting, match func(*Posting) bool) decimal.Decimal {
	var sum decimal.Decimal
	for i := range ps {
		if match(&ps[i]) {
			sum = Plus(sum, ps[i].Amount.Decimal)
		}
	}
	return sum
}

// sumsToZero does not allocate for up to maxTerms postings of at most 18 digits.
func sumsToZero(ps []Posting, asset string) bool {
	var sum wide
	for i := range ps {
		if ps[i].Asset != asset {
			continue
		}
		w, ok := widen(ps[i].Amount.Decimal)
		if !ok || i >= maxTerms {
			return addUp(ps, func(p *Posting) bool { return p.Asset == asset }).IsZero()
		}
		sum = sum.plus(w)
	}
	return sum.zero()
}
