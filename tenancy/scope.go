package tenancy

import (
	"fmt"
	"time"
)

// ScopeKind says what a scope reaches. The zero value is that of the zero
// [Scope] and reaches nothing.
type ScopeKind string

// The kinds of scopes.
const (
	// CustomerScope reaches one customer's book.
	CustomerScope ScopeKind = "customer"
	// HouseScope reaches the firm's own book.
	HouseScope ScopeKind = "house"
	// FirmScope reaches lists over many books, and moves no money.
	FirmScope ScopeKind = "firm"
)

// ScopeKinds returns all kinds of scopes.
func ScopeKinds() []ScopeKind { return []ScopeKind{CustomerScope, HouseScope, FirmScope} }

// ParseScopeKind returns the kind with exactly this text, or a [*FieldError].
func ParseScopeKind(text string) (ScopeKind, error) { return parse("scope_kind", text, ScopeKinds()) }

// Scope is the proof that an operator was let in, and to what. Only a [Gate]
// makes one, and it is good at that gate only.
//
// It is a small value to copy and pass on, safe for concurrent use, and cannot
// be changed. The zero value is refused everywhere. A scope does not survive
// encoding: what is decoded is the zero value. A scope says what was allowed
// when it was opened; [Gate.Authorize] says what is allowed now.
type Scope struct {
	of *opened
}

// opened is never changed once a scope points to it.
type opened struct {
	gate        *Gate
	kind        ScopeKind
	customer    CustomerID
	principal   Principal
	reason      string
	expires     time.Time
	permissions Permissions
}

// IsZero reports whether the scope is the zero value.
func (s Scope) IsZero() bool { return s.of == nil }

func (s Scope) read() opened {
	if s.of == nil {
		return opened{}
	}
	return *s.of
}

// Kind returns what the scope reaches; empty for the zero scope.
func (s Scope) Kind() ScopeKind { return s.read().kind }

// Tenant returns the firm the scope belongs to.
func (s Scope) Tenant() TenantID { return s.read().principal.Tenant }

// Customer returns the customer of the scope: [House] for the house's, empty
// for the firm's.
func (s Scope) Customer() CustomerID { return s.read().customer }

// Principal returns a copy of who opened the scope. Its channel is never empty.
func (s Scope) Principal() Principal { return s.read().principal.clone() }

// Reason returns why the scope was opened, as the operator told it.
func (s Scope) Reason() string { return s.read().reason }

// Expires returns the first instant at which the scope is refused.
func (s Scope) Expires() time.Time { return s.read().expires }

// Permissions returns what the grants gave when the scope was opened. It never
// widens; what it is worth now depends on the grants that are still live.
func (s Scope) Permissions() Permissions { return s.read().permissions }

// String names the scope by kind, tenant, customer and operator. It is safe for
// logs: it holds no name and no reason.
func (s Scope) String() string {
	if s.of == nil {
		return "no scope"
	}
	if s.of.kind == FirmScope {
		return fmt.Sprintf("firm %s by %s", s.Tenant(), s.of.principal.Operator)
	}
	return fmt.Sprintf("%s %s/%s by %s", s.of.kind, s.Tenant(), s.of.customer, s.of.principal.Operator)
}
