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
	drafts  []*draft
	waiters []*waiter   // of the drafts, index by index
	same    [][]*waiter // those who wait for a draft under the same key, index by index
	relies  []Reliance
}

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
	for range maxRounds {
		lanes, again := e.decide(ctx, pending)
		if len(lanes) > 0 {
			again = append(again, e.commit(ctx, lanes)...)
		}
		if pending = again; len(pending) == 0 {
			return
		}
	}
	for _, w := range pending {
		w.tell(answer{err: fmt.Errorf("%w: the book is contended", ErrUnavailable)})
	}
}

// decide gives the lanes with something to commit, and the waiters whose
// answer depends on it. A claim is only made on a book without drafts.
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
			l = &lane{book: w.cmd.book, base: base, top: base}
			byBook[w.cmd.book] = l
			lanes = append(lanes, l)
		}
		if i := l.keyed(w.cmd); i >= 0 {
			l.same[i] = append(l.same[i], w)
			continue
		}
		row, err := e.operatorRow(ctx, w.cmd)
		if err != nil {
			w.tell(answer{err: classify(err)})
			continue
		}
		d, err := e.attempt(l.top, w.cmd, row)
		switch {
		case err == nil && l.has(w.cmd.intent.Key):
			again = append(again, w)
		case err == nil:
			l.add(w, d, row)
		case errors.Is(err, ErrUnavailable):
			w.tell(answer{err: err})
		case len(l.drafts) > 0:
			again = append(again, w)
		default:
			w.tell(answer{claim: &claim{head: l.base.head, operator: row.Version, err: err}})
		}
	}
	lanes = slices.DeleteFunc(lanes, func(l *lane) bool { return len(l.drafts) == 0 })
	slices.SortFunc(lanes, func(a, b *lane) int { return a.book.Compare(b.book) })
	return lanes, again
}

// attempt decides and drafts one command at one reading of the clock.
func (e *Engine) attempt(f *Folded, c *command, row tenancy.Operator) (*draft, error) {
	d, err := e.rules.attempt(f, c, row, e.cfg.Clock.Now())
	if err != nil {
		return nil, err
	}
	dr, err := d.draft()
	if err != nil && !errors.Is(err, errIdle) && !errors.Is(err, ErrRefused) {
		return nil, fmt.Errorf("%w: %w", ErrUnavailable, err)
	}
	return dr, err
}

// keyed is the draft of the very same command, or -1. The same operator has
// sent it, so what becomes of the one may be told to the other.
func (l *lane) keyed(c *command) int {
	if c.intent.Key == "" {
		return -1
	}
	return slices.IndexFunc(l.drafts, func(d *draft) bool { return d.entry.Key == c.intent.Key && d.entry.Fingerprint == c.finger })
}

// has tells whether a draft has the key, for whatever command.
func (l *lane) has(key string) bool {
	return key != "" && slices.ContainsFunc(l.drafts, func(d *draft) bool { return d.entry.Key == key })
}

func (l *lane) add(w *waiter, d *draft, row tenancy.Operator) {
	l.top = d.after
	l.drafts = append(l.drafts, d)
	l.waiters = append(l.waiters, w)
	l.same = append(l.same, nil)
	if !w.cmd.relies() {
		return
	}
	l.rely(w.cmd.operator(), row.Version)
	if w.cmd.grantee != "" {
		l.rely(w.cmd.grantee, w.cmd.row.Version)
	}
}

func (l *lane) rely(id tenancy.OperatorID, version int64) {
	if r := (Reliance{Operator: id, Version: version}); !slices.Contains(l.relies, r) {
		l.relies = append(l.relies, r)
	}
}

func (l *lane) run(announce bool) Run {
	changes := make([]Change, len(l.drafts))
	for i, d := range l.drafts {
		changes[i] = d.change
		changes[i].Announce = announce
	}
	return Run{Book: l.book, From: l.base.head, Relies: l.relies, Changes: changes}
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

// send commits, and while the outcome is not known sends the identical batch
// again: it lands once, or is found there, or has lost.
func (e *Engine) send(ctx context.Context, runs []Run) ([]Verdict, error) {
	verdicts, err := e.store.Commit(ctx, runs)
	unknown := errors.Is(err, ErrUnknownOutcome)
	for wait := 2 * time.Millisecond; unknown && err != nil && !e.direct; wait *= 4 {
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
	if err != nil && unknown && !errors.Is(err, ErrUnknownOutcome) {
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
			w.tell(answer{taken: &l.drafts[i].change.Entry})
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
