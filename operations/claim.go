package operations

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/onbehalf/onbehalf/tenancy"
)

// rotas are which tenant had its turn last, by topic.
type rotas struct {
	mu   sync.Mutex
	last map[Topic]tenancy.TenantID
}

func (t *rotas) after(topic Topic) tenancy.TenantID {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.last[topic]
}

func (t *rotas) served(topic Topic, tenant tenancy.TenantID) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.last == nil {
		t.last = make(map[Topic]tenancy.TenantID)
	}
	t.last[topic] = tenant
}

// claimed is the tickets of one claim.
type claimed struct {
	eng     *Engine
	tickets []Ticket
	full    bool // there may be more
	until   time.Time
}

// claim takes tickets that nobody else gets before the lease has run out.
func (e *Engine) claim(ctx context.Context, topic Topic, limit int) (*claimed, error) {
	now := instant(e.cfg.Clock.Now())
	c := &claimed{eng: e, until: now.Add(e.cfg.Lease)}
	var err error
	c.tickets, err = e.store.Claim(ctx, ClaimQuery{
		Topic: topic, Holder: e.cfg.IDs.NewID(), Now: now, Until: c.until, Limit: limit, After: e.rotas.after(topic),
	})
	if err != nil {
		return nil, e.failed(ctx, fmt.Errorf("claim from the queue: %w", err))
	}
	c.full = len(c.tickets) >= limit
	if n := len(c.tickets); n > 0 {
		e.rotas.served(topic, c.tickets[n-1].Tenant)
	}
	return c, nil
}

func (c *claimed) now() time.Time { return instant(c.eng.cfg.Clock.Now()) }

// lasts tells whether so much of the lease is left.
func (c *claimed) lasts(d time.Duration) bool { return !c.now().Add(d).After(c.until) }

// The bounds of how long a ticket is left alone.
const (
	shortPause = 30 * time.Second
	longPause  = time.Hour
)

// pause is how long a ticket that failed so often is left alone.
func pause(tries int) time.Duration {
	p := shortPause
	for n := 1; n < tries && p < longPause; n++ {
		p *= 2
	}
	return min(p, longPause)
}

// settleTime bounds a settlement, which is made though the caller has left.
const settleTime = 5 * time.Second

// settle ends the claim of a ticket, if it is still in one. Where that fails the
// lease runs out.
func (c *claimed) settle(ctx context.Context, t *Ticket, s Settlement) {
	if t.Holder == "" {
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), settleTime)
	defer cancel()
	if err := c.eng.store.Settle(ctx, *t, s); err != nil {
		c.eng.cfg.Log.LogAttrs(ctx, slog.LevelWarn, "ticket not settled", t.attrs(err)...)
	}
}

// giveBack leaves a ticket to whoever comes next, as if it had not been claimed.
func (c *claimed) giveBack(ctx context.Context, t *Ticket) {
	c.settle(ctx, t, Settlement{Ready: c.now(), Tries: t.Tries - 1})
}

// later leaves a ticket alone for a quarter of the time it has waited already:
// nothing failed, and there was nothing to do.
func (c *claimed) later(ctx context.Context, t *Ticket) {
	now := c.now()
	c.settle(ctx, t, Settlement{Ready: now.Add(min(max(now.Sub(t.Due)/4, shortPause), longPause))})
}

// failed leaves a ticket alone the longer the more often it failed, and in the
// end parks it; it gives how many it parked. Where the caller has left, nothing
// has failed.
func (c *claimed) failed(ctx context.Context, t *Ticket, err error) (parked int) {
	switch {
	case ctx.Err() != nil:
		c.giveBack(ctx, t)
	case t.Tries >= c.eng.cfg.MaxTries:
		c.eng.cfg.Log.LogAttrs(ctx, slog.LevelError, "parked after too many failures", t.attrs(err)...)
		c.settle(ctx, t, Settlement{Tries: t.Tries})
		return 1
	default:
		c.eng.cfg.Log.LogAttrs(ctx, slog.LevelWarn, "failed, to be tried again", t.attrs(err)...)
		c.settle(ctx, t, Settlement{Ready: c.now().Add(pause(t.Tries)), Tries: t.Tries})
	}
	return 0
}

func (t *Ticket) attrs(err error) []slog.Attr {
	return []slog.Attr{
		slog.String("topic", string(t.Topic)), slog.String("book", t.Book().String()),
		slog.String("operation", string(t.Operation)), slog.Int("tries", t.Tries), slog.Any("error", err),
	}
}

// Parked lists what failed too often, or for too long, and is not tried any
// more, by place after the given one. Nobody's permission is asked for: call it,
// as Bootstrap, from where only the owner of the database can. Limit as for
// Book.History; a page shorter than its limit is the last. Errors: invalid,
// unavailable.
func (e *Engine) Parked(ctx context.Context, tenant tenancy.TenantID, after TicketPlace, limit int) ([]Ticket, error) {
	limit, err := bounded(limit)
	if err != nil {
		return nil, err
	}
	if err := tenancy.CheckID("tenant", string(tenant)); err != nil {
		return nil, err
	}
	parked, err := e.store.Parked(ctx, tenant, after, limit)
	if err != nil {
		return nil, e.failed(ctx, fmt.Errorf("list what is parked: %w", err))
	}
	return parked, nil
}

// Requeue has a parked ticket tried again at once, as if it had never failed.
// Nobody's permission is asked for, as with Parked. Errors: invalid, not found
// when no such ticket is parked, unavailable.
func (e *Engine) Requeue(ctx context.Context, tenant tenancy.TenantID, place TicketPlace) error {
	if err := tenancy.CheckID("tenant", string(tenant)); err != nil {
		return err
	}
	found, err := e.store.Requeue(ctx, tenant, place, instant(e.cfg.Clock.Now()))
	if err != nil {
		return e.failed(ctx, fmt.Errorf("requeue: %w", err))
	}
	if !found {
		return ErrNotFound
	}
	return nil
}
