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
	var buf [4 * len(time.DateOnly)]byte
	text := buf[:0]
	for _, d := range [...]int{d, d - rollingDays + 1, 1, d - retainedDays + 1} {
		text = time.Date(y, m, d, 0, 0, 0, 0, time.UTC).AppendFormat(text, time.DateOnly)
	}
	all, n := Day(text), len(text)/4
	return days{today: all[:n], rolling: all[n : 2*n], month: all[2*n : 3*n], oldest: all[3*n:]}
}

// from is the first day of a window; empty where nothing is added up.
func (d *days) from(w Window) Day {
	switch w {
	case PerDay:
		return d.today
	case PerRolling:
		return d.rolling
	case PerMonth:
		return d.month
	case PerOperation:
	}
	return ""
}

// valid tells whether the day is one.
func (d Day) valid() bool {
	t, err := time.Parse(time.DateOnly, string(d))
	return err == nil && t.Format(time.DateOnly) == string(d)
}
