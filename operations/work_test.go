package operations_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/shopspring/decimal"
	"github.com/stretchr/testify/require"
	"golang.org/x/sync/errgroup"

	"github.com/onbehalf/onbehalf/accounts"
	"github.com/onbehalf/onbehalf/adapters/memory"
	"github.com/onbehalf/onbehalf/customer"
	"github.com/onbehalf/onbehalf/operations"
	"github.com/onbehalf/onbehalf/tenancy"
)

// hand is a clock that stands until it is moved.
type hand struct{ micros atomic.Int64 }

func newHand() *hand {
	h := &hand{}
	h.micros.Store(time.Date(2026, 11, 22, 9, 0, 0, 0, time.UTC).UnixMicro())
	return h
}

func (h *hand) Now() time.Time       { return time.UnixMicro(h.micros.Load()) }
func (h *hand) move(d time.Duration) { h.micros.Add(d.Microseconds()) }

// oracle is a provider that is silent when it is sent something, and counts how
// often it is asked, by reference.
type oracle struct {
	say func() (operations.Answer, error)

	mu    sync.Mutex
	asked map[string]int
}

func (*oracle) Contract() operations.Contract { return operations.Contract{} }

func (*oracle) Send(context.Context, operations.Instruction) (operations.Answer, error) {
	return operations.Answer{}, errors.New("silence")
}

func (o *oracle) Ask(_ context.Context, reference string) (operations.Answer, error) {
	o.mu.Lock()
	if o.asked == nil {
		o.asked = make(map[string]int)
	}
	o.asked[reference]++
	o.mu.Unlock()
	return o.say()
}

func (o *oracle) times() int {
	o.mu.Lock()
	defer o.mu.Unlock()
	n := 0
	for _, k := range o.asked {
		n += k
	}
	return n
}

func pending() (operations.Answer, error) {
	return operations.Answer{Status: operations.AnswerPending}, nil
}

func settled() (operations.Answer, error) {
	return operations.Answer{Status: operations.AnswerSettled, Amount: decimal.New(1, 0), Asset: "BRL"}, nil
}

// beside opens a customer of another tenant in the same store.
func (f firm) beside(t *testing.T, tenant tenancy.TenantID) (tenancy.Scope, accounts.ID) {
	t.Helper()
	ctx := t.Context()
	ana := tenancy.Principal{Tenant: tenant, Operator: "ana", Person: "p-ana"}
	scope, err := f.eng.Bootstrap(ctx, tenancy.Firm{Tenant: tenant, Admin: ana})
	require.NoError(t, err)
	opened, err := f.eng.OpenCustomer(ctx, scope, operations.Intent{Key: "c"}, customer.Profile{Name: "Customer"})
	require.NoError(t, err)
	s, err := f.eng.Gate().Enter(ctx, ana, opened.ID, "test")
	require.NoError(t, err)
	m, err := f.eng.Manage(ctx, s, operations.Intent{Key: "account"}, accounts.Open{Currency: "BRL", Details: accounts.Details{PixKey: "key"}})
	require.NoError(t, err)
	return s, m.Account
}

// sends submits deposits that a provider carries.
func (f firm) sends(t *testing.T, i, n int, via string) []operations.Operation {
	t.Helper()
	all := make([]operations.Operation, n)
	for k := range all {
		res, err := f.eng.Submit(t.Context(), f.scopes[i], operations.Intent{Key: fmt.Sprint(via, "-", k)},
			operations.Deposit{To: f.accs[i], Amount: decimal.New(1, 0), Via: via})
		require.NoError(t, err)
		require.Equal(t, operations.Unresolved, res.Operation.State)
		all[k] = res.Operation
	}
	return all
}

