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

func TestTwoPersonsApproveWhatAThirdHasAskedFor(t *testing.T) {
	t.Parallel()
	o := newOffice(t, large(2))
	small, err := o.eng.Submit(t.Context(), o.as("ana"), o.in(), o.take("9.99"))
	require.NoError(t, err)
	require.Equal(t, operations.Completed, small.Operation.State)
	require.Nil(t, small.Operation.Terms.Approval)

	op := o.waits(o.as("ana"), o.take("60"))
	require.Equal(t, &operations.ApprovalTerm{Policies: []string{"large"}, Persons: 2, Within: time.Hour}, op.Terms.Approval)
	require.Equal(t, o.clock.Now().Add(time.Hour), op.Terms.Expires)
	require.Equal(t, "60", o.held())

	first := o.approved(o.as("bruno"), op)
	require.Equal(t, operations.AwaitingApproval, first.State)
	require.Equal(t, "bruno", first.Approvals[0].Actors[0].ID)
	_, why := o.approve(o.as("carla"), op)
	require.Contains(t, why, "version 2", "he has seen the version before the first approval")
	_, why = o.approve(o.as("bruno"), first)
	require.Equal(t, operations.CodeAlreadyApproved, why)

	last := o.approved(o.as("carla"), first)
	require.Equal(t, operations.Completed, last.State)
	require.Len(t, last.Approvals, 2)
	require.Equal(t, last.Approvals[0].Content, last.Approvals[1].Content)
	require.Equal(t, "30.01", o.posted(t))
	require.Equal(t, "0", o.held())
	_, why = o.approve(o.as("dora"), last)
	require.Equal(t, operations.CodeStateForbids, why)
}

// Whoever had a part in an operation approves nothing of it: not under another
// operator's id, not through somebody else, and nobody through him.
func TestNobodyApprovesWhatHeHadAPartIn(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		by, of func(*office) tenancy.Scope // who approves, and who asked
		why    string
	}{
		"the maker":                           {func(o *office) tenancy.Scope { return o.as("ana") }, nil, operations.CodeOwnOperation},
		"the maker under another id":          {func(o *office) tenancy.Scope { return o.as("ana-2") }, nil, operations.CodeOwnOperation},
		"the maker through another operator":  {func(o *office) tenancy.Scope { return o.as("bruno", through("ana")) }, nil, operations.CodeOwnOperation},
		"one through whom the maker acted":    {func(o *office) tenancy.Scope { return o.as("bruno") }, func(o *office) tenancy.Scope { return o.as("ana", through("bruno")) }, operations.CodeOwnOperation},
		"the same assistant on both sides":    {func(o *office) tenancy.Scope { return o.as("bruno", through("dora")) }, func(o *office) tenancy.Scope { return o.as("ana", through("dora")) }, operations.CodeOwnOperation},
		"another through an assistant of his": {func(o *office) tenancy.Scope { return o.as("bruno", through("carla")) }, func(o *office) tenancy.Scope { return o.as("ana", through("dora")) }, ""},
		"a program that nobody works, twice": {
			func(o *office) tenancy.Scope { return o.as("bruno", tenancy.Actor{Kind: tenancy.Service, ID: "sso"}) },
			func(o *office) tenancy.Scope { return o.as("ana", tenancy.Actor{Kind: tenancy.Service, ID: "sso"}) }, "",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			o := newOffice(t, large(1))
			maker := o.as("ana")
			if c.of != nil {
				maker = c.of(o)
			}
			op := o.waits(maker, o.take("60"))
			checker := c.by(o)
			require.Equal(t, c.why, o.actions(checker, op)[operations.ActApprove])
			require.Equal(t, c.why, o.actions(checker, op)[operations.ActReject])
			after, why := o.approve(checker, op)
			require.Equal(t, c.why, why)
			require.Equal(t, c.why == "", after.State == operations.Completed)
		})
	}
}

