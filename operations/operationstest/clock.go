package operationstest

import (
	"sync"
	"time"

	"github.com/onbehalf/onbehalf/operations"
)

// Start is when tests begin: Monday, 2 November 2026, 09:00 UTC. The zero Clock
// stands there, and so does a BookSpec without a time.
func Start() time.Time { return time.Date(2026, time.November, 2, 9, 0, 0, 0, time.UTC) }

// Clock is an operations.Clock that stands still until it is told otherwise.
// The zero value stands at Start. It is safe for concurrent use.
type Clock struct {
	mu     sync.Mutex
	offset time.Duration
}

var _ operations.Clock = (*Clock)(nil)

// NewClock gives a clock that stands at this time.
func NewClock(at time.Time) *Clock {
	c := &Clock{}
	c.Set(at)
	return c
}

// Now is where the clock stands, in UTC.
func (c *Clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return Start().Add(c.offset)
}

// Set moves the clock to a time, which may be an earlier one: an engine whose
// clock is too far behind a book is unavailable for it.
func (c *Clock) Set(to time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.offset = to.Sub(Start())
}

// Advance moves the clock on and tells where it stands then.
func (c *Clock) Advance(by time.Duration) time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.offset += by
	return Start().Add(c.offset)
}
