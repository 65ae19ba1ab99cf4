package integration_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/shopspring/decimal"
	"github.com/stretchr/testify/require"

	"github.com/onbehalf/onbehalf/accounts"
	"github.com/onbehalf/onbehalf/adapters/memory"
	"github.com/onbehalf/onbehalf/customer"
	"github.com/onbehalf/onbehalf/operations"
	"github.com/onbehalf/onbehalf/tenancy"
)

// hands is a clock that a test moves.
type hands struct{ at atomic.Int64 }

func newHands() *hands {
	h := &hands{}
	h.at.Store(epoch().UnixMicro())
	return h
}

func (h *hands) Now() time.Time             { return time.UnixMicro(h.at.Load()) }
func (h *hands) move(by time.Duration)      { h.at.Add(by.Microseconds()) }
func money(text string) decimal.Decimal     { return decimal.RequireFromString(text) }
func intent(parts ...any) operations.Intent { return operations.Intent{Key: fmt.Sprint(parts...)} }

// desk is a customer with one account of an engine, and ana who acts for him.
type desk struct {
	t     *testing.T
	eng   *operations.Engine
	clock *hands
	house tenancy.Scope
	scope tenancy.Scope
	acc   accounts.ID
	keys  *atomic.Int64
}

// sit opens the firm, one customer and his account.
func sit(t *testing.T, store operations.Store, c operations.Config) *desk {
	t.Helper()
	d := &desk{t: t, clock: newHands(), keys: &atomic.Int64{}}
	if c.Clock == nil {
		c.Clock = d.clock
	}
	var err error
	d.eng, err = operations.New(store, c)
	require.NoError(t, err)
	t.Cleanup(d.eng.Close)
	ctx := context.Background()
	firm, err := d.eng.Bootstrap(ctx, tenancy.Firm{Tenant: "acme", Admin: principal("acme", "ana")})
	require.NoError(t, err)
	d.house, err = d.eng.Gate().Own(ctx, principal("acme", "ana"), "")
	require.NoError(t, err)
	cust, err := d.eng.OpenCustomer(ctx, firm, intent("maria"), customer.Profile{Name: "Maria"})
	require.NoError(t, err)
	d.scope, err = d.eng.Gate().Enter(ctx, principal("acme", "ana"), cust.ID, "call")
	require.NoError(t, err)
	d.acc = d.account("0")
	return d
}

// beside is another engine on the same store, with a scope of its own.
func (d *desk) beside(store operations.Store, c operations.Config) *desk {
	d.t.Helper()
	n := *d
	if c.Clock == nil {
		c.Clock = d.clock
	}
	var err error
	n.eng, err = operations.New(store, c)
	require.NoError(d.t, err)
	d.t.Cleanup(n.eng.Close)
	n.scope = d.as(n.eng, "ana")
	return &n
}

func (d *desk) as(eng *operations.Engine, operator string) tenancy.Scope {
	d.t.Helper()
	sc, err := eng.Gate().Enter(context.Background(), principal("acme", operator), d.scope.Customer(), "call")
	require.NoError(d.t, err)
	return sc
}

func (d *desk) next() operations.Intent { return intent("d", d.keys.Add(1)) }

func (d *desk) account(limit string) accounts.ID {
	d.t.Helper()
	m, err := d.eng.Manage(context.Background(), d.scope, d.next(), accounts.Open{Currency: "BRL", DebtLimit: money(limit), Details: accounts.Details{PixKey: "maria@example.com"}})
	require.NoError(d.t, err)
	return m.Account
}

func (d *desk) deposit(amount string) {
	d.t.Helper()
	_, err := d.eng.Submit(context.Background(), d.scope, d.next(), operations.Deposit{To: d.acc, Amount: money(amount)})
	require.NoError(d.t, err)
}

func (d *desk) withdraw(amount string) error {
	_, err := d.eng.Submit(context.Background(), d.scope, d.next(), operations.Withdrawal{From: d.acc, Amount: money(amount)})
	return err
}

