package operations

import (
	"time"

	"github.com/shopspring/decimal"

	"github.com/onbehalf/onbehalf/accounts"
)

// Limit bounds what is asked for, one at a time and in all.
type Limit struct {
	Name        string // recorded with each count: 1 to 64 bytes, see tenancy.CheckID
	Match       Match
	Asset       string          // required: the asset its figures are in
	PerOperator bool            // each operator counts for himself
	Min, Max    decimal.Decimal // of one operation
	Day         decimal.Decimal // of one day in the firm's zone
	Rolling     decimal.Decimal // of that day and the 29 before
	Month       decimal.Decimal // of one calendar month
}

// Window is what a limit bounds.
type Window string

// The windows of a limit.
const (
	PerOperation Window = "operation"
	PerDay       Window = "day"
	PerRolling   Window = "rolling_30_days"
	PerMonth     Window = "month"
)

// LimitUse is how much of a limit is used.
type LimitUse struct {
	Limit  string          `json:"limit"`
	Window Window          `json:"window"`
	Asset  string          `json:"asset"`
	Most   accounts.Amount `json:"most"`
	Used   accounts.Amount `json:"used"`
	Left   accounts.Amount `json:"left"`
}

// Day is a date in the firm's zone, such as 2026-11-23.
type Day string

// Counted is where an operation counts.
type Counted struct {
	Counter string          `json:"counter"`
	Day     Day             `json:"day"`
	Amount  accounts.Amount `json:"amount"`
}

// CountEffect changes one day of one counter.
type CountEffect struct {
	Counter string          `json:"counter"`
	Day     Day             `json:"day"`
	By      accounts.Amount `json:"by"` // negative: given back, or dropped with a day that is past
}

// counter is what was counted, day by day.
type counter struct {
	Name string     `json:"name"`
	Days []dayCount `json:"days"` // ascending; none is zero
}

type dayCount struct {
	Day    Day             `json:"day"`
	Amount accounts.Amount `json:"amount"`
}

func checkLimits([]Limit) error { return nil }

func (r *rulebook) beyondLimits(View, Terms, time.Time) []Unmet { return nil }

// recount brings what the operation counts for in line with its state.
func (d *decision) recount(*Operation) {}

func (f *Folded) count(*CountEffect) error { return nil }
