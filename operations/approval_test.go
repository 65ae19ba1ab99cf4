package operations_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/shopspring/decimal"
	"github.com/stretchr/testify/require"

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
