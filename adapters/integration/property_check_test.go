package integration_test

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/onbehalf/onbehalf/accounts"
	"github.com/onbehalf/onbehalf/operations"
	"github.com/onbehalf/onbehalf/tenancy"
)

// faults is what fails a check: testing.T and rapid.T alike.
type faults interface {
	Helper()
	Fatalf(format string, args ...any)
}

// check holds the store of a world against the model after a step, and against
// the promises that need no model.
func (w *world) check(t faults, m *model, s step, out outcome) {
	t.Helper()
	if strings.Contains(out.Note, "Failed:") && out.Class != "ok" { // I35
		t.Fatalf("%s: %+v", w.name, out)
	}
	ctx := context.Background()
	heads := map[operations.BookID]operations.Head{}
	for _, tenant := range []tenancy.TenantID{"acme", "zeta"} {
		all, err := w.store.Heads(ctx, tenant, "", 100)
		must(err)
		for _, h := range all {
			heads[operations.BookID{Tenant: tenant, Customer: h.Customer}] = h.Head
		}
	}
	if len(heads) != len(m.books) {
		t.Fatalf("%s: %d books in the store, %d in the model", w.name, len(heads), len(m.books))
	}
	for _, id := range m.ids() {
		b := m.books[id]
		if heads[id].Seq != b.seq {
			t.Fatalf("%s: book %s is at entry %d, the model at %d", w.name, id, heads[id].Seq, b.seq)
		}
		if !m.touched[id] { // I22: nothing leaks into another book; a command without effect leaves its own as it was
			if heads[id] != w.seen[id] {
				t.Fatalf("%s: book %s moved and had no part in the step", w.name, id)
			}
			if id == s.Book {
				if _, now := w.projection(id); now != w.before[id] {
					t.Fatalf("%s: a step without effect left\n%s\nwhere there was\n%s", w.name, now, w.before[id])
				}
			}
			continue
		}
		w.checkBook(t, m, b, s)
		w.checkJournal(t, b, s, out)
		p, text := w.projection(id)
		w.checkRows(t, b, p, out)
		w.seen[id], w.before[id] = heads[id], text
	}
}

// checkBook holds what people read of a book against the model.
func (w *world) checkBook(t faults, m *model, b *modelBook, s step) {
	t.Helper()
	ctx := context.Background()
	if now := later(m.clock, b.at); b.person != "" && m.operators[operatorOf{b.id.Tenant, adminOf(b.id.Tenant)}].person == b.person || now.IsZero() {
		return
	}
	read := w.eng.Book(w.look(b.id))
	views, err := read.Accounts(ctx)
	must(err)
	if len(views) != len(b.accounts) {
		t.Fatalf("%s: %d accounts, the model has %d", w.name, len(views), len(b.accounts))
	}
	for _, v := range views {
		a := b.accounts[string(v.ID)]
		if a == nil {
			t.Fatalf("%s: account %s is not in the model", w.name, v.ID)
		}
		got := fmt.Sprint(v.Asset, v.Posted, " ", v.Held, " ", v.DebtLimit, " ", v.Status())
		want := fmt.Sprint(a.asset, textOf(a.posted), " ", textOf(a.held), " ", textOf(a.limit), " ", a.standing())
		if got != want { // I2
			t.Fatalf("%s: account %s is %s, the model says %s", w.name, v.ID, got, want)
		}
		if a.available().Sign() >= 0 {
			a.fact = false
		} else if !a.fact { // I3
			t.Fatalf("%s: account %s is at %s and no fact from outside took it there", w.name, v.ID, textOf(a.available()))
		}
	}
	holds, err := read.Holds(ctx)
	must(err)
	held := map[string]string{}
	for _, h := range holds {
		held[h.Operation+" "+string(h.Account)] = h.Amount.String()
		must(h.Validate())
	}
	open := 0
	for _, o := range b.ops { // I7: what an operation holds is its need while it is open, and nothing after
		if o.hold.Sign() == 0 {
			continue
		}
		open++
		if held[o.id+" "+o.from] != textOf(o.hold) {
			t.Fatalf("%s: %s holds %q on %s, the model says %s", w.name, o.id, held[o.id+" "+o.from], o.from, textOf(o.hold))
		}
	}
	if open != len(holds) {
		t.Fatalf("%s: %d holds, the model has %d", w.name, len(holds), open)
	}
	incidents, err := read.Incidents(ctx)
	must(err)
	var got, want []string
	for _, i := range incidents {
		got = append(got, fmt.Sprint(i.Opened, i.Code, i.Operation))
	}
	for _, i := range b.incidents {
		want = append(want, fmt.Sprint(i.seq, i.code, i.op))
	}
	slices.Sort(got)
	if !slices.Equal(got, tidy(want)) {
		t.Fatalf("%s: incidents are %v, the model says %v", w.name, got, want)
	}
	if s.Op != "" && b.ops[s.Op] != nil { // I32: what was just changed is read as it is
		o, err := read.Operation(ctx, operations.OperationID(s.Op))
		must(err)
		if want := b.ops[s.Op]; string(o.State) != want.state || o.Version != want.version {
			t.Fatalf("%s: %s is %s at %d, the model says %s at %d", w.name, s.Op, o.State, o.Version, want.state, want.version)
		}
	}
}

