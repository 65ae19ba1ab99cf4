package operations

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/shopspring/decimal"

	"github.com/onbehalf/onbehalf/accounts"
	"github.com/onbehalf/onbehalf/tenancy"
)

// Limit bounds what is moved of one asset, one at a time and in all. It counts
// the order's amount, or where that is given in another asset, as a trade's may
// be, what the terms come to in this one: from when an operation is submitted or executed,
// whatever it waits for, in the same change as its holds. What ends without
// having happened is given back to the day it counted on; what is let go on a
// later day, by its time or its last approval, counts on that day instead. A
// later reversal or refund gives nothing back. Refunds and adjustments are bound
// and counted only by limits whose Match names their kind, as they are by fees;
// facts that are reported from outside never.
//
// A zero bound does not bind; at least one must. A bound is inclusive.
type Limit struct {
	Name        string // recorded with each count: 1 to 64 bytes, see tenancy.CheckID; without @
	Match       Match
	Asset       string          // required: the asset its figures are in; others are not bound
	PerOperator bool            // each operator counts for himself what he asked for
	Min, Max    decimal.Decimal // of one operation
	Day         decimal.Decimal // of one day in the firm's zone
	Rolling     decimal.Decimal // of that day and the 29 before
	Month       decimal.Decimal // of one calendar month in the firm's zone
}

// MaxLimits is how many limits a firm may have.
const MaxLimits = 64

// The codes of limits. Their figures are limit, used, asked, left and asset;
// the subject is "limit:<name>".
const (
	CodeLimitMinimum   = "limit_operation_minimum" // less than one operation must be of
	CodeLimitOperation = "limit_operation"         // more than one operation may be of
	CodeLimitDay       = "limit_day"               // more than is left of the day
	CodeLimitRolling   = "limit_rolling_30_days"   // more than is left of the last 30 days
	CodeLimitMonth     = "limit_month"             // more than is left of the month
)

// Window is what a limit bounds.
type Window string

// The windows of a limit.
const (
	PerOperation Window = "operation"
	PerDay       Window = "day"
	PerRolling   Window = "rolling_30_days"
	PerMonth     Window = "month"
)

// LimitUse is how much of a limit is used.
type LimitUse struct {
	Limit  string          `json:"limit"`
	Window Window          `json:"window"`
	Asset  string          `json:"asset"`
	Most   accounts.Amount `json:"most"`
	Used   accounts.Amount `json:"used"` // by others than the operation that is judged; zero per operation
	Left   accounts.Amount `json:"left"` // never negative
}

func checkLimits(limits []Limit) error {
	var errs []error
	if len(limits) > MaxLimits {
		errs = append(errs, tenancy.Invalid("Limits", fmt.Sprintf("are more than %d", MaxLimits)))
	}
	names := map[string]bool{}
	for i := range limits {
		l, field := &limits[i], fmt.Sprintf("Limits[%d]", i)
		errs = append(errs, tenancy.CheckID(field+".Name", l.Name))
		if strings.Contains(l.Name, "@") {
			errs = append(errs, tenancy.Invalid(field+".Name", "has an @, which stands before an operator"))
		}
		if names[l.Name] {
			errs = append(errs, tenancy.Invalid(field+".Name", "is that of another limit"))
		}
		names[l.Name] = true
		if l.Asset == "" {
			errs = append(errs, tenancy.Invalid(field+".Asset", "is required"))
		}
		bound := false
		for _, b := range []decimal.Decimal{l.Min, l.Max, l.Day, l.Rolling, l.Month} {
			bound = bound || b.IsPositive()
			if b.IsNegative() || !accounts.Fits(b) {
				errs = append(errs, tenancy.Invalid(field, "has a bound that is no amount"))
			}
		}
		if !bound {
			errs = append(errs, tenancy.Invalid(field, "bounds nothing"))
		}
		if l.Max.IsPositive() && l.Max.LessThan(l.Min) {
			errs = append(errs, tenancy.Invalid(field, "has a Max below its Min"))
		}
	}
	return errors.Join(errs...)
}

// counts tells whether operations are added up for the limit.
func (l *Limit) counts() bool {
	return l.Day.IsPositive() || l.Rolling.IsPositive() || l.Month.IsPositive()
}

// counter names what an operator's operations are added up in.
func (l *Limit) counter(op string) string {
	if l.PerOperator {
		return l.Name + "@" + op // in no name
	}
	return l.Name
}

// limit is a Limit with its bounds taken apart.
type limit struct {
	Limit
	least  accounts.Total
	bounds []bound // those that bind
}

// bound is one window of a limit.
type bound struct {
	window Window
	code   string
	amount decimal.Decimal
	most   accounts.Total // the amount
}

func limitsOf(all []Limit) []limit {
	limits := make([]limit, len(all))
	for i, l := range all {
		limits[i] = limit{Limit: l, least: accounts.TotalOf(l.Min)}
		for _, b := range []bound{
			{window: PerOperation, code: CodeLimitOperation, amount: l.Max},
			{window: PerDay, code: CodeLimitDay, amount: l.Day},
			{window: PerRolling, code: CodeLimitRolling, amount: l.Rolling},
			{window: PerMonth, code: CodeLimitMonth, amount: l.Month},
		} {
			if b.amount.IsPositive() {
				b.most = accounts.TotalOf(b.amount)
				limits[i].bounds = append(limits[i].bounds, b)
			}
		}
	}
	return limits
}

