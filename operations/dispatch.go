package operations

import (
	"context"
	"errors"
	"fmt"
	"log/slog"

	"github.com/onbehalf/onbehalf/accounts"
	"github.com/onbehalf/onbehalf/tenancy"
)

// The engine's own actors.
const (
	actorReport = "report" // takes in what providers say
	actorWork   = "work"   // does what has become due
)

// systemCommand is one of the engine's own: nobody's grant is asked for, and it
// cites the entry that caused it.
func systemCommand(id BookID, actor string, a Action, key string, cause int64, decide func(*decision) error) *command {
	c := &command{
		book: id, action: a, actors: []tenancy.Actor{{Kind: tenancy.System, ID: actor}},
		intent: Intent{Key: key}, cause: cause, decide: decide,
	}
	if key != "" {
		c.finger = digestParts(key)
	}
	return c
}

// dispatch tells the provider of an intent that is durable now and takes in its
// answer. No transaction is open, and the caller's leaving does not stop it:
// from here on the operation ends by evidence alone.
func (e *Engine) dispatch(ctx context.Context, id BookID, res Result) (Result, error) {
	o := res.Operation
	a, sent := e.send1(context.WithoutCancel(ctx), o)
	var entry *Entry
	var err error
	if !sent {
		entry, err = e.record(ctx, id, o, silent(o.ID), ActReport, "")
	} else {
		entry, err = e.take(ctx, id, &o, a)
	}
	switch {
	case errors.Is(err, errIdle):
	case err != nil:
		// The intent stands; Work finds out. What was asked for is under way.
		e.cfg.Log.Warn("answer not recorded", slog.String("book", id.String()), slog.String("operation", string(o.ID)), slog.Any("error", err))
	default:
		if n := entry.operation(o.ID); n != nil {
			res.Operation, res.Seq = *n, entry.Seq
		}
	}
	return res, nil
}

// send1 calls the provider within its time; false when nothing usable came of it.
func (e *Engine) send1(ctx context.Context, o Operation) (Answer, bool) {
	if !e.cfg.Clock.Now().Before(o.SendBy) {
		return Answer{}, false
	}
	return e.call(ctx, o, func(ctx context.Context, p Provider) (Answer, error) {
		return p.Send(ctx, Instruction{Reference: o.ProviderReference, Operation: o.ID, Order: o.Order.normal(), Terms: o.Terms.clone(), SendBy: o.SendBy})
	})
}

func (e *Engine) call(ctx context.Context, o Operation, f func(context.Context, Provider) (Answer, error)) (a Answer, ok bool) {
	p := e.rules.providers[o.Terms.Provider]
	if p == nil {
		return Answer{}, false
	}
	defer func() {
		if x := recover(); x != nil {
			e.cfg.Log.Error("provider panicked", slog.String("provider", o.Terms.Provider), slog.String("operation", string(o.ID)), slog.Any("panic", x))
			a, ok = Answer{}, false
		}
	}()
	ctx, cancel := context.WithTimeout(ctx, p.Contract().timeout())
	defer cancel()
	a, err := f(ctx, p)
	if err != nil {
		e.cfg.Log.Warn("provider did not answer", slog.String("provider", o.Terms.Provider), slog.String("operation", string(o.ID)), slog.Any("error", err))
		return Answer{}, false
	}
	a.Reference = o.ProviderReference // it was asked for this one
	return a, true
}

// Report takes in what a provider says of an intent, whenever it comes: by
// webhook or by poll. The host has made sure that it is this tenant's provider
// who speaks. Answers that come twice or late change nothing twice; one that denies
// a final state, or is of another amount or asset, opens an incident and moves
// nothing; one that cannot be relied on (see Answer.Validate, worth calling
// first) makes what is executing unresolved; a reversal is a fact and is never
// refused. The result is the operation as it stands after it. Errors: invalid
// when the reference is not one of ours, or the answer is malformed and nothing
// came of it; not found, also for a provider that did not get the intent;
// unavailable; unknown outcome, on which it is to be reported again.
func (e *Engine) Report(ctx context.Context, tenant tenancy.TenantID, provider string, a Answer) (Result, error) {
	if err := errors.Join(tenancy.CheckID("tenant", string(tenant)), tenancy.CheckID("provider", provider)); err != nil {
		return Result{}, err
	}
	id, op, err := parseReference(a.Reference)
	if err != nil {
		return Result{}, err
	}
	if id.Tenant != tenant {
		return Result{}, ErrNotFound
	}
	o, err := e.stored(ctx, id, op)
	if err != nil {
		return Result{}, err
	}
	if o.ProviderReference != a.Reference || o.Terms.Provider != provider {
		return Result{}, ErrNotFound
	}
	entry, err := e.take(ctx, id, o, a)
	if err != nil && !errors.Is(err, errIdle) {
		return Result{}, err
	}
	if bad := a.Validate(); bad != nil && err != nil { // it said nothing, and nothing came of it
		return Result{}, bad
	}
	if err == nil && a.Status == AnswerReversed {
		if r := entry.operation(reversalID(id, op)); r != nil {
			return Result{Operation: *r, Seq: entry.Seq}, nil
		}
	}
	if o, err = e.stored(ctx, id, op); err != nil {
		return Result{}, err
	}
	return Result{Operation: *o, Seq: o.Updated}, nil
}

