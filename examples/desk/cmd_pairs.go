package main

import (
	"context"
	"fmt"
	"slices"

	"github.com/shopspring/decimal"

	"github.com/onbehalf/onbehalf/accounts"
	"github.com/onbehalf/onbehalf/operations"
	"github.com/onbehalf/onbehalf/operations/trading"
	"github.com/onbehalf/onbehalf/tenancy"
)

type providersCmd struct {
	book

	Names []string `arg:"" help:"house, bank. In place of those that were named before." optional:""`
	None  bool     `help:"No provider at all."`
}

// Run says which providers may be used, or lists them with what they are for.
func (x *providersCmd) Run(ctx context.Context, c *caller) error {
	if len(x.Names) == 0 && !x.None {
		return (&pairsCmd{x.book}).Run(ctx, c)
	}
	return c.setUp(ctx, x.book, "may trade by "+listed(x.Names), func(u setUp, _ *seat, _ tenancy.Scope) (operations.Administrative, error) {
		return trading.SetCustomer{Customer: trading.Customer{Providers: append([]string{}, x.Names...)}, Version: u.version}, nil
	})
}

// setUp changes how a customer trades, at the version that was read for it.
func (c *caller) setUp(ctx context.Context, in book, what string, change func(setUp, *seat, tenancy.Scope) (operations.Administrative, error)) error {
	s, scope, err := in.enter(ctx, c)
	if err != nil {
		return err
	}
	u, err := s.setUp(ctx, scope)
	if err != nil {
		return err
	}
	x, err := change(u, s, scope)
	if err != nil {
		return err
	}
	intent, err := c.intent()
	if err != nil {
		return err
	}
	m, err := s.eng.Manage(ctx, scope, intent, x)
	if err != nil {
		return err
	}
	return c.out.show(changedDoc{What: what, Key: intent.Key, Customer: scope.Customer(), Seq: m.Seq, Replayed: m.Replayed})
}

type pairCmd struct {
	traded

	Sides     string `enum:",buy,sell,both" default:"" help:"buy, sell or both." placeholder:"SIDES"`
	Min       string `help:"One trade is at least so much of the quote account's asset; 0: no bound." placeholder:"AMOUNT"`
	Max       string `help:"At most so much; 0: no bound." placeholder:"AMOUNT"`
	Active    bool   `help:"It is traded." xor:"active"`
	Inactive  bool   `help:"It is not traded." xor:"active"`
	Quotation string `enum:",priority,best_price" default:"" help:"priority: the first path that answers quotes; best_price: the best of all." placeholder:"STRATEGY"`
	Execution string `enum:",pinned,priority" default:"" help:"pinned: executed where it was quoted; priority: by the first execution path." placeholder:"STRATEGY"`
	Fills     string `enum:",whole,in_part" default:"" help:"whole: a provider carries a trade out whole or not at all; in_part: what he carried out of it counts." placeholder:"POLICY"`
}

// Run sets the pair up. What is not given stays as it was.
func (x *pairCmd) Run(ctx context.Context, c *caller) error {
	return c.setUp(ctx, x.book, "the pair is set up", func(u setUp, s *seat, scope tenancy.Scope) (operations.Administrative, error) {
		k := u.pair(x.traded)
		if x.Sides != "" {
			k.Sides = sidesOf(x.Sides)
		}
		asset, err := s.assetOf(ctx, scope, k.Quote)
		if err != nil {
			return nil, err
		}
		for _, f := range []struct {
			field, text string
			into        *accounts.Amount
		}{{"min", x.Min, &k.Minimum}, {"max", x.Max, &k.Maximum}} {
			if f.text == "" {
				continue
			}
			d, err := c.amount(f.field, f.text, asset)
			if err != nil {
				return nil, err
			}
			*f.into = accounts.Exact(d)
		}
		k.Inactive = (k.Inactive || x.Inactive) && !x.Active
		k.Quotation = trading.Strategy(orElse(x.Quotation, string(k.Quotation)))
		k.Execution = trading.Strategy(orElse(x.Execution, string(k.Execution)))
		switch x.Fills {
		case "whole":
			k.Fills = trading.WholeOnly
		case "in_part":
			k.Fills = trading.InPart
		}
		return trading.SetPair{Pair: k.Pair, Version: k.Version}, nil
	})
}

