package integration_test

import (
	"cmp"
	"maps"
	"math/big"
	"slices"
	"time"

	"github.com/onbehalf/onbehalf/operations"
	"github.com/onbehalf/onbehalf/tenancy"
)

// model is what the firm's promises say must be in the books: plain maps and
// integers, nothing of the engine's.
type model struct {
	clock     time.Time
	books     map[operations.BookID]*modelBook
	operators map[operatorOf]*modelOperator
	scopes    map[scopeOf]*modelScope
	touched   map[operations.BookID]bool // by the step at hand
	served    tenancy.TenantID           // whose turn in the queue was last
}

type operatorOf struct {
	tenant   tenancy.TenantID
	operator string
}

type scopeOf struct {
	by   string
	book operations.BookID
}

type modelOperator struct {
	person    string
	suspended bool
	grants    []*modelGrant // for everyone
}

type modelGrant struct {
	id, operator string
	permissions  tenancy.Permissions
	expires      time.Time
	revoked      bool
}

type modelScope struct {
	permissions tenancy.Permissions
	expires     time.Time
}

type modelBook struct {
	id         operations.BookID
	seq        int64
	at         time.Time
	status     string
	person     string
	accounts   map[string]*modelAccount
	ops        map[string]*modelOp
	keys       map[string]modelKey
	grants     []*modelGrant
	currencies map[string]bool
	system     map[[2]string]fig
	incidents  []modelIncident
	refusals   map[string]modelRefusals
	suppressed map[string]int64
	refused    []int64 // seqs of recorded refusals
}

type modelRefusals struct{ minute, count int64 }

type modelIncident struct {
	seq      int64
	code, op string
}

type modelAccount struct {
	id, asset, status, directions string
	scale                         int
	configured                    bool
	posted, held, limit           fig
	lines                         []modelLine
	fact                          bool // a fact from outside took it below its limit
}

type modelLine struct {
	seq             int64
	amount, balance string
}

type modelOp struct {
	id, kind, from, to, via, purpose string
	asset, state, maker, parent      string
	amount, hold                     fig
	notBefore, expires, sendBy       time.Time
	version, created, updated        int64
	sent                             bool // has a reference
	reversal                         *modelOp
	ticket                           modelTicket
}

type modelKey struct {
	finger string
	out    outcome
}

// outcome is everything a caller is told, in a form to compare.
type outcome struct {
	Class    string   // ok, or the class of the error
	Codes    []string // refused: every code and subject, sorted; conflict: the reason
	ID       string   // of the operation, account, grant or customer
	State    string
	Version  int64
	Replayed bool
	Note     string // whatever else the step compares
}

func (a *modelAccount) available() fig { return plus(minus(a.posted, a.held), a.limit) }

func (o *modelOp) final() bool {
	switch o.state {
	case "completed", "failed", "cancelled", "expired":
		return true
	}
	return false
}

// inFlight tells whether the operation has begun and not ended.
func (o *modelOp) inFlight() bool { return o.state == "scheduled" || o.inDoubt() }

func (o *modelOp) inDoubt() bool { return o.state == "executing" || o.state == "unresolved" }

// provider is who carries the operation; empty for what settles by itself.
func (o *modelOp) provider() string {
	switch {
	case o.kind == "transfer" || o.kind == "adjustment":
		return ""
	case o.via == "":
		return "desk"
	}
	return o.via
}

func (o *modelOp) inside() bool { return o.provider() == "" || o.provider() == "desk" }

func (o *modelOp) due() time.Time {
	switch o.state {
	case "prepared":
		return o.expires
	case "scheduled":
		return o.notBefore
	case "executing", "unresolved":
		return o.sendBy
	}
	return time.Time{}
}

// holds tells what the operation debits and so has to set aside.
func (o *modelOp) needs() fig {
	if o.from == "" {
		return nought()
	}
	return o.amount
}

func newModel(at time.Time) *model {
	return &model{
		clock: at, books: map[operations.BookID]*modelBook{}, operators: map[operatorOf]*modelOperator{},
		scopes: map[scopeOf]*modelScope{}, touched: map[operations.BookID]bool{},
	}
}

