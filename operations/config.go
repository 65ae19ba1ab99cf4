package operations

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"slices"
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

	// Fees charged to the customer, in this order. Names must differ.
	Fees []FeeRule

	// Limits on what is done in a day, a month or at a time. Names must differ.
	Limits []Limit

	// Approvals that operations need of other persons. Names must differ.
	Approvals []Approval

	// Zone is where the firm's days begin, for limits. Nil: UTC. Zones are those
	// of tenants with another.
	Zone  *time.Location
	Zones map[tenancy.TenantID]*time.Location

	// Providers by the name that orders give in Via. DeskName is always there: it is
	// the manual desk, and no other can have its name.
	Providers map[string]Provider

	// PolicyVersion is recorded with every entry, so that it can be told later
	// by which rules it was decided. At most 64 bytes; may be empty.
	PolicyVersion string

	// Gate says who may open which scope. Its Observe is called beside Access.
	Gate tenancy.Policy

	// TermsValid is how long prepared terms stand, and how long what has come due
	// waits to be priced anew. Zero: 15 minutes. At most 30 days.
	TermsValid time.Duration

	// Caps bound what is open in one book.
	Caps Caps

	// MaxSkew is how far the clock may be behind a book's newest entry before
	// its commands are unavailable; within it the entry's time is used. Zero: 5
	// seconds. At most an hour.
	MaxSkew time.Duration

	// Committers is how many batches may be in flight at a time, a book in one of
	// them at most. Zero: 1, which is right for SQLite and memory. At most 64.
	Committers int

	// MaxBatch is the most commands in one batch. Zero: 256. At most 4096.
	MaxBatch int

	// MaxQueue is the most commands that may wait for a committer; beyond it
	// they are unavailable at once. Zero: 4096. At most 1,048,576.
	MaxQueue int

	// CommitTimeout bounds one batch, its repetitions included; it runs on
	// though its callers leave. Zero: 30 seconds. At most 10 minutes.
	CommitTimeout time.Duration

	// Lease is how long Work and Deliver have for what they claim from the queue,
	// before others may claim it. Zero: 5 minutes, or four times the longest
	// Timeout of a provider if that is longer. At least twice that Timeout, and at
	// most a day. Engines over one store should have clocks that agree.
	Lease time.Duration

	// MaxTries is how often one item of the queue may fail in a row before it is
	// parked. Zero: 8, which takes about an hour. At most 100.
	MaxTries int

	// Outbox has every entry that is committed from now on delivered by Deliver.
	// It should be the same for all engines over one store.
	Outbox bool

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

// AccessEvent is one reading, one scope opened, or one refused attempt.
type AccessEvent struct {
	At         time.Time
	Scope      tenancy.Scope      // zero when none was given
	Operator   tenancy.OperatorID // who it was, or says he is
	Tenant     tenancy.TenantID
	Customer   tenancy.CustomerID // whose book; empty for the firm's lists
	What       string             // the method or action; "enter" for opening a scope
	Allowed    bool
	Unmet      []Unmet // why not; empty for what is told as not found
	Unrecorded bool    // a refusal beyond those recorded in the book
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
	if c.Lease == 0 {
		c.Lease = max(5*time.Minute, 4*c.longestTimeout())
	}
	if c.MaxTries == 0 {
		c.MaxTries = 8
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
	errs := []error{
		within("TermsValid", c.TermsValid, time.Second, 30*24*time.Hour),
		within("MaxSkew", c.MaxSkew, 0, time.Hour),
		within("CommitTimeout", c.CommitTimeout, time.Millisecond, 10*time.Minute),
		within("Committers", c.Committers, 1, 64),
		within("MaxBatch", c.MaxBatch, 1, 4096),
		within("MaxQueue", c.MaxQueue, 1, 1<<20),
		within("MaxTries", c.MaxTries, 1, 100),
		within("Lease", c.Lease, max(time.Second, 2*c.longestTimeout()), 24*time.Hour),
		within("Caps.Accounts", c.Caps.Accounts, 1, 4096),
		within("Caps.Open", c.Caps.Open, 1, 4096),
		within("Caps.Grants", c.Caps.Grants, 1, 4096),
		within("Caps.Operators", c.Caps.Operators, 1, 65536),
		within("Caps.Currencies", c.Caps.Currencies, 1, 4096),
		within("Caps.Settings", c.Caps.Settings, 1, 4096),
		tenancy.CheckText("PolicyVersion", c.PolicyVersion, 64),
	}
	errs = append(errs, checkFees(c.Fees), checkLimits(c.Limits), checkApprovals(c.Approvals))
	for i, r := range c.Rules {
		if r == nil {
			errs = append(errs, tenancy.Invalid(fmt.Sprintf("Rules[%d]", i), "is nil"))
		}
	}
	return errors.Join(errs...)
}

// longestTimeout is the longest that a provider may take to answer.
func (c Config) longestTimeout() time.Duration {
	longest := time.Duration(0)
	for _, p := range c.Providers {
		if p != nil {
			longest = max(longest, p.Contract().timeout())
		}
	}
	return min(longest, 6*time.Hour)
}

func within[T int | time.Duration](field string, n, lo, hi T) error {
	if n < lo || n > hi {
		return tenancy.Invalid(field, fmt.Sprintf("is %v and must be %v to %v", n, lo, hi))
	}
	return nil
}

func newRulebook(c Config) (*rulebook, error) {
	c = c.defaulted()
	errs := []error{c.validate()}
	r := &rulebook{
		kinds: map[string]Kind{}, rules: c.Rules, providers: map[string]Provider{DeskName: Desk{}},
		fees: c.Fees, limits: limitsOf(c.Limits), approvals: c.Approvals, zone: c.Zone, zones: c.Zones,
		assets: c.Assets, caps: c.Caps, policy: c.PolicyVersion, validFor: c.TermsValid, skew: c.MaxSkew, log: c.Log,
	}
	for i, k := range append(builtinKinds(), c.Kinds...) {
		field := fmt.Sprintf("Kinds[%d]", i-len(builtinKinds()))
		switch {
		case k == nil:
			errs = append(errs, tenancy.Invalid(field, "is nil"))
		case tenancy.CheckID("kind", k.Name()) != nil || k.Name() == KindReversal:
			errs = append(errs, tenancy.Invalid(field, fmt.Sprintf("cannot be named %q", k.Name())))
		case r.kinds[k.Name()] != nil:
			errs = append(errs, tenancy.Invalid(field, fmt.Sprintf("is named %q as another kind is", k.Name())))
		default:
			r.kinds[k.Name()] = k
		}
	}
	for _, name := range slices.Sorted(maps.Keys(c.Providers)) {
		field := fmt.Sprintf("Providers[%q]", name)
		p := c.Providers[name]
		if p == nil {
			errs = append(errs, tenancy.Invalid(field, "is nil"))
			continue
		}
		if k := p.Contract(); k.Timeout < 0 || k.Finality < 0 {
			errs = append(errs, tenancy.Invalid(field, "promises a negative Timeout or Finality"))
		}
		errs = append(errs, accounts.CheckProvider(field, name))
		if name == DeskName {
			errs = append(errs, tenancy.Invalid(field, "has the name of the manual desk, where orders go that name no provider: give it another"))
		}
		r.providers[name] = p
	}
	errs = append(errs, r.matched())
	if err := errors.Join(errs...); err != nil {
		return nil, fmt.Errorf("config: %w", err)
	}
	return r, nil
}
