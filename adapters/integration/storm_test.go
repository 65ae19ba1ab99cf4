package integration_test

import (
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/onbehalf/onbehalf/accounts"
	"github.com/onbehalf/onbehalf/adapters/memory"
	"github.com/onbehalf/onbehalf/adapters/sqlstore"
	"github.com/onbehalf/onbehalf/customer"
	"github.com/onbehalf/onbehalf/operations"
	"github.com/onbehalf/onbehalf/tenancy"
)

// harbour is where storms happen: two engines on one store.
type harbour struct {
	t       *testing.T
	clock   *hands
	engines [2]*operations.Engine
	callers int
	rounds  int
}

// berth is one customer in a harbour, with a scope at each engine.
type berth struct {
	*harbour
	id     tenancy.CustomerID
	scopes [2]tenancy.Scope
}

func eachStore(t *testing.T, storm func(h *harbour)) {
	t.Helper()
	eachStoreWith(t, func() operations.Config { return operations.Config{} }, storm)
}

// eachStoreWith has engines of this configuration, made anew for each store.
func eachStoreWith(t *testing.T, config func() operations.Config, storm func(h *harbour)) {
	t.Helper()
	stores := map[string]func(*testing.T) (operations.Store, int, int){
		"memory": func(*testing.T) (operations.Store, int, int) { return memory.New(), 64, atLeast(5, 30, 400) },
		"sqlite": func(t *testing.T) (operations.Store, int, int) {
			t.Helper()
			store, _, _ := newSQLite(t)
			return store, 32, atLeast(5, 8, 60)
		},
		"postgres": func(t *testing.T) (operations.Store, int, int) {
			t.Helper()
			store, _, _ := newPostgres(t, sqlstore.Config{})
			return store, 32, atLeast(3, 9, 90) // times the storms: more than 500
		},
	}
	for name, open := range stores {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			store, callers, rounds := open(t)
			h := &harbour{t: t, clock: newHands(), callers: callers, rounds: rounds}
			c := config()
			c.Clock = h.clock
			for i := range h.engines {
				var err error
				h.engines[i], err = operations.New(store, c)
				require.NoError(t, err)
				t.Cleanup(h.engines[i].Close)
			}
			_, err := h.engines[0].Bootstrap(h.t.Context(), tenancy.Firm{Tenant: "acme", Admin: principal("acme", "ana")})
			require.NoError(t, err)
			storm(h)
		})
	}
}

func (h *harbour) berth(round int) *berth {
	h.t.Helper()
	firm, err := h.engines[0].Gate().Firm(h.t.Context(), principal("acme", "ana"))
	require.NoError(h.t, err)
	opened, err := h.engines[0].OpenCustomer(h.t.Context(), firm, intent("customer", round), customer.Profile{Name: "Maria"})
	require.NoError(h.t, err)
	b := &berth{harbour: h, id: opened.ID}
	for i := range h.engines {
		b.scopes[i] = b.enter(i, "ana")
	}
	return b
}

func (b *berth) enter(engine int, operator string) tenancy.Scope {
	b.t.Helper()
	s, err := b.engines[engine].Gate().Enter(b.t.Context(), principal("acme", operator), b.id, "storm")
	require.NoError(b.t, err)
	return s
}

func (b *berth) account(limit string) accounts.ID {
	b.t.Helper()
	m, err := b.engines[0].Manage(b.t.Context(), b.scopes[0], intent("account"), accounts.Open{Currency: "BRL", DebtLimit: money(limit), Details: accounts.Details{PixKey: "k"}})
	require.NoError(b.t, err)
	return m.Account
}

func (b *berth) deposit(to accounts.ID, amount string) {
	b.t.Helper()
	_, err := b.engines[0].Submit(b.t.Context(), b.scopes[0], intent("deposit"), operations.Deposit{To: to, Amount: money(amount)})
	require.NoError(b.t, err)
}

