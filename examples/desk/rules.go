package main

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"time"

	"github.com/shopspring/decimal"

	"github.com/onbehalf/onbehalf/accounts"
	"github.com/onbehalf/onbehalf/operations"
)

// rulesConfig is what the firm of demo --rules decided beside config: what a
// withdrawal costs, how much may leave, and when two other persons must agree.
func rulesConfig(assets accounts.Assets, clock operations.Clock) operations.Config {
	reais := decimal.NewFromInt
	out := operations.Match{Kinds: []string{operations.KindWithdrawal}, Assets: []string{"BRL"}}
	large := out
	large.From = reais(2_000)
	c := config(assets, clock)
	c.Fees = []operations.FeeRule{{
		Name: "withdrawal", Match: out, Tier: operations.Tier{BPS: reais(50)}, Minimum: reais(2), Maximum: reais(50),
	}}
	c.Limits = []operations.Limit{{Name: "outgoing", Match: out, Asset: "BRL", Day: reais(10_000), Month: reais(100_000)}}
	c.Approvals = []operations.Approval{{Name: "two-others", Match: large, Persons: 2, Within: 4 * time.Hour}}
	c.Zone = time.FixedZone("BRT", -3*60*60)
	c.PolicyVersion = "desk-rules-1"
	return c
}

// policyDoc is what of a firm's rules people ought to know.
type policyDoc struct {
	Fees      []policyRow `json:"fees"`
	Limits    []policyRow `json:"limits"`
	Approvals []policyRow `json:"approvals"`
}

type policyRow struct {
	Name  string `json:"name"`
	Says  string `json:"says"`
	Kinds string `json:"kinds"`
}

func policyOf(c operations.Config) policyDoc {
	var d policyDoc
	for _, f := range c.Fees {
		says := fmt.Sprintf("%s basis points, at least %s, at most %s, on top", f.BPS, f.Minimum, f.Maximum)
		d.Fees = append(d.Fees, policyRow{f.Name, says, strings.Join(f.Match.Kinds, ", ")})
	}
	for _, l := range c.Limits {
		says := fmt.Sprintf("%s %s a day, %s a month", l.Day, l.Asset, l.Month)
		d.Limits = append(d.Limits, policyRow{l.Name, says, strings.Join(l.Match.Kinds, ", ")})
	}
	for _, a := range c.Approvals {
		says := fmt.Sprintf("from %s on: %s within %s", a.Match.From, count(a.Persons, "other person"), a.Within)
		d.Approvals = append(d.Approvals, policyRow{a.Name, says, strings.Join(a.Match.Kinds, ", ")})
	}
	return d
}

func (d policyDoc) draw(p *page) {
	var rows [][]cell
	for _, part := range []struct {
		what string
		all  []policyRow
	}{{"fee", d.Fees}, {"limit", d.Limits}, {"approval", d.Approvals}} {
		for _, r := range part.all {
			rows = append(rows, []cell{is(part.what), is(r.Name), is(r.Kinds), is(r.Says)})
		}
	}
	p.table([]column{col("rule"), col("name"), col("of"), col("says")}, rows)
}

// counted gives ids that are the same in every run.
type counted struct{ n int }

// NewID gives the next id.
func (c *counted) NewID() string {
	c.n++
	return fmt.Sprintf("demo-%03d", c.n)
}

// alike has an engine draw the same ids and salts in every run: what it writes
// can be compared, and keeps no secret. It is for one goroutine.
func alike(c operations.Config) operations.Config {
	c.IDs, c.Entropy = &counted{}, rand.NewChaCha8([32]byte{})
	return c
}
