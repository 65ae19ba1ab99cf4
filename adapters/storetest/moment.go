package storetest

import (
	"fmt"
	"sync/atomic"

	"github.com/shopspring/decimal"

	"github.com/onbehalf/onbehalf/operations"
)

// oneMoment has writers move money between two refs while readers hold every
// read against itself.
func oneMoment(b *bundle) {
	const writes = 150
	id := b.book(maria).id
	var done atomic.Bool
	b.race(4, func(i int) error {
		if i == 0 {
			defer done.Store(true)
			return moveMoney(b.book(maria), writes)
		}
		for reading := true; reading; {
			reading = !done.Load() // one more time after the last write
			if err := b.readOnce(id); err != nil {
				return err
			}
		}
		return nil
	})
	b.chained(b.book(maria).journal(), writes)
}

// moveMoney stores entries that each move 1 from acc-2 to acc-1, with a
// snapshot as often as an engine makes one.
func moveMoney(p *pen, n int) error {
	for i := range n {
		c := p.write(operations.Entry{Key: key(i), Operation: op(i)})
		seq := c.Entry.Seq
		sum := decimal.NewFromInt(seq)
		c.Operations = []operations.OperationRow{{
			ID: op(0), Created: 1, Updated: seq, Version: seq, State: operations.Executing, Kind: "k", Asset: "BRL", Amount: sum, Maker: ana, CreatedAt: at(1),
		}}
		one := decimal.NewFromInt(1)
		c.Postings = []operations.PostingRow{
			{Seq: seq, N: 0, At: at(seq), Operation: op(0), Ref: "acc-1", Asset: "BRL", Amount: one, Balance: sum},
			{Seq: seq, N: 1, At: at(seq), Operation: op(0), Ref: "acc-2", Asset: "BRL", Amount: one.Neg(), Balance: sum.Neg()},
		}
		c.Balances = []operations.BalanceRow{{Ref: "acc-1", Asset: "BRL", Posted: sum, Seq: seq}, {Ref: "acc-2", Asset: "BRL", Posted: sum.Neg(), Seq: seq}}
		if seq > 1 && seq%operations.MaxTail == 1 {
			c.Snapshot = &operations.Snapshot{Seq: seq - 1, Hash: c.Entry.Prev, Bytes: []byte("snapshot")}
		}
		v, err := p.trySend(p.run(c))
		if err != nil {
			return err
		}
		if v[0].Loss != operations.NotLost {
			return fmt.Errorf("entry %d was lost: %q", seq, v[0].Loss)
		}
		p.head = p.tip
	}
	return nil
}

// readOnce reads the book in every way and checks each answer against itself.
func (b *bundle) readOnce(id operations.BookID) error {
	loaded, err := b.store.Load(b.ctx, id, 0)
	if err != nil {
		return fmt.Errorf("load: %w", err)
	}
	last := operations.Head{}
	if loaded.Snapshot != nil {
		last = operations.Head{Seq: loaded.Snapshot.Seq, Hash: loaded.Snapshot.Hash}
	}
	for _, e := range loaded.Tail {
		if e.Seq != last.Seq+1 || e.Prev != last.Hash {
			return fmt.Errorf("load: entry %d does not follow entry %d", e.Seq, last.Seq)
		}
		last = operations.Head{Seq: e.Seq, Hash: e.Hash}
	}
	if last != loaded.Head {
		return fmt.Errorf("load: the tail ends at %d, the head is %d", last.Seq, loaded.Head.Seq)
	}
	found, err := b.store.Find(b.ctx, id, operations.Want{Operation: op(0), Key: key(0)})
	if err != nil {
		return fmt.Errorf("find: %w", err)
	}
	if o := found.Operation; found.Head.Seq > 0 && (o == nil || o.Row.Updated != found.Head.Seq || o.Entry.Seq != found.Head.Seq || found.Key == nil) {
		return fmt.Errorf("find: what was found is not of head %d", found.Head.Seq)
	}
	p, err := b.store.Projection(b.ctx, id)
	if err != nil {
		return fmt.Errorf("projection: %w", err)
	}
	n := p.Head.Seq
	if int64(len(p.Postings)) != 2*n || int64(len(p.Keys)) != n || n > 0 && (len(p.Balances) != 2 || p.Operations[0].Version != n) {
		return fmt.Errorf("projection at head %d: %d postings, %d keys, %d balances", n, len(p.Postings), len(p.Keys), len(p.Balances))
	}
	for _, r := range p.Balances {
		if !r.Posted.Abs().Equal(decimal.NewFromInt(n)) {
			return fmt.Errorf("projection at head %d: %s", n, balanceLine(r))
		}
	}
	page, err := b.store.History(b.ctx, id, operations.HistoryQuery{Limit: 5})
	if err != nil {
		return fmt.Errorf("history: %w", err)
	}
	for _, item := range page.Items {
		if item.Row.Updated != item.Entry.Seq {
			return fmt.Errorf("history: operation of entry %d comes with entry %d", item.Row.Updated, item.Entry.Seq)
		}
	}
	return nil
}
