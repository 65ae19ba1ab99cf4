package policy

import (
	"time"

	"github.com/shopspring/decimal"

	"github.com/onbehalf/onbehalf/accounts"
	"github.com/onbehalf/onbehalf/customer"
	"github.com/onbehalf/onbehalf/operations"
)

// NightCap lets an individual withdraw at most Most at a time from 20:00 to 6:00.
type NightCap struct {
	Most decimal.Decimal
	Zone *time.Location
}

// Check tells what is not met.
func (r NightCap) Check(v operations.View, _ operations.Terms, now time.Time) []operations.Unmet {
	asked, hour := v.Order().Amount.Decimal, now.In(r.Zone).Hour()
	if v.Order().Kind != operations.KindWithdrawal || v.Type() != customer.Individual || hour >= 6 && hour < 20 || !asked.GreaterThan(r.Most) {
		return nil
	}
	return []operations.Unmet{{
		Code: "night_cap", Subject: "amount", Remedy: "Ask for less, or from 6:00 on.",
		Figures: []operations.Figure{{Name: "asked", Value: accounts.Canonical(asked)}, {Name: "maximum", Value: accounts.Canonical(r.Most)}},
	}}
}
