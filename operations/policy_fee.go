package operations

import (
	"errors"
	"fmt"
	"slices"

	"github.com/shopspring/decimal"

	"github.com/onbehalf/onbehalf/accounts"
	"github.com/onbehalf/onbehalf/tenancy"
)

// FeeRule charges the customer for an operation: a fixed amount and basis
// points of what is asked for, in its asset. Where that is none of the assets
// its Match names, as a trade's amount may be given in the other asset of its
// pair, it is of the first of them that is moved, and in that. It is priced
// with the operation, frozen in its terms, and posted with it to income:fees
// when it settles, once. Adjustments and refunds are charged only by fees whose
// Match names their kind; facts that are reported from outside never, nor what
// names no account of the customer.
//
// A FeeRule is a value, and is not changed once it was given to New.
type FeeRule struct {
	Name  string // recorded with each charge, see tenancy.CheckID
	Match Match

	Tier           // what is charged, where there are no Tiers
	Tiers   []Tier // by the amount asked for, ascending by UpTo; above the last nothing is charged
	Minimum decimal.Decimal
	Maximum decimal.Decimal // zero: none

	// Inside takes the fee from the amount: less is received, and a provider is
	// told to carry less of a withdrawal. Otherwise it comes on top, and the
	// amount stays what was asked for.
	Inside bool

	// Payer names another account of the customer for a fee on top, of the same
	// asset; it is pure as a Rule is. Nil: the account that is debited, or the
	// one credited where none is.
	Payer func(v View, t Terms) accounts.ID

	// Whole has it charged whole where a part of an exchange happens, as far as
	// what was set aside for it or comes in goes that far. Otherwise the part pays
	// its share, rounded down.
	Whole bool

	// Rounding of what comes out to the asset's scale.
	Rounding accounts.Rounding
}

// Tier is what is charged up to an amount.
type Tier struct {
	UpTo  decimal.Decimal // inclusive; zero: whatever the amount
	Fixed decimal.Decimal
	BPS   decimal.Decimal // hundredths of a percent of the amount asked for; at most 10,000
}

// FeeLine is one charge, as it stands in terms before agreement, and is part of
// their postings.
type FeeLine struct {
	Fee      string            `json:"fee"`     // the rule's name
	Account  accounts.ID       `json:"account"` // whose money it is
	Asset    string            `json:"asset"`
	Amount   accounts.Amount   `json:"amount"`
	Inside   bool              `json:"inside,omitempty"`
	Rounding accounts.Rounding `json:"rounding,omitempty"` // where it had to be rounded
	Whole    bool              `json:"whole,omitempty"`    // a part of an exchange pays it whole
}

// The codes of what is unmet about a fee.
const (
	CodeFeeExceeds = "fee_exceeds_amount"   // a fee inside leaves nothing of the amount
	CodeFeeAccount = "fee_account_unusable" // the payer is no account of the customer in this asset
)

// bpsBase is how many basis points are the whole.
const bpsBase = 10_000

