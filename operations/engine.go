package operations

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"sync/atomic"

	"github.com/onbehalf/onbehalf/accounts"
	"github.com/onbehalf/onbehalf/tenancy"
)

// Engine decides commands on customers' books and commits what they change. It
// is safe for concurrent use, starts no goroutine, and several may work on one
// store, in one process or many. Make one with New.
type Engine struct {
	cfg    Config
	rules  *rulebook
	store  Store
	gate   *tenancy.Gate
	cache  *cache
	line   *committer // nil when direct
	direct bool       // inside a host's own transaction

	rotas  *rotas
	closed *atomic.Bool // for this engine and all made from it by Within
}

// New makes an engine over a store. All problems of the configuration are
// reported at once. The store stays the host's to close, after the engine.
func New(store Store, c Config) (*Engine, error) {
	e := &Engine{cfg: c.defaulted(), store: store, rotas: &rotas{}, closed: &atomic.Bool{}}
	rules, err := newRulebook(c)
	if store == nil {
		err = errors.Join(tenancy.Invalid("store", "is nil"), err)
	}
	var badGate error
	policy := e.cfg.Gate
	policy.Observe = e.observe
	if e.gate, badGate = tenancy.NewGate(tenancy.AuthorityFunc(e.standing), policy); badGate != nil {
		err = errors.Join(err, badGate)
	}
	if err != nil {
		return nil, err
	}
	e.rules, e.cache = rules, newCache(max(e.cfg.CacheBytes, 0))
	rules.gate, rules.instance = e.gate, e.cfg.IDs.NewID()
	e.line = newCommitter(e)
	return e, nil
}

// Gate opens the scopes this engine honours; those of any other gate are refused.
func (e *Engine) Gate() *tenancy.Gate { return e.gate }

// Close refuses commands from then on as unavailable, also those of engines made
// by Within, and lets the batches in flight end. A call that is with a provider
// goes on until that has answered or its time is up. Close may be called more
// than once; on an engine made by Within it does nothing. The store is not closed.
func (e *Engine) Close() {
	if e.direct {
		return
	}
	e.closed.Store(true)
	e.line.drain()
}

// Within is the engine inside the host's own transaction: store is the store's
// own view of it, such as sqlstore's WithTx. Its commands load and commit
// through that transaction, one by one, and are durable when the host commits;
// a rollback leaves nothing of them. It calls no provider: an operation that
// needs one is scheduled, its funds held, and Work on the engine itself lets it
// go as soon as the host has committed. A refusal is an entry too, and is kept
// only if the host commits.
//
// Open scopes before the transaction: they are those of the engine, whose Gate
// reads outside of it. While it is open, use this engine only: with a pool of
// one connection, or SQLite's single writer, the other would wait for it. It is
// as concurrent as the transaction is, usually not at all.
func (e *Engine) Within(store Store) *Engine {
	n := *e
	n.store, n.line, n.direct = store, nil, true
	return &n
}

// observe tells the access log of an attempt to open a scope.
func (e *Engine) observe(p tenancy.Principal, c tenancy.CustomerID, err error) {
	if e.cfg.Gate.Observe != nil {
		e.cfg.Gate.Observe(p, c, err)
	}
	e.access(AccessEvent{Operator: p.Operator, Tenant: p.Tenant, Customer: c, What: "enter", Allowed: err == nil}, err)
}

// access tells the access log of an event that ended so.
func (e *Engine) access(event AccessEvent, err error) {
	event.At = instant(e.cfg.Clock.Now())
	if !event.Scope.IsZero() {
		event.Operator, event.Tenant, event.Customer = event.Scope.Principal().Operator, event.Scope.Tenant(), event.Scope.Customer()
	}
	if refused, ok := errors.AsType[*RefusedError](err); ok {
		event.Unmet = refused.Unmet
	}
	e.cfg.Access.Access(event)
}

// standing tells the Gate what the books say of a principal and a customer.
func (e *Engine) standing(ctx context.Context, p tenancy.Principal, c tenancy.CustomerID) (tenancy.Standing, error) {
	id := BookID{Tenant: p.Tenant, Customer: c}
	if c == "" {
		id.Customer = tenancy.House
	}
	f, found, err := e.confirm(ctx, id, Want{Operator: p.Operator})
	if err != nil {
		return tenancy.Standing{}, e.failed(ctx, err)
	}
	if f.head.Seq == 0 {
		return tenancy.Standing{}, ErrNotFound
	}
	now := later(instant(e.cfg.Clock.Now()), f.at)
	row := orUnknown(found.Operator, p.Operator)
	if c == "" {
		return tenancy.Standing{Operator: row, Now: now}, nil
	}
	return standingOf(f, row, p.Operator, now), nil
}

