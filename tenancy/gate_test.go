package tenancy_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/onbehalf/onbehalf/tenancy"
)

// books answers with one standing per customer; "" is the firm's.
type books map[string]tenancy.Standing

const house = string(tenancy.House)

func (b books) Standing(_ context.Context, p tenancy.Principal, c tenancy.CustomerID) (tenancy.Standing, error) {
	st, ok := b[string(c)]
	if !ok || p.Tenant != "acme" {
		return tenancy.Standing{}, fmt.Errorf("load book %q: %w", c, tenancy.ErrNotFound)
	}
	return st, nil
}

func operator(everyone ...tenancy.Grant) tenancy.Operator {
	return tenancy.Operator{ID: "op-ana", Person: "ana", Status: tenancy.OperatorActive, Version: 2, Grants: everyone}
}

func grant(id tenancy.GrantID, ps ...tenancy.Permission) tenancy.Grant {
	return tenancy.Grant{ID: id, Operator: "op-ana", Permissions: tenancy.NewPermissions(ps...)}
}

func forEveryone(g tenancy.Grant) tenancy.Grant {
	g.Everyone = true
	return g
}

func until(g tenancy.Grant, end time.Time) tenancy.Grant {
	g.Expires = end
	return g
}

// maria's book gives op-ana two permissions in two grants.
func maria() tenancy.Standing {
	return tenancy.Standing{
		Operator: operator(),
		Person:   "maria",
		Grants:   []tenancy.Grant{grant("g2", tenancy.View, tenancy.Execute), grant("g1", tenancy.View)},
		Now:      noon(),
	}
}

func newGate(t *testing.T, a tenancy.Authority, p tenancy.Policy) *tenancy.Gate {
	t.Helper()
	g, err := tenancy.NewGate(a, p)
	require.NoError(t, err)
	return g
}

func codesOf(t *testing.T, err error) []string {
	t.Helper()
	var refused *tenancy.RefusedError
	require.ErrorAs(t, err, &refused)
	var codes []string
	for _, u := range refused.Unmet {
		require.NotEmpty(t, u.Subject)
		require.NotEmpty(t, u.Remedy)
		codes = append(codes, u.Code)
	}
	return codes
}

func TestNewGateNamesEveryProblem(t *testing.T) {
	t.Parallel()
	_, err := tenancy.NewGate(nil, tenancy.Policy{ScopeLength: -1})
	require.Equal(t, []string{"authority", "policy.scope_length"}, fieldNames(err))
	_, err = tenancy.NewGate(tenancy.AuthorityFunc(nil), tenancy.Policy{})
	require.Equal(t, []string{"authority"}, fieldNames(err))
}

func TestEnterGivesTheScopeOfOneCustomer(t *testing.T) {
	t.Parallel()
	g := newGate(t, books{"c1": maria()}, tenancy.Policy{})
	p := ana()
	p.Delegates = []tenancy.Actor{{Kind: tenancy.Service, ID: "assistant"}}

	s, err := g.Enter(t.Context(), p, "c1", "phone call 4711")
	require.NoError(t, err)
	require.False(t, s.IsZero())
	require.Equal(t, tenancy.CustomerScope, s.Kind())
	require.Equal(t, tenancy.TenantID("acme"), s.Tenant())
	require.Equal(t, tenancy.CustomerID("c1"), s.Customer())
	require.Equal(t, "phone call 4711", s.Reason())
	require.Equal(t, noon().Add(8*time.Hour), s.Expires())
	require.Equal(t, tenancy.NewPermissions(tenancy.View, tenancy.Execute), s.Permissions())
	require.Equal(t, tenancy.ChannelAPI, s.Principal().Channel, "the zero channel means api")
	require.Equal(t, "customer acme/c1 by op-ana", s.String())
	require.NotContains(t, fmt.Sprintf("%v %+v %s", s, s, s), "4711", "a log must not tell the reason")

	// Nobody can reach into the scope: not the caller, not a reader.
	p.Delegates[0].ID = "changed"
	s.Principal().Delegates[0].ID = "changed"
	require.Equal(t, "assistant", s.Principal().Delegates[0].ID)
}

