package operationstest_test

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/shopspring/decimal"
	"github.com/stretchr/testify/require"

	"github.com/onbehalf/onbehalf/accounts"
	"github.com/onbehalf/onbehalf/operations"
	"github.com/onbehalf/onbehalf/operations/operationstest"
	"github.com/onbehalf/onbehalf/tenancy"
)

func instruction(reference string) operations.Instruction {
	return operations.Instruction{
		Reference: reference, Order: operations.Order{Kind: operations.KindDeposit, Amount: accounts.Exact(decimal.NewFromInt(5))},
		Terms: operations.Terms{Asset: "BRL"},
	}
}

func TestProviderSaysAndDoesAsItsScriptSays(t *testing.T) {
	t.Parallel()
	five := decimal.NewFromInt(5)
	settled := operations.Answer{Reference: "r", Status: operations.AnswerSettled, Amount: five, Asset: "BRL", External: "ext-1"}
	unknown := operations.Answer{Reference: "r", Status: operations.AnswerNotFound}
	for name, test := range map[string]struct {
		send   operationstest.Reply
		says   operations.Answer // to Send; zero: an error
		stands operations.Answer // to an Ask afterwards
		times  int
	}{
		"settles": {operationstest.Settle(), settled, settled, 1},
		"refuses": {
			operationstest.Refuse("limit"),
			operations.Answer{Reference: "r", Status: operations.AnswerRefused, External: "ext-1", Code: "limit"},
			operations.Answer{Reference: "r", Status: operations.AnswerRefused, External: "ext-1", Code: "limit"},
			0,
		},
		"calls off": {
			operationstest.CallOff("duplicate"),
			operations.Answer{Reference: "r", Status: operations.AnswerCalledOff, External: "ext-1", Code: "duplicate"},
			operations.Answer{Reference: "r", Status: operations.AnswerCalledOff, External: "ext-1", Code: "duplicate"},
			0,
		},
		"pends": {
			operationstest.Pend(),
			operations.Answer{Reference: "r", Status: operations.AnswerPending, External: "ext-1"},
			operations.Answer{Reference: "r", Status: operations.AnswerPending, External: "ext-1"},
			0,
		},
		"settles and is silent": {operationstest.Settle().Silent(), operations.Answer{}, settled, 1},
		"never arrives":         {operationstest.Lose(), operations.Answer{}, unknown, 0},
		"is not found":          {operationstest.NotFound(), unknown, unknown, 0},
		"settles and talks nonsense": {
			operationstest.Settle().Garbled(),
			operations.Answer{Reference: "r", Status: "garbled", Amount: five, Asset: "BRL", External: "ext-1"},
			settled, 1,
		},
		"settles and speaks of another amount": {
			operationstest.Settle().Of(decimal.NewFromInt(4), "USD"),
			operations.Answer{Reference: "r", Status: operations.AnswerSettled, Amount: decimal.NewFromInt(4), Asset: "USD", External: "ext-1"},
			settled, 1,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := operationstest.NewProvider(operations.Contract{}).OnSend(test.send)
			a, err := p.Send(t.Context(), instruction("r"))
			require.Equal(t, test.says, a)
			require.Equal(t, test.says == operations.Answer{}, err != nil)
			a, err = p.Ask(t.Context(), "r")
			require.NoError(t, err)
			require.Equal(t, test.stands, a)
			require.Equal(t, test.stands, p.Standing("r"))
			require.Equal(t, test.times, p.Carried("r"))
			calls := p.Calls()
			require.Len(t, calls, 2)
			require.Equal(t, operationstest.Call{
				Method: operationstest.Send, Reference: "r", Sent: instruction("r"), Answer: test.says, Answered: test.says != operations.Answer{},
			}, calls[0])
			require.Equal(t, operationstest.Call{Method: operationstest.Ask, Reference: "r", Answer: test.stands, Answered: true}, calls[1])
		})
	}
}

func TestProviderHangsUntilTheContextEnds(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := operationstest.NewProvider(operations.Contract{}).OnSend(operationstest.Settle().Hanging())
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		_, err := p.Send(ctx, instruction("r"))
		require.ErrorIs(t, err, context.DeadlineExceeded)
		require.Equal(t, 1, p.Carried("r"))
		require.False(t, p.Calls()[0].Answered)
	})
}

func TestOnlyAProviderThatDoesNotHonourReferencesPaysTwice(t *testing.T) {
	t.Parallel()
	for honours, times := range map[bool]int{true: 1, false: 2} {
		p := operationstest.NewProvider(operations.Contract{HonoursReference: honours}).
			OnSend(operationstest.Lose(), operationstest.Settle().Silent(), operationstest.Settle()).
			OnAsk(operationstest.Settle())
		for range 3 {
			_, _ = p.Send(t.Context(), instruction("r"))
		}
		_, err := p.Ask(t.Context(), "r")
		require.NoError(t, err)
		p.Move("r", operations.AnswerSettled)
		require.Equal(t, times, p.Carried("r"), "honours references: %t", honours)
	}
}