// failed gives an error of a reading its class; the caller's own context's
// error stays as it is.
func (e *Engine) failed(ctx context.Context, err error) error {
	if own := ctx.Err(); own != nil {
		return own
	}
	return classify(err)
}

// do brings a command to its one outcome: the entry it made, now or when its
// key was first used, or an error whose truth the store confirmed.
func (e *Engine) do(ctx context.Context, c *command) (entry *Entry, replayed bool, err error) {
	if err := ctx.Err(); err != nil {
		return nil, false, err
	}
	for rounds, looks := 0, 0; rounds < maxRounds && looks < maxLooks; {
		a := e.submit(ctx, c)
		switch {
		case a.entry != nil:
			return a.entry, false, nil
		case a.taken != nil:
			return e.replay(ctx, c, *a.taken)
		case a.claim == nil:
			return nil, false, a.err
		}
		switch g, gathers := errors.AsType[gatherError](a.claim.err); {
		case gathers && g.near && !e.direct:
			looks++
			if err := e.gather(ctx, c, g); err != nil {
				return nil, false, err
			}
			continue
		case gathers, errors.As(a.claim.err, &lookUpError{}):
			looks++
		default:
			rounds++
		}
		entry, replayed, err := e.confirmClaim(ctx, c, a.claim)
		if !errors.Is(err, errAgain) {
			return entry, replayed, err
		}
	}
	return nil, false, fmt.Errorf("%w: the book is contended", ErrUnavailable)
}

// maxLooks is how often one command is looked up for: each refund of an
// operation, and again when the book has moved on meanwhile.
const maxLooks = 4 * MaxRefundAttempts

var errAgain = errors.New("decide again")

// confirmClaim asks the store whether what a decision without an entry went by
// is still so, and whether the key has an outcome already.
func (e *Engine) confirmClaim(ctx context.Context, c *command, k *claim) (*Entry, bool, error) {
	want := Want{Key: c.intent.Key}
	if c.relies() {
		want.Operator = c.operator()
	}
	wanted, lookUp := errors.AsType[lookUpError](k.err)
	want.Operation = wanted.id
	found, err := e.store.Find(ctx, c.book, want)
	if err != nil {
		return nil, false, e.failed(ctx, fmt.Errorf("confirm: %w", err))
	}
	fresh := found.Head == k.head
	if c.relies() {
		row := orUnknown(found.Operator, want.Operator)
		fresh = fresh && row.Version == k.operator
		e.keepOperator(c.book.Tenant, row)
	}
	switch {
	case !fresh:
		e.cache.evict(c.book, k.head.Seq)
		return nil, false, errAgain
	case errors.As(k.err, &accessError{}): // nothing is told without access, not even an outcome
		e.denied(c, k.err)
		return nil, false, errors.Unwrap(k.err)
	case found.Key != nil:
		return e.replay(ctx, c, *found.Key)
	case lookUp:
		return nil, false, c.look(wanted.id, found)
	}
	if g, ok := errors.AsType[gatherError](k.err); ok {
		if err := e.gather(ctx, c, g); err != nil {
			return nil, false, err
		}
		return nil, false, errAgain
	}
	if c.reliesOnSwitches() && errors.Is(k.err, ErrRefused) {
		if same, err := e.switched(ctx, c, k.switches); err != nil || !same {
			return nil, false, cmp.Or(err, errAgain)
		}
	}
	e.denied(c, k.err)
	return nil, false, k.err
}

// look takes in an operation that was not open where it was decided.
func (c *command) look(id OperationID, found Found) error {
	s := seen{at: found.Head}
	if found.Operation != nil {
		e, err := found.Operation.Entry.Open()
		if err != nil {
			return classify(err)
		}
		if s.found = e.operation(id); s.found == nil {
			return fmt.Errorf("%w: %w: entry %d does not hold operation %q", ErrUnavailable, ErrDamaged, e.Seq, id)
		}
	}
	c.know(id, s)
	return errAgain
}

// replay is the outcome as the key's entry left it.
func (e *Engine) replay(ctx context.Context, c *command, taken Sealed) (*Entry, bool, error) {
	entry, err := taken.Open()
	if err != nil {
		return nil, false, classify(err)
	}
	if entry.Fingerprint != c.finger {
		return nil, false, &ConflictError{Reason: KeyReused}
	}
	if c.personal != nil {
		if err := e.samePersonal(ctx, c, entry); err != nil {
			return nil, false, err
		}
	}
	return entry, true, nil
}

