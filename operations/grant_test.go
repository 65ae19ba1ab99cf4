package operations_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/onbehalf/onbehalf/operations"
	"github.com/onbehalf/onbehalf/tenancy"
)

// Nobody gives a grant for longer than he has it himself.
func TestAGrantDoesNotOutliveTheOneItIsGivenBy(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	f := newFirm(t, 1, operations.Config{})
	ana := tenancy.Principal{Tenant: "acme", Operator: "ana", Person: "p-ana"}
	bruno := tenancy.Principal{Tenant: "acme", Operator: "bruno", Person: "p-bruno"}
	house, err := f.eng.Gate().Own(ctx, ana, "")
	require.NoError(t, err)
	for _, o := range []tenancy.Register{{Operator: "bruno", Person: "p-bruno"}, {Operator: "carla", Person: "p-carla"}} {
		_, err = f.eng.Manage(ctx, house, operations.Intent{Key: string(o.Operator)}, o)
		require.NoError(t, err)
	}
	until := f.scopes[0].Expires()
	_, err = f.eng.Manage(ctx, f.scopes[0], operations.Intent{Key: "for-a-while"},
		tenancy.Allow{Operator: "bruno", Permissions: tenancy.NewPermissions(tenancy.View, tenancy.ManageGrants), Expires: until})
	require.NoError(t, err)
	s, err := f.eng.Gate().Enter(ctx, bruno, f.scopes[0].Customer(), "")
	require.NoError(t, err)
	give := func(key string, expires time.Time) error {
		_, err := f.eng.Manage(ctx, s, operations.Intent{Key: key}, tenancy.Allow{Operator: "carla", Permissions: tenancy.NewPermissions(tenancy.View), Expires: expires})
		return err
	}
	require.ErrorContains(t, give("for-ever", time.Time{}), operations.CodeGrantExceeds)
	require.ErrorContains(t, give("longer", until.Add(time.Second)), operations.CodeGrantExceeds)
	require.NoError(t, give("as-long", until))
}