// all lets every caller go at once and gives what each was told. Nobody repeats
// anything: the engines take the races upon themselves.
func (h *harbour) all(do func(caller, engine int) error) []error {
	errs := make([]error, h.callers)
	start := make(chan struct{})
	var wg sync.WaitGroup
	for i := range h.callers {
		wg.Go(func() {
			<-start
			errs[i] = do(i, i%len(h.engines))
		})
	}
	close(start)
	wg.Wait()
	return errs
}

// sound verifies the book and gives the posted balance of the account.
func (b *berth) sound(id accounts.ID) string {
	b.t.Helper()
	for i, eng := range b.engines {
		v, err := eng.Book(b.scopes[i]).Verify(b.t.Context())
		require.NoError(b.t, err)
		require.Empty(b.t, v.Faults)
	}
	all, err := b.engines[1].Book(b.scopes[1]).Accounts(b.t.Context())
	require.NoError(b.t, err)
	for _, a := range all {
		require.True(b.t, a.Held.IsZero(), "nothing stays held")
		require.False(b.t, a.Available().IsNegative())
		if a.ID == id {
			return a.Posted.String()
		}
	}
	return ""
}

func (b *berth) journal() []operations.Line {
	b.t.Helper()
	var lines []operations.Line
	for {
		page, err := b.engines[0].Book(b.scopes[0]).Journal(b.t.Context(), int64(len(lines)), operations.MaxLimit)
		require.NoError(b.t, err)
		if lines = append(lines, page...); len(page) < operations.MaxLimit {
			return lines
		}
	}
}

// tally counts outcomes by class and reason.
func tally(errs []error) map[string]int {
	n := map[string]int{}
	for _, err := range errs {
		out := failure(err)
		if out.Class == "conflict" {
			out.Class += " " + out.Codes[0]
		}
		n[out.Class]++
	}
	return n
}

func TestStormOfOneKeyHasOneEffect(t *testing.T) { // S1
	t.Parallel()
	eachStore(t, func(h *harbour) {
		t := h.t
		for round := range h.rounds {
			b := h.berth(round)
			acc := b.account("0")
			results := make([]operations.Result, h.callers)
			errs := h.all(func(i, e int) (err error) {
				results[i], err = h.engines[e].Submit(h.t.Context(), b.scopes[e], intent("k"), operations.Deposit{To: acc, Amount: money("7")})
				return err
			})
			require.Equal(t, map[string]int{"ok": h.callers}, tally(errs))
			fresh := 0
			for _, r := range results {
				require.JSONEq(t, string(mustJSON(results[0].Operation)), string(mustJSON(r.Operation)), "all are told the one outcome")
				if !r.Replayed {
					fresh++
				}
			}
			require.Equal(t, 1, fresh)
			require.Equal(t, "7", b.sound(acc))
			require.Len(t, b.journal(), 3)
		}
	})
}

