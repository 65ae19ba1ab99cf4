// Package policy is what a firm decided, as values: fees, limits, approvals and
// a rule of its own, each tested without an engine or a store. It is the
// example of docs/rules.md.
package policy

import (
	"time"

	"github.com/shopspring/decimal"

	"github.com/onbehalf/onbehalf/customer"
	"github.com/onbehalf/onbehalf/operations"
)

// Config is given to operations.New, and to the tests.
func Config() operations.Config {
	zone := time.FixedZone("BRT", -3*60*60)
	return operations.Config{
		Fees:          fees(),
		Limits:        limits(),
		Approvals:     approvals(),
		Rules:         []operations.Rule{NightCap{Most: decimal.NewFromInt(1000), Zone: zone}},
		Zone:          zone,
		PolicyVersion: "2026-11",
	}
}

// outgoing is what leaves in reais, from an amount on.
func outgoing(from int64) operations.Match {
	return operations.Match{Kinds: []string{operations.KindWithdrawal}, Assets: []string{"BRL"}, From: decimal.NewFromInt(from)}
}

// fees: a withdrawal costs half a percent, from 2 to 50 BRL, on top; one of a
// company is paid by tiers, out of the amount.
func fees() []operations.FeeRule {
	individual, company := outgoing(0), outgoing(0)
	individual.Types = []customer.Type{customer.Individual}
	company.Types = []customer.Type{customer.Company}
	return []operations.FeeRule{
		{
			Name: "withdrawal", Match: individual, Tier: operations.Tier{BPS: decimal.NewFromInt(50)},
			Minimum: decimal.NewFromInt(2), Maximum: decimal.NewFromInt(50),
		},
		{
			Name: "company-withdrawal", Match: company, Inside: true,
			Tiers: []operations.Tier{
				{UpTo: decimal.NewFromInt(1000), Fixed: decimal.NewFromInt(3)},
				{Fixed: decimal.NewFromInt(1), BPS: decimal.NewFromInt(20)},
			},
		},
	}
}

// limits: 10,000 BRL may leave in a day and 100,000 in 30 days; one operator
// lets at most 8,000 a day leave for a customer.
func limits() []operations.Limit {
	return []operations.Limit{
		{Name: "outgoing", Match: outgoing(0), Asset: "BRL", Min: decimal.NewFromInt(5), Day: decimal.NewFromInt(10_000), Rolling: decimal.NewFromInt(100_000)},
		{Name: "operator", Match: outgoing(0), Asset: "BRL", PerOperator: true, Day: decimal.NewFromInt(8_000)},
	}
}

// approvals: from 2,000 BRL on one other person agrees within four hours, from
// 7,000 on two.
func approvals() []operations.Approval {
	return []operations.Approval{
		{Name: "four-eyes", Match: outgoing(2_000), Persons: 1, Within: 4 * time.Hour},
		{Name: "six-eyes", Match: outgoing(7_000), Persons: 2},
	}
}
