package operations

import (
	"errors"
	"fmt"
	"slices"

	"github.com/shopspring/decimal"

	"github.com/onbehalf/onbehalf/accounts"
)

// CountEffect lets go of one day of one counter that is in no window any more.
// What operations count for needs no effect: it is in them.
type CountEffect struct {
	Counter string          `json:"counter"`
	Day     Day             `json:"day"`
	By      accounts.Amount `json:"by"` // negative: the whole of the day
}

// maxCounters bounds the counters of one book: the limits of the firm, times
// the operators where they count for themselves.
const maxCounters = 1024

// maxDropped is how many days that are past go with one entry.
const maxDropped = 64

// recount brings what the operation counts for in line with its state: nothing
// before it is executed and when it did not happen; on the day it is let go
// otherwise. What it no longer counts for is given back to the day it was on.
func (d *decision) recount(o *Operation, on Event) {
	switch {
	case len(d.limits) == 0 && o.Counted == nil, o.State == Prepared:
	case o.State == Failed, o.State == Cancelled, o.State == Rejected, o.State == Expired:
		o.Counted = nil
	case on == OnSettled && o.Counted != nil && o.Terms.Exchange.inPart(): // what did not happen is given back to its day
		o.Counted = o.Counted.part(o)
	case on == OnExecute, on == OnModify, on == OnDue, on == OnApprove && o.State != AwaitingApproval:
		dates := d.dates()
		own, _ := d.f.open.get(o.ID)
		v := View{f: d.f, order: o.Order, own: own, finish: on == OnDue, kin: d.kin, actor: d.c.actors[0]}
		if n := d.countedOn(v, o, dates.today); !n.equal(o.Counted) {
			o.Counted = n
		}
		if o.Counted != nil {
			d.drop(dates.oldest)
		}
	}
}

// countedOn is where the operation counts when it is let go on the day.
func (r *rulebook) countedOn(v View, o *Operation, today Day) *Counted {
	var n *Counted
	r.binding(&v, &o.Terms, func(l *limit, amount decimal.Decimal) {
		if !l.counts() {
			return
		}
		if n == nil {
			n = &Counted{Day: today, Amount: o.Order.Amount, Counters: make([]string, 0, len(r.limits))}
		}
		name := l.Name
		if l.PerOperator {
			if c, ok := l.counted(v.folded(), o.Maker.ID); ok {
				name = c.name // it is made already
			} else {
				name = l.counter(o.Maker.ID)
			}
		}
		if l.Asset == o.Terms.Asset {
			n.Counters = append(n.Counters, name)
		} else {
			n.Others = append(n.Others, OtherCount{Counter: name, Asset: l.Asset, Amount: accounts.Exact(amount)})
		}
	})
	return n
}

// drop lets go of days that are in no window any more.
func (d *decision) drop(oldest Day) {
	n := 0
	for i := range d.f.counters.rows {
		c := d.f.counters.rows[i].val
		for j := 0; c.at(j).day < oldest; j++ {
			n++
			if n > maxDropped {
				return
			}
			d.fx.Counts = append(d.fx.Counts, CountEffect{Counter: c.name, Day: c.at(j).day, By: accounts.Exact(c.at(j).amount.Decimal().Neg())})
			if j == len(c.past) {
				break
			}
		}
	}
}

// liveCounters are those with a day that is kept.
func (f *Folded) liveCounters(oldest Day) int {
	n := 0
	for i := range f.counters.rows {
		if f.counters.rows[i].val.last.day >= oldest {
			n++
		}
	}
	return n
}

var errCount = errors.New("a count that could not have been decided")

// drop takes a whole day off a counter.
func (f *Folded) drop(e *CountEffect) error {
	if c, ok := f.counters.get(e.Counter); ok {
		if i, found := c.find(e.Day); found && c.at(i).amount.Cmp(accounts.TotalOf(e.By.Neg())) == 0 {
			f.counters = setCounter(table[string, *counter]{slices.Clone(f.counters.rows)}, e.Counter, c.add(nil, e.Day, accounts.TotalOf(e.By.Decimal)))
			return nil
		}
	}
	return fmt.Errorf("%w: %s by %s on %q", errCount, e.Counter, e.By, e.Day)
}

// recount moves what an operation counts for from where it counted to where it
// counts now. A day that is no longer kept needs no giving back.
func (f *Folded) recount(old *Counted, o *Operation) error {
	now := o.Counted
	if now.equal(old) {
		return nil
	}
	rows := table[string, *counter]{slices.Clone(f.counters.rows)}
	for name, by := range old.each {
		c, ok := rows.get(name)
		if !ok {
			continue
		}
		if _, found := c.find(old.Day); found {
			rows = setCounter(rows, name, c.add(nil, old.Day, accounts.Total{}.Minus(by)))
		}
	}
	if now != nil && !now.sound(o) {
		return fmt.Errorf("%w: operation %q, %s, of %s on %q", errCount, o.ID, o.State, now.Amount, now.Day)
	}
	if now != nil {
		made := make([]counter, len(now.Counters)+len(now.Others)) // those of an operation come and go together
		for name, by := range now.each {
			i, ok := rows.find(name)
			c := &made[0]
			made = made[1:]
			if ok {
				c = rows.rows[i].val.add(c, now.Day, by)
				rows.rows[i].val = c
			} else {
				*c = counter{name: name, last: dayCount{day: now.Day, amount: by}}
				rows = rows.with(name, c)
			}
			if !c.last.amount.Fits() {
				return fmt.Errorf("%w: more than can be kept for %q", errCount, name)
			}
		}
	}
	f.counters = rows
	return nil
}

