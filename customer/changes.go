package customer

// Edit replaces the customer's profile as a whole. [Profile.Onboarding] is
// ignored: the status has a change of its own.
type Edit struct {
	Profile Profile `json:"profile"`
}

// Change returns the action's name in the journal.
func (Edit) Change() string { return "customer.edit" }

// Validate returns all problems, each a [*tenancy.FieldError] named as in
// [Profile.Validate].
func (c Edit) Validate() error { return c.Profile.Validate() }

// SetStatus moves the customer to another status; see [Status.Next].
type SetStatus struct {
	Status Status `json:"status"`
}

// Change returns the action's name in the journal.
func (SetStatus) Change() string { return "customer.status" }

// Validate returns a [*tenancy.FieldError] unless the status is one of
// [Statuses]. Whether the customer can move there is decided on his book.
func (c SetStatus) Validate() error {
	_, err := ParseStatus(string(c.Status))
	return err
}

// Erase removes the personal data that is kept beside the journal. The journal
// stays whole: it holds digests, and its verification reports the data erased.
type Erase struct{}

// Change returns the action's name in the journal.
func (Erase) Change() string { return "customer.erase" }

// Validate returns nil: there is nothing to get wrong.
func (Erase) Validate() error { return nil }
