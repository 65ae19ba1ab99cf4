package tenancy_test

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/onbehalf/onbehalf/tenancy"
)

// The engine is the usual authority. In the unit tests of a host, a function
// that returns what the books would say is enough.
func Example() {
	now := time.Date(2026, 11, 2, 12, 0, 0, 0, time.UTC)
	standing := tenancy.Standing{
		Operator: tenancy.Operator{ID: "op-ana", Person: "ana", Status: tenancy.OperatorActive, Version: 2},
		Grants: []tenancy.Grant{{
			ID: "g1", Operator: "op-ana",
			Permissions: tenancy.NewPermissions(tenancy.View, tenancy.Prepare),
		}},
		Now: now,
	}
	gate, err := tenancy.NewGate(tenancy.AuthorityFunc(
		func(_ context.Context, _ tenancy.Principal, customer tenancy.CustomerID) (tenancy.Standing, error) {
			if customer != "maria" {
				return tenancy.Standing{}, tenancy.ErrNotFound
			}
			return standing, nil
		}), tenancy.Policy{RequireReason: true})
	if err != nil {
		fmt.Println(err)
		return
	}

	ana := tenancy.Principal{Tenant: "acme", Operator: "op-ana", Person: "ana"}
	scope, err := gate.Enter(context.Background(), ana, "maria", "phone call 4711")
	fmt.Println(scope, err)
	fmt.Println(scope.Permissions())

	grant, err := gate.Authorize(scope, tenancy.Prepare, standing)
	fmt.Println(grant, err)
	_, err = gate.Authorize(scope, tenancy.Execute, standing)
	fmt.Println(err)

	standing.Grants = nil // revoked in the meantime
	_, err = gate.Authorize(scope, tenancy.Prepare, standing)
	fmt.Println(err, tenancy.IsAccess(err))

	_, err = gate.Enter(context.Background(), ana, "joao", "phone call 4712")
	fmt.Println(err)
	// Output:
	// customer acme/maria by op-ana <nil>
	// view,prepare
	// g1 <nil>
	// refused: permission_missing (permission:execute)
	// refused: grant_missing (operator) true
	// open scope: not found
}

func ExampleFields() {
	err := tenancy.Principal{Tenant: "acme ", Operator: "op-ana"}.Validate()
	fmt.Println(errors.Is(err, tenancy.ErrInvalid))
	for _, field := range tenancy.Fields(err) {
		fmt.Printf("%s %s\n", field.Field, field.Problem)
	}
	// Output:
	// true
	// tenant may contain only the letters A-Z and a-z, digits, and . _ @ -
	// person is required
}

func ExampleRefusedError() {
	err := fmt.Errorf("execute: %w", tenancy.Refuse(tenancy.Unmet{
		Code:    "insufficient_available",
		Subject: "account:a1",
		Figures: []tenancy.Figure{{Name: "available", Value: "90"}, {Name: "asked", Value: "100"}},
		Remedy:  "Deposit 10 more.",
	}))
	if refused, ok := errors.AsType[*tenancy.RefusedError](err); ok {
		for _, unmet := range refused.Unmet {
			fmt.Println(unmet)
			fmt.Println(unmet.Remedy)
		}
	}
	// Output:
	// insufficient_available (account:a1): available=90 asked=100
	// Deposit 10 more.
}

func ExamplePermissions() {
	teller := tenancy.NewPermissions(tenancy.View, tenancy.Prepare, tenancy.Execute)
	viewer := tenancy.NewPermissions(tenancy.View)
	fmt.Println(teller, teller.Covers(viewer), viewer.Covers(teller))
	// Output: view,prepare,execute true false
}

func ExamplePrincipal_Chain() {
	p := tenancy.Principal{
		Tenant: "acme", Operator: "op-ana", Person: "ana", Service: "dashboard",
		Delegates: []tenancy.Actor{{Kind: tenancy.OperatorActor, ID: "op-bob", Person: "bob"}},
	}
	for _, actor := range p.Chain() {
		fmt.Println(actor.Kind, actor.ID)
	}
	fmt.Println(p.Persons())
	// Output:
	// operator op-ana
	// operator op-bob
	// service dashboard
	// [ana bob]
}
