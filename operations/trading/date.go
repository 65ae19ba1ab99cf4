package trading

import (
	"fmt"
	"slices"
	"time"

	"github.com/onbehalf/onbehalf/tenancy"
)

// Date is a day of the calendar, of no zone. The zero value is none.
type Date struct {
	Year  int
	Month time.Month
	Day   int
}

// ParseDate reads a date as 2026-11-20 and nothing else.
func ParseDate(text string) (Date, error) {
	t, err := time.Parse(time.DateOnly, text)
	if err != nil {
		return Date{}, tenancy.Invalid("date", "is not a date like 2026-11-20")
	}
	return DateOf(t), nil
}

// DateOf is the day of a moment, in the zone it is told in.
func DateOf(t time.Time) Date {
	year, month, day := t.Date()
	return Date{year, month, day}
}

// String writes the date as 2026-11-20.
func (d Date) String() string { return fmt.Sprintf("%04d-%02d-%02d", d.Year, d.Month, d.Day) }

// noon is far enough from midnight for every reckoning with days.
func (d Date) noon() time.Time { return time.Date(d.Year, d.Month, d.Day, 12, 0, 0, 0, time.UTC) }

func (d Date) plus(days int) Date { return DateOf(d.noon().AddDate(0, 0, days)) }

// Holidays tells which days are no business days, beside weekends. It is called
// from many goroutines, and always says the same of a day: a set that changes
// is another set. Brazil is one; OnDates makes one of a list that a firm keeps
// or an engine of holidays computed.
type Holidays interface{ Holiday(d Date) bool }

// HolidayFunc is Holidays of one function.
type HolidayFunc func(Date) bool

// Holiday calls f.
func (f HolidayFunc) Holiday(d Date) bool { return f(d) }

// OnDates is the set of these days alone.
func OnDates(days ...Date) Holidays {
	set := make(map[Date]struct{}, len(days))
	for _, d := range days {
		set[d] = struct{}{}
	}
	return HolidayFunc(func(d Date) bool {
		_, ok := set[d]
		return ok
	})
}

// AnyOf is the union of sets, such as those of a country and of a city.
func AnyOf(sets ...Holidays) Holidays {
	sets = slices.Clone(sets)
	return HolidayFunc(func(d Date) bool {
		return slices.ContainsFunc(sets, func(h Holidays) bool { return h.Holiday(d) })
	})
}
