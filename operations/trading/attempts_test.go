package trading_test

import (
	"context"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/onbehalf/onbehalf/adapters/memory"
	"github.com/onbehalf/onbehalf/operations"
	"github.com/onbehalf/onbehalf/operations/operationstest"
	"github.com/onbehalf/onbehalf/operations/trading"
)

// watched is a store that knows how many of its calls are being made.
type watched struct {
	operations.Store

	busy int
}

func (w *watched) Commit(ctx context.Context, runs []operations.Run) ([]operations.Verdict, error) {
	w.busy++
	defer func() { w.busy-- }()
	return w.Store.Commit(ctx, runs)
}

func (w *watched) Load(ctx context.Context, id operations.BookID, since int64) (operations.Loaded, error) {
	w.busy++
	defer func() { w.busy-- }()
	return w.Store.Load(ctx, id, since)
}

func (w *watched) Find(ctx context.Context, id operations.BookID, want operations.Want) (operations.Found, error) {
	w.busy++
	defer func() { w.busy-- }()
	return w.Store.Find(ctx, id, want)
}

// nosy is a provider that tells what the store is doing, and what the book says,
// whenever it is called.
type nosy struct {
	*trading.Simulated

	called func(what, reference string)
}

func (n *nosy) Quote(ctx context.Context, a trading.Ask) (trading.Quotation, error) {
	n.called("quote", "")
	return n.Simulated.Quote(ctx, a)
}

func (n *nosy) Send(ctx context.Context, i operations.Instruction) (operations.Answer, error) {
	n.called("send", i.Reference)
	return n.Simulated.Send(ctx, i)
}

func (n *nosy) Ask(ctx context.Context, reference string) (operations.Answer, error) {
	n.called("ask", reference)
	return n.Simulated.Ask(ctx, reference)
}

// Every way to have a provider called while a transaction is open is tried, and
// none of them does it: each call comes when the store is at rest, and the book
// can be written to meanwhile.
func TestNoProviderIsCalledWhileATransactionIsOpen(t *testing.T) {
	t.Parallel()
	store := &watched{Store: memory.New()}
	p := &nosy{Simulated: trading.NewSimulated(fixed{rates: map[string]string{"USD/BRL": "5"}}, &operationstest.Clock{}, 1, operations.Contract{HonoursReference: true}, trading.Faults{})}
	calls := map[string]int{}
	p.called = func(what, _ string) { calls[what]++ }
	d := begin(t, store, trading.Config{Providers: map[string]trading.Provider{"sim": p}}, operations.Config{})
	writing := false
	p.called = func(what, _ string) {
		calls[what]++
		require.Zero(t, store.busy, "%s inside a call of the store", what)
		if writing {
			return
		}
		writing = true
		d.deposit(d.brl, "0.01") // a transaction of the same book, while it waits
		writing = false
	}
	_, err := d.eng.Explain(t.Context(), d.scope, d.buy("1"))
	require.NoError(t, err)
	_, err = d.eng.Submit(t.Context(), d.scope, d.in(), d.buy("1"))
	require.NoError(t, err)
	quote := d.quote(d.buy("1"))
	res, err := d.eng.Modify(t.Context(), d.scope, d.in(), quote.Ref(), operations.Modification{Amount: dec("2")})
	require.NoError(t, err)

	// Inside the host's own transaction nobody is called at all.
	before := calls["send"] + calls["quote"] + calls["ask"]
	within := d.eng.Within(store)
	_, err = within.Explain(t.Context(), d.scope, d.buy("1"))
	require.ErrorIs(t, err, operations.ErrInvalid)
	_, err = within.Prepare(t.Context(), d.scope, d.in(), d.buy("1"))
	require.ErrorIs(t, err, operations.ErrInvalid)
	_, err = within.Submit(t.Context(), d.scope, d.in(), d.buy("1"))
	require.ErrorIs(t, err, operations.ErrInvalid)
	_, err = within.Modify(t.Context(), d.scope, d.in(), res.Operation.Ref(), operations.Modification{Amount: dec("3")})
	require.ErrorIs(t, err, operations.ErrInvalid)
	_, err = within.Work(t.Context(), operations.Budget{})
	require.ErrorIs(t, err, operations.ErrInvalid)
	done, err := within.Execute(t.Context(), d.scope, d.in(), res.Operation.Ref())
	require.NoError(t, err)
	require.Equal(t, operations.Scheduled, done.Operation.State)
	require.Equal(t, before, calls["send"]+calls["quote"]+calls["ask"])

	_, err = d.eng.Work(t.Context(), operations.Budget{})
	require.NoError(t, err)
	o, err := d.eng.Book(d.scope).Operation(t.Context(), done.Operation.ID)
	require.NoError(t, err)
	require.Equal(t, operations.Completed, o.State)
	require.Equal(t, 2, calls["send"])
	d.verified()
}

