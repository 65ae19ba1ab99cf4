package trading_test

import (
	"testing"
	"time"
	_ "time/tzdata" // zones are the same wherever the tests run

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/onbehalf/onbehalf/operations/trading"
	"github.com/onbehalf/onbehalf/tenancy"
)

func zone(t *testing.T, name string) *time.Location {
	t.Helper()
	z, err := time.LoadLocation(name)
	require.NoError(t, err)
	return z
}

func date(t *testing.T, text string) trading.Date {
	t.Helper()
	d, err := trading.ParseDate(text)
	require.NoError(t, err)
	return d
}

// holidaysOf lists the holidays of a year, weekends included.
func holidaysOf(h trading.Holidays, year int) []string {
	var days []string
	for d := time.Date(year, 1, 1, 0, 0, 0, 0, time.UTC); d.Year() == year; d = d.AddDate(0, 0, 1) {
		if h.Holiday(trading.DateOf(d)) {
			days = append(days, trading.DateOf(d).String()[5:])
		}
	}
	return days
}

// The lists are those that the banks' association publishes for the financial
// market, and those of the ministry that publishes the national holidays.
func TestBrazilsHolidaysAreThoseOfTheOfficialLists(t *testing.T) {
	t.Parallel()
	for year, want := range map[int]struct{ national, banks []string }{
		2023: {
			[]string{"01-01", "04-07", "04-21", "05-01", "09-07", "10-12", "11-02", "11-15", "12-25"},
			[]string{"01-01", "02-20", "02-21", "04-07", "04-21", "05-01", "06-08", "09-07", "10-12", "11-02", "11-15", "12-25"},
		},
		2024: {
			[]string{"01-01", "03-29", "04-21", "05-01", "09-07", "10-12", "11-02", "11-15", "11-20", "12-25"},
			[]string{"01-01", "02-12", "02-13", "03-29", "04-21", "05-01", "05-30", "09-07", "10-12", "11-02", "11-15", "11-20", "12-25"},
		},
		2025: {
			[]string{"01-01", "04-18", "04-21", "05-01", "09-07", "10-12", "11-02", "11-15", "11-20", "12-25"},
			[]string{"01-01", "03-03", "03-04", "04-18", "04-21", "05-01", "06-19", "09-07", "10-12", "11-02", "11-15", "11-20", "12-25"},
		},
		2026: {
			[]string{"01-01", "04-03", "04-21", "05-01", "09-07", "10-12", "11-02", "11-15", "11-20", "12-25"},
			[]string{"01-01", "02-16", "02-17", "04-03", "04-21", "05-01", "06-04", "09-07", "10-12", "11-02", "11-15", "11-20", "12-25"},
		},
		2027: {
			[]string{"01-01", "03-26", "04-21", "05-01", "09-07", "10-12", "11-02", "11-15", "11-20", "12-25"},
			[]string{"01-01", "02-08", "02-09", "03-26", "04-21", "05-01", "05-27", "09-07", "10-12", "11-02", "11-15", "11-20", "12-25"},
		},
		2028: {
			[]string{"01-01", "04-14", "04-21", "05-01", "09-07", "10-12", "11-02", "11-15", "11-20", "12-25"},
			[]string{"01-01", "02-28", "02-29", "04-14", "04-21", "05-01", "06-15", "09-07", "10-12", "11-02", "11-15", "11-20", "12-25"},
		},
	} {
		require.Equal(t, want.national, holidaysOf(trading.Brazil{}, year), year)
		require.Equal(t, want.banks, holidaysOf(trading.Brazil{Banks: true}, year), year)
	}
}

