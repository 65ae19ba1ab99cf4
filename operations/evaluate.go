package operations

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"time"

	"github.com/shopspring/decimal"

	"github.com/onbehalf/onbehalf/accounts"
	"github.com/onbehalf/onbehalf/tenancy"
)

// The codes of what the evaluator itself finds unmet. Others come from
// tenancy.Codes, accounts.Codes, AmountWithin and the host's own rules.
const (
	CodeProviderUnknown = "provider_unknown"        // the order's Via is not in Config.Providers
	CodeKindUnknown     = "kind_unknown"            // the operation's kind is no longer offered
	CodeBookFull        = "book_full"               // a cap of the book is reached
	CodeAmountRange     = "amount_out_of_range"     // a balance would exceed what can be kept
	CodeStateForbids    = "state_forbids"           // the operation's state has no such way
	CodeTermsExpired    = "terms_expired"           // prepared terms ran out
	CodeStatusForbids   = "status_forbids"          // the status has no such way
	CodeBalanceNotZero  = "balance_not_zero"        // only an account without money or holds can be closed
	CodeOperationsOpen  = "operations_open"         // something is still in flight
	CodeAccountsOpen    = "accounts_open"           // only a customer without open accounts can be closed
	CodeOwnGrant        = "own_grant"               // nobody changes what he himself may do
	CodeGrantExceeds    = "grant_exceeds_own"       // nobody gives more than he has
	CodeOperatorUnknown = "operator_unknown"        // not registered with the firm
	CodeOperatorExists  = "operator_exists"         // registered already
	CodeGrantUnknown    = "grant_unknown"           // no such grant in this book
	CodeHouseOnly       = "house_only"              // belongs in the house's own scope
	CodeLastAdmin       = "last_administrator"      // the firm must keep one who may manage grants
	CodeIncidentUnknown = "incident_unknown"        // no such open incident in this book
	CodeLimitBelowUse   = "limit_below_use"         // the debt limit is in use
	CodeHouseUnchanging = "house_cannot_be_changed" // the house stays what it is
)

// rulebook is what decisions are made by: pure configuration, shared by all
// engines that derive from one.
type rulebook struct {
	kinds     map[string]Kind
	rules     All
	fees      []FeeRule
	limits    []limit
	approvals []Approval
	zone      *time.Location
	zones     map[tenancy.TenantID]*time.Location
	providers map[string]Provider
	assets    accounts.Assets
	caps      Caps
	policy    string
	instance  string // of the engine
	validFor  time.Duration
	skew      time.Duration
	gate      *tenancy.Gate
	log       *slog.Logger
	scratch   scratch
}

// Evaluator judges orders as the engine does, without an engine: for unit
// tests of a firm's kinds and rules. Make one with NewEvaluator.
type Evaluator struct {
	rules  *rulebook
	stops  []tenancy.Stopped
	parent *Operation // see Of
}

// NewEvaluator takes the same Config as New and reports the same problems.
func NewEvaluator(c Config) (*Evaluator, error) {
	r, err := newRulebook(c)
	if err != nil {
		return nil, err
	}
	return &Evaluator{rules: r}, nil
}

// Explain judges the request of an actor on a folded book at an instant. It is
// pure, but for a kind that gathers facts, which asks its own providers; a panic
// of a kind or rule goes through, so that a test shows where. The error is
// invalid for a malformed request.
func (e *Evaluator) Explain(f *Folded, q Request, actor tenancy.Actor, now time.Time) (Plan, error) {
	o, err := orderOf(q)
	if err != nil {
		return Plan{}, err
	}
	if err := e.rules.validate(f, o); err != nil {
		return Plan{}, err
	}
	v := NewView(f, o, nil, actor)
	v.stops = slices.Concat(e.stops, f.stops())
	if p := e.parent; p != nil && o.Kind == KindRefund && o.Parent == p.ID {
		v.returns(e.rules, p)
		if err := e.rules.validate(f, v.order); err != nil {
			return Plan{}, err
		}
	}
	now = later(instant(now), f.at)
	if g, ok := e.rules.gathers(&v.order); ok {
		v.facts = g.Gather(context.Background(), v, now)
	}
	t, unmet, err := e.rules.price(v, now)
	if err != nil {
		return Plan{}, err
	}
	return Plan{Order: v.order, Terms: t, Unmet: unmet, Warnings: warnings(unmet), Limits: e.rules.limitUses(v, t, now), Seq: f.head.Seq}, nil
}