// counted is the counter of the limit for what an operator asks for.
func (l *limit) counted(f *Folded, op string) (*counter, bool) {
	if !l.PerOperator {
		return f.counters.get(l.Name)
	}
	rows := f.counters.rows
	i, ok := slices.BinarySearchFunc(rows, l, func(r row[string, *counter], l *limit) int { return l.compare(r.key, op) })
	if !ok {
		return nil, false
	}
	return rows[i].val, true
}

// compare is that of a text with the name of an operator's counter, without
// making it.
func (l *limit) compare(text, op string) int {
	if !strings.HasPrefix(text, l.Name) || len(text) == len(l.Name) {
		if c := strings.Compare(text, l.Name); c != 0 {
			return c
		}
		return -1
	}
	rest := text[len(l.Name):]
	if c := int(rest[0]) - '@'; c != 0 {
		return c
	}
	return strings.Compare(rest[1:], op)
}

// binding walks the limits that are for the order of the view, each with how
// much of its asset that moves.
func (r *rulebook) binding(v *View, t *Terms, yield func(l *limit, amount decimal.Decimal)) {
	for i := range r.limits {
		l := &r.limits[i]
		asset, amount, ok := l.Match.binds(v, t, l.Asset)
		if ok && asset != l.Asset {
			amount = v.moves(t, l.Asset, l.Match.Direction)
		}
		if ok && amount.IsPositive() {
			yield(l, amount)
		}
	}
}

// beyondLimits tells every bound of the firm's limits that the order exceeds.
func (r *rulebook) beyondLimits(v View, t Terms, now time.Time) []Unmet {
	if len(r.limits) == 0 {
		return nil
	}
	var unmet []Unmet
	f, maker, d := v.folded(), v.maker(), v.dates(r, now)
	fresh := 0
	r.binding(&v, &t, func(l *limit, amount decimal.Decimal) {
		asked := accounts.TotalOf(amount)
		if asked.Cmp(l.least) < 0 {
			unmet = append(unmet, Unmet{
				Code: CodeLimitMinimum, Subject: "limit:" + l.Name,
				Figures: []Figure{{Name: "limit", Value: accounts.Canonical(l.Min)}, {Name: "asked", Value: accounts.Canonical(amount)}, {Name: "asset", Value: l.Asset}},
				Remedy:  "Ask for at least the minimum.",
			})
		}
		var c *counter
		if l.counts() {
			var found bool
			if c, found = l.counted(f, maker); !found {
				fresh++
			}
		}
		for i := range l.bounds {
			b := &l.bounds[i]
			used := c.used(d.from(b.window), v.own)
			if used.Plus(asked).Cmp(b.most) > 0 {
				unmet = append(unmet, beyond(&l.Limit, b, used.Decimal(), amount))
			}
		}
	})
	if fresh > 0 && f.counters.len()+fresh > maxCounters && f.liveCounters(d.oldest)+fresh > maxCounters {
		unmet = append(unmet, full("counters", maxCounters))
	}
	return unmet
}

func beyond(l *Limit, b *bound, used, asked decimal.Decimal) Unmet {
	left := decimal.Max(b.amount.Sub(used), decimal.Decimal{})
	u := Unmet{
		Code: b.code, Subject: "limit:" + l.Name,
		Figures: []Figure{
			{Name: "limit", Value: accounts.Canonical(b.amount)},
			{Name: "used", Value: accounts.Canonical(used)},
			{Name: "asked", Value: accounts.Canonical(asked)},
			{Name: "left", Value: accounts.Canonical(left)},
			{Name: "asset", Value: l.Asset},
		},
		Remedy: "Ask for at most what is left, or wait until earlier operations no longer count.",
	}
	if b.window == PerOperation {
		u.Remedy = "Ask for at most the limit."
	}
	return u
}

// limitUses lists what is left of every limit that binds the order, before it.
func (r *rulebook) limitUses(v View, t Terms, now time.Time) []LimitUse {
	if len(r.limits) == 0 || t.Asset == "" {
		return nil
	}
	var all []LimitUse
	d := v.dates(r, now)
	r.binding(&v, &t, func(l *limit, _ decimal.Decimal) {
		c, _ := l.counted(v.folded(), v.maker())
		for i := range l.bounds {
			b := &l.bounds[i]
			used := c.used(d.from(b.window), v.own).Decimal()
			all = append(all, LimitUse{
				Limit: l.Name, Window: b.window, Asset: l.Asset, Most: accounts.Exact(b.amount), Used: accounts.Exact(used),
				Left: accounts.Exact(decimal.Max(b.amount.Sub(used), decimal.Decimal{})),
			})
		}
	})
	return all
}

// maker is who asked for the operation of the view.
func (v View) maker() string {
	if v.own != nil {
		return v.own.Maker.ID
	}
	return v.actor.ID
}
