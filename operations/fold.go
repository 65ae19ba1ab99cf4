package operations

import (
	"fmt"
	"slices"
	"time"

	"github.com/shopspring/decimal"

	"github.com/onbehalf/onbehalf/accounts"
	"github.com/onbehalf/onbehalf/customer"
	"github.com/onbehalf/onbehalf/tenancy"
)

// Fold gives the book after the entry. It knows effects only, never kinds,
// rules or prices, and refuses an entry that could not have been decided on
// this book: out of order, unbalanced, a hold released for another amount, a
// move the lifecycle does not have. Such an error wraps ErrDamaged; f is
// unchanged in any case.
func Fold(f *Folded, e *Entry, hash Hash) (*Folded, error) {
	if e.Tenant != f.id.Tenant || e.Customer != f.id.Customer {
		return nil, fmt.Errorf("fold entry %d: %w: it belongs to another book", e.Seq, ErrDamaged)
	}
	if e.Seq != f.head.Seq+1 || e.Prev != f.head.Hash {
		return nil, fmt.Errorf("fold entry %d: %w: it does not follow entry %d", e.Seq, ErrDamaged, f.head.Seq)
	}
	if e.At.Before(f.at) {
		return nil, fmt.Errorf("fold entry %d: %w: its time is before that of entry %d", e.Seq, ErrDamaged, f.head.Seq)
	}
	if len(e.Refused) > 0 && !e.Effects.empty() {
		return nil, fmt.Errorf("fold entry %d: %w: a refusal with effects", e.Seq, ErrDamaged)
	}
	n := *f
	n.head, n.at = Head{Seq: e.Seq, Hash: hash}, e.At
	if e.Seq == 1 {
		n.openedAt, n.openedBy = e.At, actorID(e)
	}
	if err := n.apply(e); err != nil {
		return nil, fmt.Errorf("fold entry %d: %w: %w", e.Seq, ErrDamaged, err)
	}
	return &n, nil
}

func (f *Folded) apply(e *Entry) error {
	fx := &e.Effects
	if fx.Customer != nil {
		if groups := fx.Customer.Groups; len(groups) > customer.MaxGroups || !slices.IsSorted(groups) || len(slices.Compact(slices.Clone(groups))) != len(groups) {
			return fmt.Errorf("customer in groups %q", groups)
		}
		f.customer = *fx.Customer
	}
	for _, p := range fx.Personal {
		f.personal = f.personal.with(p.Subject, p.Digest)
	}
	for i := range fx.Operators {
		if err := f.row(&fx.Operators[i], e); err != nil {
			return err
		}
	}
	for i := range fx.Grants {
		f.grants = f.grants.with(fx.Grants[i].ID, &fx.Grants[i])
	}
	for _, id := range fx.Revoked {
		f.grants = f.grants.without(id)
	}
	for _, c := range fx.Currencies {
		f.currencies = f.currencies.with(c.Asset, c.Enabled)
	}
	for i := range fx.Accounts {
		if err := f.setUp(&fx.Accounts[i], e.At); err != nil {
			return err
		}
	}
	for i := range fx.Freezes {
		if err := f.freeze(&fx.Freezes[i], e); err != nil {
			return err
		}
	}
	for i := range fx.Settings {
		if err := f.set(&fx.Settings[i], e); err != nil {
			return err
		}
	}
	for i := range fx.Releases {
		if err := f.release(&fx.Releases[i], fx.Postings); err != nil {
			return err
		}
	}
	for i := range fx.Holds {
		if err := f.hold(&fx.Holds[i]); err != nil {
			return err
		}
	}
	if err := f.post(fx.Postings); err != nil {
		return err
	}
	for i := range fx.Counts {
		if err := f.drop(&fx.Counts[i]); err != nil {
			return err
		}
	}
	for i := range fx.Operations {
		if err := f.operation(&fx.Operations[i], e); err != nil {
			return err
		}
	}
	for i := range fx.Incidents {
		f.incidents = f.incidents.with(fx.Incidents[i].ID, &fx.Incidents[i])
	}
	for _, id := range fx.Closed {
		f.incidents = f.incidents.without(id)
	}
	if len(e.Refused) > 0 {
		f.countRefusal(actorID(e), e.At)
	}
	return nil
}

