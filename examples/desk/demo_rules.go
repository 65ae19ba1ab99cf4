package main

import (
	"context"
	"fmt"
	"time"

	"github.com/onbehalf/onbehalf/accounts"
	"github.com/onbehalf/onbehalf/customer"
	"github.com/onbehalf/onbehalf/operations"
	"github.com/onbehalf/onbehalf/tenancy"
)

// rulesDemo is the play of the firm's rules. It is the same in every run, on
// every store: its clock, ids and keys are its own.
type rulesDemo struct {
	*demo

	keys        int
	paid, large operations.Operation // a withdrawal that was paid, and one that waits
}

func (r *rulesDemo) config() operations.Config {
	r.clock.set(time.Date(2026, time.November, 2, 12, 0, 0, 0, time.UTC)) // Monday, nine o'clock in São Paulo
	return alike(rulesConfig(r.assets, r.clock))
}

func (r *rulesDemo) parts() []func(context.Context) error {
	return []func(context.Context) error{
		r.theRules, r.fee, r.limit, r.approval, r.modified, r.approved, r.lookAlike, r.refund, r.freeze, r.stop, r.verification,
	}
}

// part begins a part, ten minutes after the one before.
func (r *rulesDemo) part(name string) {
	r.clock.set(r.clock.Now().Add(10 * time.Minute))
	r.demo.part(name)
}

func (r *rulesDemo) key() operations.Intent {
	r.keys++
	return operations.Intent{Key: fmt.Sprintf("demo-%03d", r.keys)}
}

// at enters Maria's context.
func (r *rulesDemo) at(ctx context.Context, operator string) (*seat, tenancy.Scope, error) {
	return r.enter(ctx, operator, r.maria, errand)
}

// submit has Bruno ask for something, and shows it as the book has it then.
func (r *rulesDemo) submit(ctx context.Context, q operations.Request) (operations.Operation, error) {
	s, maria, err := r.at(ctx, "bruno")
	if err != nil {
		return operations.Operation{}, err
	}
	res, err := r.desk.eng.Submit(ctx, maria, r.key(), q)
	if err != nil {
		return operations.Operation{}, err
	}
	return res.Operation, r.readBack(ctx, s, maria, res.Operation.ID)
}

// explain shows what Bruno is told before he asks for something.
func (r *rulesDemo) explain(ctx context.Context, q operations.Request) error {
	return r.demo.explain(ctx, "bruno", r.maria, q)
}

// theRules begins the firm, with a customer who has money, and shows its rules.
func (r *rulesDemo) theRules(ctx context.Context) error {
	r.part("The firm's rules")
	ana, err := r.as("ana", errand)
	if err != nil {
		return err
	}
	firm, err := r.desk.eng.Bootstrap(ctx, tenancy.Firm{Tenant: r.desk.firm, Name: "Acme Pagamentos", Admin: ana.who})
	if err != nil {
		return err
	}
	house, err := ana.enter(ctx, tenancy.House)
	if err != nil {
		return err
	}
	works := tenancy.NewPermissions(tenancy.View, tenancy.Prepare, tenancy.Execute, tenancy.Modify, tenancy.Cancel, tenancy.Approve, tenancy.Refund)
	checks := tenancy.NewPermissions(tenancy.View, tenancy.Approve)
	guards := checks.With(tenancy.Freeze)
	for _, change := range []operations.Administrative{
		tenancy.Register{Operator: "bruno", Person: "p-bruno"},
		tenancy.Register{Operator: "carla", Person: "p-carla"},
		tenancy.Register{Operator: "davi", Person: "p-davi"},
		tenancy.Allow{Operator: "bruno", Everyone: true, Permissions: works},
		tenancy.Allow{Operator: "carla", Everyone: true, Permissions: checks},
		tenancy.Allow{Operator: "davi", Everyone: true, Permissions: guards},
		tenancy.Allow{Operator: "davi", Permissions: guards},
	} {
		if _, err := r.desk.eng.Manage(ctx, house, r.key(), change); err != nil {
			return err
		}
	}
	opened, err := r.desk.eng.OpenCustomer(ctx, firm, r.key(), customer.Profile{Name: "Maria da Silva", Country: "BR"})
	if err != nil {
		return err
	}
	r.maria = opened.ID
	maria, err := ana.enter(ctx, r.maria)
	if err != nil {
		return err
	}
	main, err := r.desk.eng.Manage(ctx, maria, r.key(), accounts.Open{Name: "Main", Currency: "BRL", Details: accounts.Details{PixKey: "maria@example.com"}})
	if err != nil {
		return err
	}
	r.main = main.Account
	if _, err := r.desk.eng.Submit(ctx, maria, r.key(), operations.Deposit{To: r.main, Amount: brl(20_000_00)}); err != nil {
		return err
	}
	r.sayf("Bruno operates, Carla checks, Davi is of compliance. Maria has R$ 20,000.00. These are the rules:")
	r.view(policyOf(rulesConfig(r.assets, r.clock)))
	return nil
}