func TestWorkersAtOnceAskAProviderOnceForEachOperation(t *testing.T) {
	t.Parallel()
	clock, bank := newHand(), &oracle{say: pending}
	c := operations.Config{Clock: clock, Providers: map[string]operations.Provider{"bank": bank}}
	f := newFirm(t, 3, c)
	const each = 25
	for i := range f.scopes {
		f.sends(t, i, each, "bank")
	}
	for round := range 4 {
		clock.move(time.Duration(1+round) * time.Hour)
		g, ctx := errgroup.WithContext(t.Context())
		var unresolved atomic.Int64
		for range 6 {
			eng, err := operations.New(f.store, c)
			require.NoError(t, err)
			t.Cleanup(eng.Close)
			g.Go(func() error {
				done, err := eng.Work(ctx, operations.Budget{})
				unresolved.Add(int64(done.Unresolved))
				return err
			})
		}
		require.NoError(t, g.Wait())
		require.EqualValues(t, 3*each, unresolved.Load())
		for reference, n := range bank.asked {
			require.Equal(t, round+1, n, reference)
		}
		require.Len(t, bank.asked, 3*each)
	}
}

// cursed is a store that breaks when one operation is looked for.
type cursed struct {
	*memory.Store

	op operations.OperationID
}

func (c *cursed) Find(ctx context.Context, id operations.BookID, w operations.Want) (operations.Found, error) {
	if w.Operation != "" && w.Operation == c.op {
		panic("cursed")
	}
	return c.Store.Find(ctx, id, w)
}

func TestWhatKeepsFailingIsParkedAndDelaysNobody(t *testing.T) {
	t.Parallel()
	const tries = 3
	var log bytes.Buffer
	clock := newHand()
	dead := &oracle{say: func() (operations.Answer, error) { return operations.Answer{}, errors.New("dead") }}
	broken := &oracle{say: func() (operations.Answer, error) { panic("broken") }}
	raving := &oracle{say: func() (operations.Answer, error) { return operations.Answer{Status: "perhaps"}, nil }}
	good := &oracle{say: settled}
	c := operations.Config{
		Clock: clock, MaxTries: tries, Log: slog.New(slog.NewTextHandler(&log, nil)),
		Providers: map[string]operations.Provider{"dead": dead, "broken": broken, "raving": raving, "good": good},
	}
	f := newFirm(t, 2, c)
	poison := f.sends(t, 0, 1, "dead")[0]
	f.sends(t, 0, 1, "broken")
	f.sends(t, 0, 1, "raving")
	haunted := f.sends(t, 1, 1, "good")[0]
	store := &cursed{Store: f.store, op: haunted.ID}
	eng, err := operations.New(store, c)
	require.NoError(t, err)
	t.Cleanup(eng.Close)

	for i := range tries {
		clock.move(2 * time.Hour)
		done, err := eng.Work(t.Context(), operations.Budget{})
		require.NoError(t, err)
		want := operations.Done{Unresolved: 3, Stuck: 1}
		if i == tries-1 {
			want.Parked = 4
		}
		require.Equal(t, want, done, "try %d", i)
	}
	for _, p := range []*oracle{dead, broken, raving} {
		require.Equal(t, tries, p.times())
	}
	require.Zero(t, good.times())
	require.Contains(t, log.String(), "parked")
	clock.move(24 * time.Hour)
	done, err := eng.Work(t.Context(), operations.Budget{})
	require.NoError(t, err)
	require.Equal(t, operations.Done{}, done, "nobody tries it any more")

	parked, err := eng.Parked(t.Context(), "acme", operations.TicketPlace{}, 3)
	require.NoError(t, err)
	require.Len(t, parked, 3)
	rest, err := eng.Parked(t.Context(), "acme", parked[2].TicketPlace, 3)
	require.NoError(t, err)
	require.Len(t, rest, 1)
	for _, p := range append(parked, rest...) {
		require.Equal(t, operations.Unresolved, p.State)
		require.Equal(t, tries, p.Tries)
		if p.Operation == poison.ID {
			require.NoError(t, eng.Requeue(t.Context(), "acme", p.TicketPlace))
			require.ErrorIs(t, eng.Requeue(t.Context(), "acme", p.TicketPlace), operations.ErrNotFound)
		}
	}
	done, err = eng.Work(t.Context(), operations.Budget{})
	require.NoError(t, err)
	require.Equal(t, operations.Done{Unresolved: 1}, done)
	require.Equal(t, tries+1, dead.times())

	// What is parked still ends by evidence, and by that leaves the queue.
	store.op = ""
	answer, _ := settled()
	answer.Reference = haunted.ProviderReference
	_, err = eng.Report(t.Context(), "acme", "good", answer)
	require.NoError(t, err)
	parked, err = eng.Parked(t.Context(), "acme", operations.TicketPlace{}, 0)
	require.NoError(t, err)
	require.Len(t, parked, 2)
}