func (d *desk) manage(s tenancy.Scope, x operations.Administrative) operations.Managed {
	d.t.Helper()
	m, err := d.eng.Manage(context.Background(), s, d.next(), x)
	require.NoError(d.t, err)
	return m
}

// balance is posted and held of the desk's account; the book must be sound.
func (d *desk) balance() string {
	d.t.Helper()
	book := d.eng.Book(d.scope)
	v, err := book.Verify(context.Background())
	require.NoError(d.t, err)
	require.Empty(d.t, v.Faults)
	all, err := book.Accounts(context.Background())
	require.NoError(d.t, err)
	for _, a := range all {
		if a.ID == d.acc {
			return a.Posted.String() + "/" + a.Held.String()
		}
	}
	d.t.Fatal("the account is gone")
	return ""
}

func (d *desk) seq() int64 {
	d.t.Helper()
	v, err := d.eng.Book(d.scope).Customer(context.Background())
	require.NoError(d.t, err)
	return v.Seq
}

func (d *desk) hire(operator string, ps ...tenancy.Permission) tenancy.GrantID {
	d.t.Helper()
	d.manage(d.house, tenancy.Register{Operator: tenancy.OperatorID(operator), Person: tenancy.PersonID("p-" + operator)})
	return d.manage(d.scope, tenancy.Allow{Operator: tenancy.OperatorID(operator), Permissions: tenancy.NewPermissions(ps...)}).Grant
}

func TestAHeadMovedByAnotherEngineGivesNoStaleAnswer(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	store := memory.New()
	a := sit(t, store, operations.Config{})
	b := a.beside(store, operations.Config{})
	require.ErrorIs(t, b.withdraw("10"), operations.ErrRefused, "b has the empty account in its cache")

	a.deposit("10")
	require.NoError(t, b.withdraw("10"), "no refusal by a balance that is past")

	prep, err := a.eng.Prepare(ctx, a.scope, a.next(), operations.Deposit{To: a.acc, Amount: money("1")})
	require.NoError(t, err)
	_, err = b.eng.Execute(ctx, b.scope, b.next(), prep.Operation.Ref())
	require.NoError(t, err, "no not found by a book that is past")
	_, err = a.eng.Execute(ctx, a.scope, a.next(), prep.Operation.Ref())
	var conflict *operations.ConflictError
	require.ErrorAs(t, err, &conflict)
	require.Equal(t, operations.ConflictError{Reason: operations.StaleVersion, ID: prep.Operation.ID, State: operations.Completed, Version: 2}, *conflict)

	a.deposit("5")
	plan, err := b.eng.Explain(ctx, b.scope, operations.Withdrawal{From: b.acc, Amount: money("6")})
	require.NoError(t, err)
	require.True(t, plan.Allowed(), "no preview of a book that is past")
	require.Equal(t, a.seq(), plan.Seq)
	fresh := a.account("0")
	_, err = b.eng.Submit(ctx, b.scope, b.next(), operations.Deposit{To: fresh, Amount: money("1")})
	require.NoError(t, err, "no refusal for an account that another engine opened")
}

func TestWorkOfOneEngineSeesWhatAnotherPrepared(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	for name, ask := range map[string]func(*desk) error{
		"terms that ran out": func(d *desk) error {
			_, err := d.eng.Prepare(ctx, d.scope, d.next(), operations.Deposit{To: d.acc, Amount: money("1")})
			return err
		},
		"an operation whose time has come": func(d *desk) error {
			_, err := d.eng.Submit(ctx, d.scope, d.next(), operations.Deposit{To: d.acc, Amount: money("1"), NotBefore: d.clock.Now().Add(time.Minute)})
			return err
		},
		"an operation that was moved nearer": nil,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			store := memory.New()
			a := sit(t, store, operations.Config{})
			b := a.beside(store, operations.Config{})
			b.seq() // b has the book in its cache as it was before
			if ask == nil {
				res, err := b.eng.Submit(ctx, b.scope, b.next(), operations.Deposit{To: b.acc, Amount: money("1"), NotBefore: b.clock.Now().Add(48 * time.Hour)})
				require.NoError(t, err)
				_, err = a.eng.Modify(ctx, a.scope, a.next(), res.Operation.Ref(), operations.Modification{NotBefore: a.clock.Now().Add(time.Minute)})
				require.NoError(t, err)
			} else {
				require.NoError(t, ask(a))
			}
			a.clock.move(time.Hour)
			done, err := b.eng.Work(ctx, operations.Budget{})
			require.NoError(t, err)
			require.Equal(t, 1, done.Expired+done.Released, "%+v", done)
			require.Zero(t, done.Stuck)
		})
	}
}

