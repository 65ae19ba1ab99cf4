package operations_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/sync/errgroup"

	"github.com/onbehalf/onbehalf/accounts"
	"github.com/onbehalf/onbehalf/adapters/memory"
	"github.com/onbehalf/onbehalf/operations"
	"github.com/onbehalf/onbehalf/operations/operationstest"
	"github.com/onbehalf/onbehalf/tenancy"
)

func errorsAs(err error) (*operations.RefusedError, bool) {
	return errors.AsType[*operations.RefusedError](err)
}

// again is another engine over the same store, whose cache knows the book and
// the rows as they are now.
func (f frozenFirm) again(t *testing.T, key string, c operations.Config) (*operations.Engine, tenancy.Scope) {
	t.Helper()
	e, err := operations.New(f.store, c)
	require.NoError(t, err)
	t.Cleanup(e.Close)
	s, err := e.Gate().Enter(t.Context(), tenancy.Principal{Tenant: "acme", Operator: "ana", Person: "p-ana"}, f.scopes[0].Customer(), "")
	require.NoError(t, err)
	_, err = e.Submit(t.Context(), s, intent(key), operations.Deposit{To: f.accs[0], Amount: one(1)})
	require.NoError(t, err)
	return e, s
}

// A stop holds at the very next decision of whatever engine, for what it names
// and nothing else, and a lift does, too.
func TestAStopHoldsAtTheNextDecisionOfEveryEngine(t *testing.T) {
	t.Parallel()
	withdrawals := []string{"submit a withdrawal", "prepare", "execute", "modify what is prepared", "modify what is scheduled"}
	desk := append([]string{"submit a deposit", "submit a refund"}, withdrawals...)
	all := append([]string{"submit a transfer", "submit an adjustment"}, desk...)
	for subject, stopped := range map[string][]string{
		tenancy.WholeFirm: all, tenancy.KindSubject(operations.KindWithdrawal): withdrawals, tenancy.KindSubject(operations.KindTransfer): {"submit a transfer"},
		tenancy.KindSubject(operations.KindRefund): {"submit a refund"}, tenancy.ProviderSubject(operations.DeskName): desk,
		tenancy.ProviderSubject("bank"): nil,
	} {
		t.Run(subject, func(t *testing.T) {
			t.Parallel()
			c := operations.Config{Providers: map[string]operations.Provider{"bank": &oracle{say: pending}}}
			f := newFrozenFirm(t, c)
			ctx := t.Context()
			asked := f.begins(t, "a")
			cancelled, err := f.eng.Prepare(ctx, f.scopes[0], intent("cancelled"), operations.Withdrawal{From: f.accs[0], Amount: one(1)})
			require.NoError(t, err)
			other, s := f.again(t, "warm", c)
			f.manage(t, "stop", tenancy.Stop{Subject: subject, Reason: "settlement is down"})

			plan, err := other.Explain(ctx, s, operations.Withdrawal{From: f.accs[0], Amount: one(1)})
			require.NoError(t, err)
			require.Equal(t, contains(stopped, "submit a withdrawal"), !plan.Allowed(), "a preview says the same")
			actions, err := other.Actions(ctx, s, cancelled.Operation.ID)
			require.NoError(t, err)
			for _, a := range actions {
				require.Equal(t, a.Action != operations.ActCancel && contains(stopped, string(a.Action)), !a.Allowed(), a.Action)
			}
			for what, ask := range asked {
				err := ask(ctx, other, s)
				if !contains(stopped, what) {
					require.NoError(t, err, what)
					continue
				}
				u := unmetOf(t, err, operations.CodeStopped)
				require.Equal(t, subject, u.Subject, what)
				require.Equal(t, operations.Figure{Name: "reason", Value: "settlement is down"}, u.Figures[0], what)
			}
			_, err = other.Cancel(ctx, s, intent("cancel"), cancelled.Operation.Ref())
			require.NoError(t, err)
			f.manage(t, "lift", tenancy.Lift{Subject: subject})
			for what, ask := range f.begins(t, "b") {
				require.NoError(t, ask(ctx, other, s), what)
			}
			f.posted(t)
		})
	}
}

