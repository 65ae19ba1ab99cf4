package integration_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/shopspring/decimal"
	"github.com/stretchr/testify/require"

	"github.com/onbehalf/onbehalf/accounts"
	"github.com/onbehalf/onbehalf/adapters/memory"
	"github.com/onbehalf/onbehalf/customer"
	"github.com/onbehalf/onbehalf/operations"
	"github.com/onbehalf/onbehalf/operations/operationstest"
	"github.com/onbehalf/onbehalf/operations/trading"
	"github.com/onbehalf/onbehalf/tenancy"
)

func TestNoOrderOfCommandsGetsAroundTheRulesInMemory(t *testing.T) {
	t.Parallel()
	runRules(t, atLeast(4_000, 20_000, 200_000), func() (operations.Store, func()) { return memory.New(), func() {} })
}

func TestNoOrderOfCommandsGetsAroundTheRulesInSQLite(t *testing.T) {
	t.Parallel()
	runRules(t, atLeast(250, 2_000, 20_000), sqliteCopies(t))
}

func TestNoOrderOfCommandsGetsAroundTheRulesInPostgreSQL(t *testing.T) {
	t.Parallel()
	runRules(t, atLeast(250, 2_000, 20_000), postgresTurns(t))
}

// rulesPerFirm is how many steps one firm takes before another begins.
const rulesPerFirm = 250

func runRules(t *testing.T, most int, fresh func() (operations.Store, func())) {
	t.Helper()
	seen := map[string]int{}
	for steps := 0; steps < most; steps += rulesPerFirm {
		func() {
			store, done := fresh()
			defer done()
			w := newRuled(t, store, uint64(steps), seen)
			defer w.eng.Close()
			for n := range rulesPerFirm {
				w.step()
				require.Empty(t, w.audit.problems, "seed %d, step %d: %s", steps, n, w.last)
				if n%25 == 24 {
					w.compare()
				}
			}
			w.ends()
		}()
	}
	t.Log(seen)
	if most < 20_000 {
		return
	}
	for _, code := range []string{
		operations.CodeLimitMinimum, operations.CodeLimitOperation, operations.CodeLimitDay, operations.CodeLimitRolling, operations.CodeLimitMonth,
		operations.CodeFeeExceeds, operations.CodeFeeAccount, accounts.CodeInsufficientAvailable, operations.CodeOwnOperation, operations.CodeAlreadyApproved, operations.CodeNotApproved,
		operations.CodeApprovalExpired, operations.CodeLookAlike, operations.CodeRefundExceeds, operations.CodeFeesReturned, operations.CodeNotRefundable,
		operations.CodeCustomerFrozen, operations.CodeAccountFrozen, operations.CodeStopped, operations.CodeTermsExpired, operations.CodeStateForbids, operations.CodeFieldFixed,
		trading.CodeLimitNeeded, trading.CodeLimitRate, operations.OutcomeChanged,
		"ok", "explained", "acknowledged", "completed", "rejected", "expired", "failed", "cancelled", "fee", "fees returned",
		"trade completed", "trade waited", "trade in the other asset", "limit of bought", "limit of spent", "limit of traded", "fee of the other asset",
	} {
		require.Positive(t, seen[code], code)
	}
	require.Greater(t, seen["explained"], most/20)
}

// ruled is a firm with every kind of rule, and its one customer.
type ruled struct {
	t      *testing.T
	r      *rand.Rand
	clock  *operationstest.Clock
	board  *trading.Board
	store  operations.Store
	eng    *operations.Engine
	house  tenancy.Scope
	scopes map[string]tenancy.Scope
	until  time.Time // the scopes are good
	cust   tenancy.CustomerID
	brl    []accounts.ID
	usd    accounts.ID
	ops    []operations.OperationID
	before operations.Request
	audit  *auditor
	seen   map[string]int
	last   string
	keys   int
}

