package integration_test

import (
	"cmp"
	"fmt"
	"reflect"
	"slices"
	"time"

	"github.com/onbehalf/onbehalf/operations"
	"github.com/onbehalf/onbehalf/tenancy"
)

// step is one thing that happens: a command, an answer, a reading, time.
type step struct {
	Do      string
	Book    operations.BookID
	By, Key string
	// of an order or a modification
	Kind, From, To, Amount, Via, Purpose string
	NotBefore                            time.Time
	// of what is there already
	Op      string
	Version int64
	// of administrative changes
	Account, Status, Currency, Limit, Directions, Person, Operator, Grant string
	Bare, Enabled, Everyone                                               bool
	Permissions                                                           tenancy.Permissions
	Expires                                                               time.Time
	Seq                                                                   int64
	// of providers and time
	Send, Ask, Provider string
	Advance             time.Duration
	Limits              int
	Filter              string
}

// String leaves out what the step does not use.
func (s step) String() string {
	text := ""
	v := reflect.ValueOf(s)
	for i := range v.NumField() {
		if f := v.Field(i); !f.IsZero() {
			text += fmt.Sprintf("%s=%v ", v.Type().Field(i).Name, f.Interface())
		}
	}
	return text
}

// modelDecision is what the model makes of one command.
type modelDecision struct {
	m       *model
	b       *modelBook
	by      string
	now     time.Time
	refused []string
	class   string   // an error without an entry
	codes   []string // of it
	effect  func(got outcome) outcome
	after   func(outcome) outcome // once the entry is durable
}

func (d *modelDecision) refuse(codes ...string) { d.refused = append(d.refused, codes...) }

func (d *modelDecision) fail(class string, codes ...string) { d.class, d.codes = class, codes }

// command takes a command of an operator through the same gates as any.
func (m *model) command(s step, finger string, got outcome, needs []tenancy.Permission, decide func(*modelDecision)) outcome {
	b := m.books[s.Book]
	if m.scopes[scopeOf{s.By, s.Book}] == nil {
		return outcome{Class: "refused", Codes: []string{"scope_required scope"}}
	}
	now, ok := m.now(b)
	if !ok {
		return outcome{Class: "unavailable"}
	}
	if code := m.access(s.By, b, now); code != "" {
		return outcome{Class: "refused", Codes: []string{code}}
	}
	d := &modelDecision{m: m, b: b, by: s.By, now: now}
	for _, need := range needs {
		if !m.may(s.By, b, now, need) {
			d.refuse("permission_missing permission:" + need.String())
		}
	}
	decide(d)
	finger = s.Do + " " + s.By + " " + finger
	if taken, ok := b.keys[s.Key]; ok {
		if taken.finger != finger {
			return outcome{Class: "conflict", Codes: []string{"key_reused"}}
		}
		out := taken.out
		out.Replayed = out.Class == "ok"
		return out
	}
	switch {
	case d.class != "":
		return outcome{Class: d.class, Codes: d.codes}
	case len(d.refused) > 0:
		out := outcome{Class: "refused", Codes: tidy(d.refused)}
		minute := now.Unix() / 60
		count := b.refusals[s.By]
		if count.minute != minute {
			count = modelRefusals{minute: minute}
		}
		if count.count >= 20 {
			b.suppressed[s.By]++
			return out
		}
		count.count++
		m.entry(b, now)
		b.refusals[s.By] = count
		b.suppressed[s.By] = 0
		b.refused = append(b.refused, b.seq)
		b.keys[s.Key] = modelKey{finger, out}
		return out
	}
	m.entry(b, now)
	out := outcome{Class: "ok"}
	if d.effect != nil {
		out = d.effect(got)
	}
	b.keys[s.Key] = modelKey{finger, out}
	if d.after != nil {
		out = d.after(out)
	}
	return out
}

func told(o *modelOp) outcome {
	return outcome{Class: "ok", ID: o.id, State: o.state, Version: o.version}
}