func (m *model) open(id operations.BookID) *modelBook {
	b := &modelBook{
		id: id, status: "active", accounts: map[string]*modelAccount{}, ops: map[string]*modelOp{}, keys: map[string]modelKey{},
		currencies: map[string]bool{}, system: map[[2]string]fig{}, refusals: map[string]modelRefusals{}, suppressed: map[string]int64{},
	}
	m.books[id] = b
	return b
}

func (m *model) ids() []operations.BookID {
	return slices.SortedFunc(maps.Keys(m.books), operations.BookID.Compare)
}

// now is the time a command on the book is decided at; false when the clock is
// too far behind the book.
func (m *model) now(b *modelBook) (time.Time, bool) {
	if m.clock.Before(b.at) {
		return b.at, b.at.Sub(m.clock) <= 5*time.Second
	}
	return m.clock, true
}

func (m *model) entry(b *modelBook, now time.Time) {
	b.seq++
	b.at = now
	m.touched[b.id] = true
}

func (m *model) grantsOf(by string, b *modelBook, now time.Time) []*modelGrant {
	var live []*modelGrant
	add := func(grants []*modelGrant) {
		for _, g := range grants {
			if g.operator == by && !g.revoked && (g.expires.IsZero() || now.Before(g.expires)) {
				live = append(live, g)
			}
		}
	}
	if b.id.Customer != tenancy.House {
		if o := m.operators[operatorOf{b.id.Tenant, by}]; o != nil {
			add(o.grants)
		}
	}
	add(b.grants)
	return live
}

// access tells why the scope gives nothing at all.
func (m *model) access(by string, b *modelBook, now time.Time) string {
	s := m.scopes[scopeOf{by, b.id}]
	o := m.operators[operatorOf{b.id.Tenant, by}]
	switch {
	case s == nil:
		return "scope_required scope"
	case !now.Before(s.expires):
		return "scope_expired scope"
	case o == nil:
		return "grant_missing operator"
	case o.suspended:
		return "operator_suspended operator"
	case m.own(by, b):
		return "own_account customer"
	case len(m.grantsOf(by, b, now)) == 0:
		return "grant_missing operator"
	}
	return ""
}

// own tells whether one of those who act is the customer.
func (m *model) own(by string, b *modelBook) bool {
	return slices.ContainsFunc(caller(b.id.Tenant, by).Chain(), func(a tenancy.Actor) bool {
		return b.person != "" && string(a.Person) == b.person
	})
}

func (m *model) may(by string, b *modelBook, now time.Time, need tenancy.Permission) bool {
	return m.scopes[scopeOf{by, b.id}].permissions.Has(need) &&
		slices.ContainsFunc(m.grantsOf(by, b, now), func(g *modelGrant) bool { return g.permissions.Has(need) })
}

// enter is the gate.
func (m *model) enter(by string, b *modelBook) outcome {
	now := later(m.clock, b.at)
	o := m.operators[operatorOf{b.id.Tenant, by}]
	delete(m.scopes, scopeOf{by, b.id})
	if o == nil || o.suspended {
		return outcome{Class: "not found"}
	}
	grants := m.grantsOf(by, b, now)
	if len(grants) == 0 {
		return outcome{Class: "not found"}
	}
	if m.own(by, b) {
		return outcome{Class: "refused", Codes: []string{"own_account customer"}}
	}
	s := &modelScope{expires: now.Add(8 * time.Hour)}
	for _, g := range grants {
		s.permissions |= g.permissions
	}
	m.scopes[scopeOf{by, b.id}] = s
	return outcome{Class: "ok"}
}

// eligible tells why an account cannot be used.
func (b *modelBook) eligible(id, direction string, amount, own fig, finish bool) []string {
	var unmet []string
	if b.status != "active" && (!finish || b.status != "suspended") {
		unmet = append(unmet, "customer_not_active customer")
	}
	a := b.accounts[id]
	if a == nil {
		return append(unmet, "account_not_found account:"+id)
	}
	no := func(code string) { unmet = append(unmet, code+" account:"+id) }
	switch a.standing() {
	case "active":
	case "debit_frozen":
		if direction == "debit" {
			no("account_debits_frozen")
		}
	case "overdrawn":
		if direction == "debit" {
			no("account_overdrawn")
		}
	default:
		no("account_not_active")
	}
	if !a.configured {
		no("account_not_configured")
	}
	if !b.currencies[a.asset] {
		no("currency_not_enabled")
	}
	if a.directions == "credit_only" && direction == "debit" || a.directions == "debit_only" && direction == "credit" {
		no("direction_not_allowed")
	}
	if direction == "debit" && amount.Cmp(plus(a.available(), own)) > 0 && amount.Sign() > 0 {
		no("insufficient_available")
	}
	return unmet
}

