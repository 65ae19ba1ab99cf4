package operations

import (
	"slices"
	"strconv"
	"strings"

	"github.com/shopspring/decimal"

	"github.com/onbehalf/onbehalf/accounts"
	"github.com/onbehalf/onbehalf/tenancy"
)

// The codes of incidents.
const (
	IncidentContradiction = "contradicting_answer" // an answer that denies a final state
	IncidentMismatch      = "answer_mismatch"      // settled with another amount or asset than the intent's
	IncidentOverdrawn     = "account_overdrawn"    // a fact from outside left an account below its limit
	IncidentClosed        = "account_closed"       // a fact from outside moved money on a closed account
	IncidentRange         = "amount_out_of_range"  // a fact that would make a balance larger than can be kept; to be settled by hand
	IncidentReversedTwice = "reversed_twice"       // a second reversal of one operation
	IncidentRefunded      = "reversed_refunded"    // a reversal of what was refunded, or is being: the money may go back twice
)

// keepable tells whether balances could still be kept after postings, or, with
// sign -1, after their opposite.
func (d *decision) keepable(ps []accounts.Posting, sign int64) bool {
	for _, p := range ps {
		if !accounts.Fits(d.f.posted(p.Ref, p.Asset).Add(p.Amount.Mul(decimal.New(sign, 0)))) {
			return false
		}
	}
	return true
}

// The codes of outcomes that are the engine's own words.
const (
	OutcomeSilence  = "no_answer"       // the provider did not answer in time
	OutcomeUnusable = "unusable_answer" // its answer cannot be relied on
	OutcomeChanged  = "terms_changed"   // what was approved is not what it would come to by now
)

// reference is what a provider knows an operation by: a pure function of book
// and operation, and readable backwards, so that an answer finds its book
// whenever it comes.
func reference(id BookID, op OperationID) string {
	return string(id.Tenant) + ":" + string(id.Customer) + ":" + string(op)
}

func parseReference(text string) (BookID, OperationID, error) {
	parts := strings.Split(text, ":")
	if len(parts) != 3 {
		return BookID{}, "", tenancy.Invalid("reference", "is not one of ours")
	}
	for _, p := range parts {
		if err := tenancy.CheckID("reference", p); err != nil {
			return BookID{}, "", err
		}
	}
	return BookID{Tenant: tenancy.TenantID(parts[0]), Customer: tenancy.CustomerID(parts[1])}, OperationID(parts[2]), nil
}

// report takes in what a provider says of an intent.
func report(provider string, id OperationID, a Answer) func(*decision) error {
	return func(d *decision) error {
		o, err := d.current(id)
		if err != nil {
			return err
		}
		if o.ProviderReference == "" || o.ProviderReference != a.Reference || o.Terms.Provider != provider {
			return ErrNotFound
		}
		d.operation = id
		if a.Validate() != nil {
			return d.silence(o, OutcomeUnusable)
		}
		switch a.Status {
		case AnswerSettled, AnswerPart:
			return d.settled(o, a)
		case AnswerRefused:
			return d.ended(o, a, OnRefused, Failed)
		case AnswerCalledOff:
			return d.ended(o, a, OnCalledOff, Cancelled)
		case AnswerReversed:
			return d.reversed(o, a)
		case AnswerNotFound:
			return d.unknownThere(o, a)
		case AnswerPending:
		}
		d.idle = true
		return nil
	}
}

// silent records that no usable answer came while there was time for one.
func silent(id OperationID) func(*decision) error {
	return func(d *decision) error {
		o, err := d.current(id)
		if err != nil {
			return err
		}
		return d.silence(o, OutcomeSilence)
	}
}

func (d *decision) silence(o *Operation, code string) error {
	if o.State != Executing {
		d.idle = true
		return nil
	}
	n := *o
	n.Outcome = &Outcome{Code: code}
	return d.advance(n, OnSilence, Unresolved)
}

func (d *decision) settled(o *Operation, a Answer) error {
	n := o.clone()
	fit := d.suits(&n, a)
	switch {
	case !fit:
		d.incident(IncidentMismatch, o, a)
		if o.State == Executing {
			return d.silence(o, OutcomeUnusable)
		}
		return nil
	case o.State.leads(OnSettled) && !d.keepable(n.Terms.Postings, 1):
		if o.State != Executing { // told before
			d.idle = true
			return nil
		}
		d.unkeyed = true // said again, it may fit by then
		d.incident(IncidentRange, o, a)
		return d.silence(o, OutcomeUnusable)
	case o.State.leads(OnSettled):
		n.Outcome = a.outcome()
		return d.fact(n)
	case o.State == Completed && o.booked(a):
		d.idle = true
		return nil
	case o.State == Completed:
		d.incident(IncidentMismatch, o, a)
		return nil
	}
	d.incident(IncidentContradiction, o, a)
	return nil
}

