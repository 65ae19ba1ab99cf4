package main

import (
	"io"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/onbehalf/onbehalf/adapters/memory"
	"github.com/onbehalf/onbehalf/customer"
	"github.com/onbehalf/onbehalf/operations"
	"github.com/onbehalf/onbehalf/tenancy"
)

func TestReplayReproducesEveryRecordedBalance(t *testing.T) {
	t.Parallel()
	for _, store := range []string{"memory", "sqlite", "postgres"} {
		t.Run("in "+store, func(t *testing.T) {
			t.Parallel()
			o := options{Data: writeData(t, madeUpAccounts, madeUpTransactions), Store: store, Workers: 4}
			if store == "postgres" {
				o.DSN = shared.Database(t, "")
			}
			var out strings.Builder
			require.NoError(t, o.run(t.Context(), &out, io.Discard))
			require.Contains(t, out.String(), "10 of 10 recorded balances reproduced\n3 of 3 books verified\n")
			require.Contains(t, out.String(), " 10 submitted, 0 there before, 0 refused")
		})
	}
}

func TestReplayReproducesTheRealBank(t *testing.T) {
	t.Parallel()
	o := options{Data: realData(t), Store: "memory", Workers: 64}
	var out strings.Builder
	require.NoError(t, o.run(t.Context(), &out, io.Discard))
	require.Contains(t, out.String(), "8292 of 8292 recorded balances reproduced\n501 of 501 books verified\n")
}

func TestReplayAgainOnTheSameFileDoublesNothing(t *testing.T) {
	t.Parallel()
	o := options{
		Data: writeData(t, madeUpAccounts, madeUpTransactions), Store: "sqlite",
		DB: filepath.Join(t.TempDir(), "books.db"), Workers: 2,
	}
	require.NoError(t, o.run(t.Context(), io.Discard, io.Discard))
	var out strings.Builder
	require.NoError(t, o.run(t.Context(), &out, io.Discard))
	require.Contains(t, out.String(), "10 of 10 recorded balances reproduced\n3 of 3 books verified\n")
	require.Contains(t, out.String(), " 0 submitted, 10 there before, 0 refused")
}

func TestReplayToldOfAnotherBalanceFails(t *testing.T) {
	t.Parallel()
	o := options{
		Data:  writeData(t, madeUpAccounts, strings.Replace(madeUpTransactions, "1000.00,,", "1000.01,,", 1)),
		Store: "memory", Workers: 1,
	}
	var out strings.Builder
	require.ErrorIs(t, o.run(t.Context(), &out, io.Discard), errDiffers)
	require.Contains(t, out.String(), "transactions.csv:8: transaction 108: the bank recorded 1000.01 after it, the statement says 1000.00\n")
	require.Contains(t, out.String(), "9 of 10 recorded balances reproduced\n")
}

func TestReplayRefusedByTheEngineFails(t *testing.T) {
	t.Parallel()
	o := options{ // the record hides how far the balance went below zero
		Data:  writeData(t, madeUpAccounts, strings.NewReplacer("-250.00", "250.00", "-250.10", "250.10").Replace(madeUpTransactions)),
		Store: "memory", Workers: 1,
	}
	var out strings.Builder
	require.ErrorIs(t, o.run(t.Context(), &out, io.Discard), errDiffers)
	require.Contains(t, out.String(), "transactions.csv:4: transaction 104 was refused: ")
}

func TestReplayOverWhatTheBankDidNotRecordFails(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "books.db")
	more := options{
		Data:  writeData(t, madeUpAccounts, madeUpTransactions+"3,114,3,1993-03-01,credit,cash_deposit,,1.00,6.40,,\n"),
		Store: "sqlite", DB: file, Workers: 1,
	}
	require.NoError(t, more.run(t.Context(), io.Discard, io.Discard))
	o := options{Data: writeData(t, madeUpAccounts, madeUpTransactions), Store: "sqlite", DB: file, Workers: 1}
	var out strings.Builder
	require.ErrorIs(t, o.run(t.Context(), &out, io.Discard), errDiffers)
	require.Contains(t, out.String(), "posts what the bank did not record\n")
}

func TestADisponentActsForTheOwnerOfHisAccountAlone(t *testing.T) {
	t.Parallel()
	eng, err := operations.New(memory.New(), operations.Config{Providers: map[string]operations.Provider{
		railCash: operations.Desk{}, railCard: operations.Desk{}, railInterbank: operations.Desk{},
	}})
	require.NoError(t, err)
	records, moves, err := readData(writeData(t, madeUpAccounts, madeUpTransactions))
	require.NoError(t, err)
	b, err := openBank(t.Context(), eng, records)
	require.NoError(t, err)
	all := books(records)
	for _, k := range all {
		require.NoError(t, b.open(t.Context(), k))
	}
	_, err = b.replay(t.Context(), 1, all, newProgress(io.Discard, 0, "", moves))
	require.NoError(t, err)

	makers := map[string]tenancy.OperatorID{}
	for _, k := range all {
		page, err := eng.Book(k.manager).History(t.Context(), operations.HistoryFilter{}, "", 0)
		require.NoError(t, err)
		for _, o := range page.Items {
			makers[o.Order.Reference+" "+o.Order.Via] = tenancy.OperatorID(o.Maker.ID)
		}
	}
	require.Equal(t, map[string]tenancy.OperatorID{
		"1993-01-02/100 cash":      "disponent-12", // every fourth of account 1
		"1993-01-02/100 interbank": "clerk",        // of account 2, which he may not operate
		"1993-01-03/104 cash":      "disponent-12",
		"1993-01-04/105 ":          "posting",
		"1993-02-02/106 cash":      "clerk",
		"1993-02-03/107 interbank": "clerk",
		"1993-02-03/108 card":      "clerk",
		"1993-02-04/109 ":          "posting",
		"1993-02-05/112 interbank": "disponent-12",
		"1993-02-28/113 ":          "posting",
	}, makers)

	other, err := eng.OpenCustomer(t.Context(), b.firm, operations.Intent{Key: "other"}, customer.Profile{Name: "Other"})
	require.NoError(t, err)
	_, err = eng.Gate().Enter(t.Context(), disponent(12), other.ID, "")
	require.ErrorIs(t, err, operations.ErrNotFound)
}
