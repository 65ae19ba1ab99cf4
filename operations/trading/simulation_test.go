package trading_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/onbehalf/onbehalf/accounts"
	"github.com/onbehalf/onbehalf/adapters/memory"
	"github.com/onbehalf/onbehalf/customer"
	"github.com/onbehalf/onbehalf/operations"
	"github.com/onbehalf/onbehalf/operations/operationstest"
	"github.com/onbehalf/onbehalf/operations/trading"
	"github.com/onbehalf/onbehalf/tenancy"
)

// mortal is the store as one process sees it, which may die at any call: before
// what the call does, or after.
type mortal struct {
	operations.Store

	left  int // calls until it dies; below zero: it does not
	after bool
	dead  bool
	busy  int // calls that are being made
}

var errDead = fmt.Errorf("the process has died: %w", tenancy.ErrUnavailable)

func (m *mortal) call(do func() error) error {
	if m.dead {
		return errDead
	}
	if m.left == 0 {
		m.dead = true
		if m.after {
			_ = do()
		}
		return errDead
	}
	if m.left > 0 {
		m.left--
	}
	m.busy++
	defer func() { m.busy-- }()
	return do()
}

func (m *mortal) Load(ctx context.Context, id operations.BookID, since int64) (l operations.Loaded, err error) {
	err = m.call(func() error { l, err = m.Store.Load(ctx, id, since); return err })
	return l, err
}

func (m *mortal) Commit(ctx context.Context, runs []operations.Run) (v []operations.Verdict, err error) {
	err = m.call(func() error { v, err = m.Store.Commit(ctx, runs); return err })
	return v, err
}

func (m *mortal) Find(ctx context.Context, id operations.BookID, w operations.Want) (f operations.Found, err error) {
	err = m.call(func() error { f, err = m.Store.Find(ctx, id, w); return err })
	return f, err
}

func (m *mortal) Claim(ctx context.Context, q operations.ClaimQuery) (ts []operations.Ticket, err error) {
	err = m.call(func() error { ts, err = m.Store.Claim(ctx, q); return err })
	return ts, err
}

func (m *mortal) Settle(ctx context.Context, t operations.Ticket, s operations.Settlement) error {
	return m.call(func() error { return m.Store.Settle(ctx, t, s) })
}

// line is the provider as one process reaches it.
type line struct {
	*trading.Simulated

	sim *simulation
	m   *mortal
}

func (l *line) Send(ctx context.Context, i operations.Instruction) (operations.Answer, error) {
	if l.m.dead {
		return operations.Answer{}, errDead
	}
	l.sim.sent(l.m, i)
	l.sim.meanwhile()
	a, err := l.Simulated.Send(ctx, i)
	l.sim.meanwhile()
	if l.m.dead {
		return operations.Answer{}, errDead
	}
	return a, err
}

func (l *line) Ask(ctx context.Context, reference string) (operations.Answer, error) {
	if l.m.dead {
		return operations.Answer{}, errDead
	}
	if l.m.busy > 0 {
		l.sim.failf("the provider was asked inside a call of the store")
	}
	return l.Simulated.Ask(ctx, reference)
}

// simulation is two processes on one store with one provider, one step at a
// time: what one does while the other waits for the provider happens inside
// that call.
type simulation struct {
	ctx        func() context.Context
	seed       uint64
	r          *rand.Rand // of the step
	store      operations.Store
	clock      *operationstest.Clock
	ids        *operationstest.IDs
	entropy    *operationstest.Entropy
	provider   *trading.Simulated
	faults     trading.Faults
	procs      [2]process
	usd, brl   accounts.ID
	customer   tenancy.CustomerID
	known      []operations.OperationID
	late       []operations.Answer
	keys       int
	depth      int
	trace      func(string, ...any)
	mismatches int
	parts      int
	unfit      int // refused, conflicting or unavailable: what may happen
}

type process struct {
	m     *mortal
	eng   *operations.Engine
	scope tenancy.Scope
}

// simulationError is what a simulation found.
type simulationError string

func (e simulationError) Error() string { return string(e) }