// checkJournal holds the entries that are new against what no entry may be.
func (w *world) checkJournal(t faults, b *modelBook, s step, out outcome) {
	t.Helper()
	from := w.seen[b.id]
	sealed, err := w.store.Journal(context.Background(), b.id, from.Seq, 1000)
	must(err)
	for _, line := range sealed {
		if line.Seq != from.Seq+1 || line.Prev != from.Hash || sha256.Sum256(line.Bytes) != line.Hash { // I29, I30
			t.Fatalf("%s: entry %d does not follow entry %d", w.name, line.Seq, from.Seq)
		}
		from = operations.Head{Seq: line.Seq, Hash: line.Hash}
		var e operations.Entry
		must(json.Unmarshal(line.Bytes, &e))
		if e.Tenant != b.id.Tenant || e.Customer != b.id.Customer || e.At.After(b.at) || len(e.Actors) == 0 || e.Policy != "test" { // I28
			t.Fatalf("%s: entry %s", w.name, line.Bytes)
		}
		if system := e.Actors[0].Kind == tenancy.System; !system && e.Action != operations.ActOpen {
			sc := w.scope(s)
			switch {
			case e.Actors[0].ID != s.By, e.Key != s.Key, e.RequestID != "r-"+s.Key, e.Reason != sc.Reason(), e.Channel != tenancy.ChannelAPI,
				e.Grant == "" && len(e.Refused) == 0:
				t.Fatalf("%s: entry does not tell who, why and how: %s", w.name, line.Bytes)
			}
			if (len(e.Refused) > 0) != (out.Class == "refused") {
				t.Fatalf("%s: %+v was told, %s recorded", w.name, out, line.Bytes)
			}
		} else if system && e.Grant != "" {
			t.Fatalf("%s: the engine acts under a grant: %s", w.name, line.Bytes)
		}
		if err := accounts.Balanced(e.Effects.Postings); err != nil { // I1
			t.Fatalf("%s: entry %d: %v", w.name, e.Seq, err)
		}
		for _, p := range e.Effects.Postings { // I8
			if id, ok := p.Ref.Account(); ok && b.accounts[string(id)] == nil {
				t.Fatalf("%s: entry %d posts to account %s of somebody else", w.name, e.Seq, id)
			}
		}
		if len(e.Refused) > 0 && string(mustJSON(e.Effects)) != "{}" {
			t.Fatalf("%s: a refusal with effects: %s", w.name, line.Bytes)
		}
		if strings.Contains(strings.ToLower(string(line.Bytes)), "canary") {
			t.Fatalf("%s: personal data in the journal: %s", w.name, line.Bytes)
		}
		recorded := slices.Contains(b.refused, e.Seq)
		if recorded != (len(e.Refused) > 0) {
			t.Fatalf("%s: the model says refused=%v of %s", w.name, recorded, line.Bytes)
		}
	}
}

func mustJSON(v any) []byte {
	b, err := json.Marshal(v)
	must(err)
	return b
}

