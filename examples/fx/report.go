package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/jedib0t/go-pretty/v6/text"
	"github.com/shopspring/decimal"

	"github.com/onbehalf/onbehalf/accounts"
	"github.com/onbehalf/onbehalf/operations"
	"github.com/onbehalf/onbehalf/operations/trading"
	"github.com/onbehalf/onbehalf/tenancy"
)

// errDiffers is the answer when the books do not hold what was traded.
var errDiffers = errors.New("the books differ from what was traded")

// report tells how it went, and holds the books against it.
func (c *person) report(ctx context.Context, out io.Writer) error {
	p := &printer{out: out}
	c.plot(p)
	total := c.hours(p)
	at, err := c.position(ctx)
	if err != nil {
		return err
	}
	treasury(p, at)
	has, err := c.balances(ctx)
	if err != nil {
		return err
	}
	last := c.months[len(c.months)-1]
	worth := has[c.reais].Add(has[c.dollars].Mul(last.rate)).RoundDown(2)
	p.linef("%d quotes asked for: %d executed, %d expired before he agreed, %d refused for want of money", c.asked, total.trades, c.expired, c.lacking)
	p.linef("The customer began with %s %s. He has %s %s and %s %s, together worth %s %s at the last rate.",
		c.began.StringFixed(2), quote, has[c.reais].StringFixed(2), quote, has[c.dollars].StringFixed(2), base, worth.StringFixed(2), quote)
	wrong := c.compare(total, has, at)
	for _, w := range wrong {
		p.linef("%s", w)
	}
	sound, err := c.verify(ctx, p)
	if err != nil {
		return err
	}
	p.linef("%d of 2 books verified", sound)
	if p.err == nil && (len(wrong) > 0 || sound != 2) {
		return errDiffers
	}
	return p.err
}

// compare holds what books say against the sums of what terms said.
func (c *person) compare(total traded, has map[accounts.ID]decimal.Decimal, at map[operations.PositionPlace]decimal.Decimal) []string {
	var wrong []string
	same := func(what string, book, sum decimal.Decimal) {
		if !book.Equal(sum) {
			wrong = append(wrong, fmt.Sprintf("%s: the books say %s, what was traded comes to %s", what, book, sum))
		}
	}
	same("dollars", has[c.dollars], total.base)
	same("reais", has[c.reais], c.began.Sub(total.quote))
	same("spread", at[operations.PositionPlace{Ref: accounts.IncomeSpread, Asset: quote}], total.spread)
	same("dollars with the house", at[operations.PositionPlace{Ref: accounts.Clearing(house), Asset: base}], total.base.Neg())
	same("reais with the house", at[operations.PositionPlace{Ref: accounts.Clearing(house), Asset: quote}], total.quote.Sub(total.spread))
	return wrong
}

// verify follows the chains of both books.
func (c *person) verify(ctx context.Context, p *printer) (sound int, err error) {
	for _, id := range []tenancy.CustomerID{tenancy.House, c.customer} {
		v, err := c.eng.Verify(ctx, operations.BookID{Tenant: tenant, Customer: id})
		if err != nil {
			return sound, err
		}
		for _, f := range v.Faults {
			p.linef("book %s: %s", id, f)
		}
		if v.Sound() {
			sound++
		}
	}
	return sound, nil
}

// printer keeps the first error of its writer.
type printer struct {
	out io.Writer
	err error
}

func (p *printer) linef(format string, args ...any) {
	if p.err == nil {
		_, p.err = fmt.Fprintf(p.out, format+"\n", args...)
	}
}

// table writes rows; all columns but the first left are figures.
func (p *printer) table(left int, rows ...table.Row) {
	t := table.NewWriter()
	t.SetStyle(table.StyleDefault)
	t.Style().Format = table.FormatOptions{}
	t.AppendHeader(rows[0])
	t.AppendRows(rows[1:])
	var right []table.ColumnConfig
	for i := left; i < len(rows[0]); i++ {
		right = append(right, table.ColumnConfig{Number: i + 1, Align: text.AlignRight, AlignHeader: text.AlignRight})
	}
	t.SetColumnConfigs(right)
	p.linef("%s", t.Render())
}

// How long the longest bars are.
const (
	dollarBar = 40
	incomeBar = 24
)

// plot draws the customer's dollars and the firm's income month by month.
func (c *person) plot(p *printer) {
	var most, best, before decimal.Decimal
	earned := make([]decimal.Decimal, len(c.months))
	for i, m := range c.months {
		earned[i], before = m.income.Sub(before), m.income
		most, best = decimal.Max(most, m.dollars), decimal.Max(best, earned[i])
	}
	p.linef("%-7s  %6s  %10s  %-*s  %9s", "month", "rate", base, dollarBar, "position at its end", "income "+quote)
	for i, m := range c.months {
		line := fmt.Sprintf("%-7s  %6s  %10s  %-*s  %9s  %s", m.name, m.rate.StringFixed(4), m.dollars.StringFixed(2),
			dollarBar, bar("#", m.dollars, most, dollarBar), earned[i].StringFixed(2), bar("=", earned[i], best, incomeBar))
		p.linef("%s", strings.TrimRight(line, " "))
	}
	p.linef("")
}

// bar is as long as its part of the most, and not empty where there is something.
func bar(of string, x, most decimal.Decimal, width int) string {
	if !x.IsPositive() {
		return ""
	}
	long := x.Mul(decimal.NewFromInt(int64(width))).DivRound(most, 0).IntPart()
	return strings.Repeat(of, int(max(long, 1)))
}

// hours is what was traded by the hours of the house, and all together.
func (c *person) hours(p *printer) traded {
	var all traded
	rows := []table.Row{{"hours", "trades", "volume " + quote, "spread " + quote, "basis points"}}
	row := func(name string, t traded) {
		bps := decimal.Zero
		if t.volume.IsPositive() {
			bps = t.spread.Shift(4).DivRound(t.volume, 2)
		}
		rows = append(rows, table.Row{name, t.trades, t.volume.StringFixed(2), t.spread.StringFixed(2), bps.StringFixed(2)})
	}
	for _, s := range []trading.Session{trading.Working, trading.Closed, trading.DayOff} {
		t := *c.done[s]
		row(strings.ReplaceAll(string(s), "_", " "), t)
		all.trades += t.trades
		all.base, all.quote = all.base.Add(t.base), all.quote.Add(t.quote)
		all.volume, all.spread = all.volume.Add(t.volume), all.spread.Add(t.spread)
	}
	row("all", all)
	p.table(1, rows...)
	return all
}

// treasury tells who owes whom, and what was earned.
func treasury(p *printer, at map[operations.PositionPlace]decimal.Decimal) {
	places := slices.SortedFunc(maps.Keys(at), func(a, b operations.PositionPlace) int {
		return strings.Compare(string(a.Ref)+" "+a.Asset, string(b.Ref)+" "+b.Asset)
	})
	rows := []table.Row{{"treasury", "asset", "what it is", "amount"}}
	for _, x := range places {
		what, amount := "earned", at[x]
		if name, clearing := strings.CutPrefix(string(x.Ref), string(accounts.Clearing(""))); clearing {
			if what = "owed to " + name; amount.IsNegative() {
				what, amount = "owed by "+name, amount.Neg()
			}
		}
		rows = append(rows, table.Row{string(x.Ref), x.Asset, what, amount.StringFixed(2)})
	}
	p.table(3, rows...)
}
