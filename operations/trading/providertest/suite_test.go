package providertest

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/shopspring/decimal"
	"github.com/stretchr/testify/require"

	"github.com/onbehalf/onbehalf/operations"
	"github.com/onbehalf/onbehalf/operations/operationstest"
	"github.com/onbehalf/onbehalf/operations/trading"
)

// source has one rate.
type source struct{ clock operations.Clock }

func (s source) Rate(_ context.Context, base, quote string) (trading.Rate, error) {
	if base != "USD" || quote != "BRL" {
		return trading.Rate{}, trading.ErrNoRate
	}
	return trading.Rate{Base: base, Quote: quote, Value: decimal.New(54321, -4), At: s.clock.Now(), Source: "test"}, nil
}

func suite(promised operations.Contract, f trading.Faults) Suite {
	clock := &operationstest.Clock{}
	return Suite{
		New: func(*testing.T) trading.Provider {
			return trading.NewSimulated(source{clock}, clock, 1, promised, f)
		},
		Ask:       trading.Ask{Base: "USD", Quote: "BRL", Side: operations.Buy, Amount: decimal.New(100, 0), OfBase: true},
		BaseScale: 2, QuoteScale: 2, NoRate: [2]string{"USD", "GBP"}, Clock: clock,
		Pass: func(trading.Provider) { clock.Advance(time.Minute) },
		InPart: func(p trading.Provider) {
			if sim, ok := p.(interface{ Set(f trading.Faults) }); ok {
				sim.Set(trading.Faults{Part: 1000})
			}
		},
		Effects: func(p trading.Provider, reference string) int {
			sim, ok := p.(interface {
				Executed(string) (trading.Executed, bool)
			})
			if !ok {
				return 0
			}
			e, _ := sim.Executed(reference)
			return e.Effects
		},
	}
}

func TestTheProvidersInTheBoxKeepTheContract(t *testing.T) {
	t.Parallel()
	t.Run("simulated", func(t *testing.T) {
		t.Parallel()
		Run(t, suite(operations.Contract{HonoursReference: true}, trading.Faults{}))
	})
	t.Run("simulated, of a quote amount and late", func(t *testing.T) {
		t.Parallel()
		s := suite(operations.Contract{HonoursReference: true}, trading.Faults{Delay: 1000})
		s.Ask.OfBase = false
		Run(t, s)
	})
	t.Run("simulated, that promises nothing", func(t *testing.T) {
		t.Parallel()
		Run(t, suite(operations.Contract{}, trading.Faults{}))
	})
	t.Run("house", func(t *testing.T) {
		t.Parallel()
		s := suite(operations.Contract{}, trading.Faults{})
		s.New = func(*testing.T) trading.Provider { return trading.NewHouse(source{s.Clock}) }
		Run(t, s)
	})
}

// wrong is a provider that keeps the contract but for what is put in its place.
type wrong struct {
	trading.Provider

	contract func() operations.Contract
	quote    func(ctx context.Context, p trading.Provider, a trading.Ask) (trading.Quotation, error)
	send     func(ctx context.Context, p trading.Provider, i operations.Instruction) (operations.Answer, error)
	ask      func(ctx context.Context, p trading.Provider, reference string) (operations.Answer, error)
}

func (w wrong) Contract() operations.Contract {
	if w.contract == nil {
		return w.Provider.Contract()
	}
	return w.contract()
}

func (w wrong) Quote(ctx context.Context, a trading.Ask) (trading.Quotation, error) {
	if w.quote == nil {
		return w.Provider.Quote(ctx, a)
	}
	return w.quote(ctx, w.Provider, a)
}

func (w wrong) Send(ctx context.Context, i operations.Instruction) (operations.Answer, error) {
	if w.send == nil {
		return w.Provider.Send(ctx, i)
	}
	return w.send(ctx, w.Provider, i)
}

func (w wrong) Ask(ctx context.Context, reference string) (operations.Answer, error) {
	if w.ask == nil {
		return w.Provider.Ask(ctx, reference)
	}
	return w.ask(ctx, w.Provider, reference)
}

func (w wrong) Set(f trading.Faults) {
	if sim, ok := w.Provider.(*trading.Simulated); ok {
		sim.Set(f)
	}
}