func (a *modelAccount) standing() string {
	if a.status == "active" && a.available().Sign() < 0 {
		return "overdrawn"
	}
	return a.status
}

// judge tells every rule that an operation does not meet now. An operation that
// exists already counts what it holds as its own.
func (b *modelBook) judge(o *modelOp, finish bool) []string {
	var unmet []string
	for _, side := range []struct{ id, direction string }{{o.from, "debit"}, {o.to, "credit"}} {
		if side.id != "" && b.accounts[side.id] == nil {
			unmet = append(unmet, b.eligible(side.id, side.direction, nought(), nought(), finish)...)
		}
	}
	if len(unmet) > 0 {
		return tidy(unmet)
	}
	amount := o.amount
	if o.kind == "transfer" && b.accounts[o.from].asset != b.accounts[o.to].asset {
		unmet = append(unmet, "asset_mismatch account:"+o.to)
		amount = nought() // nothing would be posted
	}
	if p := o.provider(); p == "nowhere" {
		unmet = append(unmet, "provider_unknown provider:nowhere")
	}
	if o.to != "" {
		unmet = append(unmet, b.eligible(o.to, "credit", amount, nought(), finish)...)
	}
	if o.from != "" {
		unmet = append(unmet, b.eligible(o.from, "debit", amount, o.hold, finish)...)
	}
	if amount.Sign() > 0 {
		unmet = append(unmet, b.range38(o)...)
	}
	if o.kind == "transfer" && b.accounts[o.from].asset == "BRL" && o.amount.Cmp(figOf(transferMaximum)) > 0 {
		unmet = append(unmet, "amount_above_maximum amount")
	}
	return tidy(unmet)
}

// modelLeg is what an operation posts to one account of the customer or of the
// system.
type modelLeg struct {
	ref, asset string
	own        bool // of the customer
	amount     fig
}

func (b *modelBook) legs(o *modelOp) []modelLeg {
	asset, out := b.accounts[cmp.Or(o.from, o.to)].asset, new(big.Int).Neg(o.amount)
	var legs []modelLeg
	if o.from != "" {
		legs = append(legs, modelLeg{o.from, asset, true, out})
	}
	if o.to != "" {
		legs = append(legs, modelLeg{o.to, asset, true, o.amount})
	}
	switch {
	case o.to == "":
		legs = append(legs, modelLeg{o.counter(), asset, false, o.amount})
	case o.from == "":
		legs = append(legs, modelLeg{o.counter(), asset, false, out})
	}
	return legs
}

func (b *modelBook) balance(l modelLeg) fig {
	if l.own {
		return b.accounts[l.ref].posted
	}
	return b.posted(l.ref, l.asset)
}

// anyFits tells whether a balance could be kept whichever of the amounts come to
// it: 0.5 may need one more digit than 1, which is two of it.
func anyFits(balance fig, amounts []fig) bool {
	low, high := balance, balance
	_, places := shape(balance)
	for _, amount := range amounts {
		if amount.Sign() < 0 {
			low = plus(low, amount)
		} else {
			high = plus(high, amount)
		}
		_, p := shape(amount)
		places = max(places, p)
	}
	whole := func(f fig) int { digits, p := shape(f); return digits - p }
	return max(whole(low), whole(high))+places <= 38
}

// range38 tells which balances and holds could come to more digits than are
// kept, by whatever of what is in flight, and this operation, settles.
func (b *modelBook) range38(o *modelOp) []string {
	var unmet []string
	for _, leg := range b.legs(o) {
		if anyFits(b.balance(leg), b.flying(o, leg)) {
			continue
		}
		if leg.own {
			unmet = append(unmet, "amount_out_of_range account:"+leg.ref)
		} else {
			unmet = append(unmet, "amount_out_of_range book")
		}
	}
	held := []fig{o.amount}
	for _, other := range b.ops {
		if other.from == o.from && other.id != o.id {
			held = append(held, other.hold)
		}
	}
	if o.from != "" && !anyFits(nought(), held) {
		unmet = append(unmet, "amount_out_of_range account:"+o.from)
	}
	return unmet
}

