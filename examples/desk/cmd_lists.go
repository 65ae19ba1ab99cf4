package main

import (
	"context"
	"fmt"
	"time"

	"github.com/shopspring/decimal"

	"github.com/onbehalf/onbehalf/accounts"
	"github.com/onbehalf/onbehalf/operations"
	"github.com/onbehalf/onbehalf/tenancy"
)

// period restricts a list in time.
type period struct {
	Since time.Time `help:"From this time on." placeholder:"TIME"`
	Until time.Time `help:"Before this time." placeholder:"TIME"`
}

type historyCmd struct {
	book
	paging
	period

	State   []string `help:"Only these states." placeholder:"STATE"`
	Kind    []string `help:"Only these kinds." placeholder:"KIND"`
	Asset   string   `help:"Only this currency." placeholder:"CODE"`
	Pair    string   `help:"Only trades of this pair, such as USD/BRL." placeholder:"BASE/QUOTE"`
	Account string   `help:"Only this account, debited or credited." placeholder:"ID"`
	Min     string   `help:"Of at least this amount." placeholder:"AMOUNT"`
	Max     string   `help:"Of at most this amount." placeholder:"AMOUNT"`
	Maker   string   `help:"Only those made by this operator." placeholder:"OPERATOR"`
}

// Run lists the operations.
func (x *historyCmd) Run(ctx context.Context, c *caller) error {
	q := operations.HistoryFilter{
		Kinds: x.Kind, Asset: x.Asset, Account: accounts.ID(x.Account), Since: x.Since, Until: x.Until, Maker: tenancy.OperatorID(x.Maker),
	}
	for _, text := range x.State {
		state, err := operations.ParseState(text)
		if err != nil {
			return err
		}
		q.States = append(q.States, state)
	}
	var err error
	if x.Pair != "" {
		if q.Pair, err = operations.ParsePair(x.Pair); err != nil {
			return err
		}
	}
	if q.Min, err = bound("min", x.Min); err != nil {
		return err
	}
	if q.Max, err = bound("max", x.Max); err != nil {
		return err
	}
	s, scope, err := x.enter(ctx, c)
	if err != nil {
		return err
	}
	d, err := s.history(ctx, scope, q, x.Cursor, x.Limit)
	if err != nil {
		return err
	}
	return c.out.show(d)
}

// bound reads one end of a range of amounts, of whatever asset.
func bound(field, text string) (*decimal.Decimal, error) {
	if text == "" {
		return nil, nil //nolint:nilnil // no bound
	}
	d, err := accounts.ParseAmount(text, accounts.MaxScale)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", field, err)
	}
	return &d, nil
}

type statementCmd struct {
	book
	paging
	period

	Account string `arg:"" help:"One of the customer's accounts, or a system account such as income:fees."`
	Asset   string `help:"Only this currency, for a system account with several." placeholder:"CODE"`
}

// Run lists the postings.
func (x *statementCmd) Run(ctx context.Context, c *caller) error {
	s, scope, err := x.enter(ctx, c)
	if err != nil {
		return err
	}
	q := operations.StatementFilter{Account: accounts.Ref(x.Account), Asset: x.Asset, Since: x.Since, Until: x.Until}
	d, err := s.statement(ctx, scope, q, x.Cursor, x.Limit)
	if err != nil {
		return err
	}
	return c.out.show(d)
}
