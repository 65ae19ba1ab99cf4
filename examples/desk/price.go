package main

import (
	"strings"

	"github.com/onbehalf/onbehalf/accounts"
	"github.com/onbehalf/onbehalf/operations"
)

// price is how a trade was priced, in rows of its terms.
func (p *page) price(x *operations.Exchange) [][]cell {
	verb, earned := "buy ", x.QuoteAmount.Sub(x.ProviderAmount.Decimal)
	if x.Side == operations.Sell {
		verb, earned = "sell ", earned.Neg()
	}
	exact := x.Fixed + " exact"
	if x.Rounding != "" {
		exact += ", the other rounded " + string(x.Rounding)
	}
	per := func(rate accounts.Amount) string {
		return accounts.Canonical(rate.Decimal) + " " + x.Quote + " for 1 " + x.Base
	}
	reference := per(x.Reference) + ", " + x.Source + " of " + clockTime(x.At)
	if x.Stale {
		reference += ", stale"
	}
	spread := accounts.Canonical(x.Spread.Decimal) + " basis points"
	if x.Session != "" {
		spread += ", " + strings.ReplaceAll(x.Session, "_", " ")
	}
	rows := [][]cell{
		{is("price"), toned(strong, verb+p.money(x.BaseAmount.Decimal, x.Base)+" for "+p.money(x.QuoteAmount.Decimal, x.Quote))},
		{is("exact amount"), is(exact)},
		{is("rate, all in"), is(per(x.Rate))},
		{is("rate of the provider"), is(per(x.ProviderRate))},
		{is("reference"), is(reference)},
		{is("spread"), is(spread + ": " + p.money(earned, x.Quote))},
		{is("quoted by"), is(x.Quoted)},
	}
	switch {
	case !x.Agreed.IsZero():
		rows = append(rows, []cell{is("in part"), toned(waits, p.money(x.BaseAmount.Decimal, x.Base)+" of "+p.money(x.Agreed.Decimal, x.Base)+" that were agreed")})
	case x.Parts:
		rows = append(rows, []cell{is("in part"), is("whatever part of it is carried out counts")})
	}
	for _, l := range x.Legs {
		rows = append(rows, []cell{is("made from"), is(accounts.Canonical(l.Rate.Decimal) + " " + l.Quote + " for 1 " + l.Base + ", " + l.Source + " of " + clockTime(l.At))})
	}
	for _, pass := range x.Passed {
		rows = append(rows, []cell{is("path that failed"), toned(bad, pass.Provider+": "+pass.Code)})
	}
	return rows
}
