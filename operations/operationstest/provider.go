package operationstest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"

	"github.com/onbehalf/onbehalf/operations"
)

// Provider is an operations.Provider that does as its script says and records
// every call. It keeps what it was sent by reference, as a bank would, so that
// it can be asked, and can report, later on. Make one with NewProvider; it is
// safe for concurrent use.
//
// Without a script it settles whatever it is sent and tells how an intent
// stands when asked.
type Provider struct {
	contract operations.Contract

	mu      sync.Mutex
	send    Script
	ask     Script
	intents map[string]*intent
	arrived int
	calls   []Call
}

var _ operations.Provider = (*Provider)(nil)

// Script gives the reply to the nth call about one reference, counted from 1
// for Send and Ask apart. Since it goes by reference, it says the same however
// concurrent calls are interleaved. For an Ask about a reference that never
// arrived the instruction has nothing but the reference. It is called under the
// provider's lock and must not call the provider.
type Script func(i operations.Instruction, n int) Reply

// Call is one call of Send or Ask as it was taken.
type Call struct {
	Method    Method
	Reference string
	Sent      operations.Instruction // of a Send
	Answer    operations.Answer      // what was answered; zero when nothing was
	Answered  bool                   // false: the caller got an error, or waits for his context to end
}

// Method is the method of a Provider that was called.
type Method string

// The methods of a provider.
const (
	Send Method = "send"
	Ask  Method = "ask"
)

// intent is what the provider knows of one reference.
type intent struct {
	sends, asks int
	known       bool // one Send at least arrived
	sent        operations.Instruction
	external    string
	stands      operations.Answer
	carried     int
}

var errNoAnswer = errors.New("no answer")

// NewProvider gives a provider with this contract.
func NewProvider(c operations.Contract) *Provider {
	return &Provider{
		contract: c, intents: map[string]*intent{},
		send: script(Settle()), ask: script(Tell()),
	}
}

// script gives the replies one after the other; the last is given for ever.
func script(replies ...Reply) Script {
	replies = slices.Clone(replies)
	return func(_ operations.Instruction, n int) Reply { return replies[min(n, len(replies))-1] }
}

// OnSend has the nth Send of each reference replied to by the nth reply, and
// all further ones by the last. Without replies it is as at first: Settle.
// It gives the provider back, for building.
func (p *Provider) OnSend(replies ...Reply) *Provider {
	return p.OnSendFunc(scriptOr(Settle(), replies))
}

// OnAsk is OnSend for Ask. Without replies it is as at first: Tell.
func (p *Provider) OnAsk(replies ...Reply) *Provider {
	return p.OnAskFunc(scriptOr(Tell(), replies))
}

func scriptOr(usual Reply, replies []Reply) Script {
	if len(replies) == 0 {
		return script(usual)
	}
	return script(replies...)
}

// OnSendFunc has a script of the test's own choose the reply to a Send.
func (p *Provider) OnSendFunc(s Script) *Provider {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.send = s
	return p
}

// OnAskFunc has a script of the test's own choose the reply to an Ask.
func (p *Provider) OnAskFunc(s Script) *Provider {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.ask = s
	return p
}

// Contract is the one the provider was made with.
func (p *Provider) Contract() operations.Contract { return p.contract }

// Send replies as the script says. A provider whose contract honours references
// carries nothing out twice: for a reference it knows it tells how it stands.
// One that does not does it again, which Carried shows.
func (p *Provider) Send(ctx context.Context, i operations.Instruction) (operations.Answer, error) {
	return p.reply(ctx, p.sent(i))
}

// Ask replies as the script says. What never arrived is not found, whatever
// the script would have become of it.
func (p *Provider) Ask(ctx context.Context, reference string) (operations.Answer, error) {
	return p.reply(ctx, p.asked(reference))
}

// taken is a call with what is to be said, and how.
type taken struct {
	answer operations.Answer
	manner manner
}

