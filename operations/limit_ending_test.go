package operations_test

import (
	"context"
	"testing"
	"time"

	"github.com/shopspring/decimal"
	"github.com/stretchr/testify/require"

	"github.com/onbehalf/onbehalf/accounts"
	"github.com/onbehalf/onbehalf/operations"
)

// mute says nothing when it is told, and later what it is asked to say.
type mute struct{}

func (mute) Contract() operations.Contract { return operations.Contract{} }

func (mute) Send(_ context.Context, i operations.Instruction) (operations.Answer, error) {
	return operations.Answer{Reference: i.Reference, Status: operations.AnswerPending}, nil
}

func (mute) Ask(context.Context, string) (operations.Answer, error) {
	return operations.Answer{Status: operations.AnswerPending}, nil
}

// Whatever ends without having happened is given back to the day it counted
// on, in every window that the day is in, and to no other day.
func TestEveryEndingGivesBackToItsOwnDay(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		ask  func(o *office) operations.Request
		end  func(o *office, op operations.Operation) error
		want operations.State
	}{
		"failed": {
			func(o *office) operations.Request {
				return operations.Withdrawal{From: o.accs[0], Amount: decimal.NewFromInt(5), Via: "bank"}
			},
			func(o *office, op operations.Operation) error {
				_, err := o.eng.Report(o.t.Context(), "acme", "bank", operations.Answer{
					Reference: op.ProviderReference, Status: operations.AnswerRefused, Amount: decimal.NewFromInt(5), Asset: "BRL",
				})
				return err
			},
			operations.Failed,
		},
		"failed when its time had come": {
			func(o *office) operations.Request {
				q := o.take("5")
				q.NotBefore = o.clock.Now().Add(time.Hour)
				return q
			},
			func(o *office, _ operations.Operation) error {
				o.manage(o.as("ana"), operations.Freeze{Reason: "an order"})
				if _, err := o.eng.Work(o.t.Context(), operations.Budget{}); err != nil {
					return err
				}
				o.manage(o.as("ana"), operations.Unfreeze{Reason: "lifted"})
				return nil
			},
			operations.Failed,
		},
		"cancelled": {
			func(o *office) operations.Request { return o.take("20") },
			func(o *office, op operations.Operation) error {
				_, err := o.eng.Cancel(o.t.Context(), o.as("ana"), o.in(), op.Ref())
				return err
			},
			operations.Cancelled,
		},
		"rejected": {
			func(o *office) operations.Request { return o.take("20") },
			func(o *office, op operations.Operation) error {
				_, err := o.eng.Reject(o.t.Context(), o.as("bruno"), o.in(), op.Ref(), "no")
				return err
			},
			operations.Rejected,
		},
		"expired": {
			func(o *office) operations.Request { return o.take("20") },
			func(o *office, _ operations.Operation) error {
				o.clock.Advance(36 * time.Hour)
				_, err := o.eng.Work(o.t.Context(), operations.Budget{})
				return err
			},
			operations.Expired,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			conf := large(1)
			conf.Approvals[0].Within = 48 * time.Hour
			conf.Providers = map[string]operations.Provider{"bank": mute{}}
			conf.Limits = []operations.Limit{{
				Name: "all", Match: operations.Match{Kinds: []string{operations.KindWithdrawal}}, Asset: "BRL",
				Day: decimal.NewFromInt(50), Rolling: decimal.NewFromInt(50), Month: decimal.NewFromInt(50),
			}}
			o := newOffice(t, conf)
			submit := func(q operations.Request) operations.Operation {
				res, err := o.eng.Submit(t.Context(), o.as("ana"), o.in(), q)
				require.NoError(t, err)
				return res.Operation
			}
			used := func() [3]string { // of the day, of 30 days, of the month
				plan, err := o.eng.Explain(t.Context(), o.as("ana"), o.take("1"))
				require.NoError(t, err)
				require.Len(t, plan.Limits, 3)
				var all [3]string
				for i, w := range []operations.Window{operations.PerDay, operations.PerRolling, operations.PerMonth} {
					require.Equal(t, w, plan.Limits[i].Window)
					all[i] = plan.Limits[i].Used.String()
				}
				return all
			}
			submit(o.take("3"))
			op := submit(c.ask(o))
			asked := op.Order.Amount
			both := accounts.Canonical(asked.Add(decimal.NewFromInt(3)))
			require.Equal(t, [3]string{both, both, both}, used())

			o.clock.Advance(24 * time.Hour)
			submit(o.take("7"))
			all := accounts.Canonical(asked.Add(decimal.NewFromInt(10)))
			require.Equal(t, [3]string{"7", all, all}, used())
			require.NoError(t, c.end(o, op))
			ended, err := o.eng.Book(o.as("ana")).Operation(t.Context(), op.ID)
			require.NoError(t, err)
			require.Equal(t, c.want, ended.State)
			require.Nil(t, ended.Counted)
			today := "7"
			if c.want == operations.Expired {
				today = "0" // another day again
			}
			require.Equal(t, [3]string{today, "10", "10"}, used())
			v, err := o.eng.Book(o.as("ana")).Verify(t.Context())
			require.NoError(t, err)
			require.Empty(t, v.Faults)
		})
	}
}

// What the firm gives back or puts right is not what the customer asks for.
func TestALimitThatNamesNoKindsLeavesRefundsAndAdjustmentsAlone(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		kinds   []string
		counted [3]bool // a deposit of 60, a refund of 50, an adjustment of 40
	}{
		"any kind":                 {nil, [3]bool{true, false, false}},
		"deposits":                 {[]string{operations.KindDeposit}, [3]bool{true, false, false}},
		"refunds":                  {[]string{operations.KindRefund}, [3]bool{false, true, false}},
		"deposits and adjustments": {[]string{operations.KindDeposit, operations.KindAdjustment}, [3]bool{true, false, true}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := newFirm(t, 1, operations.Config{Limits: []operations.Limit{
				{Name: "l", Match: operations.Match{Kinds: c.kinds}, Asset: "BRL", Month: decimal.NewFromInt(100), Max: decimal.NewFromInt(60)},
			}})
			dep, err := f.submit(t.Context(), "in", operations.Deposit{To: f.accs[0], Amount: decimal.NewFromInt(60)})
			require.NoError(t, err)
			refund, err := f.submit(t.Context(), "back", back(dep.ID, "50"))
			require.NoError(t, err)
			adjustment := operations.Adjustment{To: f.accs[0], Amount: decimal.NewFromInt(40), Purpose: operations.Correction}
			plan, err := f.eng.Explain(t.Context(), f.scopes[0], adjustment)
			require.NoError(t, err)
			require.Equal(t, c.counted[2], len(plan.Limits) > 0, "nothing is left of a limit that is not for it")
			put, err := f.submit(t.Context(), "put", adjustment)
			require.NoError(t, err)
			for i, o := range []operations.Operation{dep, refund, put} {
				require.Equal(t, c.counted[i], o.Counted != nil, o.Order.Kind)
			}
			adjustment.Amount = decimal.NewFromInt(70)
			_, err = f.submit(t.Context(), "more", adjustment)
			if c.counted[2] {
				require.Equal(t, operations.CodeLimitOperation, code(err))
			} else {
				require.NoError(t, err)
			}
		})
	}
}
