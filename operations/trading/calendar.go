package trading

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/shopspring/decimal"

	"github.com/onbehalf/onbehalf/tenancy"
)

// Session is what a moment is in a provider's hours.
type Session string

// The sessions.
const (
	Working Session = "working"
	DayOff  Session = "day_off"       // a weekend or a holiday, but for hours of a business day beside it
	Closed  Session = "outside_hours" // a business day, before or after hours
)

// Spreads are what a path adds to a provider's rate, in basis points, by the
// session the provider is in. The zero value adds nothing.
type Spreads struct {
	Working decimal.Decimal `json:"working"`
	DayOff  decimal.Decimal `json:"day_off"`
	Closed  decimal.Decimal `json:"outside_hours"`
}

// For is the spread of a session.
func (s Spreads) For(x Session) decimal.Decimal {
	switch x {
	case DayOff:
		return s.DayOff
	case Closed:
		return s.Closed
	case Working:
	}
	return s.Working
}

// IsZero tells whether nothing is added at any time.
func (s Spreads) IsZero() bool { return s.Working.IsZero() && s.DayOff.IsZero() && s.Closed.IsZero() }

// Validate accepts 0 to 5000 basis points with two decimal places at most. The
// errors name the field.
func (s Spreads) Validate(field string) error {
	var errs []error
	for _, x := range []Session{Working, DayOff, Closed} {
		if d := s.For(x); d.IsNegative() || d.GreaterThan(decimal.New(bpsBase/2, 0)) || d.Exponent() < -2 || d.Exponent() > 4 {
			errs = append(errs, tenancy.Invalid(field+"."+string(x), "is not 0 to 5000 basis points, with two decimal places at most"))
		}
	}
	return errors.Join(errs...)
}

// Calendar tells business days and hours. The zero value works around the clock
// from Monday to Friday, in UTC.
//
// Hours belong to a business day, and may reach into the night before it or
// after it: with Opens at -7 hours and Closes at 17 a day of New York's currency
// market is described, which begins at 17:00 on the day before, on Sunday for
// Monday's; with Opens at 18 hours and Closes at 26 a desk that is there until
// two in the morning, on Saturday for Friday's.
type Calendar struct {
	Zone     *time.Location // nil: UTC
	Weekend  []time.Weekday // nil: Saturday and Sunday; empty: none
	Holidays Holidays       // nil: none
	Opens    time.Duration  // after midnight of the day, by the clock on the wall; below zero: on the day before
	Closes   time.Duration  // exclusive; zero: 24 hours; beyond that: on the day after
}

const day = 24 * time.Hour

// Validate checks the hours: they end after they begin, and no later than when
// those of the next day do.
func (c Calendar) Validate() error {
	if c.Opens <= -day || c.Opens >= day || c.closes() <= 0 || c.Opens >= c.closes() || c.closes()-c.Opens > day {
		return tenancy.Invalid("calendar", fmt.Sprintf("opens at %v and closes at %v", c.Opens, c.closes()))
	}
	return nil
}

func (c Calendar) closes() time.Duration {
	if c.Closes == 0 {
		return day
	}
	return c.Closes
}

func (c Calendar) local(t time.Time) time.Time {
	if c.Zone == nil {
		return t.UTC()
	}
	return t.In(c.Zone)
}

// Business tells whether the day is a business day.
func (c Calendar) Business(d Date) bool {
	weekend := c.Weekend
	if weekend == nil {
		weekend = []time.Weekday{time.Saturday, time.Sunday}
	}
	return !slices.Contains(weekend, d.noon().Weekday()) && (c.Holidays == nil || !c.Holidays.Holiday(d))
}

// At is the session of a moment. Hours are read off the clock on the wall, so
// they stay what they are when daylight saving changes, within them too.
func (c Calendar) At(t time.Time) Session {
	t = c.local(t)
	today := DateOf(t)
	hour, minute, second := t.Clock()
	since := time.Duration(hour)*time.Hour + time.Duration(minute)*time.Minute + time.Duration(second)*time.Second + time.Duration(t.Nanosecond())
	for _, of := range []int{0, -1, 1} { // the days whose hours it may be in
		if at := since - time.Duration(of)*day; at >= c.Opens && at < c.closes() && c.Business(today.plus(of)) {
			return Working
		}
	}
	if !c.Business(today) {
		return DayOff
	}
	return Closed
}

// Next is the first business day that comes after d, as a settlement date is
// found. It gives up after a year without one.
func (c Calendar) Next(d Date) (Date, bool) {
	for range 366 {
		d = d.plus(1)
		if c.Business(d) {
			return d, true
		}
	}
	return Date{}, false
}
