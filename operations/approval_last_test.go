package operations_test

import (
	"errors"
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"github.com/shopspring/decimal"
	"github.com/stretchr/testify/require"
	"golang.org/x/sync/errgroup"

	"github.com/onbehalf/onbehalf/accounts"
	"github.com/onbehalf/onbehalf/operations"
	"github.com/onbehalf/onbehalf/tenancy"
)

// The last approval judges the day again: what is refused waits on, without it.
func TestTheLastApprovalIsRefusedWhenTheFundsAreGone(t *testing.T) {
	t.Parallel()
	bank := &teller{status: operations.AnswerSettled}
	c := large(1)
	c.Providers = map[string]operations.Provider{"bank": bank}
	o := newOffice(t, c)
	_, err := o.submit(t.Context(), "out-by-bank", operations.Withdrawal{From: o.accs[0], Amount: decimal.NewFromInt(5)})
	require.NoError(t, err)
	dep, err := o.submit(t.Context(), "in-by-bank", operations.Deposit{To: o.accs[0], Amount: decimal.NewFromInt(50), Via: "bank"})
	require.NoError(t, err)
	op := o.waits(o.as("ana"), o.take("120"))
	_, err = o.eng.Report(t.Context(), "acme", "bank", operations.Answer{
		Reference: dep.ProviderReference, Status: operations.AnswerReversed, Amount: decimal.NewFromInt(50), Asset: "BRL", External: "x",
	})
	require.NoError(t, err)
	_, err = o.eng.Approve(t.Context(), o.as("bruno"), o.in(), op.Ref())
	refused, ok := errors.AsType[*operations.RefusedError](err)
	require.True(t, ok, "%v", err)
	require.Contains(t, codes(refused.Unmet), accounts.CodeInsufficientAvailable)
	acts, err := o.eng.Actions(t.Context(), o.as("bruno"), op.ID)
	require.NoError(t, err)
	require.Equal(t, operations.ActApprove, acts[3].Action)
	require.Equal(t, refused.Unmet, acts[3].Unmet, "the same evaluator told before")
	now, err := o.eng.Book(o.as("ana")).Operation(t.Context(), op.ID)
	require.NoError(t, err)
	require.Equal(t, op.Ref(), now.Ref(), "nothing has changed")
	require.Empty(t, now.Approvals)
	_, err = o.submit(t.Context(), "more", operations.Deposit{To: o.accs[0], Amount: decimal.NewFromInt(50)})
	require.NoError(t, err)
	require.Equal(t, operations.Completed, o.approved(o.as("bruno"), op).State)
	require.Equal(t, "25", o.posted(t))
}

// Approvals by a provider: the intent is durable with the last one, and told once.
func TestTheLastApprovalLetsTheProviderBeTold(t *testing.T) {
	t.Parallel()
	bank := &teller{status: operations.AnswerSettled}
	c := large(1)
	c.Providers = map[string]operations.Provider{"bank": bank}
	o := newOffice(t, c)
	q := o.take("60")
	q.Via = "bank"
	op := o.waits(o.as("ana"), q)
	require.Equal(t, operations.Completed, o.approved(o.as("bruno"), op).State)
	q.Amount = decimal.NewFromInt(30)
	op = o.waits(o.as("ana"), q)
	res, err := o.eng.Within(o.store).Approve(t.Context(), o.as("bruno"), o.in(), op.Ref())
	require.NoError(t, err)
	require.Equal(t, operations.Scheduled, res.Operation.State, "nobody is told before the host has committed")
	_, err = o.eng.Work(t.Context(), operations.Budget{})
	require.NoError(t, err)
	require.Equal(t, "10", o.posted(t))
}

