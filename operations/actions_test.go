package operations_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/shopspring/decimal"
	"github.com/stretchr/testify/require"

	"github.com/onbehalf/onbehalf/operations"
)

// What may be done to many is what may be done to each as it stands now,
// whatever became of it since the page was read.
func TestActionsOfManyAreThoseOfEach(t *testing.T) {
	t.Parallel()
	f, _ := funded(t, operations.Config{Limits: []operations.Limit{{Name: "day", Asset: "BRL", Day: decimal.New(500, 0)}}})
	ctx, book := t.Context(), f.eng.Book(f.scopes[0])
	prepare := func(key string, amount int64) operations.Operation {
		t.Helper()
		r, err := f.eng.Prepare(ctx, f.scopes[0], operations.Intent{Key: key}, operations.Withdrawal{From: f.accs[0], Amount: decimal.New(amount, 0)})
		require.NoError(t, err)
		return r.Operation
	}
	ends, changes := prepare("ends", 1), prepare("changes", 2)
	prepare("stays", 3)
	_, err := f.submit(ctx, "short", operations.Withdrawal{From: f.accs[0], Amount: decimal.New(40, 0)})
	require.NoError(t, err)
	page, err := book.History(ctx, operations.HistoryFilter{}, "", 0)
	require.NoError(t, err)
	require.Len(t, page.Items, 5)

	_, err = f.eng.Execute(ctx, f.scopes[0], operations.Intent{Key: "end"}, ends.Ref())
	require.NoError(t, err)
	_, err = f.eng.Modify(ctx, f.scopes[0], operations.Intent{Key: "change"}, changes.Ref(), operations.Modification{Amount: decimal.New(50, 0)})
	require.NoError(t, err)
	got, err := book.ActionsOf(ctx, page.Items)
	require.NoError(t, err)
	var want [][]operations.Allowance
	for _, o := range page.Items {
		each, err := book.Actions(ctx, o.ID)
		require.NoError(t, err)
		want = append(want, each)
	}
	require.Empty(t, cmp.Diff(want, got))
	require.NotEqual(t, len(want[1]), len(want[4]), "a deposit can be refunded")

	none, err := book.ActionsOf(ctx, nil)
	require.NoError(t, err)
	require.Empty(t, none)
	_, err = book.ActionsOf(ctx, make([]operations.Operation, operations.MaxLimit+1))
	require.ErrorIs(t, err, operations.ErrInvalid)
	_, err = f.eng.Book(f.scopes[1]).ActionsOf(ctx, page.Items[2:3])
	require.ErrorIs(t, err, operations.ErrNotFound, "of another customer, and open")
}
