package operations

import (
	"container/list"
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
	books     map[BookID]*list.Element
	recent    *list.List // of cached, newest use first
	operators map[operatorKey]tenancy.Operator
	counted   map[refusalKey]int64
}

type cached struct {
	f    *Folded
	size int64
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
	return &cache{
		limit: limit, books: map[BookID]*list.Element{}, recent: list.New(),
		operators: map[operatorKey]tenancy.Operator{}, counted: map[refusalKey]int64{},
	}
}

func (c *cache) get(id BookID) *Folded {
	c.mu.Lock()
	defer c.mu.Unlock()
	el, ok := c.books[id]
	if !ok {
		return nil
	}
	c.recent.MoveToFront(el)
	return el.Value.(*cached).f
}

// put keeps f unless a newer one is there.
func (c *cache) put(f *Folded) {
	c.mu.Lock()
	defer c.mu.Unlock()
	size := f.size()
	if el, ok := c.books[f.id]; ok {
		old := el.Value.(*cached)
		if old.f.head.Seq > f.head.Seq {
			return
		}
		c.used += size - old.size
		*old = cached{f, size}
		c.recent.MoveToFront(el)
	} else if size <= c.limit {
		c.books[f.id] = c.recent.PushFront(&cached{f, size})
		c.used += size
	}
	for c.used > c.limit {
		c.drop(c.recent.Back())
	}
}

// evict forgets the book if it still stands at this head or before.
func (c *cache) evict(id BookID, upTo int64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if el, ok := c.books[id]; ok && el.Value.(*cached).f.head.Seq <= upTo {
		c.drop(el)
	}
}

func (c *cache) drop(el *list.Element) {
	old := el.Value.(*cached)
	c.recent.Remove(el)
	delete(c.books, old.f.id)
	c.used -= old.size
}

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
