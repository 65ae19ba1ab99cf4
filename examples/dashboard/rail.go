package main

import (
	"context"
	"errors"
	"sync"

	"github.com/onbehalf/onbehalf/operations"
)

// railName is what orders give in Via.
const railName = "pix"

// fault is what is wrong with the rail, as chosen in the page.
type fault string

const (
	faultNone    fault = ""
	faultRefuse  fault = "refuse"  // it says no
	faultPending fault = "pending" // it says that it is at it
	faultLose    fault = "lose"    // no answer, and nothing happened
	faultSilence fault = "silence" // no answer, though it happened
)

func faults() []fault { return []fault{faultNone, faultRefuse, faultPending, faultLose, faultSilence} }

// Says tells it to people.
func (f fault) Says() string {
	switch f {
	case faultRefuse:
		return "refuses what it gets"
	case faultPending:
		return "is still at it"
	case faultLose:
		return "gives no answer, and does nothing"
	case faultSilence:
		return "gives no answer, and does it"
	default:
		return "works"
	}
}

// rail is a payment rail that is simulated: it stands where a real host has its
// bank. It forgets everything when the process ends.
type rail struct {
	mu    sync.Mutex
	fault fault
	sent  map[string]operations.Answer
}

var _ operations.Provider = (*rail)(nil)

var errSilence = errors.New("no answer")

func newRail() *rail { return &rail{sent: map[string]operations.Answer{}} }

func (r *rail) set(f fault) { r.mu.Lock(); defer r.mu.Unlock(); r.fault = f }

func (r *rail) now() fault { r.mu.Lock(); defer r.mu.Unlock(); return r.fault }

// Contract promises that one reference has one effect.
func (r *rail) Contract() operations.Contract { return operations.Contract{HonoursReference: true} }

// Send carries out, or does what is wrong.
func (r *rail) Send(_ context.Context, i operations.Instruction) (operations.Answer, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if known, ok := r.sent[i.Reference]; ok {
		return known, nil
	}
	if r.fault == faultLose {
		return operations.Answer{}, errSilence
	}
	a := operations.Answer{Reference: i.Reference, Status: operations.AnswerSettled, Amount: i.Carries().Decimal, Asset: i.Terms.Asset, External: "E" + i.Reference}
	if r.fault == faultRefuse {
		a = operations.Answer{Reference: i.Reference, Status: operations.AnswerRefused, Code: "account_closed", Text: "the receiver's account is closed"}
	}
	r.sent[i.Reference] = a
	switch r.fault {
	case faultSilence:
		return operations.Answer{}, errSilence
	case faultPending:
		return operations.Answer{Reference: i.Reference, Status: operations.AnswerPending}, nil
	default:
		return a, nil
	}
}

// Ask tells the truth, once the rail is whole again.
func (r *rail) Ask(_ context.Context, reference string) (operations.Answer, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	known, ok := r.sent[reference]
	switch {
	case r.fault == faultLose || r.fault == faultSilence:
		return operations.Answer{}, errSilence
	case r.fault == faultPending && ok:
		return operations.Answer{Reference: reference, Status: operations.AnswerPending}, nil
	case !ok:
		return operations.Answer{Reference: reference, Status: operations.AnswerNotFound}, nil
	default:
		return known, nil
	}
}
