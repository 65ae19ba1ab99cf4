package main

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/shopspring/decimal"

	"github.com/onbehalf/onbehalf/accounts"
	"github.com/onbehalf/onbehalf/operations"
	"github.com/onbehalf/onbehalf/operations/trading"
	"github.com/onbehalf/onbehalf/tenancy"
)

// setUp is what a book says of a customer's trades.
type setUp struct {
	customer trading.Customer
	version  int64 // of what holds for all pairs; 0: nothing was said yet
	pairs    []keptPair
}

// keptPair is a pair as it stands in the book.
type keptPair struct {
	trading.Pair

	Version int64              `json:"version"`
	By      tenancy.OperatorID `json:"by"`
	At      time.Time          `json:"at"`
}

func (s *seat) setUp(ctx context.Context, scope tenancy.Scope) (setUp, error) {
	var u setUp
	all, err := s.eng.Book(scope).Settings(ctx)
	if err != nil {
		return u, fmt.Errorf("read settings: %w", err)
	}
	for _, x := range all {
		var into any
		k := keptPair{Version: x.Version, By: x.By, At: x.At}
		switch {
		case x.Name == trading.KindTrade:
			u.version, into = x.Version, &u.customer
		case strings.HasPrefix(x.Name, trading.KindTrade+":"):
			into = &k.Pair
		default:
			continue
		}
		if err := json.Unmarshal(x.Body, into); err != nil {
			return u, fmt.Errorf("read setting %s: %w", x.Name, err)
		}
		if x.Name != trading.KindTrade {
			u.pairs = append(u.pairs, k)
		}
	}
	return u, nil
}

// pair finds a pair; one that is not there yet has version 0.
func (u setUp) pair(x traded) keptPair {
	for _, k := range u.pairs {
		if k.Base == accounts.ID(x.Base) && k.Quote == accounts.ID(x.Quote) {
			return k
		}
	}
	return keptPair{Pair: trading.Pair{Base: accounts.ID(x.Base), Quote: accounts.ID(x.Quote)}}
}

// pairsDoc is what a customer may trade.
type pairsDoc struct {
	Context   contextDoc `json:"context"`
	Providers []string   `json:"providers"`
	Pairs     []pairDoc  `json:"pairs"`

	names names
}

type pairDoc struct {
	keptPair

	BaseAsset  string          `json:"base_asset"`
	QuoteAsset string          `json:"quote_asset"`
	Problems   []tenancy.Unmet `json:"problems"` // all of the set-up that keeps it from being traded
	Buy        []tenancy.Unmet `json:"buy"`      // what keeps the least amount from being bought now; empty: nothing
	Sell       []tenancy.Unmet `json:"sell"`
}

func (s *seat) pairs(ctx context.Context, scope tenancy.Scope) (pairsDoc, error) {
	list, err := s.accounts(ctx, scope)
	if err != nil {
		return pairsDoc{}, err
	}
	u, err := s.setUp(ctx, scope)
	if err != nil {
		return pairsDoc{}, err
	}
	d := pairsDoc{Context: list.Context, Providers: append([]string{}, u.customer.Providers...), Pairs: make([]pairDoc, len(u.pairs)), names: list.names()}
	for i, k := range u.pairs {
		row := pairDoc{keptPair: k}
		for _, a := range list.Accounts {
			switch a.ID {
			case k.Base:
				row.BaseAsset = a.Asset
			case k.Quote:
				row.QuoteAsset = a.Asset
			}
		}
		problems, err := s.eng.Book(scope).Problems(ctx, trading.PairSetting(k.Base, k.Quote))
		if err != nil {
			return d, fmt.Errorf("read problems: %w", err)
		}
		row.Problems = unmetList(problems)
		if row.Buy, err = s.tradable(ctx, scope, k.Pair, operations.Buy); err != nil {
			return d, err
		}
		if row.Sell, err = s.tradable(ctx, scope, k.Pair, operations.Sell); err != nil {
			return d, err
		}
		d.Pairs[i] = row
	}
	return d, nil
}

// tradable asks what is in the way of a trade of the least amount, at the price
// of the moment.
func (s *seat) tradable(ctx context.Context, scope tenancy.Scope, p trading.Pair, side operations.Side) ([]tenancy.Unmet, error) {
	least := decimal.Max(p.Minimum.Decimal, decimal.New(1, 0))
	plan, err := s.eng.Explain(ctx, scope, trading.Trade{Base: p.Base, Quote: p.Quote, Side: side, QuoteAmount: least})
	return unmetList(plan.Unmet), err
}

func (d pairsDoc) draw(p *page) {
	d.Context.draw(p)
	d.list(p)
}

