package operations_test

import (
	"testing"
	"time"

	"github.com/shopspring/decimal"
	"github.com/stretchr/testify/require"

	"github.com/onbehalf/onbehalf/operations"
)

// A firm's rule, and the match of a limit, go by what a refund gives back of.
func TestRulesSeeTheParentOfARefund(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	late := func(v operations.View, _ operations.Terms, now time.Time) []operations.Unmet {
		p, ok := v.Parent()
		if v.Order().Kind != operations.KindRefund {
			require.False(t, ok)
			return nil
		}
		require.True(t, ok)
		spoilt, _ := v.Parent()
		spoilt.Terms.Postings[0].Asset = "none"
		require.Equal(t, "BRL", p.Terms.Postings[0].Asset, "what a rule is shown is its own")
		if now.After(p.UpdatedAt.AddDate(0, 0, 90)) {
			return []operations.Unmet{{Code: "refund_too_late", Subject: "operation:" + string(p.ID), Remedy: "Settle it by an adjustment."}}
		}
		return nil
	}
	o := newOffice(t, operations.Config{
		Rules: []operations.Rule{operations.RuleFunc(late)},
		Limits: []operations.Limit{{Name: "of-deposits", Asset: "BRL", Month: decimal.New(10, 0), Match: operations.Match{
			Kinds: []string{operations.KindRefund},
			When: func(v operations.View, _ operations.Terms) bool {
				p, _ := v.Parent()
				return p.Order.Kind == operations.KindDeposit
			},
		}}},
	})
	dep, err := o.submit(ctx, "in-2", operations.Deposit{To: o.accs[0], Amount: decimal.New(50, 0)})
	require.NoError(t, err)
	out, err := o.submit(ctx, "out", o.take("50"))
	require.NoError(t, err)
	_, err = o.submit(ctx, "r1", back(dep.ID, "6"))
	require.NoError(t, err)
	_, err = o.submit(ctx, "r2", back(dep.ID, "6"))
	require.Equal(t, operations.CodeLimitMonth, code(err), "the first is counted")
	_, err = o.submit(ctx, "r3", back(out.ID, "6"))
	require.NoError(t, err, "of a withdrawal")

	o.clock.Advance(90 * 24 * time.Hour)
	in := func() operations.Plan {
		plan, err := o.eng.Explain(ctx, o.as("ana"), back(out.ID, "6"))
		require.NoError(t, err)
		return plan
	}
	require.Empty(t, in().Unmet)
	o.clock.Advance(time.Second)
	require.Equal(t, []string{"refund_too_late"}, codes(in().Unmet))
}
