package operations_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/sync/errgroup"

	"github.com/onbehalf/onbehalf/adapters/memory"
	"github.com/onbehalf/onbehalf/operations"
	"github.com/onbehalf/onbehalf/tenancy"
)

// box takes deliveries.
type box struct {
	mu  sync.Mutex
	got map[operations.BookID][]operations.Delivery
}

func (b *box) take(_ context.Context, d operations.Delivery) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.got == nil {
		b.got = make(map[operations.BookID][]operations.Delivery)
	}
	b.got[d.Book] = append(b.got[d.Book], d)
	return nil
}

// complete checks that every entry of every book was delivered once, in order.
func (b *box) complete(t *testing.T, f firm) {
	t.Helper()
	heads, err := f.store.Heads(t.Context(), "acme", "", 100)
	require.NoError(t, err)
	require.Len(t, b.got, len(heads))
	for _, h := range heads {
		got := b.got[operations.BookID{Tenant: "acme", Customer: h.Customer}]
		require.Len(t, got, int(h.Head.Seq), "deliveries of %s", h.Customer)
		for i, d := range got {
			require.EqualValues(t, i+1, d.Entry.Seq)
			require.Equal(t, fmt.Sprintf("acme:%s:%d", h.Customer, i+1), d.ID)
			e, err := d.Entry.Open()
			require.NoError(t, err)
			require.Equal(t, h.Customer, e.Customer)
		}
	}
}

func TestEveryEntryIsDeliveredInTheOrderOfItsBook(t *testing.T) {
	t.Parallel()
	const customers, each = 6, 70
	f := newFirm(t, customers, operations.Config{Outbox: true})
	var b box
	g, ctx := errgroup.WithContext(t.Context())
	var writing atomic.Int64
	writing.Store(customers)
	for i := range customers {
		g.Go(func() error {
			defer writing.Add(-1)
			for n := range each {
				if _, err := f.deposit(ctx, i, fmt.Sprint(n)); err != nil {
					return err
				}
			}
			return nil
		})
	}
	for range 3 {
		g.Go(func() error {
			for {
				last := writing.Load() == 0
				done, err := f.eng.Deliver(ctx, operations.Budget{Items: 40}, b.take)
				if err != nil || last && done.Entries == 0 && !done.More {
					return err
				}
			}
		})
	}
	require.NoError(t, g.Wait())
	_, err := f.eng.Deliver(t.Context(), operations.Budget{Items: 10_000}, b.take)
	require.NoError(t, err)
	b.complete(t, f)
	done, err := f.eng.Deliver(t.Context(), operations.Budget{}, b.take)
	require.NoError(t, err)
	require.Equal(t, operations.Delivered{}, done)
}

func TestNothingIsDeliveredUnlessTheConfigSaysSo(t *testing.T) {
	t.Parallel()
	f := newFirm(t, 1, operations.Config{})
	_, err := f.deposit(t.Context(), 0, "d")
	require.NoError(t, err)
	done, err := f.eng.Deliver(t.Context(), operations.Budget{}, (&box{}).take)
	require.NoError(t, err)
	require.Equal(t, operations.Delivered{}, done)
	_, err = f.eng.Deliver(t.Context(), operations.Budget{}, nil)
	require.ErrorIs(t, err, operations.ErrInvalid)
	_, err = f.eng.Within(f.store).Deliver(t.Context(), operations.Budget{}, (&box{}).take)
	require.ErrorIs(t, err, operations.ErrInvalid)
}

