package operations

import (
	"github.com/shopspring/decimal"

	"github.com/onbehalf/onbehalf/accounts"
)

// moves is how much of an asset the order of the view moves for the customer
// in a direction, or in either: what the firm's rules go by, whatever asset the
// order's amount is given in. Of that asset it is the amount that was asked
// for, of another what the terms come to, both without fees.
func (v *View) moves(t *Terms, asset string, dir accounts.Direction) decimal.Decimal {
	switch {
	case asset != t.Asset:
		return t.other(asset, dir)
	case dir == accounts.Debit && v.asset(v.order.From) != asset, dir == accounts.Credit && v.asset(v.order.To) != asset:
		return decimal.Decimal{}
	}
	return v.order.Amount.Decimal
}

// other is how much of an asset that was not asked for is debited or credited;
// without a direction, the more of both.
func (t *Terms) other(asset string, dir accounts.Direction) decimal.Decimal {
	var debited, credited decimal.Decimal
	if x := t.Exchange; x != nil {
		debited, credited = x.moves(asset)
	} else {
		for i := range t.Postings {
			p := &t.Postings[i]
			if p.Asset != asset {
				continue
			}
			if _, ours := p.Ref.Account(); !ours {
				continue
			}
			if p.Amount.IsNegative() {
				debited = accounts.Minus(debited, p.Amount.Decimal)
			} else {
				credited = accounts.Plus(credited, p.Amount.Decimal)
			}
		}
	}
	switch {
	case dir == accounts.Debit, dir == "" && accounts.Less(credited, debited):
		return debited
	}
	return credited
}

// moves is what the exchange debits and credits of an asset, without fees.
func (x *Exchange) moves(asset string) (debited, credited decimal.Decimal) {
	switch {
	case asset == x.Base && x.Side == Buy:
		credited = x.BaseAmount.Decimal
	case asset == x.Base:
		debited = x.BaseAmount.Decimal
	case asset == x.Quote && x.Side == Buy:
		debited = x.QuoteAmount.Decimal
	case asset == x.Quote:
		credited = x.QuoteAmount.Decimal
	}
	return debited, credited
}
