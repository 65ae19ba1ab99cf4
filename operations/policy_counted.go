package operations

import (
	"slices"

	"github.com/onbehalf/onbehalf/accounts"
)

// Counted is where an operation counts towards the firm's limits. It is not
// changed, only replaced.
type Counted struct {
	Day      Day             `json:"day"`
	Amount   accounts.Amount `json:"amount"`
	Counters []string        `json:"counters"` // names of limits, with "@" and the operator where each counts for himself
	Others   []OtherCount    `json:"others,omitempty"`
}

func (c *Counted) equal(o *Counted) bool {
	return c == o || c != nil && o != nil && c.Day == o.Day && c.Amount.Equal(o.Amount.Decimal) && slices.Equal(c.Counters, o.Counters) &&
		slices.EqualFunc(c.Others, o.Others, func(a, b OtherCount) bool {
			return a.Counter == b.Counter && a.Asset == b.Asset && a.Amount.Equal(b.Amount.Decimal)
		})
}

func (c *Counted) clone() *Counted {
	if c == nil {
		return nil
	}
	n := *c
	n.Counters, n.Others = slices.Clone(c.Counters), slices.Clone(c.Others)
	return &n
}

// OtherCount is what counts for a limit in another asset than the one the
// operation's amount is given in, such as the other side of a trade.
type OtherCount struct {
	Counter string          `json:"counter"`
	Asset   string          `json:"asset"`
	Amount  accounts.Amount `json:"amount"`
}

// part is what the operation counts for when a part of its exchange happened.
func (c *Counted) part(o *Operation) *Counted {
	n := c.clone()
	n.Amount = o.moved()
	for i := range n.Others {
		n.Others[i].Amount = accounts.Exact(o.Terms.other(n.Others[i].Asset, ""))
	}
	return n
}

// each walks what is counted, counter by counter.
func (c *Counted) each(yield func(name string, by accounts.Total) bool) {
	if c == nil {
		return
	}
	by := accounts.TotalOf(c.Amount.Decimal)
	for _, name := range c.Counters {
		if !yield(name, by) {
			return
		}
	}
	for i := range c.Others {
		if !yield(c.Others[i].Counter, accounts.TotalOf(c.Others[i].Amount.Decimal)) {
			return
		}
	}
}

// on is how much is counted by one counter.
func (c *Counted) on(name string) accounts.Total {
	for n, by := range c.each {
		if n == name {
			return by
		}
	}
	return accounts.Total{}
}

// sound tells whether a decision on the operation could have counted this.
func (c *Counted) sound(o *Operation) bool {
	if !o.State.counts() || !c.Amount.Equal(o.moved().Decimal) || !c.Day.valid() || len(c.Counters)+len(c.Others) == 0 {
		return false
	}
	for i, name := range c.Counters {
		if name == "" || slices.Contains(c.Counters[:i], name) {
			return false
		}
	}
	for i := range c.Others {
		name := c.Others[i].Counter
		if name == "" || slices.Contains(c.Counters, name) || slices.ContainsFunc(c.Others[:i], func(n OtherCount) bool { return n.Counter == name }) {
			return false
		}
	}
	return !slices.ContainsFunc(c.Others, func(n OtherCount) bool {
		is := func(dir accounts.Direction) bool { return n.Amount.Equal(o.Terms.other(n.Asset, dir)) }
		return n.Asset == o.Terms.Asset || !n.Amount.IsPositive() || !is(accounts.Debit) && !is(accounts.Credit)
	})
}
