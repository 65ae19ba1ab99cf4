package operations_test

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/shopspring/decimal"

	"github.com/onbehalf/onbehalf/operations"
	"github.com/onbehalf/onbehalf/tenancy"
)

// What waits may still be modified: the approvals it has are void, and what is
// held for it is resized in the same change.
func ExampleEngine_Modify() {
	ctx := context.Background()
	c := fourEyes()
	c.Approvals[0].Persons = 2
	eng, ana, brl := deskWith(ctx, c)
	defer eng.Close()
	bruno := colleague(ctx, eng, ana, "bruno")
	show := func(r operations.Result) operations.Ref {
		o, account := r.Operation, must(eng.Book(ana).Accounts(ctx))[0]
		fmt.Printf("version %d %s, %d of %d approvals, %s held\n", o.Version, o.State, len(o.Approvals), o.Terms.Approval.Persons, account.Held)
		return o.Ref()
	}
	at := show(must(eng.Submit(ctx, ana, intent("large"), operations.Withdrawal{From: brl, Amount: decimal.NewFromInt(600)})))
	at = show(must(eng.Approve(ctx, bruno, intent("ok"), at)))
	show(must(eng.Modify(ctx, ana, intent("more"), at, operations.Modification{Amount: decimal.NewFromInt(650)})))
	// Output:
	// version 1 awaiting_approval, 0 of 2 approvals, 600 held
	// version 2 awaiting_approval, 1 of 2 approvals, 600 held
	// version 3 awaiting_approval, 0 of 2 approvals, 650 held
}

// Which fields may change in which state is one table. What is scheduled keeps
// its accounts.
func ExampleModifiable() {
	fmt.Println(operations.Modifiable(operations.Scheduled))

	ctx, d := openDesk(operations.Config{})
	tomorrow := operations.Withdrawal{From: d.brl, Amount: decimal.NewFromInt(20), NotBefore: d.clock.Now().AddDate(0, 0, 1)}
	o := must(d.eng.Submit(ctx, d.scope, intent("tomorrow"), tomorrow)).Operation
	_, err := d.eng.Modify(ctx, d.scope, intent("by-pix"), o.Ref(), operations.Modification{Via: "pix"})
	if refused, ok := errors.AsType[*operations.RefusedError](err); ok {
		fmt.Println(refused.Unmet[0])
	}
	o = must(d.eng.Modify(ctx, d.scope, intent("later"), o.Ref(), operations.Modification{NotBefore: tomorrow.NotBefore.Add(time.Hour)})).Operation
	fmt.Println(o.State, o.Order.NotBefore.Format(time.DateTime))
	// Output:
	// [amount purpose reference not_before]
	// field_fixed (field:via): state=scheduled
	// scheduled 2026-11-03 10:00:00
}

// The work list tells each operator what waits, and what keeps him from
// approving it.
func ExampleFirm_Worklist() {
	ctx := context.Background()
	eng, ana, brl := deskWith(ctx, fourEyes())
	defer eng.Close()
	bruno := colleague(ctx, eng, ana, "bruno")
	must(eng.Submit(ctx, ana, intent("large"), operations.Withdrawal{From: brl, Amount: decimal.NewFromInt(600)}))
	for _, who := range []tenancy.Principal{ana.Principal(), bruno.Principal()} {
		firm := must(eng.Gate().Firm(ctx, who))
		for _, w := range must(eng.Firm(firm).Worklist(ctx, operations.WaitingPlace{}, 0)).Items {
			fmt.Println(who.Operator, w.Operation, w.MayApprove(), w.Unmet)
		}
	}
	// Output:
	// ana withdrawal 600 BRL awaiting_approval false [own_operation (operation:id-000006): maker=ana]
	// bruno withdrawal 600 BRL awaiting_approval true []
}
