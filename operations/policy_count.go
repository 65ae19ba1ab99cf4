package operations

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/shopspring/decimal"

	"github.com/onbehalf/onbehalf/accounts"
)

// Counted is where an operation counts.
type Counted struct {
	Counter string          `json:"counter"`
	Day     Day             `json:"day"`
	Amount  accounts.Amount `json:"amount"`
}

func (c *Counted) equal(o *Counted) bool {
	return c.Counter == o.Counter && c.Day == o.Day && c.Amount.Equal(o.Amount.Decimal)
}

// CountEffect changes one day of one counter.
type CountEffect struct {
	Counter string          `json:"counter"`
	Day     Day             `json:"day"`
	By      accounts.Amount `json:"by"` // negative: given back, or dropped with a day that is past
}

// maxCounters bounds the counters of one book: the limits of the firm, times
// the operators where they count for themselves.
const maxCounters = 1024

// maxDropped is how many days that are past go with one entry.
const maxDropped = 64

// counter is what was counted, day by day. It is not changed once it is in a
// folded book.
type counter struct {
	Name string     `json:"name"` // the limit's, with "@" and the operator where each counts for himself
	Days []dayCount `json:"days"` // ascending; none is zero
}

type dayCount struct {
	Day    Day             `json:"day"`
	Amount accounts.Amount `json:"amount"`

	upTo decimal.Decimal // what was counted up to and on this day, since whenever
}

func (c *counter) find(day Day) (int, bool) {
	return slices.BinarySearchFunc(c.Days, day, func(d dayCount, day Day) int { return strings.Compare(string(d.Day), string(day)) })
}

// used is what others than the operation count for in a window.
func (c *counter) used(b *bound, own *Operation) decimal.Decimal {
	if c == nil || b.from == "" || len(c.Days) == 0 {
		return decimal.Decimal{}
	}
	i, _ := c.find(b.from)
	if i == len(c.Days) {
		return decimal.Decimal{}
	}
	used := c.Days[i].Amount.Decimal
	if last := len(c.Days) - 1; i < last {
		used = used.Add(c.Days[last].upTo.Sub(c.Days[i].upTo))
	}
	if own == nil {
		return used
	}
	for j := range own.Counted {
		if n := &own.Counted[j]; n.Counter == c.Name && n.Day >= b.from {
			used = used.Sub(n.Amount.Decimal)
		}
	}
	return used
}

// total brings upTo in line from the day at i on.
func (c *counter) total(i int) {
	for ; i < len(c.Days); i++ {
		d := &c.Days[i]
		if d.upTo = d.Amount.Decimal; i > 0 {
			d.upTo = c.Days[i-1].upTo.Add(d.Amount.Decimal)
		}
	}
}

// recount brings what the operation counts for in line with its state: nothing
// before it is executed and when it did not happen; on the day it is let go
// otherwise. A day that is no longer kept needs no giving back.
func (d *decision) recount(o *Operation, on Event) {
	var want []Counted
	var oldest Day
	switch {
	case len(d.limits) == 0 && len(o.Counted) == 0, o.State == Prepared:
		return
	case o.State == Failed, o.State == Cancelled, o.State == Rejected, o.State == Expired:
	case on == OnExecute, on == OnModify, on == OnDue, on == OnApprove && o.State != AwaitingApproval:
		want, oldest = d.counted(o)
	default:
		return
	}
	for i := range o.Counted {
		c := &o.Counted[i]
		if !slices.ContainsFunc(want, func(w Counted) bool { return w.equal(c) }) && d.f.countedOn(c) {
			d.fx.Counts = append(d.fx.Counts, CountEffect{Counter: c.Counter, Day: c.Day, By: accounts.Exact(c.Amount.Neg())})
		}
	}
	for i := range want {
		w := &want[i]
		if !slices.ContainsFunc(o.Counted, func(c Counted) bool { return c.equal(w) }) {
			d.fx.Counts = append(d.fx.Counts, CountEffect{Counter: w.Counter, Day: w.Day, By: w.Amount})
		}
	}
	o.Counted = want
	if len(want) > 0 {
		d.drop(oldest)
	}
}

// counted is where the operation counts when it is let go now, and the oldest
// day that is still of use.
func (d *decision) counted(o *Operation) ([]Counted, Day) {
	var all []Counted
	own, _ := d.f.open.get(o.ID)
	v := View{f: d.f, order: o.Order, own: own, actor: o.Maker}
	dates := daysOf(d.now, d.zoneOf(d.f.id.Tenant))
	d.binding(v, &o.Terms, func(l *Limit) {
		if l.counts() {
			all = append(all, Counted{Counter: l.counter(string(o.Maker.ID)), Day: dates.today, Amount: o.Order.Amount})
		}
	})
	return all, dates.oldest
}