// counts tells whether an operation in this state may count towards limits.
func (s State) counts() bool { return s.Holds() || s == Completed }

// setCounter puts a counter in its place, in rows nobody else has yet, or takes
// it out when nothing is left of it.
func setCounter(t table[string, *counter], name string, c *counter) table[string, *counter] {
	if c == nil {
		return t.without(name)
	}
	i, ok := t.find(name)
	if !ok {
		return t.with(name, c)
	}
	t.rows[i].val = c
	return t
}

// counter is what was counted, day by day, ascending; none is zero. It is not
// changed once it is in a folded book.
type counter struct {
	name string
	past []dayCount // shared by the counters that follow from it
	last dayCount
}

type dayCount struct {
	day    Day
	amount accounts.Total
	before accounts.Total // what was counted on earlier days, since whenever
}

// counterDoc is a counter in a snapshot.
type counterDoc struct {
	Name string   `json:"name"`
	Days []dayDoc `json:"days"`
}

type dayDoc struct {
	Day    Day             `json:"day"`
	Amount accounts.Amount `json:"amount"`
}

func (c *counter) doc() counterDoc {
	d := counterDoc{Name: c.name, Days: make([]dayDoc, len(c.past)+1)}
	for i := range d.Days {
		d.Days[i] = dayDoc{Day: c.at(i).day, Amount: accounts.Exact(c.at(i).amount.Decimal())}
	}
	return d
}

// counter is nil when there are no days.
func (d counterDoc) counter() *counter {
	all := make([]dayCount, len(d.Days))
	for i := range d.Days {
		all[i] = dayCount{day: d.Days[i].Day, amount: accounts.TotalOf(d.Days[i].Amount.Decimal)}
	}
	return counterOf(d.Name, all)
}

// counterOf adds up days, which become the counter's; nil when there are none.
func counterOf(name string, all []dayCount) *counter {
	n := len(all) - 1
	if n < 0 {
		return nil
	}
	all[0].before = accounts.Total{}
	for i := range all[:n] {
		all[i+1].before = all[i].before.Plus(all[i].amount)
	}
	return &counter{name: name, past: all[:n:n], last: all[n]}
}

func (c *counter) at(i int) *dayCount {
	if i == len(c.past) {
		return &c.last
	}
	return &c.past[i]
}

// find gives the first day that is not before the one asked for; it may be one
// past the last.
func (c *counter) find(day Day) (int, bool) {
	if day >= c.last.day {
		if day == c.last.day {
			return len(c.past), true
		}
		return len(c.past) + 1, false
	}
	low, high := 0, len(c.past)
	for low < high {
		if mid := (low + high) / 2; c.past[mid].day < day {
			low = mid + 1
		} else {
			high = mid
		}
	}
	return low, low < len(c.past) && c.past[low].day == day
}

// add gives the counter with that much more on a day, in the place it is given
// if it needs one; nil when nothing is left.
func (c *counter) add(into *counter, day Day, by accounts.Total) *counter {
	sum := c.last.amount.Plus(by)
	switch {
	case day == c.last.day && sum.Sign() > 0:
		if into == nil {
			into = new(counter)
		}
		*into = *c
		into.last.amount = sum
		return into
	case day > c.last.day:
		return &counter{
			name: c.name, past: append(slices.Clip(c.past), c.last),
			last: dayCount{day: day, amount: by, before: c.last.before.Plus(c.last.amount)},
		}
	}
	all := append(slices.Clip(c.past), c.last)
	i, found := c.find(day)
	if !found {
		all = slices.Insert(all, i, dayCount{day: day})
	}
	if sum = all[i].amount.Plus(by); sum.Sign() == 0 {
		all = slices.Delete(all, i, i+1)
	} else {
		all[i].amount = sum
	}
	return counterOf(c.name, all)
}

// used is what others than the operation count for from a day on, if any.
func (c *counter) used(from Day, own *Operation) accounts.Total {
	if c == nil || from == "" || c.last.day < from {
		return accounts.Total{}
	}
	used := c.last.amount
	if i, _ := c.find(from); i < len(c.past) {
		used = used.Plus(c.last.before.Minus(c.past[i].before))
	}
	if own != nil && own.Counted != nil && own.Counted.Day >= from {
		used = used.Minus(own.Counted.on(c.name))
	}
	return used
}

// dated tells how many days the counters have, for the size of the book.
func (f *Folded) dated() int {
	n := 0
	for i := range f.counters.rows {
		n += 2 + len(f.counters.rows[i].val.past)
	}
	return n
}