func checkFees(fees []FeeRule) error {
	var errs []error
	for i := range fees {
		f := &fees[i]
		at := fmt.Sprintf("Fees[%d]", i)
		wrong := func(err error, why string) {
			if err != nil {
				errs = append(errs, tenancy.Invalid(at, why))
			}
		}
		wrong(tenancy.CheckID("name", f.Name), fmt.Sprintf("cannot be named %q", f.Name))
		if slices.ContainsFunc(fees[:i], func(g FeeRule) bool { return g.Name == f.Name }) {
			errs = append(errs, tenancy.Invalid(at, fmt.Sprintf("is named %q as another fee is", f.Name)))
		}
		wrong(f.Rounding.Validate(), "has no such rounding")
		figures := []decimal.Decimal{f.Minimum, f.Maximum}
		if len(f.Tiers) > 0 && (!f.UpTo.IsZero() || !f.Fixed.IsZero() || !f.BPS.IsZero()) {
			errs = append(errs, tenancy.Invalid(at, "has a rate beside its tiers"))
		}
		for j, t := range f.rates() {
			figures = append(figures, t.UpTo, t.Fixed, t.BPS)
			if t.BPS.GreaterThan(decimal.New(bpsBase, 0)) {
				errs = append(errs, tenancy.Invalid(at, "charges more than the whole"))
			}
			if j > 0 && !t.UpTo.IsZero() && !t.UpTo.GreaterThan(f.Tiers[j-1].UpTo) || j < len(f.Tiers)-1 && t.UpTo.IsZero() {
				errs = append(errs, tenancy.Invalid(at, "has tiers that do not ascend"))
			}
		}
		for _, d := range figures {
			if !d.IsZero() {
				wrong(accounts.CheckAmount("figure", d, accounts.MaxScale), "has a figure that is negative or too long")
			}
		}
		if f.Maximum.IsPositive() && f.Minimum.GreaterThan(f.Maximum) {
			errs = append(errs, tenancy.Invalid(at, "has a minimum above its maximum"))
		}
		if f.Inside && f.Payer != nil {
			errs = append(errs, tenancy.Invalid(at, "is inside the amount and has a payer"))
		}
	}
	return errors.Join(errs...)
}

func (f *FeeRule) rates() []Tier {
	if len(f.Tiers) > 0 {
		return f.Tiers
	}
	return []Tier{f.Tier}
}

// charges tells what the rule charges for an amount, and whether that was
// rounded.
func (f *FeeRule) charges(amount decimal.Decimal, scale int32) (decimal.Decimal, bool) {
	rate := &f.Tier
	if len(f.Tiers) > 0 {
		i := slices.IndexFunc(f.Tiers, func(t Tier) bool { return t.UpTo.IsZero() || !accounts.Less(t.UpTo, amount) })
		if i < 0 {
			return decimal.Decimal{}, false
		}
		rate = &f.Tiers[i]
	} else if !rate.UpTo.IsZero() && accounts.Less(rate.UpTo, amount) {
		return decimal.Decimal{}, false
	}
	exact := rate.Fixed
	if !rate.BPS.IsZero() {
		exact = accounts.Plus(exact, amount.Mul(rate.BPS).Shift(-4))
	}
	if accounts.Less(exact, f.Minimum) {
		exact = f.Minimum
	}
	if f.Maximum.IsPositive() && accounts.Less(f.Maximum, exact) {
		exact = f.Maximum
	}
	if _, places := accounts.Spread(exact); places <= int(scale) {
		return exact, false
	}
	fee := f.Rounding.Round(exact, scale)
	return fee, !fee.Equal(exact)
}

// charge adds the fees to the terms that a kind has planned.
func (r *rulebook) charge(v View, t *Terms) []Unmet {
	if len(r.fees) == 0 {
		return nil
	}
	var unmet []Unmet
	var asset accounts.Asset
	plain := t.clone()
	for i := range r.fees {
		f := &r.fees[i]
		code, binds := f.Match.binds(&v, &plain, t.Asset)
		if !binds {
			continue
		}
		if asset.Code != code {
			found, known := r.assets.Lookup(code)
			if !known {
				return nil // such terms are not sound
			}
			asset = found
		}
		fee, rounded := f.charges(v.moves(&plain, code, f.Match.Direction), asset.Scale)
		if fee.IsZero() {
			continue
		}
		payer := f.payer(v, plain, code)
		if payer == "" && f.Payer == nil { // nothing of the customer's is in it, such as a settlement
			continue
		}
		if t.Fees == nil { // room for all of them at once
			t.Fees = make([]FeeLine, 0, len(r.fees)-i)
			t.Postings = slices.Grow(t.Postings, len(r.fees)-i)
		}
		line := FeeLine{Fee: f.Name, Account: payer, Asset: code, Amount: accounts.Exact(fee), Inside: f.Inside, Whole: f.Whole}
		if rounded {
			line.Rounding = accounts.HalfEven
			if f.Rounding != "" {
				line.Rounding = f.Rounding
			}
		}
		if v.asset(line.Account) != code {
			unmet = append(unmet, Unmet{
				Code: CodeFeeAccount, Subject: "fee:" + f.Name,
				Figures: []Figure{{Name: "account", Value: string(line.Account)}, {Name: "asset", Value: code}},
				Remedy:  "Have the fee paid from one of the customer's accounts in this asset.",
			})
			continue
		}
		if f.Inside && t.Exchange == nil && code == t.Asset { // an exchange is priced: what is exact stays exact
			unmet = append(unmet, t.take(line)...)
		} else {
			t.addOn(line)
		}
	}
	return unmet
}

