package operations

import (
	"cmp"
	"slices"
)

// table is an immutable sorted map. with and without give a new table and
// leave the old one as it was, so a folded book can be read by many while the
// next one is made from it; walking it is always in the order of its keys.
// Books are small and capped: copying a slice of pointers beats a tree here.
type table[K cmp.Ordered, V any] struct{ rows []row[K, V] }

type row[K cmp.Ordered, V any] struct {
	key K
	val V
}

func (t table[K, V]) find(key K) (int, bool) {
	low, high := 0, len(t.rows)
	for low < high {
		if mid := (low + high) / 2; t.rows[mid].key < key {
			low = mid + 1
		} else {
			high = mid
		}
	}
	return low, low < len(t.rows) && t.rows[low].key == key
}

func (t table[K, V]) get(key K) (V, bool) {
	if i, ok := t.find(key); ok {
		return t.rows[i].val, true
	}
	var zero V
	return zero, false
}

func (t table[K, V]) len() int { return len(t.rows) }

func (t table[K, V]) with(key K, val V) table[K, V] {
	i, ok := t.find(key)
	if ok {
		rows := slices.Clone(t.rows)
		rows[i].val = val
		return table[K, V]{rows}
	}
	rows := make([]row[K, V], len(t.rows)+1)
	copy(rows, t.rows[:i])
	rows[i] = row[K, V]{key, val}
	copy(rows[i+1:], t.rows[i:])
	return table[K, V]{rows}
}

// grow adds a row to a table that nobody else has yet, in place while the keys
// come in order.
func (t *table[K, V]) grow(key K, val V) {
	if n := len(t.rows); n == 0 || t.rows[n-1].key < key {
		t.rows = append(t.rows, row[K, V]{key, val})
		return
	}
	*t = t.with(key, val)
}

func (t table[K, V]) without(key K) table[K, V] {
	i, ok := t.find(key)
	if !ok {
		return t
	}
	rows := make([]row[K, V], 0, len(t.rows)-1)
	rows = append(rows, t.rows[:i]...)
	return table[K, V]{append(rows, t.rows[i+1:]...)}
}

// all walks the values in the order of their keys.
func (t table[K, V]) all(yield func(K, V) bool) {
	for _, r := range t.rows {
		if !yield(r.key, r.val) {
			return
		}
	}
}

func (t table[K, V]) values() []V {
	vs := make([]V, len(t.rows))
	for i, r := range t.rows {
		vs[i] = r.val
	}
	return vs
}