// Good Friday is two days before Easter; the dates of Easter are those of the
// almanacs, the earliest and the latest possible among them.
func TestEasterIsReckonedRightly(t *testing.T) {
	t.Parallel()
	for _, easter := range []string{
		"1818-03-22", "1943-04-25", "1954-04-18", "1961-04-02", "1981-04-19", "2000-04-23", "2008-03-23",
		"2011-04-24", "2016-03-27", "2019-04-21", "2038-04-25", "2049-04-18", "2076-04-19", "2285-03-22",
	} {
		friday, err := time.Parse(time.DateOnly, easter)
		require.NoError(t, err)
		friday = friday.AddDate(0, 0, -2)
		for _, off := range []int{-7, 0, 7} {
			d := trading.DateOf(friday.AddDate(0, 0, off))
			if md := d.String()[5:]; off != 0 && md == "04-21" {
				continue // a holiday of its own
			}
			require.Equal(t, off == 0, trading.Brazil{}.Holiday(d), "%v with Easter on %v", d, easter)
		}
	}
}

// The spread follows the session, and the session the clock on the provider's
// wall.
func TestTheSpreadIsThatOfTheProvidersHours(t *testing.T) {
	t.Parallel()
	spreads := trading.Spreads{Working: dec("50"), DayOff: dec("120"), Closed: dec("80")}
	const working, dayOff, closed = "50", "120", "80"
	saoPaulo, newYork := zone(t, "America/Sao_Paulo"), zone(t, "America/New_York")
	brazil := trading.Calendar{Zone: saoPaulo, Holidays: trading.Brazil{Banks: true}, Opens: 10 * time.Hour, Closes: 16*time.Hour + 30*time.Minute}
	national := trading.Calendar{Zone: saoPaulo, Holidays: trading.Brazil{}}
	always := trading.Calendar{Zone: saoPaulo, Holidays: trading.Brazil{Banks: true}}
	york := trading.Calendar{Zone: newYork, Opens: 9 * time.Hour, Closes: 17 * time.Hour}
	sundays := trading.Calendar{Zone: newYork, Weekend: []time.Weekday{}, Opens: 2*time.Hour + 30*time.Minute, Closes: 17 * time.Hour}
	nights := trading.Calendar{Zone: newYork, Weekend: []time.Weekday{}, Opens: time.Hour, Closes: 2 * time.Hour}
	market := trading.Calendar{Zone: newYork, Holidays: trading.OnDates(date(t, "2026-11-26")), Opens: -7 * time.Hour, Closes: 17 * time.Hour}
	late := trading.Calendar{Zone: saoPaulo, Holidays: trading.Brazil{Banks: true}, Opens: 18 * time.Hour, Closes: 26 * time.Hour}
	owls := trading.Calendar{Zone: newYork, Weekend: []time.Weekday{}, Opens: 22 * time.Hour, Closes: 27 * time.Hour}
	skipped := trading.Calendar{Zone: saoPaulo, Weekend: []time.Weekday{}, Opens: 22 * time.Hour, Closes: 26 * time.Hour}
	fixed := trading.Calendar{Zone: time.FixedZone("BRT", -3*60*60), Opens: 9 * time.Hour, Closes: 17 * time.Hour}
	daily := trading.Calendar{Zone: saoPaulo, Weekend: []time.Weekday{}, Holidays: trading.Brazil{Banks: true}}
	saturdays := trading.Calendar{Zone: saoPaulo, Weekend: []time.Weekday{time.Sunday}}
	gulf := trading.Calendar{Zone: zone(t, "Asia/Riyadh"), Weekend: []time.Weekday{time.Friday, time.Saturday}}
	for _, test := range []struct {
		name string
		in   trading.Calendar
		at   string
		want string
	}{
		{"Friday, the last moment before midnight in São Paulo", always, "2026-11-14T02:59:59.999999Z", working},
		{"Saturday begins in São Paulo", always, "2026-11-14T03:00:00Z", dayOff},
		{"Saturday in UTC and Friday in São Paulo", always, "2026-11-14T01:00:00Z", working},
		{"Sunday, the last moment", always, "2026-11-16T02:59:59.999999Z", dayOff},
		{"Monday in UTC and Sunday in São Paulo", always, "2026-11-16T00:00:00Z", dayOff},
		{"Monday begins in São Paulo", always, "2026-11-16T03:00:00Z", working},

		{"before it opens", brazil, "2026-11-16T12:59:59.999999Z", closed},
		{"it opens", brazil, "2026-11-16T13:00:00Z", working},
		{"the last moment before it closes", brazil, "2026-11-16T19:29:59.999999Z", working},
		{"it closes", brazil, "2026-11-16T19:30:00Z", closed},
		{"a weekend is no matter of hours", brazil, "2026-11-14T14:00:00Z", dayOff},
		{"the night of Friday is of a business day", brazil, "2026-11-14T02:00:00Z", closed},

		{"the Friday before Carnival", brazil, "2026-02-13T15:00:00Z", working},
		{"Carnival Monday", brazil, "2026-02-16T15:00:00Z", dayOff},
		{"the last moment before Carnival Monday, where Sundays are worked", daily, "2026-02-16T02:59:59.999999Z", working},
		{"Carnival Monday begins, where Sundays are worked", daily, "2026-02-16T03:00:00Z", dayOff},
		{"Carnival Tuesday, its last moment", always, "2026-02-18T02:59:59.999999Z", dayOff},
		{"Ash Wednesday begins", always, "2026-02-18T03:00:00Z", working},
		{"Carnival Monday is no holiday but of banks", national, "2026-02-16T15:00:00Z", working},
		{"Carnival Tuesday on 29 February", brazil, "2028-02-29T15:00:00Z", dayOff},
		{"Corpus Christi", brazil, "2026-06-04T15:00:00Z", dayOff},
		{"Corpus Christi is no holiday but of banks", national, "2026-06-04T15:00:00Z", working},

		{"20 November before it was a holiday", brazil, "2023-11-20T15:00:00Z", working},
		{"19 November 2024, its last moment", always, "2024-11-20T02:59:59.999999Z", working},
		{"20 November 2024 begins", always, "2024-11-20T03:00:00Z", dayOff},
		{"20 November 2024 in business hours", brazil, "2024-11-20T15:00:00Z", dayOff},
		{"20 November 2024, its last moment", always, "2024-11-21T02:59:59.999999Z", dayOff},
		{"21 November 2024 begins", always, "2024-11-21T03:00:00Z", working},
		{"20 November 2025", national, "2025-11-20T15:00:00Z", dayOff},
		{"20 November in New York", york, "2026-11-20T15:00:00Z", working},

		{"São Paulo in its last summer time", brazil, "2019-02-15T12:00:00Z", working}, // 10:00
		{"São Paulo after its last summer time", brazil, "2019-02-18T12:00:00Z", closed},
		{"the moment before the midnight that was skipped", saturdays, "2018-11-04T02:59:59.999999Z", working},
		{"a day whose midnight was skipped", saturdays, "2018-11-04T03:00:00Z", dayOff}, // 01:00

		{"New York in winter, closed", york, "2026-03-06T13:59:59Z", closed},
		{"New York in winter, open", york, "2026-03-06T14:00:00Z", working},
		{"New York in summer opens an hour earlier by UTC", york, "2026-03-09T13:00:00Z", working},
		{"New York in summer, closed", york, "2026-03-09T12:59:59Z", closed},
		{"New York in summer closes an hour earlier by UTC", york, "2026-03-09T21:00:00Z", closed},
		{"New York before the clocks go back", york, "2026-10-30T13:00:00Z", working},
		{"New York after the clocks went back", york, "2026-11-02T13:00:00Z", closed},
		{"New York after the clocks went back, open", york, "2026-11-02T14:00:00Z", working},
		{"the moment before the hour that is skipped", sundays, "2026-03-08T06:59:59Z", closed},
		{"opening in the hour that is skipped", sundays, "2026-03-08T07:00:00Z", working}, // 03:00
		{"the hour that comes twice, at first", nights, "2026-11-01T05:30:00Z", working},
		{"the hour that comes twice, again", nights, "2026-11-01T06:30:00Z", working},
		{"after the hour that comes twice", nights, "2026-11-01T07:00:00Z", closed},

		{"the week of currencies has not begun", market, "2026-11-15T21:59:59.999999Z", dayOff}, // Sunday, 16:59:59
		{"the week of currencies begins on Sunday", market, "2026-11-15T22:00:00Z", working},
		{"one day of currencies follows the other", market, "2026-11-17T22:00:00Z", working},
		{"the week of currencies, its last moment", market, "2026-11-20T21:59:59.999999Z", working}, // Friday
		{"the week of currencies is over", market, "2026-11-20T22:00:00Z", closed},
		{"Saturday, between the weeks", market, "2026-11-21T15:00:00Z", dayOff},
		{"the eve of a holiday belongs to it", market, "2026-11-25T22:00:00Z", closed}, // Wednesday, for Thanksgiving
		{"a holiday, before the next day begins", market, "2026-11-26T21:59:59Z", dayOff},
		{"a holiday, when the next day has begun", market, "2026-11-26T22:00:00Z", working},
		{"in summer the week begins an hour earlier by UTC", market, "2026-03-08T21:00:00Z", working}, // the Sunday of the change
		{"in summer, the moment before", market, "2026-03-08T20:59:59Z", dayOff},
		{"in winter again", market, "2026-11-01T21:59:59Z", dayOff}, // the Sunday of the change back
		{"in winter again, begun", market, "2026-11-01T22:00:00Z", working},

		{"the late desk opens", late, "2026-11-13T21:00:00Z", working}, // Friday
		{"the late desk in the afternoon", late, "2026-11-13T20:59:59Z", closed},
		{"the late desk past midnight, on Saturday for Friday", late, "2026-11-14T04:59:59.999999Z", working},
		{"the late desk closes on Saturday", late, "2026-11-14T05:00:00Z", dayOff},
		{"Saturday's evening is nobody's", late, "2026-11-14T22:00:00Z", dayOff},
		{"Monday past midnight is of Sunday", late, "2026-11-16T04:00:00Z", closed},
		{"19 November runs into the holiday", late, "2026-11-20T04:59:59Z", working},
		{"20 November does not run into Saturday", late, "2026-11-21T04:00:00Z", dayOff},
		{"the night before Carnival Monday is of a Sunday", late, "2026-02-16T04:00:00Z", dayOff},
		{"Ash Wednesday past midnight is of Carnival", late, "2026-02-18T04:00:00Z", closed},

		{"hours over the hour that is skipped, before", owls, "2026-03-08T06:59:59Z", working}, // 01:59:59
		{"hours end in the hour that is skipped", owls, "2026-03-08T07:00:00Z", closed},        // 03:00
		{"hours over the hour that comes twice, at first", owls, "2026-11-01T05:30:00Z", working},
		{"hours over the hour that comes twice, again", owls, "2026-11-01T06:30:00Z", working},
		{"hours over the hour that comes twice, their last moment", owls, "2026-11-01T07:59:59Z", working},
		{"hours over the hour that comes twice, over", owls, "2026-11-01T08:00:00Z", closed},
		{"hours over a midnight that is skipped, before", skipped, "2018-11-04T02:59:59Z", working}, // 23:59:59
		{"hours over a midnight that is skipped, after", skipped, "2018-11-04T03:00:00Z", working},  // 01:00
		{"hours over a midnight that is skipped, over", skipped, "2018-11-04T04:00:00Z", closed},
		{"hours over a midnight that comes twice", skipped, "2018-02-18T02:30:00Z", working}, // 23:30 again
		{"hours over a midnight that comes twice, over", skipped, "2018-02-18T05:00:00Z", closed},

		{"a zone that never changes, in March", fixed, "2026-03-09T12:00:00Z", working},
		{"a zone that never changes, in November", fixed, "2026-11-02T12:00:00Z", working},
		{"another weekend", gulf, "2026-11-13T09:00:00Z", dayOff},
		{"a Sunday that is worked", gulf, "2026-11-15T09:00:00Z", working},
		{"the zero value", trading.Calendar{}, "2026-11-13T23:59:59Z", working},
		{"the zero value on a Saturday", trading.Calendar{}, "2026-11-14T00:00:00Z", dayOff},
	} {
		at, err := time.Parse(time.RFC3339Nano, test.at)
		require.NoError(t, err)
		require.NoError(t, test.in.Validate())
		session := test.in.At(at)
		require.Equal(t, test.want, spreads.For(session).String(), "%s: %s is %s", test.name, test.at, session)
		require.Equal(t, session, test.in.At(at.In(newYork)), "%s: another zone of the same moment", test.name)
	}
}