func TestScopeLengthFollowsThePolicy(t *testing.T) {
	t.Parallel()
	g := newGate(t, books{"c1": maria()}, tenancy.Policy{ScopeLength: time.Minute})
	s, err := g.Enter(t.Context(), ana(), "c1", "")
	require.NoError(t, err)
	require.Equal(t, noon().Add(time.Minute), s.Expires())
}

func TestScopeCannotBeDecoded(t *testing.T) {
	t.Parallel()
	g := newGate(t, books{"c1": maria()}, tenancy.Policy{})
	s, err := g.Enter(t.Context(), ana(), "c1", "")
	require.NoError(t, err)
	data, err := json.Marshal(s) //nolint:staticcheck // That there is nothing to encode is what is tested.
	require.NoError(t, err)
	require.Equal(t, "{}", string(data))
	for _, text := range []string{string(data), `{"kind":"customer","customer":"c1","of":{"customer":"c1"}}`} {
		var back tenancy.Scope
		require.NoError(t, json.Unmarshal([]byte(text), &back)) //nolint:staticcheck // As above.
		require.True(t, back.IsZero())
	}
}

func TestZeroScopeTellsNothing(t *testing.T) {
	t.Parallel()
	var s tenancy.Scope
	require.True(t, s.IsZero())
	require.Empty(t, s.Kind())
	require.Empty(t, s.Tenant())
	require.Empty(t, s.Customer())
	require.Equal(t, tenancy.Principal{}, s.Principal())
	require.Zero(t, s.Permissions())
	require.True(t, s.Expires().IsZero())
	require.Equal(t, "no scope", s.String())
}

// Each stranger gets an answer equal to that for a customer who does not exist.
func TestStrangersAllGetTheSameAnswer(t *testing.T) {
	t.Parallel()
	change := func(f func(*tenancy.Standing)) tenancy.Standing {
		st := maria()
		f(&st)
		return st
	}
	b := books{
		"c1":           maria(),
		house:          maria(),
		"ungranted":    change(func(st *tenancy.Standing) { st.Grants = nil }),
		"others-grant": change(func(st *tenancy.Standing) { st.Grants[0].Operator, st.Grants[1].Operator = "op-bob", "op-bob" }),
		"expired": change(func(st *tenancy.Standing) {
			st.Grants = []tenancy.Grant{until(grant("g1", tenancy.View), noon())}
		}),
		"empty-grant":   change(func(st *tenancy.Standing) { st.Grants = []tenancy.Grant{grant("g1")} }),
		"unknown-op":    change(func(st *tenancy.Standing) { st.Operator = tenancy.Operator{} }),
		"version-0":     change(func(st *tenancy.Standing) { st.Operator.Version = 0 }),
		"other-op":      change(func(st *tenancy.Standing) { st.Operator.ID = "op-bob" }),
		"other-person":  change(func(st *tenancy.Standing) { st.Operator.Person = "bob" }),
		"suspended":     change(func(st *tenancy.Standing) { st.Operator.Status = tenancy.OperatorSuspended }),
		"no-status":     change(func(st *tenancy.Standing) { st.Operator.Status = "" }),
		"own-ungranted": change(func(st *tenancy.Standing) { st.Grants, st.Person = nil, "ana" }),
		"misplaced-in-book": change(func(st *tenancy.Standing) {
			st.Grants = []tenancy.Grant{forEveryone(grant("g1", tenancy.View))}
		}),
		"misplaced-in-row": change(func(st *tenancy.Standing) {
			st.Grants, st.Operator = nil, operator(grant("g1", tenancy.View))
		}),
	}
	g := newGate(t, b, tenancy.Policy{})
	_, want := g.Enter(t.Context(), ana(), "0192f0c1-7e4b-7c3a-9d55-2f8e6a1b3c4d", "")
	require.Equal(t, []error{tenancy.ErrNotFound}, classesOf(want))

	for c := range b {
		if c == "c1" {
			continue
		}
		t.Run(c, func(t *testing.T) {
			t.Parallel()
			s, err := g.Enter(t.Context(), ana(), tenancy.CustomerID(c), "")
			require.Equal(t, want, err)
			require.NotContains(t, err.Error(), c)
			require.True(t, s.IsZero())
		})
	}
	t.Run("another tenant", func(t *testing.T) {
		t.Parallel()
		p := ana()
		p.Tenant = "other"
		_, err := g.Enter(t.Context(), p, "c1", "")
		require.Equal(t, want, err)
	})
}

