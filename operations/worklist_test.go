package operations_test

import (
	"testing"
	"time"

	"github.com/shopspring/decimal"
	"github.com/stretchr/testify/require"

	"github.com/onbehalf/onbehalf/accounts"
	"github.com/onbehalf/onbehalf/customer"
	"github.com/onbehalf/onbehalf/operations"
	"github.com/onbehalf/onbehalf/tenancy"
)

// list brings the whole work list of an operator in pages of so many, as lines
// of customer, maker and the first reason why he may not approve it.
func (o *office) list(op string, limit int) [][3]string {
	o.t.Helper()
	s, err := o.eng.Gate().Firm(o.t.Context(), who(op))
	require.NoError(o.t, err)
	var all [][3]string
	var after operations.WaitingPlace
	for range 50 {
		page, err := o.eng.Firm(s).Worklist(o.t.Context(), after, limit)
		require.NoError(o.t, err)
		require.LessOrEqual(o.t, len(page.Items), limit)
		for _, w := range page.Items {
			line := [3]string{string(w.Customer), w.Operation.Maker.ID, ""}
			if !w.MayApprove() {
				line[2] = w.Unmet[0].Code
			}
			all = append(all, line)
		}
		if !page.More {
			return all
		}
		after = page.Next
	}
	require.Fail(o.t, "the list does not end")
	return nil
}

// another opens one more customer, with 100 BRL.
func (o *office) another(name string) (tenancy.CustomerID, accounts.ID) {
	o.t.Helper()
	firm, err := o.eng.Gate().Firm(o.t.Context(), who("ana"))
	require.NoError(o.t, err)
	opened, err := o.eng.OpenCustomer(o.t.Context(), firm, o.in(), customer.Profile{Name: name})
	require.NoError(o.t, err)
	s := o.at(opened.ID, "ana")
	acc := o.manage(s, accounts.Open{Currency: "BRL", Details: accounts.Details{PixKey: "k"}}).Account
	_, err = o.eng.Submit(o.t.Context(), s, o.in(), operations.Deposit{To: acc, Amount: decimal.NewFromInt(100)})
	require.NoError(o.t, err)
	return opened.ID, acc
}

func (o *office) at(id tenancy.CustomerID, op string) tenancy.Scope {
	o.t.Helper()
	s, err := o.eng.Gate().Enter(o.t.Context(), who(op), id, "")
	require.NoError(o.t, err)
	return s
}

func TestTheWorkListTellsWhatWaitsForWhom(t *testing.T) {
	t.Parallel()
	o := newOffice(t, large(2))
	first := string(o.scopes[0].Customer())
	second, acc := o.another("João")
	o.waits(o.as("ana"), o.take("20"))
	op := o.waits(o.as("carla"), o.take("30"))
	o.waits(o.at(second, "bruno"), operations.Withdrawal{From: acc, Amount: decimal.NewFromInt(50)})
	_, err := o.eng.Submit(t.Context(), o.as("ana"), o.in(), o.take("5"))
	require.NoError(t, err, "what waits for nobody is in no list")

	for _, limit := range []int{1, 2, 200} {
		require.ElementsMatch(t, [][3]string{
			{first, "ana", operations.CodeOwnOperation}, {first, "carla", ""}, {string(second), "bruno", ""},
		}, o.list("ana", limit), "%d", limit)
	}
	require.Contains(t, o.list("ana-2", 10), [3]string{first, "ana", operations.CodeOwnOperation}, "the same person")
	o.approved(o.as("dora"), op)
	require.Contains(t, o.list("dora", 10), [3]string{first, "carla", operations.CodeAlreadyApproved})

	house, err := o.eng.Gate().Own(t.Context(), who("ana"), "")
	require.NoError(t, err)
	o.manage(house, tenancy.Stop{Subject: tenancy.KindSubject(operations.KindWithdrawal), Reason: "an incident"})
	require.Contains(t, o.list("bruno", 10), [3]string{first, "carla", operations.CodeStopped}, "his would be the last")
	o.manage(house, tenancy.Lift{Subject: tenancy.KindSubject(operations.KindWithdrawal)})

	o.clock.Advance(time.Hour)
	require.Contains(t, o.list("dora", 10), [3]string{string(second), "bruno", operations.CodeApprovalExpired})
	_, err = o.eng.Work(t.Context(), operations.Budget{})
	require.NoError(t, err)
	require.Empty(t, o.list("dora", 10))
}

func TestTheWorkListShowsNobodyWhatHeMayNotSee(t *testing.T) {
	t.Parallel()
	o := newOffice(t, large(1))
	second, acc := o.another("João")
	o.waits(o.as("carla"), o.take("30"))
	o.waits(o.at(second, "carla"), operations.Withdrawal{From: acc, Amount: decimal.NewFromInt(50)})
	house, err := o.eng.Gate().Own(t.Context(), who("ana"), "")
	require.NoError(t, err)
	o.manage(house, tenancy.Register{Operator: "eve", Person: "p-eve"})
	require.Empty(t, o.list("eve", 10), "without a grant")
	grant := o.manage(o.at(second, "ana"), tenancy.Allow{Operator: "eve", Permissions: tenancy.NewPermissions(tenancy.View)}).Grant
	require.Equal(t, [][3]string{{string(second), "carla", tenancy.CodePermissionMissing}}, o.list("eve", 10))
	o.manage(o.at(second, "ana"), tenancy.Revoke{Grant: grant})
	require.Empty(t, o.list("eve", 10))
	_, err = o.eng.Firm(o.as("ana")).Worklist(t.Context(), operations.WaitingPlace{}, 10)
	require.ErrorIs(t, err, operations.ErrInvalid, "a customer's scope shows no list of the firm")
}
