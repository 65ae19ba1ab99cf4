package tenancy_test

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/onbehalf/onbehalf/tenancy"
)

func TestPermissionTextsAreStable(t *testing.T) {
	t.Parallel()
	var texts []string
	for _, p := range tenancy.AllPermissions() {
		texts = append(texts, p.String())
		got, err := tenancy.ParsePermission(p.String())
		require.NoError(t, err)
		require.Equal(t, p, got)
	}
	require.Equal(t, []string{
		"view", "prepare", "execute", "modify", "cancel", "approve", "adjust",
		"manage_accounts", "manage_customers", "manage_grants", "view_treasury", "refund", "freeze",
	}, texts)
	for _, text := range []string{"", "View", "view ", "permission(0)", "all"} {
		_, err := tenancy.ParsePermission(text)
		require.ErrorIs(t, err, tenancy.ErrInvalid, "%q", text)
	}
}

func TestPermissionsAreASet(t *testing.T) {
	t.Parallel()
	set := tenancy.NewPermissions(tenancy.Execute, tenancy.View, tenancy.View)
	require.True(t, set.Has(tenancy.View))
	require.True(t, set.Has(tenancy.Execute))
	require.False(t, set.Has(tenancy.Prepare))
	require.Equal(t, []tenancy.Permission{tenancy.View, tenancy.Execute}, set.List())
	require.Equal(t, "view,execute", set.String())

	more := set.With(tenancy.Cancel)
	require.True(t, more.Covers(set))
	require.False(t, set.Covers(more))
	require.True(t, set.Covers(0))
	require.Equal(t, set, more.Intersect(set))
	require.Equal(t, "none", set.Intersect(tenancy.NewPermissions(tenancy.Adjust)).String())
	require.Len(t, tenancy.NewPermissions(tenancy.AllPermissions()...).List(), len(tenancy.AllPermissions()))
}

func TestWhatIsNoPermissionIsInNoSet(t *testing.T) {
	t.Parallel()
	all := ^tenancy.Permissions(0)
	for _, p := range []tenancy.Permission{0, tenancy.Freeze + 1, 32, 33, 255} {
		require.False(t, all.Has(p), "%d", p)
		require.Zero(t, tenancy.NewPermissions(p), "%d", p)
	}
}

func TestPermissionsJSONIsASortedList(t *testing.T) {
	t.Parallel()
	cases := map[string]struct {
		set  tenancy.Permissions
		json string
	}{
		"none": {0, `[]`},
		"some": {tenancy.NewPermissions(tenancy.View, tenancy.Execute, tenancy.Approve), `["approve","execute","view"]`},
		"all": {
			tenancy.NewPermissions(tenancy.AllPermissions()...),
			`["adjust","approve","cancel","execute","freeze","manage_accounts","manage_customers","manage_grants","modify","prepare","refund","view","view_treasury"]`,
		},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			data, err := json.Marshal(c.set)
			require.NoError(t, err)
			require.Equal(t, c.json, string(data))
			var back tenancy.Permissions
			require.NoError(t, json.Unmarshal(data, &back))
			require.Equal(t, c.set, back)
		})
	}
	t.Run("unknown bits have no form", func(t *testing.T) {
		t.Parallel()
		_, err := json.Marshal(tenancy.Permissions(1 << 31))
		require.Error(t, err)
	})
}

func TestPermissionsJSONIsReadStrictly(t *testing.T) {
	t.Parallel()
	for name, text := range map[string]string{
		"unknown":     `["view","fly"]`,
		"twice":       `["view","view"]`,
		"other case":  `["View"]`,
		"null":        `null`,
		"null member": `["view",null]`,
		"number":      `3`,
		"numbers":     `[1]`,
		"text":        `"view"`,
		"object":      `{"view":true}`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			set := tenancy.NewPermissions(tenancy.Cancel)
			err := json.Unmarshal([]byte(text), &set)
			require.ErrorIs(t, err, tenancy.ErrInvalid)
			require.Equal(t, tenancy.NewPermissions(tenancy.Cancel), set, "what was there stays")
		})
	}
}