func TestAHostsRollbackLeavesNothingBehindTheCache(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	store, db, _ := newSQLite(t)
	d := sit(t, store, operations.Config{})
	d.deposit("10")
	before := d.seq()

	tx, err := db.BeginTx(ctx, nil)
	require.NoError(t, err)
	within := d.eng.Within(store.WithTx(tx))
	res, err := within.Submit(ctx, d.scope, intent("tx"), operations.Withdrawal{From: d.acc, Amount: money("10")})
	require.NoError(t, err)
	require.Equal(t, operations.Completed, res.Operation.State)
	require.ErrorIs(t, func() error {
		_, err := within.Submit(ctx, d.scope, intent("tx2"), operations.Withdrawal{From: d.acc, Amount: money("1")})
		return err
	}(), operations.ErrRefused, "inside, the money is gone")
	seen, err := within.Book(d.scope).Operation(ctx, res.Operation.ID)
	require.NoError(t, err)
	require.Equal(t, operations.Completed, seen.State)
	require.NoError(t, tx.Rollback())

	require.Equal(t, before, d.seq())
	require.Equal(t, "10/0", d.balance())
	_, err = d.eng.Book(d.scope).Operation(ctx, res.Operation.ID)
	require.ErrorIs(t, err, operations.ErrNotFound)
	again, err := d.eng.Submit(ctx, d.scope, intent("tx"), operations.Withdrawal{From: d.acc, Amount: money("10")})
	require.NoError(t, err)
	require.False(t, again.Replayed, "the key was rolled back too")
	require.Equal(t, "0/0", d.balance())
}

// gated is a store whose commits and turns a test can hold up, lose and count.
type gated struct {
	operations.Store
	commit func(ctx context.Context, runs []operations.Run) ([]operations.Verdict, error) // nil: as it is
	turn   turnFunc                                                                       // nil: as it is
	find   func() error
	mu     sync.Mutex
}

type (
	decideFunc = func(operations.Loaded) (operations.Run, error)
	turnFunc   func(ctx context.Context, id operations.BookID, since int64, decide decideFunc) (operations.Verdict, error)
)

func (g *gated) set(f func(context.Context, []operations.Run) ([]operations.Verdict, error)) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.commit = f
}

func (g *gated) Commit(ctx context.Context, runs []operations.Run) ([]operations.Verdict, error) {
	g.mu.Lock()
	f := g.commit
	g.mu.Unlock()
	if f == nil {
		return g.Store.Commit(ctx, runs)
	}
	return f(ctx, runs)
}

func (g *gated) setTurn(f turnFunc) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.turn = f
}

func (g *gated) Turn(ctx context.Context, id operations.BookID, since int64, decide func(operations.Loaded) (operations.Run, error)) (operations.Verdict, error) {
	g.mu.Lock()
	f := g.turn
	g.mu.Unlock()
	if f == nil {
		return g.Store.Turn(ctx, id, since, decide)
	}
	return f(ctx, id, since, decide)
}

func (g *gated) down(err error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.find = func() error { return err }
	g.commit = func(context.Context, []operations.Run) ([]operations.Verdict, error) { return nil, err }
	g.turn = func(context.Context, operations.BookID, int64, decideFunc) (operations.Verdict, error) {
		return operations.Verdict{}, err
	}
}