func ruledLimits() []operations.Limit {
	match := func(kinds ...string) operations.Match { return operations.Match{Kinds: kinds} }
	return []operations.Limit{
		{Name: "each", Match: match("withdrawal"), Asset: "BRL", Min: money("1"), Max: money("5000")},
		{Name: "day", Match: match("withdrawal"), Asset: "BRL", Day: money("8000")},
		{Name: "rolling", Match: match("withdrawal", "transfer"), Asset: "BRL", Rolling: money("20000")},
		{Name: "month", Match: match("deposit"), Asset: "USD", Month: money("15000")},
		{Name: "own", Match: match("transfer"), Asset: "BRL", PerOperator: true, Day: money("6000")},
		{Name: "traded", Match: match("trade"), Asset: "BRL", Min: money("10"), Max: money("6000"), Rolling: money("30000")},
		{Name: "bought", Match: operations.Match{Kinds: []string{"trade"}, Direction: accounts.Credit}, Asset: "USD", PerOperator: true, Day: money("900"), Month: money("4000")},
		{Name: "spent", Match: operations.Match{Kinds: []string{"trade", "withdrawal"}, Direction: accounts.Debit}, Asset: "BRL", Day: money("9000")},
	}
}

// dealt is how much of the reais a trade may be of before another person has to
// agree, in whichever asset its amount is given.
const dealt = "2500"

func ruledConfig() operations.Config {
	return operations.Config{
		Zone: time.FixedZone("BRT", -3*60*60),
		Fees: []operations.FeeRule{
			{Name: "wire", Match: operations.Match{Kinds: []string{"withdrawal"}, Assets: []string{"BRL"}}, Tier: operations.Tier{Fixed: money("1.50")}},
			{Name: "abroad", Match: operations.Match{Kinds: []string{"withdrawal"}, Assets: []string{"USD"}}, Tier: operations.Tier{BPS: money("100")}, Minimum: money("1"), Maximum: money("5"), Inside: true},
			{Name: "tiers", Match: operations.Match{Kinds: []string{"deposit"}}, Inside: true, Rounding: accounts.Up, Tiers: []operations.Tier{{UpTo: money("100"), Fixed: money("0.05")}, {UpTo: money("1000"), BPS: money("50")}, {BPS: money("20")}}},
			{Name: "payer", Match: operations.Match{Kinds: []string{"transfer"}, Assets: []string{"BRL"}}, Tier: operations.Tier{BPS: money("10")}, Payer: func(v operations.View, _ operations.Terms) accounts.ID {
				if o := v.Order(); o.Amount.Equal(money("999")) { // a rule that goes wrong
					return "nobody"
				}
				return v.Order().To
			}},
			{Name: "exchange", Match: operations.Match{Kinds: []string{"trade"}}, Tier: operations.Tier{BPS: money("30")}, Rounding: accounts.HalfUp},
			{Name: "tax", Match: operations.Match{Kinds: []string{"trade"}, Assets: []string{"BRL"}, Direction: accounts.Debit, From: money("100")}, Tier: operations.Tier{BPS: money("38")}, Rounding: accounts.Up},
		},
		Limits: ruledLimits(),
		Approvals: []operations.Approval{
			{Name: "large", Match: operations.Match{Kinds: []string{"withdrawal"}, From: money("1000")}, Within: time.Hour},
			{Name: "huge", Match: operations.Match{Kinds: []string{"withdrawal"}, From: money("3000")}, Persons: 2, Within: 2 * time.Hour},
			{Name: "moved", Match: operations.Match{Kinds: []string{"transfer"}, From: money("4000")}, Within: time.Hour},
			{Name: "back", Match: operations.Match{Kinds: []string{"refund"}, From: money("200")}, Within: time.Hour},
			{Name: "dealt", Match: operations.Match{Kinds: []string{"trade"}, Assets: []string{"BRL"}, From: money(dealt)}, Within: time.Hour},
		},
	}
}

