package operations

import (
	"github.com/shopspring/decimal"

	"github.com/onbehalf/onbehalf/accounts"
)

// A balance has at most accounts.MaxDigits digits. What a provider says later
// cannot be refused, so room for it is kept when the operation begins: a command
// is judged as if any of what is in flight had settled already.

// beyondRange tells which balances the terms could make too large to be kept.
func beyondRange(v View, t Terms) []Unmet {
	var unmet []Unmet
	f := v.folded()
	for i := range t.Postings {
		p := &t.Postings[i]
		posted := f.posted(p.Ref, p.Asset)
		if f.large == 0 && !accounts.Large(posted) && !accounts.Large(p.Amount.Decimal) || touched(t.Postings[:i], p) {
			continue
		}
		r := reach{low: posted, high: posted}
		r.note(posted)
		r.widen(p, t.Postings)
		for _, o := range f.open.all {
			if o.State.Holds() && (v.own == nil || o.ID != v.own.ID) {
				r.widen(p, o.Terms.Postings)
			}
		}
		if !r.keepable() {
			unmet = append(unmet, outOfRange(p.Ref))
		}
	}
	for _, h := range t.Holds {
		if a, ok := f.accounts.get(h.Account); ok && !f.canHold(a, h, v.own) {
			unmet = append(unmet, outOfRange(accounts.Customer(h.Account)))
		}
	}
	return unmet
}

// fits tells whether every amount of the terms is small enough to be kept: one
// that is asked for is, but not all that is computed from it.
func (t *Terms) fits() bool {
	for i := range t.Postings {
		if !accounts.Fits(t.Postings[i].Amount.Decimal) {
			return false
		}
	}
	for i := range t.Holds {
		if !accounts.Fits(t.Holds[i].Amount.Decimal) {
			return false
		}
	}
	return accounts.Fits(t.Debit.Decimal) && accounts.Fits(t.Credit.Decimal)
}

// canHold tells whether the sum of any holds on the account could be kept.
func (f *Folded) canHold(a *accounts.Account, h HoldTerm, own *Operation) bool {
	if f.large == 0 && !accounts.Large(a.Held.Decimal) && !accounts.Large(h.Amount.Decimal) {
		return true
	}
	var r reach
	r.add(h.Amount.Decimal)
	for _, o := range f.open.all {
		if own != nil && o.ID == own.ID {
			continue
		}
		if held, ok := f.holds.get(keyOfHold(o.ID, a.ID)); ok {
			r.add(held)
		}
	}
	return r.keepable()
}

// reach is how low and how high a balance may come, by whatever of its parts
// come to it, in whatever order.
type reach struct {
	low, high decimal.Decimal
	places    int // the most digits after the point that any part has
}

func (r *reach) note(part decimal.Decimal) {
	_, after := accounts.Spread(part)
	r.places = max(r.places, after)
}

func (r *reach) add(part decimal.Decimal) {
	r.note(part)
	if part.IsNegative() {
		r.low = r.low.Add(part)
	} else {
		r.high = r.high.Add(part)
	}
}

// widen takes in the legs that are on the account of p.
func (r *reach) widen(p *accounts.Posting, legs []accounts.Posting) {
	for _, q := range legs {
		if q.Ref == p.Ref && q.Asset == p.Asset {
			r.add(q.Amount.Decimal)
		}
	}
}

func (r *reach) keepable() bool {
	low, _ := accounts.Spread(r.low)
	high, _ := accounts.Spread(r.high)
	return max(low, high)+r.places <= accounts.MaxDigits
}

// touched tells whether one of the legs is on the account of p.
func touched(legs []accounts.Posting, p *accounts.Posting) bool {
	for i := range legs {
		if q := &legs[i]; q.Ref == p.Ref && q.Asset == p.Asset {
			return true
		}
	}
	return false
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
