package operationstest

import (
	"context"
	"testing"
	"time"

	"github.com/onbehalf/onbehalf/tenancy"
)

// ScopeSpec describes a scope for code of the host's own that takes or shows
// one. The zero value is operator "operator" of firm "firm" who has entered
// customer "customer" with every permission. An Engine refuses such a scope, as
// it refuses those of every gate but its own: with an engine, enter through
// Engine.Gate.
type ScopeSpec struct {
	Kind        tenancy.ScopeKind   // empty: that of one customer
	Customer    tenancy.CustomerID  // of a customer's scope; empty: "customer"
	Principal   tenancy.Principal   // zero: "operator" of "firm", person "person"
	Permissions tenancy.Permissions // zero: all
	Reason      string
	At          time.Time // when it is opened. Zero: Start
	Policy      tenancy.Policy
}

// Open opens the scope at a real gate that knows of nothing but the spec. What
// the gate refuses ends the test.
func (s ScopeSpec) Open(tb testing.TB) tenancy.Scope {
	tb.Helper()
	scope, err := s.defaulted().open()
	if err != nil {
		tb.Fatalf("operationstest: the scope cannot be opened: %v", err)
	}
	return scope
}

func (s ScopeSpec) defaulted() ScopeSpec {
	d := s
	if d.Principal.Operator == "" {
		d.Principal = tenancy.Principal{Tenant: "firm", Operator: "operator", Person: "person"}
	}
	set(&d.Kind, tenancy.CustomerScope)
	set(&d.Customer, "customer")
	set(&d.Permissions, tenancy.NewPermissions(tenancy.AllPermissions()...))
	set(&d.At, Start())
	return d
}

func (s ScopeSpec) open() (tenancy.Scope, error) {
	gate, err := tenancy.NewGate(tenancy.AuthorityFunc(s.standing), s.Policy)
	if err != nil {
		return tenancy.Scope{}, err
	}
	ctx := context.Background()
	switch s.Kind {
	case tenancy.CustomerScope:
		return gate.Enter(ctx, s.Principal, s.Customer, s.Reason)
	case tenancy.HouseScope:
		return gate.Own(ctx, s.Principal, s.Reason)
	case tenancy.FirmScope:
		return gate.Firm(ctx, s.Principal)
	}
	return tenancy.Scope{}, tenancy.Invalid("kind", "is not a scope kind")
}

// standing grants what the spec says, for everyone and for the book asked for.
func (s ScopeSpec) standing(_ context.Context, p tenancy.Principal, _ tenancy.CustomerID) (tenancy.Standing, error) {
	grant := tenancy.Grant{ID: "operationstest", Operator: p.Operator, Permissions: s.Permissions}
	everyone := grant
	everyone.Everyone = true
	return tenancy.Standing{
		Operator: tenancy.Operator{
			ID: p.Operator, Person: p.Person, Status: tenancy.OperatorActive, Version: 1, Grants: []tenancy.Grant{everyone},
		},
		Grants: []tenancy.Grant{grant}, Now: s.At,
	}, nil
}