// Preparing, modifying and executing are each a part in what happens.
func TestWhoModifiedOrExecutedIsAnAuthorToo(t *testing.T) {
	t.Parallel()
	o := newOffice(t, large(1))
	ctx := t.Context()
	res, err := o.eng.Prepare(ctx, o.as("ana"), o.in(), o.take("5"))
	require.NoError(t, err)
	res, err = o.eng.Modify(ctx, o.as("bruno"), o.in(), res.Operation.Ref(), operations.Modification{Amount: decimal.NewFromInt(50)})
	require.NoError(t, err)
	require.NotNil(t, res.Operation.Terms.Approval)
	res, err = o.eng.Execute(ctx, o.as("carla"), o.in(), res.Operation.Ref())
	require.NoError(t, err)
	for _, op := range []string{"ana", "ana-2", "bruno", "carla"} {
		_, why := o.approve(o.as(op), res.Operation)
		require.Equal(t, operations.CodeOwnOperation, why, op)
	}
	require.Equal(t, operations.Completed, o.approved(o.as("dora"), res.Operation).State)
}

// Two approvals that one person had a hand in are one.
func TestAPersonCountsOnce(t *testing.T) {
	t.Parallel()
	o := newOffice(t, large(2))
	op := o.approved(o.as("ana"), o.waits(o.as("dora"), o.take("60")))
	for name, s := range map[string]tenancy.Scope{
		"again": o.as("ana"), "under another id": o.as("ana-2"), "through another": o.as("bruno", through("ana")),
	} {
		_, why := o.approve(s, op)
		require.Equal(t, operations.CodeAlreadyApproved, why, name)
	}
	require.Equal(t, operations.Completed, o.approved(o.as("bruno"), op).State)
}

func TestApprovingNeedsItsPermission(t *testing.T) {
	t.Parallel()
	o := newOffice(t, large(1))
	op := o.waits(o.as("ana"), o.take("60"))
	house, err := o.eng.Gate().Own(t.Context(), who("ana"), "")
	require.NoError(t, err)
	o.manage(house, tenancy.Register{Operator: "erik", Person: "p-erik"})
	o.manage(o.scopes[0], tenancy.Allow{Operator: "erik", Permissions: tenancy.NewPermissions(tenancy.View, tenancy.Execute, tenancy.Cancel)})
	erik := o.as("erik")
	_, why := o.approve(erik, op)
	require.Equal(t, "permission_missing", why)
	_, err = o.eng.Reject(t.Context(), erik, o.in(), op.Ref(), "no")
	require.Equal(t, "permission_missing", code(err))
	_, err = o.eng.Withdraw(t.Context(), erik, o.in(), op.Ref())
	require.Equal(t, "permission_missing", code(err))
}

func TestAModifyVoidsApprovalsAndNeverLowersWhatIsAskedFor(t *testing.T) {
	t.Parallel()
	c := large(2)
	c.Approvals = append(c.Approvals, operations.Approval{Name: "all", Match: operations.Match{Kinds: []string{operations.KindWithdrawal}}, Within: time.Minute})
	o := newOffice(t, c)
	op := o.approved(o.as("bruno"), o.waits(o.as("ana"), o.take("60")))
	require.Equal(t, []string{"large", "all"}, op.Terms.Approval.Policies)
	require.Equal(t, time.Minute, op.Terms.Approval.Within)
	o.clock.Advance(30 * time.Second)

	res, err := o.eng.Modify(t.Context(), o.as("ana"), o.in(), op.Ref(), operations.Modification{Amount: decimal.NewFromInt(1)})
	require.NoError(t, err)
	now := res.Operation
	require.Equal(t, operations.AwaitingApproval, now.State)
	require.Empty(t, now.Approvals)
	require.Equal(t, 2, now.Terms.Approval.Persons)
	require.Equal(t, o.clock.Now().Add(time.Minute), now.Terms.Expires)
	require.Equal(t, "1", o.held(), "the hold is resized in the same change")

	back, err := o.eng.Modify(t.Context(), o.as("ana"), o.in(), now.Ref(), operations.Modification{Amount: decimal.NewFromInt(60)})
	require.NoError(t, err)
	again := o.approved(o.as("bruno"), back.Operation)
	require.Equal(t, operations.Completed, o.approved(o.as("carla"), again).State)

	versions, err := o.eng.Book(o.as("ana")).Versions(t.Context(), op.ID)
	require.NoError(t, err)
	actions := make([]string, 0, len(versions))
	for i, v := range versions {
		require.Equal(t, int64(len(versions)-i), v.Operation.Version)
		require.Equal(t, v.Seq, v.Operation.Updated)
		actions = append(actions, fmt.Sprint(v.Action, " ", v.Actors[0].ID, " ", v.Operation.Order.Amount))
	}
	require.Equal(t, []string{"approve carla 60", "approve bruno 60", "modify ana 60", "modify ana 1", "approve bruno 60", "submit ana 60"}, actions)
	_, err = o.eng.Book(o.as("ana")).Versions(t.Context(), "none")
	require.ErrorIs(t, err, operations.ErrNotFound)
}

