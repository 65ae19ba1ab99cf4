package main

import (
	"context"
	"strings"
	"time"

	"github.com/onbehalf/onbehalf/customer"
	"github.com/onbehalf/onbehalf/operations"
	"github.com/onbehalf/onbehalf/tenancy"
)

// changedDoc is the outcome of a change to a book or to the firm.
type changedDoc struct {
	What     string             `json:"what"`
	Key      string             `json:"key,omitempty"`
	Firm     tenancy.TenantID   `json:"firm,omitempty"`
	Customer tenancy.CustomerID `json:"customer,omitempty"`
	Account  string             `json:"account,omitempty"`
	Grant    tenancy.GrantID    `json:"grant,omitempty"`
	Seq      int64              `json:"seq,omitempty"`
	Replayed bool               `json:"replayed"`
}

func (d changedDoc) draw(p *page) {
	p.linef(good, "%s", d.What)
	for _, f := range []struct{ name, value string }{
		{"firm", string(d.Firm)}, {"customer", string(d.Customer)}, {"account", d.Account}, {"grant", string(d.Grant)},
	} {
		if f.value != "" {
			p.linef(plain, "  %s %s", f.name, f.value)
		}
	}
	if d.Replayed {
		p.linef(waits, "  done before under this key")
	}
}

type initCmd struct {
	Name string `default:"Acme Pagamentos" help:"The firm's name." placeholder:"TEXT"`
}

// Run begins the firm.
func (x *initCmd) Run(ctx context.Context, c *caller) error {
	s, err := c.seat(ctx, true)
	if err != nil {
		return err
	}
	if _, err := s.eng.Bootstrap(ctx, tenancy.Firm{Tenant: s.firm, Name: x.Name, Admin: s.who}); err != nil {
		return err
	}
	return c.out.show(changedDoc{What: "the firm is open, administered by " + s.who.Name, Firm: s.firm})
}

type operatorsCmd struct{}

// Run lists the operators.
func (operatorsCmd) Run(ctx context.Context, c *caller) error {
	s, err := c.sit(ctx)
	if err != nil {
		return err
	}
	d, err := s.operators(ctx)
	if err != nil {
		return err
	}
	return c.out.show(d)
}

type registerCmd struct {
	Operator string `arg:"" help:"One of the staff."`
}

// Run registers a member of the staff under the person he is.
func (x *registerCmd) Run(ctx context.Context, c *caller) error {
	m, err := signIn(tenancy.TenantID(c.Firm), x.Operator)
	if err != nil {
		return tenancy.Invalid("operator", "is not one of the staff")
	}
	return c.manage(ctx, book{string(tenancy.House)}, tenancy.Register{Operator: m.Operator, Person: m.Person}, m.Name+" is registered")
}

type grantCmd struct {
	Operator    string    `arg:"" help:"Who gets it."`
	Permissions string    `arg:"" help:"Such as view,prepare,execute, or all."`
	Customer    string    `help:"For this customer, or house for the firm's own book." placeholder:"ID" xor:"for" required:"true"`
	Everyone    bool      `help:"For every customer." xor:"for" required:"true"`
	Until       time.Time `help:"When it ends, such as 2026-12-31T23:59:59Z." placeholder:"TIME"`
}

// Run gives the grant.
func (x *grantCmd) Run(ctx context.Context, c *caller) error {
	set, err := parsePermissions(x.Permissions)
	if err != nil {
		return err
	}
	in := book{x.Customer}
	if x.Everyone {
		in.Customer = string(tenancy.House)
	}
	change := tenancy.Allow{Operator: tenancy.OperatorID(x.Operator), Everyone: x.Everyone, Permissions: set, Expires: x.Until}
	return c.manage(ctx, in, change, called(x.Operator)+" may now "+strings.Join(permissionNames(set), ", "))
}

func parsePermissions(text string) (tenancy.Permissions, error) {
	if text == "all" {
		return tenancy.NewPermissions(tenancy.AllPermissions()...), nil
	}
	var set tenancy.Permissions
	for name := range strings.SplitSeq(text, ",") {
		p, err := tenancy.ParsePermission(strings.TrimSpace(name))
		if err != nil {
			return 0, err
		}
		set = set.With(p)
	}
	return set, nil
}

