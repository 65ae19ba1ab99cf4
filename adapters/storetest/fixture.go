package storetest

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/shopspring/decimal"

	"github.com/onbehalf/onbehalf/accounts"
	"github.com/onbehalf/onbehalf/operations"
	"github.com/onbehalf/onbehalf/tenancy"
)

// patience is how often a call that asks to be repeated is repeated.
const patience = 1000

// epoch is the time of every book's entry 0.
func epoch() time.Time { return time.Date(2026, time.March, 1, 9, 0, 0, 123456000, time.UTC) }

func at(seq int64) time.Time { return epoch().Add(time.Duration(seq) * time.Second) }

// dec reads an amount that the suite itself has written.
func dec(text string) decimal.Decimal {
	d, err := accounts.ParseSigned(text, accounts.MaxScale)
	if err != nil {
		panic(fmt.Sprintf("amount %q: %v", text, err))
	}
	return d
}

// digest is the hash of what its parts look like.
func digest(parts ...any) operations.Hash { return sha256.Sum256(fmt.Append(nil, parts...)) }

// pen writes the entries of one book: head is what the store is thought to
// have, tip the newest entry written, stored or not.
type pen struct {
	*bundle
	id     operations.BookID
	head   operations.Head
	tip    operations.Head
	born   map[operations.OperationID]int64 // seq of an operation's first entry
	author string                           // equal entries would be one entry, however many write them
}

func (b *bundle) book(customer tenancy.CustomerID) *pen { return b.bookOf(own, customer) }

func (b *bundle) bookOf(tenant tenancy.TenantID, customer tenancy.CustomerID) *pen {
	p := &pen{bundle: b, id: operations.BookID{Tenant: tenant, Customer: customer}, born: make(map[operations.OperationID]int64)}
	return p.fork()
}

// fork gives another pen at the same place, for a rival.
func (p *pen) fork() *pen {
	rival := *p
	rival.author = strconv.FormatInt(p.pens.Add(1), 10)
	return &rival
}

// write seals the next entry of the book. Fields that place it are filled in.
func (p *pen) write(e operations.Entry) operations.Change {
	p.Helper()
	e.Format, e.Tenant, e.Customer = operations.Format, p.id.Tenant, p.id.Customer
	e.Seq, e.Prev = p.tip.Seq+1, p.tip.Hash
	if e.At.IsZero() {
		e.At = at(e.Seq)
	}
	if e.RequestID == "" {
		e.RequestID = p.author
	}
	if e.Action == "" {
		e.Action = operations.ActExecute
	}
	e.Actors = []tenancy.Actor{{Kind: tenancy.OperatorActor, ID: "ana", Person: "p1"}}
	sealed, err := operations.Seal(&e)
	if err != nil {
		p.Fatalf("seal entry %d: %v", e.Seq, err)
	}
	p.tip = operations.Head{Seq: sealed.Seq, Hash: sealed.Hash}
	return operations.Change{Entry: sealed}
}

// plain writes an entry that has nothing but a key.
func (p *pen) plain(key string) operations.Change {
	p.Helper()
	return p.write(operations.Entry{Key: key})
}

// run gives the changes as a run on the head the pen knows.
func (p *pen) run(changes ...operations.Change) operations.Run {
	return operations.Run{Book: p.id, From: p.head, Changes: changes}
}

// commit stores the changes, which must win.
func (p *pen) commit(changes ...operations.Change) {
	p.Helper()
	v := p.send(p.run(changes...))[0]
	p.won(v, len(changes))
	last := changes[len(changes)-1].Entry
	p.head = operations.Head{Seq: last.Seq, Hash: last.Hash}
}

// fill stores n plain entries.
func (p *pen) fill(n int) []operations.Sealed {
	p.Helper()
	changes := make([]operations.Change, n)
	sealed := make([]operations.Sealed, n)
	for i := range changes {
		changes[i] = p.plain("")
		sealed[i] = changes[i].Entry
	}
	if n > 0 {
		p.commit(changes...)
	}
	return sealed
}

// send commits the runs as an engine does: what had no effect is repeated, what
// is in doubt is sent again as it was.
func (b *bundle) send(runs ...operations.Run) []operations.Verdict {
	b.Helper()
	verdicts, err := b.trySend(runs...)
	if err != nil {
		b.Fatalf("commit: %v", err)
	}
	return verdicts
}

// trySend is send for goroutines that may not end the test.
func (b *bundle) trySend(runs ...operations.Run) ([]operations.Verdict, error) {
	for range patience {
		verdicts, err := b.store.Commit(b.ctx, runs)
		if errors.Is(err, tenancy.ErrUnavailable) || errors.Is(err, tenancy.ErrUnknownOutcome) {
			continue
		}
		if err == nil && len(verdicts) != len(runs) {
			return nil, fmt.Errorf("%d verdicts for %d runs", len(verdicts), len(runs))
		}
		return verdicts, err
	}
	return nil, fmt.Errorf("the store asked %d times to repeat", patience)
}

func (b *bundle) won(v operations.Verdict, n int) {
	b.Helper()
	if v.Won != n || v.Loss != operations.NotLost {
		b.Fatalf("verdict is %d won, loss %q; want %d won and no loss", v.Won, v.Loss, n)
	}
}

func (b *bundle) lost(v operations.Verdict, n int, loss operations.Loss) {
	b.Helper()
	if v.Won != n || v.Loss != loss {
		b.Fatalf("verdict is %d won, loss %q; want %d won, loss %q", v.Won, v.Loss, n, loss)
	}
}

// ok ends the test when a call failed that must not.
func (b *bundle) ok(err error, doing string) {
	b.Helper()
	if err != nil {
		b.Fatalf("%s: %v", doing, err)
	}
}

// same compares two texts line by line and shows the first lines that differ.
func (b *bundle) same(got, want, what string) {
	b.Helper()
	if got == want {
		return
	}
	g, w := strings.Split(got, "\n"), strings.Split(want, "\n")
	i := 0
	for i < min(len(g), len(w)) && g[i] == w[i] {
		i++
	}
	line := func(lines []string) string {
		if i >= len(lines) {
			return "(nothing)"
		}
		return lines[i]
	}
	b.Fatalf("%s: line %d of %d, want %d:\n got  %s\n want %s", what, i+1, len(g), len(w), line(g), line(w))
}

// stands checks that the store has exactly this head.
func (p *pen) stands(want operations.Head) {
	p.Helper()
	found, err := p.store.Find(p.ctx, p.id, operations.Want{})
	p.ok(err, "find")
	if found.Head != want {
		p.Fatalf("head of %s is %d %s, want %d %s", p.id, found.Head.Seq, found.Head.Hash, want.Seq, want.Hash)
	}
}

func (p *pen) projection() operations.Projection {
	p.Helper()
	proj, err := p.store.Projection(p.ctx, p.id)
	p.ok(err, "projection")
	return proj
}

// journal reads every entry of the book, in pages.
func (p *pen) journal() []operations.Sealed {
	p.Helper()
	var all []operations.Sealed
	for {
		after := int64(0)
		if len(all) > 0 {
			after = all[len(all)-1].Seq
		}
		page, err := p.store.Journal(p.ctx, p.id, after, 50)
		p.ok(err, "journal")
		if len(page) == 0 {
			return all
		}
		if len(page) > 50 {
			p.Fatalf("a page of 50 entries has %d", len(page))
		}
		all = append(all, page...)
	}
}

// state is all the store knows of the book, as text.
func (p *pen) state() string {
	p.Helper()
	return projectionText(p.projection()) + "\njournal\n" + sealedText(p.journal())
}
