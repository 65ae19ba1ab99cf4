package httpapi

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/shopspring/decimal"

	"github.com/onbehalf/onbehalf/accounts"
	"github.com/onbehalf/onbehalf/adapters/httpapi/internal/contract"
	"github.com/onbehalf/onbehalf/operations"
	"github.com/onbehalf/onbehalf/operations/trading"
)

func (s *server) GetTrading(ctx context.Context, q contract.GetTradingRequestObject) (contract.GetTradingResponseObject, error) {
	book, err := s.book(ctx, q.Customer, q.Params.OnbehalfContext)
	if err != nil {
		return nil, err
	}
	all, err := book.Settings(ctx)
	if err != nil {
		return nil, err
	}
	r := contract.GetTrading200JSONResponse{Providers: []string{}, Pairs: []contract.Pair{}}
	for _, set := range all {
		switch {
		case set.Name == trading.KindTrade:
			var c trading.Customer
			if err := json.Unmarshal(set.Body, &c); err != nil {
				return nil, err
			}
			r.Providers, r.Version = each(c.Providers, same), set.Version
		case strings.HasPrefix(set.Name, trading.KindTrade+":"):
			p, err := pairOf(set)
			if err != nil {
				return nil, err
			}
			r.Pairs = append(r.Pairs, p)
		}
	}
	return r, nil
}

func pairOf(set operations.SettingView) (contract.Pair, error) {
	var p trading.Pair
	if err := json.Unmarshal(set.Body, &p); err != nil {
		return contract.Pair{}, err
	}
	return contract.Pair{
		Base: string(p.Base), Quote: string(p.Quote), Sides: opt(contract.PairSides(p.Sides)), Minimum: bound(p.Minimum), Maximum: bound(p.Maximum),
		Inactive: opt(p.Inactive), Quotation: opt(contract.PairQuotation(p.Quotation)), Execution: opt(contract.PairExecution(p.Execution)), Fills: opt(contract.PairFills(p.Fills)),
		Quotations: some(each(p.Quotations, pathOf)), Executions: some(each(p.Executions, pathOf)), Version: set.Version, Problems: each(set.Problems, same),
	}, nil
}

// bound leaves out a bound that is none.
func bound(a accounts.Amount) *string {
	if a.IsZero() {
		return nil
	}
	return opt(a.String())
}

func pathOf(p trading.Path) contract.TradingPath {
	bps := func(d decimal.Decimal) *string { return bound(accounts.Exact(d)) }
	r := contract.TradingPath{Provider: p.Provider, Priority: p.Priority, Sides: opt(contract.TradingPathSides(p.Sides)), Inactive: opt(p.Inactive)}
	if w, d, o := bps(p.Spread.Working), bps(p.Spread.DayOff), bps(p.Spread.Closed); w != nil || d != nil || o != nil {
		r.Spread = &contract.TradingSpread{Working: w, DayOff: d, OutsideHours: o}
	}
	return r
}

func (s *server) SetTradingProviders(ctx context.Context, q contract.SetTradingProvidersRequestObject) (contract.SetTradingProvidersResponseObject, error) {
	return s.manage(ctx, q.Customer, by(q.Params), trading.SetCustomer{Customer: trading.Customer{Providers: q.Body.Providers}, Version: q.Body.Version})
}

func (s *server) SetPair(ctx context.Context, q contract.SetPairRequestObject) (contract.SetPairResponseObject, error) {
	pair, err := pairFrom(q.Body)
	if err != nil {
		return nil, err
	}
	return s.manage(ctx, q.Customer, by(q.Params), trading.SetPair{Pair: pair, Version: q.Body.Version})
}

func pairFrom(b *contract.PairSetting) (trading.Pair, error) {
	var errs []error
	read := func(field string, text *string) decimal.Decimal {
		if text == nil {
			return decimal.Decimal{}
		}
		d, err := amount(field, *text)
		errs = append(errs, err)
		return d
	}
	paths := func(field string, list *[]contract.TradingPath) []trading.Path {
		var all []trading.Path
		for i, p := range val(list) {
			at, spread := fmt.Sprintf("%s[%d].spread.", field, i), val(p.Spread)
			all = append(all, trading.Path{
				Provider: p.Provider, Priority: p.Priority, Sides: trading.Sides(val(p.Sides)), Inactive: val(p.Inactive),
				Spread: trading.Spreads{
					Working: read(at+"working", spread.Working), DayOff: read(at+"day_off", spread.DayOff), Closed: read(at+"outside_hours", spread.OutsideHours),
				},
			})
		}
		return all
	}
	pair := trading.Pair{
		Base: accounts.ID(b.Base), Quote: accounts.ID(b.Quote), Sides: trading.Sides(val(b.Sides)), Inactive: val(b.Inactive),
		Minimum: accounts.Exact(read("minimum", b.Minimum)), Maximum: accounts.Exact(read("maximum", b.Maximum)),
		Quotation: trading.Strategy(val(b.Quotation)), Execution: trading.Strategy(val(b.Execution)), Fills: trading.Fills(val(b.Fills)),
		Quotations: paths("quotations", b.Quotations), Executions: paths("executions", b.Executions),
	}
	return pair, errors.Join(errs...)
}
