package main

import (
	"context"

	"github.com/onbehalf/onbehalf/operations"
	"github.com/onbehalf/onbehalf/tenancy"
)

// approved lets it go with the last approval.
func (r *rulesDemo) approved(ctx context.Context) error {
	r.part("Approved by two others")
	r.sayf("Carla agrees to what it is now, then Davi: it is done in the change of his approval.")
	for _, operator := range []string{"carla", "davi"} {
		if err := r.approve(ctx, operator); err != nil {
			return err
		}
	}
	r.sayf("Who did what to it, newest first:")
	s, maria, err := r.at(ctx, "bruno")
	if err != nil {
		return err
	}
	d, err := s.versions(ctx, maria, r.large.ID)
	if err != nil {
		return err
	}
	r.view(d)
	return nil
}

// lookAlike asks for the same thing twice, and has it rejected.
func (r *rulesDemo) lookAlike(ctx context.Context) error {
	r.part("The same thing twice")
	q := operations.Withdrawal{From: r.main, Amount: brl(2_200_00), Purpose: "flour"}
	if _, err := r.submit(ctx, q); err != nil {
		return err
	}
	r.sayf("He asks again: one like it waits already.")
	if err := r.explain(ctx, q); err != nil {
		return err
	}
	r.sayf("It is meant twice; he acknowledges the warning.")
	s, bruno, err := r.at(ctx, "bruno")
	if err != nil {
		return err
	}
	in := r.key()
	in.Acknowledge = []string{operations.CodeLookAlike}
	res, err := r.desk.eng.Submit(ctx, bruno, in, q)
	if err != nil {
		return err
	}
	r.sayf("Carla does not believe him, and says why. What was held is free, and counts towards no limit.")
	_, carla, err := r.at(ctx, "carla")
	if err != nil {
		return err
	}
	if _, err := r.desk.eng.Reject(ctx, carla, r.key(), res.Operation.Ref(), "one delivery, one invoice"); err != nil {
		return err
	}
	return r.readBack(ctx, s, bruno, res.Operation.ID)
}

// refund gives a part back, with the fee, and not more than there was.
func (r *rulesDemo) refund(ctx context.Context) error {
	r.part("A partial refund")
	r.sayf("The landlord sends R$ 400.00 of the rent back; the firm returns its fee as well.")
	if _, err := r.submit(ctx, operations.Refund{Parent: r.paid.ID, Amount: brl(400_00), Fees: true, Purpose: "half a month"}); err != nil {
		return err
	}
	r.sayf("It names its parent, and the parent its refunds:")
	s, maria, err := r.at(ctx, "bruno")
	if err != nil {
		return err
	}
	d, err := s.refunds(ctx, maria, r.paid.ID)
	if err != nil {
		return err
	}
	r.show(d, d.list)
	r.sayf("R$ 700.00 more would be more than is left.")
	return r.explain(ctx, operations.Refund{Parent: r.paid.ID, Amount: brl(700_00), Purpose: "the rest"})
}

// freeze freezes Maria's account, and lifts that.
func (r *rulesDemo) freeze(ctx context.Context) error {
	r.part("A freeze")
	r.sayf("Davi freezes the account.")
	s, davi, err := r.at(ctx, "davi")
	if err != nil {
		return err
	}
	if _, err := r.desk.eng.Manage(ctx, davi, r.key(), operations.Freeze{Account: r.main, Reason: "court order 12/26"}); err != nil {
		return err
	}
	d, err := s.freezes(ctx, davi)
	if err != nil {
		return err
	}
	r.show(d, d.list)
	q := operations.Deposit{To: r.main, Amount: brl(50_00)}
	if err := r.explain(ctx, q); err != nil {
		return err
	}
	r.sayf("The order is withdrawn, and he lifts it.")
	if _, err := r.desk.eng.Manage(ctx, davi, r.key(), operations.Unfreeze{Account: r.main, Reason: "order withdrawn"}); err != nil {
		return err
	}
	return r.explain(ctx, q)
}

// stop throws a switch of the firm, and puts it back.
func (r *rulesDemo) stop(ctx context.Context) error {
	r.part("A stop")
	r.sayf("Withdrawals are stopped for every customer; deposits go on.")
	s, house, err := r.enter(ctx, "davi", tenancy.House, "")
	if err != nil {
		return err
	}
	subject := tenancy.KindSubject(operations.KindWithdrawal)
	if _, err := r.desk.eng.Manage(ctx, house, r.key(), tenancy.Stop{Subject: subject, Reason: "the bank is investigating"}); err != nil {
		return err
	}
	d, err := s.stops(ctx)
	if err != nil {
		return err
	}
	r.view(d)
	if err := r.explain(ctx, operations.Withdrawal{From: r.main, Amount: brl(10_00)}); err != nil {
		return err
	}
	if err := r.explain(ctx, operations.Deposit{To: r.main, Amount: brl(50_00)}); err != nil {
		return err
	}
	r.sayf("Lifted:")
	if _, err := r.desk.eng.Manage(ctx, house, r.key(), tenancy.Lift{Subject: subject}); err != nil {
		return err
	}
	return r.explain(ctx, operations.Withdrawal{From: r.main, Amount: brl(10_00)})
}
