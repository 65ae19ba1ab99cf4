package operations_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/onbehalf/onbehalf/adapters/memory"
	"github.com/onbehalf/onbehalf/customer"
	"github.com/onbehalf/onbehalf/operations"
	"github.com/onbehalf/onbehalf/operations/operationstest"
	"github.com/onbehalf/onbehalf/tenancy"
)

// oldFirm was begun before there were refunds, freezes and switches.
func oldFirm(t *testing.T) (*operations.Engine, *operationstest.Clock, tenancy.Principal) {
	t.Helper()
	clock := &operationstest.Clock{}
	eng, err := operations.New(memory.New(), operations.Config{Clock: clock})
	require.NoError(t, err)
	t.Cleanup(eng.Close)
	had := tenancy.NewPermissions(tenancy.AllPermissions()...) &^ tenancy.NewPermissions(tenancy.Refund, tenancy.Freeze)
	ana := tenancy.Principal{Tenant: "acme", Operator: "ana", Person: "p-ana"}
	require.NoError(t, operations.BootstrapOf(t.Context(), eng, ana, had))
	return eng, clock, ana
}

func TestRenewGivesAnAdministratorWhatIsNew(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	eng, _, ana := oldFirm(t)
	n := 0
	manage := func(x operations.Administrative) error {
		n++
		house, err := eng.Gate().Own(ctx, ana, "")
		require.NoError(t, err)
		_, err = eng.Manage(ctx, house, operations.Intent{Key: string(rune('a' + n))}, x)
		return err
	}
	allow := tenancy.Allow{Operator: "bruno", Everyone: true, Permissions: tenancy.NewPermissions(tenancy.Freeze, tenancy.Refund)}
	stop := tenancy.Stop{Subject: "firm", Reason: "an exercise"}
	require.NoError(t, manage(tenancy.Register{Operator: "bruno", Person: "p-bruno"}))
	require.ErrorContains(t, manage(allow), operations.CodeGrantExceeds, "nobody has it, so nobody can give it")
	require.ErrorContains(t, manage(stop), tenancy.CodePermissionMissing)

	head := func() int64 {
		house, err := eng.Gate().Own(ctx, ana, "")
		require.NoError(t, err)
		v, err := eng.Book(house).Verify(ctx)
		require.NoError(t, err)
		require.True(t, v.Sound(), "%+v", v.Faults)
		return v.Head.Seq
	}
	before := head()
	require.NoError(t, eng.Renew(ctx, ana))
	require.Equal(t, before+1, head(), "one entry")
	require.NoError(t, eng.Renew(ctx, ana))
	require.Equal(t, before+1, head(), "nothing is lacking any more")

	house, err := eng.Gate().Own(ctx, ana, "")
	require.NoError(t, err)
	lines, err := eng.Book(house).Journal(ctx, before, 1)
	require.NoError(t, err)
	e := lines[0].Entry
	require.Equal(t, operations.ActRenew, e.Action)
	require.Equal(t, "ana", e.Actors[0].ID)
	added := tenancy.NewPermissions(tenancy.Refund, tenancy.Freeze)
	require.Len(t, e.Effects.Grants, 1)
	require.Equal(t, added, e.Effects.Grants[0].Permissions)
	require.Len(t, e.Effects.Operators, 2)
	require.Len(t, e.Effects.Operators[0].Grants, 2, "beside the one he had")
	require.Equal(t, tenancy.Operator{ID: tenancy.Switches, Version: e.Seq}, e.Effects.Operators[1])

	opened, err := eng.OpenCustomer(ctx, must(eng.Gate().Firm(ctx, ana)), operations.Intent{Key: "maria"}, customer.Profile{Name: "Maria"})
	require.NoError(t, err)
	_, err = eng.Manage(ctx, must(eng.Gate().Enter(ctx, ana, opened.ID, "")), operations.Intent{Key: "freeze"}, operations.Freeze{Reason: "an exercise"})
	require.NoError(t, err, "for every customer, too")
	require.NoError(t, manage(allow))
	require.NoError(t, manage(stop))
	require.NoError(t, eng.Renew(ctx, ana))
	stops, err := eng.Firm(must(eng.Gate().Firm(ctx, ana))).Stops(ctx)
	require.NoError(t, err)
	require.Len(t, stops, 1, "the switches stay as they are")
}

func TestRenewIsForAdministratorsOnly(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	eng, clock, ana := oldFirm(t)
	house, err := eng.Gate().Own(ctx, ana, "")
	require.NoError(t, err)
	grants := tenancy.NewPermissions(tenancy.ManageGrants)
	for key, x := range map[string]operations.Administrative{
		"bruno": tenancy.Register{Operator: "bruno", Person: "p-bruno"}, "carla": tenancy.Register{Operator: "carla", Person: "p-carla"},
		"dora": tenancy.Register{Operator: "dora", Person: "p-dora"},
	} {
		_, err := eng.Manage(ctx, house, operations.Intent{Key: key}, x)
		require.NoError(t, err)
	}
	for key, x := range map[string]operations.Administrative{
		"everyone":    tenancy.Allow{Operator: "bruno", Everyone: true, Permissions: grants},
		"for-a-while": tenancy.Allow{Operator: "carla", Permissions: grants, Expires: clock.Now().Add(time.Hour)},
		"dora-too":    tenancy.Allow{Operator: "dora", Permissions: grants},
	} {
		_, err := eng.Manage(ctx, house, operations.Intent{Key: key}, x)
		require.NoError(t, err)
	}
	_, err = eng.Manage(ctx, house, operations.Intent{Key: "dora-not"}, tenancy.Suspend{Operator: "dora"})
	require.NoError(t, err)
	who := func(op tenancy.OperatorID, person tenancy.PersonID) tenancy.Principal {
		return tenancy.Principal{Tenant: "acme", Operator: op, Person: person}
	}
	for name, c := range map[string]struct {
		who  tenancy.Principal
		code string
	}{
		"nobody":                           {who("eva", "p-eva"), operations.CodeOperatorUnknown},
		"another person":                   {who("ana", "p-eva"), tenancy.CodePersonMismatch},
		"who manages grants of customers":  {who("bruno", "p-bruno"), tenancy.CodePermissionMissing},
		"who manages grants for some time": {who("carla", "p-carla"), tenancy.CodePermissionMissing},
		"who is suspended":                 {who("dora", "p-dora"), tenancy.CodeOperatorSuspended},
	} {
		require.ErrorIs(t, eng.Renew(ctx, c.who), operations.ErrRefused, name)
		require.ErrorContains(t, eng.Renew(ctx, c.who), c.code, name)
	}
	require.ErrorIs(t, eng.Renew(ctx, tenancy.Principal{Tenant: "globex", Operator: "ana", Person: "p-ana"}), operations.ErrNotFound)
	require.ErrorIs(t, eng.Renew(ctx, tenancy.Principal{}), operations.ErrInvalid)
}
