package tenancy

import (
	"errors"
	"strings"
	"time"
)

// Switches is the id of the row that stands for the firm's switches among the
// operators' rows. [CheckID] refuses it, so it can be nobody's.
const Switches OperatorID = "~switches"

// MaxStops is how many switches of a firm can be thrown at a time.
const MaxStops = 64

// WholeFirm is the subject of the switch that stops everything.
const WholeFirm = "firm"

const (
	kindSubject     = "kind:"
	providerSubject = "provider:"
	reasonBytes     = 256
)

// KindSubject is the subject of the switch that stops one kind of operation.
func KindSubject(kind string) string { return kindSubject + kind }

// ProviderSubject is the subject of the switch that stops what one provider
// would carry.
func ProviderSubject(provider string) string { return providerSubject + provider }

// SubjectOf takes the subject of a switch apart: exactly one of kind and
// provider is set, or neither for [WholeFirm]. Anything else is a [*FieldError].
func SubjectOf(subject string) (kind, provider string, err error) {
	if subject == WholeFirm {
		return "", "", nil
	}
	if name, ok := strings.CutPrefix(subject, kindSubject); ok && CheckID("subject", name) == nil {
		return name, "", nil
	}
	if name, ok := strings.CutPrefix(subject, providerSubject); ok && CheckID("subject", name) == nil {
		return "", name, nil
	}
	return "", "", Invalid("subject", "is not firm, kind:<name> or provider:<name>")
}

// Stopped is a switch of the firm that is thrown: nothing of its subject begins
// until it is lifted.
type Stopped struct {
	Subject string    `json:"subject"`
	Reason  string    `json:"reason"`
	Seq     int64     `json:"seq"` // of the entry of the house's book that threw it
	At      time.Time `json:"at"`  // of that entry
}

// Validate returns all problems of subject and reason, each a [*FieldError].
func (s Stopped) Validate() error { return Stop{s.Subject, s.Reason}.Validate() }

// Stop throws a switch of the firm, in the house's scope: the firm, a kind or a
// provider is stopped from the next decision on, for every customer and the
// house. What has begun goes on to its end; what waits can be cancelled, and
// fails if its time comes meanwhile.
type Stop struct {
	Subject string `json:"subject"` // WholeFirm, or of KindSubject or ProviderSubject
	Reason  string `json:"reason"`  // for people, not personal; required, at most 256 bytes
}

// Change returns the action's name in the journal.
func (Stop) Change() string { return "switch.stop" }

// Validate returns all problems, each a [*FieldError].
func (c Stop) Validate() error {
	_, _, err := SubjectOf(c.Subject)
	return errors.Join(err, CheckReason("reason", c.Reason))
}

// Lift puts back a switch that was thrown, in the house's scope.
type Lift struct {
	Subject string `json:"subject"`
}

// Change returns the action's name in the journal.
func (Lift) Change() string { return "switch.lift" }

// Validate returns all problems, each a [*FieldError].
func (c Lift) Validate() error {
	_, _, err := SubjectOf(c.Subject)
	return err
}

// CheckReason returns a [*FieldError] unless the text says something, in at
// most 256 bytes, and passes [CheckText].
func CheckReason(field, text string) error {
	if strings.TrimSpace(text) == "" {
		return Invalid(field, "is required")
	}
	return CheckText(field, text, reasonBytes)
}