func sidesOf(text string) trading.Sides {
	if text == "both" {
		return trading.Both
	}
	return trading.Sides(text)
}

// assetOf is empty for an account that is not there; the engine tells of it.
func (s *seat) assetOf(ctx context.Context, scope tenancy.Scope, id accounts.ID) (string, error) {
	all, err := s.eng.Book(scope).Accounts(ctx)
	for _, a := range all {
		if a.ID == id {
			return a.Asset, err
		}
	}
	return "", err
}

type pairsCmd struct{ book }

// Run lists the pairs.
func (x *pairsCmd) Run(ctx context.Context, c *caller) error {
	s, scope, err := x.enter(ctx, c)
	if err != nil {
		return err
	}
	d, err := s.pairs(ctx, scope)
	if err != nil {
		return err
	}
	return c.out.show(d)
}

type pathCmd struct {
	traded

	Provider  string `arg:"" help:"house or bank."`
	Execution bool   `help:"A path to execution; default: to a price."`
	Priority  int    `help:"1 comes first." placeholder:"N"`
	Sides     string `enum:",buy,sell,both" default:"" help:"buy, sell or both." placeholder:"SIDES"`
	Spread    string `help:"Basis points added to the provider's rate, at whatever time." placeholder:"BPS"`
	DaysOff   string `help:"Other basis points for his weekends and holidays." placeholder:"BPS"`
	Outside   string `help:"Other basis points for business days outside his hours." placeholder:"BPS"`
	Active    bool   `help:"It is in use." xor:"active"`
	Inactive  bool   `help:"It is not in use." xor:"active"`
	Remove    bool   `help:"Take it out of the list."`
}

// Run sets the path up. What is not given stays as it was.
func (x *pathCmd) Run(ctx context.Context, c *caller) error {
	return c.setUp(ctx, x.book, "the path by "+x.Provider+" is set up", func(u setUp, _ *seat, _ tenancy.Scope) (operations.Administrative, error) {
		k := u.pair(x.traded)
		if k.Version == 0 {
			return nil, fmt.Errorf("pair: %w", operations.ErrNotFound)
		}
		list := &k.Quotations
		if x.Execution {
			list = &k.Executions
		}
		at := slices.IndexFunc(*list, func(p trading.Path) bool { return p.Provider == x.Provider })
		switch {
		case x.Remove && at < 0:
			return nil, fmt.Errorf("path: %w", operations.ErrNotFound)
		case x.Remove:
			*list = slices.Delete(*list, at, at+1)
			return trading.SetPair{Pair: k.Pair, Version: k.Version}, nil
		case at < 0:
			at = len(*list)
			*list = append(*list, trading.Path{Provider: x.Provider, Priority: at + 1})
		}
		if err := x.change(&(*list)[at]); err != nil {
			return nil, err
		}
		return trading.SetPair{Pair: k.Pair, Version: k.Version}, nil
	})
}

func (x *pathCmd) change(p *trading.Path) error {
	if x.Priority != 0 {
		p.Priority = x.Priority
	}
	if x.Sides != "" {
		p.Sides = sidesOf(x.Sides)
	}
	p.Inactive = (p.Inactive || x.Inactive) && !x.Active
	for _, f := range []struct {
		field, text string
		into        []*decimal.Decimal
	}{
		{"spread", x.Spread, []*decimal.Decimal{&p.Spread.Working, &p.Spread.DayOff, &p.Spread.Closed}},
		{"days-off", x.DaysOff, []*decimal.Decimal{&p.Spread.DayOff}},
		{"outside", x.Outside, []*decimal.Decimal{&p.Spread.Closed}},
	} {
		if f.text == "" {
			continue
		}
		d, err := accounts.ParseAmount(f.text, 2)
		if err != nil {
			return fmt.Errorf("%s: %w", f.field, err)
		}
		for _, into := range f.into {
			*into = d
		}
	}
	return nil
}

type pathsCmd struct{ traded }

// Run lists the paths.
func (x *pathsCmd) Run(ctx context.Context, c *caller) error {
	s, scope, err := x.enter(ctx, c)
	if err != nil {
		return err
	}
	d, err := s.paths(ctx, scope, x.traded)
	if err != nil {
		return err
	}
	return c.out.show(d)
}
