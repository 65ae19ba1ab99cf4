package operations

import (
	"github.com/onbehalf/onbehalf/accounts"
	"github.com/onbehalf/onbehalf/tenancy"
)

// appendEntry appends the JSON of an entry: byte for byte what encoding/json
// makes of it, which a test holds it to. Entries are encoded on every change,
// and reflection was a quarter of what a change costs in memory; what is rare
// in an entry still goes through encoding/json.
func appendEntry(b []byte, e *Entry) ([]byte, error) {
	w := writer{b: b}
	w.begin()
	w.int("format", int64(e.Format))
	w.text("tenant", string(e.Tenant))
	w.text("customer", string(e.Customer))
	w.int("seq", e.Seq)
	w.time("at", e.At)
	w.hash("prev", e.Prev)
	w.text("action", string(e.Action))
	w.key("actors")
	w.list(len(e.Actors), e.Actors == nil, func(i int) { w.actor(&e.Actors[i]) })
	w.textOr("grant", string(e.Grant))
	w.textOr("reason", e.Reason)
	w.textOr("channel", string(e.Channel))
	w.textOr("request_id", e.RequestID)
	w.textOr("engine", e.Engine)
	w.textOr("policy", e.Policy)
	w.textOr("key", e.Key)
	w.hashOr("fingerprint", e.Fingerprint)
	w.intOr("cause", e.Cause)
	w.textOr("operation", string(e.Operation))
	w.otherOr("acknowledged", len(e.Acknowledged) > 0, e.Acknowledged)
	w.otherOr("refused", len(e.Refused) > 0, e.Refused)
	w.intOr("suppressed", e.Suppressed)
	w.hashOr("snapshot", e.Snapshot)
	w.key("effects")
	w.effects(&e.Effects)
	w.end()
	return w.b, w.err
}

func (w *writer) effects(fx *Effects) {
	w.begin()
	w.otherOr("customer", fx.Customer != nil, fx.Customer)
	w.otherOr("personal", len(fx.Personal) > 0, fx.Personal)
	w.otherOr("erased", len(fx.Erased) > 0, fx.Erased)
	w.otherOr("operators", len(fx.Operators) > 0, fx.Operators)
	w.otherOr("grants", len(fx.Grants) > 0, fx.Grants)
	w.otherOr("revoked", len(fx.Revoked) > 0, fx.Revoked)
	w.otherOr("currencies", len(fx.Currencies) > 0, fx.Currencies)
	w.otherOr("accounts", len(fx.Accounts) > 0, fx.Accounts)
	w.otherOr("freezes", len(fx.Freezes) > 0, fx.Freezes)
	w.otherOr("settings", len(fx.Settings) > 0, fx.Settings)
	if len(fx.Releases) > 0 {
		w.key("releases")
		w.list(len(fx.Releases), false, func(i int) { w.release(&fx.Releases[i]) })
	}
	if len(fx.Holds) > 0 {
		w.key("holds")
		w.list(len(fx.Holds), false, func(i int) {
			w.begin()
			w.text("operation", string(fx.Holds[i].Operation))
			w.text("account", string(fx.Holds[i].Account))
			w.amount("amount", fx.Holds[i].Amount)
			w.end()
		})
	}
	if len(fx.Postings) > 0 {
		w.key("postings")
		w.postings(fx.Postings)
	}
	if len(fx.Counts) > 0 {
		w.key("counts")
		w.list(len(fx.Counts), false, func(i int) {
			w.begin()
			w.text("counter", fx.Counts[i].Counter)
			w.text("day", string(fx.Counts[i].Day))
			w.amount("by", fx.Counts[i].By)
			w.end()
		})
	}
	if len(fx.Operations) > 0 {
		w.key("operations")
		w.list(len(fx.Operations), false, func(i int) { w.operation(&fx.Operations[i]) })
	}
	w.otherOr("incidents", len(fx.Incidents) > 0, fx.Incidents)
	w.otherOr("closed", len(fx.Closed) > 0, fx.Closed)
	w.end()
}

func (w *writer) release(r *ReleaseEffect) {
	w.begin()
	w.text("operation", string(r.Operation))
	w.text("account", string(r.Account))
	w.amount("amount", r.Amount)
	w.yes("captured", r.Captured)
	if !r.Rest.IsZero() {
		w.amount("rest", r.Rest)
	}
	w.end()
}

func (w *writer) operation(o *Operation) {
	w.begin()
	w.text("id", string(o.ID))
	w.int("version", o.Version)
	w.text("state", string(o.State))
	w.key("order")
	w.order(&o.Order)
	w.key("terms")
	w.terms(&o.Terms)
	w.key("maker")
	w.actor(&o.Maker)
	w.int("created", o.Created)
	w.time("created_at", o.CreatedAt)
	w.int("updated", o.Updated)
	w.time("updated_at", o.UpdatedAt)
	w.textOr("parent", string(o.Parent))
	w.textOr("provider_reference", o.ProviderReference)
	w.timeOr("send_by", o.SendBy)
	w.otherOr("outcome", o.Outcome != nil, o.Outcome)
	if c := o.Counted; c != nil {
		w.key("counted")
		w.begin()
		w.text("day", string(c.Day))
		w.amount("amount", c.Amount)
		w.key("counters")
		w.list(len(c.Counters), c.Counters == nil, func(i int) { w.value("counters", c.Counters[i]) })
		w.otherOr("others", len(c.Others) > 0, c.Others)
		w.end()
	}
	w.intOr("previous", o.Previous)
	if len(o.Authors) > 0 {
		w.key("authors")
		w.list(len(o.Authors), false, func(i int) { w.actor(&o.Authors[i]) })
	}
	w.intOr("content", o.Content)
	w.otherOr("approvals", len(o.Approvals) > 0, o.Approvals)
	w.otherOr("finding", o.Finding != nil, o.Finding)
	w.end()
}

