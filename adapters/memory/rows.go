package memory

import "slices"

// chunk is how many rows stand together. It is a trade between the copies a
// growing slice makes and what a small book leaves unused.
const chunk = 16

// rows is a list that only grows. Once it has a chunk it never copies a row
// again, as one slice would each time it grows.
type rows[T any] struct {
	full [][]T // chunks of exactly that many
	last []T
}

func (r *rows[T]) add(row T) {
	if len(r.last) == chunk {
		r.full = append(r.full, r.last)
		r.last = make([]T, 0, chunk)
	}
	r.last = append(r.last, row)
}

func (r *rows[T]) len() int { return len(r.full)*chunk + len(r.last) }

// at gives the row at an index that the list has.
func (r *rows[T]) at(i int) *T {
	if c := i / chunk; c < len(r.full) {
		return &r.full[c][i%chunk]
	}
	return &r.last[i%chunk]
}

// appendTo copies the rows from the first index up to the second to a slice.
func (r *rows[T]) appendTo(to []T, first, end int) []T {
	if first >= end {
		return to
	}
	to = slices.Grow(to, end-first)
	for i := first; i < end; {
		part := r.last
		if c := i / chunk; c < len(r.full) {
			part = r.full[c]
		}
		part = part[i%chunk : min(len(part), i%chunk+end-i)]
		to = append(to, part...)
		i += len(part)
	}
	return to
}
