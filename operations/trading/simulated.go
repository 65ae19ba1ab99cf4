package trading

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/shopspring/decimal"

	"github.com/onbehalf/onbehalf/accounts"
	"github.com/onbehalf/onbehalf/operations"
)

// Faults are how often a simulated provider does what providers do, in a
// thousand times each. Zero: never.
type Faults struct {
	NoQuote    int // an error instead of a quotation
	BadQuote   int // a quotation that is none
	Refuse     int // the trade is refused, for good
	Lose       int // an error, and nothing happened
	Silence    int // an error, and it happened
	Hang       int // the caller waits until his context ends, whatever has happened
	Delay      int // it is pending, and happens a minute later
	NotFound   int // asked for what it got less than five minutes ago, it says that it does not know it
	Garble     int // an answer that is none
	WrongSum   int // an answer of another amount than what happened
	WrongAsset int // an answer of another asset than what happened
	Contrary   int // refused, of what happened
	Part       int // a part is carried out, for good, of a trade that takes parts
	Duplicate  int // what it says it reports once more, see Reports
}

// Simulated is a provider for tests and demonstrations, without clocks, goroutines
// or chance of its own: what becomes of an intent follows from the seed, the
// reference and how often it was sent or asked for, however calls for different
// references are interleaved. It keeps the truth, to be held against what books
// say, and so grows with every reference. It is safe for concurrent use.
type Simulated struct {
	source   Source
	clock    operations.Clock
	seed     uint64
	contract operations.Contract

	mu      sync.Mutex
	faults  Faults
	calls   map[string]uint64
	intents map[string]*Executed
	order   []string // references as they came
	reports []operations.Answer
}

// Executed is what a simulated provider did for one reference.
type Executed struct {
	Reference string
	Effects   int // how often it happened: never more than once, if all is well
	Denied    int // how often it said that it was refused, though it happened
	Refused   bool
	At        time.Time // when it happens or happened
	sent      time.Time

	Part                    bool // less than it was told; the amounts are what happened
	Side                    operations.Side
	Base, Quote             string
	BaseAmount, QuoteAmount decimal.Decimal
}

// NewSimulated quotes from the source and executes by the clock.
func NewSimulated(s Source, clock operations.Clock, seed uint64, c operations.Contract, f Faults) *Simulated {
	c.Inside = false
	return &Simulated{source: s, clock: clock, seed: seed, contract: c, faults: f, calls: map[string]uint64{}, intents: map[string]*Executed{}}
}

// Contract is as it was given.
func (p *Simulated) Contract() operations.Contract { return p.contract }

// Set changes its faults; the zero value makes it a good provider, and an
// honest one about the past.
func (p *Simulated) Set(f Faults) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.faults = f
}

// dice are those of one call; p.mu is held.
func (p *Simulated) dice(what, reference string) func(thousandths int) bool {
	n := p.calls[what+reference]
	p.calls[what+reference] = n + 1
	throws := 0
	return func(thousandths int) bool {
		throws++
		return p.throw(what, reference, n, throws)%1000 < uint64(max(thousandths, 0))
	}
}

func (p *Simulated) throw(what, reference string, call uint64, throws int) uint64 {
	sum := sha256.Sum256(fmt.Appendf(nil, "%d|%s|%s|%d|%d", p.seed, what, reference, call, throws))
	return binary.BigEndian.Uint64(sum[:])
}

// lagging is how long a simulated provider may not know what it got.
const lagging = 5 * time.Minute

var errSimulated = errors.New("simulated: no answer")

// Quote is the source's rate.
func (p *Simulated) Quote(ctx context.Context, a Ask) (Quotation, error) {
	p.mu.Lock()
	falls := p.dice("quote", a.Base+a.Quote)
	none, bad, hangs := falls(p.faults.NoQuote), falls(p.faults.BadQuote), falls(p.faults.Hang)
	p.mu.Unlock()
	switch err := ctx.Err(); {
	case err != nil:
		return Quotation{}, err
	case hangs:
		return Quotation{}, hang(ctx)
	case none:
		return Quotation{}, errSimulated
	}
	r, err := p.source.Rate(ctx, a.Base, a.Quote)
	if err != nil {
		return Quotation{}, err
	}
	if bad {
		r.Value = r.Value.Neg()
	}
	return Quotation{Rate: r.Value, Stale: r.Stale}, nil
}

// hang says nothing until the caller has had enough.
func hang(ctx context.Context) error {
	<-ctx.Done()
	return ctx.Err()
}

// Send executes what Terms.Exchange says, once for a reference if the contract
// honours references; otherwise as often as it is sent. It does nothing for a
// context that has ended.
func (p *Simulated) Send(ctx context.Context, i operations.Instruction) (operations.Answer, error) {
	if err := ctx.Err(); err != nil || i.Terms.Exchange == nil {
		return operations.Answer{}, errors.Join(err, errSimulated)
	}
	a, hangs, err := p.sent(i)
	if hangs {
		return operations.Answer{}, hang(ctx)
	}
	return a, err
}