func TestOwnAndFirmAreClosedToStrangersToo(t *testing.T) {
	t.Parallel()
	for name, spoil := range map[string]func(*tenancy.Operator){
		"unknown":        func(o *tenancy.Operator) { *o = tenancy.Operator{} },
		"suspended":      func(o *tenancy.Operator) { o.Status = tenancy.OperatorSuspended },
		"another person": func(o *tenancy.Operator) { o.Person = "bob" },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			st := maria()
			st.Person = ""
			b := books{house: st, "": {Operator: operator(), Now: noon()}}
			g := newGate(t, b, tenancy.Policy{})
			_, err := g.Own(t.Context(), ana(), "")
			require.NoError(t, err)
			_, err = g.Firm(t.Context(), ana())
			require.NoError(t, err)

			for c, st := range b {
				spoil(&st.Operator)
				b[c] = st
			}
			_, err = g.Own(t.Context(), ana(), "")
			require.Equal(t, []error{tenancy.ErrNotFound}, classesOf(err))
			_, err = g.Firm(t.Context(), ana())
			require.Equal(t, []error{tenancy.ErrNotFound}, classesOf(err))
		})
	}
}

func TestGrantsReachTheirOwnBooksOnly(t *testing.T) {
	t.Parallel()
	everyone := operator(forEveryone(grant("e1", tenancy.View, tenancy.ManageCustomers)))
	inBook := []tenancy.Grant{grant("b1", tenancy.Execute), forEveryone(grant("e1", tenancy.View, tenancy.ManageCustomers))}
	b := books{
		"c1":  {Operator: everyone, Grants: inBook[:1], Now: noon()},
		"c2":  {Operator: everyone, Now: noon()},
		house: {Operator: everyone, Grants: inBook, Now: noon()},
		"":    {Operator: everyone, Now: noon()},
	}
	g := newGate(t, b, tenancy.Policy{})

	s, err := g.Enter(t.Context(), ana(), "c1", "")
	require.NoError(t, err)
	require.Equal(t, "view,execute,manage_customers", s.Permissions().String())

	s, err = g.Enter(t.Context(), ana(), "c2", "")
	require.NoError(t, err)
	require.Equal(t, "view,manage_customers", s.Permissions().String())

	s, err = g.Own(t.Context(), ana(), "month end")
	require.NoError(t, err)
	require.Equal(t, "execute", s.Permissions().String(), "a grant for every customer is none for the house")
	require.Equal(t, tenancy.HouseScope, s.Kind())
	require.Equal(t, tenancy.House, s.Customer())
	require.Equal(t, "month end", s.Reason())
	require.Equal(t, "house acme/house by op-ana", s.String())

	s, err = g.Firm(t.Context(), ana())
	require.NoError(t, err)
	require.Equal(t, "view,manage_customers", s.Permissions().String())
	require.Equal(t, tenancy.FirmScope, s.Kind())
	require.Empty(t, s.Customer())
	require.Equal(t, "firm acme by op-ana", s.String())

	b[house] = tenancy.Standing{Operator: everyone, Grants: inBook[1:], Now: noon()}
	_, err = g.Own(t.Context(), ana(), "")
	require.ErrorIs(t, err, tenancy.ErrNotFound)

	b[""] = tenancy.Standing{Operator: operator(), Now: noon()}
	s, err = g.Firm(t.Context(), ana())
	require.NoError(t, err, "an operator without tenant-wide grants sees the lists of his own customers")
	require.Zero(t, s.Permissions())
}

