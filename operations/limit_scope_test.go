package operations

import (
	"errors"
	"fmt"
	"testing"
	"time"
	_ "time/tzdata" // the zones below, wherever this runs

	"github.com/shopspring/decimal"
	"github.com/stretchr/testify/require"

	"github.com/onbehalf/onbehalf/tenancy"
)

// askedBy makes the order another operator's.
func (b *deskBook) askedBy(op, id string, o Order) (draft, error) {
	c := b.command(ActSubmit, submit(OperationID(id), o))
	c.actors[0].ID = op
	d, err := b.rules.attempt(b.f, c, tenancy.Operator{}, b.now)
	if err != nil {
		return draft{}, err
	}
	return d.draft()
}

func TestDaysAreThoseOfTheTenant(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, time.November, 23, 1, 0, 0, 0, time.UTC) // the 22nd in São Paulo, the 23rd in Tokyo
	zone := func(name string) *time.Location {
		z, err := time.LoadLocation(name)
		require.NoError(t, err)
		return z
	}
	limits := []Limit{{Name: "l", Asset: "BRL", Day: decimal.New(100, 0)}}
	for name, c := range map[string]struct {
		config Config
		day    Day
	}{
		"utc":            {Config{}, "2026-11-23"},
		"the firm's":     {Config{Zone: zone("America/Sao_Paulo")}, "2026-11-22"},
		"the tenant's":   {Config{Zone: zone("America/Sao_Paulo"), Zones: map[tenancy.TenantID]*time.Location{"acme": zone("Asia/Tokyo")}}, "2026-11-23"},
		"that alone":     {Config{Zones: map[tenancy.TenantID]*time.Location{"acme": zone("America/Sao_Paulo")}}, "2026-11-22"},
		"not another's":  {Config{Zones: map[tenancy.TenantID]*time.Location{"globex": zone("America/Sao_Paulo")}}, "2026-11-23"},
		"the firm's yet": {Config{Zone: zone("America/Sao_Paulo"), Zones: map[tenancy.TenantID]*time.Location{"globex": time.UTC}}, "2026-11-22"},
	} {
		c.config.Limits = limits
		b := newDeskBook(t, c.config, at)
		require.Equal(t, c.day, b.submit("a", b.deposit(60)).Counted.Day, name)
	}

	// What is left, too, goes by the tenant's midnight, which is not the firm's.
	b := newDeskBook(t, Config{Limits: limits, Zone: zone("Asia/Tokyo"), Zones: map[tenancy.TenantID]*time.Location{"acme": zone("America/Sao_Paulo")}}, at)
	b.submit("a", b.deposit(60))
	_, err := b.askedBy("ana", "b", b.deposit(60))
	require.ErrorContains(t, err, CodeLimitDay)
	b.now = time.Date(2026, time.November, 23, 3, 0, 0, 0, time.UTC)
	b.submit("b", b.deposit(60))
	require.Equal(t, map[Day]string{"2026-11-22": "60", "2026-11-23": "60"}, b.used("l"))
}

func TestCountersAreCapped(t *testing.T) {
	t.Parallel()
	start := time.Date(2026, time.November, 23, 9, 0, 0, 0, time.UTC)
	var c Config
	for i := range MaxLimits {
		c.Limits = append(c.Limits, Limit{Name: fmt.Sprint("l", i), Asset: "BRL", PerOperator: true, Day: decimal.New(100, 0)})
	}
	b := newDeskBook(t, c, start)
	take := func(op, id string) error {
		d, err := b.askedBy(op, id, b.deposit(1))
		if err == nil {
			b.f = d.after
		}
		return err
	}
	for i := range maxCounters / MaxLimits {
		require.NoError(t, take(fmt.Sprint("op", i), fmt.Sprint("a", i)))
	}
	require.Equal(t, maxCounters, b.f.counters.len())
	refused, ok := errors.AsType[*RefusedError](take("one-more", "b"))
	require.True(t, ok)
	require.Equal(t, []Unmet{full("counters", maxCounters)}, refused.Unmet)
	require.NoError(t, take("op0", "again"), "who is counted already")

	b.now = start.AddDate(0, 0, retainedDays-1)
	require.ErrorContains(t, take("one-more", "b"), CodeBookFull, "they are in a window yet")
	b.now = start.AddDate(0, 0, retainedDays)
	require.NoError(t, take("one-more", "b"), "what is in no window takes no room")
	for i := range maxCounters / maxDropped {
		require.NoError(t, take("one-more", fmt.Sprint("c", i)))
	}
	require.Equal(t, MaxLimits, b.f.counters.len(), "and goes, some with each entry")
}
