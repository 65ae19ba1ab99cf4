package main

import (
	"context"

	"github.com/onbehalf/onbehalf/operations"
	"github.com/onbehalf/onbehalf/tenancy"
)

type approveCmd struct{ target }

// Run agrees to the operation.
func (x *approveCmd) Run(ctx context.Context, c *caller) error {
	return x.send(ctx, c, (*operations.Engine).Approve)
}

type withdrawCmd struct{ target }

// Run takes back an approval.
func (x *withdrawCmd) Run(ctx context.Context, c *caller) error {
	return x.send(ctx, c, (*operations.Engine).Withdraw)
}

type rejectCmd struct {
	target

	Because string `help:"Why; recorded for ever, so nothing personal." placeholder:"TEXT" required:"true"`
}

// Run ends the operation.
func (x *rejectCmd) Run(ctx context.Context, c *caller) error {
	return x.send(ctx, c, func(e *operations.Engine, ctx context.Context, s tenancy.Scope, in operations.Intent, ref operations.Ref) (operations.Result, error) {
		return e.Reject(ctx, s, in, ref, x.Because)
	})
}

type worklistCmd struct {
	AfterCustomer  string `help:"Go on after this customer's." placeholder:"ID"`
	AfterOperation string `help:"Go on after this one of his." placeholder:"ID"`
	Limit          int    `help:"At most this many (1 to 200, default 50)." placeholder:"N"`
}

// Run lists what waits.
func (x *worklistCmd) Run(ctx context.Context, c *caller) error {
	s, err := c.sit(ctx)
	if err != nil {
		return err
	}
	after := operations.WaitingPlace{Customer: tenancy.CustomerID(x.AfterCustomer), Operation: operations.OperationID(x.AfterOperation)}
	d, err := s.worklist(ctx, after, x.Limit)
	if err != nil {
		return err
	}
	return c.out.show(d)
}

type versionsCmd struct {
	book

	Operation string `arg:"" help:"The operation's id."`
}

// Run lists the versions.
func (x *versionsCmd) Run(ctx context.Context, c *caller) error {
	s, scope, err := x.enter(ctx, c)
	if err != nil {
		return err
	}
	d, err := s.versions(ctx, scope, operations.OperationID(x.Operation))
	if err != nil {
		return err
	}
	return c.out.show(d)
}
