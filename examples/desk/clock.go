package main

import (
	"sync"
	"time"

	"github.com/onbehalf/onbehalf/operations"
)

func systemClock() operations.Clock { return operations.ClockFunc(time.Now) }

// movable is a clock that starts now and goes on only when told: the demo does
// not wait a night for a withdrawal that is scheduled for the morning.
type movable struct {
	mu sync.Mutex
	at time.Time
}

func newMovable() *movable { return &movable{at: time.Now()} }

// Now tells where the clock stands.
func (m *movable) Now() time.Time {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.at
}

func (m *movable) set(at time.Time) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.at = at
}