func (f *FeeRule) payer(v View, t Terms, asset string) accounts.ID {
	switch {
	case f.Payer != nil:
		return f.Payer(v, t)
	case v.order.From != "" && (t.Exchange == nil && asset == t.Asset || v.asset(v.order.From) == asset):
		return v.order.From
	}
	return v.order.To
}

// take has a fee come out of what is received.
func (t *Terms) take(line FeeLine) []Unmet {
	fee := line.Amount.Decimal
	i := slices.IndexFunc(t.Postings, func(p accounts.Posting) bool {
		return p.Asset == line.Asset && p.Amount.IsPositive() && p.Ref != accounts.IncomeFees
	})
	if i < 0 || !accounts.Less(fee, t.Postings[i].Amount.Decimal) {
		return []Unmet{{
			Code: CodeFeeExceeds, Subject: "fee:" + line.Fee,
			Figures: []Figure{{Name: "fee", Value: line.Amount.String()}, {Name: "asset", Value: line.Asset}},
			Remedy:  "Ask for more than the fees.",
		}}
	}
	p := &t.Postings[i]
	p.Amount = accounts.Exact(accounts.Minus(p.Amount.Decimal, fee))
	if _, ours := p.Ref.Account(); ours {
		t.Credit = accounts.Exact(accounts.Minus(t.Credit.Decimal, fee))
	} else if t.Provider != "" {
		carried := p.Amount
		t.Carried = &carried
	}
	t.Postings = append(t.Postings, accounts.Posting{Ref: accounts.IncomeFees, Asset: line.Asset, Amount: line.Amount})
	t.Fees = append(t.Fees, line)
	return nil
}

// addOn has a fee come on top; what is held grows with it.
func (t *Terms) addOn(line FeeLine) {
	t.Postings = append(t.Postings, legs(accounts.Customer(line.Account), accounts.IncomeFees, line.Asset, line.Amount.Decimal)...)
	switch x := t.Exchange; {
	case x != nil && (x.Side == Buy) == (line.Asset == x.Base): // it is the credited asset
		t.Credit = accounts.Exact(t.Credit.Sub(line.Amount.Decimal))
	case x != nil || line.Asset == t.Asset:
		t.Debit = accounts.Exact(t.Debit.Add(line.Amount.Decimal))
	}
	t.Fees = append(t.Fees, line)
	if i := slices.IndexFunc(t.Holds, func(h HoldTerm) bool { return h.Account == line.Account }); i >= 0 {
		t.Holds[i].Amount = accounts.Exact(t.Holds[i].Amount.Add(line.Amount.Decimal))
		return
	}
	if net := accounts.Sum(t.Postings, accounts.Customer(line.Account), line.Asset); net.IsNegative() {
		t.Holds = append(t.Holds, HoldTerm{Account: line.Account, Amount: accounts.Exact(net.Neg())})
	}
}

// carried is what the provider is to carry.
func (o *Operation) carried() accounts.Amount { return carries(&o.Order, &o.Terms) }

// Carries is the amount the provider is to carry: what was asked for, less fees
// that are taken from what goes out.
func (i Instruction) Carries() accounts.Amount { return carries(&i.Order, &i.Terms) }

func carries(o *Order, t *Terms) accounts.Amount {
	if t.Carried != nil {
		return *t.Carried
	}
	return o.Amount
}