func TestStormOfEverythingOnOneOperationHasOneWinnerAVersion(t *testing.T) { // S4
	t.Parallel()
	eachStore(t, func(h *harbour) {
		t := h.t
		for round := range h.rounds {
			b := h.berth(round)
			acc := b.account("0")
			b.deposit(acc, "100")
			prep, err := h.engines[0].Prepare(h.t.Context(), b.scopes[0], intent("p"), operations.Withdrawal{From: acc, Amount: money("10")})
			require.NoError(t, err)
			ref := prep.Operation.Ref()
			before := len(b.journal())
			if round%3 == 2 { // the terms run out while it storms
				h.clock.move(15 * time.Minute)
			}
			errs := h.all(func(i, e int) error {
				eng, s, in := h.engines[e], b.scopes[e], intent("storm", i)
				var err error
				switch i / 2 % 4 {
				case 0:
					_, err = eng.Execute(h.t.Context(), s, in, ref)
				case 1:
					_, err = eng.Cancel(h.t.Context(), s, in, ref)
				case 2:
					_, err = eng.Modify(h.t.Context(), s, in, ref, operations.Modification{Amount: money(fmt.Sprint(11 + i))})
				default:
					var done operations.Done
					done, err = eng.Work(h.t.Context(), operations.Budget{})
					if err == nil && done.Stuck > 0 {
						err = fmt.Errorf("%+v", done)
					}
					if err == nil {
						return fmt.Errorf("worked: %w", operations.ErrConflict)
					}
				}
				return err
			})
			won, entries := 0, 0
			for i, err := range errs {
				if err == nil {
					won++
				} else if i/2%4 != 3 {
					require.Contains(t, []string{"conflict", "refused"}, failure(err).Class, "%v", err)
				}
			}
			versions := int64(1)
			for _, line := range b.journal()[before:] {
				if len(line.Refused) > 0 {
					continue
				}
				entries++
				require.Len(t, line.Effects.Operations, 1)
				versions++
				require.Equal(t, versions, line.Effects.Operations[0].Version, "one entry a version, in order")
			}
			require.LessOrEqual(t, won, 1, "all named version 1")
			expired := entries - won
			require.Contains(t, []int{0, 1}, expired)
			require.Positive(t, entries, "somebody won")
			o, err := h.engines[1].Book(b.scopes[1]).Operation(h.t.Context(), ref.ID)
			require.NoError(t, err)
			require.Equal(t, versions, o.Version)
			want := "100"
			if o.State == operations.Completed {
				want = "90"
			}
			require.Equal(t, want, b.sound(acc))
		}
	})
}

func TestStormOfWithdrawalsOfMoreThanHalfLetsOneThrough(t *testing.T) { // S5
	t.Parallel()
	eachStore(t, func(h *harbour) {
		t := h.t
		for round := range h.rounds {
			b := h.berth(round)
			acc := b.account("0")
			b.deposit(acc, "100")
			errs := h.all(func(i, e int) error {
				_, err := h.engines[e].Submit(h.t.Context(), b.scopes[e], intent("w", i), operations.Withdrawal{From: acc, Amount: money("60")})
				return err
			})
			require.Equal(t, map[string]int{"ok": 1, "refused": h.callers - 1}, tally(errs))
			require.Equal(t, "40", b.sound(acc))
		}
	})
}

func TestStormOnTheFirstUseOfAnAccountLetsOneThrough(t *testing.T) { // S6
	t.Parallel()
	eachStore(t, func(h *harbour) {
		t := h.t
		for round := range h.rounds {
			b := h.berth(round)
			acc := b.account("100") // nothing was ever posted, to it or to the system accounts
			errs := h.all(func(i, e int) error {
				_, err := h.engines[e].Submit(h.t.Context(), b.scopes[e], intent("w", i), operations.Withdrawal{From: acc, Amount: money("60")})
				return err
			})
			require.Equal(t, map[string]int{"ok": 1, "refused": h.callers - 1}, tally(errs))
			require.Equal(t, "-60", b.sound(acc))
		}
	})
}

func TestStormDuringARevocationCommitsNothingAfterIt(t *testing.T) { // S10
	t.Parallel()
	eachStore(t, func(h *harbour) {
		t := h.t
		house, err := h.engines[0].Gate().Own(h.t.Context(), principal("acme", "ana"), "")
		require.NoError(t, err)
		in := 0
		manage := func(s tenancy.Scope, x operations.Administrative) (operations.Managed, error) {
			in++
			return h.engines[0].Manage(h.t.Context(), s, intent("manage", in), x)
		}
		_, err = manage(house, tenancy.Register{Operator: "ben", Person: "p-ben"})
		require.NoError(t, err)
		for round := range h.rounds {
			tenantWide := round%2 == 1
			b := h.berth(round)
			acc := b.account("0")
			granted, where := tenancy.Allow{Operator: "ben", Everyone: tenantWide, Permissions: tenancy.NewPermissions(tenancy.AllPermissions()...)}, b.scopes[0]
			if tenantWide {
				where = house
			}
			grant, err := manage(where, granted)
			require.NoError(t, err)
			ben := [2]tenancy.Scope{b.enter(0, "ben"), b.enter(1, "ben")}
			var revoked []operations.Line // the journal when the revocation had returned
			errs := h.all(func(i, e int) error {
				if i == h.callers/2 {
					_, err := manage(where, tenancy.Revoke{Grant: grant.Grant})
					revoked = b.journal()
					return err
				}
				_, err := h.engines[e].Submit(h.t.Context(), ben[e], intent("d", i), operations.Deposit{To: acc, Amount: money("1")})
				return err
			})
			n := tally(errs)
			require.Equal(t, h.callers, n["ok"]+n["refused"], "%v", n)
			after := b.journal()
			require.GreaterOrEqual(t, len(after), len(revoked))
			byBen := func(l operations.Line) bool { return l.Actors[0].ID == "ben" }
			require.False(t, slices.ContainsFunc(after[len(revoked):], byBen), "nothing of his after the revocation returned")
			if i := slices.IndexFunc(after, func(l operations.Line) bool { return len(l.Effects.Revoked) > 0 }); i >= 0 {
				require.False(t, slices.ContainsFunc(after[i:], byBen), "nor after its entry")
			}
			require.Equal(t, fmt.Sprint(n["ok"]-1), b.sound(acc))
		}
	})
}