func contains(all []string, what string) bool {
	for _, s := range all {
		if s == what || strings.HasPrefix(s, what+" ") {
			return true
		}
	}
	return false
}

// The house is stopped with the firm, by the row in its own book.
func TestTheHouseIsStoppedWithTheFirm(t *testing.T) {
	t.Parallel()
	f := newFrozenFirm(t, operations.Config{})
	ctx := t.Context()
	m, err := f.eng.Manage(ctx, f.house, intent("own"), accounts.Open{Currency: "BRL", Details: accounts.Details{PixKey: "house"}})
	require.NoError(t, err)
	deposit := operations.Deposit{To: m.Account, Amount: one(1)}
	_, err = f.eng.Submit(ctx, f.house, intent("1"), deposit)
	require.NoError(t, err)
	f.manage(t, "stop", tenancy.Stop{Subject: tenancy.WholeFirm, Reason: "r"})
	_, err = f.eng.Submit(ctx, f.house, intent("2"), deposit)
	require.Equal(t, operations.CodeStopped, code(err))
	plan, err := f.eng.Explain(ctx, f.house, deposit)
	require.NoError(t, err)
	require.Equal(t, operations.CodeStopped, plan.Unmet[0].Code)
	f.manage(t, "lift", tenancy.Lift{Subject: tenancy.WholeFirm})
	_, err = f.eng.Submit(ctx, f.house, intent("3"), deposit)
	require.NoError(t, err)
}

// Submits race a stop from several engines: once it has returned, nothing begins.
func TestNothingBeginsOnceAStopHasReturned(t *testing.T) {
	t.Parallel()
	const callers, engines = 32, 3
	for round := range 4 {
		c := operations.Config{Committers: 2}
		f := newFrozenFirm(t, c)
		engs, scopes := make([]*operations.Engine, engines), make([]tenancy.Scope, engines)
		for i := range engs {
			engs[i], scopes[i] = f.again(t, fmt.Sprint("warm", i), c)
		}
		var thrown atomic.Bool
		var began atomic.Int64
		busy := make(chan struct{})
		g, ctx := errgroup.WithContext(t.Context())
		for w := range callers {
			g.Go(func() error {
				for n := 0; ; n++ {
					late := thrown.Load()
					_, err := engs[w%engines].Submit(ctx, scopes[w%engines], intent(fmt.Sprintf("r%d-%d-%d", round, w, n)), operations.Deposit{To: f.accs[0], Amount: one(1)})
					switch {
					case err == nil && late:
						return errors.New("began after the stop had returned")
					case err == nil:
						if began.Add(1) == callers {
							close(busy)
						}
					case errors.Is(err, operations.ErrRefused) && code(err) == operations.CodeStopped:
						return nil
					case !errors.Is(err, operations.ErrUnavailable):
						return err
					}
				}
			})
		}
		g.Go(func() error {
			select {
			case <-busy:
			case <-ctx.Done():
				return ctx.Err()
			}
			_, err := f.eng.Manage(ctx, f.house, intent("stop"), tenancy.Stop{Subject: tenancy.WholeFirm, Reason: "r"})
			thrown.Store(true)
			return err
		})
		require.NoError(t, g.Wait())
		require.Equal(t, fmt.Sprint(100+engines+began.Load()), f.posted(t))
	}
}

