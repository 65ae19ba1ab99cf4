package operations

import (
	"slices"
	"time"

	"github.com/shopspring/decimal"

	"github.com/onbehalf/onbehalf/accounts"
)

// Rule is one condition of the firm's own. It is judged beside eligibility and
// funds whenever an operation is explained, prepared, executed, modified or
// released, and once more by Actions: all of them ask the same evaluator.
//
// Check tells everything that is not met, nothing when all is. Where the kind's
// own conditions are not met its terms may be incomplete. What was asked for is
// in the view's order, what leaves and reaches accounts in the terms; now is in
// UTC, so days and hours of the firm are those of now.In(zone). It is pure and
// is called from many goroutines: no clock but now, no input or output, no
// randomness. A panic fails the one command that it was judging.
type Rule interface {
	Check(v View, t Terms, now time.Time) []Unmet
}

// RuleFunc is a Rule of one function.
type RuleFunc func(v View, t Terms, now time.Time) []Unmet

// Check calls f.
func (f RuleFunc) Check(v View, t Terms, now time.Time) []Unmet { return f(v, t, now) }

// All is a Rule made of rules; each of them tells what is not met.
type All []Rule

// Check asks every rule.
func (all All) Check(v View, t Terms, now time.Time) []Unmet {
	var unmet []Unmet
	for _, r := range all {
		unmet = append(unmet, r.Check(v, t, now)...)
	}
	return unmet
}

// ForKinds is a Rule for operations of some kinds only.
type ForKinds struct {
	Kinds []string
	Rule  Rule // required
}

// Check asks the inner rule when the order is of one of the kinds.
func (r ForKinds) Check(v View, t Terms, now time.Time) []Unmet {
	if !slices.Contains(r.Kinds, v.order.Kind) {
		return nil
	}
	return r.Rule.Check(v, t, now)
}

// When is a Rule that binds only where a condition holds.
type When struct {
	Condition func(v View, t Terms) bool // required, and pure as a rule is
	Rule      Rule                       // required
}

// Check asks the inner rule when the condition holds.
func (r When) Check(v View, t Terms, now time.Time) []Unmet {
	if !r.Condition(v, t) {
		return nil
	}
	return r.Rule.Check(v, t, now)
}

// AmountWithin bounds what one operation moves of one asset, asked for or as
// the other side of a trade. A zero bound does not bind.
type AmountWithin struct {
	Asset    string
	Min, Max decimal.Decimal
}

// The codes of AmountWithin.
const (
	CodeAmountBelow = "amount_below_minimum"
	CodeAmountAbove = "amount_above_maximum"
)

// Check compares the amount with both bounds.
func (w AmountWithin) Check(v View, t Terms, _ time.Time) []Unmet {
	amount := v.moves(&t, w.Asset, "")
	if !amount.IsPositive() {
		return nil
	}
	asked := func() Figure { return Figure{Name: "asked", Value: accounts.Canonical(amount)} }
	if w.Min.IsPositive() && accounts.Less(amount, w.Min) {
		return []Unmet{{
			Code: CodeAmountBelow, Subject: "amount",
			Figures: []Figure{asked(), {Name: "minimum", Value: accounts.Canonical(w.Min)}, {Name: "asset", Value: w.Asset}},
			Remedy:  "Ask for at least the minimum.",
		}}
	}
	if w.Max.IsPositive() && accounts.Less(w.Max, amount) {
		return []Unmet{{
			Code: CodeAmountAbove, Subject: "amount",
			Figures: []Figure{asked(), {Name: "maximum", Value: accounts.Canonical(w.Max)}, {Name: "asset", Value: w.Asset}},
			Remedy:  "Ask for at most the maximum.",
		}}
	}
	return nil
}