func TestStormOfTwinsMakesOneOfEach(t *testing.T) { // S12
	t.Parallel()
	eachStore(t, func(h *harbour) {
		t := h.t
		for round := range h.rounds {
			tenant := tenancy.TenantID(fmt.Sprint("firm", round))
			admin := principal(tenant, "ana")
			require.Equal(t, map[string]int{"ok": h.callers}, tally(h.all(func(_, e int) error {
				_, err := h.engines[e].Bootstrap(h.t.Context(), tenancy.Firm{Tenant: tenant, Admin: admin})
				return err
			})), "the same firm by the same administrator")
			_, err := h.engines[1].Bootstrap(h.t.Context(), tenancy.Firm{Tenant: tenant, Admin: principal(tenant, "eve")})
			require.Equal(t, outcome{Class: "conflict", Codes: []string{"exists"}}, failure(err))

			ids := make([]operations.Opened, h.callers)
			require.Equal(t, map[string]int{"ok": h.callers}, tally(h.all(func(i, e int) error {
				firm, err := h.engines[e].Gate().Firm(h.t.Context(), admin)
				if err != nil {
					return err
				}
				ids[i], err = h.engines[e].OpenCustomer(h.t.Context(), firm, intent("c"), customer.Profile{Name: "Maria"})
				return err
			})))
			fresh := 0
			for _, o := range ids {
				require.Equal(t, ids[0].ID, o.ID)
				if !o.Replayed {
					fresh++
				}
			}
			require.Equal(t, 1, fresh)
			b := &berth{harbour: h, id: ids[0].ID}
			for e := range h.engines {
				b.scopes[e], err = h.engines[e].Gate().Enter(h.t.Context(), admin, b.id, "storm")
				require.NoError(t, err)
			}
			opened := make([]operations.Managed, h.callers)
			require.Equal(t, map[string]int{"ok": h.callers}, tally(h.all(func(i, e int) (err error) {
				opened[i], err = h.engines[e].Manage(h.t.Context(), b.scopes[e], intent("a"), accounts.Open{Currency: "BRL"})
				return err
			})))
			for _, m := range opened {
				require.Equal(t, opened[0].Account, m.Account)
			}
			require.Equal(t, "0", b.sound(opened[0].Account))
			require.Len(t, b.journal(), 2)
			own := [2]tenancy.Scope{}
			for e := range own {
				own[e], err = h.engines[e].Gate().Own(h.t.Context(), admin, "")
				require.NoError(t, err)
			}
			n := tally(h.all(func(i, e int) error {
				_, err := h.engines[e].Manage(h.t.Context(), own[e], intent("r", i), tenancy.Register{Operator: "ben", Person: "p-ben"})
				return err
			}))
			require.Equal(t, map[string]int{"ok": 1, "refused": h.callers - 1}, n, "different keys, one operator")
		}
	})
}
