package operations_test

import (
	"testing"
	"time"

	"github.com/shopspring/decimal"
	"github.com/stretchr/testify/require"

	"github.com/onbehalf/onbehalf/accounts"
	"github.com/onbehalf/onbehalf/operations"
	"github.com/onbehalf/onbehalf/operations/operationstest"
)

// doubtful is an office with a withdrawal of 40 whose provider fell silent.
func doubtful(t *testing.T) (*office, *operationstest.Provider, operations.Operation) {
	t.Helper()
	bank := operationstest.NewProvider(operations.Contract{})
	bank.OnSend(operationstest.Lose())
	o := newOffice(t, operations.Config{Providers: map[string]operations.Provider{"bank": bank}})
	q := o.take("40")
	q.Via = "bank"
	res, err := o.eng.Submit(t.Context(), o.as("carla"), o.in(), q)
	require.NoError(t, err)
	require.Equal(t, operations.Unresolved, res.Operation.State)
	return o, bank, res.Operation
}

func (o *office) resolve(by string, op operations.Operation, settled bool) (operations.Operation, string) {
	o.t.Helper()
	res, err := o.eng.Resolve(o.t.Context(), o.as(by), o.in(), op.Ref(), operations.Resolution{Settled: settled, Evidence: "statement 7"})
	if err != nil {
		return op, code(err)
	}
	return res.Operation, ""
}

func TestWhatIsUnresolvedIsSettledByTwoPersons(t *testing.T) {
	t.Parallel()
	for _, settled := range []bool{true, false} {
		o, _, op := doubtful(t)
		op, why := o.resolve("ana", op, settled)
		require.Empty(t, why)
		require.Equal(t, operations.Unresolved, op.State)
		require.Equal(t, "40", o.held(), "one alone moves nothing")
		require.Equal(t, operations.CodeOwnFinding, o.actions(o.as("ana"), op)[operations.ActResolve])
		require.Empty(t, o.actions(o.as("dora"), op)[operations.ActResolve])
		for _, same := range []string{"ana", "ana-2"} {
			_, why = o.resolve(same, op, settled)
			require.Equal(t, operations.CodeOwnFinding, why, "%s is the same person", same)
		}
		_, err := o.eng.Resolve(t.Context(), o.as("dora", through("ana")), o.in(), op.Ref(), operations.Resolution{Settled: settled, Evidence: "x"})
		require.Equal(t, operations.CodeOwnFinding, code(err), "nor through another")
		op, why = o.resolve("bruno", op, settled)
		require.Empty(t, why)
		require.Equal(t, "0", o.held())
		want := map[bool][3]string{true: {"completed", "60", operations.OutcomeFoundSettled}, false: {"failed", "100", operations.OutcomeFoundFailed}}[settled]
		require.Equal(t, want, [3]string{string(op.State), o.posted(t), op.Outcome.Code})
		require.Equal(t, "p-ana", string(op.Finding.Actors[0].Person))
		v, err := o.eng.Book(o.scopes[0]).Verify(t.Context())
		require.NoError(t, err)
		require.True(t, v.Sound(), "%+v", v.Faults)
	}
}

func TestWhoFindsOtherwisePutsThatForward(t *testing.T) {
	t.Parallel()
	o, _, op := doubtful(t)
	op, _ = o.resolve("ana", op, true)
	op, why := o.resolve("bruno", op, false)
	require.Empty(t, why)
	require.Equal(t, operations.Unresolved, op.State)
	require.Equal(t, "40", o.held())
	op, why = o.resolve("ana", op, false)
	require.Empty(t, why, "she has been convinced")
	require.Equal(t, operations.Failed, op.State)
}