func (d pairsDoc) list(p *page) {
	p.linef(plain, "Providers that may be used: %s", listed(d.Providers))
	rows := make([][]cell, len(d.Pairs))
	for i, x := range d.Pairs {
		rows[i] = []cell{
			is(x.BaseAsset+"/"+x.QuoteAsset, d.names.of(x.Base), d.names.of(x.Quote)), is(orElse(string(x.Sides), "both"), activity(x.Inactive)),
			is(p.bounds(x)...), is(fmt.Sprintf("quoted by %s, %s", orElse(string(x.Quotation), string(trading.Priority)), count(len(x.Quotations), "path")),
				"executed by "+orElse(string(x.Execution), string(trading.Pinned))+", "+orElse(strings.ReplaceAll(string(x.Fills), "_", " "), "whole only")),
			codes(x.Buy), codes(x.Sell), is(fmt.Sprint(x.Version)),
		}
	}
	p.table([]column{col("pair"), col("sides"), col("one trade"), col("how"), col("buy now"), col("sell now"), num("version")}, rows)
	for _, x := range d.Pairs {
		if len(x.Problems) > 0 {
			p.linef(bad, "%s cannot be traded as it is set up:", x.BaseAsset+"/"+x.QuoteAsset)
			p.reasons(x.Problems)
		}
	}
}

// bounds are those of one trade.
func (p *page) bounds(x pairDoc) []string {
	var lines []string
	if x.Minimum.IsPositive() {
		lines = append(lines, "from "+p.money(x.Minimum.Decimal, x.QuoteAsset))
	}
	if x.Maximum.IsPositive() {
		lines = append(lines, "to "+p.money(x.Maximum.Decimal, x.QuoteAsset))
	}
	if lines == nil {
		return []string{"any amount"}
	}
	return lines
}

func listed(all []string) string { return orElse(strings.Join(all, ", "), "none") }

func orElse(text, otherwise string) string {
	if text == "" {
		return otherwise
	}
	return text
}

func activity(inactive bool) string {
	if inactive {
		return "inactive"
	}
	return "active"
}

// pathsDoc are the paths of one pair.
type pathsDoc struct {
	Context contextDoc `json:"context"`
	Base    string     `json:"base"`
	Quote   string     `json:"quote"`
	Version int64      `json:"version"`
	Paths   []pathRow  `json:"paths"`
}

type pathRow struct {
	List string `json:"list"` // quotation or execution

	trading.Path

	Enabled bool `json:"enabled"` // the provider may be used for the customer
}

func (s *seat) paths(ctx context.Context, scope tenancy.Scope, x traded) (pathsDoc, error) {
	banner, err := s.context(ctx, scope)
	if err != nil {
		return pathsDoc{}, err
	}
	u, err := s.setUp(ctx, scope)
	if err != nil {
		return pathsDoc{}, err
	}
	k := u.pair(x)
	if k.Version == 0 {
		return pathsDoc{}, fmt.Errorf("pair: %w", operations.ErrNotFound)
	}
	d := pathsDoc{Context: banner, Base: x.Base, Quote: x.Quote, Version: k.Version, Paths: []pathRow{}}
	for _, l := range []struct {
		name  string
		paths []trading.Path
	}{{"quotation", k.Quotations}, {"execution", k.Executions}} {
		inOrder := slices.SortedFunc(slices.Values(l.paths), func(a, b trading.Path) int { return a.Priority - b.Priority })
		for _, p := range inOrder {
			d.Paths = append(d.Paths, pathRow{l.name, p, slices.Contains(u.customer.Providers, p.Provider)})
		}
	}
	return d, nil
}

func (d pathsDoc) draw(p *page) {
	d.Context.draw(p)
	d.list(p)
}

func (d pathsDoc) list(p *page) {
	rows := make([][]cell, len(d.Paths))
	for i, x := range d.Paths {
		use := toned(good, "yes")
		switch {
		case x.Inactive:
			use = toned(bad, "inactive")
		case !x.Enabled:
			use = toned(bad, "provider not enabled")
		}
		rows[i] = []cell{
			is(x.List), is(fmt.Sprint(x.Priority)), is(x.Provider), is(orElse(string(x.Sides), "both")),
			is(bps(x.Spread.Working)), is(bps(x.Spread.DayOff)), is(bps(x.Spread.Closed)), use,
		}
	}
	p.table([]column{col("path of"), num("priority"), col("provider"), col("sides"), num("spread"), num("days off"), num("outside hours"), col("in use")}, rows)
}

func bps(d decimal.Decimal) string { return accounts.Canonical(d) + " bp" }
