package customer

import (
	"errors"
	"strings"

	"github.com/onbehalf/onbehalf/tenancy"
)

// MaxName is the greatest length of a customer's name in bytes.
const MaxName = 120

// Profile is what a firm says of a customer when it opens or edits him. Only
// the name is required.
type Profile struct {
	// Name is 1 to [MaxName] bytes of text fit for a journal.
	Name string `json:"name"`
	// Type is [Individual] when empty. It may not be [House].
	Type Type `json:"type,omitempty"`
	// TaxID is zero when there is none.
	TaxID TaxID `json:"tax_id,omitzero"`
	// Country is an ISO 3166-1 code of two capital letters; empty when unknown.
	Country string `json:"country,omitempty"`
	// Person is the natural person who is this customer, told when one of the
	// firm's operators could be him: it keeps him from acting for himself.
	Person tenancy.PersonID `json:"person,omitempty"`
	// Onboarding opens the customer as [Onboarding] instead of [Active].
	Onboarding bool `json:"onboarding,omitempty"`
}

// Validate returns all problems of the profile, each a [*tenancy.FieldError].
func (p Profile) Validate() error {
	var problems []error
	if strings.TrimSpace(p.Name) == "" {
		problems = append(problems, tenancy.Invalid("name", "is required"))
	} else {
		problems = append(problems, tenancy.CheckText("name", p.Name, MaxName))
	}
	switch p.Type {
	case "", Individual, Company:
	case House:
		problems = append(problems, tenancy.Invalid("type", "is reserved for the firm itself"))
	default:
		problems = append(problems, tenancy.Invalid("type", "is not a customer type"))
	}
	problems = append(problems, p.TaxID.Validate())
	if p.Country != "" && !knownCountry(p.Country) {
		problems = append(problems, tenancy.Invalid("country", "is not an ISO 3166-1 code of two capital letters"))
	}
	if p.Person != "" {
		problems = append(problems, tenancy.CheckID("person", string(p.Person)))
	}
	return errors.Join(problems...)
}