func TestAProviderGoesFirstAndIsHeardAfterwards(t *testing.T) {
	t.Parallel()
	o, _, op := doubtful(t)
	settled := operations.Answer{Reference: op.ProviderReference, Status: operations.AnswerSettled, Amount: decimal.NewFromInt(40), Asset: "BRL"}
	_, why := o.resolve("ana", op, false)
	require.Empty(t, why)
	res, err := o.eng.Report(t.Context(), "acme", "bank", settled)
	require.NoError(t, err)
	require.Equal(t, operations.Completed, res.Operation.State)
	_, why = o.resolve("bruno", res.Operation, false)
	require.Equal(t, operations.CodeStateForbids, why)

	o, _, op = doubtful(t)
	op, _ = o.resolve("ana", op, false)
	op, _ = o.resolve("bruno", op, false)
	require.Equal(t, operations.Failed, op.State)
	settled.Reference = op.ProviderReference
	_, err = o.eng.Report(t.Context(), "acme", "bank", settled)
	require.NoError(t, err)
	incidents, err := o.eng.Book(o.scopes[0]).Incidents(t.Context())
	require.NoError(t, err)
	require.Len(t, incidents, 1)
	require.Equal(t, operations.IncidentContradiction, incidents[0].Code)
	require.Equal(t, "100", o.posted(t))
}

func TestOnlyWhatIsUnresolvedIsResolved(t *testing.T) {
	t.Parallel()
	o := newOffice(t, large(1))
	op := o.waits(o.as("carla"), o.take("40"))
	_, why := o.resolve("ana", op, true)
	require.Equal(t, operations.CodeStateForbids, why)
	_, err := o.eng.Resolve(t.Context(), o.as("ana"), o.in(), op.Ref(), operations.Resolution{Settled: true, Evidence: " "})
	require.ErrorIs(t, err, operations.ErrInvalid)
}

// A payment has no parts: one that a provider or people tell of moves nothing.
func TestAPaymentIsNeverSettledInPart(t *testing.T) {
	t.Parallel()
	o, _, op := doubtful(t)
	res, err := o.eng.Report(t.Context(), "acme", "bank", operations.Answer{
		Reference: op.ProviderReference, Status: operations.AnswerPart, Amount: decimal.NewFromInt(10), Asset: "BRL",
	})
	require.NoError(t, err)
	require.Equal(t, operations.Unresolved, res.Operation.State)
	incidents, err := o.eng.Book(o.scopes[0]).Incidents(t.Context())
	require.NoError(t, err)
	require.Len(t, incidents, 1)
	require.Equal(t, operations.IncidentMismatch, incidents[0].Code)
	ten := accounts.Exact(decimal.NewFromInt(10))
	for _, r := range []operations.Resolution{
		{Settled: true, Evidence: "x", Amount: ten, Counter: ten},
		{Settled: true, Evidence: "x", Amount: ten},
		{Settled: true, Evidence: "x", Counter: ten},
		{Evidence: "x", Amount: ten, Counter: ten},
	} {
		_, err := o.eng.Resolve(t.Context(), o.as("ana"), o.in(), op.Ref(), r)
		require.ErrorIs(t, err, operations.ErrInvalid)
	}
	require.Equal(t, "40", o.held())
	require.Equal(t, "100", o.posted(t))
}

// What has no price is sent again under its reference, to a provider that honours
// it and does not know it, however late.
func TestAPaymentThatWasLostIsSentAgain(t *testing.T) {
	t.Parallel()
	bank := operationstest.NewProvider(operations.Contract{HonoursReference: true})
	bank.OnSend(operationstest.Lose(), operationstest.Settle())
	o := newOffice(t, operations.Config{Providers: map[string]operations.Provider{"bank": bank}})
	q := o.take("40")
	q.Via = "bank"
	res, err := o.eng.Submit(t.Context(), o.as("carla"), o.in(), q)
	require.NoError(t, err)
	require.Equal(t, operations.Unresolved, res.Operation.State)
	o.clock.Advance(3 * time.Hour)
	done, err := o.eng.Work(t.Context(), operations.Budget{})
	require.NoError(t, err)
	require.Equal(t, 1, done.Resolved)
	require.Equal(t, 1, bank.Carried(res.Operation.ProviderReference))
	require.Equal(t, "60", o.posted(t))
	require.Equal(t, "0", o.held())
}
