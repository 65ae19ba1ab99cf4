package operationstest_test

import (
	"fmt"
	"os"
	"testing"
	"time"

	"github.com/shopspring/decimal"

	"github.com/onbehalf/onbehalf/accounts"
	"github.com/onbehalf/onbehalf/operations"
	"github.com/onbehalf/onbehalf/operations/operationstest"
	"github.com/onbehalf/onbehalf/tenancy"
)

// Cooling is a rule of the firm's own: from an account that is younger than
// Age, nobody withdraws more than Most at a time.
type Cooling struct {
	Age  time.Duration
	Most decimal.Decimal
}

// Check compares the account's age and the amount.
func (c Cooling) Check(v operations.View, t operations.Terms, now time.Time) []operations.Unmet {
	from, ok := v.Account(v.Order().From)
	if !ok || v.Order().Kind != operations.KindWithdrawal || now.Sub(from.Opened) >= c.Age || t.Debit.LessThanOrEqual(c.Most) {
		return nil
	}
	return []operations.Unmet{{
		Code: "account_cooling", Subject: "account:" + string(from.ID),
		Figures: []operations.Figure{
			{Name: "asked", Value: t.Debit.String()},
			{Name: "maximum", Value: accounts.Canonical(c.Most)},
			{Name: "until", Value: from.Opened.Add(c.Age).Format(time.DateOnly)},
		},
		Remedy: "Ask for less, or wait until the account is older.",
	}}
}

// A rule is tested on books that are made for it.
func Example() {
	t := printing{} // in a test, its own *testing.T
	cfg := operations.Config{Rules: []operations.Rule{
		Cooling{Age: 72 * time.Hour, Most: decimal.NewFromInt(500)},
		operations.AmountWithin{Asset: "BRL", Max: decimal.NewFromInt(10_000)},
	}}
	now := operationstest.Start()
	book := operationstest.BookSpec{
		Country: "BR",
		Accounts: []operationstest.AccountSpec{
			{ID: "new", Asset: "BRL", Posted: "20000.00", Opened: now.Add(-time.Hour)},
			{ID: "old", Asset: "BRL", Posted: "20000.00", Opened: now.AddDate(-1, 0, 0)},
		},
	}.Fold(t)

	withdraw := func(from accounts.ID, amount string) operations.Plan {
		q := operations.Withdrawal{From: from, Amount: decimal.RequireFromString(amount)}
		return operationstest.Explain(t, cfg, book, q, now)
	}
	operationstest.RequireAllowed(t, withdraw("old", "500.01"))
	operationstest.RequireAllowed(t, withdraw("new", "500.00"))
	operationstest.RequireUnmet(t, withdraw("new", "500.01"), "account_cooling")
	operationstest.RequireUnmet(t, withdraw("new", "10000.01"), "account_cooling", operations.CodeAmountAbove)

	// An expectation that fails tells all there is to know.
	operationstest.RequireAllowed(t, withdraw("new", "20000.01"))
	// Output:
	// withdrawal is not allowed:
	//   insufficient_available (account:new): available=20000 asked=20000.01 short=0.01
	//     remedy: Deposit what is short, lower the amount, or raise the debt limit.
	//   account_cooling (account:new): asked=20000.01 maximum=500 until=2026-11-05
	//     remedy: Ask for less, or wait until the account is older.
	//   amount_above_maximum (amount): asked=20000.01 maximum=10000 asset=BRL
	//     remedy: Ask for at most the maximum.
}

// Judge asks each rule alone, and tells which of them said what.
func ExampleJudge() {
	t := printing{} // in a test, its own *testing.T
	cfg := operations.Config{Rules: []operations.Rule{
		operations.AmountWithin{Asset: "BRL", Min: decimal.NewFromInt(10)},
		Cooling{Age: 72 * time.Hour, Most: decimal.NewFromInt(500)},
	}}
	book := operationstest.BookSpec{
		Accounts: []operationstest.AccountSpec{{ID: "main", Asset: "BRL", Posted: "1000.00"}},
	}.Fold(t)
	q := operations.Withdrawal{From: "main", Amount: decimal.NewFromInt(600)}
	fmt.Println(operationstest.Judge(t, cfg, book, q, operationstest.Start()))
	// Output:
	// Rules[0] operations.AmountWithin{Asset:BRL Min:10 Max:0}
	//   met
	// Rules[1] operationstest_test.Cooling{Age:72h0m0s Most:500}
	//   account_cooling (account:main): asked=600 maximum=500 until=2026-11-05
	//     remedy: Ask for less, or wait until the account is older.
}

// A whole policy is tested as a single rule is: here a limit that is used in
// part, and a switch that is thrown.
func ExampleExplainUnder() {
	t := printing{} // in a test, its own *testing.T
	cfg := operations.Config{Limits: []operations.Limit{{Name: "daily", Asset: "BRL", Day: decimal.NewFromInt(500)}}}
	book := operationstest.BookSpec{
		Accounts: []operationstest.AccountSpec{{ID: "main", Asset: "BRL", Posted: "1000.00"}},
		Open: []operationstest.OperationSpec{{
			Request: operations.Withdrawal{From: "main", Amount: decimal.NewFromInt(350)}, Counts: []string{"daily"},
		}},
	}.Fold(t)
	q := operations.Withdrawal{From: "main", Amount: decimal.NewFromInt(200)}
	stop := tenancy.Stop{Subject: tenancy.ProviderSubject(operations.DeskName), Reason: "the vault is closed"}
	plan := operationstest.ExplainUnder(t, cfg, book, q, operationstest.Start(), stop)
	fmt.Println(operationstest.Describe(plan.Unmet))
	// Output:
	//   stopped (provider:desk): reason=the vault is closed since=2026-11-02T09:00:00Z
	//     remedy: Wait until the firm has lifted the stop.
	//   limit_day (limit:daily): limit=500 used=350 asked=200 left=150 asset=BRL
	//     remedy: Ask for at most what is left, or wait until earlier operations no longer count.
}

// printing is a testing.TB that prints what a test would fail with.
type printing struct{ testing.TB }

func (printing) Helper() {}

func (printing) Fatalf(format string, args ...any) {
	_, _ = fmt.Fprintf(os.Stdout, format+"\n", args...)
}
