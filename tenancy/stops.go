package tenancy

// Switches is the id of the row that stands for the firm's switches among the
// operators' rows. No operator can be registered under it.
const Switches OperatorID = "~switches"

// Stop is a switch of the firm that is thrown: nothing it names begins any more
// until it is lifted.
type Stop struct {
	// Subject is "firm", "kind:<name>" or "provider:<name>".
	Subject string `json:"subject"`
	// Reason is for people, at most 256 bytes.
	Reason string `json:"reason"`
}