type grantsCmd struct{ book }

// Run lists the grants of the book.
func (x *grantsCmd) Run(ctx context.Context, c *caller) error {
	s, scope, err := x.enter(ctx, c)
	if err != nil {
		return err
	}
	d, err := s.grants(ctx, scope)
	if err != nil {
		return err
	}
	return c.out.show(d)
}

type revokeCmd struct {
	book

	Grant string `arg:"" help:"The grant's id."`
}

// Run ends the grant.
func (x *revokeCmd) Run(ctx context.Context, c *caller) error {
	return c.manage(ctx, x.book, tenancy.Revoke{Grant: tenancy.GrantID(x.Grant)}, "the grant is revoked")
}

// manage makes one change to the book.
func (c *caller) manage(ctx context.Context, in book, change operations.Administrative, what string) error {
	s, scope, err := in.enter(ctx, c)
	if err != nil {
		return err
	}
	intent, err := c.intent()
	if err != nil {
		return err
	}
	m, err := s.eng.Manage(ctx, scope, intent, change)
	if err != nil {
		return err
	}
	return c.out.show(changedDoc{
		What: what, Key: intent.Key, Customer: scope.Customer(), Account: string(m.Account), Grant: m.Grant, Seq: m.Seq, Replayed: m.Replayed,
	})
}

type customersCmd struct {
	Search string `help:"Part of the name, or the beginning of the tax id." placeholder:"TEXT"`
	Status string `help:"Only those of this status." placeholder:"STATUS"`
	Type   string `help:"Only those of this type." placeholder:"TYPE"`
	After  string `help:"Go on after this customer." placeholder:"ID"`
	Limit  int    `help:"At most this many (1 to 200, default 50)." placeholder:"N"`
}

// Run lists the customers.
func (x *customersCmd) Run(ctx context.Context, c *caller) error {
	q := operations.CustomerFilter{Search: x.Search}
	if x.Status != "" {
		q.Statuses = []customer.Status{customer.Status(x.Status)}
	}
	if x.Type != "" {
		q.Types = []customer.Type{customer.Type(x.Type)}
	}
	s, err := c.sit(ctx)
	if err != nil {
		return err
	}
	d, err := s.customers(ctx, q, tenancy.CustomerID(x.After), x.Limit)
	if err != nil {
		return err
	}
	return c.out.show(d)
}

type workCmd struct {
	Items int `default:"100" help:"At most this many (default 100)." placeholder:"N"`
}

// workDoc is what one call of Work did.
type workDoc struct {
	Expired    int  `json:"expired"`
	Released   int  `json:"released"`
	Resolved   int  `json:"resolved"`
	Unresolved int  `json:"unresolved"`
	Stuck      int  `json:"stuck"`
	Parked     int  `json:"parked"`
	More       bool `json:"more"`
}

func (d workDoc) draw(p *page) {
	p.linef(plain, "%d expired, %d released, %d resolved, %d unresolved, %d stuck, %d parked", d.Expired, d.Released, d.Resolved, d.Unresolved, d.Stuck, d.Parked)
	if d.More {
		p.linef(waits, "there is more to do")
	}
}

// Run does what is due. It is the machine's own work: nobody signs in for it.
func (x *workCmd) Run(ctx context.Context, c *caller) error {
	if err := c.unlock(ctx, false); err != nil {
		return err
	}
	done, err := c.desk.eng.Work(ctx, operations.Budget{Items: x.Items})
	if err != nil {
		return err
	}
	return c.out.show(workDoc(done))
}

type verifyCmd struct {
	Customer string `help:"Only this book; house for the firm's own. Default: all." placeholder:"ID"`
}

// Run verifies.
func (x *verifyCmd) Run(ctx context.Context, c *caller) error {
	s, err := c.sit(ctx)
	if err != nil {
		return err
	}
	if s.reason == "" {
		s.reason = "verification"
	}
	var d verifyDoc
	if x.Customer != "" {
		d = s.verify(ctx, tenancy.CustomerID(x.Customer))
	} else if d, err = s.verifyAll(ctx); err != nil {
		return err
	}
	if err := c.out.show(d); err != nil {
		return err
	}
	return d.err()
}
