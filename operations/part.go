package operations

import (
	"errors"
	"fmt"

	"github.com/shopspring/decimal"

	"github.com/onbehalf/onbehalf/accounts"
)

// inPart tells whether only a part of the exchange happened.
func (x *Exchange) inPart() bool { return x != nil && !x.Agreed.IsZero() }

// moved is how much of its own asset an operation moves, without fees: what was
// asked for, or the part of it that happened.
func (o *Operation) moved() accounts.Amount {
	switch x := o.Terms.Exchange; {
	case !x.inPart():
		return o.Order.Amount
	case x.Fixed == x.Base:
		return x.BaseAmount
	default:
		return x.QuoteAmount
	}
}

// part gives the terms of an operation as they are when a part of its exchange
// happened and the rest will not; false where its terms do not take that part.
//
// The customer's amount of the quote asset is that of the part at the all-in
// rate which was agreed, rounded against him by less than one unit as the whole
// was. What the provider paid or took for it must be that of the part at his own
// rate, but for less than one unit and the part's share of the slippage. Fees
// are charged in proportion to the base amount, rounded down, but for those that
// are charged whole; none takes more than was set aside for it or comes in.
func (f *Folded) part(o *Operation, base, provided decimal.Decimal) (Terms, bool) {
	t := o.Terms.clone()
	x := t.Exchange
	if x == nil || !x.Parts || x.inPart() {
		return t, false
	}
	from, to := o.Order.From, o.Order.To
	if x.Side == Sell {
		from, to = to, from
	}
	quoteAccount, ok := f.accounts.get(from)
	baseAccount, found := f.accounts.get(to)
	if !ok || !found || !base.LessThan(x.BaseAmount.Decimal) ||
		accounts.CheckAmount("amount", base, baseAccount.Scale) != nil || accounts.CheckAmount("counter", provided, quoteAccount.Scale) != nil {
		return t, false
	}
	scale, whole := quoteAccount.Scale, x.BaseAmount.Decimal
	rounding := accounts.Down
	if x.Side == Buy {
		rounding = accounts.Up
	}
	exact := base.Mul(x.Rate.Decimal)
	quote := rounding.Round(exact, scale)
	slip, _ := x.Slippage.Mul(base).QuoRem(whole, scale)
	off := provided.Sub(base.Mul(x.ProviderRate.Decimal)).Abs()
	if !quote.IsPositive() || quote.GreaterThan(x.QuoteAmount.Decimal) || !off.LessThan(slip.Add(decimal.New(1, -scale))) {
		return t, false
	}
	if quote.Equal(exact) {
		rounding = ""
	}
	x.Agreed, x.Rounding = x.BaseAmount, rounding
	x.BaseAmount, x.QuoteAmount, x.ProviderAmount = accounts.Exact(base), accounts.Exact(quote), accounts.Exact(provided)
	t.Debit, t.Credit = x.QuoteAmount, x.BaseAmount
	if x.Side == Sell {
		t.Debit, t.Credit = t.Credit, t.Debit
	}
	t.Postings = x.Postings(o.Order, t.Provider)
	t.Fees = nil
	for _, l := range o.Terms.Fees {
		f.chargePart(o, &t, l, base, whole)
	}
	t.Holds = o.Terms.clone().Holds // as they were
	return t, true
}

// chargePart adds to the terms of a part what it pays of a fee of the whole.
func (f *Folded) chargePart(o *Operation, t *Terms, l FeeLine, base, whole decimal.Decimal) {
	payer, ok := f.accounts.get(l.Account)
	if !ok {
		return
	}
	fee := l.Amount.Decimal
	if !l.Whole {
		var rest decimal.Decimal
		if fee, rest = fee.Mul(base).QuoRem(whole, payer.Scale); !rest.IsZero() {
			l.Rounding = accounts.Down
		}
	}
	held, _ := f.holds.get(keyOfHold(o.ID, l.Account))
	if most := held.Add(accounts.Sum(t.Postings, accounts.Customer(l.Account), l.Asset)); fee.GreaterThan(most) {
		fee = most
	}
	if fee.IsPositive() {
		l.Amount = accounts.Exact(fee)
		t.addOn(l)
	}
}

// divisible tells whether parts can be made of the terms: their postings are
// those of the exchange, and of fees on top.
func (x *Exchange) divisible(v View, t *Terms) bool {
	want := x.Postings(v.order, t.Provider)
	for _, l := range t.Fees {
		want = append(want, legs(accounts.Customer(l.Account), accounts.IncomeFees, l.Asset, l.Amount.Decimal)...)
	}
	for _, ps := range [][]accounts.Posting{want, t.Postings} {
		for _, p := range ps {
			if !accounts.Sum(want, p.Ref, p.Asset).Equal(accounts.Sum(t.Postings, p.Ref, p.Asset)) {
				return false
			}
		}
	}
	return true
}

var errPart = errors.New("an exchange that could not have happened so")

// soundPart checks what an entry says of the exchange of an operation that has
// been sent: it stays as it was agreed, or a part of it happened, at the rate
// agreed and within the amounts.
func (o *Operation) soundPart(old *Operation) error {
	x := o.Terms.Exchange
	if old == nil || old.State != Executing && old.State != Unresolved {
		if x.inPart() {
			return fmt.Errorf("%w: operation %q, of which nothing was sent", errPart, o.ID)
		}
		return nil
	}
	was := old.Terms.Exchange
	switch {
	case x == nil && was == nil:
		return nil
	case x == nil || was == nil, !x.Rate.Equal(was.Rate.Decimal), x.Base != was.Base, x.Quote != was.Quote, x.Side != was.Side, x.Fixed != was.Fixed, x.Parts != was.Parts:
		return fmt.Errorf("%w: operation %q, at other terms", errPart, o.ID)
	case !x.inPart() && x.BaseAmount.Equal(was.BaseAmount.Decimal) && x.QuoteAmount.Equal(was.QuoteAmount.Decimal):
		return nil
	case o.State != Completed || !was.Parts || !x.Agreed.Equal(was.BaseAmount.Decimal) || !x.BaseAmount.IsPositive() || !x.BaseAmount.LessThan(was.BaseAmount.Decimal) ||
		!x.QuoteAmount.IsPositive() || x.QuoteAmount.GreaterThan(was.QuoteAmount.Decimal):
		return fmt.Errorf("%w: operation %q, %s of %s", errPart, o.ID, x.BaseAmount, was.BaseAmount)
	}
	return nil
}