// apply gives what must come of a step and brings the model to it. Only ids
// that the engine draws are taken from what it told.
func (m *model) apply(s step, got outcome) outcome {
	clear(m.touched)
	b := m.books[s.Book]
	switch s.Do {
	case "advance":
		m.clock = m.clock.Add(s.Advance)
		return outcome{Class: "ok"}
	case "enter":
		return m.enter(s.By, b)
	case "reopen":
		clear(m.scopes)
		for _, b := range m.books {
			clear(b.suppressed)
		}
		return outcome{Class: "ok"}
	case "prepare", "submit":
		return m.ask(s, got)
	case "execute", "cancel", "modify":
		return m.on(s, got)
	case "report":
		return m.report(s, got)
	case "work":
		return m.work(s)
	}
	return m.manage(s, got)
}

func (s step) order() *modelOp {
	return &modelOp{
		kind: s.Kind, from: s.From, to: s.To, amount: figOf(s.Amount), via: s.Via, purpose: s.Purpose,
		notBefore: s.NotBefore, maker: s.By, hold: nought(),
	}
}

// malformed tells what no book has to be asked about.
func (o *modelOp) malformed() bool {
	digits, _ := shape(o.amount)
	return o.amount.Sign() <= 0 || digits > 38
}

// invalid tells what is malformed for this book's accounts or for the kind.
func (b *modelBook) invalid(o *modelOp) bool {
	switch o.kind {
	case "deposit":
		if o.to == "" || o.from != "" {
			return true
		}
	case "withdrawal":
		if o.from == "" || o.to != "" {
			return true
		}
	case "transfer":
		if o.from == "" || o.to == "" || o.from == o.to || o.via != "" {
			return true
		}
	case "adjustment":
		if (o.from == "") == (o.to == "") || o.via != "" || !slices.Contains([]string{"fee", "interest", "penalty", "correction"}, o.purpose) {
			return true
		}
	}
	_, places := shape(o.amount)
	for _, id := range []string{o.from, o.to} {
		if a := b.accounts[id]; a != nil && places > a.scale {
			return true
		}
	}
	return false
}

func (o *modelOp) content() string {
	return fmt.Sprint(o.kind, "|", o.from, "|", o.to, "|", textOf(o.amount), "|", o.via, "|", o.purpose, "|", o.notBefore.UnixMicro())
}

func (d *modelDecision) permitKind(o *modelOp) {
	if o.kind == "adjustment" && !d.m.may(d.by, d.b, d.now, tenancy.Adjust) {
		d.refuse("permission_missing permission:adjust")
	}
}

func (m *model) ask(s step, got outcome) outcome {
	o := s.order()
	if m.scopes[scopeOf{s.By, s.Book}] != nil && o.malformed() {
		return outcome{Class: "invalid"}
	}
	needs := []tenancy.Permission{tenancy.Prepare}
	if s.Do == "submit" {
		needs = append(needs, tenancy.Execute)
	}
	return m.command(s, o.content(), got, needs, func(d *modelDecision) {
		if d.b.invalid(o) {
			d.fail("invalid")
			return
		}
		d.permitKind(o)
		d.refuse(d.b.judge(o, false)...)
		d.effect = func(got outcome) outcome {
			o.id, o.created = got.ID, d.b.seq
			d.b.ops[o.id] = o
			d.price(o)
			if s.Do == "prepare" {
				o.expires = d.now.Add(15 * time.Minute)
				m.move(d.b, o, "prepared")
				return told(o)
			}
			d.begin(o, true)
			return told(o)
		}
		d.after = m.dispatch(d.b, o, s.Send)
	})
}

func (d *modelDecision) price(o *modelOp) {
	o.asset = d.b.accounts[cmp.Or(o.from, o.to)].asset
}

func (d *modelDecision) begin(o *modelOp, command bool) {
	switch {
	case command && o.notBefore.After(d.now):
		d.m.move(d.b, o, "scheduled")
	case o.inside():
		d.m.move(d.b, o, "completed")
	default:
		o.sent, o.sendBy = true, d.now.Add(10*time.Second)
		d.m.move(d.b, o, "executing")
	}
}

// dispatch is what the provider says at once, after the intent is durable.
func (m *model) dispatch(b *modelBook, o *modelOp, mode string) func(outcome) outcome {
	return func(out outcome) outcome {
		if o.state != "executing" {
			return out
		}
		m.answered(b, o, mode, "x0")
		return told(o)
	}
}