func TestAFailedDeliveryIsRepeatedAndHoldsUpItsOwnBookOnly(t *testing.T) {
	t.Parallel()
	for name, failure := range map[string]func() error{
		"an error": func() error { return errors.New("full") },
		"a panic":  func() error { panic("broken") },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			clock := newHand()
			f := newFirm(t, 3, operations.Config{Outbox: true, Clock: clock, MaxTries: 3})
			for i := range f.scopes {
				for n := range 5 {
					_, err := f.deposit(t.Context(), i, fmt.Sprint(n))
					require.NoError(t, err)
				}
			}
			bad := operations.BookID{Tenant: "acme", Customer: f.scopes[1].Customer()}
			var b box
			failing, tried := true, 0
			deliver := func(ctx context.Context, d operations.Delivery) error {
				if failing && d.Book == bad && d.Entry.Seq == 4 {
					tried++
					return failure()
				}
				return b.take(ctx, d)
			}
			done, err := f.eng.Deliver(t.Context(), operations.Budget{Items: 1000}, deliver)
			require.NoError(t, err)
			require.Equal(t, 1, done.Failed)
			require.Equal(t, 1, tried, "not again at once")
			require.Len(t, b.got[bad], 3)
			for i := range 2 {
				require.Len(t, b.got[operations.BookID{Tenant: "acme", Customer: f.scopes[2*i].Customer()}], 7)
			}
			for i := range 2 {
				clock.move(time.Hour)
				done, err = f.eng.Deliver(t.Context(), operations.Budget{}, deliver)
				require.NoError(t, err)
				require.Equal(t, operations.Delivered{Failed: 1, Parked: i}, done)
			}
			clock.move(24 * time.Hour)
			done, err = f.eng.Deliver(t.Context(), operations.Budget{}, deliver)
			require.NoError(t, err)
			require.Equal(t, operations.Delivered{}, done)
			require.Equal(t, 3, tried)

			failing = false
			parked, err := f.eng.Parked(t.Context(), "acme", operations.TicketPlace{}, 0)
			require.NoError(t, err)
			require.Len(t, parked, 1)
			require.Equal(t, bad, parked[0].Book())
			require.NoError(t, f.eng.Requeue(t.Context(), "acme", parked[0].TicketPlace))
			done, err = f.eng.Deliver(t.Context(), operations.Budget{}, deliver)
			require.NoError(t, err)
			require.Equal(t, operations.Delivered{Entries: 4}, done)
			b.complete(t, f)
		})
	}
}

func TestADestinationThatIsNotThereIsWaitedFor(t *testing.T) {
	t.Parallel()
	clock := newHand()
	f := newFirm(t, 1, operations.Config{Outbox: true, Clock: clock, MaxTries: 2})
	for range 10 {
		done, err := f.eng.Deliver(t.Context(), operations.Budget{}, func(context.Context, operations.Delivery) error {
			return fmt.Errorf("broker: %w", operations.ErrUnavailable)
		})
		require.NoError(t, err)
		require.Equal(t, operations.Delivered{Failed: 2}, done) // the house and one customer
		clock.move(time.Hour)
	}
	var b box
	_, err := f.eng.Deliver(t.Context(), operations.Budget{}, b.take)
	require.NoError(t, err)
	b.complete(t, f)
}

// forgetful is a store that loses settlements, as a worker does that dies.
type forgetful struct {
	*memory.Store

	dead atomic.Bool
}

func (s *forgetful) Settle(ctx context.Context, t operations.Ticket, to operations.Settlement) error {
	if s.dead.Load() {
		return fmt.Errorf("%w: gone", operations.ErrUnavailable)
	}
	return s.Store.Settle(ctx, t, to)
}

func TestWhatWasDeliveredBeforeACrashIsDeliveredAgainUnderTheSameID(t *testing.T) {
	t.Parallel()
	clock := newHand()
	c := operations.Config{Outbox: true, Clock: clock, Lease: time.Minute}
	f := newFirm(t, 1, c)
	store := &forgetful{Store: f.store}
	eng, err := operations.New(store, c)
	require.NoError(t, err)
	t.Cleanup(eng.Close)
	var before, after box
	store.dead.Store(true)
	_, err = eng.Deliver(t.Context(), operations.Budget{}, before.take)
	require.NoError(t, err)
	before.complete(t, f)
	store.dead.Store(false)
	_, err = f.deposit(t.Context(), 0, "meanwhile")
	require.NoError(t, err)
	done, err := eng.Deliver(t.Context(), operations.Budget{}, after.take)
	require.NoError(t, err)
	require.Equal(t, operations.Delivered{}, done, "it is still with the dead one")
	clock.move(time.Minute)
	_, err = eng.Deliver(t.Context(), operations.Budget{}, after.take)
	require.NoError(t, err)
	after.complete(t, f)
	for id, got := range before.got {
		for i := range got {
			require.Equal(t, got[i], after.got[id][i])
		}
	}
}