func (p *Provider) sent(i operations.Instruction) taken {
	p.mu.Lock()
	defer p.mu.Unlock()
	k := p.intent(i.Reference)
	k.sends++
	r := p.send(i, k.sends)
	if r.does != "" && (!k.known || !p.contract.HonoursReference) {
		if !k.known {
			p.arrived++
			k.known, k.external = true, fmt.Sprintf("ext-%d", p.arrived)
		}
		k.sent, k.stands = i, operations.Answer{} // anew, as far as it can tell
		k.move(r)
	}
	return p.record(Call{Method: Send, Reference: i.Reference, Sent: i}, k, r)
}

func (p *Provider) asked(reference string) taken {
	p.mu.Lock()
	defer p.mu.Unlock()
	k := p.intent(reference)
	k.asks++
	r := p.ask(k.sent, k.asks)
	if k.known && r.does != "" {
		k.move(r)
	}
	return p.record(Call{Method: Ask, Reference: reference}, k, r)
}

func (p *Provider) intent(reference string) *intent {
	k, ok := p.intents[reference]
	if !ok {
		k = &intent{sent: operations.Instruction{Reference: reference}}
		p.intents[reference] = k
	}
	return k
}

// move makes the intent stand as the reply says. Being told twice that it
// settled is one effect.
func (k *intent) move(r Reply) {
	if r.does == operations.AnswerSettled && k.stands.Status != operations.AnswerSettled {
		k.carried++
	}
	k.stands = operations.Answer{Reference: k.sent.Reference, Status: r.does, External: k.external, Code: r.code}
	if r.does == operations.AnswerSettled || r.does == operations.AnswerReversed {
		k.stands.Amount, k.stands.Asset = k.sent.Carries().Decimal, k.sent.Terms.Asset
	}
	if r.does == operations.AnswerReversed {
		k.stands.External += "-reversal"
	}
}

func (k *intent) answer() operations.Answer {
	if !k.known {
		return operations.Answer{Reference: k.sent.Reference, Status: operations.AnswerNotFound}
	}
	return k.stands
}

// record keeps the call with what is said to it.
func (p *Provider) record(c Call, k *intent, r Reply) taken {
	a := k.answer()
	if r.says != "" {
		a = operations.Answer{Reference: c.Reference, Status: r.says}
	}
	if r.asset != "" {
		a.Amount, a.Asset = r.amount, r.asset
	}
	if r.manner == garbled {
		a.Status = "garbled"
	}
	if r.manner == answered || r.manner == garbled {
		c.Answer, c.Answered = a, true
	}
	p.calls = append(p.calls, c)
	return taken{a, r.manner}
}

// reply speaks without the lock, so that a caller who hangs keeps nobody waiting.
func (*Provider) reply(ctx context.Context, t taken) (operations.Answer, error) {
	switch t.manner {
	case silent:
		return operations.Answer{}, errNoAnswer
	case hanging:
		<-ctx.Done()
		return operations.Answer{}, ctx.Err()
	case answered, garbled:
	}
	return t.answer, nil
}

// Move makes an intent stand otherwise, as when a bank has finished with it,
// and gives the answer to report. Give it to Engine.Report late, twice or not
// at all; from now on Ask tells the same. A reference that never arrived is
// answered "not found".
func (p *Provider) Move(reference string, to operations.AnswerStatus) operations.Answer {
	p.mu.Lock()
	defer p.mu.Unlock()
	k := p.intent(reference)
	if k.known {
		k.move(Reply{does: to})
	}
	return k.answer()
}

// Standing is what the provider would say of the reference now, without it
// being recorded as a call.
func (p *Provider) Standing(reference string) operations.Answer {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.intent(reference).answer()
}

// Carried is how often the intent was carried out: more than 1 is money that
// moved twice.
func (p *Provider) Carried(reference string) int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.intent(reference).carried
}

// Calls are all calls so far, in the order in which they came in.
func (p *Provider) Calls() []Call {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Clone(p.calls)
}