// Refusals beyond those that are recorded are confirmed as well: a lift is not
// missed by an engine that has not heard of it.
func TestARefusalThatIsNotRecordedGoesByTheSwitchesAsTheyAre(t *testing.T) {
	t.Parallel()
	clock := newHand()
	c := operations.Config{Clock: clock}
	f := newFrozenFirm(t, c)
	other, s := f.again(t, "warm", c)
	ctx := t.Context()
	f.manage(t, "stop", tenancy.Stop{Subject: tenancy.WholeFirm, Reason: "r"})
	deposit := operations.Deposit{To: f.accs[0], Amount: one(1)}
	for i := range 30 {
		_, err := other.Submit(ctx, s, intent(fmt.Sprint("no", i)), deposit)
		require.Equal(t, operations.CodeStopped, code(err))
	}
	f.manage(t, "lift", tenancy.Lift{Subject: tenancy.WholeFirm})
	_, err := other.Submit(ctx, s, intent("yes"), deposit)
	require.NoError(t, err)
}

func TestASwitchIsRefusedWhereItSaysNothingNew(t *testing.T) {
	t.Parallel()
	f := newFrozenFirm(t, operations.Config{})
	ctx := t.Context()
	try := func(key string, x operations.Administrative) error {
		_, err := f.eng.Manage(ctx, f.house, intent(key), x)
		return err
	}
	f.manage(t, "s", tenancy.Stop{Subject: "kind:deposit", Reason: "r"})
	require.Equal(t, operations.CodeStatusForbids, code(try("1", tenancy.Stop{Subject: "kind:deposit", Reason: "again"})))
	require.Equal(t, operations.CodeStatusForbids, code(try("2", tenancy.Lift{Subject: tenancy.WholeFirm})))
	require.Equal(t, operations.CodeKindUnknown, code(try("3", tenancy.Stop{Subject: "kind:deposits", Reason: "r"})), "it would stop nothing")
	require.Equal(t, operations.CodeKindUnknown, code(try("4", tenancy.Stop{Subject: "kind:reversal", Reason: "r"})), "a fact")
	require.Equal(t, operations.CodeProviderUnknown, code(try("5", tenancy.Stop{Subject: "provider:bank", Reason: "r"})))
	long := strings.Repeat("x", 65)
	for _, subject := range []string{
		"", " ", "Firm", "firm ", "firm\x00", "kind:", "provider:", "kind:.", "kind:a:b", "kind: deposit", "KIND:deposit", "kind:dep\u200bosit",
		"kind:d\u0435posit", "kind:'; DROP TABLE operators; --", "provider:../bank", "account:1", "customer", "~switches", "kind:~switches",
		"kind:" + long, "provider:" + long, "kind:\xff", "kind:deposit\n", "*", "kind:*",
	} {
		require.ErrorIs(t, try("bad", tenancy.Stop{Subject: subject, Reason: "r"}), operations.ErrInvalid, "%q", subject)
		require.ErrorIs(t, try("bad", tenancy.Lift{Subject: subject}), operations.ErrInvalid, "%q", subject)
	}
	for _, reason := range []string{"", "\t", "a\u2028b", "\u2066x", "\xff", strings.Repeat("y", 257)} {
		require.ErrorIs(t, try("bad", tenancy.Stop{Subject: "firm", Reason: reason}), operations.ErrInvalid, "%q", reason)
	}
	for _, x := range []operations.Administrative{
		tenancy.Register{Operator: tenancy.Switches, Person: "p"},
		tenancy.Suspend{Operator: tenancy.Switches},
		tenancy.Reinstate{Operator: tenancy.Switches},
		tenancy.Allow{Operator: tenancy.Switches, Permissions: tenancy.NewPermissions(tenancy.View)},
	} {
		require.ErrorIs(t, try("bad", x), operations.ErrInvalid, "%T", x)
	}
	_, err := f.eng.Gate().Own(ctx, tenancy.Principal{Tenant: "acme", Operator: tenancy.Switches, Person: "p"}, "")
	require.ErrorIs(t, err, operations.ErrInvalid)
}

