package operations

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/onbehalf/onbehalf/tenancy"
)

// Approve agrees to an operation that waits for it, as it stands at the version
// named. The last approval that is needed judges the operation again, on funds,
// limits, eligibility and the firm's rules, and lets it go as Execute would; what
// is refused then keeps waiting, without this approval. Nobody approves what he
// or anyone in his chain has prepared, modified or executed, under whatever
// operator, and nobody counts twice. It needs the approve permission. Errors as
// for Execute.
func (e *Engine) Approve(ctx context.Context, s tenancy.Scope, in Intent, ref Ref) (Result, error) {
	return e.on(ctx, s, in, ActApprove, ref, Modification{}, nil, approve(ref), tenancy.Approve)
}

// Reject ends an operation that waits for approval: what it holds is given back.
// The reason is recorded for ever: at most 256 bytes, and nothing personal. It
// needs the approve permission and, as Approve, somebody who had no part in the
// operation; its maker cancels it. Errors as for Execute.
func (e *Engine) Reject(ctx context.Context, s tenancy.Scope, in Intent, ref Ref, reason string) (Result, error) {
	malformed := tenancy.CheckText("reason", reason, maxReason)
	if strings.TrimSpace(reason) == "" {
		malformed = tenancy.Invalid("reason", "is required")
	}
	return e.subject(ctx, s, in, ActReject, ref, []any{ref, reason}, malformed, reject(ref, reason), tenancy.Approve)
}

// Withdraw takes back one's own approval of an operation that still waits for
// others. It needs the approve permission. Errors as for Execute.
func (e *Engine) Withdraw(ctx context.Context, s tenancy.Scope, in Intent, ref Ref) (Result, error) {
	return e.on(ctx, s, in, ActWithdraw, ref, Modification{}, nil, withdraw(ref), tenancy.Approve)
}

// maxReason is the longest reason of a rejection, in bytes: it is an outcome's text.
const maxReason = 256

// approve adds an approval, and lets the operation go when it is the last.
func approve(ref Ref) func(*decision) error {
	return func(d *decision) error {
		o, err := d.target(ref)
		if err != nil || !d.allow(o, OnApprove) {
			return err
		}
		d.refuse(d.checker(o)...)
		if slices.ContainsFunc(o.Approvals, func(a Approved) bool { return meet(a.Actors, d.c.actors) }) {
			d.refuse(Unmet{Code: CodeAlreadyApproved, Subject: "operation:" + string(o.ID), Remedy: "Let another person approve it."})
		}
		n := *o
		content, err := o.contentHash()
		if err != nil {
			return err
		}
		n.Approvals = append(o.valid(), Approved{Actors: d.c.actors, At: d.now, Seq: d.seq(), Version: ref.Version, Content: content})
		if len(n.Approvals) < n.Terms.Approval.Persons {
			return d.advance(n, OnApprove, AwaitingApproval)
		}
		v, err := d.view(o.Order, o)
		if err != nil {
			return err
		}
		d.refuse(d.judge(v, o.Terms, d.now)...)
		if len(d.refused) > 0 {
			return nil
		}
		return d.begin(n, OnApprove)
	}
}

// checker tells what stands in the way of one who would judge another's work.
func (d *decision) checker(o *Operation) []Unmet {
	var unmet []Unmet
	if o.wrote(d.c.actors) {
		unmet = append(unmet, Unmet{
			Code: CodeOwnOperation, Subject: "operation:" + string(o.ID), Figures: []Figure{{Name: "maker", Value: o.Maker.ID}},
			Remedy: "Let a person decide who had no part in it.",
		})
	}
	if expired(o, d.now) {
		unmet = append(unmet, Unmet{
			Code: CodeApprovalExpired, Subject: "operation:" + string(o.ID),
			Figures: []Figure{{Name: "expired", Value: o.Terms.Expires.Format(time.RFC3339Nano)}},
			Remedy:  "Ask for it anew.",
		})
	}
	return unmet
}

// reject ends an operation by an approver's no.
func reject(ref Ref, reason string) func(*decision) error {
	return func(d *decision) error {
		o, err := d.target(ref)
		if err != nil || !d.allow(o, OnReject) {
			return err
		}
		d.refuse(d.checker(o)...)
		n := *o
		n.Outcome = &Outcome{Code: OutcomeRejected, Text: reason}
		return d.advance(n, OnReject, Rejected)
	}
}

// withdraw takes back the approval that the operator gave himself.
func withdraw(ref Ref) func(*decision) error {
	return func(d *decision) error {
		o, err := d.target(ref)
		if err != nil || !d.allow(o, OnWithdraw) {
			return err
		}
		n := *o
		n.Approvals = slices.DeleteFunc(slices.Clone(o.Approvals), func(a Approved) bool { return sameOne(a.Actors[0], d.c.actors[0]) })
		if len(n.Approvals) == len(o.Approvals) {
			d.refuse(Unmet{Code: CodeNotApproved, Subject: "operation:" + string(o.ID), Remedy: "Only who gave an approval can withdraw it."})
			return nil
		}
		return d.advance(n, OnWithdraw, AwaitingApproval)
	}
}

// madeWaiting tells whether the command is by the maker of the operation it is
// about, which waits for approval: he may always take it back.
func (d *decision) madeWaiting() bool {
	o, ok := d.f.open.get(d.c.subject)
	return ok && o.State == AwaitingApproval && sameOne(o.Maker, d.c.actors[0])
}