func newRuled(t *testing.T, store operations.Store, seed uint64, seen map[string]int) *ruled {
	t.Helper()
	w := &ruled{t: t, r: rand.New(rand.NewPCG(seed, 7)), clock: &operationstest.Clock{}, store: store, seen: seen, scopes: map[string]tenancy.Scope{}}
	bank := operationstest.NewProvider(operations.Contract{HonoursReference: true})
	bank.OnSendFunc(func(operations.Instruction, int) operationstest.Reply {
		return []operationstest.Reply{operationstest.Settle(), operationstest.Settle(), operationstest.Refuse("no"), operationstest.Lose(), operationstest.Settle().Silent(), operationstest.Pend()}[w.r.IntN(6)]
	})
	c := ruledConfig()
	c.Clock, c.IDs, c.Entropy = w.clock, &operationstest.IDs{}, &operationstest.Entropy{}
	w.board = &trading.Board{}
	house := trading.NewHouse(w.board)
	kind, err := trading.New(trading.Config{Providers: map[string]trading.Provider{"house": house}, ValidFor: time.Minute})
	require.NoError(t, err)
	c.Kinds = []operations.Kind{kind}
	c.Providers = map[string]operations.Provider{"bank": bank, "house": house}
	w.rate()
	w.eng, err = operations.New(store, c)
	require.NoError(t, err)
	ctx := context.Background()
	firm, err := w.eng.Bootstrap(ctx, tenancy.Firm{Tenant: "acme", Name: "Acme", Admin: ruledPerson("ana")})
	require.NoError(t, err)
	opened, err := w.eng.OpenCustomer(ctx, firm, w.in(), customer.Profile{Name: "Maria", Type: customer.Individual})
	require.NoError(t, err)
	w.cust = opened.ID
	w.enter()
	all := tenancy.NewPermissions(tenancy.AllPermissions()...)
	for _, op := range []string{"annie", "bruno", "carla"} {
		w.manage(w.house, tenancy.Register{Operator: tenancy.OperatorID(op), Person: ruledPerson(op).Person})
	}
	for _, op := range []string{"bruno", "carla"} {
		w.manage(w.house, tenancy.Allow{Operator: tenancy.OperatorID(op), Everyone: true, Permissions: all})
	}
	w.manage(w.house, tenancy.Allow{Operator: "bruno", Permissions: all})
	brunos, err := w.eng.Gate().Own(ctx, ruledPerson("bruno"), "")
	require.NoError(t, err)
	w.manage(brunos, tenancy.Allow{Operator: "annie", Everyone: true, Permissions: all})
	w.until = time.Time{}
	w.enter()
	for _, asset := range []string{"BRL", "BRL", "USD"} {
		id := w.manage(w.scopes["ana"], accounts.Open{Name: asset, Currency: asset, Details: accounts.Details{Bank: "001", Branch: "1", Number: "1"}}).Account
		if asset == "USD" {
			w.usd = id
		} else {
			w.brl = append(w.brl, id)
		}
	}
	w.manage(w.scopes["ana"], trading.SetCustomer{Customer: trading.Customer{Providers: []string{"house"}}})
	spreads := trading.Spreads{Working: money("50"), DayOff: money("80"), Closed: money("80")}
	w.manage(w.scopes["ana"], trading.SetPair{Pair: trading.Pair{Base: w.usd, Quote: w.brl[0], Quotations: []trading.Path{{Provider: "house", Priority: 1, Spread: spreads}}}})
	for _, id := range []accounts.ID{w.brl[0], w.brl[0], w.usd} {
		_, err := w.eng.Submit(ctx, w.scopes["ana"], w.in(), operations.Deposit{To: id, Amount: money("7000")})
		require.NoError(t, err)
	}
	w.audit = newAuditor(c.Zone, c.Limits)
	w.read()
	return w
}

// ruledPerson is an operator; annie is another id of ana's, and carla comes
// through an assistant that bruno works, too.
func ruledPerson(op string) tenancy.Principal {
	p := principal("acme", op)
	switch op {
	case "annie":
		p.Person = "p-ana"
	case "carla":
		p.Delegates = []tenancy.Actor{{Kind: tenancy.Service, ID: "assistant", Person: "p-dora"}}
	}
	return p
}

