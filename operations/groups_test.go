package operations_test

import (
	"testing"

	"github.com/shopspring/decimal"
	"github.com/stretchr/testify/require"

	"github.com/onbehalf/onbehalf/accounts"
	"github.com/onbehalf/onbehalf/customer"
	"github.com/onbehalf/onbehalf/operations"
	"github.com/onbehalf/onbehalf/tenancy"
)

// forGroups has a rule of each sort for customers in a group.
func forGroups() operations.Config {
	match := operations.Match{Groups: []string{"retail", "branch-7"}, Kinds: []string{operations.KindWithdrawal}}
	return operations.Config{
		Fees:      []operations.FeeRule{{Name: "fee", Match: match, Tier: operations.Tier{Fixed: decimal.NewFromInt(1)}}},
		Limits:    []operations.Limit{{Name: "limit", Match: match, Asset: "BRL", Max: decimal.NewFromInt(30)}},
		Approvals: []operations.Approval{{Name: "approval", Match: match}},
	}
}

func TestRulesAreForCustomersInTheirGroups(t *testing.T) {
	t.Parallel()
	o := newOffice(t, forGroups())
	s := o.as("ana")
	explained := func() (fees int, unmet []string, approval bool) {
		plan, err := o.eng.Explain(t.Context(), s, o.take("40"))
		require.NoError(t, err)
		return len(plan.Terms.Fees), codes(plan.Unmet), plan.Terms.Approval != nil
	}
	for _, c := range []struct {
		groups []string
		in     bool
	}{
		{nil, false}, {[]string{"vip"}, false}, {[]string{"vip", "retail"}, true}, {[]string{"branch-7"}, true}, {[]string{"retail-2"}, false}, {[]string{}, false},
	} {
		o.manage(s, customer.SetGroups{Groups: c.groups})
		fees, unmet, approval := explained()
		require.Equal(t, c.in, approval, "%v", c.groups)
		require.Equal(t, c.in, fees == 1, "%v", c.groups)
		require.Equal(t, c.in, len(unmet) == 1 && unmet[0] == operations.CodeLimitOperation, "%v", unmet)
	}
}

func TestGroupsStayWhateverElseChanges(t *testing.T) {
	t.Parallel()
	o := newOffice(t, operations.Config{})
	s := o.as("ana")
	o.manage(s, customer.SetGroups{Groups: []string{"vip", "branch-7"}})
	o.manage(s, customer.Edit{Profile: customer.Profile{Name: "Maria B."}})
	o.manage(s, customer.SetStatus{Status: customer.Suspended})
	c, err := o.eng.Book(s).Customer(t.Context())
	require.NoError(t, err)
	require.Equal(t, []string{"branch-7", "vip"}, c.Groups)
	for range 200 { // a snapshot comes in between
		o.manage(s, accounts.SetCurrency{Currency: "EUR", Enabled: o.n%2 == 0})
	}
	require.NoError(t, o.eng.Book(s).Rebuild(t.Context()))
	v, err := o.eng.Book(s).Verify(t.Context())
	require.NoError(t, err)
	require.Empty(t, v.Faults)
	c, err = o.eng.Book(o.as("bruno")).Customer(t.Context())
	require.NoError(t, err)
	require.Equal(t, []string{"branch-7", "vip"}, c.Groups)
}

func TestGroupsAreRefused(t *testing.T) {
	t.Parallel()
	o := newOffice(t, operations.Config{})
	house, err := o.eng.Gate().Own(t.Context(), who("ana"), "")
	require.NoError(t, err)
	_, err = o.eng.Manage(t.Context(), house, o.in(), customer.SetGroups{Groups: []string{"vip"}})
	require.Equal(t, operations.CodeHouseUnchanging, code(err))
	for _, groups := range [][]string{{"vip", "vip"}, {""}, {"a b"}, make([]string, 17)} {
		_, err = o.eng.Manage(t.Context(), o.as("ana"), o.in(), customer.SetGroups{Groups: groups})
		require.ErrorIs(t, err, operations.ErrInvalid, "%q", groups)
	}
}

func TestMatchesThatNothingCanMeetAreToldTogether(t *testing.T) {
	t.Parallel()
	wrong := operations.Match{
		Kinds: []string{"depsoit", operations.KindDeposit}, Assets: []string{"BLR"}, Groups: []string{""}, Types: []customer.Type{"firm"},
		Customers: []tenancy.CustomerID{"a b"}, Direction: "both", From: decimal.NewFromInt(-1),
	}
	_, err := operations.New(nil, operations.Config{
		Fees:      []operations.FeeRule{{Name: "a", Match: wrong, Tier: operations.Tier{Fixed: decimal.NewFromInt(1)}}},
		Limits:    []operations.Limit{{Name: "b", Match: wrong, Asset: "BLR", Max: decimal.NewFromInt(1)}},
		Approvals: []operations.Approval{{Name: "c", Match: wrong}},
	})
	require.ErrorIs(t, err, operations.ErrInvalid)
	for _, of := range []string{"Fees[0]", "Limits[0]", "Approvals[0]"} {
		for _, field := range []string{"Kinds", "Assets", "Groups", "Types", "Customers", "Direction", "From"} {
			require.ErrorContains(t, err, of+".Match."+field)
		}
	}
	require.ErrorContains(t, err, "Limits[0].Asset")
	require.NotContains(t, err.Error(), `"deposit"`)
}
