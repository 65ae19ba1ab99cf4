package httpapi

import (
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"time"

	"github.com/onbehalf/onbehalf/operations"
	"github.com/onbehalf/onbehalf/tenancy"
)

// MinSecret is the least length of Config.Secret in bytes.
const MinSecret = 32

// Config is what a host may choose. Only Authenticate is required.
type Config struct {
	// Authenticate tells who asks, from whatever the host logs people in by. Its
	// error is answered as unauthenticated, or as unavailable where it wraps
	// tenancy.ErrUnavailable; its text goes nowhere. It is called by many
	// goroutines, once for each request.
	Authenticate func(*http.Request) (tenancy.Principal, error)

	// Secret seals page contexts and cursors: at least MinSecret random bytes, the
	// same for all handlers a client may reach. Nil: drawn by New, and pages open
	// their contexts anew after a restart.
	Secret []byte

	// ReadOnly refuses every command.
	ReadOnly bool

	// Limit may refuse a request of an authenticated operator for some time: for
	// rates by operator, by customer (PathValue("customer"), empty on routes of the
	// firm; it may be one that nobody has) or whatever the host counts. It is called
	// by many goroutines, once for each request. Nil: there is no limit.
	Limit func(*http.Request, tenancy.Principal) (retryAfter time.Duration, ok bool)

	// TrustedOrigins are other origins, such as https://desk.example, whose pages
	// may send commands with the operator's cookies. Empty: none.
	TrustedOrigins []string

	// MaxBody is the largest request body in bytes. Zero: 256 KiB. At most 1 MiB.
	MaxBody int64

	// BodyTimeout bounds the reading of a request body. Zero: 15 seconds.
	BodyTimeout time.Duration

	// Timeout bounds a request but for streams. What is in flight then goes on,
	// and the answer is unknown outcome. Zero: 30 seconds.
	Timeout time.Duration

	// WriteTimeout bounds how long a client may take to read an answer, or some of a
	// stream. Zero: 30 seconds.
	WriteTimeout time.Duration

	// Poll is how often a stream of events looks for new entries; each look is one
	// reading of the book, and asks for the operator's grant again. Zero: a second.
	Poll time.Duration

	// StreamFor is how long one stream of events lives before its client has to
	// come back, and be authenticated again. Zero: 5 minutes.
	StreamFor time.Duration

	// MaxStreams is how many exports and streams of events there may be at a time;
	// beyond it they are unavailable. Each handler counts its own: where one process
	// mounts several, share what it can bear among them. Zero: 256.
	MaxStreams int

	// Clock tells when page contexts end; it should be the engine's. Nil: the
	// system's.
	Clock operations.Clock

	// Log takes panics and faults inside, without personal data or amounts. Nil:
	// discarded.
	Log *slog.Logger
}

func (c Config) defaulted() Config {
	def(&c.MaxBody, 256<<10)
	def(&c.BodyTimeout, 15*time.Second)
	def(&c.Timeout, 30*time.Second)
	def(&c.WriteTimeout, 30*time.Second)
	def(&c.Poll, time.Second)
	def(&c.StreamFor, 5*time.Minute)
	def(&c.MaxStreams, 256)
	if c.Clock == nil {
		c.Clock = operations.SystemClock()
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	return c
}

func def[T comparable](field *T, value T) {
	var zero T
	if *field == zero {
		*field = value
	}
}

// validate reports every problem at once; c is defaulted.
func (c Config) validate() error {
	var errs []error
	if c.Authenticate == nil {
		errs = append(errs, tenancy.Invalid("Authenticate", "is required"))
	}
	if n := len(c.Secret); c.Secret != nil && n < MinSecret {
		errs = append(errs, tenancy.Invalid("Secret", fmt.Sprintf("has %d bytes and must have %d at least", n, MinSecret)))
	}
	return errors.Join(append(errs,
		within("MaxBody", c.MaxBody, 1<<10, 1<<20),
		within("BodyTimeout", c.BodyTimeout, time.Millisecond, 10*time.Minute),
		within("Timeout", c.Timeout, time.Millisecond, 10*time.Minute),
		within("WriteTimeout", c.WriteTimeout, time.Millisecond, 10*time.Minute),
		within("Poll", c.Poll, time.Millisecond, time.Minute),
		within("StreamFor", c.StreamFor, time.Millisecond, 24*time.Hour),
		within("MaxStreams", c.MaxStreams, 1, 1<<20),
	)...)
}

func within[T int | int64 | time.Duration](field string, n, lo, hi T) error {
	if n < lo || n > hi {
		return tenancy.Invalid(field, fmt.Sprintf("is %v and must be %v to %v", n, lo, hi))
	}
	return nil
}