// A trade in doubt is pushed by every command and worker there is: what its
// provider is sent or asked for has one reference, and it is sent once.
func TestAnExecutionIsNeverSentUnderAnotherReference(t *testing.T) {
	t.Parallel()
	for _, honours := range []bool{true, false} {
		var references []string
		sent := 0
		p := &nosy{Simulated: trading.NewSimulated(fixed{rates: map[string]string{"USD/BRL": "5"}}, &operationstest.Clock{}, 1, operations.Contract{HonoursReference: honours}, trading.Faults{Silence: 1000})}
		p.called = func(what, reference string) {
			if what == "send" {
				sent++
			}
			if what != "quote" && !slices.Contains(references, reference) {
				references = append(references, reference)
			}
		}
		d := memoryDesk(t, trading.Config{Providers: map[string]trading.Provider{"sim": p}})
		quote := d.quote(d.buy("100"))
		o, err := d.execute(quote)
		require.NoError(t, err)
		require.Equal(t, operations.Unresolved, o.State)
		for _, ref := range []operations.Ref{quote.Ref(), o.Ref()} {
			_, err := d.eng.Execute(t.Context(), d.scope, d.in(), ref)
			require.Error(t, err)
			_, err = d.eng.Modify(t.Context(), d.scope, d.in(), ref, operations.Modification{Amount: dec("50")})
			require.Error(t, err)
			_, err = d.eng.Cancel(t.Context(), d.scope, d.in(), ref)
			require.Error(t, err)
		}
		p.Set(trading.Faults{Lose: 1000})
		for range 5 {
			d.clock.Advance(time.Hour)
			_, err := d.eng.Work(t.Context(), operations.Budget{})
			require.NoError(t, err)
		}
		d.enter()
		require.Equal(t, []string{o.ProviderReference}, references)
		require.Equal(t, 1, sent)
		truth, _ := p.Executed(o.ProviderReference)
		require.Equal(t, 1, truth.Effects)
		require.Equal(t, 1, d.held(), "there is no evidence, so nothing is given back")
		p.Set(trading.Faults{})
		d.clock.Advance(48 * time.Hour)
		_, err = d.eng.Work(t.Context(), operations.Budget{})
		require.NoError(t, err)
		d.enter()
		require.Equal(t, [2]string{"99497.5", "100100"}, d.has())
		require.Equal(t, 1, sent)
		d.verified()
	}
}

// Every way to have a quote executed at its expiry or after it is tried.
func TestNoWayExecutesAQuoteAfterItsExpiry(t *testing.T) {
	t.Parallel()
	sent := 0
	p := &nosy{Simulated: trading.NewSimulated(fixed{rates: map[string]string{"USD/BRL": "5"}}, &operationstest.Clock{}, 1, operations.Contract{}, trading.Faults{})}
	p.called = func(what, _ string) {
		if what == "send" {
			sent++
		}
	}
	store := memory.New()
	d := begin(t, store, trading.Config{Providers: map[string]trading.Provider{"sim": p}}, operations.Config{})
	quote := d.quote(d.buy("100"))
	inTransaction := d.quote(d.buy("1"))
	res, err := d.eng.Within(store).Execute(t.Context(), d.scope, d.in(), inTransaction.Ref())
	require.NoError(t, err)
	require.Equal(t, operations.Scheduled, res.Operation.State)
	d.clock.Advance(quote.Terms.Expires.Sub(d.clock.Now())) // to the very moment, which is no longer within

	for range 2 {
		_, err = d.execute(quote)
		require.Equal(t, []string{operations.CodeTermsExpired}, codes(err))
		_, err = d.eng.Within(store).Execute(t.Context(), d.scope, d.in(), quote.Ref())
		require.Equal(t, []string{operations.CodeTermsExpired}, codes(err))
		d.clock.Advance(-time.Second) // a clock that goes back does not bring it back
	}
	d.clock.Advance(time.Hour)
	_, err = d.eng.Work(t.Context(), operations.Budget{})
	require.NoError(t, err)
	_, err = d.execute(quote)
	require.Error(t, err)
	o, err := d.eng.Book(d.scope).Operation(t.Context(), quote.ID)
	require.NoError(t, err)
	require.Equal(t, operations.Expired, o.State)
	o, err = d.eng.Book(d.scope).Operation(t.Context(), inTransaction.ID)
	require.NoError(t, err)
	require.Equal(t, operations.Failed, o.State, "it was let go too late")
	require.Zero(t, sent)
	require.Equal(t, [2]string{"100000", "100000"}, d.has())
	d.verified()
}