func TestProviderFindsAReferenceAfterAWhile(t *testing.T) {
	t.Parallel()
	p := operationstest.NewProvider(operations.Contract{}).
		OnSend(operationstest.Pend()).
		OnAsk(operationstest.NotFound(), operationstest.Lose(), operationstest.Tell(), operationstest.Settle())
	_, err := p.Send(t.Context(), instruction("r"))
	require.NoError(t, err)
	var said []operations.AnswerStatus
	for range 5 {
		a, _ := p.Ask(t.Context(), "r")
		said = append(said, a.Status)
	}
	require.Equal(t, []operations.AnswerStatus{"not_found", "", "pending", "settled", "settled"}, said)
	require.Equal(t, 1, p.Carried("r"))
}

func TestMoveGivesTheAnswerToReport(t *testing.T) {
	t.Parallel()
	p := operationstest.NewProvider(operations.Contract{}).OnSend(operationstest.Pend())
	require.Equal(t, operations.AnswerNotFound, p.Move("r", operations.AnswerSettled).Status, "it never arrived")
	_, err := p.Send(t.Context(), instruction("r"))
	require.NoError(t, err)
	a := p.Move("r", operations.AnswerSettled)
	require.Equal(t, "5", accounts.Canonical(a.Amount))
	back := p.Move("r", operations.AnswerReversed)
	require.Equal(t, operations.AnswerReversed, back.Status)
	require.NotEqual(t, a.External, back.External, "it tells the reversal from the settlement")
	require.Equal(t, back, p.Standing("r"))
}

func TestScriptsGoByReferenceHoweverCallsAreInterleaved(t *testing.T) {
	t.Parallel()
	p := operationstest.NewProvider(operations.Contract{HonoursReference: true}).
		OnSend(operationstest.Lose(), operationstest.Settle())
	var wg sync.WaitGroup
	for i := range 50 {
		wg.Go(func() {
			ref := fmt.Sprint("r", i)
			_, err := p.Send(t.Context(), instruction(ref))
			if err == nil {
				t.Errorf("the first call about %s was answered", ref)
			}
			if a, err := p.Send(t.Context(), instruction(ref)); err != nil || a.Status != operations.AnswerSettled {
				t.Errorf("the second call about %s: %v %v", ref, a, err)
			}
		})
	}
	wg.Wait()
	require.Len(t, p.Calls(), 100)
	for i := range 50 {
		require.Equal(t, 1, p.Carried(fmt.Sprint("r", i)))
	}
}

func TestScriptOfTheTestsOwnChoosesByTheOrder(t *testing.T) {
	t.Parallel()
	p := operationstest.NewProvider(operations.Contract{}).OnSendFunc(func(i operations.Instruction, _ int) operationstest.Reply {
		if i.Order.Amount.IntPart() > 3 {
			return operationstest.Refuse("too_much")
		}
		return operationstest.Settle()
	}).OnAskFunc(func(_ operations.Instruction, n int) operationstest.Reply {
		if n < 3 {
			return operationstest.NotFound()
		}
		return operationstest.Tell()
	})
	a, err := p.Send(t.Context(), instruction("r"))
	require.NoError(t, err)
	require.Equal(t, "too_much", a.Code)
	for _, want := range []operations.AnswerStatus{"not_found", "not_found", "refused"} {
		a, err := p.Ask(t.Context(), "r")
		require.NoError(t, err)
		require.Equal(t, want, a.Status)
	}
	require.Equal(t, operations.Contract{}, p.Contract())
}

func TestClockStandsStill(t *testing.T) {
	t.Parallel()
	var c operationstest.Clock
	require.Equal(t, operationstest.Start(), c.Now())
	require.Equal(t, operationstest.Start().Add(time.Hour), c.Advance(time.Hour))
	require.Equal(t, operationstest.Start().Add(time.Hour), c.Now())
	at := time.Date(2020, 2, 29, 12, 0, 0, 0, time.FixedZone("BRT", -3*3600))
	c.Set(at)
	require.True(t, at.Equal(c.Now()))
	require.Equal(t, time.UTC, c.Now().Location())
	require.True(t, at.Equal(operationstest.NewClock(at).Now()))
	var wg sync.WaitGroup
	for range 100 {
		wg.Go(func() { c.Advance(time.Second) })
	}
	wg.Wait()
	require.True(t, at.Add(100*time.Second).Equal(c.Now()))
}

func TestIDsAreValidAndRise(t *testing.T) {
	t.Parallel()
	ids := operationstest.IDs{Prefix: "op"}
	last := ""
	for range 1100 {
		id := ids.NewID()
		require.NoError(t, tenancy.CheckID("id", id))
		require.Greater(t, id, last)
		last = id
	}
	require.Equal(t, "op-001100", last)
	var plain operationstest.IDs
	require.Equal(t, "id-000001", plain.NewID())
}

func TestEntropyIsTheSameStreamHoweverItIsRead(t *testing.T) {
	t.Parallel()
	var one, two operationstest.Entropy
	a, b := make([]byte, 100), make([]byte, 100)
	_, err := one.Read(a)
	require.NoError(t, err)
	for i := 0; i < len(b); i += 7 {
		n, err := two.Read(b[i:min(i+7, len(b))])
		require.NoError(t, err)
		require.Equal(t, min(7, len(b)-i), n)
	}
	require.Equal(t, a, b)
	require.NotEqual(t, a[:16], a[16:32])
}
