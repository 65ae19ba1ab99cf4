package operations

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/onbehalf/onbehalf/tenancy"
)

// Approval asks for the agreement of other persons before an operation
// happens. Which policies cover an operation is found when it is priced and
// frozen in its terms; a modify never lowers what was asked for before.
type Approval struct {
	Name    string // recorded with the terms: 1 to 64 bytes, see tenancy.CheckID
	Match   Match
	Persons int           // distinct persons with the approve permission. Zero: 1; at most MaxApprovers
	Within  time.Duration // from when it waits until it expires. Zero: 24 hours; a second to 30 days
}

// What a firm may ask for at most.
const (
	MaxApprovals = 64 // policies
	MaxApprovers = 16 // persons for one operation
)

// maxAuthors is how many persons, beside the maker, may have a part in the
// content of one operation.
const maxAuthors = 64

// The codes of what is unmet about an approval.
const (
	CodeOwnOperation    = "own_operation"      // he, or someone in his chain, had a part in what is to be approved
	CodeAlreadyApproved = "already_approved"   // he, or someone in his chain, has approved it already
	CodeNotApproved     = "not_approved"       // he has given no approval that could be withdrawn
	CodeApprovalExpired = "approval_expired"   // it waited too long
	CodeLookAlike       = "look_alike_waiting" // another operation just like it waits for approval; may be acknowledged
)

// OutcomeRejected is the code of an operation that an approver rejected; the
// text is his reason.
const OutcomeRejected = "rejected"

// ApprovalTerm is the agreement that terms need, frozen with them: the most
// persons and the shortest time of all policies that cover the operation.
type ApprovalTerm struct {
	Policies []string      `json:"policies"` // their names, as they stand in Config
	Persons  int           `json:"persons"`
	Within   time.Duration `json:"within"` // in nanoseconds
}

func (t *ApprovalTerm) clone() *ApprovalTerm {
	if t == nil {
		return nil
	}
	n := *t
	n.Policies = slices.Clone(t.Policies)
	return &n
}

// Approved is one person's agreement to the content of an operation.
type Approved struct {
	Actors  []tenancy.Actor `json:"actors"`  // the approver first, then his chain
	At      time.Time       `json:"at"`      // of the entry
	Seq     int64           `json:"seq"`     // of the entry
	Version int64           `json:"version"` // of the operation as he saw it
	Content Hash            `json:"content"` // SHA-256 of what he agreed to
}

func cloneApprovals(all []Approved) []Approved {
	all = slices.Clone(all)
	for i := range all {
		all[i].Actors = slices.Clone(all[i].Actors)
	}
	return all
}

func (a *Approved) equal(b *Approved) bool {
	return a.At.Equal(b.At) && a.Seq == b.Seq && a.Version == b.Version && a.Content == b.Content && slices.Equal(a.Actors, b.Actors)
}

func checkApprovals(all []Approval) error {
	var errs []error
	if len(all) > MaxApprovals {
		errs = append(errs, tenancy.Invalid("Approvals", "are more than "+strconv.Itoa(MaxApprovals)))
	}
	for i := range all {
		a, at := &all[i], fmt.Sprintf("Approvals[%d]", i)
		errs = append(errs, tenancy.CheckID(at+".Name", a.Name))
		if slices.ContainsFunc(all[:i], func(b Approval) bool { return b.Name == a.Name }) {
			errs = append(errs, tenancy.Invalid(at+".Name", "is that of another approval"))
		}
		errs = append(errs, within(at+".Persons", a.Persons, 0, MaxApprovers))
		if a.Within != 0 {
			errs = append(errs, within(at+".Within", a.Within, time.Second, 30*24*time.Hour))
		}
	}
	return errors.Join(errs...)
}

// needsApproval is the agreement that the terms need; nil where none is.
func (r *rulebook) needsApproval(v View, t *Terms) *ApprovalTerm {
	var need *ApprovalTerm
	if v.own != nil {
		need = v.own.Terms.Approval.clone()
	}
	for i := range r.approvals {
		a := &r.approvals[i]
		if _, _, ok := a.Match.covers(&v, t, t.Asset); !ok {
			continue
		}
		persons, within := max(a.Persons, 1), a.Within
		if within == 0 {
			within = 24 * time.Hour
		}
		if need == nil {
			need = &ApprovalTerm{Within: within}
		}
		need.Persons, need.Within = max(need.Persons, persons), min(need.Within, within)
		if !slices.Contains(need.Policies, a.Name) {
			need.Policies = append(need.Policies, a.Name)
		}
	}
	return need
}

// sameOne tells whether two actors are one person, or one operator.
func sameOne(a, b tenancy.Actor) bool {
	return a.Person != "" && a.Person == b.Person || a.Kind == tenancy.OperatorActor && b.Kind == tenancy.OperatorActor && a.ID == b.ID
}

// meet tells whether anyone is in both chains.
func meet(a, b []tenancy.Actor) bool {
	return slices.ContainsFunc(a, func(x tenancy.Actor) bool {
		return slices.ContainsFunc(b, func(y tenancy.Actor) bool { return sameOne(x, y) })
	})
}

// wrote tells whether anyone of the chain had a part in the operation's content.
func (o *Operation) wrote(chain []tenancy.Actor) bool {
	return meet([]tenancy.Actor{o.Maker}, chain) || meet(o.Authors, chain)
}

