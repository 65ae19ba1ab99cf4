package operations_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/shopspring/decimal"
	"github.com/stretchr/testify/require"

	"github.com/onbehalf/onbehalf/operations"
	"github.com/onbehalf/onbehalf/operations/operationstest"
	"github.com/onbehalf/onbehalf/tenancy"
)

// office is a firm of several people who may all do everything for its one
// customer, who has 100 BRL.
type office struct {
	firm

	t     *testing.T
	clock *operationstest.Clock
	n     int
}

// large are withdrawals that need as many persons.
func large(persons int) operations.Config {
	return operations.Config{Approvals: []operations.Approval{{
		Name: "large", Match: operations.Match{Kinds: []string{operations.KindWithdrawal}, From: decimal.NewFromInt(10)}, Persons: persons, Within: time.Hour,
	}}}
}

func newOffice(t *testing.T, c operations.Config) *office {
	t.Helper()
	o := &office{t: t, clock: &operationstest.Clock{}}
	c.Clock = o.clock
	o.firm, _ = funded(t, c)
	house, err := o.eng.Gate().Own(t.Context(), who("ana"), "")
	require.NoError(t, err)
	all := tenancy.NewPermissions(tenancy.AllPermissions()...)
	for _, op := range []string{"bruno", "ana-2", "carla", "dora"} {
		o.manage(house, tenancy.Register{Operator: tenancy.OperatorID(op), Person: who(op).Person})
	}
	o.manage(house, tenancy.Allow{Operator: "bruno", Permissions: all})
	brunos, err := o.eng.Gate().Own(t.Context(), who("bruno"), "")
	require.NoError(t, err)
	for _, op := range []string{"bruno", "carla", "dora"} {
		o.manage(house, tenancy.Allow{Operator: tenancy.OperatorID(op), Everyone: true, Permissions: all})
	}
	o.manage(brunos, tenancy.Allow{Operator: "ana-2", Everyone: true, Permissions: all}) // nobody gives a grant to himself
	return o
}

// who is an operator of the office. Those whose ids differ in a number alone
// are one person.
func who(op string, delegates ...tenancy.Actor) tenancy.Principal {
	person := tenancy.PersonID("p-" + op)
	if len(op) > 2 && op[len(op)-2] == '-' {
		person = tenancy.PersonID("p-" + op[:len(op)-2])
	}
	return tenancy.Principal{Tenant: "acme", Operator: tenancy.OperatorID(op), Person: person, Delegates: delegates}
}

// through is an actor who acts for another, worked by a person.
func through(person string) tenancy.Actor {
	return tenancy.Actor{Kind: tenancy.Service, ID: "assistant", Person: tenancy.PersonID("p-" + person)}
}

func (o *office) in() operations.Intent {
	o.n++
	return operations.Intent{Key: fmt.Sprint("o", o.n)}
}

func (o *office) manage(s tenancy.Scope, x operations.Administrative) operations.Managed {
	o.t.Helper()
	m, err := o.eng.Manage(o.t.Context(), s, o.in(), x)
	require.NoError(o.t, err)
	return m
}

func (o *office) as(op string, delegates ...tenancy.Actor) tenancy.Scope {
	o.t.Helper()
	s, err := o.eng.Gate().Enter(o.t.Context(), who(op, delegates...), o.scopes[0].Customer(), "")
	require.NoError(o.t, err)
	return s
}

func (o *office) take(amount string) operations.Withdrawal {
	return operations.Withdrawal{From: o.accs[0], Amount: decimal.RequireFromString(amount)}
}

// waits is a withdrawal that somebody has asked for and that waits.
func (o *office) waits(s tenancy.Scope, q operations.Request) operations.Operation {
	o.t.Helper()
	res, err := o.eng.Submit(o.t.Context(), s, o.in(), q)
	require.NoError(o.t, err)
	require.Equal(o.t, operations.AwaitingApproval, res.Operation.State)
	return res.Operation
}

// approve gives the operation as the approval left it, or the first code of why not.
func (o *office) approve(s tenancy.Scope, op operations.Operation) (operations.Operation, string) {
	o.t.Helper()
	res, err := o.eng.Approve(o.t.Context(), s, o.in(), op.Ref())
	if err != nil {
		return op, code(err)
	}
	return res.Operation, ""
}

func (o *office) approved(s tenancy.Scope, op operations.Operation) operations.Operation {
	o.t.Helper()
	op, why := o.approve(s, op)
	require.Empty(o.t, why)
	return op
}

// actions are what a scope may do with the operation; the codes of what it may not.
func (o *office) actions(s tenancy.Scope, op operations.Operation) map[operations.Action]string {
	o.t.Helper()
	all, err := o.eng.Actions(o.t.Context(), s, op.ID)
	require.NoError(o.t, err)
	codes := make(map[operations.Action]string, len(all))
	for _, a := range all {
		codes[a.Action] = ""
		if !a.Allowed() {
			codes[a.Action] = a.Unmet[0].Code
		}
	}
	return codes
}

func (o *office) held() string {
	o.t.Helper()
	accs, err := o.eng.Book(o.scopes[0]).Accounts(o.t.Context())
	require.NoError(o.t, err)
	return accs[0].Held.String()
}

func codes(unmet []operations.Unmet) []string {
	all := make([]string, len(unmet))
	for i, u := range unmet {
		all[i] = u.Code
	}
	return all
}
