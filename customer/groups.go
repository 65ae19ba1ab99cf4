package customer

import (
	"errors"
	"fmt"
	"slices"

	"github.com/onbehalf/onbehalf/tenancy"
)

// MaxGroups is how many groups a customer may be in.
const MaxGroups = 16

// SetGroups says which groups of the firm's customers he is in, such as a price
// list or a branch, in place of those before. The firm's rules may go by them.
type SetGroups struct {
	Groups []string `json:"groups"` // names, see tenancy.CheckID; each once; at most MaxGroups; empty: none
}

// Change returns the action's name in the journal.
func (SetGroups) Change() string { return "customer.groups" }

// Validate returns all problems, each a [*tenancy.FieldError].
func (c SetGroups) Validate() error {
	var errs []error
	if len(c.Groups) > MaxGroups {
		errs = append(errs, tenancy.Invalid("groups", fmt.Sprintf("are more than %d", MaxGroups)))
	}
	for i, g := range c.Groups {
		errs = append(errs, tenancy.CheckID(fmt.Sprintf("groups[%d]", i), g))
		if slices.Contains(c.Groups[:i], g) {
			errs = append(errs, tenancy.Invalid(fmt.Sprintf("groups[%d]", i), "is there twice"))
		}
	}
	return errors.Join(errs...)
}