func TestCalendarsThatCannotBe(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]trading.Calendar{
		"opens before midnight":     {Opens: -time.Second},
		"closes before it opens":    {Opens: 17 * time.Hour, Closes: 9 * time.Hour},
		"is never open":             {Opens: 9 * time.Hour, Closes: 9 * time.Hour},
		"closes after the day ends": {Closes: 25 * time.Hour},
		"is longer than a day":      {Opens: 18 * time.Hour, Closes: 43 * time.Hour},
		"opens a day before":        {Opens: -24 * time.Hour, Closes: -time.Hour},
		"opens a day later":         {Opens: 24 * time.Hour, Closes: 26 * time.Hour},
		"is over before the day":    {Opens: -9 * time.Hour, Closes: -time.Hour},
	} {
		require.ErrorIs(t, c.Validate(), tenancy.ErrInvalid, name)
		_, err := trading.New(trading.Config{Providers: house(), Calendars: map[string]trading.Calendar{"house": c}})
		require.ErrorIs(t, err, tenancy.ErrInvalid, name)
	}
}

func TestTheNextBusinessDay(t *testing.T) {
	t.Parallel()
	brazil := trading.Calendar{Holidays: trading.Brazil{Banks: true}}
	for from, want := range map[string]string{
		"2026-02-13": "2026-02-18", // over the weekend and Carnival
		"2026-11-19": "2026-11-23",
		"2026-12-31": "2027-01-04",
		"2028-02-25": "2028-03-01",
	} {
		next, ok := brazil.Next(date(t, from))
		require.True(t, ok)
		require.Equal(t, want, next.String(), from)
	}
	_, ok := trading.Calendar{Holidays: trading.HolidayFunc(func(trading.Date) bool { return true })}.Next(date(t, "2026-02-13"))
	require.False(t, ok)
}

