package trading

import (
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/shopspring/decimal"

	"github.com/onbehalf/onbehalf/operations"
	"github.com/onbehalf/onbehalf/tenancy"
)

// Recorded is a source that plays rates of the past by a clock: the rate of a
// pair is that of the day, and on days without one the last before, marked
// stale. It does not change once it is made.
type Recorded struct {
	clock operations.Clock
	zone  *time.Location
	name  string
	pairs map[[2]string][]dated
}

type dated struct {
	day  time.Time // its midnight in the zone
	rate decimal.Decimal
}

// MaxRecords is how many rates may be recorded.
const MaxRecords = 1_000_000

// ReadRecorded reads rates in the form of lines "date,base,quote,rate", with
// these names in the first line: dates as 2006-01-02, rates as ParseRate takes
// them, in units of quote for one of base, each pair and date once. Days begin
// at midnight in the zone; nil is UTC. All lines that are malformed are told
// together, ten at most.
func ReadRecorded(r io.Reader, name string, zone *time.Location, clock operations.Clock) (*Recorded, error) {
	if zone == nil {
		zone = time.UTC
	}
	rec := &Recorded{clock: clock, zone: zone, name: name, pairs: map[[2]string][]dated{}}
	lines := csv.NewReader(r)
	lines.FieldsPerRecord = 4
	var errs []error
	for n := 1; len(errs) < 10; n++ {
		f, err := lines.Read()
		if errors.Is(err, io.EOF) {
			break
		}
		switch {
		case err != nil:
			errs = append(errs, err)
			if f == nil {
				return nil, fmt.Errorf("rates: %w", errors.Join(errs...))
			}
		case n == 1:
			if got := strings.Join(f, ","); got != "date,base,quote,rate" {
				errs = append(errs, tenancy.Invalid("line 1", fmt.Sprintf("is %q", got)))
			}
		case n > MaxRecords+1:
			errs = append(errs, tenancy.Invalid("rates", fmt.Sprintf("are more than %d", MaxRecords)))
		default:
			if err := rec.add(f); err != nil {
				errs = append(errs, fmt.Errorf("line %d: %w", n, err))
			}
		}
	}
	for pair, days := range rec.pairs {
		slices.SortFunc(days, func(a, b dated) int { return a.day.Compare(b.day) })
		for i := 1; i < len(days); i++ {
			if days[i].day.Equal(days[i-1].day) {
				errs = append(errs, tenancy.Invalid("date", fmt.Sprintf("%s/%s has two rates on %s", pair[0], pair[1], days[i].day.Format(time.DateOnly))))
			}
		}
	}
	if err := errors.Join(errs...); err != nil {
		return nil, fmt.Errorf("rates: %w", err)
	}
	return rec, nil
}

func (r *Recorded) add(f []string) error {
	day, err := time.ParseInLocation(time.DateOnly, f[0], r.zone)
	if err != nil {
		return tenancy.Invalid("date", "is not a date like 2026-11-20")
	}
	value, err := ParseRate(f[3])
	if err != nil {
		return err
	}
	if err := (Rate{Base: f[1], Quote: f[2], Value: value, At: day, Source: r.name}).Validate(); err != nil {
		return err
	}
	pair := [2]string{f[1], f[2]}
	r.pairs[pair] = append(r.pairs[pair], dated{day, value})
	return nil
}

// Local is true.
func (*Recorded) Local() bool { return true }

// Rate is that of the day by the clock, or the last before.
func (r *Recorded) Rate(_ context.Context, base, quote string) (Rate, error) {
	days := r.pairs[[2]string{base, quote}]
	year, month, day := r.clock.Now().In(r.zone).Date()
	today := time.Date(year, month, day, 0, 0, 0, 0, r.zone)
	i, found := slices.BinarySearchFunc(days, today, func(d dated, t time.Time) int { return d.day.Compare(t) })
	if !found {
		i--
	}
	if i < 0 {
		return Rate{}, fmt.Errorf("%w: %s/%s on %s", ErrNoRate, base, quote, today.Format(time.DateOnly))
	}
	return Rate{Base: base, Quote: quote, Value: days[i].rate, At: days[i].day.UTC(), Source: r.name, Stale: !found}, nil
}
