package providertest

import (
	"context"
	"testing"
	"time"

	"github.com/shopspring/decimal"

	"github.com/onbehalf/onbehalf/operations"
	"github.com/onbehalf/onbehalf/operations/trading"
)

// Suite says what is tried, and with what.
type Suite struct {
	// New makes a provider that has been told nothing yet, for one case. Cases run
	// at the same time.
	New func(t *testing.T) trading.Provider

	// Ask is what the provider has a rate for and executes: a few times the amount
	// of the base asset, either side.
	Ask trading.Ask

	// BaseScale and QuoteScale are how many digits after the point amounts of the
	// assets may have. Zero: whole units.
	BaseScale, QuoteScale int32

	// NoRate is a pair that it has no rate for. Empty: that is not tried.
	NoRate [2]string

	// Clock is the provider's time, which the engine's would follow.
	Clock operations.Clock

	// Pass lets the provider get on with what is pending, such as by moving a clock
	// or waiting a while. It is called until nothing is pending, at most 100 times.
	// Nil: whatever is sent is final at once.
	Pass func(p trading.Provider)

	// InPart makes the provider carry out a part of whatever takes parts, from now
	// on. Nil: that is not tried.
	InPart func(p trading.Provider)

	// Effects counts how often the provider carried a reference out, where the test
	// can look behind it. Nil: that is not counted.
	Effects func(p trading.Provider, reference string) int

	// Prefix begins every reference, for providers that remember those of earlier
	// runs.
	Prefix string
}

const maxPasses = 100

// patience is how long a call may go on after its context has ended.
const patience = 10 * time.Second

// Run tries every case as a test of its own, each with a provider of its own. A
// provider that settles inside the book is tried for its quotes alone.
func Run(t *testing.T, s Suite) {
	t.Helper()
	if s.New == nil || s.Clock == nil || !s.Ask.Amount.IsPositive() {
		t.Fatal("providertest: New, Clock and Ask are required")
	}
	for _, c := range cases() {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			p := s.New(t)
			if why := c.beside(s, p.Contract()); why != "" {
				t.Skip(why)
			}
			if err := c.try(trial{Suite: s, ctx: t.Context(), p: p}); err != nil {
				t.Error(err)
			}
		})
	}
}

// trial is a provider under one case.
type trial struct {
	Suite

	ctx context.Context //nolint:containedctx // it is that of the one case
	p   trading.Provider
}

type testCase struct {
	name  string
	needs need
	try   func(trial) error
}

// need is what a case is beside the point without.
type need int

const (
	quoting  need = iota
	noRate        // a pair without a rate
	sending       // a provider that is sent something
	honoured      // one that honours references
	parting       // one that can be made to carry out a part
)

// beside tells why a case is beside the point; empty if it is not.
func (c testCase) beside(s Suite, promised operations.Contract) string {
	switch {
	case c.needs >= sending && promised.Inside:
		return "it settles inside the book, and is never sent anything"
	case c.needs == honoured && !promised.HonoursReference:
		return "it does not promise to honour references"
	case c.needs == parting && s.InPart == nil:
		return "nothing makes it carry out a part"
	case c.needs == noRate && s.NoRate == [2]string{}:
		return "no pair without a rate is given"
	}
	return ""
}

func cases() []testCase {
	return []testCase{
		{"the contract is constant", quoting, contract},
		{"quotations can be relied on", quoting, quotes},
		{"quotations are asked for by many", quoting, quotesAtOnce},
		{"a pair without a rate is told as such", noRate, pairWithout},
		{"no quotation after the context has ended", quoting, quoteEnded},
		{"what was never sent is not found", sending, neverSent},
		{"what is sent is answered for", sending, sent},
		{"what is sold is answered for", sending, sold},
		{"asked again, it says the same", sending, askedAgain},
		{"a reference that is sent twice has one effect", honoured, sentTwice},
		{"a reference that is sent by many has one effect", honoured, sentAtOnce},
		{"two references are two", sending, twoReferences},
		{"a part is answered for", parting, partly},
		{"what takes no parts is whole or nothing", parting, wholly},
		{"nothing is sent after the context has ended", sending, sendEnded},
		{"nothing is told after the context has ended", sending, askEnded},
	}
}

// instruction is a trade at the rate quoted.
func (t trial) instruction(reference string, side operations.Side) (operations.Instruction, error) {
	ask := t.Ask
	ask.Side = side
	q, err := t.quote(t.ctx, ask)
	if err != nil {
		return operations.Instruction{}, err
	}
	base, quote := ask.Amount, ask.Amount.Mul(q.Rate).RoundBank(t.QuoteScale)
	if !ask.OfBase {
		base, quote = ask.Amount.DivRound(q.Rate, t.BaseScale), ask.Amount
	}
	if !base.IsPositive() || !quote.IsPositive() {
		return operations.Instruction{}, problem("the amount of Suite.Ask is too small to trade at %s", q.Rate)
	}
	return t.traded(reference, side, base, quote, q), nil
}

func (t trial) traded(reference string, side operations.Side, base, quote decimal.Decimal, q trading.Quotation) operations.Instruction {
	return instructed(t.Ask, t.Prefix+reference, side, base, quote, q, t.Clock.Now().Add(time.Minute))
}