// suits tells whether an answer that something happened is about what was
// agreed, and brings the terms to what it says.
func (d *decision) suits(n *Operation, a Answer) bool {
	x := n.Terms.Exchange
	switch {
	case a.Status == AnswerPart && (x == nil || a.Asset != x.Base || a.CounterAsset != x.Quote):
		return false
	case a.Status == AnswerPart && n.State == Completed:
		return x.inPart() && n.booked(a)
	case a.Status == AnswerPart:
		t, ok := d.f.part(n, a.Amount, a.Counter)
		n.Terms = t
		return ok
	case !fits(n, a):
		return false
	case x != nil:
		if !d.payable(n, a.Counter) {
			return false
		}
		x.slip(&n.Terms, a.Counter)
	}
	return true
}

// booked tells whether an answer says what a completed operation was settled
// with.
func (o *Operation) booked(a Answer) bool {
	x := o.Terms.Exchange
	return x == nil || a.Amount.Equal(x.BaseAmount.Decimal) && a.Counter.Equal(x.ProviderAmount.Decimal)
}

// payable tells whether the quote amount of an exchange is one of its asset: above
// zero, and no finer than the customer's account in it.
func (d *decision) payable(o *Operation, amount decimal.Decimal) bool {
	id := o.Order.From
	if o.Terms.Exchange.Side == Sell {
		id = o.Order.To
	}
	a, ok := d.f.accounts.get(id)
	return ok && accounts.CheckAmount("counter", amount, a.Scale) == nil
}

// ended takes in that the intent did not and will not happen.
func (d *decision) ended(o *Operation, a Answer, on Event, to State) error {
	switch {
	case o.State.leads(on):
		n := *o
		n.Outcome = a.outcome()
		return d.advance(n, on, to)
	case o.State == Completed:
		d.incident(IncidentContradiction, o, a)
		return nil
	}
	d.idle = true
	return nil
}

// resends tells whether the intent may be sent again under its reference, after
// its send-by time. An exchange may not: its price was that of the moment, and
// whoever carried it out hours later would do so at a rate that is nobody's any
// more. Of one that never arrived there will be evidence in time.
func (o *Operation) resends(c Contract) bool { return c.HonoursReference && o.Terms.Exchange == nil }

// unknownThere takes "not found" for evidence only when it cannot change any
// more: never where the same reference may be sent again.
func (d *decision) unknownThere(o *Operation, a Answer) error {
	if !o.State.leads(OnRefused) {
		d.idle = true
		return nil
	}
	p, ok := d.providers[o.Terms.Provider]
	if !ok {
		return d.silence(o, string(AnswerNotFound))
	}
	k := p.Contract()
	// It may have been sent at the last moment, and been under way for its time.
	if o.resends(k) || d.now.Before(o.SendBy.Add(k.timeout()).Add(k.finality())) {
		return d.silence(o, string(AnswerNotFound))
	}
	return d.ended(o, a, OnRefused, Failed)
}

// reversed takes in a fact that is never refused: what had happened was undone
// outside. The account may fall below its limit; then an incident opens.
func (d *decision) reversed(o *Operation, a Answer) error {
	if d.c.intent.Key != answerKey(o, a) {
		return errMeanwhile
	}
	if !fits(o, a) {
		d.incident(IncidentMismatch, o, a)
		return nil
	}
	if o.State.leads(OnRefused) { // it never settled here, so nothing is to be undone
		return d.ended(o, a, OnRefused, Failed)
	}
	if o.State != Completed {
		d.idle = true
		return nil
	}
	if !o.booked(a) {
		d.unkeyed = true // the key is that of the right one
		if d.idle = d.told(IncidentMismatch, o, a); !d.idle {
			d.incident(IncidentMismatch, o, a)
		}
		return nil
	}
	if !d.keepable(o.Terms.Postings, -1) {
		d.unkeyed = true
		d.incident(IncidentRange, o, a)
		return nil
	}
	refunds, err := d.refunds(o.ID)
	if err != nil {
		return err
	}
	r := Operation{
		ID: reversalID(d.f.id, o.ID), Parent: o.ID, Maker: d.c.actors[0], Outcome: a.outcome(),
		Order: Order{Kind: KindReversal, From: o.Order.To, To: o.Order.From, Amount: o.moved(), Via: o.Order.Via, Reference: o.Order.Reference},
		Terms: Terms{Asset: o.Terms.Asset, Debit: o.Terms.Credit, Credit: o.Terms.Debit, Provider: o.Terms.Provider},
	}
	for _, p := range o.Terms.Postings {
		p.Amount = accounts.Exact(p.Amount.Neg())
		r.Terms.Postings = append(r.Terms.Postings, p)
	}
	if slices.ContainsFunc(refunds, counts) {
		d.incident(IncidentRefunded, o, a)
	}
	return d.fact(r)
}

