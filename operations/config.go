package operations

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"time"

	"github.com/onbehalf/onbehalf/accounts"
	"github.com/onbehalf/onbehalf/tenancy"
)

// Config is everything about an engine that a host may choose. The zero value
// works: fiat assets, the four built-in kinds, the manual desk, no rules of
// the firm's own.
type Config struct {
	// Assets the firm deals in. Zero: every current fiat currency, no crypto.
	Assets accounts.Assets

	// Kinds of the host's own, beside deposit, withdrawal, transfer and
	// adjustment. Names must differ from those and from each other.
	Kinds []Kind

	// Rules that every operation must meet, beside eligibility and funds.
	Rules []Rule

	// Providers by the name that orders give in Via. "desk" is always there and
	// is the manual desk unless another is given.
	Providers map[string]Provider

	// PolicyVersion is recorded with every entry, so that it can be told later
	// by which rules it was decided. At most 64 bytes; may be empty.
	PolicyVersion string

	// Gate says who may open which scope.
	Gate tenancy.Policy

	// TermsValid is how long prepared terms stand. Zero: 15 minutes. At most 30 days.
	TermsValid time.Duration

	// Caps bound what is open in one book.
	Caps Caps

	// MaxSkew is how far the clock may be behind a book's newest entry before
	// its commands are unavailable; within it the entry's time is used. Zero: 5
	// seconds.
	MaxSkew time.Duration

	// Committers is how many batches may be in flight at a time; each book
	// belongs to one. Zero: 1, which is right for SQLite and memory. At most 64.
	Committers int

	// MaxBatch is the most commands in one batch. Zero: 256. At most 4096.
	MaxBatch int

	// MaxQueue is the most commands that may wait for a committer; beyond it
	// they are unavailable at once. Zero: 4096.
	MaxQueue int

	// CommitTimeout bounds one batch, its repetitions included; it runs on
	// though its callers leave. Zero: 30 seconds.
	CommitTimeout time.Duration

	// CacheBytes bounds the folded books kept in memory. Zero: 64 MiB.
	// Negative: none are kept.
	CacheBytes int64

	// Clock, IDs and Entropy are the engine's only sources of what is not
	// decided. Zero: the system's clock, UUIDv7, crypto/rand.
	Clock   Clock
	IDs     IDSource
	Entropy io.Reader

	// Log takes what went wrong inside, without personal data or amounts. Nil: discarded.
	Log *slog.Logger

	// Access is told of every reading and every attempt without access. Nil:
	// discarded.
	Access AccessLog
}

// AccessLog takes what never goes to a book: readings, and attempts without
// access. It is called from many goroutines and must not block for long.
type AccessLog interface{ Access(e AccessEvent) }

// AccessFunc is an AccessLog of one function.
type AccessFunc func(AccessEvent)

// Access calls f.
func (f AccessFunc) Access(e AccessEvent) { f(e) }

// AccessEvent is one reading or refused attempt.
type AccessEvent struct {
	At       time.Time
	Scope    tenancy.Scope // zero when none was given
	What     string        // the method or action
	Allowed  bool
	Unmet    []Unmet // why not
	Unlisted bool    // a refusal beyond those recorded in the book
}

func (c Config) defaulted() Config {
	if c.TermsValid == 0 {
		c.TermsValid = 15 * time.Minute
	}
	if c.MaxSkew == 0 {
		c.MaxSkew = 5 * time.Second
	}
	if c.Committers == 0 {
		c.Committers = 1
	}
	if c.MaxBatch == 0 {
		c.MaxBatch = 256
	}
	if c.MaxQueue == 0 {
		c.MaxQueue = 4096
	}
	if c.CommitTimeout == 0 {
		c.CommitTimeout = 30 * time.Second
	}
	if c.CacheBytes == 0 {
		c.CacheBytes = 64 << 20
	}
	if c.Clock == nil {
		c.Clock = systemClock{}
	}
	if c.IDs == nil {
		c.IDs = uuids{}
	}
	if c.Entropy == nil {
		c.Entropy = rand.Reader
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	if c.Access == nil {
		c.Access = AccessFunc(func(AccessEvent) {})
	}
	c.Caps = c.Caps.defaulted()
	return c
}

// validate reports every problem at once; c is defaulted.
func (c Config) validate() error {
	var errs []error
	within := func(field string, n, lo, hi int64) {
		if n < lo || n > hi {
			errs = append(errs, fmt.Errorf("config: %s is %d, must be %d to %d", field, n, lo, hi))
		}
	}
	within("TermsValid in seconds", int64(c.TermsValid/time.Second), 1, int64(30*24*time.Hour/time.Second))
	within("MaxSkew in seconds", int64(c.MaxSkew/time.Second), 0, 3600)
	within("Committers", int64(c.Committers), 1, 64)
	within("MaxBatch", int64(c.MaxBatch), 1, 4096)
	within("MaxQueue", int64(c.MaxQueue), 1, 1<<20)
	within("CommitTimeout in milliseconds", c.CommitTimeout.Milliseconds(), 1, 600_000)
	within("Caps.Accounts", int64(c.Caps.Accounts), 1, 4096)
	within("Caps.Open", int64(c.Caps.Open), 1, 4096)
	within("Caps.Grants", int64(c.Caps.Grants), 1, 4096)
	within("Caps.Operators", int64(c.Caps.Operators), 1, 65536)
	within("Caps.Currencies", int64(c.Caps.Currencies), 1, 4096)
	if err := tenancy.CheckText("PolicyVersion", c.PolicyVersion, 64); err != nil {
		errs = append(errs, fmt.Errorf("config: %w", err))
	}
	for i, r := range c.Rules {
		if r == nil {
			errs = append(errs, fmt.Errorf("config: Rules[%d] is nil", i))
		}
	}
	return errors.Join(errs...)
}

func newRulebook(c Config) (*rulebook, error) {
	c = c.defaulted()
	errs := []error{c.validate()}
	r := &rulebook{
		kinds: map[string]Kind{}, rules: c.Rules, providers: map[string]Provider{DeskName: Desk{}},
		assets: c.Assets, caps: c.Caps, policy: c.PolicyVersion, validFor: c.TermsValid, skew: c.MaxSkew,
	}
	for i, k := range append(builtinKinds(), c.Kinds...) {
		switch {
		case k == nil:
			errs = append(errs, fmt.Errorf("config: Kinds[%d] is nil", i-len(builtinKinds())))
		case tenancy.CheckID("kind", k.Name()) != nil || k.Name() == KindReversal:
			errs = append(errs, fmt.Errorf("config: %q cannot be the name of a kind", k.Name()))
		case r.kinds[k.Name()] != nil:
			errs = append(errs, fmt.Errorf("config: two kinds are named %q", k.Name()))
		default:
			r.kinds[k.Name()] = k
		}
	}
	for name, p := range c.Providers {
		switch {
		case p == nil:
			errs = append(errs, fmt.Errorf("config: provider %q is nil", name))
		case accounts.CheckProvider("provider", name) != nil:
			errs = append(errs, fmt.Errorf("config: %q cannot be the name of a provider", name))
		default:
			r.providers[name] = p
		}
	}
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	return r, nil
}
