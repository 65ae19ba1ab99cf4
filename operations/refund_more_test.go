package operations_test

import (
	"fmt"
	"testing"

	"github.com/shopspring/decimal"
	"github.com/stretchr/testify/require"

	"github.com/onbehalf/onbehalf/accounts"
	"github.com/onbehalf/onbehalf/operations"
	"github.com/onbehalf/onbehalf/operations/operationstest"
)

// A parent has 64 refunds at most, and as many again that came to nothing.
func TestTheNumberOfRefundsIsBounded(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	for name, c := range map[string]struct {
		failing int
		all     int
		limit   string
	}{
		"all completed": {0, operations.MaxRefunds, "64"},
		"one failed":    {1, operations.MaxRefunds + 1, "64"},
		"all failed":    {operations.MaxRefundAttempts, operations.MaxRefundAttempts, "128"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			bank := &teller{status: operations.AnswerSettled}
			f := newFirm(t, 1, operations.Config{Providers: map[string]operations.Provider{"bank": bank}})
			dep, err := f.submit(ctx, "in", operations.Deposit{To: f.accs[0], Amount: decimal.New(100, 0), Via: "bank"})
			require.NoError(t, err)
			for n := range c.all {
				bank.status = operations.AnswerSettled
				if n < c.failing {
					bank.status = operations.AnswerRefused
				}
				if n > c.all-3 {
					plan, err := f.eng.Explain(ctx, f.scopes[0], back(dep.ID, "1"))
					require.NoError(t, err)
					require.Empty(t, plan.Unmet, "refund %d", n+1)
				}
				o, err := f.submit(ctx, fmt.Sprint("r", n), back(dep.ID, "1"))
				require.NoError(t, err)
				require.Equal(t, n < c.failing, o.State == operations.Failed)
			}
			plan, err := f.eng.Explain(ctx, f.scopes[0], back(dep.ID, "1"))
			require.NoError(t, err)
			require.Equal(t, []string{operations.CodeRefundsFull}, codes(plan.Unmet))
			require.Equal(t, []operations.Figure{{Name: "limit", Value: c.limit}}, plan.Unmet[0].Figures)
			_, err = f.submit(ctx, "more", back(dep.ID, "1"))
			require.Equal(t, operations.CodeRefundsFull, code(err))
			all, err := f.eng.Book(f.scopes[0]).Refunds(ctx, dep.ID)
			require.NoError(t, err)
			require.Len(t, all, c.all)
			require.Equal(t, fmt.Sprint(100-c.all+c.failing), f.posted(t))
		})
	}
}

// Fees go back to the account that paid them, whichever got or gave the rest;
// what the parent says of them stays.
func TestFeesGoBackToWhoPaidThem(t *testing.T) {
	t.Parallel()
	for name, out := range map[string]bool{"money that came": false, "money that left": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			ctx := t.Context()
			var payer accounts.ID
			f := newFirm(t, 1, operations.Config{Fees: []operations.FeeRule{{
				Name: "wire", Match: operations.Match{From: decimal.New(50, 0)}, Tier: operations.Tier{Fixed: decimal.New(2, 0)},
				Payer: func(operations.View, operations.Terms) accounts.ID { return payer },
			}}})
			m, err := f.eng.Manage(ctx, f.scopes[0], operations.Intent{Key: "second"}, accounts.Open{Currency: "BRL", Details: accounts.Details{PixKey: "second"}})
			require.NoError(t, err)
			payer = m.Account
			for i, id := range []accounts.ID{f.accs[0], payer} {
				for n := range 4 {
					_, err := f.submit(ctx, fmt.Sprintf("in-%d-%d", i, n), operations.Deposit{To: id, Amount: decimal.New(25, 0)})
					require.NoError(t, err)
				}
			}
			has := func() map[accounts.ID]string {
				accs, err := f.eng.Book(f.scopes[0]).Accounts(ctx)
				require.NoError(t, err)
				has := map[accounts.ID]string{}
				for _, a := range accs {
					require.True(t, a.Held.IsZero())
					has[a.ID] = a.Posted.String()
				}
				return has
			}
			var q operations.Request = operations.Deposit{To: f.accs[0], Amount: decimal.New(50, 0)}
			if out {
				q = operations.Withdrawal{From: f.accs[0], Amount: decimal.New(50, 0)}
			}
			p, err := f.submit(ctx, "parent", q)
			require.NoError(t, err)
			require.Equal(t, "98", has()[payer])
			fees := func() []operations.PostingRow {
				lines, err := f.eng.Book(f.scopes[0]).Statement(ctx, operations.StatementFilter{Account: accounts.IncomeFees}, "", 10)
				require.NoError(t, err)
				return lines.Items
			}
			charged := fees()
			require.Len(t, charged, 1)

			refund := back(p.ID, "50")
			refund.Fees = true
			r, err := f.submit(ctx, "back", refund)
			require.NoError(t, err)
			require.Equal(t, map[accounts.ID]string{f.accs[0]: "100", payer: "100"}, has())
			returned := fees()
			require.Len(t, returned, 2, "a new entry")
			require.Equal(t, charged[0], returned[1], "beside the old")
			require.Equal(t, []string{"-2", string(r.ID)}, []string{returned[0].Amount.String(), string(returned[0].Operation)})
			again, err := f.eng.Book(f.scopes[0]).Operation(ctx, p.ID)
			require.NoError(t, err)
			require.Equal(t, p.Ref(), again.Ref())
			require.Equal(t, p.Terms.Fees, again.Terms.Fees)
		})
	}
}

