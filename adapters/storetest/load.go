package storetest

import (
	"bytes"
	"fmt"
	"strings"

	"github.com/onbehalf/onbehalf/operations"
)

func loadCases() []testCase {
	return []testCase{
		{"a book without entries has the zero head and nothing else", func(b *bundle) {
			p := b.book(maria)
			for _, since := range []int64{0, 5} {
				p.loads(since, operations.Loaded{})
			}
			p.stands(operations.Head{})
			b.same(p.state(), projectionText(operations.Projection{})+"\njournal\n", "a book that was never opened")
			rows, err := b.store.Personal(b.ctx, p.id)
			b.ok(err, "personal")
			history, err := b.store.History(b.ctx, p.id, operations.HistoryQuery{Limit: 5})
			b.ok(err, "history")
			statement, err := b.store.Statement(b.ctx, p.id, operations.StatementQuery{Ref: "acc-1", Limit: 5})
			b.ok(err, "statement")
			if len(rows)+len(history.Items)+len(statement.Items) > 0 || history.More || statement.More {
				b.Fatalf("lists of a book that was never opened are not empty")
			}
		}},
		{"a load brings the entries after since up to the head", func(b *bundle) {
			p := b.book(maria)
			all := p.fill(operations.MaxTail)
			for _, since := range []int64{0, 1, 31, operations.MaxTail - 1, operations.MaxTail} {
				p.loads(since, operations.Loaded{Head: p.head, Tail: all[since:]})
			}
		}},
		{"a load over more than MaxTail entries brings the newest snapshot and the entries after it", func(b *bundle) {
			p := b.book(maria)
			all, newest := p.withSnapshots(150)
			if newest.Seq != 128 {
				b.Fatalf("the newest snapshot of the case is at %d", newest.Seq)
			}
			fresh := operations.Loaded{Head: p.head, Snapshot: newest, Tail: all[128:]}
			p.loads(0, fresh)
			p.loads(85, fresh) // 65 entries after it
			p.loads(86, operations.Loaded{Head: p.head, Tail: all[86:]})
			p.loads(150, operations.Loaded{Head: p.head})
		}},
		{"a book without a snapshot is loaded by its entries after since, however many", func(b *bundle) {
			p := b.book(maria)
			all := p.fill(operations.MaxTail + 10)
			p.loads(0, operations.Loaded{Head: p.head, Tail: all})
			p.loads(3, operations.Loaded{Head: p.head, Tail: all[3:]})
		}},
		{"a snapshot comes back byte by byte, and a newer one replaces it", func(b *bundle) {
			p := b.book(maria)
			all := p.fill(70)
			for i, raw := range [][]byte{{0, 1, 0xff, 0xfe, 0}, bytes.Repeat([]byte("snapshot \x00'\\"), 9000)} {
				c := p.plain("")
				c.Snapshot = &operations.Snapshot{Seq: p.head.Seq, Hash: p.head.Hash, Bytes: raw}
				p.commit(c)
				all = append(all, c.Entry)
				p.loads(0, operations.Loaded{Head: p.head, Snapshot: c.Snapshot, Tail: all[70+i:]})
			}
		}},
		{"entries come back byte by byte and open", func(b *bundle) {
			p := b.book(maria)
			for i, reason := range []string{"", "naïve 日本語 \u00e9 e\u0301 'quoted' \"twice\" \\ % _ ;--", strings.Repeat("long ", 100_000)} {
				p.commit(p.write(operations.Entry{
					Reason: reason, Key: key(i), Operation: "op-1",
					Fingerprint: operations.Hash{1, 0, 255}, Action: "account.open",
				}))
			}
			l, err := b.store.Load(b.ctx, p.id, 0)
			b.ok(err, "load")
			for _, s := range l.Tail {
				if _, err := s.Open(); err != nil {
					b.Fatalf("entry %d does not open after the round trip: %v", s.Seq, err)
				}
			}
			b.same(sealedText(p.journal()), sealedText(l.Tail), "journal and load")
		}},
	}
}

// withSnapshots stores n entries with a snapshot every MaxTail, as an engine
// does, and gives the newest.
func (p *pen) withSnapshots(n int) ([]operations.Sealed, *operations.Snapshot) {
	p.Helper()
	var newest *operations.Snapshot
	changes := make([]operations.Change, n)
	all := make([]operations.Sealed, n)
	for i := range changes {
		before := p.tip
		changes[i] = p.plain("")
		if before.Seq > 0 && before.Seq%operations.MaxTail == 0 {
			newest = &operations.Snapshot{Seq: before.Seq, Hash: before.Hash, Bytes: fmt.Appendf(nil, "snapshot\x00 %d", before.Seq)}
			changes[i].Snapshot = newest
		}
		all[i] = changes[i].Entry
	}
	p.commit(changes...)
	return all, newest
}

func (p *pen) loads(since int64, want operations.Loaded) {
	p.Helper()
	got, err := p.store.Load(p.ctx, p.id, since)
	p.ok(err, "load")
	p.same(loadedText(got), loadedText(want), "load")
}