func (m *model) on(s step, got outcome) outcome {
	b := m.books[s.Book]
	change := s.order()
	if m.scopes[scopeOf{s.By, s.Book}] != nil {
		digits, _ := shape(change.amount)
		if s.Do == "modify" && (change.amount.Sign() < 0 || digits > 38) || s.Version < 1 {
			return outcome{Class: "invalid"}
		}
	}
	finger := fmt.Sprint(s.Op, "@", s.Version)
	need := map[string]tenancy.Permission{"execute": tenancy.Execute, "cancel": tenancy.Cancel, "modify": tenancy.Modify}[s.Do]
	if s.Do == "modify" {
		finger += change.content()
	}
	return m.command(s, finger, got, []tenancy.Permission{need}, func(d *modelDecision) {
		o := b.ops[s.Op]
		if o == nil {
			d.fail("not found")
			return
		}
		if o.version != s.Version {
			d.fail("conflict", "stale_version", o.id, o.state, fmt.Sprint(o.version))
			return
		}
		switch s.Do {
		case "execute":
			d.execute(o, s)
		case "cancel":
			if o.state != "prepared" && o.state != "scheduled" {
				d.refuse("state_forbids operation:" + o.id)
			}
			d.effect = func(outcome) outcome { m.move(b, o, "cancelled"); return told(o) }
		case "modify":
			d.modify(o, change)
		}
	})
}

func (d *modelDecision) execute(o *modelOp, s step) {
	if o.state != "prepared" {
		d.refuse("state_forbids operation:" + o.id)
		return
	}
	if !d.now.Before(o.expires) {
		d.refuse("terms_expired operation:" + o.id)
	}
	d.permitKind(o)
	d.refuse(d.b.judge(o, false)...)
	d.effect = func(outcome) outcome { d.begin(o, true); return told(o) }
	d.after = d.m.dispatch(d.b, o, s.Send)
}

// modified is the operation with other content.
func (o *modelOp) modified(change *modelOp) *modelOp {
	n := *o
	if change.amount.Sign() != 0 {
		n.amount = change.amount
	}
	n.from, n.to = cmp.Or(change.from, o.from), cmp.Or(change.to, o.to)
	n.via, n.purpose = cmp.Or(change.via, o.via), cmp.Or(change.purpose, o.purpose)
	if !change.notBefore.IsZero() {
		n.notBefore = change.notBefore
	}
	return &n
}

func (d *modelDecision) modify(o, change *modelOp) {
	if o.state != "prepared" && o.state != "scheduled" {
		d.refuse("state_forbids operation:" + o.id)
		return
	}
	n := *o.modified(change)
	expired := !o.expires.IsZero() && !d.now.Before(o.expires)
	if n.content() == o.content() && !expired {
		d.fail("invalid")
		return
	}
	if d.b.invalid(&n) {
		d.fail("invalid")
		return
	}
	if o.state == "scheduled" { // it keeps its accounts and its way
		for field, moved := range map[string]bool{"from": n.from != o.from, "to": n.to != o.to, "via": n.via != o.via} {
			if moved {
				d.refuse("field_fixed field:" + field)
			}
		}
	}
	d.permitKind(&n)
	own := n
	if n.from != o.from { // what is held on another account helps nothing
		own.hold = nought()
	}
	d.refuse(d.b.judge(&own, false)...)
	d.effect = func(outcome) outcome {
		if n.from != o.from {
			a := d.b.accounts[o.from]
			a.held = minus(a.held, o.hold)
			n.hold = nought()
		}
		*o = n
		d.price(o)
		if o.state == "prepared" {
			o.expires = d.now.Add(15 * time.Minute)
		}
		d.m.move(d.b, o, o.state)
		return told(o)
	}
}

// finality of the provider that honours no references.
const wireFinality = time.Minute

