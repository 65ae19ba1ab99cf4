package integration_test

import (
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/onbehalf/onbehalf/accounts"
	"github.com/onbehalf/onbehalf/operations"
	"github.com/onbehalf/onbehalf/operations/operationstest"
	"github.com/onbehalf/onbehalf/operations/trading"
	"github.com/onbehalf/onbehalf/tenancy"
)

// colleagues registers operators who may do everything for everyone.
func (h *harbour) colleagues(names ...string) {
	h.t.Helper()
	house, err := h.engines[0].Gate().Own(h.t.Context(), principal("acme", "ana"), "")
	require.NoError(h.t, err)
	for _, name := range names {
		for i, x := range []operations.Administrative{
			tenancy.Register{Operator: tenancy.OperatorID(name), Person: principal("acme", name).Person},
			tenancy.Allow{Operator: tenancy.OperatorID(name), Everyone: true, Permissions: tenancy.NewPermissions(tenancy.AllPermissions()...)},
		} {
			_, err := h.engines[0].Manage(h.t.Context(), house, intent(name, i), x)
			require.NoError(h.t, err)
		}
	}
}

// oneRate is a market that does not move.
func oneRate(rate string) trading.Source {
	b := &trading.Board{}
	_, err := b.Put(trading.Rate{Base: "USD", Quote: "BRL", Value: money(rate), At: epoch(), Source: "storm"})
	must(err)
	return b
}

func TestStormOnOneQuoteFillsItOnce(t *testing.T) { // S3
	t.Parallel()
	eachStoreWith(t, func() operations.Config {
		house := trading.NewHouse(oneRate("5"))
		kind, err := trading.New(trading.Config{Providers: map[string]trading.Provider{"house": house}})
		must(err)
		return operations.Config{Kinds: []operations.Kind{kind}, Providers: map[string]operations.Provider{"house": house}}
	}, func(h *harbour) {
		t := h.t
		for round := range h.rounds {
			b := h.berth(round)
			brl := b.account("0")
			b.deposit(brl, "1000")
			manage := func(key string, x operations.Administrative) operations.Managed {
				m, err := b.engines[0].Manage(t.Context(), b.scopes[0], intent(key), x)
				require.NoError(t, err)
				return m
			}
			usd := manage("usd", accounts.Open{Currency: "USD", Details: accounts.Details{Bank: "001", Branch: "1", Number: "2"}}).Account
			manage("customer", trading.SetCustomer{Customer: trading.Customer{Providers: []string{"house"}}})
			manage("pair", trading.SetPair{Pair: trading.Pair{Base: usd, Quote: brl, Quotations: []trading.Path{{Provider: "house", Priority: 1}}}})
			q, err := b.engines[0].Prepare(t.Context(), b.scopes[0], intent("quote"), trading.Trade{Base: usd, Quote: brl, Side: operations.Buy, BaseAmount: money("10")})
			require.NoError(t, err)
			errs := h.all(func(i, e int) error {
				_, err := h.engines[e].Execute(t.Context(), b.scopes[e], intent("x", i), q.Operation.Ref())
				return err
			})
			require.Equal(t, map[string]int{"ok": 1, "conflict stale_version": h.callers - 1}, tally(errs))
			require.Equal(t, "950", b.sound(brl))
			require.Equal(t, "10", b.sound(usd))
		}
	})
}

func TestStormOfApprovalsCountsPersons(t *testing.T) { // S8
	t.Parallel()
	eachStoreWith(t, func() operations.Config {
		return operations.Config{Approvals: []operations.Approval{{Name: "all", Match: operations.Match{Kinds: []string{operations.KindWithdrawal}}, Persons: 2}}}
	}, func(h *harbour) {
		t := h.t
		h.colleagues("bruno", "carla")
		for round := range h.rounds {
			b := h.berth(round)
			acc := b.account("0")
			b.deposit(acc, "100")
			res, err := b.engines[0].Submit(t.Context(), b.scopes[0], intent("w"), operations.Withdrawal{From: acc, Amount: money("60")})
			require.NoError(t, err)
			scopes := map[string][2]tenancy.Scope{"ana": b.scopes}
			for _, name := range []string{"bruno", "carla"} {
				scopes[name] = [2]tenancy.Scope{b.enter(0, name), b.enter(1, name)}
			}
			errs := h.all(func(i, e int) error {
				s := scopes[[]string{"bruno", "carla", "bruno", "ana"}[i/2%4]][e]
				for try := 0; ; try++ { // as the operation stands, whatever the others did
					o, err := h.engines[e].Book(s).Operation(t.Context(), res.Operation.ID)
					if err != nil {
						return err
					}
					if _, err = h.engines[e].Approve(t.Context(), s, intent("a", i, "-", try), o.Ref()); !errors.Is(err, operations.ErrConflict) {
						return err
					}
				}
			})
			require.Equal(t, map[string]int{"ok": 2, "refused": h.callers - 2}, tally(errs))
			o, err := b.engines[1].Book(b.scopes[1]).Operation(t.Context(), res.Operation.ID)
			require.NoError(t, err)
			require.Equal(t, operations.Completed, o.State)
			require.Len(t, o.Approvals, 2)
			require.NotEqual(t, o.Approvals[0].Actors[0].Person, o.Approvals[1].Actors[0].Person)
			require.Equal(t, "40", b.sound(acc))
		}
	})
}

