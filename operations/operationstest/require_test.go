package operationstest_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/shopspring/decimal"
	"github.com/stretchr/testify/require"

	"github.com/onbehalf/onbehalf/accounts"
	"github.com/onbehalf/onbehalf/operations"
	"github.com/onbehalf/onbehalf/operations/operationstest"
	"github.com/onbehalf/onbehalf/tenancy"
)

// recorder is a test whose failure can be looked at.
type recorder struct {
	testing.TB

	said string
}

type stopped struct{}

func (*recorder) Helper() {}

func (r *recorder) Fatalf(format string, args ...any) {
	r.said = fmt.Sprintf(format, args...)
	panic(stopped{})
}

// failure is what the function ends its test with.
func failure(t *testing.T, f func(*recorder)) string {
	t.Helper()
	r := &recorder{TB: t}
	require.PanicsWithValue(t, stopped{}, func() { f(r) }, "the test was not ended")
	return r.said
}

func deposit(amount int64) operations.Request {
	return operations.Deposit{To: "a", Amount: decimal.NewFromInt(amount)}
}

func oneAccount(t *testing.T) *operations.Folded {
	t.Helper()
	return operationstest.BookSpec{Accounts: []operationstest.AccountSpec{{ID: "a", Asset: "BRL"}}}.Fold(t)
}

func noMondays(_ operations.View, _ operations.Terms, now time.Time) []operations.Unmet {
	if now.Weekday() != time.Monday {
		return nil
	}
	return []operations.Unmet{{Code: "monday", Subject: "book", Remedy: "Ask on another day."}}
}

func TestRequireUnmetWantsExactlyTheCodes(t *testing.T) {
	t.Parallel()
	cfg := operations.Config{Rules: []operations.Rule{
		operations.RuleFunc(noMondays), operations.AmountWithin{Asset: "BRL", Max: decimal.NewFromInt(10)},
	}}
	p := operationstest.Explain(t, cfg, oneAccount(t), deposit(11), operationstest.Start())
	operationstest.RequireUnmet(t, p, operations.CodeAmountAbove, "monday")

	said := failure(t, func(tb *recorder) { operationstest.RequireUnmet(tb, p, "monday", "tuesday") })
	require.Equal(t, `deposit is not refused as expected
missing: tuesday
not expected: amount_above_maximum
unmet:
  monday (book)
    remedy: Ask on another day.
  amount_above_maximum (amount): asked=11 maximum=10 asset=BRL
    remedy: Ask for at most the maximum.`, said)
	failure(t, func(tb *recorder) { operationstest.RequireUnmet(tb, p) })
	failure(t, func(tb *recorder) { operationstest.RequireAllowed(tb, p) })
	failure(t, func(tb *recorder) { operationstest.RequireUnmet(tb, operations.Plan{}, "monday") })
}

func TestRequireInvalidWantsExactlyTheFields(t *testing.T) {
	t.Parallel()
	now := operationstest.Start()
	book := oneAccount(t)
	bad := operations.Transfer{From: "a", To: "a", Amount: decimal.RequireFromString("0.001")}
	require.Contains(t,
		failure(t, func(tb *recorder) {
			operationstest.RequireInvalid(tb, operations.Config{}, book, deposit(1), now, "amount")
		}), "error: <nil>")
	operationstest.RequireInvalid(t, operations.Config{}, book, bad, now, "to")
	operationstest.RequireInvalid(t, operations.Config{}, book, operations.Deposit{Via: "/"}, now, "via", "amount")
	failure(t, func(tb *recorder) {
		operationstest.RequireInvalid(tb, operations.Config{}, book, bad, now, "to", "from")
	})
	failure(t, func(tb *recorder) { operationstest.Explain(tb, operations.Config{}, book, bad, now) })
	failure(t, func(tb *recorder) {
		operationstest.Explain(tb, operations.Config{MaxBatch: -1}, book, deposit(1), now)
	})
}

func TestJudgeNamesTheRuleThatSpoke(t *testing.T) {
	t.Parallel()
	most := operations.AmountWithin{Asset: "BRL", Max: decimal.NewFromInt(10)}
	cfg := operations.Config{Rules: []operations.Rule{
		most,
		operations.All{operations.RuleFunc(noMondays), operations.All{&most}},
	}}
	js := operationstest.Judge(t, cfg, oneAccount(t), deposit(11), operationstest.Start())
	names := make([]string, 0, len(js))
	for _, j := range js {
		require.Len(t, j.Unmet, 1, j.Rule)
		names = append(names, j.Rule)
	}
	require.Equal(t, []string{
		"Rules[0] operations.AmountWithin{Asset:BRL Min:0 Max:10}",
		"Rules[1][0] operationstest_test.noMondays",
		"Rules[1][1][0] *operations.AmountWithin{Asset:BRL Min:0 Max:10}",
	}, names)

	js = operationstest.Judge(t, cfg, oneAccount(t), deposit(1), operationstest.Start())
	require.Len(t, js.Unmet(), 1)
	require.Equal(t, "Rules[1][0] operationstest_test.noMondays", js.Unmet()[0].Rule)
}

func TestRulesAreNotAskedAboutAStrangersAccount(t *testing.T) {
	t.Parallel()
	cfg := operations.Config{Rules: []operations.Rule{operations.RuleFunc(noMondays)}}
	book := operationstest.BookSpec{}.Fold(t)
	require.Nil(t, operationstest.Judge(t, cfg, book, deposit(1), operationstest.Start()))
	operationstest.RequireUnmet(t, operationstest.Explain(t, cfg, book, deposit(1), operationstest.Start()), accounts.CodeAccountNotFound)
}

func TestRulesSeeWhoAsks(t *testing.T) {
	t.Parallel()
	cfg := operations.Config{Rules: []operations.Rule{operations.RuleFunc(func(v operations.View, _ operations.Terms, _ time.Time) []operations.Unmet {
		if v.Actor().ID == "trainee" {
			return []operations.Unmet{{Code: "trainee", Subject: "operator"}}
		}
		return nil
	})}}
	trainee := tenancy.Actor{Kind: tenancy.OperatorActor, ID: "trainee", Person: "p"}
	operationstest.RequireAllowed(t, operationstest.Explain(t, cfg, oneAccount(t), deposit(1), operationstest.Start()))
	operationstest.RequireUnmet(t, operationstest.ExplainAs(t, cfg, oneAccount(t), deposit(1), operationstest.Start(), trainee), "trainee")
}

func TestScopesAreOfTheKindAskedFor(t *testing.T) {
	t.Parallel()
	few := tenancy.NewPermissions(tenancy.View)
	s := operationstest.ScopeSpec{Permissions: few, Reason: "call 1"}.Open(t)
	require.Equal(t, tenancy.CustomerScope, s.Kind())
	require.Equal(t, tenancy.CustomerID("customer"), s.Customer())
	require.Equal(t, few, s.Permissions())
	require.Equal(t, "call 1", s.Reason())
	require.Equal(t, operationstest.Start().Add(8*time.Hour), s.Expires())
	for _, kind := range tenancy.ScopeKinds() {
		require.Equal(t, kind, operationstest.ScopeSpec{Kind: kind}.Open(t).Kind())
	}
	failure(t, func(tb *recorder) { operationstest.ScopeSpec{Policy: tenancy.Policy{RequireReason: true}}.Open(tb) })
	failure(t, func(tb *recorder) { operationstest.ScopeSpec{Kind: "x"}.Open(tb) })
}