func TestSwitchesAreCapped(t *testing.T) {
	t.Parallel()
	c := operations.Config{Providers: map[string]operations.Provider{}}
	for i := range tenancy.MaxStops + 1 {
		c.Providers[fmt.Sprint("p", i)] = &oracle{say: pending}
	}
	f := newFrozenFirm(t, c)
	for i := range tenancy.MaxStops {
		f.manage(t, fmt.Sprint("s", i), tenancy.Stop{Subject: tenancy.ProviderSubject(fmt.Sprint("p", i)), Reason: strings.Repeat("r", 256)})
	}
	_, err := f.eng.Manage(t.Context(), f.house, intent("more"), tenancy.Stop{Subject: tenancy.ProviderSubject(fmt.Sprint("p", tenancy.MaxStops)), Reason: "r"})
	require.Equal(t, operations.CodeBookFull, code(err))
	f.manage(t, "lift", tenancy.Lift{Subject: tenancy.ProviderSubject("p7")})
	f.manage(t, "again", tenancy.Stop{Subject: tenancy.ProviderSubject("p7"), Reason: "r"})
}

// The row is kept as an operator's and is none: verified, rebuilt and moved, and
// in no list of operators.
func TestSwitchesAreVerifiedRebuiltAndMovedWithTheHouse(t *testing.T) {
	t.Parallel()
	f := newFrozenFirm(t, operations.Config{})
	ctx := t.Context()
	f.manage(t, "s1", tenancy.Stop{Subject: tenancy.WholeFirm, Reason: "<b>r & \"q\""})
	f.manage(t, "s2", tenancy.Stop{Subject: "kind:deposit", Reason: "停止"})
	f.manage(t, "l1", tenancy.Lift{Subject: tenancy.WholeFirm})
	ana := tenancy.Principal{Tenant: "acme", Operator: "ana", Person: "p-ana"}
	id := operations.BookID{Tenant: "acme", Customer: f.scopes[0].Customer()}
	away, _ := moved(t, operations.Config{}, exported(t, f.eng, house("acme")), exported(t, f.eng, id))
	for _, e := range []*operations.Engine{f.eng, away} {
		own, err := e.Gate().Own(ctx, ana, "")
		require.NoError(t, err)
		v, err := e.Book(own).Verify(ctx)
		require.NoError(t, err)
		require.Empty(t, v.Faults)
		require.NoError(t, e.Book(own).Rebuild(ctx))
		v, err = e.Book(own).Verify(ctx)
		require.NoError(t, err)
		require.Empty(t, v.Faults)
		operators, err := e.Book(own).Operators(ctx)
		require.NoError(t, err)
		require.Len(t, operators, 1)
		require.Equal(t, tenancy.OperatorID("ana"), operators[0].ID)
		firm, err := e.Gate().Firm(ctx, ana)
		require.NoError(t, err)
		stops, err := e.Firm(firm).Stops(ctx)
		require.NoError(t, err)
		require.Len(t, stops, 1)
		require.Equal(t, tenancy.Stopped{Subject: "kind:deposit", Reason: "停止", Seq: stops[0].Seq, At: stops[0].At}, stops[0])
		s, err := e.Gate().Enter(ctx, ana, f.scopes[0].Customer(), "")
		require.NoError(t, err)
		_, err = e.Submit(ctx, s, intent("no"), operations.Deposit{To: f.accs[0], Amount: one(1)})
		require.Equal(t, operations.CodeStopped, code(err))
	}
	_, err := f.eng.Firm(f.house).Stops(ctx)
	require.ErrorIs(t, err, operations.ErrInvalid, "not of the house's scope")
}

