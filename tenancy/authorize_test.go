package tenancy_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/onbehalf/onbehalf/tenancy"
)

func TestAuthorizeJudgesOnTheFreshStanding(t *testing.T) {
	t.Parallel()
	cases := map[string]struct {
		change func(*tenancy.Standing)
		need   tenancy.Permission
		grant  tenancy.GrantID
		code   string
	}{
		"the first grant by id that gives it is named":     {nil, tenancy.View, "g1", ""},
		"a later grant is named when only it gives it":     {nil, tenancy.Execute, "g2", ""},
		"a permission nobody gave is missing":              {nil, tenancy.Approve, "", tenancy.CodePermissionMissing},
		"what is no permission is missing":                 {nil, 0, "", tenancy.CodePermissionMissing},
		"the last instant of the scope counts":             {func(st *tenancy.Standing) { st.Now = noon().Add(8*time.Hour - 1) }, tenancy.View, "g1", ""},
		"the scope ends at its expiry":                     {func(st *tenancy.Standing) { st.Now = noon().Add(8 * time.Hour) }, tenancy.View, "", tenancy.CodeScopeExpired},
		"all grants revoked leave nothing":                 {func(st *tenancy.Standing) { st.Grants = nil }, tenancy.View, "", tenancy.CodeGrantMissing},
		"one grant revoked takes its permission":           {func(st *tenancy.Standing) { st.Grants = st.Grants[1:] }, tenancy.Execute, "", tenancy.CodePermissionMissing},
		"one grant revoked leaves the other's":             {func(st *tenancy.Standing) { st.Grants = st.Grants[:1] }, tenancy.View, "g2", ""},
		"an expired grant gives nothing":                   {func(st *tenancy.Standing) { st.Grants[0].Expires = noon() }, tenancy.Execute, "", tenancy.CodePermissionMissing},
		"a grant of another operator gives nothing":        {func(st *tenancy.Standing) { st.Grants[0].Operator = "op-bob" }, tenancy.Execute, "", tenancy.CodePermissionMissing},
		"a later grant does not widen the scope":           {func(st *tenancy.Standing) { st.Grants = append(st.Grants, grant("g3", tenancy.Cancel)) }, tenancy.Cancel, "", tenancy.CodePermissionMissing},
		"a grant for everyone serves as well":              {func(st *tenancy.Standing) { st.Operator = operator(forEveryone(grant("a0", tenancy.View))) }, tenancy.View, "a0", ""},
		"a suspended operator may nothing":                 {func(st *tenancy.Standing) { st.Operator.Status = tenancy.OperatorSuspended }, tenancy.View, "", tenancy.CodeOperatorSuspended},
		"an operator without status may nothing":           {func(st *tenancy.Standing) { st.Operator.Status = "" }, tenancy.View, "", tenancy.CodeOperatorSuspended},
		"an operator registered anew for another":          {func(st *tenancy.Standing) { st.Operator.Person = "bob" }, tenancy.View, "", tenancy.CodePersonMismatch},
		"an unknown operator has no grant":                 {func(st *tenancy.Standing) { st.Operator = tenancy.Operator{} }, tenancy.View, "", tenancy.CodeGrantMissing},
		"the standing of another operator serves nobody":   {func(st *tenancy.Standing) { st.Operator.ID = "op-bob" }, tenancy.View, "", tenancy.CodeGrantMissing},
		"a customer found out to be the operator is his":   {func(st *tenancy.Standing) { st.Person = "ana" }, tenancy.View, "", tenancy.CodeOwnAccount},
		"a suspension is told before the missing grant":    {func(st *tenancy.Standing) { st.Operator.Status, st.Grants = tenancy.OperatorSuspended, nil }, tenancy.View, "", tenancy.CodeOperatorSuspended},
		"an expired scope is told before a suspension":     {func(st *tenancy.Standing) { st.Operator.Status, st.Now = "", noon().AddDate(1, 0, 0) }, tenancy.View, "", tenancy.CodeScopeExpired},
		"his own account is told before the missing grant": {func(st *tenancy.Standing) { st.Person, st.Grants = "ana", nil }, tenancy.View, "", tenancy.CodeOwnAccount},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			g := newGate(t, books{"c1": maria()}, tenancy.Policy{})
			s, err := g.Enter(t.Context(), ana(), "c1", "")
			require.NoError(t, err)
			st := maria()
			if c.change != nil {
				c.change(&st)
			}
			id, err := g.Authorize(s, c.need, st)
			require.Equal(t, c.grant, id)
			if c.code == "" {
				require.NoError(t, err)
				return
			}
			require.Equal(t, []error{tenancy.ErrRefused}, classesOf(err))
			require.Equal(t, []string{c.code}, codesOf(t, err))
			require.Equal(t, c.code != tenancy.CodePermissionMissing, tenancy.IsAccess(err))
		})
	}
}

func TestAuthorizeRefusesScopesItDidNotOpen(t *testing.T) {
	t.Parallel()
	b := books{"c1": maria()}
	g, other := newGate(t, b, tenancy.Policy{}), newGate(t, b, tenancy.Policy{})
	s, err := g.Enter(t.Context(), ana(), "c1", "")
	require.NoError(t, err)

	_, err = other.Authorize(s, tenancy.View, maria())
	require.Equal(t, []string{tenancy.CodeScopeForeign}, codesOf(t, err))
	_, err = g.Authorize(tenancy.Scope{}, tenancy.View, maria())
	require.Equal(t, []string{tenancy.CodeScopeRequired}, codesOf(t, err))

	clone := s
	_, err = g.Authorize(clone, tenancy.View, maria())
	require.NoError(t, err, "a copy is as good")
}