func TestALookAlikeHasToBeAcknowledged(t *testing.T) {
	t.Parallel()
	o := newOffice(t, large(1))
	ctx, s := t.Context(), o.as("ana")
	first := o.waits(s, o.take("40"))
	_, err := o.eng.Submit(ctx, s, o.in(), o.take("40.01"))
	require.NoError(t, err, "another amount is another operation")
	plan, err := o.eng.Explain(ctx, s, o.take("40"))
	require.NoError(t, err)
	require.False(t, plan.Allowed())
	require.Equal(t, []string{operations.CodeLookAlike}, plan.Warnings)
	require.Equal(t, "operation:"+string(first.ID), plan.Unmet[0].Subject)
	_, err = o.eng.Submit(ctx, s, o.in(), o.take("40"))
	require.Equal(t, operations.CodeLookAlike, code(err))

	small := o.take("15")
	prepared, err := o.eng.Prepare(ctx, s, o.in(), small)
	require.NoError(t, err)
	o.waits(s, small)
	_, err = o.eng.Execute(ctx, s, o.in(), prepared.Operation.Ref())
	require.Equal(t, operations.CodeLookAlike, code(err), "what was prepared before is like it too")
	seen := o.in()
	seen.Acknowledge = []string{operations.CodeLookAlike}
	_, err = o.eng.Submit(ctx, s, seen, o.take("40"))
	require.Equal(t, accounts.CodeInsufficientAvailable, code(err), "an acknowledgement helps against nothing else")
	seen = o.in()
	seen.Acknowledge = []string{operations.CodeLookAlike}
	_, err = o.eng.Cancel(ctx, s, o.in(), first.Ref())
	require.NoError(t, err)
	res, err := o.eng.Submit(ctx, s, seen, small)
	require.NoError(t, err)
	line, err := o.eng.Book(s).Journal(ctx, res.Seq-1, 1)
	require.NoError(t, err)
	require.Equal(t, seen.Acknowledge, line[0].Acknowledged)
	_, err = o.eng.Submit(ctx, s, operations.Intent{Key: seen.Key}, small)
	require.ErrorIs(t, err, operations.ErrConflict, "it is another command without the acknowledgement")
	again, err := o.eng.Submit(ctx, s, seen, small)
	require.NoError(t, err)
	require.True(t, again.Replayed)
	require.Equal(t, operations.Completed, o.approved(o.as("bruno"), res.Operation).State, "approvers are not asked")
}

// What is counted moves to the day of the last approval, and comes back when an
// operation does not happen.
func TestApprovalsAndLimits(t *testing.T) {
	t.Parallel()
	c := large(1)
	c.Approvals[0].Within = 48 * time.Hour
	c.Limits = []operations.Limit{{Name: "day", Asset: "BRL", Match: operations.Match{Kinds: []string{operations.KindWithdrawal}}, Day: decimal.NewFromInt(50)}}
	o := newOffice(t, c)
	op := o.waits(o.as("ana"), o.take("40"))
	_, err := o.eng.Submit(t.Context(), o.as("ana"), o.in(), o.take("30"))
	require.Equal(t, operations.CodeLimitDay, code(err), "what waits counts")
	o.clock.Advance(24 * time.Hour)
	op = o.approved(o.as("bruno"), op)
	require.Equal(t, operations.Day(o.clock.Now().Format(time.DateOnly)), op.Counted.Day)
	_, err = o.eng.Submit(t.Context(), o.as("ana"), o.in(), o.take("11"))
	require.Equal(t, operations.CodeLimitDay, code(err))
	next := o.waits(o.as("ana"), o.take("10"))
	_, err = o.eng.Reject(t.Context(), o.as("bruno"), o.in(), next.Ref(), "no")
	require.NoError(t, err)
	o.waits(o.as("ana"), o.take("10"))
}

// Many who approve at once let it happen once, and each of them counts once.
func TestConcurrentApprovalsSettleOnce(t *testing.T) {
	t.Parallel()
	o := newOffice(t, large(2))
	op := o.waits(o.as("ana"), o.take("60"))
	scopes := []tenancy.Scope{o.as("bruno"), o.as("carla")}
	var last atomic.Int64
	g, ctx := errgroup.WithContext(t.Context())
	for i := range 32 {
		g.Go(func() error {
			for n := range 64 {
				now, err := o.eng.Book(scopes[i%2]).Operation(ctx, op.ID)
				if err != nil {
					return err
				}
				res, err := o.eng.Approve(ctx, scopes[i%2], operations.Intent{Key: fmt.Sprintf("a%d-%d", i, n)}, now.Ref())
				switch {
				case errors.Is(err, operations.ErrConflict):
					continue // it has moved on
				case err != nil && !errors.Is(err, operations.ErrRefused):
					return err
				case err == nil && res.Operation.State == operations.Completed:
					last.Add(1)
				}
				return nil
			}
			return errors.New("never got on")
		})
	}
	require.NoError(t, g.Wait())
	require.EqualValues(t, 1, last.Load())
	done, err := o.eng.Book(scopes[0]).Operation(t.Context(), op.ID)
	require.NoError(t, err)
	require.Equal(t, int64(3), done.Version)
	require.Len(t, done.Approvals, 2)
	require.Equal(t, "40", o.posted(t))
}

func TestApprovalsAreCheckedBeforeAnythingIsDecided(t *testing.T) {
	t.Parallel()
	for name, a := range map[string]operations.Approval{
		"no name": {}, "too many": {Name: "a", Persons: operations.MaxApprovers + 1}, "fewer than none": {Name: "a", Persons: -1}, "too long": {Name: "a", Within: 31 * 24 * time.Hour},
	} {
		_, err := operations.NewEvaluator(operations.Config{Approvals: []operations.Approval{a}})
		require.ErrorIs(t, err, operations.ErrInvalid, name)
	}
	_, err := operations.NewEvaluator(operations.Config{Approvals: []operations.Approval{{Name: "a"}, {Name: "a"}}})
	require.ErrorContains(t, err, "another approval")
}