func TestPoisonDoesNotKeepOthersFromBeingDone(t *testing.T) {
	t.Parallel()
	clock, bank := newHand(), &oracle{say: settled}
	c := operations.Config{Clock: clock, Providers: map[string]operations.Provider{"bank": bank}}
	f := newFirm(t, 2, c)
	ops := append(f.sends(t, 0, 5, "bank"), f.sends(t, 1, 5, "bank")...)
	eng, err := operations.New(&cursed{Store: f.store, op: ops[0].ID}, c)
	require.NoError(t, err)
	t.Cleanup(eng.Close)
	clock.move(time.Hour)
	done, err := eng.Work(t.Context(), operations.Budget{})
	require.NoError(t, err)
	require.Equal(t, operations.Done{Resolved: 9, Stuck: 1}, done)
}

func TestTenantsTakeTurns(t *testing.T) {
	t.Parallel()
	clock := newHand()
	f := newFirm(t, 1, operations.Config{Clock: clock})
	scopes := map[tenancy.TenantID]tenancy.Scope{"acme": f.scopes[0]}
	accs := map[tenancy.TenantID]accounts.ID{"acme": f.accs[0]}
	for _, tenant := range []tenancy.TenantID{"beta", "zeta"} {
		scopes[tenant], accs[tenant] = f.beside(t, tenant)
	}
	waiting := map[tenancy.TenantID][]operations.OperationID{}
	for tenant, n := range map[tenancy.TenantID]int{"acme": 120, "beta": 1, "zeta": 4} {
		for i := range n {
			// The later a tenant comes, the later its operations are due.
			res, err := f.eng.Submit(t.Context(), scopes[tenant], operations.Intent{Key: fmt.Sprint(i)},
				operations.Deposit{To: accs[tenant], Amount: decimal.New(1, 0), NotBefore: clock.Now().Add(time.Hour + time.Duration(tenant[0])*time.Minute)})
			require.NoError(t, err)
			waiting[tenant] = append(waiting[tenant], res.Operation.ID)
		}
	}
	clock.move(4 * time.Hour)
	released := func(tenant tenancy.TenantID) int {
		n := 0
		for _, id := range waiting[tenant] {
			found, err := f.store.Find(t.Context(), operations.BookID{Tenant: tenant, Customer: scopes[tenant].Customer()}, operations.Want{Operation: id})
			require.NoError(t, err)
			if found.Operation.Row.State == operations.Completed {
				n++
			}
		}
		return n
	}
	for i, want := range [][3]int{{1, 0, 0}, {1, 1, 0}, {1, 1, 1}, {2, 1, 1}, {2, 1, 2}, {3, 1, 2}} {
		done, err := f.eng.Work(t.Context(), operations.Budget{Items: 1})
		require.NoError(t, err)
		require.Equal(t, operations.Done{Released: 1, More: true}, done)
		require.Equal(t, want, [3]int{released("acme"), released("beta"), released("zeta")}, "after %d calls", i+1)
	}
	done, err := f.eng.Work(t.Context(), operations.Budget{Items: 4})
	require.NoError(t, err)
	require.Equal(t, operations.Done{Released: 4, More: true}, done)
	require.Equal(t, 4, released("zeta"), "the last ones do not wait for all of another tenant's")
	done, err = f.eng.Work(t.Context(), operations.Budget{Items: 1000})
	require.NoError(t, err)
	require.Equal(t, operations.Done{Released: 115}, done, "in several claims")
}

