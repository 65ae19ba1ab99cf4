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

	"github.com/stretchr/testify/require"

	"github.com/onbehalf/onbehalf/accounts"
	"github.com/onbehalf/onbehalf/adapters/memory"
	"github.com/onbehalf/onbehalf/customer"
	"github.com/onbehalf/onbehalf/operations"
	"github.com/onbehalf/onbehalf/tenancy"
)

// together sends the commands, in this order, while a deposit of 1 is in
// flight, so that they come into one batch, and gives what each was told. The
// commits of that batch, and those after it, go through next.
func (d *desk) together(store *gated, next func(context.Context, []operations.Run) ([]operations.Verdict, error), commands ...func() error) []error {
	held, commits := make(chan struct{}), 0
	store.set(func(ctx context.Context, runs []operations.Run) ([]operations.Verdict, error) {
		commits++
		if commits == 1 {
			<-held
			return store.Store.Commit(ctx, runs)
		}
		return next(ctx, runs)
	})
	errs := make([]error, len(commands))
	var wg sync.WaitGroup
	wg.Go(func() { d.deposit("1") })
	synctest.Wait()
	for i, command := range commands {
		wg.Go(func() { errs[i] = command() })
		synctest.Wait()
	}
	close(held)
	wg.Wait()
	store.set(nil)
	return errs
}

func (d *desk) submit(s tenancy.Scope, key, amount string) func() error {
	return func() error {
		_, err := d.eng.Submit(context.Background(), s, intent(key), operations.Deposit{To: d.acc, Amount: money(amount)})
		return err
	}
}

// ring is a desk whose every commit is lost to a rival, who deposits 1 first.
type ring struct {
	*desk
	store *gated
	rival *desk
	lost  int // commits
	turns int
}

func newRing(t *testing.T, c operations.Config) *ring {
	t.Helper()
	r := &ring{store: &gated{Store: memory.New()}}
	r.desk = sit(t, r.store, c)
	r.rival = r.beside(r.store.Store, operations.Config{})
	r.turn(func() error { return nil })
	return r
}

// turn has before be done before each turn.
func (r *ring) turn(before func() error) {
	r.store.setTurn(func(ctx context.Context, id operations.BookID, since int64, decide decideFunc) (operations.Verdict, error) {
		r.turns++
		if err := before(); err != nil {
			return operations.Verdict{}, err
		}
		return r.store.Store.Turn(ctx, id, since, decide)
	})
}

func (r *ring) fight(commands ...func() error) []error {
	return r.together(r.store, func(ctx context.Context, runs []operations.Run) ([]operations.Verdict, error) {
		r.lost++
		r.rival.deposit("1")
		return r.store.Store.Commit(ctx, runs)
	}, commands...)
}

func TestABookThatIsLostTwiceIsTakenByATurnAfterTheOthersWereAnswered(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		ctx := context.Background()
		r := newRing(t, operations.Config{})
		firm, err := r.eng.Gate().Firm(ctx, principal("acme", "ana"))
		require.NoError(t, err)
		other, err := r.eng.OpenCustomer(ctx, firm, intent("joao"), customer.Profile{Name: "Joao"})
		require.NoError(t, err)
		joao, err := r.eng.Gate().Enter(ctx, principal("acme", "ana"), other.ID, "call")
		require.NoError(t, err)
		var answered atomic.Bool
		r.turn(func() error {
			synctest.Wait()
			if !answered.Load() {
				return errors.New("the other book had to wait")
			}
			return nil
		})
		errs := r.fight(r.submit(r.scope, "a", "10"), r.submit(r.scope, "b", "100"), r.submit(r.scope, "a", "10"), func() error {
			defer answered.Store(true)
			_, err := r.eng.Manage(ctx, joao, intent("j"), accounts.Open{Currency: "BRL"})
			return err
		})
		require.NoError(t, errors.Join(errs...))
		require.Equal(t, 2, r.lost)
		require.Equal(t, 1, r.turns)
		require.Equal(t, "113/0", r.balance(), "1 in flight, 2 of the rival's, and each of ours once")
	})
}

func TestATurnInDoubtHasOneOutcome(t *testing.T) {
	t.Parallel()
	for name, stored := range map[string]bool{"it was stored": true, "it was not": false} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				r := newRing(t, operations.Config{})
				lost := errors.New("the reply was lost")
				r.store.setTurn(func(ctx context.Context, id operations.BookID, since int64, decide decideFunc) (operations.Verdict, error) {
					r.turns++
					_, err := r.store.Store.Turn(ctx, id, since, func(l operations.Loaded) (operations.Run, error) {
						run, err := decide(l)
						if err == nil && !stored {
							err = lost
						}
						return run, err
					})
					if err != nil && !errors.Is(err, lost) {
						return operations.Verdict{}, err
					}
					r.store.set(nil) // no rival any more
					return operations.Verdict{}, fmt.Errorf("%w: %w", tenancy.ErrUnknownOutcome, lost)
				})
				errs := r.fight(r.submit(r.scope, "a", "10"))
				require.NoError(t, errs[0])
				require.Equal(t, 1, r.turns)
				require.Equal(t, "13/0", r.balance())
			})
		})
	}
}

