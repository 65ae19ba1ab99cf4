package operations

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/onbehalf/onbehalf/accounts"
	"github.com/onbehalf/onbehalf/tenancy"
)

// Resolution is what people found out about an operation whose provider gives
// no usable answer.
type Resolution struct {
	Settled  bool   `json:"settled"`  // it happened, in full and as it was told, unless Amount says otherwise; otherwise it did not, and will not
	Evidence string `json:"evidence"` // what that rests on, such as the number of a statement; required, at most 128 bytes, nothing personal

	// Of an exchange that takes parts, and of which only a part happened: the base
	// amount of that, and what the provider got or gave for it. Zero: the whole.
	Amount  accounts.Amount `json:"amount,omitzero"`
	Counter accounts.Amount `json:"counter,omitzero"`
}

// Finding is a resolution that one person has put forward. It has its effect
// when another finds the same.
type Finding struct {
	Resolution

	Actors []tenancy.Actor `json:"actors"` // who put it forward, then his chain
	Seq    int64           `json:"seq"`    // of the entry
	At     time.Time       `json:"at"`     // of the entry
}

// CodeOwnFinding means that he, or someone in his chain, put the resolution
// forward that another has to confirm.
const CodeOwnFinding = "own_finding"

// The codes of outcomes by resolution.
const (
	OutcomeFoundSettled = "found_settled"
	OutcomeFoundFailed  = "found_failed"
)

const maxEvidence = 128

func (r Resolution) validate() error {
	if strings.TrimSpace(r.Evidence) == "" {
		return tenancy.Invalid("evidence", "is required")
	}
	if err := tenancy.CheckText("evidence", r.Evidence, maxEvidence); err != nil || r.Amount.IsZero() && r.Counter.IsZero() {
		return err
	}
	if !r.Settled {
		return tenancy.Invalid("amount", "is of what did not happen")
	}
	return errors.Join(accounts.CheckAmount("amount", r.Amount.Decimal, accounts.MaxScale), accounts.CheckAmount("counter", r.Counter.Decimal, accounts.MaxScale))
}

// same tells whether two found the same.
func (r Resolution) same(o Resolution) bool {
	return r.Settled == o.Settled && r.Amount.Equal(o.Amount.Decimal) && r.Counter.Equal(o.Counter.Decimal)
}

// Resolve says how an unresolved operation ended, on evidence from outside that
// no provider brings any more. It takes two persons: the first puts the
// resolution forward, and a second who finds the same settles the operation, or
// fails it and gives back what it holds; one who finds otherwise puts that
// forward instead. What a provider still answers goes first until then, and
// opens an incident where it denies it afterwards. It needs the approve
// permission. Errors as for Execute.
func (e *Engine) Resolve(ctx context.Context, s tenancy.Scope, in Intent, ref Ref, r Resolution) (Result, error) {
	return e.subject(ctx, s, in, ActResolve, ref, []any{ref, r}, r.validate(), resolve(ref, r), tenancy.Approve)
}

// resolve decides Resolve.
func resolve(ref Ref, r Resolution) func(*decision) error {
	return func(d *decision) error {
		o, err := d.target(ref)
		if err != nil || !d.allow(o, OnResolve) {
			return err
		}
		n := o.clone()
		if !r.Amount.IsZero() {
			t, ok := d.f.part(o, r.Amount.Decimal, r.Counter.Decimal)
			if !ok {
				return tenancy.Invalid("amount", "is no part that its terms take, at their rate")
			}
			n.Terms = t
		}
		if o.Finding == nil || !o.Finding.same(r) {
			n.Terms = o.Terms.clone()
			n.Finding = &Finding{Resolution: r, Actors: d.c.actors, Seq: d.seq(), At: d.now}
			return d.advance(n, OnResolve, Unresolved)
		}
		if meet(o.Finding.Actors, d.c.actors) {
			d.refuse(Unmet{Code: CodeOwnFinding, Subject: "operation:" + string(o.ID), Remedy: "Let another person confirm it."})
			return nil
		}
		if !r.Settled {
			n.Outcome = &Outcome{Code: OutcomeFoundFailed, Text: r.Evidence}
			return d.advance(n, OnRefused, Failed)
		}
		if !d.keepable(n.Terms.Postings, 1) {
			d.refuse(Unmet{Code: CodeAmountRange, Subject: "book", Remedy: "Bring the balances down first."})
			return nil
		}
		n.Outcome = &Outcome{Code: OutcomeFoundSettled, Text: r.Evidence}
		return d.fact(n)
	}
}

func (f *Finding) clone() *Finding {
	if f == nil {
		return nil
	}
	n := *f
	n.Actors = append([]tenancy.Actor(nil), f.Actors...)
	return &n
}

// soundFinding checks what an entry says of the resolution of an operation.
func (o *Operation) soundFinding(old *Operation, e *Entry) bool {
	switch {
	case old == nil || o.Finding == nil:
		return o.Finding == nil && (old == nil || old.Finding == nil)
	case o.Finding.Seq == e.Seq: // put forward now
		return e.Action == ActResolve && o.State == Unresolved && len(o.Finding.Actors) > 0 && o.Finding.At.Equal(e.At)
	case old.Finding == nil || old.Finding.Seq != o.Finding.Seq || !old.Finding.same(o.Finding.Resolution):
		return false
	case e.Action == ActResolve: // confirmed now, by another
		return o.State.Final() && !meet(o.Finding.Actors, e.Actors)
	}
	return true
}
