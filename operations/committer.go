package operations

import (
	"context"
	"fmt"
	"runtime"
	"sync"
)

// committer is group commit without a resident goroutine: commands that come
// while a batch is in flight gather, and the first of them leads the next
// batch for all. A lone command goes at once.
type committer struct {
	eng *Engine

	mu      sync.Mutex
	idle    sync.Cond // leading became false
	queue   []*waiter
	leading bool
	callers int // who were in the last batch or waited when it ended
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
	err      error
}

func newCommitter(e *Engine) *committer {
	k := &committer{eng: e}
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
	first := !k.leading
	if first {
		k.leading, w.led = true, true
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
		k.handOver()
	}
	k.mu.Unlock()
	return answer{err: ctx.Err()}
}

// handOver makes the first in the queue the leader, or nobody. k.mu is held.
func (k *committer) handOver() {
	if len(k.queue) == 0 {
		k.leading = false
		k.idle.Broadcast()
		return
	}
	k.queue[0].led = true
	close(k.queue[0].lead)
}

// run leads one batch, in which the leader's own command is the first.
func (k *committer) run(w *waiter) answer {
	k.gather()
	n := min(len(k.queue), k.eng.cfg.MaxBatch)
	batch := k.queue[:n:n]
	k.queue = append([]*waiter(nil), k.queue[n:]...)
	for _, q := range batch {
		q.picked = true
	}
	k.mu.Unlock()

	defer func() {
		k.mu.Lock()
		k.callers = n + len(k.queue)
		k.handOver()
		k.mu.Unlock()
	}()
	ctx, cancel := context.WithTimeout(context.Background(), k.eng.cfg.CommitTimeout)
	defer cancel()
	k.eng.process(ctx, batch)
	return w.answer
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
	for k.leading {
		k.idle.Wait()
	}
}
