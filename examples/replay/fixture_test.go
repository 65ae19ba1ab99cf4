package main

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// A small data set in which everything occurs: an owner with two accounts that
// share a transaction id, a disponent, a balance below zero, each rail, and
// what the bank posts itself whatever the operation says.
const (
	madeUpAccounts = `account_id,currency,opened,owner_client_id,disponent_client_id
1,CZK,1993-01-01,11,12
2,CZK,1993-01-01,11,
3,CZK,1993-02-01,13,
`
	madeUpTransactions = `seq,transaction_id,account_id,date,direction,operation,purpose,amount,balance_after,counterparty_bank,counterparty_account
1,100,1,1993-01-02,credit,cash_deposit,,400.00,400.00,,
1,100,2,1993-01-02,credit,transfer_in,pension,1000.50,1000.50,AB,123
2,104,1,1993-01-03,debit,cash_withdrawal,household,650.00,-250.00,,
3,105,1,1993-01-04,debit,cash_withdrawal,penalty_interest,0.10,-250.10,,
1,106,3,1993-02-02,credit,cash_deposit,,20.00,20.00,,
4,107,1,1993-02-03,credit,transfer_in,,300.00,49.90,CD,9
2,108,2,1993-02-03,debit,card_withdrawal,,0.50,1000.00,,
3,109,2,1993-02-04,credit,,interest,3.33,1003.33,,
5,112,1,1993-02-05,debit,transfer_out,loan,9.90,40.00,AB,123
2,113,3,1993-02-28,debit,cash_withdrawal,statement_fee,14.60,5.40,,
`
	madeUpMoves = 10
	madeUpBooks = 3 // two owners and the house
)

// writeData puts a data set into a folder of its own.
func writeData(t *testing.T, accounts, transactions string) string {
	t.Helper()
	dir := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(dir, accountsFile), []byte(accounts), 0o600))
	require.NoError(t, os.WriteFile(filepath.Join(dir, transactionsFile), []byte(transactions), 0o600))
	return dir
}

// realData is the folder of the bank's real records, beside the checkout.
func realData(t *testing.T) string {
	t.Helper()
	dir, err := filepath.Abs("../../../shared/data/bank1993")
	require.NoError(t, err)
	if _, err := os.Stat(dir); err != nil {
		if slices.Contains(strings.Split(os.Getenv("ONBEHALF_REQUIRE"), ","), "data") {
			require.NoError(t, err, "the real data are required")
		}
		t.Skip("the real data are not beside the checkout: ../shared/data/bank1993")
	}
	return dir
}
