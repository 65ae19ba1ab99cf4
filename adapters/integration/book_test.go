package integration_test

import (
	"strconv"
	"testing"
	"time"

	"github.com/shopspring/decimal"
	"github.com/stretchr/testify/require"

	"github.com/onbehalf/onbehalf/accounts"
	"github.com/onbehalf/onbehalf/customer"
	"github.com/onbehalf/onbehalf/operations"
	"github.com/onbehalf/onbehalf/tenancy"
)

// at is the time of everything here.
var at = time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC) //nolint:gochecknoglobals // never changed

// book writes one customer's journal the way an engine would, row for row.
type book struct {
	id   operations.BookID
	head operations.Head
}

func newBook(c tenancy.CustomerID) *book {
	return &book{id: operations.BookID{Tenant: "acme", Customer: c}}
}

// change is the next deposit of the book, with every sort of row.
func (b *book) change() operations.Change {
	seq := b.head.Seq + 1
	op := operations.OperationID("op-" + string(b.id.Customer) + "-" + strconv.FormatInt(seq, 10))
	key := "key-" + strconv.FormatInt(seq, 10)
	sealed, err := operations.Seal(&operations.Entry{
		Format: operations.Format, Tenant: b.id.Tenant, Customer: b.id.Customer, Seq: seq, At: at, Prev: b.head.Hash,
		Action: operations.ActSubmit, Actors: []tenancy.Actor{{Kind: tenancy.OperatorActor, ID: "ana", Person: "p1"}}, Key: key, Operation: op,
	})
	if err != nil {
		panic(err)
	}
	amount, name := decimal.RequireFromString("12.5"), "Maria"
	return operations.Change{
		Entry: sealed,
		Operations: []operations.OperationRow{{
			ID: op, Created: seq, Updated: seq, Version: 1, State: operations.Scheduled, Kind: "deposit", Asset: "BRL",
			To: "account", Amount: amount, Maker: "ana", CreatedAt: at, Due: at.Add(time.Hour),
		}},
		Postings: []operations.PostingRow{
			{Seq: seq, N: 0, At: at, Operation: op, Ref: "account", Asset: "BRL", Amount: amount, Balance: amount},
			{Seq: seq, N: 1, At: at, Operation: op, Ref: accounts.Clearing("bank"), Asset: "BRL", Amount: amount.Neg(), Balance: amount.Neg()},
		},
		Balances: []operations.BalanceRow{
			{Ref: "account", Asset: "BRL", Posted: amount, Seq: seq},
			{Ref: accounts.Clearing("bank"), Asset: "BRL", Posted: amount.Neg(), Seq: seq},
		},
		Customer: &operations.CustomerRow{
			Type: customer.Individual, Status: customer.Active, Country: "BR", Name: &name,
			OpenedAt: at, OpenedBy: "ana", UpdatedAt: at, UpdatedBy: "ana",
		},
		Grants:   []operations.GrantRow{{Grant: tenancy.Grant{ID: "g1", Operator: "ana", Permissions: tenancy.NewPermissions(tenancy.View)}}},
		Personal: []operations.PersonalRow{{Subject: "customer", Salt: []byte("salt"), Value: []byte("value")}},
		Snapshot: &operations.Snapshot{Seq: b.head.Seq, Hash: b.head.Hash, Bytes: []byte("{}")},
	}
}

func (b *book) run(changes ...operations.Change) operations.Run {
	return operations.Run{Book: b.id, From: b.head, Changes: changes}
}

// commit stores one more change, which must win.
func (b *book) commit(t *testing.T, store operations.Store) {
	t.Helper()
	c := b.change()
	verdicts, err := store.Commit(t.Context(), []operations.Run{b.run(c)})
	require.NoError(t, err)
	require.Equal(t, []operations.Verdict{{Won: 1}}, verdicts)
	b.head = operations.Head{Seq: c.Entry.Seq, Hash: c.Entry.Hash}
}

// stands holds the stored book against what was committed, and against itself.
func (b *book) stands(t *testing.T, store operations.Store) {
	t.Helper()
	loaded, err := store.Load(t.Context(), b.id, 0)
	require.NoError(t, err)
	require.Equal(t, b.head, loaded.Head)
	p, err := store.Projection(t.Context(), b.id)
	require.NoError(t, err)
	require.Equal(t, b.head, p.Head)
	n := int(b.head.Seq)
	require.Len(t, loaded.Tail, n)
	require.Len(t, p.Operations, n)
	require.Len(t, p.Postings, 2*n)
	require.Len(t, p.Keys, n)
	require.Len(t, p.Balances, min(2*n, 2))
	require.Len(t, p.Grants, min(n, 1))
	require.Len(t, p.Personal, min(n, 1))
	require.Equal(t, n > 0, p.Customer != nil)
	require.Equal(t, n > 0, p.Snapshot != nil)
}

func itoa(n int) string { return strconv.Itoa(n) }
