package operations

import (
	"testing"
	"time"
	_ "time/tzdata" // the zones below, wherever this runs

	"github.com/shopspring/decimal"
	"github.com/stretchr/testify/require"

	"github.com/onbehalf/onbehalf/accounts"
)

func TestWindowsOfLimitsGoByDatesOfTheZone(t *testing.T) {
	t.Parallel()
	hundred := decimal.New(100, 0)
	day, rolling, month := Limit{Day: hundred}, Limit{Rolling: hundred}, Limit{Month: hundred}
	for name, c := range map[string]struct {
		limit         Limit
		zone          string
		first, second string // 60 are asked for at each
		code          string
	}{
		"same day":                {day, "UTC", "2026-11-23T00:00:00Z", "2026-11-23T23:59:59Z", CodeLimitDay},
		"next day":                {day, "UTC", "2026-11-23T23:59:59Z", "2026-11-24T00:00:00Z", ""},
		"same day there":          {day, "America/Sao_Paulo", "2026-11-23T03:00:00Z", "2026-11-24T02:59:59Z", CodeLimitDay},
		"next day there":          {day, "America/Sao_Paulo", "2026-11-24T02:59:59Z", "2026-11-24T03:00:00Z", ""},
		"a day of 25 hours":       {day, "America/New_York", "2026-11-01T04:00:00Z", "2026-11-02T04:59:59Z", CodeLimitDay},
		"after it":                {day, "America/New_York", "2026-11-01T04:00:00Z", "2026-11-02T05:00:00Z", ""},
		"a day of 23 hours":       {day, "America/New_York", "2026-03-08T05:00:00Z", "2026-03-09T03:59:59Z", CodeLimitDay},
		"after that":              {day, "America/New_York", "2026-03-08T05:00:00Z", "2026-03-09T04:00:00Z", ""},
		"29 days on":              {rolling, "UTC", "2026-11-01T12:00:00Z", "2026-11-30T12:00:00Z", CodeLimitRolling},
		"30 days on":              {rolling, "UTC", "2026-11-01T12:00:00Z", "2026-12-01T00:00:00Z", ""},
		"same month":              {month, "UTC", "2026-01-01T00:00:00Z", "2026-01-31T23:59:59Z", CodeLimitMonth},
		"next month":              {month, "UTC", "2026-01-31T23:59:59Z", "2026-02-01T00:00:00Z", ""},
		"same month there":        {month, "Asia/Tokyo", "2026-01-31T15:00:00Z", "2026-02-28T14:59:59Z", CodeLimitMonth},
		"more than one may be":    {Limit{Max: decimal.New(59, 0)}, "UTC", "", "2026-01-01T00:00:00Z", CodeLimitOperation},
		"less than one must be":   {Limit{Min: decimal.New(61, 0)}, "UTC", "", "2026-01-01T00:00:00Z", CodeLimitMinimum},
		"exactly what one may be": {Limit{Min: decimal.New(60, 0), Max: decimal.New(60, 0)}, "UTC", "", "2026-01-01T00:00:00Z", ""},
		"an operator's own":       {Limit{Day: hundred, PerOperator: true}, "UTC", "2026-11-23T00:00:00Z", "2026-11-23T01:00:00Z", CodeLimitDay},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			zone, err := time.LoadLocation(c.zone)
			require.NoError(t, err)
			c.limit.Name, c.limit.Asset = "l", "BRL"
			at := func(s string) time.Time {
				when, err := time.Parse(time.RFC3339, s)
				require.NoError(t, err)
				return when
			}
			start := at(c.second)
			if c.first != "" {
				start = at(c.first)
			}
			b := newDeskBook(t, Config{Limits: []Limit{c.limit}, Zone: zone}, start)
			if c.first != "" {
				b.submit("first", b.deposit(60))
			}
			b.now = at(c.second)
			e := &Evaluator{rules: b.rules}
			p, err := e.Explain(b.f, b.deposit(60), b.command(ActSubmit, nil).actors[0], b.now)
			require.NoError(t, err)
			if c.code == "" {
				require.Empty(t, p.Unmet)
				return
			}
			require.Len(t, p.Unmet, 1)
			require.Equal(t, c.code, p.Unmet[0].Code)
			_, err = b.decide(ActSubmit, submit("second", b.deposit(60)))
			require.ErrorContains(t, err, c.code)
		})
	}
}