func (w wrong) Executed(reference string) (trading.Executed, bool) {
	sim, ok := w.Provider.(*trading.Simulated)
	if !ok {
		return trading.Executed{}, false
	}
	return sim.Executed(reference)
}

// quoted changes what is quoted.
func quoted(change func(*trading.Quotation)) wrong {
	return wrong{quote: func(ctx context.Context, p trading.Provider, a trading.Ask) (trading.Quotation, error) {
		q, err := p.Quote(ctx, a)
		change(&q)
		return q, err
	}}
}

// answered changes what Send and Ask say.
func answered(change func(*operations.Answer)) wrong {
	return wrong{
		send: func(ctx context.Context, p trading.Provider, i operations.Instruction) (operations.Answer, error) {
			a, err := p.Send(ctx, i)
			change(&a)
			return a, err
		},
		ask: func(ctx context.Context, p trading.Provider, reference string) (operations.Answer, error) {
			a, err := p.Ask(ctx, reference)
			change(&a)
			return a, err
		},
	}
}

// The cases are worth what they catch: each provider breaks one promise, and the
// case of that name tells.
func TestProvidersThatBreakTheContractAreCaught(t *testing.T) {
	t.Parallel()
	var mu sync.Mutex
	turns, reports := 0, 0
	for name, test := range map[string]struct {
		is      wrong
		caught  string
		because string
	}{
		"a contract that changes": {wrong{contract: func() operations.Contract {
			mu.Lock()
			defer mu.Unlock()
			turns++
			return operations.Contract{HonoursReference: true, Timeout: time.Duration(turns)}
		}}, "the contract is constant", "then another"},
		"a contract below zero": {wrong{contract: func() operations.Contract { return operations.Contract{Finality: -1} }}, "the contract is constant", "below zero"},

		"a rate of zero":     {quoted(func(q *trading.Quotation) { q.Rate = decimal.Decimal{} }), "quotations can be relied on", "rate"},
		"a long name":        {quoted(func(q *trading.Quotation) { q.External = strings.Repeat("x", 129) }), "quotations can be relied on", "external"},
		"a rate of the past": {quoted(func(q *trading.Quotation) { q.Expires = operationstest.Start() }), "quotations can be relied on", "expired"},
		"one quote at a time": {wrong{quote: func(ctx context.Context, p trading.Provider, a trading.Ask) (trading.Quotation, error) {
			if a.Side == operations.Sell {
				return trading.Quotation{}, errors.New("busy")
			}
			return p.Quote(ctx, a)
		}}, "quotations are asked for by many", "busy"},
		"a rate for every pair": {wrong{quote: func(context.Context, trading.Provider, trading.Ask) (trading.Quotation, error) {
			return trading.Quotation{Rate: decimal.New(1, 0)}, nil
		}}, "a pair without a rate is told as such", "ErrNoRate"},
		"a quote that does not mind the context": {wrong{quote: func(ctx context.Context, p trading.Provider, a trading.Ask) (trading.Quotation, error) {
			return p.Quote(context.WithoutCancel(ctx), a)
		}}, "no quotation after the context has ended", "succeeds"},

		"what it never heard of is refused": {answered(func(a *operations.Answer) {
			if a.Status == operations.AnswerNotFound {
				a.Status = operations.AnswerRefused
			}
		}), "what was never sent is not found", "refused"},
		"another reference": {answered(func(a *operations.Answer) { a.Reference += "x" }), "what is sent is answered for", "about"},
		"no status":         {answered(func(a *operations.Answer) { a.Status = "" }), "what is sent is answered for", "relied on"},
		"another amount":    {answered(func(a *operations.Answer) { a.Amount = a.Amount.Add(decimal.New(1, 0)) }), "what is sent is answered for", "instead of"},
		"no counter amount": {answered(func(a *operations.Answer) { a.Counter, a.CounterAsset = decimal.Decimal{}, "" }), "what is sold is answered for", "no amount of the quote asset"},
		"nothing happens": {wrong{
			send: func(_ context.Context, _ trading.Provider, i operations.Instruction) (operations.Answer, error) {
				x := i.Terms.Exchange
				return operations.Answer{
					Reference: i.Reference, Status: operations.AnswerSettled,
					Amount: x.BaseAmount.Decimal, Asset: x.Base, Counter: x.ProviderAmount.Decimal, CounterAsset: x.Quote,
				}, nil
			},
		}, "what is sent is answered for", "carried out 0 times"},
		"for ever pending": {answered(func(a *operations.Answer) {
			a.Status, a.Amount, a.Asset, a.Counter, a.CounterAsset = operations.AnswerPending, decimal.Decimal{}, "", decimal.Decimal{}, ""
		}), "what is sent is answered for", "still pending"},
		"a new name every time": {answered(func(a *operations.Answer) {
			mu.Lock()
			defer mu.Unlock()
			reports++
			a.External = strings.Repeat("x", 1+reports%100)
		}), "asked again, it says the same", "and then"},
		"a part that is called the whole": {answered(func(a *operations.Answer) {
			if a.Status == operations.AnswerPart {
				a.Status = operations.AnswerSettled
			}
		}), "a part is answered for", "instead of"},
		"a part at another rate": {answered(func(a *operations.Answer) {
			if a.Status == operations.AnswerPart {
				a.Counter = a.Counter.Add(decimal.New(1, -2))
			}
		}), "a part is answered for", "a unit off"},
		"no part": {wrong{send: func(ctx context.Context, p trading.Provider, i operations.Instruction) (operations.Answer, error) {
			x := *i.Terms.Exchange
			x.Parts = false
			i.Terms.Exchange = &x
			return p.Send(ctx, i)
		}}, "a part is answered for", "makes it carry out a part"},
		"a part of what takes none": {wrong{send: func(ctx context.Context, p trading.Provider, i operations.Instruction) (operations.Answer, error) {
			x := *i.Terms.Exchange
			x.Parts = true
			i.Terms.Exchange = &x
			return p.Send(ctx, i)
		}}, "what takes no parts is whole or nothing", "all or nothing"},
		"one name for all":           {answered(func(a *operations.Answer) { a.External = "one" }), "two references are two", "for both"},
		"sent twice, done twice":     {twice(), "a reference that is sent twice has one effect", "carried out 2 times"},
		"sent by many, done by many": {twice(), "a reference that is sent by many has one effect", "carried out 16 times"},
		"sending does not mind the context": {wrong{send: func(ctx context.Context, p trading.Provider, i operations.Instruction) (operations.Answer, error) {
			return p.Send(context.WithoutCancel(ctx), i)
		}}, "nothing is sent after the context has ended", "succeeds"},
		"what is refused happens": {wrong{send: func(ctx context.Context, p trading.Provider, i operations.Instruction) (operations.Answer, error) {
			_, err := p.Send(context.WithoutCancel(ctx), i)
			return operations.Answer{}, errors.Join(err, ctx.Err())
		}}, "nothing is sent after the context has ended", "carried out"},
		"asking does not mind the context": {wrong{ask: func(ctx context.Context, p trading.Provider, reference string) (operations.Answer, error) {
			return p.Ask(context.WithoutCancel(ctx), reference)
		}}, "nothing is told after the context has ended", "succeeds"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := suite(operations.Contract{HonoursReference: true}, trading.Faults{})
			p := test.is
			if p.Provider == nil {
				p.Provider = s.New(t)
			}
			require.NoError(t, errorsOf(t, s, s.New(t))[test.caught], "and nothing else is wrong")
			require.ErrorContains(t, errorsOf(t, s, p)[test.caught], test.because)
		})
	}
}

// twice promises to honour references and does not.
func twice() wrong {
	clock := &operationstest.Clock{}
	return wrong{
		Provider: trading.NewSimulated(source{clock}, clock, 1, operations.Contract{}, trading.Faults{}),
		contract: func() operations.Contract { return operations.Contract{HonoursReference: true} },
	}
}

// errorsOf tries every case on one provider and tells what it found, by case.
func errorsOf(t *testing.T, s Suite, p trading.Provider) map[string]error {
	t.Helper()
	found := map[string]error{}
	for _, c := range cases() {
		_, seen := found[c.name]
		require.False(t, seen, "two cases of one name")
		found[c.name] = nil
		if c.beside(s, p.Contract()) == "" {
			found[c.name] = c.try(trial{Suite: s, ctx: t.Context(), p: p})
		}
	}
	require.Contains(t, found, "the contract is constant")
	return found
}