func (g *gated) Find(ctx context.Context, id operations.BookID, w operations.Want) (operations.Found, error) {
	g.mu.Lock()
	f := g.find
	g.mu.Unlock()
	if f != nil {
		return operations.Found{}, f()
	}
	return g.Store.Find(ctx, id, w)
}

func TestARunThatLosesItsFirstChangeHarmsNobodyElseInTheBatch(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		ctx := context.Background()
		under := memory.New()
		store := &gated{Store: under}
		a := sit(t, store, operations.Config{})
		a.deposit("100")
		rival := a.beside(under, operations.Config{})
		firm, err := a.eng.Gate().Firm(ctx, principal("acme", "ana"))
		require.NoError(t, err)
		other, err := a.eng.OpenCustomer(ctx, firm, intent("joao"), customer.Profile{Name: "Joao"})
		require.NoError(t, err)
		joao, err := a.eng.Gate().Enter(ctx, principal("acme", "ana"), other.ID, "call")
		require.NoError(t, err)

		held, batch := make(chan struct{}), 0
		store.set(func(ctx context.Context, runs []operations.Run) ([]operations.Verdict, error) {
			batch++
			if batch == 1 {
				<-held
			}
			if batch == 2 { // between decision and commit the rival spends the money of the first book
				if len(runs) != 2 || len(runs[0].Changes)+len(runs[1].Changes) != 3 {
					return nil, errors.New("the commands did not gather into one batch")
				}
				if err := rival.withdraw("95"); err != nil {
					return nil, err
				}
			}
			return under.Commit(ctx, runs)
		})
		results := make(chan error, 4)
		go func() { a.deposit("1"); results <- nil }()
		synctest.Wait() // the first batch is in flight
		for i := range 2 {
			go func() {
				_, err := a.eng.Submit(ctx, a.scope, intent("w", i), operations.Withdrawal{From: a.acc, Amount: money("4")})
				results <- err
			}()
		}
		go func() {
			_, err := a.eng.Manage(ctx, joao, intent("j"), accounts.Open{Currency: "BRL"})
			results <- err
		}()
		synctest.Wait()
		close(held)
		refused := 0
		for range 4 {
			if err := <-results; err != nil {
				require.ErrorIs(t, err, operations.ErrRefused)
				refused++
			}
		}
		require.Equal(t, 1, refused, "100 + 1 - 95 pays one 4 of two")
		require.Equal(t, "2/0", a.balance())
	})
}

func TestManyCallersOfOneKeyInOneBatchAreAllToldItsOutcome(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		store := &gated{Store: memory.New()}
		d := sit(t, store, operations.Config{})
		held, commits := make(chan struct{}), 0
		store.set(func(ctx context.Context, runs []operations.Run) ([]operations.Verdict, error) {
			commits++
			if commits == 1 {
				<-held
			}
			return store.Store.Commit(ctx, runs)
		})
		results := make(chan error, 33)
		submit := func(key string) {
			_, err := d.eng.Submit(context.Background(), d.scope, intent(key), operations.Deposit{To: d.acc, Amount: money("1")})
			results <- err
		}
		go submit("first")
		synctest.Wait()
		for range 32 {
			go submit("same")
		}
		synctest.Wait() // all of them wait for one batch
		close(held)
		for range 33 {
			require.NoError(t, <-results)
		}
		require.LessOrEqual(t, commits, 6, "one caller must not cost one commit")
		require.Equal(t, "2/0", d.balance())
	})
}

