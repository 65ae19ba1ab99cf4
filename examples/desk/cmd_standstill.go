package main

import (
	"context"

	"github.com/onbehalf/onbehalf/accounts"
	"github.com/onbehalf/onbehalf/operations"
	"github.com/onbehalf/onbehalf/tenancy"
)

// frozen names what a freeze is of, and why it is changed.
type frozen struct {
	book

	Account string `help:"Only this account. Default: the customer, with all of them." placeholder:"ID"`
	Because string `help:"Why; recorded for ever, so nothing personal." placeholder:"TEXT" required:"true"`
}

func (x frozen) what() string {
	if x.Account != "" {
		return "the account"
	}
	return "the customer"
}

type freezeCmd struct{ frozen }

// Run freezes.
func (x *freezeCmd) Run(ctx context.Context, c *caller) error {
	return c.manage(ctx, x.book, operations.Freeze{Account: accounts.ID(x.Account), Reason: x.Because}, x.what()+" is frozen")
}

type unfreezeCmd struct{ frozen }

// Run lifts the freeze.
func (x *unfreezeCmd) Run(ctx context.Context, c *caller) error {
	return c.manage(ctx, x.book, operations.Unfreeze{Account: accounts.ID(x.Account), Reason: x.Because}, x.what()+" is not frozen any more")
}

type freezesCmd struct{ book }

// Run lists what is frozen.
func (x *freezesCmd) Run(ctx context.Context, c *caller) error {
	s, scope, err := x.enter(ctx, c)
	if err != nil {
		return err
	}
	d, err := s.freezes(ctx, scope)
	if err != nil {
		return err
	}
	return c.out.show(d)
}

type stopCmd struct {
	Subject string `arg:"" help:"kind:withdrawal, provider:desk and the like, or firm."`
	Because string `help:"Why; everybody who is stopped reads it." placeholder:"TEXT" required:"true"`
}

// Run throws the switch.
func (x *stopCmd) Run(ctx context.Context, c *caller) error {
	return c.manage(ctx, book{string(tenancy.House)}, tenancy.Stop{Subject: x.Subject, Reason: x.Because}, x.Subject+" is stopped")
}

type liftCmd struct {
	Subject string `arg:"" help:"What is stopped."`
}

// Run puts the switch back.
func (x *liftCmd) Run(ctx context.Context, c *caller) error {
	return c.manage(ctx, book{string(tenancy.House)}, tenancy.Lift{Subject: x.Subject}, x.Subject+" may begin again")
}

type stopsCmd struct{}

// Run lists what is stopped.
func (stopsCmd) Run(ctx context.Context, c *caller) error {
	s, err := c.sit(ctx)
	if err != nil {
		return err
	}
	d, err := s.stops(ctx)
	if err != nil {
		return err
	}
	return c.out.show(d)
}
