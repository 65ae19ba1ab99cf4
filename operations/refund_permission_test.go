package operations_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/onbehalf/onbehalf/operations"
	"github.com/onbehalf/onbehalf/tenancy"
)

func TestARefundNeedsItsPermission(t *testing.T) {
	t.Parallel()
	f, dep := funded(t, operations.Config{})
	ctx, in := t.Context(), func(key string) operations.Intent { return operations.Intent{Key: key} }
	house, err := f.eng.Gate().Own(ctx, tenancy.Principal{Tenant: "acme", Operator: "ana", Person: "p-ana"}, "")
	require.NoError(t, err)
	_, err = f.eng.Manage(ctx, house, in("register"), tenancy.Register{Operator: "bruno", Person: "p-bruno"})
	require.NoError(t, err)
	_, err = f.eng.Manage(ctx, f.scopes[0], in("allow"), tenancy.Allow{
		Operator: "bruno", Permissions: tenancy.NewPermissions(tenancy.View, tenancy.Prepare, tenancy.Execute),
	})
	require.NoError(t, err)
	bruno, err := f.eng.Gate().Enter(ctx, tenancy.Principal{Tenant: "acme", Operator: "bruno", Person: "p-bruno"}, f.scopes[0].Customer(), "")
	require.NoError(t, err)
	_, err = f.eng.Submit(ctx, bruno, in("r"), back(dep.ID, "1"))
	require.ErrorIs(t, err, operations.ErrRefused)
	_, err = f.submit(ctx, "mine", back(dep.ID, "1"))
	require.NoError(t, err)
}