func TestStormOnOneHoldEndsItOnce(t *testing.T) { // S9
	t.Parallel()
	eachStoreWith(t, func() operations.Config {
		bank := operationstest.NewProvider(operations.Contract{HonoursReference: true}).OnSend(operationstest.Pend()).OnAsk(operationstest.Tell())
		return operations.Config{Providers: map[string]operations.Provider{"bank": bank}}
	}, func(h *harbour) {
		t := h.t
		for round := range h.rounds {
			b := h.berth(round)
			acc := b.account("0")
			b.deposit(acc, "100")
			res, err := b.engines[0].Submit(t.Context(), b.scopes[0], intent("w"), operations.Withdrawal{From: acc, Amount: money("60"), Via: "bank"})
			require.NoError(t, err)
			require.Equal(t, operations.Executing, res.Operation.State)
			h.all(func(i, e int) error {
				a := operations.Answer{Reference: res.Operation.ProviderReference, Status: operations.AnswerSettled, Amount: money("60"), Asset: "BRL"}
				switch i % 4 {
				case 0:
					a.Status, a.Amount, a.Asset = operations.AnswerRefused, money("0"), ""
				case 1:
					a.Status, a.Amount, a.Asset = operations.AnswerCalledOff, money("0"), ""
				case 2:
					_, err := h.engines[e].Cancel(t.Context(), b.scopes[e], intent("c", i), res.Operation.Ref())
					return err
				}
				_, err := h.engines[e].Report(t.Context(), "acme", "bank", a)
				return err
			})
			o, err := b.engines[1].Book(b.scopes[1]).Operation(t.Context(), res.Operation.ID)
			require.NoError(t, err)
			want := map[string]string{"completed": "40", "failed": "100", "cancelled": "100"}[string(o.State)]
			require.Equal(t, want, b.sound(acc), "%s", o.State)
			require.EqualValues(t, 2, o.Version, "it ended once")
		}
	})
}

func TestStormOfSweepersResolvesOnce(t *testing.T) { // S11
	t.Parallel()
	eachStoreWith(t, func() operations.Config {
		bank := operationstest.NewProvider(operations.Contract{HonoursReference: true}).OnSend(operationstest.Settle().Silent())
		return operations.Config{Providers: map[string]operations.Provider{"bank": bank}}
	}, func(h *harbour) {
		t := h.t
		for round := range h.rounds {
			b := h.berth(round)
			acc := b.account("0")
			b.deposit(acc, "100")
			res, err := b.engines[0].Submit(t.Context(), b.scopes[0], intent("w"), operations.Withdrawal{From: acc, Amount: money("60"), Via: "bank"})
			require.NoError(t, err)
			require.Equal(t, operations.Unresolved, res.Operation.State)
			h.clock.move(time.Hour)
			resolved := make([]int, h.callers)
			h.all(func(i, e int) error {
				done, err := h.engines[e].Work(t.Context(), operations.Budget{})
				resolved[i] = done.Resolved
				return err
			})
			sum := 0
			for _, n := range resolved {
				sum += n
			}
			require.Equal(t, 1, sum)
			require.Equal(t, "40", b.sound(acc))
		}
	})
}

func TestStormOfRefundsGivesBackNoMoreThanTheirParent(t *testing.T) {
	t.Parallel()
	eachStore(t, func(h *harbour) {
		t := h.t
		for round := range h.rounds {
			b := h.berth(round)
			acc := b.account("1000")
			res, err := b.engines[0].Submit(t.Context(), b.scopes[0], intent("d"), operations.Deposit{To: acc, Amount: money("100")})
			require.NoError(t, err)
			errs := h.all(func(i, e int) error {
				_, err := h.engines[e].Submit(t.Context(), b.scopes[e], intent("r", i), operations.Refund{Parent: res.Operation.ID, Amount: money("30"), Purpose: "asked for"})
				return err
			})
			require.Equal(t, map[string]int{"ok": 3, "refused": h.callers - 3}, tally(errs))
			require.Equal(t, "10", b.sound(acc))
			refunds, err := b.engines[1].Book(b.scopes[1]).Refunds(t.Context(), res.Operation.ID)
			require.NoError(t, err)
			require.Len(t, refunds, 3)
		}
	})
}

func TestStormOnALimitLetsNoMoreThroughThanItHas(t *testing.T) {
	t.Parallel()
	eachStoreWith(t, func() operations.Config {
		return operations.Config{Limits: []operations.Limit{{Name: "day", Match: operations.Match{Kinds: []string{operations.KindWithdrawal}}, Asset: "BRL", Day: money("100")}}}
	}, func(h *harbour) {
		t := h.t
		for round := range h.rounds {
			b := h.berth(round)
			acc := b.account("0")
			b.deposit(acc, "100000")
			errs := h.all(func(i, e int) error {
				_, err := h.engines[e].Submit(t.Context(), b.scopes[e], intent("w", i), operations.Withdrawal{From: acc, Amount: money("30")})
				return err
			})
			require.Equal(t, map[string]int{"ok": 3, "refused": h.callers - 3}, tally(errs))
			require.Equal(t, "99910", b.sound(acc))
		}
	})
}