func TestADeliveryEndsWithItsLease(t *testing.T) {
	t.Parallel()
	clock := newHand()
	f := newFirm(t, 1, operations.Config{Outbox: true, Clock: clock, Lease: time.Minute})
	var b box
	slow := func(ctx context.Context, d operations.Delivery) error {
		_, bounded := ctx.Deadline()
		require.True(t, bounded)
		clock.move(31 * time.Second)
		return b.take(ctx, d)
	}
	for n := 1; n > 0; {
		done, err := f.eng.Deliver(t.Context(), operations.Budget{}, slow)
		require.NoError(t, err)
		require.Zero(t, done.Failed)
		n = done.Entries
	}
	b.complete(t, f)
}

func TestADeliveryKeepsToItsBudget(t *testing.T) {
	t.Parallel()
	f := newFirm(t, 5, operations.Config{Outbox: true})
	var b box
	for _, items := range []int{1, 2, 3, 1, 4} {
		done, err := f.eng.Deliver(t.Context(), operations.Budget{Items: items}, b.take)
		require.NoError(t, err)
		require.Equal(t, operations.Delivered{Entries: items, More: true}, done)
	}
	_, err := f.eng.Deliver(t.Context(), operations.Budget{}, b.take)
	require.NoError(t, err)
	b.complete(t, f)
}

func TestTheTreasuryIsWhatAllBooksHaveTogether(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	f := newFirm(t, 4, operations.Config{})
	for i := range f.scopes {
		for n := range i {
			_, err := f.deposit(ctx, i, fmt.Sprint(n))
			require.NoError(t, err)
		}
	}
	f.beside(t, "other")
	ana := tenancy.Principal{Tenant: "acme", Operator: "ana", Person: "p-ana"}
	scope, err := f.eng.Gate().Firm(ctx, ana)
	require.NoError(t, err)
	all, err := f.eng.Firm(scope).Treasury(ctx, operations.PositionPlace{}, 0)
	require.NoError(t, err)
	require.Len(t, all, 1)
	require.Equal(t, "clearing:desk BRL -6 3", fmt.Sprint(all[0].Ref, " ", all[0].Asset, " ", all[0].Amount, " ", all[0].Books))
	rest, err := f.eng.Firm(scope).Treasury(ctx, all[0].PositionPlace, 1)
	require.NoError(t, err)
	require.Empty(t, rest)
	for _, bad := range []operations.PositionPlace{{Ref: "clearing:between:x", Asset: "BRL"}, {Ref: "clearing:desk", Asset: "B L"}, {Asset: "BRL"}} {
		_, err = f.eng.Firm(scope).Treasury(ctx, bad, 1)
		require.ErrorIs(t, err, operations.ErrInvalid)
	}
	_, err = f.eng.Firm(scope).Treasury(ctx, operations.PositionPlace{}, 1000)
	require.ErrorIs(t, err, operations.ErrInvalid)

	house, err := f.eng.Gate().Own(ctx, ana, "")
	require.NoError(t, err)
	_, err = f.eng.Manage(ctx, house, operations.Intent{Key: "bob"}, tenancy.Register{Operator: "bob", Person: "p-bob"})
	require.NoError(t, err)
	few, err := f.eng.Gate().Firm(ctx, tenancy.Principal{Tenant: "acme", Operator: "bob", Person: "p-bob"})
	require.NoError(t, err)
	_, err = f.eng.Firm(few).Treasury(ctx, operations.PositionPlace{}, 0)
	require.ErrorIs(t, err, operations.ErrRefused)
}
