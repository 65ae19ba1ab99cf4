package operations

import (
	"context"

	"github.com/onbehalf/onbehalf/tenancy"
)

// BootstrapOf begins a firm as a release did that had only these permissions,
// and no switches.
func BootstrapOf(ctx context.Context, e *Engine, admin tenancy.Principal, had tenancy.Permissions) error {
	begin := bootstrap(tenancy.Firm{Tenant: admin.Tenant, Admin: admin}, "old-house", "old-everyone", make([]byte, 16))
	_, _, err := e.do(ctx, &command{
		book: BookID{Tenant: admin.Tenant, Customer: tenancy.House}, action: ActBootstrap, actors: admin.Chain(), opens: true,
		intent: Intent{Key: bootstrapKey},
		decide: func(d *decision) error {
			if err := begin(d); err != nil {
				return err
			}
			d.fx.Operators = d.fx.Operators[:1]
			d.fx.Operators[0].Grants[0].Permissions, d.fx.Grants[0].Permissions = had, had
			return nil
		},
	})
	return err
}
