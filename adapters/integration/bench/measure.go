package main

import (
	"cmp"
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
	nanos  []int64 // with a timer that is on: its median
	allocs []int64
	bytes  []int64
}

// entrant is a side with what it took.
type entrant struct {
	name  string
	side  side
	took  figures
	notes []note
}

// note compares an entrant with another.
type note struct {
	id   string // R1; empty: beside the line before
	with *entrant
	what string // "of B2 speed"; time, where less is better
	slow bool   // ratio of times, else of speeds
}

// load is a workload with the sides that do it.
type load struct {
	w     *workload
	tasks int // in a round
	all   []*entrant
}

// compare has all sides of a load do the same tasks, load by load in turns, so
// many rounds, and then checks them.
func compare(ctx context.Context, rounds int, loads ...*load) error {
	for range rounds {
		for _, l := range loads {
			same := l.w.next(l.tasks)
			for _, e := range l.all {
				if err := e.took.measure(ctx, e.side, same); err != nil {
					return fmt.Errorf("%s: %w", e.name, err)
				}
			}
		}
	}
	for _, l := range loads {
		for _, e := range l.all {
			if err := e.side.check(ctx, l.w); err != nil {
				return fmt.Errorf("%s: check: %w", e.name, err)
			}
		}
	}
	return nil
}

// timer takes the time of each operation of a side with one caller.
type timer struct {
	on    bool
	nanos []int64
}

func (t *timer) time(do func() error) error {
	if !t.on {
		return do()
	}
	start := time.Now()
	err := do()
	t.nanos = append(t.nanos, time.Since(start).Nanoseconds())
	return err
}

// latency is the median since it was last asked, or 0.
func (t *timer) latency() int64 {
	if len(t.nanos) == 0 {
		return 0
	}
	m := median(t.nanos)
	t.nanos = t.nanos[:0]
	return m
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
	each := took.Nanoseconds() / n
	if t, ok := s.(interface{ latency() int64 }); ok {
		each = cmp.Or(t.latency(), each)
	}
	f.nanos = append(f.nanos, each)
	if _, elsewhere := s.(*processSide); elsewhere { // what it allocates is not to be seen from here
		return nil
	}
	f.allocs = append(f.allocs, int64(after.Mallocs-before.Mallocs)/n)     //nolint:gosec // counts fit
	f.bytes = append(f.bytes, int64(after.TotalAlloc-before.TotalAlloc)/n) //nolint:gosec // counts fit
	return nil
}

// shown is the median, or nothing where nothing was measured.
func shown(all []int64) any {
	if len(all) == 0 {
		return ""
	}
	return median(all)
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
