package tenancy

import (
	"errors"
	"slices"
	"strconv"
)

// ActorKind says what sort of actor stands in a chain. The zero value is not a
// kind.
type ActorKind string

// The kinds of actors.
const (
	// OperatorActor is a log-in of the firm's staff; a person stands behind it.
	OperatorActor ActorKind = "operator"
	// Service is a client program through which an operator comes.
	Service ActorKind = "service"
	// System is the engine itself: due work, recovery, providers' answers. No
	// principal can claim to be it.
	System ActorKind = "system"
)

// ActorKinds returns all kinds of actors.
func ActorKinds() []ActorKind { return []ActorKind{OperatorActor, Service, System} }

// ParseActorKind returns the kind with exactly this text, or a [*FieldError].
func ParseActorKind(text string) (ActorKind, error) { return parse("actor_kind", text, ActorKinds()) }

// Actor is one link of the chain that leads from a person to an entry.
type Actor struct {
	Kind ActorKind `json:"kind"`
	// ID is the operator's id, or a name for the service or part of the system.
	ID string `json:"id"`
	// Person is the natural person behind the actor. An operator always has
	// one; a service may have one who works it.
	Person PersonID `json:"person,omitempty"`
}

func (a Actor) validate(prefix string) error {
	var problems []error
	if _, err := ParseActorKind(string(a.Kind)); err != nil {
		problems = append(problems, Invalid(prefix+"kind", "is not an actor kind"))
	}
	problems = append(problems, CheckID(prefix+"id", a.ID))
	if a.Person != "" || a.Kind == OperatorActor {
		problems = append(problems, CheckID(prefix+"person", string(a.Person)))
	}
	return errors.Join(problems...)
}

// Validate returns all problems of the actor, each a [*FieldError].
func (a Actor) Validate() error { return a.validate("") }

// Channel is the way by which a command came in. In a [Principal] the zero
// value means [ChannelAPI]; the principal of a [Scope] always names it.
type Channel string

// The channels.
const (
	ChannelUI  Channel = "ui"
	ChannelAPI Channel = "api"
	ChannelCLI Channel = "cli"
	ChannelJob Channel = "job"
)

// Channels returns all channels.
func Channels() []Channel { return []Channel{ChannelUI, ChannelAPI, ChannelCLI, ChannelJob} }

// ParseChannel returns the channel with exactly this text, or a [*FieldError].
// The empty text is not a channel.
func ParseChannel(text string) (Channel, error) { return parse("channel", text, Channels()) }

// MaxDelegates is the greatest number of delegates in a [Principal].
const MaxDelegates = 8

// maxName is the longest display name of a person or firm, in bytes.
const maxName = 120

// Principal is who asks, as the host has authenticated him. The library trusts
// the host for it and nothing else: what a principal may do stands in the books.
type Principal struct {
	Tenant   TenantID
	Operator OperatorID
	// Person is the natural person behind the operator. It must be the one the
	// operator was registered with.
	Person PersonID
	// Name is for display only. It is never stored and decides nothing.
	Name string
	// Service is the client service through which the operator comes; empty
	// when there is none.
	Service string
	// Delegates is the chain of those who act in the operator's name, the most
	// recent first, as the nested "act" claims of RFC 8693 give them. At most
	// [MaxDelegates], none of kind [System].
	Delegates []Actor
	// Channel is the way he comes by; empty means [ChannelAPI].
	Channel Channel
}

// Validate returns all problems of the principal, each a [*FieldError].
func (p Principal) Validate() error { return p.validate("") }

func (p Principal) validate(prefix string) error {
	problems := []error{
		CheckID(prefix+"tenant", string(p.Tenant)),
		CheckID(prefix+"operator", string(p.Operator)),
		CheckID(prefix+"person", string(p.Person)),
		CheckText(prefix+"name", p.Name, maxName),
	}
	if p.Service != "" {
		problems = append(problems, CheckID(prefix+"service", p.Service))
	}
	if p.Channel != "" && !slices.Contains(Channels(), p.Channel) {
		problems = append(problems, Invalid(prefix+"channel", "is not a channel"))
	}
	if len(p.Delegates) > MaxDelegates {
		return errors.Join(append(problems,
			Invalid(prefix+"delegates", "has more than "+strconv.Itoa(MaxDelegates)+" actors"))...)
	}
	for i, d := range p.Delegates {
		at := prefix + "delegates[" + strconv.Itoa(i) + "]."
		if d.Kind == System {
			problems = append(problems, Invalid(at+"kind", "is reserved for the engine"))
			continue
		}
		problems = append(problems, d.validate(at))
	}
	return errors.Join(problems...)
}

// Chain returns everyone who takes part: the operator, then his delegates, then
// the service. It is what an entry records as its actors.
func (p Principal) Chain() []Actor {
	chain := make([]Actor, 0, len(p.Delegates)+2)
	chain = append(chain, Actor{Kind: OperatorActor, ID: string(p.Operator), Person: p.Person})
	chain = append(chain, p.Delegates...)
	if p.Service != "" {
		chain = append(chain, Actor{Kind: Service, ID: p.Service})
	}
	return chain
}

// Persons returns the distinct natural persons of the chain, the operator's
// first. None of them may approve what this principal prepared.
func (p Principal) Persons() []PersonID {
	var persons []PersonID
	for _, a := range p.Chain() {
		if a.Person != "" && !slices.Contains(persons, a.Person) {
			persons = append(persons, a.Person)
		}
	}
	return persons
}

func (p Principal) clone() Principal {
	p.Delegates = slices.Clone(p.Delegates)
	return p
}
