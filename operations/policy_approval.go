package operations

import (
	"time"

	"github.com/onbehalf/onbehalf/tenancy"
)

// Approval asks for the agreement of other persons before an operation happens.
type Approval struct {
	Name    string // recorded with the terms: 1 to 64 bytes, see tenancy.CheckID
	Match   Match
	Persons int           // distinct persons with the approve permission; zero: 1; at most 16
	Within  time.Duration // until it expires. Zero: 24 hours
}

// ApprovalTerm is the agreement that terms need, frozen with them: the most
// persons and the shortest time of all policies that cover it.
type ApprovalTerm struct {
	Policies []string      `json:"policies"`
	Persons  int           `json:"persons"`
	Within   time.Duration `json:"within"` // in nanoseconds
}

// Approved is one person's agreement to the operation's content.
type Approved struct {
	Actors  []tenancy.Actor `json:"actors"` // the approver first, then his chain
	At      time.Time       `json:"at"`
	Seq     int64           `json:"seq"`
	Version int64           `json:"version"` // of the content agreed to
	Content Hash            `json:"content"` // SHA-256 of it
}

func checkApprovals([]Approval) error { return nil }

func (r *rulebook) needsApproval(View, Terms) *ApprovalTerm { return nil }

// await has an operation wait for its approvals, with its funds held.
func (d *decision) await(o Operation, on Event) error {
	return d.advance(o, on, AwaitingApproval)
}