func (f *Folded) setUp(s *AccountEffect, at time.Time) error {
	a := accounts.Account{Opened: at}
	if old, ok := f.accounts.get(s.ID); ok {
		if old.Asset != s.Asset || old.Kind != s.Kind || old.Scale != s.Scale {
			return fmt.Errorf("account %q becomes one of another asset", s.ID)
		}
		a = *old
	}
	a.ID, a.Asset, a.Kind, a.Scale = s.ID, s.Asset, s.Kind, s.Scale
	a.Stored, a.Directions, a.DebtLimit, a.Configured = s.Status, s.Directions, s.DebtLimit, s.Configured
	f.accounts = f.accounts.with(s.ID, &a)
	return nil
}

// hold sets an operation's hold on an account to the amount, whatever it was.
func (f *Folded) hold(h *HoldEffect) error {
	if !h.Amount.IsPositive() {
		return fmt.Errorf("hold of %s on account %q", h.Amount, h.Account)
	}
	key := keyOfHold(h.Operation, h.Account)
	old, _ := f.holds.get(key)
	if err := f.addHeld(h.Account, h.Amount.Sub(old)); err != nil {
		return err
	}
	f.holds = f.holds.with(key, h.Amount.Decimal)
	return nil
}

func (f *Folded) release(r *ReleaseEffect, ps []accounts.Posting) error {
	key := keyOfHold(r.Operation, r.Account)
	held, ok := f.holds.get(key)
	if !ok || !held.Equal(r.Amount.Decimal) {
		return fmt.Errorf("release of %s on account %q where %s is held", r.Amount, r.Account, held)
	}
	if !r.Rest.IsZero() { // what is not given back is what goes
		a, _ := f.accounts.get(r.Account)
		if taken := held.Sub(r.Rest.Decimal); !r.Captured || r.Rest.IsNegative() || !taken.IsPositive() || a == nil ||
			!accounts.Sum(ps, accounts.Customer(r.Account), a.Asset).Equal(taken.Neg()) {
			return fmt.Errorf("release of %s on account %q with %s given back", r.Amount, r.Account, r.Rest)
		}
	}
	f.holds = f.holds.without(key)
	return f.addHeld(r.Account, held.Neg())
}

func (f *Folded) addHeld(id accounts.ID, by decimal.Decimal) error {
	old, ok := f.accounts.get(id)
	if !ok {
		return fmt.Errorf("hold on account %q, which is not in the book", id)
	}
	a := *old
	a.Held = accounts.Exact(a.Held.Add(by))
	if !accounts.Fits(a.Held.Decimal) {
		return fmt.Errorf("hold of more than can be kept on account %q", id)
	}
	f.accounts = f.accounts.with(id, &a)
	return nil
}

func (f *Folded) post(ps []accounts.Posting) error {
	if len(ps) == 0 {
		return nil
	}
	if err := accounts.Balanced(ps); err != nil {
		return err
	}
	f.system = slices.Clone(f.system) // once, whatever is posted to
	for i := range ps {
		p := &ps[i]
		if touched(ps[:i], p) {
			continue // it was posted with the first leg on its account
		}
		id, ok := p.Ref.Account()
		if !ok {
			if err := f.postSystem(ps[i:]); err != nil {
				return err
			}
			continue
		}
		old, ok := f.accounts.get(id)
		if !ok || old.Asset != p.Asset {
			return fmt.Errorf("posting of %s %s to account %q", p.Amount, p.Asset, id)
		}
		a := *old
		if a.Posted, ok = posted(a.Posted, ps[i:]); !ok {
			return fmt.Errorf("posting of %s takes account %q beyond what can be kept", p.Amount, id)
		}
		f.accounts = f.accounts.with(id, &a)
	}
	return nil
}

// postSystem posts to balances that nobody else has yet.
func (f *Folded) postSystem(ps []accounts.Posting) error {
	p := &ps[0]
	i := slices.IndexFunc(f.system, func(b systemBalance) bool { return b.Ref == p.Ref && b.Asset == p.Asset })
	if i < 0 {
		i, f.system = len(f.system), append(f.system, systemBalance{Ref: p.Ref, Asset: p.Asset})
	}
	var ok bool
	if f.system[i].Posted, ok = posted(f.system[i].Posted, ps); !ok {
		return fmt.Errorf("posting of %s takes %s beyond what can be kept", p.Amount, p.Ref)
	}
	return nil
}