func (w *ruled) in() operations.Intent {
	w.keys++
	return operations.Intent{Key: fmt.Sprint("k", w.keys)}
}

func (w *ruled) manage(s tenancy.Scope, x operations.Administrative) operations.Managed {
	w.t.Helper()
	m, err := w.eng.Manage(context.Background(), s, w.in(), x)
	require.NoError(w.t, err)
	return m
}

// enter opens the scopes anew before they end.
func (w *ruled) enter() {
	if w.clock.Now().Before(w.until) {
		return
	}
	ctx := context.Background()
	w.until = w.clock.Now().Add(7 * time.Hour)
	var err error
	w.house, err = w.eng.Gate().Own(ctx, ruledPerson("ana"), "")
	require.NoError(w.t, err)
	for _, op := range []string{"ana", "annie", "bruno", "carla"} {
		s, err := w.eng.Gate().Enter(ctx, ruledPerson(op), w.cust, "")
		if err == nil {
			w.scopes[op] = s
		}
	}
}

// read lets the auditor see what was written since.
func (w *ruled) read() {
	lines, err := w.store.Journal(context.Background(), operations.BookID{Tenant: "acme", Customer: w.cust}, w.audit.seq, 200)
	require.NoError(w.t, err)
	for _, l := range lines {
		w.audit.take(l.Bytes)
	}
	if len(lines) == 200 {
		w.read()
	}
}

func (w *ruled) who() tenancy.Scope {
	return w.scopes[[]string{"ana", "annie", "bruno", "carla"}[w.r.IntN(4)]]
}

func (w *ruled) amount() decimal.Decimal {
	if w.r.IntN(3) == 0 {
		return decimal.New(1+w.r.Int64N(300_000), -2)
	}
	return money([]string{"0.05", "0.50", "1", "5", "99", "100", "250", "999", "1000", "1500", "3000", "4000", "6000"}[w.r.IntN(13)])
}

func (w *ruled) request() operations.Request {
	brl, other := w.brl[0], w.brl[1]
	if w.r.IntN(3) == 0 {
		brl, other = other, brl
	}
	var later time.Time
	if w.r.IntN(6) == 0 {
		later = w.clock.Now().Add(time.Duration(w.r.IntN(48)) * time.Hour)
	}
	via := []string{"", "bank"}[w.r.IntN(2)]
	switch w.r.IntN(11) {
	case 8, 9, 10:
		return w.trade(later)
	case 0, 1:
		return operations.Deposit{To: brl, Amount: w.amount().Add(w.amount()), Via: via, NotBefore: later}
	case 2:
		return operations.Deposit{To: w.usd, Amount: w.amount(), Via: via}
	case 3, 4:
		return operations.Withdrawal{From: brl, Amount: w.amount(), Via: via, NotBefore: later}
	case 5:
		return operations.Withdrawal{From: w.usd, Amount: w.amount(), Via: via}
	case 6:
		return operations.Transfer{From: brl, To: other, Amount: w.amount(), NotBefore: later}
	}
	return operations.Refund{Parent: w.pick(), Amount: w.amount(), Fees: w.r.IntN(3) == 0, Purpose: "asked for"}
}

// trade is one of either side, in either asset; what waits mostly has a limit.
func (w *ruled) trade(later time.Time) operations.Request {
	q := trading.Trade{Base: w.usd, Quote: w.brl[0], Side: []operations.Side{operations.Buy, operations.Sell}[w.r.IntN(2)], NotBefore: later}
	if w.r.IntN(2) == 0 {
		q.BaseAmount = decimal.New(1+w.r.Int64N(100_000), -2)
	} else {
		q.QuoteAmount = w.amount()
	}
	if w.r.IntN(5) == 0 { // what it comes to by its time is above or below what needs approval
		q.BaseAmount, q.QuoteAmount, q.NotBefore = money("480"), decimal.Zero, w.clock.Now().Add(time.Duration(1+w.r.IntN(24))*time.Hour)
		q.Limit = map[operations.Side]decimal.Decimal{operations.Buy: money("6.60"), operations.Sell: money("4.40")}[q.Side]
		return q
	}
	if w.r.IntN(3) > 0 {
		q.Limit = money([]string{"4.50", "5.20", "6.50"}[w.r.IntN(3)])
	}
	return q
}