func TestAPanicInAHostsCodeFailsItsOwnCommandOnly(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	rule := operations.RuleFunc(func(v operations.View, _ operations.Terms, _ time.Time) []operations.Unmet {
		if v.Order().Reference == "panic" {
			panic("the rule broke")
		}
		return nil
	})
	bank := &fakeProvider{known: map[string]operations.Instruction{}, send: "panic", ask: "panic"}
	d := sit(t, memory.New(), operations.Config{
		Rules: []operations.Rule{rule}, Providers: map[string]operations.Provider{"bank": bank},
	})
	before := d.seq()
	_, err := d.eng.Submit(ctx, d.scope, intent("p"), operations.Deposit{To: d.acc, Amount: money("1"), Reference: "panic"})
	require.Equal(t, "unavailable", failure(err).Class)
	_, err = d.eng.Explain(ctx, d.scope, operations.Deposit{To: d.acc, Amount: money("1"), Reference: "panic"})
	require.Equal(t, "unavailable", failure(err).Class)
	require.Equal(t, before, d.seq(), "nothing of it is recorded")
	_, err = d.eng.Submit(ctx, d.scope, intent("p"), operations.Deposit{To: d.acc, Amount: money("1")})
	require.NoError(t, err, "the key is not burned")

	var wg sync.WaitGroup
	var good atomic.Int64
	for i := range 32 {
		reference := ""
		if i%4 == 0 {
			reference = "panic"
		}
		wg.Go(func() {
			if _, err := d.eng.Submit(ctx, d.scope, intent("m", i), operations.Deposit{To: d.acc, Amount: money("1"), Reference: reference}); err == nil {
				good.Add(1)
			}
		})
	}
	wg.Wait()
	require.EqualValues(t, 24, good.Load())
	require.Equal(t, "25/0", d.balance())

	res, err := d.eng.Submit(ctx, d.scope, intent("b"), operations.Withdrawal{From: d.acc, Amount: money("5"), Via: "bank"})
	require.NoError(t, err)
	require.Equal(t, operations.Unresolved, res.Operation.State, "a provider that panics has not said no")
	require.Equal(t, "25/5", d.balance())
}

func TestAKindThatPlansWhatNoBookCanTakeIsUnavailable(t *testing.T) {
	t.Parallel()
	for _, what := range []string{"plan", "unbalanced", "foreign", "unheld"} {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			ctx := context.Background()
			d := sit(t, memory.New(), operations.Config{Kinds: []operations.Kind{brokenKind{}}})
			d.deposit("5")
			before := d.seq()
			order := operations.Order{Kind: "broken", From: d.acc, Amount: accounts.Exact(money("1")), Purpose: what}
			_, err := d.eng.Submit(ctx, d.scope, d.next(), order)
			require.Equal(t, "unavailable", failure(err).Class, "%v", err)
			_, err = d.eng.Explain(ctx, d.scope, order)
			require.Equal(t, "unavailable", failure(err).Class, "%v", err)
			require.Equal(t, before, d.seq(), "nothing of it is recorded")
		})
	}
}

// brokenKind plans what no book can take.
type brokenKind struct{}

func (brokenKind) Name() string                    { return "broken" }
func (brokenKind) Validate(operations.Order) error { return nil }
func (brokenKind) Plan(v operations.View, _ time.Time) (operations.Terms, []operations.Unmet) {
	o := v.Order()
	one := accounts.Posting{Ref: accounts.Customer(o.From), Asset: "BRL", Amount: accounts.Exact(o.Amount.Neg())}
	two := accounts.Posting{Ref: accounts.Suspense, Asset: "BRL", Amount: o.Amount}
	t := operations.Terms{Asset: "BRL", Debit: o.Amount, Holds: []operations.HoldTerm{{Account: o.From, Amount: o.Amount}}}
	switch o.Purpose {
	case "plan":
		panic("the kind broke")
	case "unbalanced":
		t.Postings = []accounts.Posting{one}
	case "foreign":
		two.Ref = "somebody-else"
		t.Postings = []accounts.Posting{one, two}
	case "unheld":
		t.Holds, t.Postings = nil, []accounts.Posting{one, two}
	}
	return t, nil
}