// posted is a balance after all legs on the account of the first one; false
// where it cannot be kept after each of them.
func posted(balance accounts.Amount, ps []accounts.Posting) (accounts.Amount, bool) {
	p := &ps[0]
	if !touched(ps[1:], p) {
		balance.Decimal = accounts.Plus(balance.Decimal, p.Amount.Decimal)
		return balance, accounts.Fits(balance.Decimal)
	}
	sum := accounts.TotalOf(balance.Decimal)
	for i := range ps {
		if q := &ps[i]; q.Ref == p.Ref && q.Asset == p.Asset {
			if sum = sum.Plus(accounts.TotalOf(q.Amount.Decimal)); !sum.Fits() {
				return balance, false
			}
		}
	}
	return accounts.Exact(sum.Decimal()), true
}

func (f *Folded) operation(o *Operation, e *Entry) error {
	old, ok := f.open.get(o.ID)
	switch {
	case o.Updated != e.Seq:
		return fmt.Errorf("operation %q names entry %d as its own", o.ID, o.Updated)
	case ok && o.Version != old.Version+1, !ok && o.Version != 1:
		return fmt.Errorf("operation %q comes as version %d", o.ID, o.Version)
	case !o.State.Holds() && f.holding(o.ID):
		return fmt.Errorf("operation %q is %s and still holds funds", o.ID, o.State)
	}
	var from State
	var counted *Counted
	if ok {
		from, counted = old.State, old.Counted
	}
	if !reachable(from, o.State) {
		return fmt.Errorf("operation %q: no way from %q to %q", o.ID, from, o.State)
	}
	switch {
	case o.Previous != 0 && (!ok || o.Previous != old.Updated):
		return fmt.Errorf("operation %q names entry %d as that of its version before", o.ID, o.Previous)
	case ok && o.Previous == 0 && old.Previous != 0:
		return fmt.Errorf("operation %q names no version before", o.ID)
	}
	if err := o.agreement(old, e); err != nil {
		return err
	}
	if err := o.soundPart(old); err != nil {
		return err
	}
	if !o.soundFinding(old, e) {
		return fmt.Errorf("operation %q has a resolution that nobody could have found", o.ID)
	}
	if err := f.recount(counted, o); err != nil {
		return err
	}
	if ok && old.large() {
		f.large--
	}
	if o.large() {
		f.large++
	}
	if ok && old.State == AwaitingApproval {
		f.waiting--
	}
	if o.State == AwaitingApproval {
		f.waiting++
	}
	if o.State.Final() {
		f.open = f.open.without(o.ID)
		return nil
	}
	f.open = f.open.with(o.ID, o)
	return nil
}

func (f *Folded) holding(op OperationID) bool {
	if f.holds.len() == 0 {
		return false
	}
	i, _ := f.holds.find(keyOfHold(op, ""))
	prefix := string(op) + ":"
	return i < f.holds.len() && len(f.holds.rows[i].key) > len(prefix) && string(f.holds.rows[i].key[:len(prefix)]) == prefix
}

func reachable(from, to State) bool {
	for _, e := range lifecycle() {
		if e.From == from && e.To == to {
			return true
		}
	}
	return false
}

// actorID is the operator an entry is by, or the id of the system actor.
func actorID(e *Entry) tenancy.OperatorID {
	if len(e.Actors) == 0 {
		return ""
	}
	return tenancy.OperatorID(e.Actors[0].ID)
}

func (f *Folded) countRefusal(op tenancy.OperatorID, at time.Time) {
	minute := at.Unix() / 60
	r, _ := f.refusals.get(op)
	if r.Minute != minute {
		r = refusals{Minute: minute}
	}
	r.Count++
	for _, old := range f.refusals.rows { // what is past no longer counts
		if old.val.Minute < minute {
			f.refusals = f.refusals.without(old.key)
		}
	}
	f.refusals = f.refusals.with(op, r)
}