func (s *simulation) failf(format string, args ...any) {
	panic(simulationError(fmt.Sprintf(format, args...)))
}

func (s *simulation) must(err error) {
	if err != nil {
		s.failf("%v", err)
	}
}

// start makes process i anew.
func (s *simulation) start(i int) {
	m := &mortal{Store: s.store, left: -1}
	l := &line{Simulated: s.provider, sim: s, m: m}
	kind, err := trading.New(trading.Config{Providers: map[string]trading.Provider{"sim": l}, ValidFor: time.Minute, MaxQuotes: 200})
	s.must(err)
	eng, err := operations.New(m, operations.Config{
		Clock: s.clock, IDs: s.ids, Entropy: s.entropy, Kinds: []operations.Kind{kind}, Providers: map[string]operations.Provider{"sim": l},
		MaxTries: 100,
	})
	s.must(err)
	s.procs[i] = process{m: m, eng: eng}
}

func (s *simulation) enter(i int) {
	if p := &s.procs[i]; p.scope.IsZero() || !s.clock.Now().Before(p.scope.Expires()) {
		scope, err := p.eng.Gate().Enter(s.ctx(), ana(), s.customer, "")
		if !p.m.dead && !errors.Is(err, tenancy.ErrUnavailable) { // a clock far behind the book
			s.must(err)
		}
		p.scope = scope
	}
}

func (s *simulation) in() operations.Intent {
	s.keys++
	return operations.Intent{Key: fmt.Sprint("s", s.keys)}
}

func newSimulation(ctx context.Context, seed uint64, trace func(string, ...any)) *simulation {
	s := &simulation{
		ctx: func() context.Context { return ctx }, seed: seed, store: memory.New(), clock: &operationstest.Clock{}, ids: &operationstest.IDs{}, entropy: &operationstest.Entropy{}, trace: trace,
		faults: trading.Faults{NoQuote: 50, Refuse: 100, Lose: 100, Silence: 100, Delay: 200, NotFound: 200, Garble: 50, WrongSum: 50, WrongAsset: 20, Contrary: 20, Duplicate: 200, Part: 300},
	}
	source := fixed{rates: map[string]string{"USD/BRL": "5.4321"}}
	s.provider = trading.NewSimulated(source, s.clock, seed, operations.Contract{HonoursReference: seed%2 == 0}, s.faults)
	s.start(0)
	e := s.procs[0].eng
	firm, err := e.Bootstrap(ctx, tenancy.Firm{Tenant: "acme", Name: "Acme", Admin: ana()})
	s.must(err)
	opened, err := e.OpenCustomer(ctx, firm, s.in(), customer.Profile{Name: "Maria", Type: customer.Individual})
	s.must(err)
	s.customer = opened.ID
	s.enter(0)
	scope := s.procs[0].scope
	open := func(asset string) accounts.ID {
		m, err := e.Manage(ctx, scope, s.in(), accounts.Open{Name: asset, Currency: asset, Details: accounts.Details{Bank: "001", Branch: "1", Number: asset}})
		s.must(err)
		_, err = e.Submit(ctx, scope, s.in(), operations.Deposit{To: m.Account, Amount: dec("100000")})
		s.must(err)
		return m.Account
	}
	s.usd, s.brl = open("USD"), open("BRL")
	for _, x := range []operations.Administrative{
		trading.SetCustomer{Customer: trading.Customer{Providers: []string{"sim"}}},
		trading.SetPair{Pair: trading.Pair{Base: s.usd, Quote: s.brl, Fills: map[bool]trading.Fills{true: trading.InPart}[seed%3 > 0], Quotations: []trading.Path{{Provider: "sim", Priority: 1, Spread: trading.Spreads{Working: dec("50")}}}}},
	} {
		_, err := e.Manage(ctx, scope, s.in(), x)
		s.must(err)
	}
	s.start(1)
	return s
}