// drop lets go of days that are in no window any more.
func (d *decision) drop(oldest Day) {
	n := 0
	for _, c := range d.f.counters.all {
		for i := range c.Days {
			if c.Days[i].Day >= oldest {
				break
			}
			if n++; n > maxDropped {
				return
			}
			left := c.Days[i].Amount.Add(sumOfCounts(d.fx.Counts, c.Name, c.Days[i].Day)) // some may be given back in this entry
			if left.IsPositive() {
				d.fx.Counts = append(d.fx.Counts, CountEffect{Counter: c.Name, Day: c.Days[i].Day, By: accounts.Exact(left.Neg())})
			}
		}
	}
}

func sumOfCounts(all []CountEffect, name string, day Day) decimal.Decimal {
	var sum decimal.Decimal
	for i := range all {
		if all[i].Counter == name && all[i].Day == day {
			sum = sum.Add(all[i].By.Decimal)
		}
	}
	return sum
}

// liveCounters are those with a day that is kept.
func (f *Folded) liveCounters(oldest Day) int {
	n := 0
	for _, c := range f.counters.all {
		if c.Days[len(c.Days)-1].Day >= oldest {
			n++
		}
	}
	return n
}

// countedOn tells whether the day of what was counted is still kept.
func (f *Folded) countedOn(c *Counted) bool {
	n, ok := f.counters.get(c.Counter)
	if ok {
		_, ok = n.find(c.Day)
	}
	return ok
}

var errCount = errors.New("a count that could not have been decided")

// count applies one effect.
func (f *Folded) count(e *CountEffect) error {
	old, ok := f.counters.get(e.Counter)
	if !ok {
		old = &counter{Name: e.Counter}
	}
	i, found := old.find(e.Day)
	n := &counter{Name: e.Counter, Days: make([]dayCount, len(old.Days), len(old.Days)+1)}
	copy(n.Days, old.Days)
	if !found {
		if !e.Day.valid() || e.Counter == "" {
			return fmt.Errorf("%w: %q on %q", errCount, e.Counter, e.Day)
		}
		n.Days = slices.Insert(n.Days, i, dayCount{Day: e.Day})
	}
	sum := n.Days[i].Amount.Add(e.By.Decimal)
	switch {
	case e.By.IsZero(), sum.IsNegative(), !accounts.Fits(sum):
		return fmt.Errorf("%w: %s on %s of %q", errCount, e.By, e.Day, e.Counter)
	case sum.IsZero() && len(n.Days) == 1:
		f.counters = f.counters.without(e.Counter)
		return nil
	case sum.IsZero():
		n.Days = slices.Delete(n.Days, i, i+1)
	default:
		n.Days[i].Amount = accounts.Exact(sum)
	}
	n.total(i)
	f.counters = f.counters.with(e.Counter, n)
	return nil
}

// checkCounts refuses counts that do not follow from the operations of the
// entry: whatever is added is what one of them newly counts for, and what one
// counts for no more is given back unless its day is gone. Beyond that only
// whole days go. f is the book before.
func (f *Folded) checkCounts(fx *Effects) error {
	rest := slices.Clone(fx.Counts)
	take := func(c *Counted, by decimal.Decimal) bool {
		i := slices.IndexFunc(rest, func(e CountEffect) bool { return e.Counter == c.Counter && e.Day == c.Day && e.By.Equal(by) })
		if i >= 0 {
			rest = slices.Delete(rest, i, i+1)
		}
		return i >= 0
	}
	for i := range fx.Operations {
		o := &fx.Operations[i]
		var before []Counted
		if old, ok := f.open.get(o.ID); ok {
			before = old.Counted
		}
		if len(o.Counted) == 0 && len(before) == 0 {
			continue
		}
		for j := range o.Counted {
			c := &o.Counted[j]
			if !slices.ContainsFunc(before, func(b Counted) bool { return b.equal(c) }) && !take(c, c.Amount.Decimal) {
				return fmt.Errorf("%w: operation %q counts for %q without it", errCount, o.ID, c.Counter)
			}
		}
		for j := range before {
			b := &before[j]
			if !slices.ContainsFunc(o.Counted, func(c Counted) bool { return c.equal(b) }) && !take(b, b.Amount.Neg()) && f.countedOn(b) {
				return fmt.Errorf("%w: operation %q gives %q nothing back", errCount, o.ID, b.Counter)
			}
		}
	}
	for i := range rest {
		e := &rest[i]
		c, ok := f.counters.get(e.Counter)
		if !ok || !e.By.IsNegative() {
			return fmt.Errorf("%w: %s for %q", errCount, e.By, e.Counter)
		}
		j, found := c.find(e.Day)
		if !found || !c.Days[j].Amount.Equal(sumOfCounts(fx.Counts, e.Counter, e.Day).Neg()) {
			return fmt.Errorf("%w: %s for %q", errCount, e.By, e.Counter)
		}
	}
	return nil
}

// dated tells how many days the counters have, for the size of the book.
func (f *Folded) dated() int {
	n := 0
	for _, c := range f.counters.all {
		n += 1 + len(c.Days)
	}
	return n
}
