package main

import (
	"context"
	"fmt"
	"runtime"
	"slices"
	"time"
)

// side is one of two implementations that do the same tasks.
type side interface {
	run(ctx context.Context, tasks []task) error
	// check ends a measurement: a fast wrong answer is a failure.
	check(ctx context.Context, w *workload) error
}

// figures are what one side took, per operation, round by round.
type figures struct {
	nanos  []int64
	allocs []int64
	bytes  []int64
}

// comparison is what came of the rounds of one pair.
type comparison struct {
	engine, baseline figures
}

// compare has both sides do the same tasks, in turns, so many rounds, and then
// checks both.
func compare(ctx context.Context, engine, baseline side, w *workload, rounds, tasks int) (comparison, error) {
	var c comparison
	for range rounds {
		same := w.next(tasks)
		if err := c.baseline.measure(ctx, baseline, same); err != nil {
			return c, fmt.Errorf("baseline: %w", err)
		}
		if err := c.engine.measure(ctx, engine, same); err != nil {
			return c, fmt.Errorf("engine: %w", err)
		}
	}
	if err := baseline.check(ctx, w); err != nil {
		return c, fmt.Errorf("baseline: check: %w", err)
	}
	if err := engine.check(ctx, w); err != nil {
		return c, fmt.Errorf("engine: check: %w", err)
	}
	return c, nil
}

func (f *figures) measure(ctx context.Context, s side, tasks []task) error {
	var before, after runtime.MemStats
	runtime.GC() // what the other side left is not this one's to clear away
	runtime.ReadMemStats(&before)
	start := time.Now()
	if err := s.run(ctx, tasks); err != nil {
		return err
	}
	took := time.Since(start)
	runtime.ReadMemStats(&after)
	n := int64(len(tasks))
	f.nanos = append(f.nanos, took.Nanoseconds()/n)
	f.allocs = append(f.allocs, int64(after.Mallocs-before.Mallocs)/n)     //nolint:gosec // counts fit
	f.bytes = append(f.bytes, int64(after.TotalAlloc-before.TotalAlloc)/n) //nolint:gosec // counts fit
	return nil
}

func median(all []int64) int64 {
	sorted := slices.Sorted(slices.Values(all))
	return sorted[len(sorted)/2]
}

// perSecond is the rate at the median.
func (f *figures) perSecond() int64 { return int64(time.Second) / max(median(f.nanos), 1) }

// ratios are a's time over b's in each round, in hundredths, sorted.
func ratios(a, b figures) []int64 {
	all := make([]int64, len(a.nanos))
	for i := range all {
		all[i] = 100 * a.nanos[i] / max(b.nanos[i], 1)
	}
	slices.Sort(all)
	return all
}

func hundredths(n int64) string { return fmt.Sprintf("%d.%02d", n/100, n%100) }
