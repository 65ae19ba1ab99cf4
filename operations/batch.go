package operations

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"time"

	"github.com/onbehalf/onbehalf/tenancy"
)

// maxRounds is how often a batch is decided again when others moved its heads.
const maxRounds = 16

var errBroken = errors.New("the batch broke off")

// lane is one book's part of a batch while it is decided.
type lane struct {
	book    BookID
	base    *Folded // as the store is believed to have it
	top     *Folded // with the drafts on it
	drafts  []drafted
	changes []Change    // of the drafts, index by index
	waiters []*waiter   // those who asked for them
	same    [][]*waiter // those who wait for a draft under the same key, index by index
	relies  []Reliance
	stale   bool // another change moved the head first
}

// drafted is what is left to know of a draft in a lane.
type drafted struct {
	entry *Entry
	after *Folded
}

func newLane(base *Folded) *lane { return &lane{book: base.id, base: base, top: base} }

// all are the waiters whose answer depends on the lane.
func (l *lane) all() []*waiter {
	all := l.waiters
	for _, same := range l.same {
		all = append(slices.Clip(all), same...)
	}
	return all
}

// process decides the commands of a batch, commits what they change and gives
// each its one answer. What lost a race is decided again.
func (e *Engine) process(ctx context.Context, pending []*waiter) {
	batch := pending
	defer func() { // whatever happens, even a host's code that ends this goroutine, nobody waits for ever
		p := recover()
		for _, w := range batch {
			w.tell(answer{err: &UnknownOutcomeError{Book: w.cmd.book, Key: w.cmd.intent.Key, Err: errBroken}})
		}
		if p != nil {
			e.cfg.Log.Error("batch panicked", slog.Any("panic", p))
		}
	}()
	lost := races{}
	for range maxRounds {
		calm, hot := lost.part(pending)
		if len(calm) == 0 {
			pending = e.turns(ctx, hot)
		} else {
			var lanes []*lane
			lanes, pending = e.decide(ctx, calm)
			if len(lanes) > 0 {
				pending = append(pending, e.commit(ctx, lanes)...)
			}
			lost.note(lanes)
			pending = append(pending, hot...)
		}
		if len(pending) == 0 {
			return
		}
	}
	for _, w := range pending {
		w.tell(answer{err: fmt.Errorf("%w: the book is contended", ErrUnavailable)})
	}
}

// decide gives the lanes with something to commit, and the waiters whose
// answer depends on it.
func (e *Engine) decide(ctx context.Context, pending []*waiter) (lanes []*lane, again []*waiter) {
	byBook := make(map[BookID]*lane, min(len(pending), 64))
	for _, w := range pending {
		l, ok := byBook[w.cmd.book]
		if !ok {
			base, err := e.load(ctx, w.cmd.book)
			if err != nil {
				w.tell(answer{err: classify(err)})
				continue
			}
			l = newLane(base)
			byBook[w.cmd.book] = l
			lanes = append(lanes, l)
		}
		row, err := e.operatorRow(ctx, w.cmd)
		if err != nil {
			w.tell(answer{err: classify(err)})
			continue
		}
		if !e.place(l, w, row) {
			again = append(again, w)
		}
	}
	lanes = slices.DeleteFunc(lanes, func(l *lane) bool { return len(l.drafts) == 0 })
	slices.SortFunc(lanes, func(a, b *lane) int { return a.book.Compare(b.book) })
	return lanes, again
}

// place decides one command in its lane: it is drafted, or waits for the draft
// of the very same command, or is answered. It gives false when the command is
// to be decided again: a claim is only made on a book without drafts.
func (e *Engine) place(l *lane, w *waiter, row tenancy.Operator) bool {
	key := w.cmd.intent.Key
	if i := l.keyed(w.cmd); i >= 0 {
		// Whose access has ended since is not told what became of the other.
		if _, err := e.rules.begin(l.top, w.cmd, row, e.cfg.Clock.Now()); err != nil {
			return false
		}
		l.same[i] = append(l.same[i], w)
		l.relyOn(w.cmd, row)
		return true
	}
	d, err := e.attempt(l.top, w.cmd, row)
	switch {
	case err == nil && l.has(key):
		return false
	case err == nil:
		l.add(w, d, row)
	case errors.Is(err, ErrUnavailable):
		w.tell(answer{err: err})
	case len(l.drafts) > 0:
		return false
	default:
		w.tell(answer{claim: &claim{head: l.base.head, operator: row.Version, switches: w.cmd.switches.Version, err: err}})
	}
	return true
}

// attempt decides and drafts one command at one reading of the clock.
func (e *Engine) attempt(f *Folded, c *command, row tenancy.Operator) (draft, error) {
	d, err := e.rules.attempt(f, c, row, e.cfg.Clock.Now())
	if err != nil {
		return draft{}, err
	}
	dr, err := d.draft()
	if err != nil && !errors.Is(err, errIdle) && !errors.Is(err, ErrRefused) {
		return draft{}, fmt.Errorf("%w: %w", ErrUnavailable, err)
	}
	return dr, err
}

// keyed is the draft of the very same command, sent by the same operator, or -1.
func (l *lane) keyed(c *command) int {
	if c.intent.Key == "" {
		return -1
	}
	return slices.IndexFunc(l.drafts, func(d drafted) bool { return d.entry.Key == c.intent.Key && d.entry.Fingerprint == c.finger })
}

// has tells whether a draft has the key, for whatever command.
func (l *lane) has(key string) bool {
	return key != "" && slices.ContainsFunc(l.drafts, func(d drafted) bool { return d.entry.Key == key })
}