func (w *writer) order(o *Order) {
	w.begin()
	w.text("kind", o.Kind)
	w.textOr("from", string(o.From))
	w.textOr("to", string(o.To))
	w.amount("amount", o.Amount)
	w.textOr("via", o.Via)
	w.textOr("purpose", o.Purpose)
	w.textOr("reference", o.Reference)
	w.timeOr("not_before", o.NotBefore)
	w.textOr("parent", string(o.Parent))
	if len(o.Attributes) > 0 {
		w.key("attributes")
		w.texts(o.Attributes)
	}
	w.end()
}

func (w *writer) terms(t *Terms) {
	w.begin()
	w.text("asset", t.Asset)
	w.amount("debit", t.Debit)
	w.amount("credit", t.Credit)
	w.textOr("provider", t.Provider)
	if len(t.Holds) > 0 {
		w.key("holds")
		w.list(len(t.Holds), false, func(i int) {
			w.begin()
			w.text("account", string(t.Holds[i].Account))
			w.amount("amount", t.Holds[i].Amount)
			w.end()
		})
	}
	w.key("postings")
	w.postings(t.Postings)
	w.timeOr("expires", t.Expires)
	if t.Carried != nil {
		w.amount("carried", *t.Carried)
	}
	if len(t.Fees) > 0 {
		w.key("fees")
		w.list(len(t.Fees), false, func(i int) { w.fee(&t.Fees[i]) })
	}
	if a := t.Approval; a != nil {
		w.key("approval")
		w.begin()
		w.key("policies")
		w.list(len(a.Policies), a.Policies == nil, func(i int) { w.value("policies", a.Policies[i]) })
		w.int("persons", int64(a.Persons))
		w.int("within", int64(a.Within))
		w.end()
	}
	if t.Exchange != nil {
		w.key("exchange")
		w.exchange(t.Exchange)
	}
	w.end()
}

func (w *writer) exchange(x *Exchange) {
	w.begin()
	w.text("base", x.Base)
	w.text("quote", x.Quote)
	w.text("side", string(x.Side))
	w.text("fixed", x.Fixed)
	w.amount("base_amount", x.BaseAmount)
	w.amount("quote_amount", x.QuoteAmount)
	w.amount("provider_amount", x.ProviderAmount)
	if !x.Slippage.IsZero() {
		w.amount("slippage", x.Slippage)
	}
	w.yes("parts", x.Parts)
	if !x.Agreed.IsZero() {
		w.amount("agreed", x.Agreed)
	}
	w.amount("rate", x.Rate)
	w.amount("provider_rate", x.ProviderRate)
	w.amount("reference", x.Reference)
	w.text("source", x.Source)
	w.time("at", x.At)
	w.yes("stale", x.Stale)
	w.amount("spread", x.Spread)
	w.textOr("session", x.Session)
	w.textOr("rounding", string(x.Rounding))
	w.text("quoted", x.Quoted)
	w.textOr("external", x.External)
	w.otherOr("passed", len(x.Passed) > 0, x.Passed)
	w.otherOr("legs", len(x.Legs) > 0, x.Legs)
	w.end()
}

func (w *writer) fee(l *FeeLine) {
	w.begin()
	w.text("fee", l.Fee)
	w.text("account", string(l.Account))
	w.text("asset", l.Asset)
	w.amount("amount", l.Amount)
	w.yes("inside", l.Inside)
	w.textOr("rounding", string(l.Rounding))
	w.yes("whole", l.Whole)
	w.end()
}

// postings writes legs; those that an operation has just made are those of its
// terms, and stand there once more as they were.
func (w *writer) postings(ps []accounts.Posting) {
	if len(ps) > 0 && len(ps) == len(w.legs) && &ps[0] == &w.legs[0] {
		w.b = append(w.b, w.b[w.from:w.to]...)
		return
	}
	w.legs, w.from = ps, len(w.b)
	defer func() { w.to = len(w.b) }()
	w.list(len(ps), ps == nil, func(i int) {
		w.begin()
		w.text("account", string(ps[i].Ref))
		w.text("asset", ps[i].Asset)
		w.amount("amount", ps[i].Amount)
		w.end()
	})
}

func (w *writer) actor(a *tenancy.Actor) {
	w.begin()
	w.text("kind", string(a.Kind))
	w.text("id", a.ID)
	w.textOr("person", string(a.Person))
	w.end()
}
