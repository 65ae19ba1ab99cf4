package operations_test

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/shopspring/decimal"

	"github.com/onbehalf/onbehalf/accounts"
	"github.com/onbehalf/onbehalf/adapters/memory"
	"github.com/onbehalf/onbehalf/customer"
	"github.com/onbehalf/onbehalf/operations"
	"github.com/onbehalf/onbehalf/operations/operationstest"
	"github.com/onbehalf/onbehalf/tenancy"
)

// From an empty store to money on a customer's account.
func Example() {
	ctx := context.Background()
	eng, err := operations.New(memory.New(), operations.Config{PolicyVersion: "2026-11"})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer eng.Close()

	// Once for each firm: its own book, and the first administrator.
	ana := tenancy.Principal{Tenant: "acme", Operator: "ana", Person: "p-ana", Name: "Ana"}
	firm := must(eng.Bootstrap(ctx, tenancy.Firm{Tenant: "acme", Name: "Acme", Admin: ana}))

	// Ana opens a customer, and enters what is his, and his alone.
	maria := must(eng.OpenCustomer(ctx, firm, operations.Intent{Key: "open-maria"}, customer.Profile{Name: "Maria", Country: "BR"}))
	scope := must(eng.Gate().Enter(ctx, ana, maria.ID, "phone call 4711"))

	brl := must(eng.Manage(ctx, scope, operations.Intent{Key: "open-brl"}, accounts.Open{
		Name: "Main", Currency: "BRL", Details: accounts.Details{PixKey: "maria@example.com"},
	}))
	res := must(eng.Submit(ctx, scope, operations.Intent{Key: "form-1"}, operations.Deposit{
		To: brl.Account, Amount: decimal.RequireFromString("250.00"), Reference: "cash desk 3",
	}))
	fmt.Println(res.Operation.Order.Kind, res.Operation.State)

	for _, a := range must(eng.Book(scope).Accounts(ctx)) {
		fmt.Println(a.Name, a.Asset, accounts.Format(a.Posted.Decimal, a.Scale), a.Status())
	}
	// Output:
	// deposit completed
	// Main BRL 250.00 active
}

// Explain tells everything that is in the way at once, and moves nothing.
func ExampleEngine_Explain() {
	ctx, d := openDesk(operations.Config{
		Rules: []operations.Rule{operations.AmountWithin{Asset: "BRL", Max: decimal.NewFromInt(5000)}},
	})
	must(d.eng.Manage(ctx, d.scope, intent("disable"), accounts.SetCurrency{Currency: "BRL", Enabled: false}))

	plan := must(d.eng.Explain(ctx, d.scope, operations.Withdrawal{From: d.brl, Amount: decimal.NewFromInt(9000)}))
	fmt.Println("allowed:", plan.Allowed())
	for _, u := range plan.Unmet {
		fmt.Println(u.Code, u.Figures)
	}
	// Output:
	// allowed: false
	// currency_not_enabled [{currency BRL}]
	// insufficient_available [{available 1000} {asked 9000} {short 8000}]
	// amount_above_maximum [{asked 9000} {maximum 5000} {asset BRL}]
}

// What was prepared stands on frozen terms until it is executed, or expires.
// Each change names the version it has seen.
func ExampleEngine_Prepare() {
	ctx, d := openDesk(operations.Config{})
	show := func(r operations.Result) {
		o := r.Operation
		fmt.Printf("version %d %s: %s %s\n", o.Version, o.State, o.Terms.Debit, o.Terms.Asset)
	}

	res := must(d.eng.Prepare(ctx, d.scope, intent("prepare"), operations.Withdrawal{From: d.brl, Amount: decimal.NewFromInt(300)}))
	show(res)
	fmt.Println("good until", res.Operation.Terms.Expires.Format(time.TimeOnly))

	res = must(d.eng.Modify(ctx, d.scope, intent("modify"), res.Operation.Ref(), operations.Modification{Amount: decimal.NewFromInt(320)}))
	show(res)
	res = must(d.eng.Execute(ctx, d.scope, intent("execute"), res.Operation.Ref()))
	show(res)
	// Output:
	// version 1 prepared: 300 BRL
	// good until 09:15:00
	// version 2 prepared: 320 BRL
	// version 3 completed: 320 BRL
}

