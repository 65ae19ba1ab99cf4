package tenancy

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
)

// MaxReason is the greatest length of a reason in bytes.
const MaxReason = 500

// Standing is what the books say of one principal and one customer, as of one
// confirmed reading.
type Standing struct {
	// Operator is the operator's row; Version 0 when he is not registered.
	Operator Operator
	// Person is the natural person who is this customer, if that is known.
	// Empty for the house and the firm.
	Person PersonID
	// Grants are the grants that are entries of this customer's book, or of the
	// house's. Empty for the firm.
	Grants []Grant
	// Now is the time of the reading. It is never zero.
	Now time.Time
}

// Authority reads the standing that a [Gate] judges. The engine is one.
type Authority interface {
	// Standing returns what the books say now of p.Operator in p.Tenant and of
	// the customer. The empty customer asks for the operator's row alone. It
	// returns [ErrNotFound] when there is no such customer, and must be safe
	// for concurrent use.
	Standing(ctx context.Context, p Principal, customer CustomerID) (Standing, error)
}

// AuthorityFunc is an [Authority] made of one function.
type AuthorityFunc func(ctx context.Context, p Principal, customer CustomerID) (Standing, error)

// Standing calls the function.
func (f AuthorityFunc) Standing(ctx context.Context, p Principal, customer CustomerID) (Standing, error) {
	return f(ctx, p, customer)
}

// Policy is what a firm decides about entering. The zero value is the strict
// and usual one.
type Policy struct {
	// AllowSelf lets a person act for the customer he himself is. Zero: no.
	AllowSelf bool
	// RequireReason makes [Gate.Enter] refuse a blank reason. Zero: a reason is
	// optional.
	RequireReason bool
	// ScopeLength is how long a scope is good for. Zero: 8 hours. Not negative.
	ScopeLength time.Duration
	// Observe is told of every attempt to open a scope that was well-formed, and
	// how it ended; the customer is empty for the firm's. It is called by many
	// goroutines. Nil: nobody is.
	Observe func(p Principal, c CustomerID, err error)
}

const defaultScopeLength = 8 * time.Hour

// errClosed is the one answer to everybody who is not let in, whatever the
// cause, so that a stranger learns nothing from it.
var errClosed = fmt.Errorf("open scope: %w", ErrNotFound)

// Gate opens scopes and checks them again. Nothing else can make one. It holds
// no changing state and is safe for concurrent use.
type Gate struct {
	authority Authority
	policy    Policy
}

// NewGate returns a gate that judges by what the authority reads. All problems
// of the arguments are reported together, each a [*FieldError].
func NewGate(a Authority, p Policy) (*Gate, error) {
	var problems []error
	if f, ok := a.(AuthorityFunc); a == nil || ok && f == nil {
		problems = append(problems, Invalid("authority", "is required"))
	}
	if p.ScopeLength < 0 {
		problems = append(problems, Invalid("policy.scope_length", "is negative; use 0 for 8 hours"))
	}
	if err := errors.Join(problems...); err != nil {
		return nil, fmt.Errorf("new gate: %w", err)
	}
	if p.ScopeLength == 0 {
		p.ScopeLength = defaultScopeLength
	}
	return &Gate{authority: a, policy: p}, nil
}

// Enter opens the scope of one customer for an operator who has any live grant
// for him. The reason is recorded with everything done in the scope.
//
// A malformed principal, customer id or reason is [ErrInvalid]. A customer of
// somebody else, one that does not exist or for whom there is no live grant,
// the house, an operator who is unknown, suspended or registered for another
// person are all the same [ErrNotFound] with the same text. Refused with
// [CodeReasonRequired] or [CodeOwnAccount]. Errors of the authority pass through
// wrapped.
func (g *Gate) Enter(ctx context.Context, p Principal, c CustomerID, reason string) (Scope, error) {
	if err := errors.Join(p.Validate(), CheckID("customer", string(c)), checkReason(reason)); err != nil {
		return Scope{}, fmt.Errorf("open scope: %w", err)
	}
	if g.policy.RequireReason && strings.TrimSpace(reason) == "" {
		return Scope{}, reasonRequired()
	}
	if c == House {
		return Scope{}, errClosed
	}
	return g.open(ctx, CustomerScope, p, c, reason)
}

// Own opens the scope of the house, the firm's own book, for an operator who
// has a live grant for the house. Grants for every customer do not count. The
// errors are those of [Gate.Enter]; the reason is optional.
func (g *Gate) Own(ctx context.Context, p Principal, reason string) (Scope, error) {
	if err := errors.Join(p.Validate(), checkReason(reason)); err != nil {
		return Scope{}, fmt.Errorf("open scope: %w", err)
	}
	return g.open(ctx, HouseScope, p, House, reason)
}

// Firm opens the scope of lists over many books, for any active operator of the
// firm. Its permissions are those of his live tenant-wide grants and may be
// none: what he sees is then what his grants for single customers let him see.
// The errors are those of [Gate.Enter].
func (g *Gate) Firm(ctx context.Context, p Principal) (Scope, error) {
	if err := p.Validate(); err != nil {
		return Scope{}, fmt.Errorf("open scope: %w", err)
	}
	return g.open(ctx, FirmScope, p, "", "")
}