// fact posts what happened outside, whatever the accounts are like, and opens
// an incident for each that it leaves below its limit or that was closed.
func (d *decision) fact(o Operation) error {
	if err := d.advance(o, OnSettled, Completed); err != nil {
		return err
	}
	for i, p := range o.Terms.Postings {
		id, ok := p.Ref.Account()
		acc, found := d.f.accounts.get(id)
		if !ok || !found || touched(o.Terms.Postings[:i], &p) {
			continue
		}
		// What this operation held is released in the same change.
		own, _ := d.f.holds.get(keyOfHold(o.ID, id))
		left := acc.Available().Add(own).Add(accounts.Sum(o.Terms.Postings, p.Ref, p.Asset))
		figures := []Figure{{Name: "account", Value: string(id)}, {Name: "available", Value: accounts.Canonical(left)}}
		if left.IsNegative() {
			d.open(Incident{Code: IncidentOverdrawn, Operation: o.ID, Figures: figures})
		}
		if acc.Stored == accounts.Closed {
			d.open(Incident{Code: IncidentClosed, Operation: o.ID, Figures: figures})
		}
	}
	return nil
}

func reversalID(id BookID, op OperationID) OperationID {
	return OperationID(derivedID("reversal", string(id.Tenant), string(id.Customer), string(op)))
}

// reversedTwice opens an incident for a reversal that cannot be a second one.
func reversedTwice(id OperationID, a Answer) func(*decision) error {
	return func(d *decision) error {
		o, err := d.current(id)
		if err != nil {
			return err
		}
		d.incident(IncidentReversedTwice, o, a)
		return nil
	}
}

// told tells whether such an incident, of an answer by the same name, is open.
func (d *decision) told(code string, o *Operation, a Answer) bool {
	for _, i := range d.f.incidents.all {
		if i.Code == code && i.Operation == o.ID && slices.Contains(i.Figures, Figure{Name: "external", Value: a.External}) {
			return true
		}
	}
	return false
}

func (d *decision) incident(code string, o *Operation, a Answer) {
	d.operation = o.ID
	figures := []Figure{{Name: "state", Value: string(o.State)}, {Name: "answer", Value: string(a.Status)}}
	if a.moves() {
		intended := o.carried().String() + " " + o.Terms.Asset
		if x := o.Terms.Exchange; x != nil {
			intended = x.BaseAmount.String() + " " + x.Base
		}
		figures = append(figures,
			Figure{Name: "answered", Value: accounts.Canonical(a.Amount) + " " + boundedText(a.Asset, 16)},
			Figure{Name: "intended", Value: intended})
		if x := o.Terms.Exchange; x != nil {
			figures = append(figures,
				Figure{Name: "answered_counter", Value: accounts.Canonical(a.Counter) + " " + boundedText(a.CounterAsset, 16)},
				Figure{Name: "intended_counter", Value: x.ProviderAmount.String() + " " + x.Quote})
		}
	}
	if a.External != "" {
		figures = append(figures, Figure{Name: "external", Value: a.External})
	}
	d.open(Incident{Code: code, Operation: o.ID, Figures: figures})
}

// maxIncidents is how many incidents a book lists as open. Beyond it the entry
// still tells of the incident; the list does not grow.
const maxIncidents = 256

func (d *decision) open(i Incident) {
	i.Opened, i.At = d.seq(), d.now
	i.ID = IncidentID(derivedID("incident", string(d.f.id.Tenant), string(d.f.id.Customer), d.f.head.Hash.String(), strconv.Itoa(len(d.fx.Incidents))))
	if d.f.incidents.len() < maxIncidents {
		d.fx.Incidents = append(d.fx.Incidents, i)
	}
}

// boundedText is outside text made safe for a figure.
func boundedText(s string, most int) string {
	if err := tenancy.CheckText("text", s, most); err != nil {
		return "(unreadable)"
	}
	return s
}