// flying are the amounts that would come to the leg's balance if all that is in
// flight, and this operation, settled.
func (b *modelBook) flying(o *modelOp, leg modelLeg) []fig {
	amounts := []fig{leg.amount}
	for _, other := range b.ops {
		if !other.inFlight() || other.id == o.id {
			continue
		}
		for _, l := range b.legs(other) {
			if l.ref == leg.ref && l.asset == leg.asset {
				amounts = append(amounts, l.amount)
			}
		}
	}
	return amounts
}

// keepable tells whether the balances could be kept if the operation were
// posted, or, with sign -1, undone.
func (b *modelBook) keepable(o *modelOp, sign int64) bool {
	return !slices.ContainsFunc(b.legs(o), func(l modelLeg) bool {
		return !fits(plus(b.balance(l), new(big.Int).Mul(l.amount, big.NewInt(sign))))
	})
}

// transferMaximum is the one rule of the firm's own.
const transferMaximum = "100000"

func (b *modelBook) posted(ref, asset string) fig {
	if f := b.system[[2]string{ref, asset}]; f != nil {
		return f
	}
	return nought()
}

// counter is the system account on the other side.
func (o *modelOp) counter() string {
	switch o.purpose {
	case "interest":
		return "income:interest"
	case "fee", "penalty":
		return "income:fees"
	case "correction":
		return "suspense"
	}
	return "clearing:" + o.provider()
}

// move brings the operation to a state: one version on, its hold in line.
func (m *model) move(b *modelBook, o *modelOp, to string) {
	edge := [2]string{o.state, to}
	if !slices.Contains(edges(), edge) {
		panic("the model left the published graph: " + o.state + " to " + to)
	}
	o.state, o.version, o.updated = to, o.version+1, b.seq
	hold := nought()
	if o.inFlight() {
		hold = o.needs()
	}
	if o.from != "" && o.kind != "reversal" {
		a := b.accounts[o.from]
		a.held = plus(minus(a.held, o.hold), hold)
		o.hold = hold
	}
	if to == "completed" {
		b.post(o)
	}
}

func (b *modelBook) post(o *modelOp) {
	leg := func(id string, amount fig) {
		a := b.accounts[id]
		a.posted = plus(a.posted, amount)
		a.lines = append(a.lines, modelLine{b.seq, textOf(amount), textOf(a.posted)})
	}
	out := new(big.Int).Neg(o.amount)
	switch {
	case o.from != "" && o.to != "":
		leg(o.from, out)
		leg(o.to, o.amount)
	case o.from != "":
		leg(o.from, out)
		b.system[[2]string{o.counter(), o.asset}] = plus(b.posted(o.counter(), o.asset), o.amount)
	default:
		leg(o.to, o.amount)
		b.system[[2]string{o.counter(), o.asset}] = plus(b.posted(o.counter(), o.asset), out)
	}
}

// edges is the published graph of states, as the documentation draws it.
func edges() [][2]string {
	return [][2]string{
		{"", "prepared"},
		{"", "completed"},
		{"", "scheduled"},
		{"", "executing"},
		{"prepared", "prepared"},
		{"prepared", "completed"},
		{"prepared", "scheduled"},
		{"prepared", "executing"},
		{"prepared", "cancelled"},
		{"prepared", "expired"},
		{"scheduled", "executing"},
		{"scheduled", "completed"},
		{"scheduled", "failed"},
		{"scheduled", "scheduled"},
		{"scheduled", "cancelled"},
		{"executing", "completed"},
		{"executing", "failed"},
		{"executing", "cancelled"},
		{"executing", "unresolved"},
		{"unresolved", "completed"},
		{"unresolved", "failed"},
		{"unresolved", "cancelled"},
	}
}

func tidy(codes []string) []string {
	slices.Sort(codes)
	return slices.Compact(codes)
}

func later(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}

// operations lists the book's operations, newest first.
func (b *modelBook) operations() []*modelOp {
	return slices.SortedFunc(maps.Values(b.ops), func(x, y *modelOp) int { return cmp.Compare(y.created, x.created) })
}
