package operations

import (
	"fmt"
	"slices"

	"github.com/onbehalf/onbehalf/tenancy"
)

//go:generate go run ./internal/lifecycledoc ../docs/lifecycle.md

// State is where an operation stands in its life; see docs/lifecycle.md.
type State string

// The states of an operation. Final states have no way out: what comes after
// is a new operation that names the first as its parent.
const (
	Prepared         State = "prepared"          // terms priced and frozen until they expire; no funds held
	AwaitingApproval State = "awaiting_approval" // funds held; waits for other persons
	Scheduled        State = "scheduled"         // funds held; waits for its time
	Executing        State = "executing"         // the intent is durable; a provider is or will be told
	Unresolved       State = "unresolved"        // no usable answer; holds stay until there is evidence
	Completed        State = "completed"         // final: settled
	Failed           State = "failed"            // final: did not happen, on evidence
	Cancelled        State = "cancelled"         // final: withdrawn before it happened
	Rejected         State = "rejected"          // final: an approver said no
	Expired          State = "expired"           // final: its terms ran out
)

// States lists every state in the order of an operation's life.
func States() []State {
	return []State{Prepared, AwaitingApproval, Scheduled, Executing, Unresolved, Completed, Failed, Cancelled, Rejected, Expired}
}

// ParseState accepts exactly the texts of States.
func ParseState(text string) (State, error) {
	if s := State(text); slices.Contains(States(), s) {
		return s, nil
	}
	return "", tenancy.Invalid("state", "is not a state of an operation")
}

// Final tells whether nothing can change the operation any more.
func (s State) Final() bool {
	switch s {
	case Completed, Failed, Cancelled, Rejected, Expired:
		return true
	case Prepared, AwaitingApproval, Scheduled, Executing, Unresolved:
		return false
	}
	return false
}

// Holds tells whether an operation in this state may hold funds.
func (s State) Holds() bool { return s != Prepared && s != "" && !s.Final() }

// Event is what moves an operation from one state to another.
type Event string

// The events of an operation's life.
const (
	OnPrepare   Event = "prepare"    // a command: price and keep the terms
	OnExecute   Event = "execute"    // a command: do it, as policies say
	OnModify    Event = "modify"     // a command: other content, priced again
	OnCancel    Event = "cancel"     // a command: withdraw it
	OnApprove   Event = "approve"    // a command: an approval; with the last that is needed it goes on
	OnWithdraw  Event = "withdraw"   // a command: an approval is taken back
	OnReject    Event = "reject"     // a command: an approver says no
	OnExpire    Event = "expire"     // its terms or its waiting time ran out
	OnDue       Event = "due"        // its time has come
	OnSettled   Event = "settled"    // evidence: it happened
	OnRefused   Event = "refused"    // evidence: it did not happen
	OnCalledOff Event = "called_off" // evidence: it was called off outside
	OnSilence   Event = "silence"    // no usable answer
	OnResolve   Event = "resolve"    // a command: what became of it was found out, and waits for another person to find the same
)

// Events lists every event.
func Events() []Event {
	return []Event{OnPrepare, OnExecute, OnModify, OnCancel, OnApprove, OnWithdraw, OnReject, OnExpire, OnDue, OnSettled, OnRefused, OnCalledOff, OnSilence, OnResolve}
}

// Edge is one permitted move. From is empty for the first one.
type Edge struct {
	From State
	On   Event
	To   State
}

// Lifecycle is the published graph: the only moves that ever occur. An
// operation's version rises by one with each.
func Lifecycle() []Edge {
	table := lifecycle()
	return table[:]
}

func lifecycle() [36]Edge {
	return [...]Edge{
		{"", OnPrepare, Prepared},
		{"", OnExecute, Completed},
		{"", OnExecute, AwaitingApproval},
		{"", OnExecute, Scheduled},
		{"", OnExecute, Executing},
		{"", OnSettled, Completed}, // a fact reported from outside, such as a reversal

		{Prepared, OnModify, Prepared},
		{Prepared, OnExecute, Completed},
		{Prepared, OnExecute, AwaitingApproval},
		{Prepared, OnExecute, Scheduled},
		{Prepared, OnExecute, Executing},
		{Prepared, OnCancel, Cancelled},
		{Prepared, OnExpire, Expired},

		{AwaitingApproval, OnApprove, Scheduled},
		{AwaitingApproval, OnApprove, Executing},
		{AwaitingApproval, OnApprove, Completed},
		{AwaitingApproval, OnApprove, AwaitingApproval},
		{AwaitingApproval, OnWithdraw, AwaitingApproval},
		{AwaitingApproval, OnModify, AwaitingApproval},
		{AwaitingApproval, OnReject, Rejected},
		{AwaitingApproval, OnCancel, Cancelled},
		{AwaitingApproval, OnExpire, Expired},

		{Scheduled, OnDue, Executing},
		{Scheduled, OnDue, Completed},
		{Scheduled, OnDue, Failed},
		{Scheduled, OnModify, Scheduled},
		{Scheduled, OnModify, AwaitingApproval},
		{Scheduled, OnCancel, Cancelled},

		{Executing, OnSettled, Completed},
		{Executing, OnRefused, Failed},
		{Executing, OnCalledOff, Cancelled},
		{Executing, OnSilence, Unresolved},

		{Unresolved, OnSettled, Completed},
		{Unresolved, OnRefused, Failed},
		{Unresolved, OnCalledOff, Cancelled},
		{Unresolved, OnResolve, Unresolved},
	}
}

// leads tells whether the event leads out of the state at all.
func (s State) leads(on Event) bool {
	for _, e := range lifecycle() {
		if e.From == s && e.On == on {
			return true
		}
	}
	return false
}

func move(from State, on Event, to State) error {
	for _, e := range lifecycle() {
		if e == (Edge{from, on, to}) {
			return nil
		}
	}
	return fmt.Errorf("no way from %q to %q on %q", from, to, on)
}
