package operations

import (
	"github.com/shopspring/decimal"

	"github.com/onbehalf/onbehalf/accounts"
)

// A balance has at most accounts.MaxDigits digits. What a provider says later
// cannot be refused, so room for it is kept when the operation begins: a command
// is judged as if everything in flight had settled already.

// beyondRange tells which balances the terms could make too large to be kept.
func beyondRange(v View, t Terms) []Unmet {
	var unmet []Unmet
	f := v.folded()
	for i, p := range t.Postings {
		posted := f.posted(p.Ref, p.Asset)
		if f.large == 0 && !accounts.Large(posted) && !accounts.Large(p.Amount.Decimal) {
			continue
		}
		if touched(t.Postings[:i], p) {
			continue
		}
		low, high := posted, posted
		for _, q := range t.Postings {
			low, high = widen(low, high, p, q)
		}
		for _, o := range f.open.all {
			if !o.State.Holds() || v.own != nil && o.ID == v.own.ID {
				continue
			}
			for _, q := range o.Terms.Postings {
				low, high = widen(low, high, p, q)
			}
		}
		if !accounts.Fits(low) || !accounts.Fits(high) {
			unmet = append(unmet, outOfRange(p.Ref))
		}
	}
	for _, h := range t.Holds {
		a, ok := f.accounts.get(h.Account)
		if !ok {
			continue
		}
		held := a.Held.Decimal
		if v.own != nil {
			own, _ := f.holds.get(keyOfHold(v.own.ID, h.Account))
			held = held.Sub(own)
		}
		if !accounts.Fits(held.Add(h.Amount.Decimal)) {
			unmet = append(unmet, outOfRange(accounts.Customer(h.Account)))
		}
	}
	return unmet
}

// named tells whether an earlier leg was on the same account.
func touched(earlier []accounts.Posting, p accounts.Posting) bool {
	for _, q := range earlier {
		if q.Ref == p.Ref && q.Asset == p.Asset {
			return true
		}
	}
	return false
}

// widen takes leg q into how low and how high the balance that p is posted to
// may come.
func widen(low, high decimal.Decimal, p, q accounts.Posting) (lower, higher decimal.Decimal) {
	switch {
	case q.Ref != p.Ref || q.Asset != p.Asset:
		return low, high
	case q.Amount.IsNegative():
		return low.Add(q.Amount.Decimal), high
	}
	return low, high.Add(q.Amount.Decimal)
}

func outOfRange(ref accounts.Ref) Unmet {
	subject := "book"
	if id, ok := ref.Account(); ok {
		subject = "account:" + string(id)
	}
	return Unmet{Code: CodeAmountRange, Subject: subject, Remedy: "Ask for less."}
}

// large tells whether an operation in flight may post so much that range has to
// be looked at closely.
func (o *Operation) large() bool {
	if !o.State.Holds() {
		return false
	}
	for _, p := range o.Terms.Postings {
		if accounts.Large(p.Amount.Decimal) {
			return true
		}
	}
	return false
}
