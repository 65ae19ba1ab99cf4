package operations

import (
	"time"

	"github.com/onbehalf/onbehalf/tenancy"
)

// Clock tells the time. Its readings are used at whole microseconds, in UTC.
type Clock interface{ Now() time.Time }

// ClockFunc is a Clock of one function.
type ClockFunc func() time.Time

// Now calls f.
func (f ClockFunc) Now() time.Time { return f() }

// SystemClock is the clock of this machine, which an engine has when its Config
// names none.
func SystemClock() Clock { return systemClock{} }

// systemClock is the one place where the system's time is read.
type systemClock struct{}

func (systemClock) Now() time.Time { return time.Now() }

// instant is a time as it is recorded. The zero time stays zero.
func instant(t time.Time) time.Time {
	if t.IsZero() {
		return time.Time{}
	}
	return t.UTC().Truncate(time.Microsecond)
}

// checkTime accepts the zero time and the years 1970 to 9999, which every
// store keeps exactly as microseconds.
func checkTime(field string, t time.Time) error {
	if t.IsZero() {
		return nil
	}
	if y := t.UTC().Year(); y < 1970 || y > 9999 {
		return tenancy.Invalid(field, "is outside the years 1970 to 9999")
	}
	return nil
}