// Actions tells which buttons a screen has to show, and why not the others.
func ExampleEngine_Cancel() {
	ctx, d := openDesk(operations.Config{})
	res := must(d.eng.Prepare(ctx, d.scope, intent("prepare"), operations.Withdrawal{From: d.brl, Amount: decimal.NewFromInt(300)}))
	res = must(d.eng.Cancel(ctx, d.scope, intent("cancel"), res.Operation.Ref()))
	fmt.Println(res.Operation.State)
	for _, a := range must(d.eng.Actions(ctx, d.scope, res.Operation.ID)) {
		fmt.Println(a.Action, a.Allowed(), a.Unmet[0].Code)
	}
	// Output:
	// cancelled
	// execute false state_forbids
	// modify false state_forbids
	// cancel false state_forbids
}

// A key means one thing once: a double click or a retry brings the outcome of
// the first time.
func ExampleEngine_Submit() {
	ctx, d := openDesk(operations.Config{})
	q := operations.Withdrawal{From: d.brl, Amount: decimal.NewFromInt(300)}
	first := must(d.eng.Submit(ctx, d.scope, operations.Intent{Key: "form-77"}, q))
	again := must(d.eng.Submit(ctx, d.scope, operations.Intent{Key: "form-77"}, q))
	fmt.Println(first.Operation.State, first.Replayed)
	fmt.Println(again.Operation.State, again.Replayed, again.Operation.ID == first.Operation.ID)
	fmt.Println("balance", d.balance(ctx))

	q.Amount = decimal.NewFromInt(400)
	_, err := d.eng.Submit(ctx, d.scope, operations.Intent{Key: "form-77"}, q)
	fmt.Println(err)
	// Output:
	// completed false
	// completed true true
	// balance 700.00
	// conflict: key_reused
}

// Rules are values; a firm's policy is made of them.
func ExampleAll() {
	large := func(_ operations.View, t operations.Terms) bool { return t.Debit.GreaterThan(decimal.NewFromInt(500)) }
	office := operations.RuleFunc(func(_ operations.View, _ operations.Terms, now time.Time) []operations.Unmet {
		if h := now.Hour(); h >= 8 && h < 18 {
			return nil
		}
		return []operations.Unmet{{Code: "office_hours", Subject: "book", Remedy: "Ask between 8:00 and 18:00 UTC."}}
	})
	policy := operations.All{
		operations.ForKinds{Kinds: []string{operations.KindWithdrawal}, Rule: operations.AmountWithin{Asset: "BRL", Min: decimal.NewFromInt(10)}},
		operations.When{Condition: large, Rule: office},
	}
	ctx, d := openDesk(operations.Config{Rules: []operations.Rule{policy}})
	ask := func(amount int64) {
		plan := must(d.eng.Explain(ctx, d.scope, operations.Withdrawal{From: d.brl, Amount: decimal.NewFromInt(amount)}))
		fmt.Println(amount, plan.Allowed(), plan.Unmet)
	}
	ask(5)
	ask(501)
	d.clock.Set(time.Date(2026, time.November, 2, 16, 59, 0, 0, time.UTC))
	d.clock.Advance(2 * time.Hour)
	d.enter(ctx)
	ask(501)
	ask(500)
	// Output:
	// 5 false [amount_below_minimum (amount): asked=5 minimum=10 asset=BRL]
	// 501 true []
	// 501 false [office_hours (book)]
	// 500 true []
}

// A provider answers when it can: at once, or late, by a webhook that the host
// hands to Report. Told twice, it happens once.
func ExampleEngine_Report() {
	pix := operationstest.NewProvider(operations.Contract{HonoursReference: true}).OnSend(operationstest.Pend())
	ctx, d := openDesk(operations.Config{Providers: map[string]operations.Provider{"pix": pix}})

	res := must(d.eng.Submit(ctx, d.scope, intent("pay"), operations.Withdrawal{From: d.brl, Amount: decimal.NewFromInt(300), Via: "pix"}))
	fmt.Println(res.Operation.State, "balance", d.balance(ctx), "held", must(d.eng.Book(d.scope).Holds(ctx))[0].Amount)

	answer := pix.Move(res.Operation.ProviderReference, operations.AnswerSettled)
	for range 2 {
		res = must(d.eng.Report(ctx, "acme", "pix", answer))
		fmt.Println(res.Operation.State, "version", res.Operation.Version, "balance", d.balance(ctx))
	}
	fmt.Println("carried out", pix.Carried(answer.Reference), "time")
	// Output:
	// executing balance 1000.00 held 300
	// completed version 2 balance 700.00
	// completed version 2 balance 700.00
	// carried out 1 time
}