func TestSetsOfHolidays(t *testing.T) {
	t.Parallel()
	city := trading.OnDates(date(t, "2027-01-25"))
	both := trading.AnyOf(trading.Brazil{}, city)
	require.True(t, both.Holiday(date(t, "2027-01-25")))
	require.True(t, both.Holiday(date(t, "2027-01-01")))
	require.False(t, both.Holiday(date(t, "2027-01-26")))
	require.False(t, city.Holiday(date(t, "2027-01-01")))
	require.False(t, trading.AnyOf().Holiday(date(t, "2027-01-01")))
}

func TestDatesThatAreNone(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"", "2026-2-3", "2026-02-30", "20-02-2026", "2026-02-03T00:00:00Z", " 2026-02-03", "2026-02-03 "} {
		_, err := trading.ParseDate(text)
		require.Error(t, err, text)
	}
}

// A session depends on the moment alone, and a day off lasts all day.
func TestADayOffLastsAllDay(t *testing.T) {
	t.Parallel()
	saoPaulo := zone(t, "America/Sao_Paulo")
	c := trading.Calendar{Zone: saoPaulo, Holidays: trading.Brazil{Banks: true}, Opens: 10 * time.Hour, Closes: 16 * time.Hour}
	rapid.Check(t, func(t *rapid.T) {
		at := time.Unix(rapid.Int64Range(946684800, 4102444800).Draw(t, "at"), 0) // 2000 to 2100
		d := trading.DateOf(at.In(saoPaulo))
		session := c.At(at)
		require.Equal(t, !c.Business(d), session == trading.DayOff)
		again, err := trading.ParseDate(d.String())
		require.NoError(t, err)
		require.Equal(t, d, again)
		if next, ok := c.Next(d); ok {
			require.True(t, c.Business(next))
		}
	})
}
