package operations

import (
	"sync"

	"github.com/onbehalf/onbehalf/tenancy"
)

// cache keeps the newest folded books that were seen, within a bound in bytes,
// and operators' rows. It is a hint: whatever comes from it is confirmed by the
// store before it is an answer.
type cache struct {
	mu        sync.Mutex
	limit     int64
	used      int64
	books     map[BookID]*cached
	ring      cached // of all cached: next is the newest use, prev the oldest
	operators map[operatorKey]tenancy.Operator
	counted   map[refusalKey]int64
}

type cached struct {
	f          *Folded
	size       int64
	prev, next *cached
}

type operatorKey struct {
	tenant   tenancy.TenantID
	operator tenancy.OperatorID
}

type refusalKey struct {
	book     BookID
	operator tenancy.OperatorID
}

// maxSmall bounds the small maps; past it they start anew.
const maxSmall = 100_000

func newCache(limit int64) *cache {
	c := &cache{limit: limit, books: map[BookID]*cached{}, operators: map[operatorKey]tenancy.Operator{}, counted: map[refusalKey]int64{}}
	c.ring.prev, c.ring.next = &c.ring, &c.ring
	return c
}

func (c *cache) get(id BookID) *Folded {
	c.mu.Lock()
	defer c.mu.Unlock()
	e, ok := c.books[id]
	if !ok {
		return nil
	}
	e.unlink()
	c.link(e)
	return e.f
}

// put keeps f unless a newer one is there.
func (c *cache) put(f *Folded) {
	c.mu.Lock()
	defer c.mu.Unlock()
	e, ok := c.books[f.id]
	switch {
	case ok && e.f.head.Seq > f.head.Seq:
		return
	case ok:
		c.used -= e.size
		e.unlink()
	default:
		e = &cached{}
		c.books[f.id] = e
	}
	e.f, e.size = f, f.size()
	c.used += e.size
	c.link(e)
	for c.used > c.limit {
		c.drop(c.ring.prev)
	}
}

// evict forgets the book if it still stands at this head or before.
func (c *cache) evict(id BookID, upTo int64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if e, ok := c.books[id]; ok && e.f.head.Seq <= upTo {
		c.drop(e)
	}
}

func (c *cache) drop(e *cached) {
	e.unlink()
	delete(c.books, e.f.id)
	c.used -= e.size
}

func (c *cache) link(e *cached) {
	e.prev, e.next = &c.ring, c.ring.next
	e.prev.next, e.next.prev = e, e
}

func (e *cached) unlink() { e.prev.next, e.next.prev = e.next, e.prev }

func (c *cache) operator(k operatorKey) (tenancy.Operator, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	o, ok := c.operators[k]
	return o, ok
}

func (c *cache) setOperator(k operatorKey, o tenancy.Operator) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.operators) >= maxSmall {
		clear(c.operators)
	}
	c.operators[k] = o
}

// count adds refusals that were not recorded, or takes off those that now are,
// and gives how many are left to be told of.
func (c *cache) count(k refusalKey, by int64) int64 {
	c.mu.Lock()
	defer c.mu.Unlock()
	n := max(c.counted[k]+by, 0)
	if n == 0 {
		delete(c.counted, k)
		return 0
	}
	if len(c.counted) >= maxSmall {
		clear(c.counted)
	}
	c.counted[k] = n
	return n
}
