package operations

import (
	"testing"

	"github.com/shopspring/decimal"
	"github.com/stretchr/testify/require"

	"github.com/onbehalf/onbehalf/accounts"
)

// A fee on top in another asset than the amount's is held and posted in its own:
// the total debit is of the amount's, and stays what it was.
func TestAFeeOfAnotherAssetIsNoPartOfTheDebit(t *testing.T) {
	t.Parallel()
	exact := func(n int64) accounts.Amount { return accounts.Exact(decimal.New(n, 0)) }
	for asset, debit := range map[string]string{"BRL": "101", "USD": "100"} {
		terms := Terms{Asset: "BRL", Debit: exact(100)}
		terms.addOn(FeeLine{Fee: "f", Account: "payer", Asset: asset, Amount: exact(1)})
		require.Equal(t, debit, terms.Debit.String(), asset)
		require.Equal(t, []HoldTerm{{Account: "payer", Amount: exact(1)}}, terms.Holds)
		require.True(t, accounts.Sum(terms.Postings, accounts.Customer("payer"), asset).Equal(decimal.New(-1, 0)))
	}
}