func TestWhatADeadWorkerHeldIsTakenUpWhenItsLeaseRunsOut(t *testing.T) {
	t.Parallel()
	clock, bank := newHand(), &oracle{say: settled}
	f := newFirm(t, 1, operations.Config{Clock: clock, Lease: time.Minute, Providers: map[string]operations.Provider{"bank": bank}})
	f.sends(t, 0, 3, "bank")
	clock.move(time.Hour)
	held, err := f.store.Claim(t.Context(), operations.ClaimQuery{
		Topic: operations.TopicWork, Holder: "dead", Now: clock.Now(), Until: clock.Now().Add(time.Minute), Limit: 10,
	})
	require.NoError(t, err)
	require.Len(t, held, 3)
	clock.move(time.Minute - 1000)
	done, err := f.eng.Work(t.Context(), operations.Budget{})
	require.NoError(t, err)
	require.Equal(t, operations.Done{}, done)
	clock.move(time.Minute)
	done, err = f.eng.Work(t.Context(), operations.Budget{})
	require.NoError(t, err)
	require.Equal(t, operations.Done{Resolved: 3}, done)
	for _, h := range held { // the dead one comes back
		require.NoError(t, f.store.Settle(t.Context(), h, operations.Settlement{Ready: clock.Now()}))
	}
	done, err = f.eng.Work(t.Context(), operations.Budget{})
	require.NoError(t, err)
	require.Equal(t, operations.Done{}, done)
}

func TestAWorkerAsksNobodyWithoutTimeForTheAnswer(t *testing.T) {
	t.Parallel()
	clock := newHand()
	bank := &oracle{say: func() (operations.Answer, error) {
		clock.move(10 * time.Second) // all the time that it has
		return operations.Answer{}, errors.New("timeout")
	}}
	f := newFirm(t, 1, operations.Config{Clock: clock, Lease: 45 * time.Second, MaxTries: 1, Providers: map[string]operations.Provider{"bank": bank}})
	f.sends(t, 0, 10, "bank")
	clock.move(time.Hour)
	for i, want := range []int{3, 6, 9, 10} {
		done, err := f.eng.Work(t.Context(), operations.Budget{})
		require.NoError(t, err)
		require.Equal(t, want, bank.times(), "call %d", i)
		require.Equal(t, done.Unresolved, done.Parked, "what was given back has not been tried")
	}
}

func TestACallerThatLeavesGivesBackWhatHeClaimed(t *testing.T) {
	t.Parallel()
	clock := newHand()
	ctx, cancel := context.WithCancel(t.Context())
	bank := &oracle{say: func() (operations.Answer, error) {
		cancel()
		return operations.Answer{}, context.Canceled
	}}
	f := newFirm(t, 1, operations.Config{Clock: clock, MaxTries: 1, Providers: map[string]operations.Provider{"bank": bank}})
	f.sends(t, 0, 10, "bank")
	clock.move(time.Hour)
	_, err := f.eng.Work(ctx, operations.Budget{})
	require.ErrorIs(t, err, context.Canceled)
	require.Equal(t, 1, bank.times())
	bank.say = settled
	done, err := f.eng.Work(t.Context(), operations.Budget{})
	require.NoError(t, err)
	require.Equal(t, operations.Done{Resolved: 10}, done)
}

func TestALeaseMustLastForTheProviders(t *testing.T) {
	t.Parallel()
	slow := map[string]operations.Provider{"slow": timed(3 * time.Minute)}
	_, err := operations.New(memory.New(), operations.Config{Lease: 5 * time.Minute, MaxTries: 101, Providers: slow})
	require.ErrorContains(t, err, "Lease")
	require.ErrorContains(t, err, "MaxTries")
	eng, err := operations.New(memory.New(), operations.Config{Providers: slow})
	require.NoError(t, err)
	eng.Close()
}

// timed is a provider that takes its time.
type timed time.Duration

func (p timed) Contract() operations.Contract {
	return operations.Contract{Timeout: time.Duration(p)}
}

func (timed) Send(context.Context, operations.Instruction) (operations.Answer, error) {
	return pending()
}

func (timed) Ask(context.Context, string) (operations.Answer, error) { return pending() }