// rate puts up another rate.
func (w *ruled) rate() {
	_, err := w.board.Put(trading.Rate{Base: "USD", Quote: "BRL", Value: decimal.New(45_000+w.r.Int64N(20_000), -4), At: w.clock.Now(), Source: "board"})
	require.NoError(w.t, err)
	w.last = "another rate"
}

// pick is mostly one of the latest operations.
func (w *ruled) pick() operations.OperationID {
	if len(w.ops) == 0 {
		return "none"
	}
	if w.r.IntN(4) == 0 {
		return w.ops[w.r.IntN(len(w.ops))]
	}
	return w.ops[len(w.ops)-1-w.r.IntN(min(len(w.ops), 8))]
}

func (w *ruled) step() {
	w.enter()
	ctx := context.Background()
	switch n := w.r.IntN(42); {
	case n >= 40:
		w.rate()
	case n < 17:
		w.ask(ctx)
	case n < 34:
		w.on(ctx)
	case n < 36:
		w.freeze(ctx)
	case n < 38:
		w.stop(ctx)
	case n < 39:
		_, err := w.eng.Work(ctx, operations.Budget{})
		require.NoError(w.t, err)
		w.last = "work"
	default:
		by := []time.Duration{time.Second, time.Minute, 20 * time.Minute, 3 * time.Hour, 26 * time.Hour, 9 * 24 * time.Hour}[w.r.IntN(6)]
		w.clock.Advance(by)
		w.last = by.String()
		w.enter()
	}
	w.read()
}

// tally counts what came of the operations.
func (w *ruled) tally() {
	for _, o := range w.audit.ops {
		w.seen[string(o.State)]++
		if len(o.Terms.Fees) > 0 {
			w.seen["fee"]++
		}
		w.tallyTrade(&o)
		if o.Order.Kind == operations.KindRefund && len(o.Order.Attributes) > 0 && o.State == operations.Completed {
			w.seen["fees returned"]++
		}
	}
}

func (w *ruled) tallyTrade(o *operations.Operation) {
	if o.Terms.Exchange == nil {
		return
	}
	w.seen["trade "+string(o.State)]++
	if o.State == operations.Completed && (o.Content > 0 || !o.Order.NotBefore.IsZero()) {
		w.seen["trade waited"]++
	}
	if o.Counted != nil && len(o.Counted.Others) > 0 {
		w.seen["trade in the other asset"]++
	}
	if o.Outcome != nil {
		w.seen[o.Outcome.Code]++
	}
	for _, l := range o.Terms.Fees {
		if l.Asset != o.Terms.Asset {
			w.seen["fee of the other asset"]++
		}
	}
}

// ask explains a request and then makes it: what was explained is what happens.
func (w *ruled) ask(ctx context.Context) {
	s, q := w.who(), w.request()
	if w.before != nil && w.r.IntN(4) == 0 {
		q = w.before // the very same once more
	}
	w.before = q
	w.last = fmt.Sprintf("%+v", q)
	plan, err := w.eng.Explain(ctx, s, q)
	do, in := w.eng.Submit, w.in()
	prepared := w.r.IntN(4) == 0
	if prepared {
		do = w.eng.Prepare
	}
	unmet := plan.Unmet
	if len(plan.Warnings) > 0 && w.r.IntN(2) == 0 {
		in.Acknowledge = plan.Warnings
		unmet = slices.DeleteFunc(slices.Clone(unmet), func(u operations.Unmet) bool { return slices.Contains(plan.Warnings, u.Code) })
		w.seen["acknowledged"]++
	}
	res, got := do(ctx, s, in, q)
	if err != nil {
		require.True(w.t, errors.Is(err, operations.ErrInvalid) || errors.Is(err, operations.ErrNotFound), "%s: %v", w.last, err)
		require.Equal(w.t, fmt.Sprint(err), fmt.Sprint(got), w.last)
		return
	}
	w.seen["explained"]++
	if w.told(unmet, got) {
		return
	}
	w.ops = append(w.ops, res.Operation.ID)
	explained, happened := plan.Terms, res.Operation.Terms
	if !prepared {
		explained.Expires, happened.Expires = time.Time{}, time.Time{}
	}
	require.Equal(w.t, asJSON(w.t, explained), asJSON(w.t, happened), w.last)
	require.Equal(w.t, asJSON(w.t, plan.Order), asJSON(w.t, res.Operation.Order), w.last)
}