// A row that was changed in the store is found out.
func TestVerifyFindsASwitchThatWasPutBackBehindTheJournal(t *testing.T) {
	t.Parallel()
	f := newFrozenFirm(t, operations.Config{})
	ctx := t.Context()
	f.manage(t, "s", tenancy.Stop{Subject: tenancy.WholeFirm, Reason: "r"})
	p, err := f.store.Projection(ctx, house("acme"))
	require.NoError(t, err)
	for i := range p.Operators {
		if p.Operators[i].ID == tenancy.Switches {
			p.Operators[i].Stops = nil
		}
	}
	require.NoError(t, f.store.Rebuild(ctx, house("acme"), p.Head, p))
	v, err := f.eng.Book(f.house).Verify(ctx)
	require.NoError(t, err)
	require.Len(t, v.Faults, 1)
	require.Equal(t, "operator", v.Faults[0].What)
}

// Within a host's transaction the switches are those it sees.
func TestAHostsTransactionIsStopped(t *testing.T) {
	t.Parallel()
	f := newFrozenFirm(t, operations.Config{})
	ctx := t.Context()
	f.manage(t, "s", tenancy.Stop{Subject: "kind:deposit", Reason: "r"})
	_, err := f.eng.Within(f.store).Submit(ctx, f.scopes[0], intent("no"), operations.Deposit{To: f.accs[0], Amount: one(1)})
	require.Equal(t, operations.CodeStopped, code(err))
	_, err = f.eng.Within(f.store).Submit(ctx, f.scopes[0], intent("yes"), operations.Withdrawal{From: f.accs[0], Amount: one(1)})
	require.NoError(t, err)
}

// An evaluator judges under switches without an engine.
func TestTheEvaluatorJudgesUnderSwitches(t *testing.T) {
	t.Parallel()
	book := operationstest.BookSpec{Accounts: []operationstest.AccountSpec{{ID: "brl", Asset: "BRL", Posted: "10"}}}.Fold(t)
	e, err := operations.NewEvaluator(operations.Config{})
	require.NoError(t, err)
	q := operations.Deposit{To: "brl", Amount: one(1)}
	p, err := e.Explain(book, q, operationstest.Operator(), operationstest.Start())
	require.NoError(t, err)
	require.Empty(t, p.Unmet)
	p, err = e.Under(tenancy.Stopped{Subject: "kind:deposit", Reason: "r"}, tenancy.Stopped{Subject: "kind:transfer", Reason: "r"}).Explain(book, q, operationstest.Operator(), operationstest.Start())
	require.NoError(t, err)
	require.Len(t, p.Unmet, 1)
	require.Equal(t, "kind:deposit", p.Unmet[0].Subject)
}

// counting counts what is read of a store.
type counting struct {
	*memory.Store

	finds, loads atomic.Int64
}

func (s *counting) Find(ctx context.Context, id operations.BookID, want operations.Want) (operations.Found, error) {
	s.finds.Add(1)
	return s.Store.Find(ctx, id, want)
}

func (s *counting) Load(ctx context.Context, id operations.BookID, since int64) (operations.Loaded, error) {
	s.loads.Add(1)
	return s.Store.Load(ctx, id, since)
}

// The row of the switches is cached as an operator's is: a command that changes
// something reads nothing of the store.
func TestTheSwitchesCostNoReadOnTheHotPath(t *testing.T) {
	t.Parallel()
	f := newFrozenFirm(t, operations.Config{})
	store := &counting{Store: f.store}
	e, err := operations.New(store, operations.Config{})
	require.NoError(t, err)
	t.Cleanup(e.Close)
	ctx := t.Context()
	s, err := e.Gate().Enter(ctx, tenancy.Principal{Tenant: "acme", Operator: "ana", Person: "p-ana"}, f.scopes[0].Customer(), "")
	require.NoError(t, err)
	deposit := func(key string) {
		_, err := e.Submit(ctx, s, intent(key), operations.Deposit{To: f.accs[0], Amount: one(1)})
		require.NoError(t, err)
	}
	deposit("warm")
	store.finds.Store(0)
	store.loads.Store(0)
	for i := range 100 {
		deposit(fmt.Sprint("d", i))
	}
	require.Zero(t, store.finds.Load()+store.loads.Load())
}
