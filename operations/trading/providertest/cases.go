package providertest

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/shopspring/decimal"

	"github.com/onbehalf/onbehalf/accounts"
	"github.com/onbehalf/onbehalf/operations"
	"github.com/onbehalf/onbehalf/operations/trading"
	"github.com/onbehalf/onbehalf/tenancy"
)

func problem(format string, args ...any) error { return fmt.Errorf(format, args...) }

// instructed is the instruction that an engine would send.
func instructed(a trading.Ask, reference string, side operations.Side, base, quote decimal.Decimal, q trading.Quotation, by time.Time) operations.Instruction {
	fixed, amount := a.Quote, quote
	if a.OfBase {
		fixed, amount = a.Base, base
	}
	x := &operations.Exchange{
		Base: a.Base, Quote: a.Quote, Side: side, Fixed: fixed,
		BaseAmount: accounts.Exact(base), QuoteAmount: accounts.Exact(quote), ProviderAmount: accounts.Exact(quote),
		Rate: accounts.Exact(q.Rate), ProviderRate: accounts.Exact(q.Rate), Reference: accounts.Exact(q.Rate), External: q.External,
	}
	return operations.Instruction{
		Reference: reference, Operation: operations.OperationID(reference), SendBy: by,
		Order: operations.Order{Kind: trading.KindTrade, From: "from", To: "to", Amount: accounts.Exact(amount)},
		Terms: operations.Terms{Asset: fixed, Exchange: x},
	}
}

// quote asks for a quotation and checks it.
func (t trial) quote(ctx context.Context, a trading.Ask) (trading.Quotation, error) {
	q, err := t.p.Quote(ctx, a)
	if err != nil {
		return q, problem("Quote of %s/%s, %s: %w", a.Base, a.Quote, a.Side, err)
	}
	if err := errors.Join(trading.CheckRate("rate", q.Rate), tenancy.CheckText("external", q.External, 128)); err != nil {
		return q, problem("Quote of %s/%s, %s: %w", a.Base, a.Quote, a.Side, err)
	}
	if now := t.Clock.Now(); !q.Expires.IsZero() && !q.Expires.After(now) {
		return q, problem("a quotation that expired at %s, and it is %s", q.Expires, now)
	}
	return q, nil
}

// checked is an answer that can be relied on, for the reference.
func checked(what string, i operations.Instruction, a operations.Answer, err error) error {
	if err != nil {
		return problem("%s: %w", what, err)
	}
	if err := a.Validate(); err != nil {
		return problem("%s: an answer that cannot be relied on: %w", what, err)
	}
	if a.Reference != i.Reference {
		return problem("%s: an answer about %q, and it was about %q", what, a.Reference, i.Reference)
	}
	x := i.Terms.Exchange
	if a.Status == operations.AnswerPart && x != nil {
		return part(what, x, a)
	}
	if a.Status != operations.AnswerSettled || x == nil {
		return nil
	}
	switch {
	case a.Asset != x.Base || !a.Amount.Equal(x.BaseAmount.Decimal):
		return problem("%s: settled %s %s instead of %s %s of the base asset", what, a.Amount, a.Asset, x.BaseAmount, x.Base)
	case a.CounterAsset != x.Quote || !a.Counter.IsPositive():
		return problem("%s: settled for %s %q, which is no amount of the quote asset %s", what, a.Counter, a.CounterAsset, x.Quote)
	}
	return nil
}

// part checks what was told of a part.
func part(what string, x *operations.Exchange, a operations.Answer) error {
	switch {
	case !x.Parts:
		return problem("%s: a part, %s %s, and it was all or nothing", what, a.Amount, a.Asset)
	case a.Asset != x.Base || !a.Amount.LessThan(x.BaseAmount.Decimal):
		return problem("%s: a part, %s %s, and the whole is %s %s", what, a.Amount, a.Asset, x.BaseAmount, x.Base)
	case a.CounterAsset != x.Quote || !a.Counter.IsPositive():
		return problem("%s: a part for %s %q, which is no amount of the quote asset %s", what, a.Counter, a.CounterAsset, x.Quote)
	}
	return nil
}

