package operations_test

import (
	"context"
	"testing"

	"github.com/shopspring/decimal"
	"github.com/stretchr/testify/require"

	"github.com/onbehalf/onbehalf/operations"
)

// slow is a provider that promises nothing and settles what it is sent, once.
type slow struct{ sent int }

func (*slow) Contract() operations.Contract { return operations.Contract{} }

func (s *slow) Send(_ context.Context, i operations.Instruction) (operations.Answer, error) {
	s.sent++
	return operations.Answer{Status: operations.AnswerSettled, Amount: i.Order.Amount.Decimal, Asset: i.Terms.Asset}, nil
}

func (*slow) Ask(context.Context, string) (operations.Answer, error) {
	return operations.Answer{Status: operations.AnswerNotFound}, nil
}

// What a host's transaction carries is told to nobody before the host has
// committed, and then at once, though the provider honours no references.
func TestWorkLetsGoWhatAHostsTransactionCommitted(t *testing.T) {
	t.Parallel()
	bank := &slow{}
	f := newFirm(t, 1, operations.Config{Providers: map[string]operations.Provider{"bank": bank}})
	_, err := f.deposit(t.Context(), 0, "funds")
	require.NoError(t, err)
	res, err := f.eng.Within(f.store).Submit(t.Context(), f.scopes[0], operations.Intent{Key: "out"},
		operations.Withdrawal{From: f.accs[0], Amount: decimal.New(1, 0), Via: "bank"})
	require.NoError(t, err)
	require.Equal(t, operations.Scheduled, res.Operation.State)
	require.Zero(t, bank.sent)
	holds, err := f.eng.Book(f.scopes[0]).Holds(t.Context())
	require.NoError(t, err)
	require.Len(t, holds, 1)

	_, err = f.eng.Within(f.store).Work(t.Context(), operations.Budget{})
	require.ErrorIs(t, err, operations.ErrInvalid, "no work inside a transaction")
	done, err := f.eng.Work(t.Context(), operations.Budget{})
	require.NoError(t, err)
	require.Equal(t, operations.Done{Released: 1, Resolved: 1}, done)
	require.Equal(t, 1, bank.sent)
	o, err := f.eng.Book(f.scopes[0]).Operation(t.Context(), res.Operation.ID)
	require.NoError(t, err)
	require.Equal(t, operations.Completed, o.State)
}
