package main

import (
	"slices"
	"strings"

	"github.com/onbehalf/onbehalf/tenancy"
)

// member is one of the staff. What he may do stands in the books, not here.
type member struct {
	id     tenancy.OperatorID
	person tenancy.PersonID
	name   string
}

// staff is the sign-in of this example: whoever gives one of these names is
// that person. It stands where a real host has its authentication.
func staff() []member {
	return []member{
		{"ana", "p-ana", "Ana Ribeiro"},
		{"bruno", "p-bruno", "Bruno Costa"},
		{"carla", "p-carla", "Carla Nunes"},
		{"davi", "p-davi", "Davi Lopes"},
	}
}

func lookUp(id string) (member, bool) {
	all := staff()
	if i := slices.IndexFunc(all, func(m member) bool { return string(m.id) == id }); i >= 0 {
		return all[i], true
	}
	return member{}, false
}

// signIn gives the principal the library is told of.
func signIn(firm tenancy.TenantID, name string) (tenancy.Principal, error) {
	m, ok := lookUp(name)
	if !ok {
		ids := make([]string, 0, len(staff()))
		for _, m := range staff() {
			ids = append(ids, string(m.id))
		}
		return tenancy.Principal{}, tenancy.Invalid("as", "is not one of "+strings.Join(ids, ", "))
	}
	return tenancy.Principal{Tenant: firm, Operator: m.id, Person: m.person, Name: m.name, Channel: tenancy.ChannelCLI}, nil
}

// called is an operator's name for people; the id of one who is not on the
// staff any more.
func called(id string) string {
	if m, ok := lookUp(id); ok {
		return m.name
	}
	return id
}
