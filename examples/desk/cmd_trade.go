package main

import (
	"context"
	"time"

	"github.com/shopspring/decimal"

	"github.com/onbehalf/onbehalf/accounts"
	"github.com/onbehalf/onbehalf/operations"
	"github.com/onbehalf/onbehalf/operations/trading"
	"github.com/onbehalf/onbehalf/tenancy"
)

// traded names a pair.
type traded struct {
	book

	Base  string `help:"The customer's account in what is bought or sold." placeholder:"ID" required:"true"`
	Quote string `help:"His account in what it is paid with." placeholder:"ID" required:"true"`
}

// offerTo is what quote and trade ask for.
type offerTo struct {
	traded

	Side        string        `arg:"" help:"buy or sell, of the base account's asset."`
	BaseAmount  string        `help:"So much is bought or sold, exactly." placeholder:"AMOUNT" required:"true" xor:"fixed"`
	QuoteAmount string        `help:"So much is paid or received, exactly." placeholder:"AMOUNT" required:"true" xor:"fixed"`
	RateLimit   string        `help:"The worst rate that is agreed to." placeholder:"RATE"`
	ValidFor    time.Duration `help:"How long the quote is to stand, such as 30s (1s to 10m, default 2m)." placeholder:"TIME"`
	NotBefore   time.Time     `help:"When it may happen at the earliest; needs a limit." placeholder:"TIME"`
	Reference   string        `help:"The firm's own reference." placeholder:"TEXT"`
}

// request reads it in the scope it is made in.
func (x *offerTo) asks(ctx context.Context, c *caller, s *seat, scope tenancy.Scope) (operations.Request, error) {
	t := trading.Trade{
		Base: accounts.ID(x.Base), Quote: accounts.ID(x.Quote), Side: operations.Side(x.Side),
		ValidFor: x.ValidFor, NotBefore: x.NotBefore, Reference: x.Reference,
	}
	all, err := s.eng.Book(scope).Accounts(ctx)
	if err != nil {
		return nil, err
	}
	for _, f := range []struct {
		field, text string
		account     accounts.ID
		amount      *decimal.Decimal
	}{{"base-amount", x.BaseAmount, t.Base, &t.BaseAmount}, {"quote-amount", x.QuoteAmount, t.Quote, &t.QuoteAmount}} {
		if f.text == "" {
			continue
		}
		asset := ""
		for _, a := range all {
			if a.ID == f.account {
				asset = a.Asset
			}
		}
		if *f.amount, err = c.amount(f.field, f.text, asset); err != nil {
			return nil, err
		}
	}
	if x.RateLimit != "" {
		if t.Limit, err = trading.ParseRate(x.RateLimit); err != nil {
			return nil, err
		}
	}
	return t, nil
}

type quoteCmd struct {
	offerTo

	Live bool `help:"Show the price of the moment; nothing is recorded and nothing stands."`
}

// Run prepares the trade, or shows what it would be.
func (x *quoteCmd) Run(ctx context.Context, c *caller) error {
	if !x.Live {
		return c.send(ctx, x, (*operations.Engine).Prepare)
	}
	return c.explain(ctx, x)
}

type tradeCmd struct{ offerTo }

// Run trades at once.
func (x *tradeCmd) Run(ctx context.Context, c *caller) error {
	return c.send(ctx, x, (*operations.Engine).Submit)
}

type treasuryCmd struct {
	Of    string `help:"Only this account, such as clearing:bank, book by book." placeholder:"ACCOUNT"`
	Asset string `help:"With --of: in this asset." placeholder:"CODE"`
	After string `help:"With --of: go on after this customer." placeholder:"ID"`
}

// Run shows the firm's positions, or what makes up one of them.
func (x *treasuryCmd) Run(ctx context.Context, c *caller) error {
	s, err := c.sit(ctx)
	if err != nil {
		return err
	}
	if x.Of != "" || x.Asset != "" || x.After != "" {
		d, err := s.shares(ctx, operations.PositionPlace{Ref: accounts.Ref(x.Of), Asset: x.Asset}, tenancy.CustomerID(x.After))
		if err != nil {
			return err
		}
		return c.out.show(d)
	}
	d, err := s.treasury(ctx)
	if err != nil {
		return err
	}
	return c.out.show(d)
}

type settleCmd struct {
	Provider  string `arg:"" help:"house or bank."`
	Asset     string `help:"What was paid in." placeholder:"CODE" required:"true"`
	Paid      string `help:"So much was paid to him." placeholder:"AMOUNT" required:"true" xor:"way"`
	Received  string `help:"So much came from him." placeholder:"AMOUNT" required:"true" xor:"way"`
	Reference string `help:"What shows that it happened." placeholder:"TEXT" required:"true"`
}

// Run books the settlement, in the firm's own book.
func (x *settleCmd) Run(ctx context.Context, c *caller) error {
	s, scope, err := book{string(tenancy.House)}.enter(ctx, c)
	if err != nil {
		return err
	}
	q := trading.Settlement{Provider: x.Provider, Asset: x.Asset, Reference: x.Reference}
	if x.Paid != "" {
		q.Paid, err = c.amount("paid", x.Paid, x.Asset)
	} else {
		q.Received, err = c.amount("received", x.Received, x.Asset)
	}
	if err != nil {
		return err
	}
	intent, err := c.intent()
	if err != nil {
		return err
	}
	res, err := s.eng.Submit(ctx, scope, intent, q)
	return c.outcome(res, err)
}