func asJSON(t *testing.T, v any) string {
	t.Helper()
	b, err := json.Marshal(v)
	require.NoError(t, err)
	return string(b)
}

// told checks that a command was refused for just these reasons, in their order
// and with their figures, or not at all; it tells whether it was refused.
func (w *ruled) told(unmet []operations.Unmet, got error) bool {
	w.t.Helper()
	if len(unmet) == 0 {
		require.NoError(w.t, got, w.last)
		w.seen["ok"]++
		return false
	}
	refused, ok := errors.AsType[*operations.RefusedError](got)
	require.True(w.t, ok, "%s: %v, and expected was %+v", w.last, got, unmet)
	require.Equal(w.t, asJSON(w.t, unmet), asJSON(w.t, refused.Unmet), w.last)
	for _, u := range unmet {
		w.seen[u.Code]++
		if name, ok := strings.CutPrefix(u.Subject, "limit:"); ok {
			w.seen["limit of "+name]++
		}
	}
	return true
}

// on does something to an operation, and checks what was told of it before.
func (w *ruled) on(ctx context.Context) {
	s, id := w.who(), w.pick()
	o, err := w.eng.Book(s).Operation(ctx, id)
	if err != nil {
		require.ErrorIs(w.t, err, operations.ErrNotFound)
		return
	}
	allowed, err := w.eng.Actions(ctx, s, id)
	require.NoError(w.t, err)
	a := allowed[w.r.IntN(len(allowed))]
	if i := slices.IndexFunc(allowed, operations.Allowance.Allowed); !a.Allowed() && i >= 0 && w.r.IntN(2) == 0 {
		a = allowed[i]
	}
	if a.Action == operations.ActModify || a.Action == operations.KindRefund {
		w.modify(ctx, s, o)
		return
	}
	w.last = fmt.Sprintf("%s %s, %s", a.Action, id, o.State)
	switch a.Action {
	case operations.ActExecute:
		_, err = w.eng.Execute(ctx, s, w.in(), o.Ref())
	case operations.ActCancel:
		if !a.Allowed() || w.r.IntN(3) > 0 { // or nothing would come to its end
			return
		}
		_, err = w.eng.Cancel(ctx, s, w.in(), o.Ref())
	case operations.ActApprove:
		_, err = w.eng.Approve(ctx, s, w.in(), o.Ref())
	case operations.ActReject:
		if w.r.IntN(3) > 0 {
			return
		}
		_, err = w.eng.Reject(ctx, s, w.in(), o.Ref(), "no")
	case operations.ActWithdraw:
		_, err = w.eng.Withdraw(ctx, s, w.in(), o.Ref())
	case operations.ActResolve:
		_, err = w.eng.Resolve(ctx, s, w.in(), o.Ref(), operations.Resolution{Settled: o.Finding == nil || o.Finding.Settled, Evidence: "statement"})
	default:
		w.t.Fatalf("nothing here does %s", a.Action)
	}
	w.told(a.Unmet, err)
}

