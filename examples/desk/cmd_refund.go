package main

import (
	"context"
	"fmt"

	"github.com/onbehalf/onbehalf/operations"
	"github.com/onbehalf/onbehalf/tenancy"
)

type refundCmd struct {
	book

	Operation string `arg:"" help:"The id of the completed operation."`
	Amount    string `help:"How much of it goes back, without fees." placeholder:"AMOUNT" required:"true"`
	Fees      bool   `help:"Return all its fees as well."`
	Purpose   string `help:"Why." placeholder:"TEXT" required:"true"`
	Reference string `help:"The firm's or the rail's own reference." placeholder:"TEXT"`
}

// Run refunds, the way the money came.
func (x *refundCmd) Run(ctx context.Context, c *caller) error {
	return c.send(ctx, x, (*operations.Engine).Submit)
}

func (x *refundCmd) asks(ctx context.Context, c *caller, s *seat, scope tenancy.Scope) (operations.Request, error) {
	parent, err := s.eng.Book(scope).Operation(ctx, operations.OperationID(x.Operation))
	if err != nil {
		return nil, err
	}
	amount, err := c.amount("amount", x.Amount, parent.Terms.Asset)
	return operations.Refund{Parent: parent.ID, Amount: amount, Fees: x.Fees, Purpose: x.Purpose, Reference: x.Reference}, err
}

type refundsCmd struct {
	book

	Operation string `arg:"" help:"The id of the operation they give back of."`
}

// Run lists the refunds.
func (x *refundsCmd) Run(ctx context.Context, c *caller) error {
	s, scope, err := x.enter(ctx, c)
	if err != nil {
		return err
	}
	d, err := s.refunds(ctx, scope, operations.OperationID(x.Operation))
	if err != nil {
		return err
	}
	return c.out.show(d)
}

// refunds are the refunds of an operation, as the operations table shows them.
func (s *seat) refunds(ctx context.Context, scope tenancy.Scope, id operations.OperationID) (historyDoc, error) {
	list, err := s.accounts(ctx, scope)
	if err != nil {
		return historyDoc{}, err
	}
	all, err := s.eng.Book(scope).Refunds(ctx, id)
	if err != nil {
		return historyDoc{}, fmt.Errorf("list refunds: %w", err)
	}
	return historyDoc{Context: list.Context, Operations: append([]operations.Operation{}, all...), names: list.names()}, nil
}