func TestAuthorizeNeedsATime(t *testing.T) {
	t.Parallel()
	g := newGate(t, books{"c1": maria()}, tenancy.Policy{})
	s, err := g.Enter(t.Context(), ana(), "c1", "")
	require.NoError(t, err)
	st := maria()
	st.Now = time.Time{}
	_, err = g.Authorize(s, tenancy.View, st)
	require.Equal(t, []error{tenancy.ErrUnavailable}, classesOf(err))
}

func TestAuthorizeLetsHimActForHimselfWhereThePolicyDoes(t *testing.T) {
	t.Parallel()
	st := maria()
	st.Person = "ana"
	g := newGate(t, books{"c1": st}, tenancy.Policy{AllowSelf: true})
	s, err := g.Enter(t.Context(), ana(), "c1", "")
	require.NoError(t, err)
	_, err = g.Authorize(s, tenancy.View, st)
	require.NoError(t, err)
}

func TestAuthorizeTakesOnlyGrantsOfTheScopesKind(t *testing.T) {
	t.Parallel()
	row := operator(forEveryone(grant("e1", tenancy.View)))
	book := []tenancy.Grant{grant("b1", tenancy.View), forEveryone(grant("e1", tenancy.View))}
	st := tenancy.Standing{Operator: row, Grants: book, Now: noon()}
	g := newGate(t, books{"c1": st, house: st, "": st}, tenancy.Policy{})

	house, err := g.Own(t.Context(), ana(), "")
	require.NoError(t, err)
	id, err := g.Authorize(house, tenancy.View, st)
	require.NoError(t, err)
	require.Equal(t, tenancy.GrantID("b1"), id)
	_, err = g.Authorize(house, tenancy.View, tenancy.Standing{Operator: row, Grants: book[1:], Now: noon()})
	require.Equal(t, []string{tenancy.CodeGrantMissing}, codesOf(t, err))

	firm, err := g.Firm(t.Context(), ana())
	require.NoError(t, err)
	id, err = g.Authorize(firm, tenancy.View, st)
	require.NoError(t, err)
	require.Equal(t, tenancy.GrantID("e1"), id)
	_, err = g.Authorize(firm, tenancy.View, tenancy.Standing{Operator: operator(), Grants: book, Now: noon()})
	require.Equal(t, []string{tenancy.CodeGrantMissing}, codesOf(t, err))
}

func TestMissingPermissionTellsWhetherEnteringAgainHelps(t *testing.T) {
	t.Parallel()
	g := newGate(t, books{"c1": maria()}, tenancy.Policy{})
	s, err := g.Enter(t.Context(), ana(), "c1", "")
	require.NoError(t, err)
	st := maria()
	_, never := g.Authorize(s, tenancy.Cancel, st)
	st.Grants = append(st.Grants, grant("g3", tenancy.Cancel))
	_, since := g.Authorize(s, tenancy.Cancel, st)

	var a, b *tenancy.RefusedError
	require.ErrorAs(t, never, &a)
	require.ErrorAs(t, since, &b)
	require.Equal(t, "permission:cancel", a.Unmet[0].Subject)
	require.NotContains(t, a.Unmet[0].Remedy, "Enter again")
	require.Contains(t, b.Unmet[0].Remedy, "Enter again")
}

func TestForeseeTellsWhatEnteringWouldGive(t *testing.T) {
	t.Parallel()
	row := operator(forEveryone(grant("e1", tenancy.View)))
	b := books{"c1": maria(), "": {Operator: row, Now: noon()}}
	g := newGate(t, b, tenancy.Policy{RequireReason: true})
	firm, err := g.Firm(t.Context(), ana())
	require.NoError(t, err)
	st := tenancy.Standing{Operator: row, Grants: []tenancy.Grant{grant("b1", tenancy.Approve)}, Now: noon()}

	id, err := g.Foresee(firm, tenancy.View, st)
	require.NoError(t, err)
	require.Equal(t, tenancy.GrantID("e1"), id)
	id, err = g.Foresee(firm, tenancy.Approve, st)
	require.NoError(t, err, "a grant of the book itself counts, as it would there")
	require.Equal(t, tenancy.GrantID("b1"), id)
	_, err = g.Authorize(firm, tenancy.Approve, st)
	require.Error(t, err, "the scope itself gives no more than before")
	_, err = g.Foresee(firm, tenancy.Cancel, st)
	require.Equal(t, []string{tenancy.CodePermissionMissing}, codesOf(t, err))
	_, err = g.Foresee(firm, tenancy.View, tenancy.Standing{Operator: operator(), Now: noon()})
	require.Equal(t, []string{tenancy.CodeGrantMissing}, codesOf(t, err))
	st.Person = "ana"
	_, err = g.Foresee(firm, tenancy.View, st)
	require.Equal(t, []string{tenancy.CodeOwnAccount}, codesOf(t, err))
	st.Person, st.Now = "", noon().Add(8*time.Hour)
	_, err = g.Foresee(firm, tenancy.View, st)
	require.Equal(t, []string{tenancy.CodeScopeExpired}, codesOf(t, err))

	entered, err := g.Enter(t.Context(), ana(), "c1", "call")
	require.NoError(t, err)
	_, err = g.Foresee(entered, tenancy.View, maria())
	require.ErrorIs(t, err, tenancy.ErrInvalid)
	_, err = g.Foresee(tenancy.Scope{}, tenancy.View, maria())
	require.Equal(t, []string{tenancy.CodeScopeRequired}, codesOf(t, err))
}