func TestACallerThatLeaves(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		store := &gated{Store: memory.New()}
		d := sit(t, store, operations.Config{})
		inFlight, held := make(chan struct{}, 8), make(chan struct{})
		store.set(func(ctx context.Context, runs []operations.Run) ([]operations.Verdict, error) {
			inFlight <- struct{}{}
			<-held
			return store.Store.Commit(ctx, runs)
		})
		submit := func(ctx context.Context, key, amount string, to chan<- error) {
			_, err := d.eng.Submit(ctx, d.scope, intent(key), operations.Deposit{To: d.acc, Amount: money(amount)})
			to <- err
		}
		leader, member, waiting := make(chan error, 1), make(chan error, 1), make(chan error, 1)
		go submit(context.Background(), "leader", "1", leader)
		<-inFlight
		afterCtx, leaveAfter := context.WithCancel(context.Background())
		beforeCtx, leaveBefore := context.WithCancel(context.Background())
		second := make(chan error, 1)
		go submit(context.Background(), "second", "2", second)
		synctest.Wait()
		go submit(afterCtx, "member", "4", member) // in the second leader's batch
		synctest.Wait()
		go submit(beforeCtx, "waiting", "8", waiting)
		synctest.Wait()
		leaveBefore()
		require.Equal(t, context.Canceled, <-waiting, "before pick-up: its own error, no effect")
		held <- struct{}{}
		<-inFlight // the second batch
		leaveAfter()
		err := <-member
		require.Equal(t, "unknown outcome", failure(err).Class)
		var unknown *operations.UnknownOutcomeError
		require.ErrorAs(t, err, &unknown)
		require.Equal(t, "member", unknown.Key)
		close(held)
		require.NoError(t, <-leader)
		require.NoError(t, <-second)
		res, err := d.eng.Submit(context.Background(), d.scope, intent("member"), operations.Deposit{To: d.acc, Amount: money("4")})
		require.NoError(t, err)
		require.True(t, res.Replayed, "it had its effect, once")
		require.Equal(t, "7/0", d.balance())

		gone, cancel := context.WithCancel(context.Background())
		cancel()
		_, err = d.eng.Submit(gone, d.scope, intent("gone"), operations.Deposit{To: d.acc, Amount: money("1")})
		require.Equal(t, context.Canceled, err)
		require.Equal(t, "7/0", d.balance())
	})
}

func TestAClockThatGoesBack(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	d := sit(t, memory.New(), operations.Config{})
	d.clock.move(time.Minute)
	d.deposit("1")
	newest := d.clock.Now()
	d.clock.move(-5 * time.Second)
	d.deposit("1") // within what is allowed, at the time of the newest entry
	lines, err := d.eng.Book(d.scope).Journal(ctx, 3, 10)
	require.NoError(t, err)
	require.True(t, lines[0].At.Equal(newest), "time never goes back in a book")
	before := d.seq()
	d.clock.move(-time.Microsecond)
	_, err = d.eng.Submit(ctx, d.scope, intent("late"), operations.Deposit{To: d.acc, Amount: money("1")})
	require.Equal(t, "unavailable", failure(err).Class)
	require.Equal(t, before, d.seq(), "reading goes on")
	d.clock.move(time.Microsecond)
	_, err = d.eng.Submit(ctx, d.scope, intent("late"), operations.Deposit{To: d.acc, Amount: money("1")})
	require.NoError(t, err)
	require.Equal(t, "3/0", d.balance())
}

func TestACommitWhoseReplyIsLostLandsOnce(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		lost   int  // replies, one after the other
		landed bool // had the commit been made when its reply was lost
		told   string
	}{
		"lost after the commit":                       {lost: 1, landed: true, told: "ok"},
		"lost before the commit":                      {lost: 1, told: "ok"},
		"lost again and again after the commit":       {lost: 3, landed: true, told: "ok"},
		"lost for as long as anybody waits":           {lost: 1000, landed: true, told: "unknown outcome"},
		"lost for as long as anybody waits, not made": {lost: 1000, told: "unknown outcome"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				ctx := context.Background()
				store := &gated{Store: memory.New()}
				d := sit(t, store, operations.Config{CommitTimeout: time.Minute})
				var first []operations.Run
				calls := 0
				store.set(func(ctx context.Context, runs []operations.Run) ([]operations.Verdict, error) {
					calls++
					if calls == 1 {
						first = runs
					}
					require.Equal(t, first, runs, "the identical batch")
					if calls > c.lost {
						return store.Store.Commit(ctx, runs)
					}
					if c.landed {
						_, err := store.Store.Commit(ctx, runs)
						require.NoError(t, err)
					}
					return nil, fmt.Errorf("connection lost: %w", operations.ErrUnknownOutcome)
				})
				_, err := d.eng.Submit(ctx, d.scope, intent("k"), operations.Deposit{To: d.acc, Amount: money("1")})
				require.Equal(t, c.told, failure(err).Class)
				store.set(nil)
				res, err := d.eng.Submit(ctx, d.scope, intent("k"), operations.Deposit{To: d.acc, Amount: money("1")})
				require.NoError(t, err)
				require.Equal(t, c.landed || c.told == "ok", res.Replayed)
				require.Equal(t, "1/0", d.balance())
			})
		})
	}
}