// answered takes in what a provider says of an intent; false when the clock
// forbids. It gives the reversal it made, now or before.
func (m *model) answered(b *modelBook, o *modelOp, mode, external string) (reversal *modelOp, ok bool) {
	now, ok := m.now(b)
	if !ok {
		return nil, false
	}
	key := "~" + mode + external + ":" + o.id
	fresh := func(key string) bool {
		if _, taken := b.keys[key]; taken {
			return false
		}
		m.entry(b, now)
		b.keys[key] = modelKey{finger: external}
		return true
	}
	incident := func(code string, op *modelOp) {
		b.incidents = append(b.incidents, modelIncident{b.seq, code, op.id})
	}
	ended := func(to string) {
		switch {
		case o.inDoubt():
			if fresh(key) {
				m.move(b, o, to)
			}
		case o.state == "completed":
			if fresh(key) {
				incident("contradicting_answer", o)
			}
		}
	}
	silence := func() {
		if o.state == "executing" {
			m.entry(b, now)
			m.move(b, o, "unresolved")
		}
	}
	switch mode {
	case "timeout", "panic", "garbage", "unreadable":
		silence()
	case "settle":
		switch {
		case o.inDoubt():
			_, taken := b.keys[key]
			switch {
			case taken:
			case b.keepable(o, 1):
				fresh(key)
				m.move(b, o, "completed")
				b.left(o, incident)
			case o.state == "executing": // said again it may fit: no key is used up
				m.entry(b, now)
				incident("amount_out_of_range", o)
				m.move(b, o, "unresolved")
			}
		case o.state != "completed":
			if fresh(key) {
				incident("contradicting_answer", o)
			}
		}
	case "other amount", "other asset":
		if fresh(key) {
			incident("answer_mismatch", o)
			if o.state == "executing" {
				m.move(b, o, "unresolved")
			}
		}
	case "refuse":
		ended("failed")
	case "call off":
		ended("cancelled")
	case "not found":
		switch {
		case !o.inDoubt():
		case o.provider() == "bank" || now.Before(o.sendBy.Add(10*time.Second).Add(wireFinality)):
			silence()
		default:
			m.entry(b, now)
			m.move(b, o, "failed")
		}
	case "reverse other amount": // moves nothing, and is not in the way of the true one
		if fresh(key) {
			incident("answer_mismatch", o)
		}
	case "reverse":
		return m.reversed(b, o, external, fresh, incident), true
	}
	return nil, true
}

func (m *model) reversed(b *modelBook, o *modelOp, external string, fresh func(string) bool, incident func(string, *modelOp)) *modelOp {
	key := "~reversal:" + o.id
	if o.inDoubt() {
		if fresh(key) {
			m.move(b, o, "failed")
		}
		return nil
	}
	if taken, ok := b.keys[key]; ok {
		if taken.finger == external {
			return o.reversal
		}
		if fresh(key + ":" + external) {
			incident("reversed_twice", o)
		}
		return nil
	}
	if o.state != "completed" {
		return nil
	}
	if !b.keepable(o, -1) { // told again it may fit: no key is used up
		now, _ := m.now(b)
		m.entry(b, now)
		incident("amount_out_of_range", o)
		return nil
	}
	fresh(key)
	r := &modelOp{
		id: "reversal of " + o.id, kind: "reversal", parent: o.id, from: o.to, to: o.from, amount: o.amount, hold: nought(),
		via: o.via, asset: o.asset, maker: "report", created: b.seq,
	}
	b.ops[r.id], o.reversal = r, r
	m.move(b, r, "completed")
	if r.from != "" {
		b.accounts[r.from].fact = true
	}
	b.left(r, incident)
	return r
}

// left opens an incident for each account that a fact leaves below its limit or
// moved money on though it is closed.
func (b *modelBook) left(o *modelOp, incident func(string, *modelOp)) {
	for _, id := range []string{o.from, o.to} {
		if id == "" {
			continue
		}
		if b.accounts[id].available().Sign() < 0 {
			incident("account_overdrawn", o)
		}
		if b.accounts[id].status == "closed" {
			incident("account_closed", o)
		}
	}
}

func (m *model) report(s step, got outcome) outcome {
	b := m.books[s.Book]
	o := b.ops[s.Op]
	if o == nil || !o.sent || o.provider() != s.Provider {
		return outcome{Class: "not found"}
	}
	before := b.seq
	reversal, ok := m.answered(b, o, s.Send, s.Key)
	if !ok {
		return outcome{Class: "unavailable"}
	}
	if unusable := s.Send == "garbage" || s.Send == "unreadable"; unusable && b.seq == before {
		return outcome{Class: "invalid"}
	}
	if reversal == nil {
		return told(o)
	}
	if reversal.id != got.ID && got.ID != "" && b.ops[got.ID] == nil { // its id is the engine's to say
		delete(b.ops, reversal.id)
		for i := range b.incidents {
			if b.incidents[i].op == reversal.id {
				b.incidents[i].op = got.ID
			}
		}
		reversal.id = got.ID
		b.ops[reversal.id] = reversal
	}
	return told(reversal)
}