// agreed tells whether the operation has all approvals that its terms need, of
// its content as it is: no two of one person, none of an author.
func (o *Operation) agreed() bool {
	return o.Terms.Approval == nil || len(o.valid()) >= o.Terms.Approval.Persons
}

// valid are the approvals that count.
func (o *Operation) valid() []Approved {
	if len(o.Approvals) == 0 {
		return nil
	}
	content, err := o.contentHash()
	if err != nil {
		return nil
	}
	all := make([]Approved, 0, len(o.Approvals))
	for _, a := range o.Approvals {
		if a.Content == content && !o.wrote(a.Actors) && !slices.ContainsFunc(all, func(b Approved) bool { return meet(a.Actors, b.Actors) }) {
			all = append(all, a)
		}
	}
	return all
}

// contentHash is what approvals are bound to: the operation, its order and
// terms, and the version by which it got them, so that content which was
// changed there and back is not the same. Of an exchange, whose price is found
// anew when it is let go, it is the order, with the limit it sets, and not the
// price.
func (o *Operation) contentHash() (Hash, error) {
	w := writer{b: make([]byte, 0, 1024)}
	w.begin()
	w.text("id", string(o.ID))
	w.int("content", o.Content)
	w.key("order")
	w.order(&o.Order)
	w.key("terms")
	t := &o.Terms
	if t.Exchange != nil {
		t = &Terms{Asset: t.Asset, Approval: t.Approval}
	}
	w.terms(t)
	w.end()
	return sha256.Sum256(w.b), w.err
}

// sign adds the persons of the command's chain to the operation's authors.
func (d *decision) sign(o *Operation) {
	if d.c.system() {
		return
	}
	authors := o.Authors
	for _, a := range d.c.actors {
		if a.Person != "" && a != o.Maker && !slices.Contains(authors, a) {
			authors = append(slices.Clip(authors), a)
		}
	}
	if o.Authors = authors; len(authors) > maxAuthors {
		d.refuse(full("authors", maxAuthors))
	}
}

// await has an operation wait for its approvals, with its funds held. Those
// given to earlier content are void.
func (d *decision) await(o Operation, on Event) error {
	o.Approvals, o.Content = nil, o.Version+1
	o.Terms.Expires = instant(d.now.Add(o.Terms.Approval.Within))
	return d.advance(o, on, AwaitingApproval)
}

// lookAlike warns of another operation just like the order that waits already.
func lookAlike(v View, t *Terms) []Unmet {
	f := v.folded()
	if f.waiting == 0 || slices.Contains(v.acknowledged, CodeLookAlike) {
		return nil
	}
	for _, o := range f.open.all {
		if o.State != AwaitingApproval || v.own != nil && v.own.ID == o.ID {
			continue
		}
		if p := &o.Order; p.Kind == v.order.Kind && p.From == v.order.From && p.To == v.order.To && o.Terms.Asset == t.Asset && p.Amount.Equal(v.order.Amount.Decimal) {
			return []Unmet{{
				Code: CodeLookAlike, Subject: "operation:" + string(o.ID),
				Figures: []Figure{{Name: "since", Value: o.UpdatedAt.Format(time.RFC3339Nano)}, {Name: "by", Value: o.Maker.ID}},
				Remedy:  "Make sure that it is meant twice, and acknowledge " + CodeLookAlike + ".",
			}}
		}
	}
	return nil
}

// warnings are the codes among the unmet that a command may acknowledge.
func warnings(unmet []Unmet) []string {
	var codes []string
	for _, u := range unmet {
		if u.Code == CodeLookAlike && !slices.Contains(codes, u.Code) {
			codes = append(codes, u.Code)
		}
	}
	return codes
}

var errAgreement = errors.New("an approval that could not have been decided")

// agreement checks what an entry says of the approvals of an operation: it
// waits exactly while some are missing, and none is there that was not given.
func (o *Operation) agreement(old *Operation, e *Entry) error {
	fail := func(what string) error { return fmt.Errorf("%w: operation %q %s", errAgreement, o.ID, what) }
	term := o.Terms.Approval
	switch {
	case o.State == AwaitingApproval && (term == nil || o.agreed()):
		return fail("waits for nobody")
	case o.State != AwaitingApproval && o.State.counts() && !o.agreed():
		return fail("happens without the approvals it needs")
	case term == nil && len(o.Approvals) > 0:
		return fail("has approvals it does not need")
	case term != nil && (term.Persons < 1 || term.Persons > MaxApprovers || term.Within <= 0):
		return fail("needs what nobody can give")
	}
	var given []Approved
	if old != nil {
		given = old.Approvals
		if was := old.Terms.Approval; was != nil && (term == nil || term.Persons < was.Persons) {
			return fail("needs fewer approvals than before")
		}
		if len(o.Authors) < len(old.Authors) || !slices.Equal(o.Authors[:len(old.Authors)], old.Authors) {
			return fail("has lost an author")
		}
	}
	if len(o.Approvals) > 0 && len(o.valid()) != len(o.Approvals) {
		return fail("has an approval that is not valid")
	}
	for i := range o.Approvals {
		a := &o.Approvals[i]
		fresh := e.Action == ActApprove && a.Seq == e.Seq && a.At.Equal(e.At) && slices.Equal(a.Actors, e.Actors)
		if !fresh && !slices.ContainsFunc(given, func(b Approved) bool { return b.equal(a) }) {
			return fail("has an approval that nobody gave")
		}
	}
	return nil
}