// Plan is what would happen and what it would cost, and every reason why not.
type Plan struct {
	Order Order   `json:"order"`
	Terms Terms   `json:"terms"`
	Unmet []Unmet `json:"unmet,omitempty"` // empty: it would be accepted

	// Warnings are codes among the unmet that the command may acknowledge, see
	// Intent: they are then no longer in the way.
	Warnings []string `json:"warnings,omitempty"`

	Limits []LimitUse `json:"limits,omitempty"` // what is left of every limit that binds it, before it
	Seq    int64      `json:"seq"`              // the book's newest entry when this was true
}

// Allowed tells whether nothing is in the way.
func (p Plan) Allowed() bool { return len(p.Unmet) == 0 }

// validate finds what is malformed; of it nothing is recorded.
func (r *rulebook) validate(f *Folded, o Order) error {
	if err := o.validate(); err != nil {
		return err
	}
	k, ok := r.kinds[o.Kind]
	if !ok {
		return tenancy.Invalid("kind", "is not a kind of operation here")
	}
	if err := k.Validate(o); err != nil {
		if !errors.Is(err, ErrInvalid) {
			return tenancy.Invalid("kind", err.Error())
		}
		return err
	}
	measured := []accounts.ID{o.From, o.To}
	if m, ok := k.(Measured); ok {
		measured = []accounts.ID{m.Measure(o)}
	}
	for _, id := range measured {
		if a, found := f.accounts.get(id); found {
			if err := accounts.CheckAmount("amount", o.Amount.Decimal, a.Scale); err != nil {
				return err
			}
		}
	}
	return nil
}

// price plans the order of the view anew and judges it.
func (r *rulebook) price(v View, now time.Time) (Terms, []Unmet, error) {
	if unmet := strangers(v); len(unmet) > 0 {
		return Terms{}, unmet, nil
	}
	t, unmet := r.kinds[v.order.Kind].Plan(v, now)
	if len(unmet) == 0 {
		unmet = r.charge(&v, &t)
	}
	if len(unmet) == 0 && !t.fits() {
		t, unmet = Terms{Asset: t.Asset, Provider: t.Provider}, []Unmet{outOfRange(accounts.Suspense)}
	}
	ns := nets(&v, &t)
	if err := r.sound(&v, &t); err != nil {
		if len(unmet) == 0 {
			return t, nil, fmt.Errorf("kind %q: %w", v.order.Kind, err)
		}
		t.Postings, t.Holds = nil, nil // incomplete: what is left is judged for itself
		ns = named(v.order)
	}
	t.Expires = instant(t.Expires)
	if latest := instant(now.Add(r.validFor)); t.Expires.IsZero() || t.Expires.After(latest) {
		t.Expires = latest
	}
	t.Approval = r.needsApproval(v, &t)
	if g, ok := r.gathers(&v.order); ok && !v.finish && (t.Approval != nil || v.order.NotBefore.After(now)) {
		unmet = append(unmet, g.Wait(v)...)
	}
	if !v.finish { // nobody is there to be warned when its time has come
		unmet = append(unmet, lookAlike(v, &t)...)
	}
	return t, distinct(append(unmet, r.judgeNets(v, t, ns, now)...)), nil
}