// sent checks what has to be so whenever a provider is told something.
func (s *simulation) sent(m *mortal, i operations.Instruction) {
	if m.busy > 0 {
		s.failf("%s was sent inside a call of the store", i.Operation)
	}
	found, err := s.store.Find(s.ctx(), operations.BookID{Tenant: "acme", Customer: s.customer}, operations.Want{Operation: i.Operation})
	s.must(err)
	if found.Operation == nil {
		s.failf("%s was sent before it was durable", i.Operation)
	}
	e, err := found.Operation.Entry.Open()
	s.must(err)
	for _, o := range e.Effects.Operations {
		if o.ID == i.Operation && o.ProviderReference != i.Reference {
			s.failf("%s was sent as %q and is known as %q", i.Operation, i.Reference, o.ProviderReference)
		}
	}
}

// meanwhile lets something happen while a provider is being told.
func (s *simulation) meanwhile() {
	if s.depth > 1 {
		return
	}
	s.depth++
	defer func() { s.depth-- }()
	switch s.r.IntN(6) {
	case 0:
		s.act(actWork)
	case 1:
		s.act(actReport)
	case 2:
		s.act(actCancel)
	}
}

const (
	actQuote = iota
	actSubmit
	actExecute
	actExecuteMore
	actCancel
	actModify
	actWork
	actReport
	actClock
	actKill
	actions
)

// step does one thing that follows from seed and number alone.
func (s *simulation) step(n int) {
	s.r = rand.New(rand.NewPCG(s.seed, uint64(n)))
	s.act(s.r.IntN(actions))
}

func (s *simulation) act(what int) {
	i := s.r.IntN(2)
	if s.procs[i].m.dead {
		s.start(i)
	}
	s.enter(i)
	p := &s.procs[i]
	if p.scope.IsZero() {
		return
	}
	trade := trading.Trade{Base: s.usd, Quote: s.brl, Side: operations.Buy, BaseAmount: dec(fmt.Sprint(1 + s.r.IntN(500)))}
	if s.r.IntN(2) == 0 {
		trade.Side = operations.Sell
	}
	switch what {
	case actQuote:
		res, err := p.eng.Prepare(s.ctx(), p.scope, s.in(), trade)
		s.did("quote", res, err)
	case actSubmit:
		res, err := p.eng.Submit(s.ctx(), p.scope, s.in(), trade)
		s.did("submit", res, err)
	case actExecute, actExecuteMore:
		s.execute(p)
	case actCancel, actModify:
		o, ok := s.pick(p)
		if !ok {
			return
		}
		if what == actCancel {
			res, err := p.eng.Cancel(s.ctx(), p.scope, s.in(), o.Ref())
			s.did("cancel", res, err)
			return
		}
		res, err := p.eng.Modify(s.ctx(), p.scope, s.in(), o.Ref(), operations.Modification{Amount: trade.BaseAmount})
		s.did("modify", res, err)
	case actWork:
		done, err := p.eng.Work(s.ctx(), operations.Budget{Items: 20})
		s.trace("%d work %+v %v", i, done, err)
	case actReport:
		s.report(p)
	case actClock:
		s.clock.Advance([]time.Duration{time.Second, 20 * time.Second, time.Minute, 10 * time.Minute, -2 * time.Second, -10 * time.Minute, 2 * time.Hour}[s.r.IntN(7)])
	case actKill:
		p.m.left, p.m.after = s.r.IntN(5), s.r.IntN(2) == 0
		s.trace("%d dies in %d, after it: %t", i, p.m.left, p.m.after)
	}
}

// did takes in what became of a command. What is not one of these is a fault.
func (s *simulation) did(what string, res operations.Result, err error) {
	s.trace("%s %s %s %v", what, res.Operation.ID, res.Operation.State, err)
	switch {
	case err == nil:
		if what == "quote" || what == "submit" {
			s.known = append(s.known, res.Operation.ID)
		}
	case errors.Is(err, operations.ErrRefused), errors.Is(err, operations.ErrConflict), errors.Is(err, tenancy.ErrUnavailable), errors.Is(err, operations.ErrUnknownOutcome):
		s.unfit++
	case errors.Is(err, operations.ErrInvalid) && what == "modify": // it changes nothing
	default:
		s.failf("%s: %v", what, err)
	}
}

