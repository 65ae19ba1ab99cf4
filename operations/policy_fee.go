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

	// Rounding of what comes out to the asset's scale. It never leads above the
	// Maximum: one that is finer than the scale is rounded down.
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

// charges tells what the rule charges for an amount, and by what it was rounded.
func (f *FeeRule) charges(amount decimal.Decimal, scale int32) (decimal.Decimal, accounts.Rounding) {
	rate := &f.Tier
	if len(f.Tiers) > 0 {
		i := slices.IndexFunc(f.Tiers, func(t Tier) bool { return t.UpTo.IsZero() || !accounts.Less(t.UpTo, amount) })
		if i < 0 {
			return decimal.Decimal{}, ""
		}
		rate = &f.Tiers[i]
	} else if !rate.UpTo.IsZero() && accounts.Less(rate.UpTo, amount) {
		return decimal.Decimal{}, ""
	}
	exact := rate.Fixed
	if !rate.BPS.IsZero() {
		exact = accounts.Plus(exact, accounts.Times(amount, rate.BPS).Shift(-4))
	}
	if accounts.Less(exact, f.Minimum) {
		exact = f.Minimum
	}
	if f.Maximum.IsPositive() && accounts.Less(f.Maximum, exact) {
		exact = f.Maximum
	}
	if -exact.Exponent() <= scale {
		return exact, ""
	}
	if _, places := accounts.Spread(exact); places <= int(scale) {
		return exact, ""
	}
	by := f.Rounding
	if by == "" {
		by = accounts.HalfEven
	}
	fee := by.Round(exact, scale)
	if f.Maximum.IsPositive() && accounts.Less(f.Maximum, fee) {
		by = accounts.Down
		fee = by.Round(f.Maximum, scale)
	}
	return fee, by
}

// charge adds the fees to the terms that a kind has planned.
func (r *rulebook) charge(v *View, t *Terms) []Unmet {
	if len(r.fees) == 0 {
		return nil
	}
	var unmet []Unmet
	var asset accounts.Asset
	var in inside
	plain, shared := *t, true // until the first fee
	onTop := false
	for i := range r.fees {
		f := &r.fees[i]
		code, amount, binds := f.Match.binds(v, &plain, t.Asset)
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
		fee, rounding := f.charges(amount, asset.Scale)
		if fee.IsZero() {
			continue
		}
		payer := f.payer(v, &plain, code)
		if payer == "" && f.Payer == nil { // nothing of the customer's is in it, such as a settlement
			continue
		}
		if shared {
			t.unshare(r.fees[i:])
			shared = false
		}
		line := FeeLine{Fee: f.Name, Account: payer, Asset: code, Amount: accounts.Exact(fee), Inside: f.Inside, Whole: f.Whole, Rounding: rounding}
		if v.asset(line.Account) != code {
			unmet = append(unmet, Unmet{
				Code: CodeFeeAccount, Subject: "fee:" + f.Name,
				Figures: []Figure{{Name: "account", Value: string(line.Account)}, {Name: "asset", Value: code}},
				Remedy:  "Have the fee paid from one of the customer's accounts in this asset.",
			})
			continue
		}
		if f.Inside && t.Exchange == nil && code == t.Asset { // an exchange is priced: what is exact stays exact
			unmet = append(unmet, t.take(line, &in)...)
		} else {
			t.addOn(line)
			onTop = true
		}
	}
	t.settle(&in)
	if onTop {
		t.cover(len(plain.Holds))
	}
	return unmet
}

func (f *FeeRule) payer(v *View, t *Terms, asset string) accounts.ID {
	switch {
	case f.Payer != nil:
		return f.Payer(*v, t.clone())
	case v.order.From != "" && (t.Exchange == nil && asset == t.Asset || v.asset(v.order.From) == asset):
		return v.order.From
	}
	return v.order.To
}

// unshare copies what fees change, with room for those that may come.
func (t *Terms) unshare(fees []FeeRule) {
	legs := len(fees)
	for i := range fees {
		if !fees[i].Inside {
			legs++
		}
	}
	t.Fees = append(make([]FeeLine, 0, len(t.Fees)+len(fees)), t.Fees...)
	t.Postings = append(make([]accounts.Posting, 0, len(t.Postings)+legs), t.Postings...)
	t.Holds = slices.Clone(t.Holds)
}

