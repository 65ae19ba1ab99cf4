package trading

import (
	"errors"
	"sync"
	"time"

	"github.com/onbehalf/onbehalf/tenancy"
)

// Breaker says when a provider that does not quote is left alone: after so many
// failures in a row for a while, which doubles each time it fails again when it
// is asked the next time. It is for quotes alone; what executes is never given
// up or sent elsewhere.
type Breaker struct {
	Failures int           // in a row. Zero: 5. At most 1000
	Pause    time.Duration // at first. Zero: a second
	MaxPause time.Duration // Zero: a minute, or Pause if that is longer. At most a day
}

func (b Breaker) defaulted() Breaker {
	if b.Failures == 0 {
		b.Failures = 5
	}
	if b.Pause == 0 {
		b.Pause = time.Second
	}
	if b.MaxPause == 0 {
		b.MaxPause = max(time.Minute, b.Pause)
	}
	return b
}

func (b Breaker) validate() error {
	var errs []error
	if b.Failures < 1 || b.Failures > 1000 {
		errs = append(errs, tenancy.Invalid("Breaker.Failures", "is not 1 to 1000"))
	}
	if b.Pause < time.Millisecond || b.Pause > b.MaxPause || b.MaxPause > 24*time.Hour {
		errs = append(errs, tenancy.Invalid("Breaker.Pause", "is below a millisecond or above MaxPause, or that above a day"))
	}
	return errors.Join(errs...)
}

// breakers keep count of every provider; the engine's clock is theirs.
type breakers struct {
	cfg Breaker
	mu  *sync.Mutex
	of  map[string]*breaker
}

type breaker struct {
	failures int
	pause    time.Duration
	until    time.Time // left alone until then
}

func newBreakers(c Breaker) breakers {
	return breakers{cfg: c, mu: &sync.Mutex{}, of: map[string]*breaker{}}
}

// allows tells whether the provider may be asked. When its pause is over one
// request goes through; the others wait for what becomes of it.
func (b breakers) allows(provider string, now time.Time) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	s := b.of[provider]
	if s == nil || s.failures < b.cfg.Failures {
		return true
	}
	if now.Before(s.until) {
		return false
	}
	s.until = now.Add(s.pause)
	return true
}

func (b breakers) failed(provider string, now time.Time) {
	b.mu.Lock()
	defer b.mu.Unlock()
	s := b.of[provider]
	if s == nil {
		s = &breaker{}
		b.of[provider] = s
	}
	s.failures++
	if s.failures < b.cfg.Failures {
		return
	}
	s.pause = min(max(2*s.pause, b.cfg.Pause), b.cfg.MaxPause)
	s.until = now.Add(s.pause)
}

func (b breakers) answered(provider string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	delete(b.of, provider)
}