func TestAStoreThatIsDownIsUnavailable(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	for name, broken := range map[string]error{
		"says so":             fmt.Errorf("no route: %w", operations.ErrUnavailable),
		"fails without class": errors.New("broken pipe"),
		"is damaged":          fmt.Errorf("a row: %w", operations.ErrDamaged),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			store := &gated{Store: memory.New()}
			d := sit(t, store, operations.Config{})
			store.down(broken)
			_, err := d.eng.Submit(ctx, d.scope, intent("k"), operations.Deposit{To: d.acc, Amount: money("1")})
			require.Equal(t, "unavailable", failure(err).Class)
			require.ErrorIs(t, d.withdraw("1"), operations.ErrUnavailable, "not refused: nobody confirmed it")
			_, err = d.eng.Book(d.scope).Accounts(ctx)
			require.Equal(t, "unavailable", failure(err).Class)
			_, err = d.eng.Gate().Enter(ctx, principal("acme", "ana"), d.scope.Customer(), "")
			require.Equal(t, "unavailable", failure(err).Class)
			store.set(nil)
			store.mu.Lock()
			store.find = nil
			store.mu.Unlock()
			res, err := d.eng.Submit(ctx, d.scope, intent("k"), operations.Deposit{To: d.acc, Amount: money("1")})
			require.NoError(t, err)
			require.False(t, res.Replayed)
			require.Equal(t, "1/0", d.balance())
		})
	}
}

func TestAtMostTwentyRefusalsAMinuteAreRecorded(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	var told atomic.Int64
	d := sit(t, memory.New(), operations.Config{Access: operations.AccessFunc(func(e operations.AccessEvent) {
		if e.Unrecorded {
			told.Add(1)
		}
	})})
	before := d.seq()
	for range 25 {
		require.ErrorIs(t, d.withdraw("1"), operations.ErrRefused)
	}
	require.Equal(t, before+20, d.seq())
	require.EqualValues(t, 5, told.Load(), "the rest goes to the access log")
	d.clock.move(time.Minute)
	require.ErrorIs(t, d.withdraw("1"), operations.ErrRefused)
	lines, err := d.eng.Book(d.scope).Journal(ctx, before+20, 5)
	require.NoError(t, err)
	require.Len(t, lines, 1)
	require.EqualValues(t, 5, lines[0].Suppressed, "and is counted with the next")
	d.deposit("1")
	require.Equal(t, "1/0", d.balance(), "what is allowed is done all the same")
}

func TestAReplayAfterTheGrantWasRevokedTellsNothing(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	d := sit(t, memory.New(), operations.Config{})
	grant := d.hire("ben", tenancy.AllPermissions()...)
	ben := d.as(d.eng, "ben")
	order := operations.Deposit{To: d.acc, Amount: money("1")}
	_, err := d.eng.Submit(ctx, ben, intent("k"), order)
	require.NoError(t, err)
	d.manage(d.scope, tenancy.Revoke{Grant: grant})
	before := d.seq()
	for _, key := range []string{"k", "unused"} {
		_, err = d.eng.Submit(ctx, ben, intent(key), order)
		require.Equal(t, outcome{Class: "refused", Codes: []string{"grant_missing operator"}}, failure(err), key)
	}
	_, err = d.eng.Book(ben).Outcome(ctx, "k")
	require.Equal(t, outcome{Class: "refused", Codes: []string{"grant_missing operator"}}, failure(err))
	require.Equal(t, before, d.seq(), "who has no access cannot write, not even a refusal")
	_, err = d.eng.Submit(ctx, d.scope, intent("k"), order)
	require.ErrorIs(t, err, operations.ErrConflict, "another operator's key is not his")
}