// Work does what has become due. The host calls it in a loop of its own.
func ExampleEngine_Work() {
	pix := operationstest.NewProvider(operations.Contract{Timeout: 5 * time.Second}).
		OnSend(operationstest.Settle().Silent()) // it happens, and the answer is lost
	ctx, d := openDesk(operations.Config{Providers: map[string]operations.Provider{"pix": pix}})

	must(d.eng.Prepare(ctx, d.scope, intent("forgotten"), operations.Withdrawal{From: d.brl, Amount: decimal.NewFromInt(1)}))
	must(d.eng.Submit(ctx, d.scope, intent("tomorrow"), operations.Withdrawal{
		From: d.brl, Amount: decimal.NewFromInt(20), NotBefore: d.clock.Now().AddDate(0, 0, 1),
	}))
	lost := must(d.eng.Submit(ctx, d.scope, intent("lost"), operations.Withdrawal{From: d.brl, Amount: decimal.NewFromInt(300), Via: "pix"}))
	fmt.Println(lost.Operation.State, lost.Operation.Outcome.Code)

	d.clock.Advance(24 * time.Hour)
	done := must(d.eng.Work(ctx, operations.Budget{}))
	fmt.Printf("expired %d, released %d, resolved %d, more %t\n", done.Expired, done.Released, done.Resolved, done.More)
	d.enter(ctx) // yesterday's scope is over
	fmt.Println("balance", d.balance(ctx))
	// Output:
	// unresolved no_answer
	// expired 1, released 1, resolved 1, more false
	// balance 680.00
}

// History is paged newest first, and stays stable while new operations come in.
func ExampleBook_History() {
	ctx, d := openDesk(operations.Config{})
	for i := range 5 {
		must(d.eng.Submit(ctx, d.scope, intent(fmt.Sprint("w", i)), operations.Withdrawal{From: d.brl, Amount: decimal.NewFromInt(int64(i + 1))}))
	}
	filter := operations.HistoryFilter{Kinds: []string{operations.KindWithdrawal}}
	for cursor := ""; ; {
		page := must(d.eng.Book(d.scope).History(ctx, filter, cursor, 2))
		for _, o := range page.Items {
			fmt.Println(o.Order.Amount)
		}
		fmt.Println("more:", page.Next != "")
		if cursor = page.Next; cursor == "" {
			break
		}
	}
	// Output:
	// 5
	// 4
	// more: true
	// 3
	// 2
	// more: true
	// 1
	// more: false
}

// A statement has every posting of an account with the balance after it.
func ExampleBook_Statement() {
	ctx, d := openDesk(operations.Config{})
	must(d.eng.Submit(ctx, d.scope, intent("fee"), operations.Adjustment{From: d.brl, Amount: decimal.NewFromInt(12), Purpose: operations.Fee}))
	lines := must(d.eng.Book(d.scope).Statement(ctx, operations.StatementFilter{Account: accounts.Customer(d.brl)}, "", 0))
	for _, l := range lines.Items {
		fmt.Println(l.At.Format(time.DateOnly), accounts.Format(l.Amount, 2), accounts.Format(l.Balance, 2))
	}
	income := must(d.eng.Book(d.scope).Statement(ctx, operations.StatementFilter{Account: accounts.IncomeFees}, "", 0))
	fmt.Println(income.Items[0].Ref, income.Items[0].Balance)
	// Output:
	// 2026-11-02 -12.00 988.00
	// 2026-11-02 1000.00 1000.00
	// income:fees 12
}