func (p *Simulated) sent(i operations.Instruction) (a operations.Answer, hangs bool, err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	x, now := i.Terms.Exchange, p.clock.Now()
	falls := p.dice("send", i.Reference)
	if falls(p.faults.Lose) {
		return operations.Answer{}, false, errSimulated
	}
	e := p.intents[i.Reference]
	switch {
	case e == nil:
		e = &Executed{
			Reference: i.Reference, At: now, sent: now, Side: x.Side, Base: x.Base, Quote: x.Quote,
			BaseAmount: x.BaseAmount.Decimal, QuoteAmount: x.ProviderAmount.Decimal, Refused: falls(p.faults.Refuse),
		}
		if falls(p.faults.Delay) {
			e.At = now.Add(time.Minute)
		}
		if x.Parts && falls(p.faults.Part) {
			e.part(x, p.throw("part", i.Reference, 0, 0))
		}
		if !e.Refused {
			e.Effects = 1
		}
		p.intents[i.Reference] = e
		p.order = append(p.order, i.Reference)
	case !p.contract.HonoursReference && !e.Refused:
		e.Effects++
	}
	if falls(p.faults.Silence) {
		return operations.Answer{}, false, errSimulated
	}
	a = p.says(e, falls)
	return a, falls(p.faults.Hang), nil
}

// part makes it a part, of 1 to 99 hundredths, at the provider's rate; the whole
// where that is no amount.
func (e *Executed) part(x *operations.Exchange, chance uint64) {
	base := e.BaseAmount.Mul(decimal.New(int64(1+chance%99), -2)).RoundDown(places(x.Base, e.BaseAmount))
	quote := base.Mul(x.ProviderRate.Decimal).RoundBank(places(x.Quote, e.QuoteAmount))
	if base.IsPositive() && quote.IsPositive() {
		e.Part, e.BaseAmount, e.QuoteAmount = true, base, quote
	}
}

// places are those of the asset, where it is a fiat currency, and of the amount
// otherwise.
func places(asset string, d decimal.Decimal) int32 {
	if a, ok := (accounts.Assets{}).Lookup(asset); ok {
		return a.Scale
	}
	return max(-d.Exponent(), 0)
}

// Ask tells how the intent stands.
func (p *Simulated) Ask(ctx context.Context, reference string) (operations.Answer, error) {
	if err := ctx.Err(); err != nil {
		return operations.Answer{}, err
	}
	a, hangs, err := p.asked(reference)
	if hangs {
		return operations.Answer{}, hang(ctx)
	}
	return a, err
}

func (p *Simulated) asked(reference string) (a operations.Answer, hangs bool, err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	falls := p.dice("ask", reference)
	e := p.intents[reference]
	switch {
	case falls(p.faults.Lose):
		return operations.Answer{}, false, errSimulated
	case e == nil, falls(p.faults.NotFound) && p.clock.Now().Before(e.sent.Add(lagging)):
		a = operations.Answer{Reference: reference, Status: operations.AnswerNotFound}
	default:
		a = p.says(e, falls)
	}
	return a, falls(p.faults.Hang), nil
}

// says is the truth, or what the faults make of it; p.mu is held.
func (p *Simulated) says(e *Executed, falls func(int) bool) operations.Answer {
	a := p.truth(e)
	if falls(p.faults.Duplicate) {
		p.reports = append(p.reports, a, a)
	}
	settled := a.Status == operations.AnswerSettled || a.Status == operations.AnswerPart
	switch {
	case falls(p.faults.Garble):
		a.Status = "?"
	case settled && falls(p.faults.WrongSum):
		a.Amount = a.Amount.Add(decimal.New(1, 0))
	case settled && falls(p.faults.Contrary):
		e.Denied++
		a = operations.Answer{Reference: e.Reference, Status: operations.AnswerRefused}
	case settled && falls(p.faults.WrongAsset):
		a.Asset, a.CounterAsset = a.CounterAsset, a.Asset
	}
	return a
}

func (p *Simulated) truth(e *Executed) operations.Answer {
	a := operations.Answer{Reference: e.Reference, External: "sim-" + e.Reference}
	switch {
	case p.clock.Now().Before(e.At):
		a.Status = operations.AnswerPending
	case e.Refused:
		a.Status = operations.AnswerRefused
	default:
		a.Status, a.Amount, a.Asset, a.Counter, a.CounterAsset = operations.AnswerSettled, e.BaseAmount, e.Base, e.QuoteAmount, e.Quote
		if e.Part {
			a.Status = operations.AnswerPart
		}
	}
	if len(a.External) > 128 {
		a.External = a.External[:128]
	}
	return a
}

// Reports takes what it has to say by itself, such as by webhook: late, and some
// of it twice. Give it to Engine.Report.
func (p *Simulated) Reports() []operations.Answer {
	p.mu.Lock()
	defer p.mu.Unlock()
	r := p.reports
	p.reports = nil
	return r
}

// Executed is what it did for a reference; false if it never heard of it.
func (p *Simulated) Executed(reference string) (Executed, bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if e := p.intents[reference]; e != nil {
		return *e, true
	}
	return Executed{}, false
}

// Ledger is all that it did, in the order in which it was first told.
func (p *Simulated) Ledger() []Executed {
	p.mu.Lock()
	defer p.mu.Unlock()
	all := make([]Executed, 0, len(p.order))
	for _, reference := range p.order {
		all = append(all, *p.intents[reference])
	}
	return all
}