// checkRows holds the derived rows against the model.
func (w *world) checkRows(t faults, b *modelBook, p operations.Projection, out outcome) {
	t.Helper()
	sums := map[string]fig{}
	for _, r := range p.Balances {
		f := figOf(accounts.Canonical(r.Posted))
		if sums[r.Asset] == nil {
			sums[r.Asset] = nought()
		}
		sums[r.Asset] = plus(sums[r.Asset], f)
		if id, ok := r.Ref.Account(); ok {
			a := b.accounts[string(id)]
			if a == nil || a.posted.Cmp(f) != 0 || textOf(a.held) != accounts.Canonical(r.Held) || textOf(a.limit) != accounts.Canonical(r.DebtLimit) {
				t.Fatalf("%s: row %+v, the model has %+v", w.name, r, a)
			}
		} else if b.posted(string(r.Ref), r.Asset).Cmp(f) != 0 {
			t.Fatalf("%s: row %+v, the model has %s", w.name, r, textOf(b.posted(string(r.Ref), r.Asset)))
		}
	}
	for asset, sum := range sums { // I1
		if sum.Sign() != 0 {
			t.Fatalf("%s: all of %s sum to %s", w.name, asset, textOf(sum))
		}
	}
	if len(p.Operations) != len(b.ops) {
		t.Fatalf("%s: %d operations, the model has %d", w.name, len(p.Operations), len(b.ops))
	}
	for _, r := range p.Operations { // I9: state and version are exactly where the graph leads
		o := b.ops[string(r.ID)]
		if o == nil {
			t.Fatalf("%s: operation %+v is not in the model", w.name, r)
		}
		got := fmt.Sprint(r.Kind, r.State, r.Version, r.Created, " ", r.Updated, r.Asset, r.From, r.To, accounts.Canonical(r.Amount), r.Maker, r.Due.UnixMicro())
		want := fmt.Sprint(o.kind, o.state, o.version, o.created, " ", o.updated, o.asset, o.from, o.to, textOf(o.amount), o.maker, o.due().UnixMicro())
		if got != want {
			t.Fatalf("%s: operation %s is\n%s, the model says\n%s", w.name, o.id, got, want)
		}
	}
	keys := 0
	for _, k := range p.Keys { // I15
		if strings.HasPrefix(k.Key, "~") {
			continue
		}
		keys++
		if _, ok := b.keys[k.Key]; !ok {
			t.Fatalf("%s: key %q is taken and should not be (%+v)", w.name, k.Key, out)
		}
	}
	burned := 0
	for k := range b.keys {
		if !strings.HasPrefix(k, "~") {
			burned++
		}
	}
	if keys != burned {
		t.Fatalf("%s: %d keys are taken, the model says %d", w.name, keys, burned)
	}
}

// final verifies every book and walks every list, at the end of a run.
func (w *world) final(t faults, m *model) {
	t.Helper()
	ctx := context.Background()
	for _, id := range m.ids() {
		b := m.books[id]
		read := w.eng.Book(w.look(id))
		v, err := read.Verify(ctx)
		must(err)
		if !v.Sound() || v.Entries != b.seq {
			t.Fatalf("%s: book %s: %d entries, faults %v", w.name, id, v.Entries, v.Faults)
		}
		w.walk(t, b, step{Limits: 3})
		if _, now := w.projection(id); w.before[id] != "" && now != w.before[id] {
			t.Fatalf("%s: book %s changed unseen", w.name, id)
		}
	}
}

// walk reads History and every Statement page by page: each row comes exactly once.
func (w *world) walk(t faults, b *modelBook, s step) {
	t.Helper()
	ctx := context.Background()
	read := w.eng.Book(w.look(b.id))
	filter := operations.HistoryFilter{}
	keep := func(*modelOp) bool { return true }
	switch s.Filter {
	case "completed":
		filter.States, keep = []operations.State{operations.Completed}, func(o *modelOp) bool { return o.state == "completed" }
	case "transfer":
		filter.Kinds, keep = []string{"transfer"}, func(o *modelOp) bool { return o.kind == "transfer" }
	case "small":
		most := amountOf("1000")
		filter.Max, keep = &most, func(o *modelOp) bool { return o.amount.Cmp(figOf("1000")) <= 0 }
	}
	var got, want []string
	for cursor, pages := "", 0; ; pages++ {
		page, err := read.History(ctx, filter, cursor, s.Limits)
		must(err)
		if len(page.Items) > s.Limits || pages > 2000 {
			t.Fatalf("%s: page %d of %d has %d", w.name, pages, s.Limits, len(page.Items))
		}
		for _, o := range page.Items {
			got = append(got, string(o.ID)+string(o.State))
		}
		if cursor = page.Next; cursor == "" {
			break
		}
	}
	for _, o := range b.operations() {
		if keep(o) {
			want = append(want, o.id+o.state)
		}
	}
	if !slices.Equal(got, want) { // I32
		t.Fatalf("%s: history is %v, the model says %v", w.name, got, want)
	}
	for id, a := range b.accounts {
		var lines []modelLine
		for cursor := ""; ; {
			page, err := read.Statement(ctx, operations.StatementFilter{Account: accounts.Customer(accounts.ID(id))}, cursor, s.Limits)
			must(err)
			for _, p := range page.Items {
				lines = append(lines, modelLine{p.Seq, accounts.Canonical(p.Amount), accounts.Canonical(p.Balance)})
			}
			if cursor = page.Next; cursor == "" {
				break
			}
		}
		slices.Reverse(lines)
		if !slices.Equal(lines, a.lines) {
			t.Fatalf("%s: statement of %s is %v, the model says %v", w.name, id, lines, a.lines)
		}
	}
}