// The journal tells who did what for whom, and why.
func ExampleBook_Journal() {
	ctx, d := openDesk(operations.Config{PolicyVersion: "2026-11"})
	_, err := d.eng.Submit(ctx, d.scope, intent("too-much"), operations.Withdrawal{From: d.brl, Amount: decimal.NewFromInt(5000)})
	fmt.Println(errors.Is(err, operations.ErrRefused))
	for _, l := range must(d.eng.Book(d.scope).Journal(ctx, 0, 0)) {
		fmt.Printf("%d %s by %s, policy %s, reason %q\n", l.Seq, l.Action, l.Actors[0].ID, l.Policy, l.Reason)
		for _, u := range l.Refused {
			fmt.Println("  refused:", u.Code, u.Figures)
		}
	}
	// Output:
	// true
	// 1 customer.open by ana, policy 2026-11, reason ""
	// 2 account.open by ana, policy 2026-11, reason "phone call 4711"
	// 3 submit by ana, policy 2026-11, reason "phone call 4711"
	// 4 submit by ana, policy 2026-11, reason "phone call 4711"
	//   refused: insufficient_available [{available 1000} {asked 5000} {short 4000}]
}

// Verify holds all that is stored against the chain of the journal; Heads
// commits to all books at once.
func ExampleBook_Verify() {
	ctx, d := openDesk(operations.Config{})
	v := must(d.eng.Book(d.scope).Verify(ctx))
	fmt.Println("sound:", v.Sound(), "entries:", v.Entries, "faults:", len(v.Faults))
	root := must(d.eng.Firm(d.firm).Heads(ctx))
	fmt.Println("books:", root.Books, "root:", !root.Hash.IsZero())
	// Output:
	// sound: true entries: 3 faults: 0
	// books: 2 root: true
}

// A closed customer's personal data can be erased; the journal stays whole.
func ExampleEngine_Manage_erase() {
	ctx, d := openDesk(operations.Config{})
	must(d.eng.Submit(ctx, d.scope, intent("all"), operations.Withdrawal{From: d.brl, Amount: decimal.NewFromInt(1000)}))
	must(d.eng.Manage(ctx, d.scope, intent("close-brl"), accounts.SetStatus{Account: d.brl, Status: accounts.Closed}))
	must(d.eng.Manage(ctx, d.scope, intent("close"), customer.SetStatus{Status: customer.Closed}))
	must(d.eng.Manage(ctx, d.scope, intent("erase"), customer.Erase{}))

	c := must(d.eng.Book(d.scope).Customer(ctx))
	fmt.Printf("%q %s erased: %t\n", c.Profile.Name, c.Status, c.Erased)
	v := must(d.eng.Book(d.scope).Verify(ctx))
	fmt.Println("sound:", v.Sound(), "erased:", len(v.Erased), "values")
	// Output:
	// "" closed erased: true
	// sound: true erased: 2 values
}

// A grant is for one customer, says what may be done, and ends at once when it
// is revoked.
func ExampleEngine_Manage_grants() {
	ctx, d := openDesk(operations.Config{})
	house := must(d.eng.Gate().Own(ctx, d.ana, ""))
	must(d.eng.Manage(ctx, house, intent("register"), tenancy.Register{Operator: "bruno", Person: "p-bruno"}))
	grant := must(d.eng.Manage(ctx, d.scope, intent("allow"), tenancy.Allow{
		Operator: "bruno", Permissions: tenancy.NewPermissions(tenancy.View, tenancy.Prepare),
	}))

	bruno := tenancy.Principal{Tenant: "acme", Operator: "bruno", Person: "p-bruno"}
	scope := must(d.eng.Gate().Enter(ctx, bruno, d.customer, ""))
	q := operations.Withdrawal{From: d.brl, Amount: decimal.NewFromInt(1)}
	prepared := must(d.eng.Prepare(ctx, scope, intent("prepare"), q))
	_, err := d.eng.Execute(ctx, scope, intent("execute"), prepared.Operation.Ref())
	fmt.Println(err)

	must(d.eng.Manage(ctx, d.scope, intent("revoke"), tenancy.Revoke{Grant: grant.Grant}))
	_, err = d.eng.Prepare(ctx, scope, intent("once-more"), q)
	fmt.Println(err)
	_, err = d.eng.Gate().Enter(ctx, bruno, d.customer, "")
	fmt.Println(errors.Is(err, operations.ErrNotFound))
	// Output:
	// refused: permission_missing (permission:execute)
	// refused: grant_missing (operator)
	// true
}