// fee shows a fee before anyone agrees to it, and what was posted.
func (r *rulesDemo) fee(ctx context.Context) (err error) {
	r.part("A fee")
	r.sayf("Bruno asks what it costs to withdraw R$ 1,000.00; nothing is recorded.")
	q := operations.Withdrawal{From: r.main, Amount: brl(1_000_00), Purpose: "rent"}
	if err := r.explain(ctx, q); err != nil {
		return err
	}
	r.sayf("Maria agrees, and he does it.")
	if r.paid, err = r.submit(ctx, q); err != nil {
		return err
	}
	s, maria, err := r.at(ctx, "bruno")
	if err != nil {
		return err
	}
	r.sayf("The fee is a posting of its own; this is the firm's income from Maria:")
	d, err := s.statement(ctx, maria, operations.StatementFilter{Account: accounts.IncomeFees}, "", 0)
	if err != nil {
		return err
	}
	r.show(d, d.list)
	return nil
}

// limit shows a refusal with its figures, and what is left.
func (r *rulesDemo) limit(ctx context.Context) error {
	r.part("A limit")
	q := operations.Withdrawal{From: r.main, Amount: brl(9_500_00)}
	r.sayf("R$ 9,500.00 more on the same day is too much; the refusal has all figures.")
	_, maria, err := r.at(ctx, "bruno")
	if err != nil {
		return err
	}
	_, err = r.desk.eng.Submit(ctx, maria, r.key(), q)
	if err := r.refusal(err, operations.ErrRefused); err != nil {
		return err
	}
	r.sayf("Explain told the same before, and what is left of every limit:")
	return r.explain(ctx, q)
}

// approval has something wait for two other persons.
func (r *rulesDemo) approval(ctx context.Context) (err error) {
	r.part("Approval")
	r.sayf("R$ 2,500.00 need two others. It waits, and what it costs is held.")
	if r.large, err = r.submit(ctx, operations.Withdrawal{From: r.main, Amount: brl(2_500_00), Purpose: "new oven"}); err != nil {
		return err
	}
	r.sayf("Bruno has the permission, too, but made it himself.")
	_, bruno, err := r.at(ctx, "bruno")
	if err != nil {
		return err
	}
	_, err = r.desk.eng.Approve(ctx, bruno, r.key(), r.large.Ref())
	if err := r.refusal(err, operations.ErrRefused); err != nil {
		return err
	}
	r.part("The work list")
	r.sayf("The same list as Bruno and as Carla see it:")
	for _, operator := range []string{"bruno", "carla"} {
		if err := r.waits(ctx, operator); err != nil {
			return err
		}
	}
	return nil
}

func (r *rulesDemo) waits(ctx context.Context, operator string) error {
	s, err := r.as(operator, "")
	if err != nil {
		return err
	}
	d, err := s.worklist(ctx, operations.WaitingPlace{}, 0)
	if err != nil {
		return err
	}
	r.view(d)
	return nil
}

// approve has an operator agree to what waits.
func (r *rulesDemo) approve(ctx context.Context, operator string) error {
	s, maria, err := r.at(ctx, operator)
	if err != nil {
		return err
	}
	res, err := r.desk.eng.Approve(ctx, maria, r.key(), r.large.Ref())
	if err != nil {
		return err
	}
	r.large = res.Operation
	return r.readBack(ctx, s, maria, r.large.ID)
}

// modified changes what waits: the approval that was given is void.
func (r *rulesDemo) modified(ctx context.Context) error {
	r.part("Modify while it waits")
	r.sayf("Carla agrees.")
	if err := r.approve(ctx, "carla"); err != nil {
		return err
	}
	r.sayf("The oven costs more. Bruno modifies it: another fee, another hold, and Carla's approval is void.")
	s, maria, err := r.at(ctx, "bruno")
	if err != nil {
		return err
	}
	res, err := r.desk.eng.Modify(ctx, maria, r.key(), r.large.Ref(), operations.Modification{Amount: brl(3_000_00)})
	if err != nil {
		return err
	}
	r.large = res.Operation
	if err := r.readBack(ctx, s, maria, r.large.ID); err != nil {
		return err
	}
	return r.listAccounts(ctx)
}
