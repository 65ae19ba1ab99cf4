package integration_test

import (
	"fmt"
	"reflect"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/onbehalf/onbehalf/accounts"
	"github.com/onbehalf/onbehalf/operations"
	"github.com/onbehalf/onbehalf/tenancy"
)

// askStore asks every method of a store about the own book or the own tenant,
// with the ids of others. Projection is what the book's rows were.
func (i *isolation) askStore(store operations.Store, head operations.Head, projection operations.Projection) {
	i.t.Helper()
	ctx, self, zeta := i.t.Context(), i.self, i.foreign[1:]
	asked := map[string]bool{"Claim": true} // in hold: the worker sees the queue of all by design
	ask := func(method string, foreign []operations.BookID, call func() (any, error)) {
		asked[method] = true
		i.ask(method, foreign, func() []any {
			v, err := call()
			if err != nil {
				return []any{v, err}
			}
			return []any{v}
		})
	}
	mark := canary(i.foreign[0])

	ask("Load", i.foreign, func() (any, error) { return store.Load(ctx, self, 0) })
	ask("Load", i.foreign, func() (any, error) { return store.Load(ctx, self, -operations.MaxTail) }) // far enough for a snapshot
	for _, want := range []operations.Want{
		{Key: "k"},
		{Operation: "op"},
		{Operator: "ana"},
		{Key: mark + "key"},
		{Operation: operations.OperationID(mark + "op")},
		{Key: "k", Operation: "op", Operator: "ana"},
	} {
		ask("Find", i.foreign, func() (any, error) { return store.Find(ctx, self, want) })
	}
	for _, q := range []operations.HistoryQuery{
		{Limit: 200},
		{Limit: 200, Account: "acc"},
		{Limit: 200, Kinds: []string{mark + "kind"}},
		{Limit: 200, Before: 3},
		{Limit: 1},
		{Limit: 200, Asset: mark + "asset", Maker: tenancy.OperatorID(mark + "maker"), States: operations.States(), Since: at, Until: at.Add(time.Hour)},
	} {
		ask("History", i.foreign, func() (any, error) { return store.History(ctx, self, q) })
	}
	for _, ref := range []accounts.Ref{"acc", accounts.Ref(mark + "acc"), accounts.Suspense} {
		ask("Statement", i.foreign, func() (any, error) {
			return store.Statement(ctx, self, operations.StatementQuery{Ref: ref, Limit: 100})
		})
	}
	ask("Journal", i.foreign, func() (any, error) { return store.Journal(ctx, self, 0, 1000) })
	ask("Personal", i.foreign, func() (any, error) { return store.Personal(ctx, self) })
	ask("Projection", i.foreign, func() (any, error) { return store.Projection(ctx, self) })
	for _, q := range []operations.CustomerQuery{
		{Limit: 200}, {Limit: 200, Operator: "ana", Now: at}, {Limit: 200, Search: "canary"}, {Limit: 200, Search: canary(zeta[0])},
	} {
		ask("Customers", zeta, func() (any, error) { return store.Customers(ctx, self.Tenant, q) })
	}
	// Heads hold no text: those of other tenants show by their number.
	ask("Heads", zeta, func() (any, error) {
		heads, err := store.Heads(ctx, self.Tenant, "", 200)
		if i.w.text("SELECT count(*) FROM "+i.w.schema+".books WHERE tenant = 'acme'") != itoa(len(heads)) {
			return canary(zeta[0]), err
		}
		return heads, err
	})
	ask("Positions", zeta, func() (any, error) {
		return store.Positions(ctx, self.Tenant, operations.PositionQuery{Limit: 200})
	})
	for _, ref := range []accounts.Ref{accounts.IncomeFees, accounts.Clearing("bank"), accounts.Clearing(canary(zeta[0]))} {
		ask("PositionBooks", zeta, func() (any, error) {
			return store.PositionBooks(ctx, self.Tenant, operations.PositionBooksQuery{PositionPlace: operations.PositionPlace{Ref: ref, Asset: "BRL"}, Limit: 200})
		})
	}
	for _, q := range []operations.WaitingQuery{{Limit: 200}, {Limit: 200, Operator: "ana", Now: at}} {
		ask("Waiting", zeta, func() (any, error) { return store.Waiting(ctx, self.Tenant, q) })
	}
	ask("Parked", zeta, func() (any, error) { return store.Parked(ctx, self.Tenant, operations.TicketPlace{}, 200) })
	place := operations.TicketPlace{Customer: self.Customer, Topic: operations.TopicWork}
	for _, op := range []operations.OperationID{"op", operations.OperationID(mark + "op"), operations.OperationID(canary(zeta[0]) + "op")} {
		place.Operation = op
		ask("Requeue", i.foreign, func() (any, error) { return store.Requeue(ctx, self.Tenant, place, at) })
		ask("Settle", i.foreign, func() (any, error) {
			return nil, store.Settle(ctx, operations.Ticket{TicketPlace: place, Tenant: self.Tenant, Holder: "w"}, operations.Settlement{Ready: at})
		})
	}
	box := operations.Ticket{TicketPlace: operations.TicketPlace{Customer: self.Customer, Topic: operations.TopicOutbox}, Tenant: self.Tenant, Holder: "w"}
	for _, delivered := range []int64{1, 1000} {
		ask("Settle", i.foreign, func() (any, error) {
			return nil, store.Settle(ctx, box, operations.Settlement{Delivered: delivered, Ready: at})
		})
	}
	ask("Rebuild", i.foreign, func() (any, error) { return nil, store.Rebuild(ctx, self, head, projection) })
	i.askWrites(store, head, ask)

	for m := range reflect.TypeFor[operations.Store]().Methods() {
		require.True(i.t, asked[m.Name], "%s of a store is not asked", m.Name)
	}
}