func (s *simulation) pick(p *process) (operations.Operation, bool) {
	if len(s.known) == 0 {
		return operations.Operation{}, false
	}
	o, err := p.eng.Book(p.scope).Operation(s.ctx(), s.known[max(0, len(s.known)-1-s.r.IntN(6))])
	return o, err == nil
}

func (s *simulation) execute(p *process) {
	o, ok := s.pick(p)
	if !ok {
		return
	}
	before := s.clock.Now()
	in := s.in()
	res, err := p.eng.Execute(s.ctx(), p.scope, in, o.Ref())
	s.did("execute", res, err)
	if err == nil && !before.Before(o.Terms.Expires) {
		s.failf("%s was executed at %s, and expired at %s", o.ID, before, o.Terms.Expires)
	}
	if err == nil && s.r.IntN(4) == 0 { // asked for again, it is not done again
		again, err := p.eng.Execute(s.ctx(), p.scope, in, o.Ref())
		if err == nil && !again.Replayed {
			s.failf("%s was executed twice", o.ID)
		}
	}
}

// report delivers what the provider says by itself: late, twice, in any order.
func (s *simulation) report(p *process) {
	s.late = append(s.late, s.provider.Reports()...)
	s.r.Shuffle(len(s.late), func(i, j int) { s.late[i], s.late[j] = s.late[j], s.late[i] })
	for n := s.r.IntN(4); n > 0 && len(s.late) > 0; n-- {
		a := s.late[len(s.late)-1]
		s.late = s.late[:len(s.late)-1]
		res, err := p.eng.Report(s.ctx(), "acme", "sim", a)
		s.did("report", res, err)
		if err != nil {
			s.late = append([]operations.Answer{a}, s.late...)
		}
	}
}

// settle lets the provider be reached, and honest, and everything come to an end.
func (s *simulation) settle() string {
	s.r = rand.New(rand.NewPCG(s.seed, 1<<40))
	s.provider.Set(trading.Faults{})
	s.depth = 2
	for i := range s.procs {
		s.start(i)
	}
	p := &s.procs[0]
	s.enter(0)
	for range 3 {
		s.clock.Advance(40 * time.Minute)
		_, err := p.eng.Work(s.ctx(), operations.Budget{Items: 10_000})
		s.must(err)
	}
	for _, a := range append(s.late, s.provider.Reports()...) {
		_, err := p.eng.Report(s.ctx(), "acme", "sim", a)
		s.must(err)
	}
	return s.check(p)
}

// check holds the book against what the provider truly did.
func (s *simulation) check(p *process) string {
	book := p.eng.Book(p.scope)
	verified, err := book.Verify(s.ctx())
	s.must(err)
	if !verified.Sound() {
		s.failf("%+v", verified.Faults)
	}
	usd, brl := dec("100000"), dec("100000")
	after := ""
	for {
		page, err := book.History(s.ctx(), operations.HistoryFilter{Kinds: []string{trading.KindTrade}}, after, 200)
		s.must(err)
		for _, o := range page.Items {
			if !o.State.Final() {
				s.failf("%s is still %s", o.ID, o.State)
			}
			truth, heard := s.provider.Executed(o.ProviderReference)
			if truth.Effects > 1 {
				s.failf("%s happened %d times", o.ID, truth.Effects)
			}
			happened := heard && truth.Effects == 1
			if o.State == operations.Completed {
				x := o.Terms.Exchange
				b, q := x.BaseAmount.Decimal, x.QuoteAmount.Neg()
				if x.Side == operations.Sell {
					b, q = b.Neg(), q.Neg()
				}
				usd, brl = usd.Add(b), brl.Add(q)
				if !x.Agreed.IsZero() {
					s.parts++
				}
				if x.Agreed.IsZero() == truth.Part {
					s.failf("%s: a part is %t, and outside %t", o.ID, !x.Agreed.IsZero(), truth.Part)
				}
				if !truth.BaseAmount.Equal(x.BaseAmount.Decimal) || !truth.QuoteAmount.Equal(x.ProviderAmount.Decimal) {
					s.failf("%s: %s for %s happened", o.ID, truth.BaseAmount, truth.QuoteAmount)
				}
			}
			if happened != (o.State == operations.Completed) && !s.denied(p, o, truth) {
				s.failf("%s is %s, and outside: %+v", o.ID, o.State, truth)
			}
		}
		if page.Next == "" {
			break
		}
		after = page.Next
	}
	incidents, err := book.Incidents(s.ctx())
	s.must(err)
	for _, i := range incidents {
		if i.Code == operations.IncidentMismatch {
			s.mismatches++
		}
	}
	all, err := book.Accounts(s.ctx())
	s.must(err)
	for _, a := range all {
		want := usd
		if a.ID == s.brl {
			want = brl
		}
		if !a.Posted.Equal(want) || !a.Held.IsZero() {
			s.failf("account %s has %s, of which %s is held, and should have %s", a.ID, a.Posted, a.Held, want)
		}
	}
	return verified.Head.Hash.String()
}

