package integration_test

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/onbehalf/onbehalf/operations"
	"github.com/onbehalf/onbehalf/tenancy"
)

// modelTicket is where an operation stands in the queue.
type modelTicket struct {
	updated int64 // of the operation when the ticket was made
	ready   time.Time
	tries   int
	parked  bool
}

// wait is the operation's ticket, made anew when the operation has changed.
func (o *modelOp) wait() *modelTicket {
	if o.ticket.updated != o.updated {
		o.ticket = modelTicket{updated: o.updated, ready: o.due()}
	}
	return &o.ticket
}

// claimedOp is an operation as it was claimed.
type claimedOp struct {
	b      *modelBook
	o      *modelOp
	ticket modelTicket
}

// held tells whether the ticket is still the one that was claimed.
func (c claimedOp) held() bool {
	return !c.o.due().IsZero() && c.o.wait().updated == c.ticket.updated
}

// claim hands out what is ready, tenant by tenant in turns.
func (m *model) claim(limit int) []claimedOp {
	of := map[tenancy.TenantID][]claimedOp{}
	for _, id := range m.ids() {
		b := m.books[id]
		for _, o := range b.ops {
			if o.due().IsZero() {
				continue
			}
			if t := o.wait(); !t.parked && !t.ready.After(m.clock) {
				of[id.Tenant] = append(of[id.Tenant], claimedOp{b, o, *t})
			}
		}
	}
	tenants := slices.SortedFunc(maps.Keys(of), func(x, y tenancy.TenantID) int {
		if past := x > m.served; past != (y > m.served) {
			if past {
				return -1
			}
			return 1
		}
		return cmp.Compare(x, y)
	})
	for _, tenant := range tenants {
		slices.SortFunc(of[tenant], func(x, y claimedOp) int {
			return cmp.Or(x.ticket.ready.Compare(y.ticket.ready), x.b.id.Compare(y.b.id), cmp.Compare(x.o.id, y.o.id))
		})
	}
	var items []claimedOp
	for turn := 0; ; turn++ {
		before := len(items)
		for _, tenant := range tenants {
			if turn < len(of[tenant]) && len(items) < limit {
				items, m.served = append(items, of[tenant][turn]), tenant
			}
		}
		if len(items) == before {
			break
		}
	}
	for i := range items {
		t := items[i].o.wait()
		t.tries++
		items[i].ticket.tries = t.tries
	}
	return items
}

// failed leaves the ticket alone, and in the end parks it.
func (m *model) failed(c claimedOp, done *operations.Done) {
	tries := c.ticket.tries
	if tries >= 8 {
		done.Parked++
	}
	if !c.held() {
		return
	}
	t := c.o.wait()
	t.tries, t.parked, t.ready = tries, tries >= 8, m.clock.Add(min(30*time.Second<<(tries-1), time.Hour))
}

// later leaves the ticket alone for a quarter of the time it has waited.
func (m *model) later(c claimedOp) {
	if c.held() {
		t := c.o.wait()
		t.tries, t.ready = 0, m.clock.Add(min(max(m.clock.Sub(c.o.due())/4, 30*time.Second), time.Hour))
	}
}

// work does what is due.
func (m *model) work(s step) outcome {
	const atOnce = 32
	var done operations.Done
	seen := map[*modelOp]bool{}
	for {
		items := m.claim(atOnce)
		m.workOn(s, items, seen, &done)
		if len(items) < atOnce {
			return outcome{Class: "ok", Note: fmt.Sprintf("%+v", done)}
		}
	}
}

func (m *model) workOn(s step, items []claimedOp, seen map[*modelOp]bool, done *operations.Done) {
	var books []*modelBook
	expiring := map[*modelBook][]claimedOp{}
	for _, it := range items {
		if seen[it.o] {
			t := it.o.wait()
			t.tries, t.ready = t.tries-1, m.clock.Add(30*time.Second)
			continue
		}
		seen[it.o] = true
		switch it.o.state {
		case "prepared":
			if expiring[it.b] == nil {
				books = append(books, it.b)
			}
			expiring[it.b] = append(expiring[it.b], it)
		case "scheduled":
			m.release(s, it, done)
		default:
			m.resolve(s, it, done)
		}
	}
	for _, b := range books {
		now, ok := m.now(b)
		if !ok {
			done.Stuck++
			for _, it := range expiring[b] {
				m.failed(it, done)
			}
			continue
		}
		m.entry(b, now)
		for _, it := range expiring[b] {
			m.move(b, it.o, "expired")
			done.Expired++
		}
	}
}

// release lets a scheduled operation go.
func (m *model) release(s step, it claimedOp, done *operations.Done) {
	now, ok := m.now(it.b)
	if !ok {
		done.Stuck++
		m.failed(it, done)
		return
	}
	done.Released++
	m.entry(it.b, now)
	if len(it.b.judge(it.o, true)) > 0 {
		m.move(it.b, it.o, "failed")
		return
	}
	d := &modelDecision{m: m, b: it.b, now: now}
	d.begin(it.o, false)
	if it.o.state != "executing" || !m.clock.Before(it.o.sendBy) {
		return
	}
	if _, ok := m.answered(it.b, it.o, s.Send, "x0"); !ok {
		done.Stuck++
	} else if it.o.final() {
		done.Resolved++
	} else {
		done.Unresolved++
	}
}

// resolve asks the provider how the operation stands.
func (m *model) resolve(s step, it claimedOp, done *operations.Done) {
	mode := s.Ask
	if mode == "not found" && it.o.provider() == "bank" { // sent again, under the same reference
		mode = s.Send
	}
	seq := it.b.seq
	_, ok := m.answered(it.b, it.o, mode, "x0")
	unusable := slices.Contains([]string{"timeout", "panic", "garbage", "unreadable"}, mode)
	switch {
	case !ok:
		done.Stuck++
		m.failed(it, done)
	case it.o.final():
		done.Resolved++
	case unusable && it.b.seq == seq:
		done.Unresolved++
		m.failed(it, done)
	default:
		done.Unresolved++
		m.later(it)
	}
}