// askWrites stores changes of the own book under ids that others have, which
// must all win, and some that lose in every way there is.
func (i *isolation) askWrites(store operations.Store, head operations.Head, ask func(string, []operations.BookID, func() (any, error))) {
	i.t.Helper()
	ctx := i.t.Context()
	commit := func(run operations.Run) func() (any, error) {
		return func() (any, error) { return store.Commit(ctx, []operations.Run{run}) }
	}
	first := i.change(head, "k-2")
	ask("Commit", i.foreign, func() (any, error) {
		verdicts, err := store.Commit(ctx, []operations.Run{{Book: i.self, From: head, Changes: []operations.Change{first}}})
		if err != nil || verdicts[0].Won != 1 {
			i.leaks = append(i.leaks, fmt.Sprintf("Commit is hindered: %+v: %v", verdicts, err))
		}
		return verdicts, err
	})
	now := operations.Head{Seq: first.Entry.Seq, Hash: first.Entry.Hash}
	ask("Commit", i.foreign, commit(operations.Run{Book: i.self, From: head, Changes: []operations.Change{first}}))               // again
	ask("Commit", i.foreign, commit(operations.Run{Book: i.self, From: head, Changes: []operations.Change{i.change(head, "")}}))  // stale
	ask("Commit", i.foreign, commit(operations.Run{Book: i.self, Changes: []operations.Change{i.change(operations.Head{}, "")}})) // from the beginning
	ask("Commit", i.foreign, commit(operations.Run{Book: i.self, From: now, Changes: []operations.Change{i.change(now, "k-2")}})) // the key is taken
	ask("Commit", i.foreign, commit(operations.Run{
		Book: i.self, From: now, Changes: []operations.Change{i.change(now, "")}, Relies: []operations.Reliance{{Operator: "ana", Version: 99}}, // outdated
	}))
	ask("Turn", i.foreign, func() (any, error) {
		var seen operations.Loaded
		v, err := store.Turn(ctx, i.self, 0, func(l operations.Loaded) (operations.Run, error) {
			seen = l
			return operations.Run{Book: i.self, From: l.Head, Changes: []operations.Change{i.change(l.Head, "turn")}}, nil
		})
		return []any{seen, v}, err
	})
}

// change touches rows of every sort under ids that foreign books have.
func (i *isolation) change(from operations.Head, key string) operations.Change {
	seq := from.Seq + 1
	sealed, err := operations.Seal(&operations.Entry{
		Format: operations.Format, Tenant: i.self.Tenant, Customer: i.self.Customer, Seq: seq, At: at, Prev: from.Hash, Action: operations.ActSubmit,
		Actors: []tenancy.Actor{{Kind: tenancy.OperatorActor, ID: "ana", Person: "p"}}, Key: key, Operation: "op", RequestID: fmt.Sprint(seq, key),
	})
	require.NoError(i.t, err)
	return operations.Change{
		Entry: sealed,
		Operations: []operations.OperationRow{{ // done: its ticket goes
			ID: "op", Created: 1, Updated: seq, Version: 2, State: operations.Completed, Kind: "deposit", Asset: "BRL", Maker: "ana", CreatedAt: at,
		}},
		Postings: []operations.PostingRow{{Seq: seq, At: at, Operation: "op", Ref: "acc", Asset: "BRL"}},
		Balances: []operations.BalanceRow{{Ref: "acc", Asset: "BRL", Seq: seq}},
		Personal: []operations.PersonalRow{{Subject: "customer", Salt: []byte("s"), Value: []byte("v")}},
		Erase:    []string{"customer"},
		Snapshot: &operations.Snapshot{Seq: from.Seq, Hash: from.Hash, Bytes: []byte("{}")},
	}
}