// strangers tells of accounts in the order that are not the customer's: the
// same for those of others and those that do not exist.
func strangers(v View) []Unmet {
	var unmet []Unmet
	for _, n := range named(v.order) {
		if _, ok := v.folded().accounts.get(n.account); !ok {
			unmet = append(unmet, v.eligible(n.account, n.dir, decimal.Decimal{})...)
		}
	}
	return distinct(unmet)
}

// judge holds terms against the book and the firm's rules: what Execute does
// again, without pricing.
func (r *rulebook) judge(v View, t Terms, now time.Time) []Unmet {
	unmet := r.judgeNets(v, t, nets(&v, &t), now)
	if k, ok := r.kinds[v.order.Kind].(Rejudged); ok {
		unmet = distinct(append(unmet, k.Judge(v, t)...))
	}
	return unmet
}

func (r *rulebook) judgeNets(v View, t Terms, ns []net, now time.Time) []Unmet {
	unmet := r.providerUnknown(t)
	unmet = append(unmet, beyondParent(v)...)
	for _, n := range ns {
		unmet = append(unmet, v.eligible(n.account, n.dir, n.amount.Abs())...)
	}
	unmet = append(unmet, beyondRange(v, t)...)
	if v.own == nil && v.folded().open.len() >= r.caps.Open {
		unmet = append(unmet, full("operations", r.caps.Open))
	}
	for _, n := range ns {
		unmet = v.frozen(unmet, n.account)
	}
	unmet = v.stopped(unmet, t)
	unmet = append(unmet, r.beyondLimits(v, t, now)...)
	if len(r.rules) > 0 {
		unmet = append(unmet, r.rules.Check(v, t.clone(), now)...)
	}
	return distinct(unmet)
}

func (r *rulebook) providerUnknown(t Terms) []Unmet {
	if _, ok := r.providers[t.Provider]; t.Provider == "" || ok {
		return nil
	}
	return []Unmet{{
		Code: CodeProviderUnknown, Subject: "provider:" + t.Provider,
		Remedy: "Choose a provider the firm has.",
	}}
}

// inside tells whether terms settle in the book, in the same change.
func (r *rulebook) inside(t Terms) bool {
	return t.Provider == "" || r.providers[t.Provider].Contract().Inside
}

// net is what terms do to one account of the customer in all.
type net struct {
	account accounts.ID
	dir     accounts.Direction
	amount  decimal.Decimal // signed; zero where the account is only named
}

// named are the accounts of the order, for themselves.
func named(o Order) []net {
	ns := make([]net, 0, 2)
	if o.From != "" {
		ns = append(ns, net{account: o.From, dir: accounts.Debit})
	}
	if o.To != "" {
		ns = append(ns, net{account: o.To, dir: accounts.Credit})
	}
	return ns
}

// nets sums the postings of terms for each account of the customer: those the
// order names first, then others in the order of their postings. An account
// needs what is held on it, where that is more than it is debited.
func nets(v *View, t *Terms) []net {
	ns := named(v.order)
	for i := range t.Postings {
		p := &t.Postings[i]
		id, ok := p.Ref.Account()
		if !ok {
			continue
		}
		i := slices.IndexFunc(ns, func(n net) bool { return n.account == id })
		if i < 0 {
			ns = append(ns, net{account: id})
			i = len(ns) - 1
		}
		n := &ns[i]
		n.amount = accounts.Plus(n.amount, p.Amount.Decimal)
		if n.amount.IsNegative() {
			n.dir = accounts.Debit
		} else {
			n.dir = accounts.Credit
		}
	}
	for _, h := range t.Holds {
		i := slices.IndexFunc(ns, func(n net) bool { return n.account == h.Account })
		if i < 0 {
			ns = append(ns, net{account: h.Account})
			i = len(ns) - 1
		}
		if n := &ns[i]; !n.amount.IsNegative() || n.amount.Neg().LessThan(h.Amount.Decimal) {
			n.dir, n.amount = accounts.Debit, h.Amount.Neg()
		}
	}
	return ns
}

