package storetest

import (
	"strings"

	"github.com/onbehalf/onbehalf/operations"
)

func keyCases() []testCase {
	return []testCase{
		{"a change whose key is taken is not stored, and the verdict brings the entry that has it", func(b *bundle) {
			p := b.book(maria)
			first, holder := p.plain(""), p.plain(key(1))
			p.commit(first, holder, p.plain(key(2)))
			before := p.state()
			v := b.send(p.run(p.noise(1, "2")))[0]
			b.lost(v, 0, operations.KeyTaken)
			p.takenBy(v, holder.Entry)
			b.same(p.state(), before, "a change whose key was taken has changed the book")
		}},
		{"the changes before a taken key are stored, it and those after it are not", func(b *bundle) {
			p := b.book(maria)
			holder := p.write(operations.Entry{Key: key(2)})
			p.commit(holder)
			changes := []operations.Change{p.noise(5, "2"), p.noise(6, "2"), p.noise(2, "2"), p.noise(10, "2"), p.noise(8, "2")}
			changes[2].Erase = []string{"customer"}
			v := b.send(p.run(changes...))[0]
			b.lost(v, 2, operations.KeyTaken)
			p.takenBy(v, holder.Entry)
			b.same(p.state(), p.model(append([]operations.Change{holder}, changes[:2]...)), "the book after a prefix won")
		}},
		{"a run can go on after the prefix that won", func(b *bundle) {
			p := b.book(maria)
			p.commit(p.plain(key(1)))
			kept := p.plain(key(2))
			b.lost(b.send(p.run(kept, p.plain(key(1)), p.plain(key(3))))[0], 1, operations.KeyTaken)
			p.head = operations.Head{Seq: kept.Entry.Seq, Hash: kept.Entry.Hash}
			p.tip = p.head
			p.commit(p.plain(key(3)))
		}},
		{"a key that an earlier change of the same run takes is taken", func(b *bundle) {
			p := b.book(maria)
			changes := []operations.Change{p.plain(""), p.plain(key(1)), p.plain(key(2)), p.plain(key(1)), p.plain(key(3))}
			v := b.send(p.run(changes...))[0]
			b.lost(v, 3, operations.KeyTaken)
			p.takenBy(v, changes[1].Entry)
			b.same(p.state(), p.model(changes[:3]), "the book after a prefix won")
		}},
		{"an entry without a key takes none", func(b *bundle) {
			p := b.book(maria)
			p.fill(3)
			found, err := b.store.Find(b.ctx, p.id, operations.Want{Key: ""})
			b.ok(err, "find")
			if found.Key != nil {
				b.Fatalf("the empty key is taken by entry %d", found.Key.Seq)
			}
		}},
		{"a key of one book is free in another, also in the same call", func(b *bundle) {
			p, q := b.book(maria), b.book(joao)
			p.commit(p.plain(key(1)))
			q.commit(q.plain(key(1)))
			for _, v := range b.send(p.run(p.plain(key(2))), q.run(q.plain(key(2)))) {
				b.won(v, 1)
			}
		}},
		{"keys are compared byte by byte", func(b *bundle) {
			p := b.book(maria)
			keys := []string{
				"key", "Key", "KEY", "key ", " key", "k%", "k_", "k'", `k\`, "k\x7f", "é", "e\u0301", "ß", "ss", "1", "01", "1.0",
				strings.Repeat("k", 255), strings.Repeat("k", 256),
			}
			holders := make([]operations.Sealed, len(keys))
			for i, k := range keys {
				c := p.plain(k)
				holders[i] = c.Entry
				p.commit(c)
			}
			for i, k := range keys {
				found, err := b.store.Find(b.ctx, p.id, operations.Want{Key: k})
				b.ok(err, "find")
				if found.Key == nil || found.Key.Seq != holders[i].Seq {
					b.Fatalf("key %q is not found at entry %d: %v", k, holders[i].Seq, found.Key)
				}
				v := b.send(p.run(p.fork().plain(k)))[0]
				b.lost(v, 0, operations.KeyTaken)
				p.takenBy(v, holders[i])
			}
		}},
		{"a stale run is stale, whoever has its key", func(b *bundle) {
			p := b.book(maria)
			late := p.fork()
			p.commit(p.plain(key(1)))
			b.lost(b.send(late.run(late.plain(key(1)), late.plain(key(2))))[0], 0, operations.Stale)
		}},
	}
}

func (p *pen) takenBy(v operations.Verdict, holder operations.Sealed) {
	p.Helper()
	if v.Taken == nil {
		p.Fatalf("the verdict does not bring the entry that has the key")
	}
	p.same(sealedLine(*v.Taken), sealedLine(holder), "the entry that has the key")
}