func TestHoldsBeyondWhatCanBeKeptAreRefused(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	const most = "99999999999999999999999999999999999999"
	d := sit(t, memory.New(), operations.Config{})
	d.acc = d.account(most)
	d.deposit(most)
	hold := func() error {
		_, err := d.eng.Submit(ctx, d.scope, d.next(), operations.Withdrawal{From: d.acc, Amount: money(most), NotBefore: d.clock.Now().Add(time.Hour)})
		return err
	}
	require.NoError(t, hold())
	require.Equal(t, outcome{Class: "refused", Codes: []string{"amount_out_of_range account:" + string(d.acc)}}, failure(hold()), "38 digits are held already")
	for range 70 { // past the next snapshot: the book must stay one that can be kept
		_, err := d.eng.Manage(ctx, d.scope, d.next(), accounts.SetCurrency{Currency: "JPY", Enabled: true})
		require.NoError(t, err)
	}
}

func TestWhatProvidersSettleCanAlwaysBeKept(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	const most = "99999999999999999999999999999999999999"
	for name, open := range map[string]func() operations.Store{
		"memory": func() operations.Store { return memory.New() },
		"sqlite": func() operations.Store { store, _, _ := newSQLite(t); return store },
	} {
		store := open()
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			bank := &fakeProvider{known: map[string]operations.Instruction{}, send: "pending"}
			d := sit(t, store, operations.Config{Providers: map[string]operations.Provider{"bank": bank}})
			var flying []operations.Operation
			for range 2 {
				res, err := d.eng.Submit(ctx, d.scope, d.next(), operations.Deposit{To: d.acc, Amount: money(most), Via: "bank"})
				if err == nil {
					flying = append(flying, res.Operation)
				}
			}
			for _, o := range flying {
				got, err := d.eng.Report(ctx, "acme", "bank", operations.Answer{Reference: o.ProviderReference, Status: operations.AnswerSettled, Amount: money(most), Asset: "BRL", External: "x"})
				require.NoError(t, err, "a fact is never refused")
				require.Equal(t, operations.Completed, got.Operation.State)
			}
			for range 70 { // past the next snapshot
				_, err := d.eng.Manage(ctx, d.scope, d.next(), accounts.SetCurrency{Currency: "JPY", Enabled: true})
				require.NoError(t, err, "the book is one that can still be kept")
			}
		})
	}
}

func TestAReversalOfAnotherAmountDoesNotStandInTheWayOfTheTrueOne(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	bank := &fakeProvider{known: map[string]operations.Instruction{}, send: "settle"}
	d := sit(t, memory.New(), operations.Config{Providers: map[string]operations.Provider{"bank": bank}})
	res, err := d.eng.Submit(ctx, d.scope, d.next(), operations.Deposit{To: d.acc, Amount: money("10"), Via: "bank"})
	require.NoError(t, err)
	require.Equal(t, operations.Completed, res.Operation.State)
	answer := operations.Answer{Reference: res.Operation.ProviderReference, Status: operations.AnswerReversed, Amount: money("3"), Asset: "BRL", External: "r1"}
	_, err = d.eng.Report(ctx, "acme", "bank", answer)
	require.NoError(t, err)
	require.Equal(t, "10/0", d.balance(), "a reversal of part moves nothing, and opens an incident")
	answer.Amount, answer.External = money("10"), "r2"
	_, err = d.eng.Report(ctx, "acme", "bank", answer)
	require.NoError(t, err)
	require.Equal(t, "0/0", d.balance(), "a reversal is a fact and is never refused")
}
