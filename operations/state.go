package operations

import (
	"time"

	"github.com/shopspring/decimal"

	"github.com/onbehalf/onbehalf/accounts"
	"github.com/onbehalf/onbehalf/customer"
	"github.com/onbehalf/onbehalf/tenancy"
)

// Folded is a book as its journal leaves it: what is open, and nothing else.
// Final operations and used keys are in the store. It is immutable: Fold makes
// a new one, so any number of goroutines may read it.
type Folded struct {
	id   BookID
	head Head
	at   time.Time // of the newest entry

	openedAt time.Time // of the first entry
	openedBy tenancy.OperatorID

	customer   CustomerEffect
	personal   table[string, Hash]
	operators  table[tenancy.OperatorID, *tenancy.Operator] // house only
	grants     table[tenancy.GrantID, *tenancy.Grant]
	currencies table[string, bool]
	accounts   table[accounts.ID, *accounts.Account]
	freezes    table[string, *Frozen]
	settings   table[string, *keptSetting]
	counters   table[string, *counter]
	holds      table[holdKey, decimal.Decimal]
	system     []systemBalance // few; in the order of first use
	open       table[OperationID, *Operation]
	large      int // how many of the open ones are large
	waiting    int // how many of the open ones wait for approval
	incidents  table[IncidentID, *Incident]
	refusals   table[tenancy.OperatorID, refusals]
}

type holdKey string

func keyOfHold(op OperationID, acc accounts.ID) holdKey {
	return holdKey(string(op) + ":" + string(acc))
}

type systemBalance struct {
	Ref    accounts.Ref    `json:"ref"`
	Asset  string          `json:"asset"`
	Posted accounts.Amount `json:"posted"`
}

// refusals counts what was recorded for one operator in one minute.
type refusals struct {
	Minute int64 `json:"minute"` // Unix minute
	Count  int   `json:"count"`
}

// Empty is the book before its first entry.
func Empty(id BookID) *Folded { return &Folded{id: id} }

// ID is the book's.
func (f *Folded) ID() BookID { return f.id }

// Head is the end of the journal this was folded from.
func (f *Folded) Head() Head { return f.head }

// At is the time of the newest entry; zero before the first.
func (f *Folded) At() time.Time { return f.at }

// Status is the customer's.
func (f *Folded) Status() customer.Status { return f.customer.Status }

// systemPosted is the posted balance of a system account of the book.
func (f *Folded) systemPosted(ref accounts.Ref, asset string) decimal.Decimal {
	for i := range f.system {
		if f.system[i].Ref == ref && f.system[i].Asset == asset {
			return f.system[i].Posted.Decimal
		}
	}
	return decimal.Decimal{}
}

// size estimates the bytes this takes in memory, for the cache's bound.
func (f *Folded) size() int64 {
	const fixed = 1024
	return fixed + 96*int64(f.personal.len()+f.currencies.len()+f.grants.len()+f.refusals.len()) + 512*int64(f.operators.len()+f.freezes.len()) +
		640*int64(f.accounts.len()) + 128*int64(f.holds.len()+len(f.system)) + 2048*int64(f.open.len()) + 256*int64(f.incidents.len()) + f.settingsSize() + 96*int64(f.dated())
}

// settingsSize counts the bodies twice: as they are kept, and as they were read.
func (f *Folded) settingsSize() int64 {
	n := 512 * int64(f.settings.len())
	for _, s := range f.settings.all {
		n += 2 * int64(len(s.Body))
	}
	return n
}

// Caps bound what may be open in one book at a time, so that a decision, a
// load and a snapshot stay small. A command that would exceed one is refused
// with code book_full. A zero field takes the default in brackets; at most 4096
// of each, 65536 operators.
type Caps struct {
	Accounts   int // accounts of any status [256]
	Open       int // operations that are not final [1000]
	Grants     int // grants that are not revoked [256]
	Operators  int // operators of the firm, in the house's book [4096]
	Currencies int // assets ever enabled [256]
	Settings   int // settings of all kinds [256]
}

func (c Caps) defaulted() Caps {
	set := func(n *int, d int) {
		if *n == 0 {
			*n = d
		}
	}
	set(&c.Accounts, 256)
	set(&c.Open, 1000)
	set(&c.Grants, 256)
	set(&c.Operators, 4096)
	set(&c.Currencies, 256)
	set(&c.Settings, 256)
	return c
}
