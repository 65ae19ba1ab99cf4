package tenancy_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/onbehalf/onbehalf/tenancy"
)

func noon() time.Time { return time.Date(2026, 11, 2, 12, 0, 0, 0, time.UTC) }

func TestGrantEndsAtItsExpiry(t *testing.T) {
	t.Parallel()
	g := tenancy.Grant{Expires: noon()}
	require.True(t, g.Live(noon().Add(-time.Microsecond)))
	require.False(t, g.Live(noon()), "the expiry itself is too late")
	require.False(t, g.Live(noon().Add(time.Hour)))
	require.True(t, tenancy.Grant{}.Live(noon().AddDate(900, 0, 0)), "no expiry: for ever")
}

func TestGrantJSON(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		grant tenancy.Grant
		json  string
	}{
		"for ever": {
			tenancy.Grant{ID: "g1", Operator: "op-ana", Permissions: tenancy.NewPermissions(tenancy.View)},
			`{"id":"g1","operator":"op-ana","permissions":["view"]}`,
		},
		"for everyone until noon": {
			tenancy.Grant{ID: "g1", Operator: "op-ana", Everyone: true, Permissions: tenancy.NewPermissions(tenancy.View), Expires: noon()},
			`{"id":"g1","operator":"op-ana","everyone":true,"permissions":["view"],"expires":"2026-11-02T12:00:00Z"}`,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			data, err := json.Marshal(c.grant)
			require.NoError(t, err)
			require.Equal(t, c.json, string(data))
			var back tenancy.Grant
			require.NoError(t, json.Unmarshal(data, &back))
			require.Equal(t, c.grant, back)
		})
	}
}

func TestAllowedGrantNeverLastsLongerThanAsked(t *testing.T) {
	t.Parallel()
	asked := noon().Add(1999 * time.Nanosecond).In(time.FixedZone("BRT", -3*60*60))
	g := tenancy.Allow{Operator: "op-ana", Everyone: true, Permissions: tenancy.NewPermissions(tenancy.View), Expires: asked}.Grant("g1")
	require.Equal(t, tenancy.Grant{
		ID: "g1", Operator: "op-ana", Everyone: true, Permissions: tenancy.NewPermissions(tenancy.View),
		Expires: noon().Add(time.Microsecond),
	}, g)
	require.True(t, tenancy.Allow{}.Grant("g1").Expires.IsZero())
}

func TestChangesNameAndValidateThemselves(t *testing.T) {
	t.Parallel()
	type change interface {
		Change() string
		Validate() error
	}
	view := tenancy.NewPermissions(tenancy.View)
	cases := map[string]struct {
		change change
		action string
		fields []string
	}{
		"register":                   {tenancy.Register{Operator: "op", Person: "ana"}, "operator.register", nil},
		"register nobody":            {tenancy.Register{}, "operator.register", []string{"operator", "person"}},
		"suspend":                    {tenancy.Suspend{Operator: "op"}, "operator.suspend", nil},
		"suspend nobody":             {tenancy.Suspend{}, "operator.suspend", []string{"operator"}},
		"reinstate":                  {tenancy.Reinstate{Operator: "op"}, "operator.reinstate", nil},
		"reinstate nobody":           {tenancy.Reinstate{}, "operator.reinstate", []string{"operator"}},
		"allow":                      {tenancy.Allow{Operator: "op", Permissions: view, Expires: noon()}, "grant.allow", nil},
		"allow for ever":             {tenancy.Allow{Operator: "op", Permissions: view}, "grant.allow", nil},
		"allow nothing":              {tenancy.Allow{}, "grant.allow", []string{"operator", "permissions"}},
		"allow what is unknown":      {tenancy.Allow{Operator: "op", Permissions: 1 << 30}, "grant.allow", []string{"permissions"}},
		"allow until the year 10000": {tenancy.Allow{Operator: "op", Permissions: view, Expires: time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC)}, "grant.allow", []string{"expires"}},
		"allow until almost never":   {tenancy.Allow{Operator: "op", Permissions: view, Expires: time.Time{}.Add(1)}, "grant.allow", []string{"expires"}},
		"revoke":                     {tenancy.Revoke{Grant: "g1"}, "grant.revoke", nil},
		"revoke nothing":             {tenancy.Revoke{}, "grant.revoke", []string{"grant"}},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			require.Equal(t, c.action, c.change.Change())
			require.Equal(t, c.fields, fieldNames(c.change.Validate()))
		})
	}
}

func TestFirmValidatesItsAdministrator(t *testing.T) {
	t.Parallel()
	cases := map[string]struct {
		firm   tenancy.Firm
		fields []string
	}{
		"complete":       {tenancy.Firm{Tenant: "acme", Name: "Acme", Admin: ana()}, nil},
		"zero":           {tenancy.Firm{}, []string{"tenant", "admin.tenant", "admin.operator", "admin.person"}},
		"another tenant": {tenancy.Firm{Tenant: "other", Name: "Acme", Admin: ana()}, []string{"admin.tenant"}},
		"no admin":       {tenancy.Firm{Tenant: "acme"}, []string{"admin.tenant", "admin.operator", "admin.person"}},
		"no name":        {tenancy.Firm{Tenant: "acme", Admin: ana()}, nil},
		"name too long":  {tenancy.Firm{Tenant: "acme", Name: strings.Repeat("x", 121), Admin: ana()}, []string{"name"}},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			require.Equal(t, c.fields, fieldNames(c.firm.Validate()))
		})
	}
}
