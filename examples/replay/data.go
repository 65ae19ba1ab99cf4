package main

import (
	"path/filepath"
	"strconv"

	"github.com/shopspring/decimal"

	"github.com/onbehalf/onbehalf/accounts"
	"github.com/onbehalf/onbehalf/operations"
)

// The files of a data set.
const (
	accountsFile     = "accounts.csv"
	transactionsFile = "transactions.csv"
)

// record is one account as the bank recorded it.
type record struct {
	id        int64
	currency  string
	owner     int64
	disponent int64           // the person entitled to operate it for the owner; 0: none
	limit     decimal.Decimal // how far the recorded balance went below zero
	scale     int32
	moves     []move // in the order of the file
	ids       map[int64]bool
}

// move is one recorded transaction.
type move struct {
	line    int // of the transactions' file
	id      int64
	date    string
	credit  bool
	rail    string // the provider it went by; empty for what the bank itself posted
	purpose string // in the bank's words; the engine's where the bank itself posted
	amount  decimal.Decimal
	balance decimal.Decimal // after it, as the bank recorded it: the oracle
	refused string          // why the engine refused it; empty: it did not
}

// The rails by which money came and went: providers of the engine that settle
// in the book, so that each has its own clearing account.
const (
	railCash      = "cash"
	railCard      = "card"
	railInterbank = "interbank"
)

func rails() []string { return []string{railCash, railCard, railInterbank} }

// passage is what an operation in the file says: by which rail, and which way.
type passage struct {
	rail   string
	credit bool
}

func passages() map[string]passage {
	return map[string]passage{
		"cash_deposit":    {railCash, true},
		"cash_withdrawal": {railCash, false},
		"card_withdrawal": {railCard, false},
		"transfer_in":     {railInterbank, true},
		"transfer_out":    {railInterbank, false},
	}
}

// postings are the purposes that tell what the bank itself posted.
func postings() map[string]operations.Purpose {
	return map[string]operations.Purpose{
		"interest":         operations.Interest,
		"statement_fee":    operations.Fee,
		"penalty_interest": operations.Penalty,
	}
}

// purposes are those of the account's holder.
func purposes() map[string]bool {
	return map[string]bool{"": true, "pension": true, "household": true, "insurance": true, "loan": true}
}

// readData reads a data set whole, in the order of its accounts, and gives how
// many transactions it has. Nothing in it is guessed: a row that is not as
// described ends it.
func readData(dir string) (all []*record, moves int, err error) {
	byID := map[int64]*record{}
	err = readTable(filepath.Join(dir, accountsFile),
		[]string{"account_id", "currency", "opened", "owner_client_id", "disponent_client_id"},
		func(r *row) {
			a := readRecord(r)
			if byID[a.id] != nil {
				r.bad("account_id", "is there already")
			}
			byID[a.id] = a
			all = append(all, a)
		})
	if err != nil {
		return nil, 0, err
	}
	err = readTable(filepath.Join(dir, transactionsFile),
		[]string{
			"seq", "transaction_id", "account_id", "date", "direction", "operation", "purpose",
			"amount", "balance_after", "counterparty_bank", "counterparty_account",
		},
		func(r *row) {
			a := byID[r.number("account_id")]
			if a == nil {
				r.bad("account_id", "is not in "+accountsFile)
				return
			}
			a.take(r)
			moves++
		})
	if err != nil {
		return nil, 0, err
	}
	return all, moves, nil
}

func readRecord(r *row) *record {
	a := &record{
		id: r.number("account_id"), currency: r.text("currency"),
		owner: r.number("owner_client_id"), disponent: r.optional("disponent_client_id"), ids: map[int64]bool{},
	}
	r.date("opened")
	asset, ok := accounts.Assets{}.Lookup(a.currency)
	if !ok {
		r.bad("currency", "is not a currency")
	}
	a.scale = asset.Scale
	if a.disponent == a.owner {
		r.bad("disponent_client_id", "is the owner")
	}
	return a
}

// take reads a transaction of the account.
func (a *record) take(r *row) {
	m := move{
		line: r.line, id: r.number("transaction_id"), date: r.date("date"), credit: r.text("direction") == "credit",
		amount: r.amount("amount", a.scale), balance: r.balance("balance_after", a.scale),
	}
	if r.number("seq") != int64(len(a.moves))+1 {
		r.bad("seq", "is not the next of its account, which is "+strconv.Itoa(len(a.moves)+1))
	}
	if a.ids[m.id] {
		r.bad("transaction_id", "is there already for this account")
	}
	if d := r.text("direction"); d != "credit" && d != "debit" {
		r.bad("direction", "is not credit or debit")
	}
	m.classify(r)
	for _, field := range []string{"counterparty_bank", "counterparty_account"} {
		if r.text(field) != "" && m.rail != railInterbank {
			r.bad(field, "belongs to transfers only")
		}
	}
	a.ids[m.id] = true
	a.moves = append(a.moves, m)
	if m.balance.LessThan(a.limit.Neg()) {
		a.limit = m.balance.Neg()
	}
}

// classify tells what the bank posted itself, by the purpose whatever the
// operation says, from what went by a rail.
func (m *move) classify(r *row) {
	name, purpose := r.text("operation"), r.text("purpose")
	way, known := passages()[name]
	if name != "" && !known {
		r.bad("operation", "is not one the bank had")
	}
	if own, ok := postings()[purpose]; ok {
		m.purpose = string(own)
		return
	}
	m.rail, m.purpose = way.rail, purpose
	switch {
	case !purposes()[purpose]:
		r.bad("purpose", "is not one the bank had")
	case name == "":
		r.bad("operation", "is required unless the bank itself posted")
	case known && way.credit != m.credit:
		r.bad("direction", "is not that of the operation")
	}
}