// A refund that waits is modified like any operation: within what its parent
// has left, and with it what is held.
func TestARefundIsModified(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	o := newOffice(t, operations.Config{Approvals: []operations.Approval{{Name: "refunds", Match: operations.Match{Kinds: []string{operations.KindRefund}}}}})
	ana := o.as("ana")
	dep, err := o.submit(ctx, "parent", operations.Deposit{To: o.accs[0], Amount: decimal.New(60, 0)})
	require.NoError(t, err)
	first := o.waits(ana, back(dep.ID, "20"))
	other := o.waits(ana, back(dep.ID, "15"))
	require.Equal(t, "35", o.held())

	modify := func(m operations.Modification) error {
		res, err := o.eng.Modify(ctx, ana, o.in(), first.Ref(), m)
		if err == nil {
			first = res.Operation
		}
		return err
	}
	err = modify(operations.Modification{Amount: decimal.RequireFromString("45.01")})
	require.Equal(t, operations.CodeRefundExceeds, code(err), "45 are left beside the other")
	require.Equal(t, "35", o.held())
	require.NoError(t, modify(operations.Modification{Amount: decimal.New(45, 0)}))
	require.Equal(t, operations.AwaitingApproval, first.State)
	require.Equal(t, "60", o.held())
	require.NoError(t, modify(operations.Modification{Amount: decimal.New(30, 0), Purpose: "another reason"}))
	require.Equal(t, "45", o.held())
	require.ErrorIs(t, modify(operations.Modification{Via: "bank"}), operations.ErrInvalid, "it goes back the way it came")
	require.ErrorIs(t, modify(operations.Modification{To: o.accs[0]}), operations.ErrInvalid)

	bruno := o.as("bruno")
	require.Equal(t, operations.Completed, o.approved(bruno, first).State)
	require.Equal(t, operations.Completed, o.approved(bruno, other).State)
	require.Equal(t, "115", o.posted(t), "160 less 30 and 15")
	require.Equal(t, "0", o.held())

	prepared, err := o.eng.Prepare(ctx, ana, o.in(), back(dep.ID, "5"))
	require.NoError(t, err)
	first = prepared.Operation
	require.Equal(t, operations.CodeRefundExceeds, code(modify(operations.Modification{Amount: decimal.New(16, 0)})), "before it is executed, too")
	require.NoError(t, modify(operations.Modification{Amount: decimal.New(15, 0)}))
	require.Equal(t, operations.Prepared, first.State)
	require.Equal(t, "0", o.held())
}

// swaps is a host's kind that exchanges, and whose operations can be refunded.
type swaps struct{ operations.Kind }

func (swaps) Name() string { return "swap" }

func (swaps) Refundable(p operations.Operation) operations.WayBack {
	return operations.WayBack{From: p.Order.To, Counter: accounts.Clearing("desk")}
}

func TestOfAPartNoMoreIsRefundedThanHappened(t *testing.T) {
	t.Parallel()
	e, err := operations.NewEvaluator(operations.Config{Kinds: []operations.Kind{swaps{}}})
	require.NoError(t, err)
	amount := func(units int64) accounts.Amount { return accounts.Exact(decimal.New(units, 0)) }
	book := operationstest.BookSpec{Accounts: []operationstest.AccountSpec{{ID: "brl", Asset: "BRL", Posted: "1000"}, {ID: "usd", Asset: "USD", Posted: "1000"}}}.Fold(t)
	e = e.Of(operations.Operation{
		ID: "p", State: operations.Completed, Order: operations.Order{Kind: "swap", From: "brl", To: "usd", Amount: amount(100)},
		Terms: operations.Terms{Asset: "USD", Exchange: &operations.Exchange{
			Base: "USD", Quote: "BRL", Side: operations.Buy, Fixed: "USD", Parts: true, Agreed: amount(100), BaseAmount: amount(40), QuoteAmount: amount(200),
		}},
	})
	plan, err := e.Explain(book, back("p", "40"), operationstest.Operator(), operationstest.Start())
	require.NoError(t, err)
	require.Empty(t, plan.Unmet)
	plan, err = e.Explain(book, back("p", "40.01"), operationstest.Operator(), operationstest.Start())
	require.NoError(t, err)
	require.Len(t, plan.Unmet, 1)
	require.Equal(t, operations.CodeRefundExceeds, plan.Unmet[0].Code)
}
