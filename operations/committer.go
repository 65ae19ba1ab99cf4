package operations

import (
	"context"
	"fmt"
	"runtime"
	"sync"
)

// committer is group commit without a resident goroutine: commands that come
// while batches are in flight gather, and the first of them whose book is free
// leads the next batch for all of those. A lone command goes at once. A book is
// in one batch at a time.
type committer struct {
	eng *Engine

	mu      sync.Mutex
	idle    sync.Cond // nobody leads any more
	queue   []*waiter
	leaders int             // who lead a batch, or are told to
	flying  map[BookID]bool // books of batches in flight and of leaders
	callers int             // who were in the batch that ended last, or waited then
}

// waiter is one command in the queue of its committer.
type waiter struct {
	cmd    *command
	picked bool          // part of a batch: it may have its effect from here on
	led    bool          // told to lead
	lead   chan struct{} // closed when it has to lead; nil when it leads from the start
	done   chan struct{} // closed when it is answered; nil when it leads from the start
	told   bool
	answer answer // its one answer, once told
}

// tell gives the waiter its answer; the first one counts.
func (w *waiter) tell(a answer) {
	if w.told {
		return
	}
	w.told, w.answer = true, a
	if w.done != nil {
		close(w.done)
	}
}

// answer is what became of one attempt: an entry, a claim to be confirmed by
// the caller, or an error that stands.
type answer struct {
	entry *Entry  // recorded now
	taken *Sealed // recorded before, under the same key
	claim *claim
	err   error
}

// claim is an answer without an entry, true if the book's head and the
// operator's row are still these.
type claim struct {
	head     Head
	operator int64 // version of the row
	switches int64 // of theirs, where the command relies on them
	err      error
}

func newCommitter(e *Engine) *committer {
	k := &committer{eng: e, flying: map[BookID]bool{}}
	k.idle.L = &k.mu
	return k
}

// submit has the command decided and its change committed. A caller whose
// context ends before the command was picked up had no effect.
func (k *committer) submit(ctx context.Context, c *command) answer {
	w := &waiter{cmd: c}
	k.mu.Lock()
	if len(k.queue) >= k.eng.cfg.MaxQueue {
		k.mu.Unlock()
		return answer{err: fmt.Errorf("%w: too many commands are waiting", ErrUnavailable)}
	}
	k.queue = append(k.queue, w)
	first := k.leaders < k.eng.cfg.Committers && !k.flying[c.book]
	if first {
		k.elect(w)
	} else {
		w.lead, w.done = make(chan struct{}), make(chan struct{})
	}
	k.mu.Unlock()
	if first {
		return k.run(w)
	}
	select {
	case <-w.done:
		return w.answer
	case <-w.lead:
		return k.run(w)
	case <-ctx.Done():
		return k.leave(ctx, w)
	}
}

// leave answers a caller that cannot wait any longer.
func (k *committer) leave(ctx context.Context, w *waiter) answer {
	k.mu.Lock()
	if w.picked {
		k.mu.Unlock()
		select {
		case <-w.done:
			return w.answer
		default:
			return answer{err: &UnknownOutcomeError{Book: w.cmd.book, Key: w.cmd.intent.Key, Err: context.Cause(ctx)}}
		}
	}
	for i, q := range k.queue {
		if q == w {
			k.queue = append(k.queue[:i:i], k.queue[i+1:]...)
			break
		}
	}
	if w.led {
		delete(k.flying, w.cmd.book)
		k.leaders--
		k.handOver()
	}
	k.mu.Unlock()
	return answer{err: ctx.Err()}
}

// handOver makes the first in the queue whose book is free a leader, while
// there may be one more. k.mu is held.
func (k *committer) handOver() {
	for _, q := range k.queue {
		if k.leaders >= k.eng.cfg.Committers {
			return
		}
		if !q.led && !k.flying[q.cmd.book] {
			k.elect(q)
			close(q.lead)
			return // he takes all that are free
		}
	}
	if k.leaders == 0 {
		k.idle.Broadcast()
	}
}

// elect makes a waiter a leader; his book is his from now on. k.mu is held.
func (k *committer) elect(w *waiter) {
	k.leaders++
	w.led = true
	k.flying[w.cmd.book] = true
}

// run leads one batch, in which the leader's own command is.
func (k *committer) run(w *waiter) answer {
	k.gather()
	batch := k.pick(w)
	k.mu.Unlock()

	defer func() {
		k.mu.Lock()
		k.callers = len(batch) + len(k.queue)
		for _, q := range batch {
			delete(k.flying, q.cmd.book)
		}
		k.leaders--
		k.handOver()
		k.mu.Unlock()
	}()
	ctx, cancel := context.WithTimeout(context.Background(), k.eng.cfg.CommitTimeout)
	defer cancel()
	k.eng.process(ctx, batch)
	return w.answer
}

// pick takes from the queue what is free to go with its leader, in order, and
// marks the books. What would not fit has a leader of its own, if there may be
// one more. k.mu is held.
func (k *committer) pick(w *waiter) []*waiter {
	batch, left := []*waiter{w}, make([]*waiter, 0, len(k.queue))
	for _, q := range k.queue {
		switch {
		case q == w:
		case len(batch) == k.eng.cfg.MaxBatch, k.flying[q.cmd.book] && q.cmd.book != w.cmd.book:
			left = append(left, q)
		default:
			batch = append(batch, q)
		}
	}
	k.queue = left
	for _, q := range batch {
		q.picked = true
		k.flying[q.cmd.book] = true
	}
	k.handOver()
	return batch
}

// gather lets callers that were answered a moment ago come back first: they
// make the batch fuller, and a commit costs far more than they take. A lone
// caller waits for nobody. It leaves k.mu held.
func (k *committer) gather() {
	k.mu.Lock()
	for turns := 4 * k.callers; turns > 4 && len(k.queue) < min(k.callers, k.eng.cfg.MaxBatch); turns-- {
		k.mu.Unlock()
		runtime.Gosched()
		k.mu.Lock()
	}
}

// drain waits until nothing is in flight.
func (k *committer) drain() {
	k.mu.Lock()
	defer k.mu.Unlock()
	for k.leaders > 0 {
		k.idle.Wait()
	}
}