func TestARuleThatPanicsInATurnFailsItsOwnCommandAlone(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var turning atomic.Bool
		r := newRing(t, operations.Config{Rules: []operations.Rule{operations.RuleFunc(func(v operations.View, _ operations.Terms, _ time.Time) []operations.Unmet {
			if turning.Load() && v.Order().Amount.Equal(money("13")) {
				panic("a rule of the firm")
			}
			return nil
		})}})
		r.turn(func() error { turning.Store(true); return nil })
		errs := r.fight(r.submit(r.scope, "a", "10"), r.submit(r.scope, "b", "13"), r.submit(r.scope, "c", "100"))
		require.NoError(t, errs[0])
		require.ErrorIs(t, errs[1], operations.ErrUnavailable)
		require.ErrorContains(t, errs[1], "panicked")
		require.NoError(t, errs[2])
		require.Equal(t, 1, r.turns)
		turning.Store(false)
		require.NoError(t, r.submit(r.scope, "b", "13")())
		require.Equal(t, "126/0", r.balance())
	})
}

// tripped is a clock that panics when it is told to.
type tripped struct {
	*hands

	now atomic.Bool
}

func (c *tripped) Now() time.Time {
	if c.now.CompareAndSwap(true, false) {
		panic("the clock")
	}
	return c.hands.Now()
}

func TestAHostsCodeThatPanicsInATurnLeavesTheStoreUsable(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		clock := &tripped{hands: newHands()}
		r := newRing(t, operations.Config{Clock: clock})
		r.turn(func() error { clock.now.Store(true); return nil })
		errs := r.fight(r.submit(r.scope, "a", "10"))
		require.ErrorIs(t, errs[0], operations.ErrUnknownOutcome)
		require.NoError(t, r.submit(r.scope, "a", "10")())
		require.Equal(t, "13/0", r.balance())
	})
}

func TestWhatATurnFindsToBeOvertakenIsAConflict(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		ctx := context.Background()
		r := newRing(t, operations.Config{})
		p, err := r.eng.Prepare(ctx, r.scope, intent("p"), operations.Deposit{To: r.acc, Amount: money("10")})
		require.NoError(t, err)
		ref := operations.Ref{ID: p.Operation.ID, Version: 1}
		r.turn(func() error {
			if r.turns > 1 {
				return nil
			}
			_, err := r.rival.eng.Execute(ctx, r.rival.scope, intent("e"), ref)
			return err
		})
		errs := r.fight(func() error {
			_, err := r.eng.Cancel(ctx, r.scope, intent("c"), ref)
			return err
		})
		require.ErrorIs(t, errs[0], operations.ErrConflict)
		require.Equal(t, 1, r.turns)
		require.Equal(t, "13/0", r.balance())
	})
}

func TestAnOperatorWhoIsSuspendedBeforeHisTurnIsRefused(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		ctx := context.Background()
		r := newRing(t, operations.Config{})
		r.hire("ben", tenancy.AllPermissions()...)
		ben := r.as(r.eng, "ben")
		house, err := r.rival.eng.Gate().Own(ctx, principal("acme", "ana"), "")
		require.NoError(t, err)
		r.turn(func() error {
			if r.turns > 1 {
				return nil
			}
			_, err := r.rival.eng.Manage(ctx, house, intent("suspend"), tenancy.Suspend{Operator: "ben"})
			return err
		})
		errs := r.fight(r.submit(r.scope, "a", "10"), r.submit(ben, "b", "100"))
		require.NoError(t, errs[0])
		require.ErrorIs(t, errs[1], operations.ErrRefused)
		require.Equal(t, 3, r.turns, "the first relied on what he was before, the second was for the other command")
		require.Equal(t, "13/0", r.balance())
	})
}

func TestWhoRepeatsACommandWithoutAccessIsNotToldOfItsOutcome(t *testing.T) {
	t.Parallel()
	under := func(store *gated) func(context.Context, []operations.Run) ([]operations.Verdict, error) {
		return func(ctx context.Context, runs []operations.Run) ([]operations.Verdict, error) {
			return store.Store.Commit(ctx, runs)
		}
	}
	t.Run("his scope has expired", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			store := &gated{Store: memory.New()}
			d := sit(t, store, operations.Config{})
			old := d.scope
			d.clock.move(7 * time.Hour)
			d.scope = d.as(d.eng, "ana")
			d.clock.move(2 * time.Hour)
			errs := d.together(store, under(store), d.submit(old, "k", "10"), d.submit(d.scope, "k", "10"), d.submit(old, "k", "10"), d.submit(d.scope, "k", "10"))
			for i, err := range errs {
				if i%2 == 1 {
					require.NoError(t, err)
					continue
				}
				require.ErrorIs(t, err, operations.ErrRefused)
				require.True(t, tenancy.IsAccess(err), "%v", err)
			}
			require.Equal(t, "11/0", d.balance())
		})
	})
	t.Run("his grant is gone", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			store := &gated{Store: memory.New()}
			d := sit(t, store, operations.Config{})
			grant := d.hire("ben", tenancy.AllPermissions()...)
			ben := d.as(d.eng, "ben")
			errs := d.together(store, under(store), d.submit(ben, "k", "10"), d.submit(ben, "k", "10"), func() error {
				_, err := d.eng.Manage(context.Background(), d.scope, intent("revoke"), tenancy.Revoke{Grant: grant})
				return err
			}, d.submit(ben, "k", "10"))
			require.NoError(t, errors.Join(errs[:3]...))
			require.ErrorIs(t, errs[3], operations.ErrRefused)
			require.True(t, tenancy.IsAccess(errs[3]), "%v", errs[3])
			require.Equal(t, "11/0", d.balance())
		})
	})
}