// final asks until nothing is pending.
func (t trial) final(i operations.Instruction, a operations.Answer) (operations.Answer, error) {
	for range maxPasses {
		if a.Status != operations.AnswerPending && a.Status != operations.AnswerNotFound {
			return a, nil
		}
		if t.Pass == nil {
			return a, problem("%s is %s, and Suite.Pass is not given", i.Reference, a.Status)
		}
		t.Pass(t.p)
		var err error
		a, err = t.p.Ask(t.ctx, i.Reference)
		if err := checked("Ask", i, a, err); err != nil {
			return a, err
		}
	}
	return a, problem("%s is still %s after Suite.Pass was called %d times", i.Reference, a.Status, maxPasses)
}

// effects fails unless the provider carried the reference out so often.
func (t trial) effects(i operations.Instruction, a operations.Answer, most int) error {
	if t.Effects == nil {
		return nil
	}
	want := 0
	if a.Status == operations.AnswerSettled || a.Status == operations.AnswerPart {
		want = 1
	}
	if n := t.Effects(t.p, i.Reference); n < want || n > max(want, most) {
		return problem("%s is %s, and was carried out %d times", i.Reference, a.Status, n)
	}
	return nil
}

func contract(t trial) error {
	c := t.p.Contract()
	if c != t.p.Contract() {
		return problem("Contract says one thing and then another")
	}
	if c.Timeout < 0 || c.Finality < 0 {
		return problem("Timeout or Finality is below zero: %+v", c)
	}
	return nil
}