func TestContentThatWasChangedThereAndBackIsOtherContent(t *testing.T) {
	t.Parallel()
	o := newOffice(t, large(2))
	op := o.approved(o.as("bruno"), o.waits(o.as("ana"), o.take("60")))
	was := op.Approvals[0].Content
	for _, amount := range []int64{50, 60} {
		res, err := o.eng.Modify(t.Context(), o.as("ana"), o.in(), op.Ref(), operations.Modification{Amount: decimal.NewFromInt(amount)})
		require.NoError(t, err)
		op = res.Operation
	}
	op = o.approved(o.as("bruno"), op)
	require.NotEqual(t, was, op.Approvals[0].Content, "though nothing but its version differs")
}

func TestWhatIsScheduledWaitsAgainOnceItIsModified(t *testing.T) {
	t.Parallel()
	o := newOffice(t, large(1))
	q := o.take("60")
	q.NotBefore = o.clock.Now().Add(2 * time.Hour)
	op := o.waits(o.as("ana"), q)
	op = o.approved(o.as("bruno"), op)
	require.Equal(t, operations.Scheduled, op.State)
	_, err := o.eng.Modify(t.Context(), o.as("ana"), o.in(), op.Ref(), operations.Modification{Via: "other", Amount: decimal.NewFromInt(70)})
	require.Equal(t, operations.CodeFieldFixed, code(err))
	res, err := o.eng.Modify(t.Context(), o.as("ana"), o.in(), op.Ref(), operations.Modification{Amount: decimal.NewFromInt(70)})
	require.NoError(t, err)
	require.Equal(t, operations.AwaitingApproval, res.Operation.State)
	require.Empty(t, res.Operation.Approvals)
	op = o.approved(o.as("carla"), res.Operation)
	require.Equal(t, operations.Scheduled, op.State)
	o.clock.Set(q.NotBefore)
	done, err := o.eng.Work(t.Context(), operations.Budget{})
	require.NoError(t, err)
	require.Equal(t, 1, done.Released)
	require.Equal(t, "30", o.posted(t))
}

func TestWhatWaitsTooLongExpires(t *testing.T) {
	t.Parallel()
	o := newOffice(t, large(2))
	op := o.approved(o.as("bruno"), o.waits(o.as("ana"), o.take("60")))
	o.clock.Set(op.Terms.Expires.Add(-time.Microsecond))
	done, err := o.eng.Work(t.Context(), operations.Budget{})
	require.NoError(t, err)
	require.Zero(t, done.Expired)
	o.clock.Set(op.Terms.Expires)
	_, why := o.approve(o.as("carla"), op)
	require.Equal(t, operations.CodeApprovalExpired, why)
	done, err = o.eng.Work(t.Context(), operations.Budget{})
	require.NoError(t, err)
	require.Equal(t, 1, done.Expired)
	require.Equal(t, "0", o.held())
	require.Equal(t, "100", o.posted(t))
}