// errUnsound is a kind that planned what no book can take: a fault in code,
// not in a request.
var errUnsound = errors.New("planned terms that cannot be kept")

// sound checks what no rule may waive: balance per asset, only accounts of this
// customer and in their asset, holds that cover what is debited.
func (r *rulebook) sound(v *View, t *Terms) error {
	if len(t.Postings) == 0 {
		return fmt.Errorf("%w: no postings", errUnsound)
	}
	if err := accounts.Balanced(t.Postings); err != nil {
		return fmt.Errorf("%w: %w", errUnsound, err)
	}
	if t.Exchange != nil {
		if err := t.Exchange.sound(*v, t); err != nil {
			return err
		}
	}
	for i := range t.Postings {
		if err := r.soundLeg(v, &t.Postings[i]); err != nil {
			return err
		}
	}
	for i, h := range t.Holds {
		a, found := v.folded().accounts.get(h.Account)
		if !found || accounts.CheckAmount("hold", h.Amount.Decimal, a.Scale) != nil {
			return fmt.Errorf("%w: a hold on account %q", errUnsound, h.Account)
		}
		if slices.ContainsFunc(t.Holds[:i], func(o HoldTerm) bool { return o.Account == h.Account }) {
			return fmt.Errorf("%w: two holds on account %q", errUnsound, h.Account)
		}
	}
	for i := range t.Postings {
		p := &t.Postings[i]
		id, ok := p.Ref.Account()
		if !ok || !p.Amount.IsNegative() || touched(t.Postings[:i], p) {
			continue
		}
		debit := accounts.Sum(t.Postings[i:], p.Ref, p.Asset).Neg()
		h := slices.IndexFunc(t.Holds, func(h HoldTerm) bool { return h.Account == id })
		if debit.IsPositive() && (h < 0 || t.Holds[h].Amount.LessThan(debit)) {
			return fmt.Errorf("%w: account %q is debited beyond what is held", errUnsound, id)
		}
	}
	return nil
}

// soundLeg checks one posting: a known asset, within its scale, to a system
// account or to one of the customer's in that asset.
func (r *rulebook) soundLeg(v *View, p *accounts.Posting) error {
	var scale int32
	if id, ok := p.Ref.Account(); ok {
		a, found := v.folded().accounts.get(id)
		if !found || a.Asset != p.Asset {
			return fmt.Errorf("%w: a posting of %s to account %q", errUnsound, p.Asset, id)
		}
		scale = a.Scale
	} else {
		asset, found := r.assets.Lookup(p.Asset)
		if !found {
			return fmt.Errorf("%w: a posting of %s to %s", errUnsound, p.Asset, p.Ref)
		}
		scale = asset.Scale
	}
	if err := p.Ref.Validate(); err != nil {
		return fmt.Errorf("%w: %w", errUnsound, err)
	}
	if p.Amount.IsZero() || accounts.CheckSigned("posting", p.Amount.Decimal, scale) != nil {
		return fmt.Errorf("%w: a posting of %s", errUnsound, p.Ref)
	}
	return nil
}

func full(what string, most int) Unmet {
	return Unmet{
		Code: CodeBookFull, Subject: "book",
		Figures: []Figure{{Name: "of", Value: what}, {Name: "limit", Value: decimal.NewFromInt(int64(most)).String()}},
		Remedy:  "Finish or close some first.",
	}
}

// distinct drops repetitions, such as the customer's status told once for each
// account, and keeps the order.
func distinct(unmet []Unmet) []Unmet {
	kept := make([]Unmet, 0, len(unmet))
	for _, u := range unmet {
		if !slices.ContainsFunc(kept, func(k Unmet) bool { return k.Code == u.Code && k.Subject == u.Subject }) {
			kept = append(kept, u)
		}
	}
	return kept
}