// take records an answer about an operation; errIdle when it says nothing that
// is not so already.
func (e *Engine) take(ctx context.Context, id BookID, o *Operation, a Answer) (*Entry, error) {
	c := systemCommand(id, actorReport, ActReport, answerKey(o, a), o.Updated, report(o.Terms.Provider, o.ID, a))
	c.subject = o.ID
	undoes := c.intent.Key == reversalKey(o.ID)
	if undoes {
		c.finger = answerDigest(a)
	}
	entry, _, err := e.do(ctx, c)
	switch {
	case errors.Is(err, errMeanwhile):
		if o, err = e.stored(ctx, id, o.ID); err != nil {
			return nil, err
		}
		return e.take(ctx, id, o, a)
	case undoes && errors.Is(err, ErrConflict):
		key := reversalKey(o.ID) + ":" + answerDigest(a).String()[:32]
		return e.record(ctx, id, *o, reversedTwice(o.ID, a), ActReport, key)
	}
	return entry, err
}

// errMeanwhile says that by now an answer is taken in under another key: how
// much a reversal has to undo is only known once a part was told.
var errMeanwhile = errors.New("the operation was settled meanwhile")

// answerKey is under which an answer is taken in once: a reversal of the whole
// once for each operation, whatever it is called; what says that something
// ended, once as it is said. What may be said again and mean something else by
// then has none.
func answerKey(o *Operation, a Answer) string {
	switch {
	case a.Validate() != nil, a.Status == AnswerPending, a.Status == AnswerNotFound:
		return ""
	case a.Status == AnswerReversed && fits(o, a):
		return reversalKey(o.ID)
	}
	return systemKey + "report:" + string(o.ID) + ":" + answerDigest(a).String()[:32]
}

func reversalKey(op OperationID) string { return systemKey + "reversal:" + string(op) }

// answerDigest tells answers apart; the answer is a valid one.
func answerDigest(a Answer) Hash {
	parts := []string{a.Reference, string(a.Status), accounts.Canonical(a.Amount), a.Asset, a.External}
	if a.CounterAsset != "" {
		parts = append(parts, accounts.Canonical(a.Counter), a.CounterAsset)
	}
	return digestParts(parts...)
}

// fits tells whether an answer about money is about the intent's.
func fits(o *Operation, a Answer) bool {
	if x := o.Terms.Exchange; x != nil {
		return x.fits(a)
	}
	return a.Amount.Equal(o.carried().Decimal) && a.Asset == o.Terms.Asset && a.CounterAsset == ""
}

// record brings one of the engine's own commands to its entry; errIdle when
// there was nothing to record.
func (e *Engine) record(ctx context.Context, id BookID, o Operation, decide func(*decision) error, a Action, key string) (*Entry, error) {
	actor := actorWork
	if a == ActReport {
		actor = actorReport
	}
	c := systemCommand(id, actor, a, key, o.Updated, decide)
	c.subject = o.ID
	entry, _, err := e.do(ctx, c)
	return entry, err
}

// stored reads an operation, open or final, as the store has it now.
func (e *Engine) stored(ctx context.Context, id BookID, op OperationID) (*Operation, error) {
	found, err := e.store.Find(ctx, id, Want{Operation: op})
	if err != nil {
		return nil, e.failed(ctx, fmt.Errorf("find operation: %w", err))
	}
	if found.Operation == nil {
		return nil, ErrNotFound
	}
	o, err := documentOf(found.Operation)
	if err != nil {
		return nil, classify(err)
	}
	return o, nil
}

// documentOf reads an operation from the entry that holds it, and makes sure
// that its row tells the same.
func documentOf(s *StoredOperation) (*Operation, error) {
	entry, err := s.Entry.Open()
	if err != nil {
		return nil, err
	}
	o := entry.operation(s.Row.ID)
	if o == nil || !sameRow(rowOf(o), s.Row) {
		return nil, fmt.Errorf("operation %q: %w: its row does not agree with entry %d", s.Row.ID, ErrDamaged, entry.Seq)
	}
	return o, nil
}

func sameRow(a, b OperationRow) bool {
	return a.Amount.Equal(b.Amount) && a.CreatedAt.Equal(b.CreatedAt) && a.Due.Equal(b.Due) && a.ID == b.ID && a.Created == b.Created && a.Updated == b.Updated && a.Version == b.Version &&
		a.State == b.State && a.Kind == b.Kind && a.Asset == b.Asset && a.From == b.From && a.To == b.To && a.Maker == b.Maker
}
