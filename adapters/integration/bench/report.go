package main

import (
	"fmt"
	"slices"
	"text/tabwriter"
	"time"
)

// report is what is printed of one measurement.
type report struct{ table *tabwriter.Writer }

// speeds prints entrants with what they are compared with.
func (r *report) speeds(loads ...*load) {
	r.line("", "side", "operations/s", "each", "allocations", "bytes", "ratio", "lowest to highest")
	for _, l := range loads {
		for _, e := range l.all {
			each := time.Duration(median(e.took.nanos)).Round(time.Microsecond / 10)
			id, ratio, spread := "", "", ""
			for i, n := range e.notes {
				if i > 0 {
					r.line(id, e.name, e.took.perSecond(), each, shown(e.took.allocs), shown(e.took.bytes), ratio, spread)
				}
				a, b := e.took, n.with.took
				if !n.slow {
					a, b = b, a
				}
				all := ratios(a, b)
				id, ratio = n.id, hundredths(all[len(all)/2])+" "+n.what
				spread = hundredths(all[0]) + " to " + hundredths(all[len(all)-1])
			}
			r.line(id, e.name, e.took.perSecond(), each, shown(e.took.allocs), shown(e.took.bytes), ratio, spread)
		}
	}
}

// times prints medians of what was timed, and the ratio of the last to the first.
func (r *report) times(id, first string, a []int64, second string, b []int64) {
	r.line("", "side", "median", "lowest to highest", "ratio")
	show := func(all []int64) (string, string) {
		d := func(n int64) string { return time.Duration(n).Round(time.Microsecond).String() }
		return d(median(all)), d(slices.Min(all)) + " to " + d(slices.Max(all))
	}
	m, spread := show(a)
	r.line("", first, m, spread, "")
	m, spread = show(b)
	r.line(id, second, m, spread, hundredths(100*median(b)/max(median(a), 1)))
}

func (r *report) line(cells ...any) {
	for i, c := range cells {
		if i > 0 {
			_, _ = fmt.Fprint(r.table, "\t")
		}
		_, _ = fmt.Fprint(r.table, c)
	}
	_, _ = fmt.Fprintln(r.table)
}