func TestAnApprovalIsWithdrawnByWhoGaveItOnly(t *testing.T) {
	t.Parallel()
	o := newOffice(t, large(2))
	op := o.approved(o.as("ana"), o.waits(o.as("dora"), o.take("60")))
	_, err := o.eng.Withdraw(t.Context(), o.as("bruno"), o.in(), op.Ref())
	require.Equal(t, operations.CodeNotApproved, code(err))
	res, err := o.eng.Withdraw(t.Context(), o.as("ana-2"), o.in(), op.Ref())
	require.NoError(t, err, "the same person")
	require.Empty(t, res.Operation.Approvals)
	op = o.approved(o.as("bruno"), res.Operation)
	require.Equal(t, operations.AwaitingApproval, op.State, "what was withdrawn does not count")
	op = o.approved(o.as("carla"), op)
	require.Equal(t, operations.Completed, op.State)
	_, err = o.eng.Withdraw(t.Context(), o.as("bruno"), o.in(), op.Ref())
	require.Equal(t, operations.CodeStateForbids, code(err))
}

func TestARejectionHasAReasonAndGivesEverythingBack(t *testing.T) {
	t.Parallel()
	o := newOffice(t, large(2))
	op := o.approved(o.as("bruno"), o.waits(o.as("ana"), o.take("60")))
	for _, reason := range []string{"", "  ", "line\nbreak"} {
		_, err := o.eng.Reject(t.Context(), o.as("carla"), o.in(), op.Ref(), reason)
		require.ErrorIs(t, err, operations.ErrInvalid, "%q", reason)
	}
	_, err := o.eng.Reject(t.Context(), o.as("ana"), o.in(), op.Ref(), "mine")
	require.Equal(t, operations.CodeOwnOperation, code(err))
	in := o.in()
	res, err := o.eng.Reject(t.Context(), o.as("carla"), in, op.Ref(), "no invoice")
	require.NoError(t, err)
	require.Equal(t, operations.Rejected, res.Operation.State)
	require.Equal(t, &operations.Outcome{Code: operations.OutcomeRejected, Text: "no invoice"}, res.Operation.Outcome)
	require.Equal(t, "0", o.held())
	require.Equal(t, "100", o.posted(t))
	again, err := o.eng.Reject(t.Context(), o.as("carla"), in, op.Ref(), "no invoice")
	require.NoError(t, err)
	require.True(t, again.Replayed)
	_, err = o.eng.Reject(t.Context(), o.as("carla"), in, op.Ref(), "another reason")
	require.ErrorIs(t, err, operations.ErrConflict)
}

// The maker takes back what waits though he may not cancel; nobody else does.
func TestTheMakerCancelsWhatWaits(t *testing.T) {
	t.Parallel()
	o := newOffice(t, large(1))
	house, err := o.eng.Gate().Own(t.Context(), who("ana"), "")
	require.NoError(t, err)
	may := tenancy.NewPermissions(tenancy.View, tenancy.Prepare, tenancy.Execute)
	for _, op := range []string{"erik", "fay"} {
		o.manage(house, tenancy.Register{Operator: tenancy.OperatorID(op), Person: who(op).Person})
		o.manage(o.scopes[0], tenancy.Allow{Operator: tenancy.OperatorID(op), Permissions: may})
	}
	op := o.waits(o.as("erik"), o.take("60"))
	require.Equal(t, "permission_missing", o.actions(o.as("fay"), op)[operations.ActCancel])
	_, err = o.eng.Cancel(t.Context(), o.as("fay"), o.in(), op.Ref())
	require.Equal(t, "permission_missing", code(err))
	require.Empty(t, o.actions(o.as("erik"), op)[operations.ActCancel])
	res, err := o.eng.Cancel(t.Context(), o.as("erik"), o.in(), op.Ref())
	require.NoError(t, err)
	require.Equal(t, operations.Cancelled, res.Operation.State)
	require.Equal(t, "0", o.held())
	line, err := o.eng.Book(o.as("ana")).Journal(t.Context(), res.Seq-1, 1)
	require.NoError(t, err)
	require.NotEmpty(t, line[0].Grant, "it names the grant he acted under")

	q := o.take("60")
	q.NotBefore = o.clock.Now().Add(time.Hour)
	later := o.approved(o.as("bruno"), o.waits(o.as("erik"), q))
	_, err = o.eng.Cancel(t.Context(), o.as("erik"), o.in(), later.Ref())
	require.Equal(t, "permission_missing", code(err), "it no longer waits for approval")
}

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