// An error is of one class, which errors.Is tells; errors.As brings what can be
// acted on.
func ExampleRefusedError() {
	ctx, d := openDesk(operations.Config{})
	_, err := d.eng.Submit(ctx, d.scope, intent("w"), operations.Withdrawal{From: d.brl, Amount: decimal.NewFromInt(1200)})
	if refused, ok := errors.AsType[*operations.RefusedError](err); ok {
		for _, u := range refused.Unmet {
			fmt.Println(u.Code, "-", u.Remedy)
		}
	}

	_, err = d.eng.Submit(ctx, d.scope, intent("x"), operations.Transfer{From: d.brl, To: d.brl})
	fmt.Println(errors.Is(err, operations.ErrInvalid))
	for _, f := range tenancy.Fields(err) {
		fmt.Println(f.Field, f.Problem)
	}
	// Output:
	// insufficient_available - Deposit what is short, lower the amount, or raise the debt limit.
	// true
	// amount must be above zero
}

// Who works on what somebody else has changed meanwhile is told where it stands.
func ExampleConflictError() {
	ctx, d := openDesk(operations.Config{})
	seen := must(d.eng.Prepare(ctx, d.scope, intent("p"), operations.Withdrawal{From: d.brl, Amount: decimal.NewFromInt(10)})).Operation
	must(d.eng.Modify(ctx, d.scope, intent("m"), seen.Ref(), operations.Modification{Amount: decimal.NewFromInt(99)}))

	_, err := d.eng.Execute(ctx, d.scope, intent("e"), seen.Ref())
	var conflict *operations.ConflictError
	if errors.Is(err, operations.ErrConflict) && errors.As(err, &conflict) {
		fmt.Println(conflict.Reason, "seen", seen.Version, "now", conflict.Version, conflict.State)
	}
	// Output:
	// stale_version seen 1 now 2 prepared
}

// desk is a firm with one customer and 1000.00 BRL on his one account.
type desk struct {
	clock    *operationstest.Clock
	eng      *operations.Engine
	ana      tenancy.Principal
	firm     tenancy.Scope
	customer tenancy.CustomerID
	scope    tenancy.Scope
	brl      accounts.ID
}

// openDesk makes a desk whose clock, ids and salts are the same in every run.
func openDesk(cfg operations.Config) (context.Context, *desk) {
	ctx := context.Background()
	d := &desk{
		clock: operationstest.NewClock(operationstest.Start()),
		ana:   tenancy.Principal{Tenant: "acme", Operator: "ana", Person: "p-ana"},
	}
	cfg.Clock, cfg.IDs, cfg.Entropy = d.clock, &operationstest.IDs{}, &operationstest.Entropy{}
	d.eng = must(operations.New(memory.New(), cfg))
	d.firm = must(d.eng.Bootstrap(ctx, tenancy.Firm{Tenant: "acme", Admin: d.ana}))
	d.customer = must(d.eng.OpenCustomer(ctx, d.firm, intent("open"), customer.Profile{Name: "Maria"})).ID
	d.enter(ctx)
	d.brl = must(d.eng.Manage(ctx, d.scope, intent("open-brl"), accounts.Open{
		Name: "Main", Currency: "BRL", Details: accounts.Details{PixKey: "maria@example.com"},
	})).Account
	must(d.eng.Submit(ctx, d.scope, intent("first"), operations.Deposit{To: d.brl, Amount: decimal.NewFromInt(1000)}))
	return ctx, d
}

func (d *desk) enter(ctx context.Context) {
	d.scope = must(d.eng.Gate().Enter(ctx, d.ana, d.customer, "phone call 4711"))
}

func (d *desk) balance(ctx context.Context) string {
	a := must(d.eng.Book(d.scope).Accounts(ctx))[0]
	return accounts.Format(a.Posted.Decimal, a.Scale)
}

func intent(key string) operations.Intent { return operations.Intent{Key: key} }

// must stands for the error handling of a host.
func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}
