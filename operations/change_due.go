package operations

import "errors"

// expire ends prepared operations whose terms ran out; one entry for many.
func expire(ids []OperationID) func(*decision) error {
	return func(d *decision) error {
		n := 0
		for _, id := range ids {
			o, ok := d.f.open.get(id)
			if !ok || !o.State.leads(OnExpire) || !expired(o, d.now) {
				continue
			}
			if err := d.advance(*o, OnExpire, Expired); err != nil {
				return err
			}
			n++
		}
		if n != 1 {
			d.operation = ""
		}
		d.idle = n == 0
		return nil
	}
}

// heldForCommit tells whether a scheduled operation waits for a host's commit
// only: what was agreed to are its terms, and no others.
func (o *Operation) heldForCommit() bool {
	return o.Order.NotBefore.IsZero() && o.Terms.Approval == nil
}

// release lets a scheduled operation go when its time has come and the rules
// of that day still allow it.
func release(id OperationID) func(*decision) error {
	return func(d *decision) error {
		o, err := d.current(id)
		if errors.Is(err, ErrNotFound) || err == nil && (o.State != Scheduled || o.Order.NotBefore.After(d.now)) {
			d.idle = true
			return nil
		}
		if err != nil {
			return err
		}
		d.operation = id
		v, err := d.view(o.Order, o)
		if err != nil {
			return err
		}
		v.finish = true
		if g, ok := d.gathers(&o.Order); ok {
			if !o.heldForCommit() && len(g.Wait(v)) == 0 {
				return d.requote(g, v, o)
			}
			if expired(o, d.now) {
				return d.miss(o, Outcome{Code: CodeTermsExpired, Text: "its terms ran out before it could go"})
			}
		}
		if unmet := legible(d.judge(v, o.Terms, d.now)); len(unmet) > 0 {
			return d.miss(o, refusedThen(unmet))
		}
		return d.begin(*o, OnDue)
	}
}

// miss ends what could not go when its time had come.
func (d *decision) miss(o *Operation, why Outcome) error {
	n := *o
	n.Outcome = &why
	return d.advance(n, OnDue, Failed)
}

func refusedThen(unmet []Unmet) Outcome {
	return Outcome{Code: unmet[0].Code, Text: "the rules of the day refuse it", Unmet: unmet}
}

// requote lets a scheduled operation go on what is known now: within what its
// order allows, on new terms.
func (d *decision) requote(g Gatherer, v View, o *Operation) error {
	if err := d.inform(&v); err != nil {
		return err
	}
	t, unmet, err := d.price(v, d.now)
	if err != nil {
		return err
	}
	if unmet = legible(unmet); len(unmet) > 0 {
		if d.idle = g.Again(unmet) && !d.overdue(o); d.idle {
			return nil
		}
		return d.miss(o, refusedThen(unmet))
	}
	n := *o
	n.Terms = t
	if t.Approval != nil && len(o.valid()) < t.Approval.Persons {
		return d.miss(o, Outcome{Code: OutcomeChanged, Text: "what it comes to now needs the approval of others"})
	}
	n.Terms.Expires, n.Terms.Approval = o.Terms.Expires, o.Terms.Approval
	if !n.agreed() { // and there is no exchange, for which the order's limit was
		return d.miss(o, Outcome{Code: OutcomeChanged, Text: "it would come to other than what was approved"})
	}
	return d.begin(n, OnDue)
}

// overdue tells whether a scheduled operation has been due for as long as
// prepared terms stand: funds are not held for ever for want of facts.
func (d *decision) overdue(o *Operation) bool {
	return !d.now.Before(later(o.Order.NotBefore, o.UpdatedAt).Add(d.validFor))
}
