package policy

import (
	"testing"
	"time"

	"github.com/shopspring/decimal"

	"github.com/onbehalf/onbehalf/operations"
	"github.com/onbehalf/onbehalf/operations/operationstest"
)

func TestNightCap(t *testing.T) {
	t.Parallel()
	rule := NightCap{Most: decimal.NewFromInt(1000), Zone: time.FixedZone("BRT", -3*60*60)}
	cfg := operations.Config{Rules: []operations.Rule{rule}}
	book := operationstest.BookSpec{Accounts: []operationstest.AccountSpec{{ID: "main", Asset: "BRL", Posted: "5000.00"}}}.Fold(t)
	withdraw := func(amount int64, at time.Time) operations.Plan {
		return operationstest.Explain(t, cfg, book, operations.Withdrawal{From: "main", Amount: decimal.NewFromInt(amount)}, at)
	}
	day, night := operationstest.Start().Add(6*time.Hour), operationstest.Start().Add(14*time.Hour) // 12:00 and 20:00 there
	operationstest.RequireAllowed(t, withdraw(5000, day))
	operationstest.RequireAllowed(t, withdraw(1000, night))
	operationstest.RequireUnmet(t, withdraw(1001, night), "night_cap")
}