// What does not happen is given back to its own day; what is let go on a later
// day, or modified, counts on that day; nothing counts against itself.
func TestCountsFollowTheirOperation(t *testing.T) {
	t.Parallel()
	start := time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)
	limits := []Limit{{Name: "l", Asset: "BRL", Rolling: decimal.New(100, 0)}}
	b := newDeskBook(t, Config{Limits: limits}, start)
	later := b.deposit(80)
	later.NotBefore = start.AddDate(0, 0, 2)
	o := b.submit("a", later)
	require.Equal(t, map[Day]string{"2026-11-23": "80"}, b.used("l"))
	b.now = start.AddDate(0, 0, 1)
	b.do(ActModify, modify(o.Ref(), Modification{Amount: decimal.New(100, 0)}, false))
	require.Equal(t, map[Day]string{"2026-11-24": "100"}, b.used("l"))
	b.now = later.NotBefore
	b.do(ActRelease, release("a"))
	require.Equal(t, map[Day]string{"2026-11-25": "100"}, b.used("l"))

	b = newDeskBook(t, Config{Limits: limits}, start)
	o = b.submit("a", later)
	b.now = start.AddDate(0, 0, 1)
	b.submit("b", b.deposit(20))
	b.do(ActCancel, cancel(o.Ref()))
	require.Equal(t, map[Day]string{"2026-11-24": "20"}, b.used("l"))
	b.now = start.AddDate(0, 3, 0)
	b.submit("c", b.deposit(5))
	require.Equal(t, map[Day]string{"2027-02-23": "5"}, b.used("l"), "days in no window are dropped")

	s, err := b.f.snapshot()
	require.NoError(t, err)
	back, err := s.restore(b.f.id)
	require.NoError(t, err)
	again, err := back.snapshot()
	require.NoError(t, err)
	require.Equal(t, string(s.Bytes), string(again.Bytes))
	b.f = back
	require.Equal(t, map[Day]string{"2027-02-23": "5"}, b.used("l"))
}

func TestFoldRefusesCountsThatCouldNotHaveBeenDecided(t *testing.T) {
	t.Parallel()
	start := time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)
	b := newDeskBook(t, Config{Limits: []Limit{{Name: "l", Asset: "BRL", Day: decimal.New(100, 0)}}}, start)
	b.submit("a", b.deposit(60))
	d, err := b.decide(ActSubmit, submit("b", b.deposit(20)))
	require.NoError(t, err)
	for name, spoil := range map[string]func(e *Entry){
		"another amount": func(e *Entry) { e.Effects.Operations[0].Counted.Amount = accounts.Exact(decimal.New(1, 0)) },
		"another asset that is not moved": func(e *Entry) {
			e.Effects.Operations[0].Counted.Others = []OtherCount{{Counter: "m", Asset: "USD", Amount: accounts.Exact(decimal.New(20, 0))}}
		},
		"nothing of another asset": func(e *Entry) {
			e.Effects.Operations[0].Counted.Others = []OtherCount{{Counter: "m", Asset: "USD"}}
		},
		"its own asset as another": func(e *Entry) {
			e.Effects.Operations[0].Counted.Others = []OtherCount{{Counter: "m", Asset: "BRL", Amount: accounts.Exact(decimal.New(20, 0))}}
		},
		"no day": func(e *Entry) { e.Effects.Operations[0].Counted.Day = "2026-02-30" },
		"twice":  func(e *Entry) { e.Effects.Operations[0].Counted.Counters = []string{"l", "l"} },
		"part of a day": func(e *Entry) {
			e.Effects.Counts = []CountEffect{{"l", "2026-11-23", accounts.Exact(decimal.New(-1, 0))}}
		},
		"out of nothing": func(e *Entry) {
			e.Effects.Counts = []CountEffect{{"m", "2026-11-23", accounts.Exact(decimal.New(9, 0))}}
		},
	} {
		e := *d.entry
		e.Effects.Operations = []Operation{d.entry.Effects.Operations[0].clone()}
		spoil(&e)
		_, err := Fold(b.f, &e, Hash{})
		require.ErrorIs(t, err, ErrDamaged, name)
		require.ErrorIs(t, err, errCount, name)
	}
}