// inside is what fees take out of what is received, added up.
type inside struct {
	leg         int // of the postings, by which it is received
	taken, left accounts.Total
}

// take has a fee come out of what is received; settle takes it off.
func (t *Terms) take(line FeeLine, in *inside) []Unmet {
	fee := accounts.TotalOf(line.Amount.Decimal)
	if in.taken.Sign() == 0 {
		in.leg = slices.IndexFunc(t.Postings, func(p accounts.Posting) bool {
			return p.Asset == line.Asset && p.Amount.IsPositive() && p.Ref != accounts.IncomeFees
		})
		if in.leg >= 0 {
			in.left = accounts.TotalOf(t.Postings[in.leg].Amount.Decimal)
		}
	}
	if in.leg < 0 || fee.Cmp(in.left) >= 0 {
		return []Unmet{{
			Code: CodeFeeExceeds, Subject: "fee:" + line.Fee,
			Figures: []Figure{{Name: "fee", Value: line.Amount.String()}, {Name: "asset", Value: line.Asset}},
			Remedy:  "Ask for more than the fees.",
		}}
	}
	in.left, in.taken = in.left.Minus(fee), in.taken.Plus(fee)
	t.Postings = append(t.Postings, accounts.Posting{Ref: accounts.IncomeFees, Asset: line.Asset, Amount: line.Amount})
	t.Fees = append(t.Fees, line)
	return nil
}

// settle takes off what fees take from the inside.
func (t *Terms) settle(in *inside) {
	if in.taken.Sign() == 0 {
		return
	}
	p := &t.Postings[in.leg]
	whole := p.Amount.Equal(t.Credit.Decimal)
	p.Amount = accounts.Exact(in.left.Decimal())
	taken := in.taken
	in.taken = accounts.Total{}
	switch _, ours := p.Ref.Account(); {
	case ours && whole:
		t.Credit = p.Amount
	case ours:
		t.Credit = accounts.Exact(accounts.Minus(t.Credit.Decimal, taken.Decimal()))
	case t.Provider != "":
		carried := p.Amount
		t.Carried = &carried
	}
}

// cover has held what fees take an account below what it receives, in whichever
// order they came. The holds that the kind has planned are grown already.
func (t *Terms) cover(planned int) {
	for i := range t.Fees {
		l := &t.Fees[i]
		is := func(h HoldTerm) bool { return h.Account == l.Account }
		if slices.ContainsFunc(t.Holds[:planned], is) {
			continue
		}
		net := accounts.Sum(t.Postings, accounts.Customer(l.Account), l.Asset)
		switch j := slices.IndexFunc(t.Holds, is); {
		case !net.IsNegative():
		case j < 0:
			t.Holds = append(t.Holds, HoldTerm{Account: l.Account, Amount: accounts.Exact(net.Neg())})
		default:
			t.Holds[j].Amount = accounts.Exact(net.Neg())
		}
	}
}

// addOn has a fee come on top; what is held grows with it.
func (t *Terms) addOn(line FeeLine) {
	t.Postings = append(t.Postings,
		accounts.Posting{Ref: accounts.Customer(line.Account), Asset: line.Asset, Amount: accounts.Exact(line.Amount.Neg())},
		accounts.Posting{Ref: accounts.IncomeFees, Asset: line.Asset, Amount: line.Amount})
	switch x := t.Exchange; {
	case x != nil && (x.Side == Buy) == (line.Asset == x.Base): // it is the credited asset
		t.Credit = accounts.Exact(accounts.Minus(t.Credit.Decimal, line.Amount.Decimal))
	case x != nil || line.Asset == t.Asset:
		t.Debit = accounts.Exact(accounts.Plus(t.Debit.Decimal, line.Amount.Decimal))
	}
	t.Fees = append(t.Fees, line)
	if i := slices.IndexFunc(t.Holds, func(h HoldTerm) bool { return h.Account == line.Account }); i >= 0 {
		t.Holds[i].Amount = accounts.Exact(accounts.Plus(t.Holds[i].Amount.Decimal, line.Amount.Decimal))
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
