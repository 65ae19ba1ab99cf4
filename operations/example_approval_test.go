package operations_test

import (
	"context"
	"fmt"
	"time"

	"github.com/shopspring/decimal"

	"github.com/onbehalf/onbehalf/operations"
	"github.com/onbehalf/onbehalf/tenancy"
)

// fourEyes asks for a second person where 500 or more leave.
func fourEyes() operations.Config {
	return operations.Config{Approvals: []operations.Approval{{
		Name: "four-eyes", Match: operations.Match{Kinds: []string{operations.KindWithdrawal}, From: decimal.NewFromInt(500)}, Persons: 1, Within: 4 * time.Hour,
	}}}
}

// colleague registers another operator, who may do everything for every
// customer, and enters the customer's scope as him.
func colleague(ctx context.Context, eng *operations.Engine, scope tenancy.Scope, name string) tenancy.Scope {
	house := must(eng.Gate().Own(ctx, scope.Principal(), ""))
	p := tenancy.Principal{Tenant: scope.Tenant(), Operator: tenancy.OperatorID(name), Person: tenancy.PersonID("p-" + name)}
	must(eng.Manage(ctx, house, operations.Intent{Key: "register-" + name}, tenancy.Register{Operator: p.Operator, Person: p.Person}))
	must(eng.Manage(ctx, house, operations.Intent{Key: "allow-" + name}, tenancy.Allow{
		Operator: p.Operator, Everyone: true, Permissions: tenancy.NewPermissions(tenancy.AllPermissions()...),
	}))
	return must(eng.Gate().Enter(ctx, p, scope.Customer(), ""))
}

// What is large waits, with its funds held, until another person has agreed to
// exactly what was asked for.
func ExampleApproval() {
	ctx := context.Background()
	eng, ana, brl := deskWith(ctx, fourEyes())
	defer eng.Close()
	bruno := colleague(ctx, eng, ana, "bruno")

	o := must(eng.Submit(ctx, ana, operations.Intent{Key: "large"}, operations.Withdrawal{From: brl, Amount: decimal.NewFromInt(600)})).Operation
	fmt.Println(o.State, "for", o.Terms.Approval.Persons, "until", o.Terms.Expires.Format(time.TimeOnly))
	_, err := eng.Approve(ctx, ana, operations.Intent{Key: "mine"}, o.Ref())
	fmt.Println(err)
	o = must(eng.Approve(ctx, bruno, operations.Intent{Key: "ok"}, o.Ref())).Operation
	fmt.Println(o.State, "with", o.Approvals[0].Actors[0].ID)
	// Output:
	// awaiting_approval for 1 until 13:00:00
	// refused: own_operation (operation:id-000006)
	// completed with bruno
}

// An approver who says no says why, and what was held is free again.
func ExampleEngine_Reject() {
	ctx := context.Background()
	eng, ana, brl := deskWith(ctx, fourEyes())
	defer eng.Close()
	bruno := colleague(ctx, eng, ana, "bruno")

	o := must(eng.Submit(ctx, ana, operations.Intent{Key: "large"}, operations.Withdrawal{From: brl, Amount: decimal.NewFromInt(600)})).Operation
	o = must(eng.Reject(ctx, bruno, operations.Intent{Key: "no"}, o.Ref(), "the invoice is missing")).Operation
	fmt.Println(o.State, "-", o.Outcome.Text)
	// Output:
	// rejected - the invoice is missing
}

// The same thing twice is asked about once: whoever means it acknowledges the
// warning by its code.
func ExampleIntent_acknowledge() {
	ctx := context.Background()
	eng, ana, brl := deskWith(ctx, fourEyes())
	defer eng.Close()
	q := operations.Withdrawal{From: brl, Amount: decimal.NewFromInt(500)}
	must(eng.Submit(ctx, ana, operations.Intent{Key: "one"}, q))

	plan := must(eng.Explain(ctx, ana, q))
	fmt.Println(plan.Allowed(), plan.Warnings)
	again := must(eng.Submit(ctx, ana, operations.Intent{Key: "two", Acknowledge: plan.Warnings}, q))
	fmt.Println(again.Operation.State)
	// Output:
	// false [look_alike_waiting]
	// awaiting_approval
}

// Each version of an operation tells what it was and who made it so.
func ExampleBook_Versions() {
	ctx := context.Background()
	eng, ana, brl := deskWith(ctx, fourEyes())
	defer eng.Close()
	bruno := colleague(ctx, eng, ana, "bruno")

	o := must(eng.Submit(ctx, ana, operations.Intent{Key: "large"}, operations.Withdrawal{From: brl, Amount: decimal.NewFromInt(600)})).Operation
	o = must(eng.Modify(ctx, ana, operations.Intent{Key: "less"}, o.Ref(), operations.Modification{Amount: decimal.NewFromInt(550)})).Operation
	must(eng.Approve(ctx, bruno, operations.Intent{Key: "ok"}, o.Ref()))
	for _, v := range must(eng.Book(ana).Versions(ctx, o.ID)) {
		fmt.Println(v.Operation.Version, v.Action, v.Actors[0].ID, v.Operation)
	}
	// Output:
	// 3 approve bruno withdrawal 550 BRL completed
	// 2 modify ana withdrawal 550 BRL awaiting_approval
	// 1 submit ana withdrawal 600 BRL awaiting_approval
}
