package main

import (
	"strings"
	"testing"

	"github.com/shopspring/decimal"
	"github.com/stretchr/testify/require"
)

func TestReadDataTakesTheDebitLimitFromTheLowestRecordedBalance(t *testing.T) {
	t.Parallel()
	records, moves, err := readData(writeData(t, madeUpAccounts, madeUpTransactions))
	require.NoError(t, err)
	require.Equal(t, madeUpMoves, moves)
	limits := map[int64]string{}
	for _, a := range records {
		limits[a.id] = a.limit.String()
	}
	require.Equal(t, map[int64]string{1: "250.1", 2: "0", 3: "0"}, limits)
}

func TestReadDataTellsTheBanksOwnPostingsByTheirPurpose(t *testing.T) {
	t.Parallel()
	records, _, err := readData(writeData(t, madeUpAccounts, madeUpTransactions))
	require.NoError(t, err)
	rails := map[int64]string{}
	for _, a := range records {
		for _, m := range a.moves {
			rails[m.id] = m.rail + "/" + m.purpose
		}
	}
	require.Equal(t, map[int64]string{
		100: "interbank/pension", // of account 2, which has the id after account 1
		104: "cash/household", 105: "/penalty", 106: "cash/", 107: "interbank/",
		108: "card/", 109: "/interest", 112: "interbank/loan", 113: "/fee",
	}, rails)
}

func TestReadDataReadsTheRealRecordsWhole(t *testing.T) {
	t.Parallel()
	records, moves, err := readData(realData(t))
	require.NoError(t, err)
	require.Len(t, records, 500)
	require.Equal(t, 8292, moves)
	below := 0
	for _, a := range records {
		if a.limit.GreaterThan(decimal.Zero) {
			below++
		}
	}
	require.Equal(t, 4, below)
}

func TestReadDataNamesFileLineAndFieldOfABadRow(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		file     string
		old, new string
		want     string
	}{
		"an account without digits":         {accountsFile, "\n2,CZK", "\nx,CZK", "accounts.csv:3: account_id: is not a whole number above zero"},
		"an account with a leading zero":    {accountsFile, "\n2,CZK", "\n02,CZK", "accounts.csv:3: account_id: "},
		"an account twice":                  {accountsFile, "\n2,CZK", "\n1,CZK", "accounts.csv:3: account_id: is there already"},
		"a currency nobody has":             {accountsFile, "\n2,CZK", "\n2,QQQ", "accounts.csv:3: currency: is not a currency"},
		"a day that is none":                {accountsFile, "1993-02-01", "1993-02-30", "accounts.csv:4: opened: is not a date"},
		"an owner who is missing":           {accountsFile, "13,", ",", "accounts.csv:4: owner_client_id: "},
		"an owner as his own disponent":     {accountsFile, "11,12", "11,11", "accounts.csv:2: disponent_client_id: is the owner"},
		"a field too few":                   {accountsFile, "11,12", "11", "accounts.csv:2: disponent_client_id: is missing"},
		"a field too many":                  {accountsFile, "11,12", "11,12,13", "accounts.csv:2: field 6: belongs to no column"},
		"another column":                    {accountsFile, "opened", "since", "accounts.csv:1: opened: is not the name of this column"},
		"a quote in the middle":             {accountsFile, "2,CZK", "2,C\"ZK", "accounts.csv:3: column 4: "},
		"no lines at all":                   {accountsFile, madeUpAccounts, "", "accounts.csv:1: account_id: the column is missing"},
		"a gap in the sequence":             {transactionsFile, "\n4,107", "\n5,107", "transactions.csv:7: seq: is not the next of its account, which is 4"},
		"a transaction twice in an account": {transactionsFile, "4,107", "4,105", "transactions.csv:7: transaction_id: is there already"},
		"an account nobody opened":          {transactionsFile, "106,3", "106,4", "transactions.csv:6: account_id: is not in accounts.csv"},
		"a direction nobody knows":          {transactionsFile, "credit,transfer_in,,", "up,transfer_in,,", "transactions.csv:7: direction: is not credit or debit"},
		"a direction the operation has not": {transactionsFile, "credit,transfer_in,,", "debit,transfer_in,,", "transactions.csv:7: direction: is not that of the operation"},
		"an operation nobody knows":         {transactionsFile, "card_withdrawal", "cheque", "transactions.csv:8: operation: is not one the bank had"},
		"no operation and not the bank's":   {transactionsFile, "credit,transfer_in,,", "credit,,,", "transactions.csv:7: operation: is required unless"},
		"a purpose nobody knows":            {transactionsFile, "loan", "gift", "transactions.csv:10: purpose: is not one the bank had"},
		"an amount of nothing":              {transactionsFile, "300.00", "0.00", "transactions.csv:7: amount: must be above zero"},
		"an amount with a sign":             {transactionsFile, "300.00", "-300.00", "transactions.csv:7: amount: must be digits"},
		"an amount with an exponent":        {transactionsFile, "300.00", "3e2", "transactions.csv:7: amount: must be digits"},
		"an amount finer than the currency": {transactionsFile, "300.00", "300.001", "transactions.csv:7: amount: "},
		"no balance":                        {transactionsFile, "49.90", "", "transactions.csv:7: balance_after: is empty"},
		"a counterparty of a cash deposit":  {transactionsFile, "20.00,20.00,,", "20.00,20.00,AB,1", "transactions.csv:6: counterparty_bank: belongs to transfers only"},
		"two bad fields, both told":         {transactionsFile, "1993-02-05,debit", "today,down", "transactions.csv:10: date: is not a date"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			accounts, transactions := madeUpAccounts, madeUpTransactions
			if c.file == accountsFile {
				accounts = strings.Replace(accounts, c.old, c.new, 1)
				require.NotEqual(t, madeUpAccounts, accounts)
			} else {
				transactions = strings.Replace(transactions, c.old, c.new, 1)
				require.NotEqual(t, madeUpTransactions, transactions)
			}
			_, _, err := readData(writeData(t, accounts, transactions))
			require.ErrorContains(t, err, c.want)
		})
	}
}