func checkReason(reason string) error { return CheckText("reason", reason, MaxReason) }

func (g *Gate) open(ctx context.Context, kind ScopeKind, p Principal, c CustomerID, reason string) (Scope, error) {
	s, err := g.scope(ctx, kind, p, c, reason)
	if g.policy.Observe != nil {
		g.policy.Observe(p.clone(), c, err)
	}
	return s, err
}

func (g *Gate) scope(ctx context.Context, kind ScopeKind, p Principal, c CustomerID, reason string) (Scope, error) {
	// The authority is other people's code: it gets a copy, so that what was
	// validated is what the scope will hold.
	p = p.clone()
	if p.Channel == "" {
		p.Channel = ChannelAPI
	}
	st, err := g.authority.Standing(ctx, p.clone(), c)
	switch {
	case errors.Is(err, ErrNotFound):
		return Scope{}, errClosed
	case err != nil:
		return Scope{}, fmt.Errorf("open scope: %w", err)
	case st.Now.IsZero():
		return Scope{}, errNoTime()
	case checkOperator(p, st.Operator) != nil:
		return Scope{}, errClosed
	}
	permissions := union(kind, p.Operator, st)
	if permissions == 0 && kind != FirmScope {
		return Scope{}, errClosed
	}
	if g.forHimself(p, st) {
		return Scope{}, ownAccount()
	}
	return Scope{of: &opened{
		gate: g, kind: kind, customer: c, principal: p, reason: reason,
		expires: st.Now.Add(g.policy.ScopeLength), permissions: permissions,
	}}, nil
}

// Authorize checks, on a fresh standing, that the scope still gives need. It is
// pure: it reads nothing but its arguments and is called inside every decision.
//
// The scope must be this gate's and not expired at st.Now; the operator active
// and registered for the same person; nobody in the chain the customer himself,
// unless the policy allows it; need among the scope's permissions and given by
// a grant that is live at st.Now. The result is the first such grant by id, to
// be recorded with what is done.
//
// The error is a [*RefusedError] with one of [Codes]; [IsAccess] tells whether
// there is no access at all. A standing without a time is [ErrUnavailable].
func (g *Gate) Authorize(s Scope, need Permission, st Standing) (GrantID, error) {
	if err := g.Attend(s, st); err != nil {
		return "", err
	}
	p := s.of.principal
	grant, given, live := giving(s.of.kind, p.Operator, st, need)
	switch {
	case !live:
		return "", grantMissing()
	case !given || !s.of.permissions.Has(need):
		return "", permissionMissing(need, given)
	}
	return grant, nil
}

// Foresee tells what [Gate.Authorize] would say of a customer if the principal
// of a firm scope entered his book now: st is his standing there. It opens
// nothing, and is for lists that tell what an operator could do. The scope must
// be the firm's.
func (g *Gate) Foresee(s Scope, need Permission, st Standing) (GrantID, error) {
	if err := g.Attend(s, st); err != nil {
		return "", err
	}
	if s.of.kind != FirmScope {
		return "", Invalid("scope", "is not that of the firm")
	}
	grant, given, live := giving(CustomerScope, s.of.principal.Operator, st, need)
	switch {
	case !live:
		return "", grantMissing()
	case !given:
		return "", permissionMissing(need, false)
	}
	return grant, nil
}

// Honour refuses a scope that this gate did not open: the zero scope, or one of
// another gate. It asks nobody; whether the scope still gives anything is
// [Gate.Authorize]'s to say.
func (g *Gate) Honour(s Scope) error {
	switch {
	case s.of == nil:
		return scopeRequired()
	case s.of.gate != g:
		return scopeForeign()
	}
	return nil
}

// Attend is [Gate.Authorize] without a permission: whether the scope is still
// one that its operator may use at all. It is for lists that show each operator
// what he has grants for.
func (g *Gate) Attend(s Scope, st Standing) error {
	if err := g.Honour(s); err != nil {
		return err
	}
	switch {
	case st.Now.IsZero():
		return errNoTime()
	case !st.Now.Before(s.of.expires):
		return scopeExpired(s.of.expires, st.Now)
	}
	if err := checkOperator(s.of.principal, st.Operator); err != nil {
		return err
	}
	if g.forHimself(s.of.principal, st) {
		return ownAccount()
	}
	return nil
}

// checkOperator refuses unless the row is that of an active operator, the
// principal's own. A row that is missing leaves no grant to rely on.
func checkOperator(p Principal, o Operator) error {
	switch {
	case o.Version == 0 || o.ID != p.Operator:
		return grantMissing()
	case o.Status != OperatorActive:
		return operatorSuspended()
	case o.Person != p.Person:
		return personMismatch()
	default:
		return nil
	}
}

func (g *Gate) forHimself(p Principal, st Standing) bool {
	return !g.policy.AllowSelf && st.Person != "" && slices.Contains(p.Persons(), st.Person)
}

// errNoTime answers a standing without a time. Every expiry would lie ahead of
// the zero time, so nothing can be judged on it.
func errNoTime() error { return fmt.Errorf("standing has no time: %w", ErrUnavailable) }