func quotes(t trial) error {
	for _, side := range []operations.Side{operations.Buy, operations.Sell} {
		for _, ofBase := range []bool{true, false} {
			for _, valid := range []time.Duration{0, 10 * time.Second, time.Minute} {
				a := t.Ask
				a.Side, a.OfBase, a.ValidFor = side, ofBase, valid
				if _, err := t.quote(t.ctx, a); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

// atOnce does something many times at the same time and joins the errors.
func atOnce(do func(n int) error) error {
	errs := make([]error, 16)
	var wg sync.WaitGroup
	for n := range errs {
		wg.Go(func() { errs[n] = do(n) })
	}
	wg.Wait()
	return errors.Join(errs...)
}

func quotesAtOnce(t trial) error {
	return atOnce(func(n int) error {
		a := t.Ask
		if a.Side = operations.Buy; n%2 == 0 {
			a.Side = operations.Sell
		}
		_, err := t.quote(t.ctx, a)
		return err
	})
}

func pairWithout(t trial) error {
	a := t.Ask
	a.Base, a.Quote = t.NoRate[0], t.NoRate[1]
	if _, err := t.p.Quote(t.ctx, a); !errors.Is(err, trading.ErrNoRate) {
		return problem("Quote of %s/%s: %v, which is not ErrNoRate", a.Base, a.Quote, err)
	}
	return nil
}

// ended calls with a context that has ended, and fails unless the call comes
// back with an error.
func (t trial) ended(what string, call func(context.Context) error) error {
	ctx, cancel := context.WithCancel(t.ctx)
	cancel()
	done := make(chan error, 1) // a call that never comes back is left behind, and the case fails
	go func() { done <- call(ctx) }()
	timer := time.NewTimer(patience)
	defer timer.Stop()
	select {
	case err := <-done:
		if err == nil {
			return problem("%s succeeds with a context that has ended", what)
		}
		return nil
	case <-timer.C:
		return problem("%s goes on %s after its context has ended", what, patience)
	}
}

func quoteEnded(t trial) error {
	return t.ended("Quote", func(ctx context.Context) error {
		_, err := t.p.Quote(ctx, t.Ask)
		return err
	})
}

func neverSent(t trial) error {
	i := operations.Instruction{Reference: t.Prefix + "never"}
	a, err := t.p.Ask(t.ctx, i.Reference)
	if err := checked("Ask", i, a, err); err != nil {
		return err
	}
	if a.Status != operations.AnswerNotFound {
		return problem("what was never sent is %s", a.Status)
	}
	return t.effects(i, a, 0)
}

// send sends and gives the answer that is final.
func (t trial) send(i operations.Instruction) (operations.Answer, error) {
	a, err := t.p.Send(t.ctx, i)
	if err := checked("Send", i, a, err); err != nil {
		return a, err
	}
	return t.final(i, a)
}

// settled sends and fails unless it is settled in the end.
func (t trial) settled(reference string, side operations.Side) (operations.Instruction, operations.Answer, error) {
	i, err := t.instruction(reference, side)
	if err != nil {
		return i, operations.Answer{}, err
	}
	a, err := t.send(i)
	if err != nil {
		return i, a, err
	}
	if a.Status != operations.AnswerSettled {
		return i, a, problem("%s is %s (%s %s): Suite.Ask has to be something it executes", i.Reference, a.Status, a.Code, a.Text)
	}
	return i, a, t.effects(i, a, 1)
}

func sent(t trial) error {
	_, _, err := t.settled("buy", operations.Buy)
	return err
}

func sold(t trial) error {
	_, _, err := t.settled("sell", operations.Sell)
	return err
}

// same fails unless two answers tell of one effect.
func same(a, b operations.Answer) error {
	if a.Status != b.Status || !a.Amount.Equal(b.Amount) || a.Asset != b.Asset || !a.Counter.Equal(b.Counter) || a.CounterAsset != b.CounterAsset || a.External != b.External {
		return problem("it said %+v, and then %+v", a, b)
	}
	return nil
}

func askedAgain(t trial) error {
	i, first, err := t.settled("again", operations.Buy)
	if err != nil {
		return err
	}
	return atOnce(func(int) error {
		a, err := t.p.Ask(t.ctx, i.Reference)
		return errors.Join(checked("Ask", i, a, err), same(first, a), t.effects(i, a, 1))
	})
}

func sentTwice(t trial) error {
	i, first, err := t.settled("twice", operations.Buy)
	if err != nil {
		return err
	}
	second, err := t.send(i)
	if err != nil {
		return err
	}
	return errors.Join(same(first, second), t.effects(i, second, 1))
}

func sentAtOnce(t trial) error {
	i, err := t.instruction("at-once", operations.Buy)
	if err != nil {
		return err
	}
	if err := atOnce(func(int) error {
		a, err := t.p.Send(t.ctx, i)
		return checked("Send", i, a, err)
	}); err != nil {
		return err
	}
	a, err := t.p.Ask(t.ctx, i.Reference)
	if err := checked("Ask", i, a, err); err != nil {
		return err
	}
	if a, err = t.final(i, a); err != nil {
		return err
	}
	return t.effects(i, a, 1)
}

func twoReferences(t trial) error {
	one, first, err := t.settled("one", operations.Buy)
	if err != nil {
		return err
	}
	_, second, err := t.settled("two", operations.Buy)
	if err != nil {
		return err
	}
	if first.External != "" && first.External == second.External {
		return problem("%q is its name for both", first.External)
	}
	again, err := t.p.Ask(t.ctx, one.Reference)
	return errors.Join(checked("Ask", one, again, err), same(first, again))
}

func partly(t trial) error {
	t.InPart(t.p)
	i, err := t.instruction("part", operations.Buy)
	if err != nil {
		return err
	}
	i.Terms.Exchange.Parts = true
	a, err := t.send(i)
	if err != nil {
		return err
	}
	if a.Status != operations.AnswerPart {
		return problem("%s is %s, and Suite.InPart makes it carry out a part", i.Reference, a.Status)
	}
	rate := i.Terms.Exchange.ProviderRate
	if off := a.Counter.Sub(a.Amount.Mul(rate.Decimal)).Abs(); !off.LessThan(decimal.New(1, -t.QuoteScale)) {
		return problem("%s: %s for a part of %s, which is more than a unit off at %s", i.Reference, a.Counter, a.Amount, rate)
	}
	again, err := t.p.Ask(t.ctx, i.Reference)
	return errors.Join(checked("Ask", i, again, err), same(a, again), t.effects(i, a, 1))
}

func wholly(t trial) error {
	t.InPart(t.p)
	i, err := t.instruction("whole", operations.Sell)
	if err != nil {
		return err
	}
	a, err := t.send(i) // a part is a fault of its answer
	if err != nil {
		return err
	}
	return t.effects(i, a, 1)
}

func sendEnded(t trial) error {
	i, err := t.instruction("ended", operations.Buy)
	if err != nil {
		return err
	}
	if err := t.ended("Send", func(ctx context.Context) error {
		_, err := t.p.Send(ctx, i)
		return err
	}); err != nil {
		return err
	}
	if t.Effects != nil && t.Effects(t.p, i.Reference) > 0 {
		return problem("what is sent with a context that has ended is carried out")
	}
	return nil
}

func askEnded(t trial) error {
	i, _, err := t.settled("asked", operations.Buy)
	if err != nil {
		return err
	}
	return t.ended("Ask", func(ctx context.Context) error {
		_, err := t.p.Ask(ctx, i.Reference)
		return err
	})
}