func (w *ruled) modify(ctx context.Context, s tenancy.Scope, o operations.Operation) {
	m := operations.Modification{Amount: w.amount()}
	switch w.r.IntN(4) {
	case 0:
		m = operations.Modification{Reference: fmt.Sprint("ref ", w.r.IntN(100))}
	case 1:
		m.NotBefore = w.clock.Now().Add(time.Duration(w.r.IntN(48)) * time.Hour)
	case 2:
		m.From = w.brl[w.r.IntN(2)]
	}
	w.last = fmt.Sprintf("modify %s, %s, %+v", o.ID, o.State, m)
	_, err := w.eng.Modify(ctx, s, w.in(), o.Ref(), m)
	refused, ok := errors.AsType[*operations.RefusedError](err)
	switch {
	case err == nil, errors.Is(err, operations.ErrInvalid):
	case ok:
		for _, u := range refused.Unmet {
			w.seen[u.Code]++
		}
	default:
		w.t.Fatalf("%s: %v", w.last, err)
	}
}

func (w *ruled) freeze(ctx context.Context) {
	id := []accounts.ID{"", w.brl[0], w.brl[1], w.usd}[w.r.IntN(4)]
	var x operations.Administrative = operations.Freeze{Account: id, Reason: "asked by the court"}
	if frozen, err := w.eng.Book(w.house).Freezes(ctx); err != nil || len(frozen) > 0 {
		w.t.Fatalf("the house is frozen: %v, %v", frozen, err)
	}
	if frozen, err := w.eng.Book(w.scopes["ana"]).Freezes(ctx); err == nil && len(frozen) > 0 { // lifted again
		id = ""
		if name, ok := strings.CutPrefix(frozen[0].Subject, "account:"); ok {
			id = accounts.ID(name)
		}
		x = operations.Unfreeze{Account: id, Reason: "no longer"}
	}
	_, err := w.eng.Manage(ctx, w.who(), w.in(), x)
	w.last = fmt.Sprintf("%+v", x)
	if err != nil {
		require.ErrorIs(w.t, err, operations.ErrRefused, w.last)
	}
}

func (w *ruled) stop(ctx context.Context) {
	subject := []string{tenancy.WholeFirm, tenancy.KindSubject("withdrawal"), tenancy.KindSubject("refund"), tenancy.ProviderSubject("bank")}[w.r.IntN(4)]
	var x operations.Administrative = tenancy.Stop{Subject: subject, Reason: "an incident"}
	thrown := true
	for s, is := range w.audit.stops { // lifted again
		if is {
			subject, thrown = s, false
		}
	}
	if !thrown {
		x = tenancy.Lift{Subject: subject}
	}
	_, err := w.eng.Manage(ctx, w.house, w.in(), x)
	w.last = fmt.Sprintf("%+v", x)
	if err != nil {
		require.ErrorIs(w.t, err, operations.ErrRefused, w.last)
		return
	}
	w.audit.stops[subject] = thrown
}

// compare holds the auditor's accounts against what the book tells.
func (w *ruled) compare() {
	ctx := context.Background()
	all, err := w.eng.Book(w.scopes["ana"]).Accounts(ctx)
	require.NoError(w.t, err)
	held := map[accounts.ID]decimal.Decimal{}
	for _, o := range w.audit.ops {
		if o.State.Holds() {
			for _, h := range o.Terms.Holds {
				held[h.Account] = held[h.Account].Add(h.Amount.Decimal)
			}
		}
	}
	for _, a := range all {
		require.True(w.t, a.Posted.Equal(w.audit.posted[string(a.ID)+" "+a.Asset]), "%s after %s: %s, and %s was posted", a.ID, w.last, a.Posted, w.audit.posted[string(a.ID)+" "+a.Asset])
		require.True(w.t, a.Held.Equal(held[a.ID]), "%s after %s: %s held, and should be %s", a.ID, w.last, a.Held, held[a.ID])
		require.False(w.t, a.Available().IsNegative(), "%s after %s", a.ID, w.last)
	}
}

// ends holds the whole book against itself, and made anew.
func (w *ruled) ends() {
	ctx := context.Background()
	w.compare()
	w.tally()
	book := w.eng.Book(w.scopes["ana"])
	for range 2 {
		v, err := book.Verify(ctx)
		require.NoError(w.t, err)
		require.Empty(w.t, v.Faults)
		require.NoError(w.t, book.Rebuild(ctx))
	}
}
