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
	text := appendDate(buf[:0], y, m, d)
	for _, back := range [...]int{rollingDays, d, retainedDays} {
		y, m, d := time.Date(y, m, d-back+1, 0, 0, 0, 0, time.UTC).Date()
		text = appendDate(text, y, m, d)
	}
	all, n := Day(text), len(text)/4
	return days{today: all[:n], rolling: all[n : 2*n], month: all[2*n : 3*n], oldest: all[3*n:]}
}

// dates are reckoned once for a decision.
func (d *decision) dates() *days {
	if d.today == nil {
		dates := daysOf(d.now, d.zoneOf(d.f.id.Tenant))
		d.today = &dates
	}
	return d.today
}

// dates are those of a decision, where the view is one of it.
func (v *View) dates(r *rulebook, now time.Time) *days {
	if v.today != nil {
		return v.today
	}
	dates := daysOf(now, r.zoneOf(v.Book().Tenant))
	return &dates
}

// appendDate appends what time.DateOnly makes of the date.
func appendDate(text []byte, y int, m time.Month, d int) []byte {
	if y < 0 || y > 9999 {
		return time.Date(y, m, d, 0, 0, 0, 0, time.UTC).AppendFormat(text, time.DateOnly)
	}
	const digits = "0123456789"
	return append(text, digits[y/1000], digits[y/100%10], digits[y/10%10], digits[y%10], '-', digits[m/10], digits[m%10], '-', digits[d/10], digits[d%10])
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
	const form = "0000-00-00"
	if len(d) != len(form) {
		return false
	}
	for i := range len(d) {
		if c := d[i]; form[i] == '-' && c != '-' || form[i] == '0' && (c < '0' || c > '9') {
			return false
		}
	}
	number := func(from, to int) (n int) {
		for _, c := range d[from:to] {
			n = 10*n + int(c-'0')
		}
		return n
	}
	y, m, day := number(0, 4), time.Month(number(5, 7)), number(8, 10)
	yy, mm, dd := time.Date(y, m, day, 0, 0, 0, 0, time.UTC).Date()
	return y == yy && m == mm && day == dd
}
