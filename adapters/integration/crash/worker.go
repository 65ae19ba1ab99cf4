package main

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/shopspring/decimal"

	"github.com/onbehalf/onbehalf/operations"
	"github.com/onbehalf/onbehalf/tenancy"
)

// ack is what was told of an acknowledged command.
type ack struct {
	key, operation, state string
	customer              tenancy.CustomerID
	seq                   int64
}

// crew is workers on one engine.
type crew struct {
	workers []*worker
	stop    chan struct{}

	ending sync.Once
	mu     sync.Mutex
	failed error
}

func newCrew(eng *operations.Engine, desks []desk, prefix string, workers int, tell func(ack) error) *crew {
	c := &crew{stop: make(chan struct{})}
	for w := range workers {
		name := fmt.Sprintf("%sw%d-", prefix, w)
		seed := uint64(0)
		for _, b := range []byte(name) {
			seed = seed*31 + uint64(b)
		}
		c.workers = append(c.workers, &worker{
			eng: eng, desk: desks[w%len(desks)], prefix: name, stop: c.stop, tell: tell,
			rng: rand.New(rand.NewPCG(seed, uint64(w))), //nolint:gosec // w is small and positive; the draws must be repeatable
		})
	}
	return c
}

// stubborn has every worker repeat what has no answer.
func (c *crew) stubborn() {
	for _, k := range c.workers {
		k.stubborn = true
	}
}

// wait works until somebody ends it or something is wrong.
func (c *crew) wait(ctx context.Context) {
	var wg sync.WaitGroup
	for _, k := range c.workers {
		wg.Go(func() {
			if err := k.work(ctx); err != nil {
				c.fail(err)
			}
		})
	}
	wg.Wait()
}

// end has every worker leave once its command is answered.
func (c *crew) end() { c.ending.Do(func() { close(c.stop) }) }

func (c *crew) fail(err error) {
	c.mu.Lock()
	c.failed = errors.Join(c.failed, err)
	c.mu.Unlock()
	c.end()
}

func (c *crew) err() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.failed
}

// pause is between two tries of one command.
const pause = 5 * time.Millisecond

type worker struct {
	eng    *operations.Engine
	desk   desk
	prefix string
	rng    *rand.Rand
	n      int
	stop   chan struct{}
	tell   func(ack) error

	stubborn bool // repeats a command until it is answered
	repeated int  // commands
}

func (k *worker) work(ctx context.Context) error {
	for {
		select {
		case <-k.stop:
			return nil
		default:
		}
		if err := k.step(ctx); err != nil {
			return err
		}
	}
}

func (k *worker) step(ctx context.Context) error {
	amount := decimal.New(k.rng.Int64N(5000)+1, -2)
	a, b := k.desk.accounts[k.rng.IntN(2)], k.desk.accounts[k.rng.IntN(2)]
	switch k.rng.IntN(5) {
	case 0:
		return k.told(k.submit(ctx, operations.Deposit{To: a, Amount: amount}))
	case 1:
		return k.told(k.submit(ctx, operations.Withdrawal{From: a, Amount: amount}))
	case 2:
		if a == b {
			return nil
		}
		return k.told(k.submit(ctx, operations.Transfer{From: a, To: b, Amount: amount}))
	}
	key, res, err := k.do(ctx, func(in operations.Intent) (operations.Result, error) {
		return k.eng.Prepare(ctx, k.desk.scope, in, operations.Withdrawal{From: a, Amount: amount})
	})
	if err := k.told(key, res, err); err != nil || res.Operation.ID == "" {
		return err
	}
	ref, end := res.Operation.Ref(), k.eng.Execute
	if k.rng.IntN(2) == 0 {
		end = k.eng.Cancel
	}
	return k.told(k.do(ctx, func(in operations.Intent) (operations.Result, error) { return end(ctx, k.desk.scope, in, ref) }))
}

func (k *worker) submit(ctx context.Context, q operations.Request) (string, operations.Result, error) {
	return k.do(ctx, func(in operations.Intent) (operations.Result, error) { return k.eng.Submit(ctx, k.desk.scope, in, q) })
}

// do gives a command under a new key, and the same command again while it has no
// answer, if the worker is stubborn.
func (k *worker) do(ctx context.Context, command func(operations.Intent) (operations.Result, error)) (string, operations.Result, error) {
	k.n++
	in := operations.Intent{Key: fmt.Sprint(k.prefix, k.n)}
	res, err := command(in)
	if !k.stubborn || !unanswered(err) {
		return in.Key, res, err
	}
	k.repeated++
	tick := time.NewTicker(pause)
	defer tick.Stop()
	for unanswered(err) && !errors.Is(err, operations.ErrDamaged) {
		select {
		case <-tick.C:
		case <-ctx.Done():
			return in.Key, res, err
		}
		res, err = command(in)
	}
	return in.Key, res, err
}

func unanswered(err error) bool {
	return errors.Is(err, operations.ErrUnavailable) || errors.Is(err, operations.ErrUnknownOutcome)
}

// told tells of an acknowledged command, of refused ones without an operation;
// those refused beyond what a book records in a minute have no entry and are not
// told.
func (k *worker) told(key string, res operations.Result, err error) error {
	if err != nil && !errors.Is(err, operations.ErrRefused) {
		return fmt.Errorf("%s: %w", key, err)
	}
	if err != nil && res.Seq == 0 {
		return nil
	}
	a := ack{key, string(res.Operation.ID), string(res.Operation.State), k.desk.scope.Customer(), res.Seq}
	if err != nil {
		a.operation, a.state = "-", "refused"
	}
	return k.tell(a)
}