// samePersonal holds the personal part of a repeated command against what was
// kept, as long as that is still there unchanged.
func (e *Engine) samePersonal(ctx context.Context, c *command, entry *Entry) error {
	value, err := json.Marshal(c.personal)
	if err != nil {
		return classify(err)
	}
	rows, err := e.store.Personal(ctx, c.book)
	if err != nil {
		return e.failed(ctx, fmt.Errorf("read personal data: %w", err))
	}
	for _, kept := range entry.Effects.Personal {
		for _, row := range rows {
			if row.Subject == kept.Subject && row.Digest == kept.Digest && row.Value != nil && personalDigest(row.Salt, value) != row.Digest {
				return &ConflictError{Reason: KeyReused}
			}
		}
	}
	return nil
}

// submit has one attempt made: in a batch with others, or alone inside a host's
// transaction.
func (e *Engine) submit(ctx context.Context, c *command) answer {
	if e.closed.Load() {
		return answer{err: fmt.Errorf("%w: the engine is closed", ErrUnavailable)}
	}
	if e.direct {
		w := &waiter{cmd: c}
		e.process(ctx, []*waiter{w})
		e.evict(c.book)
		return w.answer
	}
	return e.line.submit(ctx, c)
}

// denied tells the access log of what no book is told.
func (e *Engine) denied(c *command, err error) {
	if !errors.Is(err, ErrRefused) || c.system() {
		return
	}
	access := errors.As(err, &accessError{})
	if !access {
		e.cache.count(refusalKey{c.book, c.operator()}, 1)
	}
	e.access(AccessEvent{Scope: c.scope, What: string(c.action), Unrecorded: !access}, err)
}

// command begins a command under a scope. Scopes this engine's gate did not
// open get no further; then everything that is malformed is told together.
func (e *Engine) command(s tenancy.Scope, in Intent, action Action, content any, malformed error, needs ...tenancy.Permission) (*command, error) {
	if err := e.honour(s, string(action)); err != nil {
		return nil, err
	}
	var wrong error
	switch firm := s.Kind() == tenancy.FirmScope; {
	case firm && action != ActOpen:
		wrong = tenancy.Invalid("scope", "is the firm's, which moves nothing in any book: open one with the gate's Enter, or Own for the house")
	case !firm && action == ActOpen:
		wrong = tenancy.Invalid("scope", "is not that of the firm")
	}
	if err := errors.Join(wrong, in.validate(), malformed); err != nil {
		return nil, err
	}
	p := s.Principal()
	if in.Acknowledge = slices.Clone(in.Acknowledge); len(in.Acknowledge) > 0 {
		content = []any{content, in.Acknowledge}
	}
	c := &command{
		own:  action == ActCancel,
		book: BookID{Tenant: s.Tenant(), Customer: s.Customer()}, action: action, intent: in,
		scope: s, actors: p.Chain(), channel: p.Channel, needs: needs, within: e.direct,
	}
	var err error
	if c.finger, err = e.rules.scratch.fingerprint(action, string(p.Operator), content); err != nil {
		return nil, tenancy.Invalid("content", err.Error())
	}
	c.suppressed = e.cache.count(refusalKey{c.book, c.operator()}, 0)
	return c, nil
}

// honour refuses a zero or foreign scope before anything is looked at.
func (e *Engine) honour(s tenancy.Scope, what string) error {
	err := e.gate.Honour(s)
	if err != nil {
		e.access(AccessEvent{Scope: s, What: what}, err)
	}
	return err
}

// run brings a command of an operator to its outcome and counts what was told
// of refusals before it.
func (e *Engine) run(ctx context.Context, c *command) (*Entry, bool, error) {
	entry, replayed, err := e.do(ctx, c)
	if err != nil {
		return nil, false, err
	}
	if entry.Suppressed > 0 && !replayed {
		e.cache.count(refusalKey{c.book, c.operator()}, -entry.Suppressed)
	}
	return entry, replayed, nil
}

// newAccount and newOperation draw ids before anything is decided.
func (e *Engine) newAccount() accounts.ID { return accounts.ID(e.cfg.IDs.NewID()) }

func (e *Engine) newOperation() OperationID { return OperationID(e.cfg.IDs.NewID()) }
