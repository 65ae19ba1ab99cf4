package operations

import "time"

// Day is a date in the firm's zone, such as 2026-11-23.
type Day string

// days are the first ones of each window on one of them. What is added up in a
// window is every day from there on, so that a day ahead, as a change of zone
// may leave one, counts and is not lost.
type days struct {
	today, rolling, month Day
	oldest                Day // what is before is in no window in any zone
}

const (
	rollingDays  = 30
	retainedDays = 33 // the longest window, and room for another zone
)

// daysOf reckons in dates, not in hours: a day with a change of the clock is a
// day.
func daysOf(now time.Time, zone *time.Location) days {
	y, m, d := now.In(zone).Date()
	date := func(d int) Day { return Day(time.Date(y, m, d, 0, 0, 0, 0, time.UTC).Format(time.DateOnly)) }
	return days{today: date(d), rolling: date(d - rollingDays + 1), month: date(1), oldest: date(d - retainedDays + 1)}
}

// valid tells whether the day is one.
func (d Day) valid() bool {
	t, err := time.Parse(time.DateOnly, string(d))
	return err == nil && t.Format(time.DateOnly) == string(d)
}
