package main

import (
	"context"
	"time"

	"github.com/shopspring/decimal"

	"github.com/onbehalf/onbehalf/accounts"
	"github.com/onbehalf/onbehalf/operations"
	"github.com/onbehalf/onbehalf/tenancy"
)

// request is what an operator asks for. Its kind decides which fields belong to
// it; the engine tells.
type request struct {
	book

	Kind      string    `arg:"" help:"deposit, withdrawal, transfer or adjustment."`
	Amount    string    `help:"Such as 250.00." placeholder:"AMOUNT" required:"true"`
	From      string    `help:"The customer's account that is debited." placeholder:"ID"`
	To        string    `help:"The customer's account that is credited." placeholder:"ID"`
	Via       string    `help:"The provider that carries it; default: the manual desk." placeholder:"NAME"`
	Purpose   string    `help:"What it is for; of an adjustment: fee, interest, penalty or correction." placeholder:"TEXT"`
	Reference string    `help:"The firm's or the rail's own reference." placeholder:"TEXT"`
	NotBefore time.Time `help:"When it may happen at the earliest, such as 2026-12-01T09:00:00-03:00." placeholder:"TIME"`
}

// asks reads the request in the scope it is made in: the asset of the account
// decides how many decimal places an amount may have.
func (x *request) asks(ctx context.Context, c *caller, s *seat, scope tenancy.Scope) (operations.Request, error) {
	o := operations.Order{
		Kind: x.Kind, From: accounts.ID(x.From), To: accounts.ID(x.To), Via: x.Via,
		Purpose: x.Purpose, Reference: x.Reference, NotBefore: x.NotBefore,
	}
	list, err := s.eng.Book(scope).Accounts(ctx)
	if err != nil {
		return o, err
	}
	asset := ""
	for _, a := range list {
		if a.ID == o.From || a.ID == o.To {
			asset = a.Asset
		}
	}
	amount, err := c.amount("amount", x.Amount, asset)
	o.Amount = accounts.Exact(amount)
	return o, err
}

type explainCmd struct{ request }

// Run tells what would happen.
func (x *explainCmd) Run(ctx context.Context, c *caller) error {
	return c.explain(ctx, x)
}

type prepareCmd struct{ request }

// Run prices the request and keeps its terms.
func (x *prepareCmd) Run(ctx context.Context, c *caller) error {
	return c.send(ctx, x, (*operations.Engine).Prepare)
}

type submitCmd struct{ request }

// Run prepares and executes.
func (x *submitCmd) Run(ctx context.Context, c *caller) error {
	return c.send(ctx, x, (*operations.Engine).Submit)
}

// asking is a command line that asks for an operation in a book.
type asking interface {
	enter(ctx context.Context, c *caller) (*seat, tenancy.Scope, error)
	asks(ctx context.Context, c *caller, s *seat, scope tenancy.Scope) (operations.Request, error)
}

// explain shows what would come of it.
func (c *caller) explain(ctx context.Context, x asking) error {
	s, scope, err := x.enter(ctx, c)
	if err != nil {
		return err
	}
	q, err := x.asks(ctx, c, s, scope)
	if err != nil {
		return err
	}
	d, err := s.explain(ctx, scope, q.Order())
	if err != nil {
		return err
	}
	if err := c.out.show(d); err != nil {
		return err
	}
	if !d.Allowed {
		return errWouldRefuse
	}
	return nil
}

// send asks for it.
func (c *caller) send(ctx context.Context, x asking, command func(*operations.Engine, context.Context, tenancy.Scope, operations.Intent, operations.Request) (operations.Result, error)) error {
	s, scope, err := x.enter(ctx, c)
	if err != nil {
		return err
	}
	q, err := x.asks(ctx, c, s, scope)
	if err != nil {
		return err
	}
	intent, err := c.intent()
	if err != nil {
		return err
	}
	res, err := command(s.eng, ctx, scope, intent, q)
	return c.outcome(res, err)
}

// outcome shows what became of a command on an operation.
func (c *caller) outcome(res operations.Result, err error) error {
	if err != nil {
		return err
	}
	return c.out.show(resultDoc{Key: c.used, Seq: res.Seq, Replayed: res.Replayed, Operation: res.Operation, now: c.clock.Now()})
}

// target names an operation at the version the operator has seen.
type target struct {
	book

	Operation string `arg:"" help:"The operation's id."`
	Version   int64  `help:"The version you have seen; a later one is a conflict." placeholder:"N" required:"true"`
}

func (x target) ref() operations.Ref {
	return operations.Ref{ID: operations.OperationID(x.Operation), Version: x.Version}
}

type modifyCmd struct {
	target

	Amount    string    `help:"The new amount." placeholder:"AMOUNT"`
	From      string    `help:"The new account that is debited." placeholder:"ID"`
	To        string    `help:"The new account that is credited." placeholder:"ID"`
	Via       string    `help:"The new provider." placeholder:"NAME"`
	Purpose   string    `help:"What it is for now." placeholder:"TEXT"`
	Reference string    `help:"The new reference." placeholder:"TEXT"`
	NotBefore time.Time `help:"The new earliest time." placeholder:"TIME"`
}

// Run modifies the operation.
func (x *modifyCmd) Run(ctx context.Context, c *caller) error {
	s, scope, err := x.enter(ctx, c)
	if err != nil {
		return err
	}
	var amount decimal.Decimal
	if x.Amount != "" {
		o, err := s.eng.Book(scope).Operation(ctx, operations.OperationID(x.Operation))
		if err != nil {
			return err
		}
		if amount, err = c.amount("amount", x.Amount, o.Terms.Asset); err != nil {
			return err
		}
		if amount.IsZero() { // which would mean: leave it as it is
			return tenancy.Invalid("amount", "must be above zero")
		}
	}
	intent, err := c.intent()
	if err != nil {
		return err
	}
	res, err := s.eng.Modify(ctx, scope, intent, x.ref(), operations.Modification{
		Amount: amount, From: accounts.ID(x.From), To: accounts.ID(x.To), Via: x.Via,
		Purpose: x.Purpose, Reference: x.Reference, NotBefore: x.NotBefore,
	})
	return c.outcome(res, err)
}

type executeCmd struct{ target }

// Run executes the operation.
func (x *executeCmd) Run(ctx context.Context, c *caller) error {
	return x.send(ctx, c, (*operations.Engine).Execute)
}

type cancelCmd struct{ target }

// Run cancels the operation.
func (x *cancelCmd) Run(ctx context.Context, c *caller) error {
	return x.send(ctx, c, (*operations.Engine).Cancel)
}

func (x target) send(ctx context.Context, c *caller, command func(*operations.Engine, context.Context, tenancy.Scope, operations.Intent, operations.Ref) (operations.Result, error)) error {
	s, scope, err := x.enter(ctx, c)
	if err != nil {
		return err
	}
	intent, err := c.intent()
	if err != nil {
		return err
	}
	res, err := command(s.eng, ctx, scope, intent, x.ref())
	return c.outcome(res, err)
}

type actionsCmd struct {
	book

	Operation string `arg:"" help:"The operation's id."`
}

// Run shows the operation with its controls.
func (x *actionsCmd) Run(ctx context.Context, c *caller) error {
	s, scope, err := x.enter(ctx, c)
	if err != nil {
		return err
	}
	d, err := s.story(ctx, scope, operations.OperationID(x.Operation))
	if err != nil {
		return err
	}
	return c.out.show(d)
}