func TestNobodyEntersForHimself(t *testing.T) {
	t.Parallel()
	st := maria()
	st.Person = "ana"
	delegated := ana()
	delegated.Operator, delegated.Person = "op-bob", "bob"
	delegated.Delegates = []tenancy.Actor{{Kind: tenancy.OperatorActor, ID: "op-ana", Person: "ana"}}
	bobs := st
	bobs.Operator.ID, bobs.Operator.Person = "op-bob", "bob"
	bobs.Grants = []tenancy.Grant{{ID: "g1", Operator: "op-bob", Permissions: tenancy.NewPermissions(tenancy.View)}}

	cases := map[string]struct {
		principal tenancy.Principal
		standing  tenancy.Standing
	}{
		"as the operator": {ana(), st},
		"as his delegate": {delegated, bobs},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := books{"c1": c.standing}
			_, err := newGate(t, b, tenancy.Policy{}).Enter(t.Context(), c.principal, "c1", "")
			require.Equal(t, []string{tenancy.CodeOwnAccount}, codesOf(t, err))
			_, err = newGate(t, b, tenancy.Policy{AllowSelf: true}).Enter(t.Context(), c.principal, "c1", "")
			require.NoError(t, err)
		})
	}
}

func TestReasonIsRequiredWhereThePolicySaysSo(t *testing.T) {
	t.Parallel()
	b := books{"c1": maria(), house: maria()}
	g := newGate(t, b, tenancy.Policy{RequireReason: true})
	for _, blank := range []string{"", "   ", "\u00a0"} {
		_, err := g.Enter(t.Context(), ana(), "c1", blank)
		require.Equal(t, []string{tenancy.CodeReasonRequired}, codesOf(t, err))
	}
	_, err := g.Enter(t.Context(), ana(), "c1", "phone call")
	require.NoError(t, err)
	_, err = g.Own(t.Context(), ana(), "")
	require.NoError(t, err)
}

func TestMalformedRequestsNeverReachTheBooks(t *testing.T) {
	t.Parallel()
	g := newGate(t, tenancy.AuthorityFunc(func(context.Context, tenancy.Principal, tenancy.CustomerID) (tenancy.Standing, error) {
		return tenancy.Standing{}, errors.New("the books were read")
	}), tenancy.Policy{})
	bad := ana()
	bad.Operator = "op ana"

	_, err := g.Enter(t.Context(), bad, "c1 ", "a\nb")
	require.Equal(t, []string{"operator", "customer", "reason"}, fieldNames(err))
	_, err = g.Own(t.Context(), bad, strings.Repeat("x", tenancy.MaxReason+1))
	require.Equal(t, []string{"operator", "reason"}, fieldNames(err))
	_, err = g.Firm(t.Context(), bad)
	require.Equal(t, []string{"operator"}, fieldNames(err))
	_, err = g.Enter(t.Context(), ana(), tenancy.House, "")
	require.ErrorIs(t, err, tenancy.ErrNotFound)
}

func TestErrorsOfTheAuthorityPassThrough(t *testing.T) {
	t.Parallel()
	for name, cause := range map[string]error{
		"unavailable": tenancy.ErrUnavailable, "cancelled": context.Canceled, "deadline": context.DeadlineExceeded,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			g := newGate(t, tenancy.AuthorityFunc(func(context.Context, tenancy.Principal, tenancy.CustomerID) (tenancy.Standing, error) {
				return maria(), fmt.Errorf("read head: %w", cause)
			}), tenancy.Policy{})
			s, err := g.Enter(t.Context(), ana(), "c1", "")
			require.ErrorIs(t, err, cause)
			require.True(t, s.IsZero())
		})
	}
	t.Run("a standing without a time opens nothing", func(t *testing.T) {
		t.Parallel()
		st := maria()
		st.Now = time.Time{}
		_, err := newGate(t, books{"c1": st}, tenancy.Policy{}).Enter(t.Context(), ana(), "c1", "")
		require.ErrorIs(t, err, tenancy.ErrUnavailable)
	})
}

func TestAuthorityCannotChangeWhoEnters(t *testing.T) {
	t.Parallel()
	p := ana()
	p.Delegates = []tenancy.Actor{{Kind: tenancy.Service, ID: "assistant"}}
	g := newGate(t, tenancy.AuthorityFunc(func(_ context.Context, p tenancy.Principal, _ tenancy.CustomerID) (tenancy.Standing, error) {
		p.Delegates[0] = tenancy.Actor{Kind: tenancy.System, ID: "work"}
		return maria(), nil
	}), tenancy.Policy{})
	s, err := g.Enter(t.Context(), p, "c1", "")
	require.NoError(t, err)
	require.Equal(t, "assistant", s.Principal().Delegates[0].ID)
}