// denied tells whether the provider had said that what happened was refused. Told
// the truth again, the engine opens an incident.
func (s *simulation) denied(p *process, o operations.Operation, truth trading.Executed) bool {
	if o.State != operations.Failed || truth.Effects != 1 || truth.Denied == 0 {
		return false
	}
	a, err := s.provider.Ask(s.ctx(), o.ProviderReference)
	s.must(err)
	_, err = p.eng.Report(s.ctx(), "acme", "sim", a)
	s.must(err)
	incidents, err := p.eng.Book(p.scope).Incidents(s.ctx())
	s.must(err)
	for _, i := range incidents {
		if i.Operation == o.ID && i.Code == operations.IncidentContradiction {
			return true
		}
	}
	return false
}

// simulate runs a seed; steps tells which ones to leave out.
func simulate(ctx context.Context, seed uint64, steps int, leave map[int]bool, trace func(string, ...any)) (hash string, s *simulation, err error) {
	defer func() {
		if x := recover(); x != nil {
			e, ok := x.(simulationError)
			if !ok {
				panic(x)
			}
			err = e
		}
	}()
	s = newSimulation(ctx, seed, trace)
	for n := range steps {
		if !leave[n] {
			s.step(n)
		}
	}
	hash = s.settle()
	return hash, s, nil
}

// shrink finds fewer steps that go wrong, too.
func shrink(ctx context.Context, seed uint64, steps int) (int, map[int]bool) {
	quiet := func(string, ...any) {}
	fails := func(n int, leave map[int]bool) bool {
		_, _, err := simulate(ctx, seed, n, leave, quiet)
		return err != nil
	}
	leave := map[int]bool{}
	for n := 1; n <= steps; n++ {
		if fails(n, leave) {
			steps = n
			break
		}
	}
	for n := range steps {
		if leave[n] = true; !fails(steps, leave) {
			delete(leave, n)
		}
	}
	return steps, leave
}

func TestTradesAgainstAProviderThatFailsAndLies(t *testing.T) {
	t.Parallel()
	seeds, steps := times(6, 300, 2_000), 500
	quiet := func(string, ...any) {}
	unfit, known, refused, mismatches, parts := 0, 0, 0, 0, 0
	for seed := range uint64(seeds) {
		hash, s, err := simulate(t.Context(), seed, steps, nil, quiet)
		if err != nil {
			n, leave := shrink(t.Context(), seed, steps)
			_, _, err = simulate(t.Context(), seed, n, leave, t.Logf)
			require.NoError(t, err, "seed %d, %d steps of %d", seed, n-len(leave), n)
		}
		if seed < 20 {
			again, _, err := simulate(t.Context(), seed, steps, nil, quiet)
			require.NoError(t, err)
			require.Equal(t, hash, again, "seed %d comes out differently", seed)
		}
		unfit, known, mismatches, parts = unfit+s.unfit, known+len(s.known), mismatches+s.mismatches, parts+s.parts
		for _, id := range s.known {
			if e, ok := s.provider.Executed("acme:" + string(s.customer) + ":" + string(id)); ok && e.Refused {
				refused++
			}
		}
	}
	require.Greater(t, known, 20*seeds, "enough happens")
	require.Positive(t, unfit)
	require.Positive(t, mismatches)
	require.Positive(t, parts)
	require.Positive(t, refused)
}