func (l *lane) add(w *waiter, d draft, row tenancy.Operator) {
	l.top = d.after
	l.drafts = append(l.drafts, drafted{d.entry, d.after})
	l.changes = append(l.changes, d.change)
	l.waiters = append(l.waiters, w)
	l.same = append(l.same, nil)
	l.relyOn(w.cmd, row)
}

// relyOn has the run lose when a row that the command was decided by changes.
func (l *lane) relyOn(c *command, row tenancy.Operator) {
	if c.reliesOnSwitches() {
		l.rely(tenancy.Switches, c.switches.Version)
	}
	if !c.relies() {
		return
	}
	l.rely(c.operator(), row.Version)
	if c.grantee != "" {
		l.rely(c.grantee, c.row.Version)
	}
}

func (l *lane) rely(id tenancy.OperatorID, version int64) {
	if l.relies == nil {
		l.relies = make([]Reliance, 0, 2) // mostly an operator and the switches
	}
	if r := (Reliance{Operator: id, Version: version}); !slices.Contains(l.relies, r) {
		l.relies = append(l.relies, r)
	}
}

func (l *lane) run(announce bool) Run {
	for i := range l.changes {
		l.changes[i].Announce = announce
	}
	return Run{Book: l.book, From: l.base.head, Relies: l.relies, Changes: l.changes}
}

// commit stores the lanes as one batch, answers what was stored, and gives
// back whom to decide again.
func (e *Engine) commit(ctx context.Context, lanes []*lane) (again []*waiter) {
	runs := make([]Run, len(lanes))
	for i, l := range lanes {
		runs[i] = l.run(e.cfg.Outbox)
	}
	verdicts, err := e.send(ctx, runs)
	if err == nil && len(verdicts) != len(runs) {
		err = fmt.Errorf("%w: %d verdicts for %d runs", ErrUnknownOutcome, len(verdicts), len(runs))
	}
	if err != nil && !errors.Is(err, ErrUnknownOutcome) && len(lanes) > 1 && ctx.Err() == nil && !e.direct {
		// It had no effect: find out whose run it was, so that no other book suffers.
		for i := range lanes {
			again = append(again, e.commit(ctx, lanes[i:i+1])...)
		}
		return again
	}
	for i, l := range lanes {
		if err != nil {
			e.fail(l, err)
			continue
		}
		again = append(again, e.settle(l, verdicts[i])...)
	}
	return again
}

// send commits, and makes sure of the outcome.
func (e *Engine) send(ctx context.Context, runs []Run) ([]Verdict, error) {
	verdicts, err := e.store.Commit(ctx, runs)
	if errors.Is(err, ErrUnknownOutcome) {
		return e.resend(ctx, runs, err)
	}
	return verdicts, err
}

// resend sends the identical batch again while the outcome is not known: it
// lands once, or is found there, or has lost. The error is that of the first try.
func (e *Engine) resend(ctx context.Context, runs []Run, err error) (verdicts []Verdict, _ error) {
	for wait := 2 * time.Millisecond; err != nil && !e.direct; wait *= 4 {
		e.cfg.Log.Warn("commit in doubt, sending it again", slog.Any("error", err))
		timer := time.NewTimer(wait)
		select {
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
			return nil, fmt.Errorf("%w: %w", ErrUnknownOutcome, err)
		}
		verdicts, err = e.store.Commit(ctx, runs)
		if wait > time.Second {
			break
		}
	}
	if err != nil && !errors.Is(err, ErrUnknownOutcome) {
		err = fmt.Errorf("%w: %w", ErrUnknownOutcome, err)
	}
	return verdicts, err
}

func (e *Engine) fail(l *lane, err error) {
	e.evict(l.book)
	if !errors.Is(err, ErrUnknownOutcome) && !errors.Is(err, ErrUnavailable) {
		// The store refused what it was given: a fault in code, not in the command.
		e.cfg.Log.Error("the store refused a run", slog.String("book", l.book.String()), slog.Any("error", err))
		err = fmt.Errorf("%w: the store refused the change", ErrUnavailable)
	}
	for _, w := range l.all() {
		if errors.Is(err, ErrUnknownOutcome) {
			w.tell(answer{err: &UnknownOutcomeError{Book: l.book, Key: w.cmd.intent.Key, Err: err}})
		} else {
			w.tell(answer{err: err})
		}
	}
}

func (e *Engine) settle(l *lane, v Verdict) (again []*waiter) {
	won := min(max(v.Won, 0), len(l.drafts))
	for i := range won {
		l.waiters[i].tell(answer{entry: l.drafts[i].entry})
		for _, w := range l.same[i] {
			w.tell(answer{taken: &l.changes[i].Entry})
		}
	}
	if won > 0 {
		e.keep(l.drafts[won-1].after)
	}
	lost := won
	if v.Loss == KeyTaken && won < len(l.drafts) && v.Taken != nil {
		for _, w := range append(l.same[won], l.waiters[won]) {
			w.tell(answer{taken: v.Taken})
		}
		lost++
	}
	for i := lost; i < len(l.drafts); i++ {
		again = append(append(again, l.waiters[i]), l.same[i]...)
	}
	switch v.Loss {
	case NotLost, KeyTaken:
	case Outdated:
		for _, o := range v.Operators {
			e.keepOperator(l.book.Tenant, o)
		}
	case Stale:
		l.stale = true
		if len(v.Tail) == 0 || won > 0 {
			e.evict(l.book)
			break
		}
		f, err := foldAll(l.base, v.Tail)
		if err != nil {
			e.cfg.Log.Error("stale book cannot be followed", slog.String("book", l.book.String()), slog.Any("error", err))
			e.evict(l.book)
			break
		}
		e.keep(f)
	}
	return again
}
