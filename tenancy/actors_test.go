package tenancy_test

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/onbehalf/onbehalf/tenancy"
)

func ana() tenancy.Principal {
	return tenancy.Principal{Tenant: "acme", Operator: "op-ana", Person: "ana", Name: "Ana"}
}

func fieldNames(err error) []string {
	var names []string
	for _, f := range tenancy.Fields(err) {
		names = append(names, f.Field)
	}
	return names
}

func TestPrincipalReportsAllProblemsAtOnce(t *testing.T) {
	t.Parallel()
	long := make([]tenancy.Actor, tenancy.MaxDelegates+1)
	for i := range long {
		long[i] = tenancy.Actor{Kind: tenancy.Service, ID: "app"}
	}
	cases := map[string]struct {
		change func(*tenancy.Principal)
		fields []string
	}{
		"a complete one is valid": {func(*tenancy.Principal) {}, nil},
		"the zero value misses all ids": {
			func(p *tenancy.Principal) { *p = tenancy.Principal{} },
			[]string{"tenant", "operator", "person"},
		},
		"every part is checked": {
			func(p *tenancy.Principal) {
				p.Name, p.Service, p.Channel = "A\u202e", "a b", "fax"
				p.Delegates = []tenancy.Actor{{Kind: "robot", ID: ""}}
			},
			[]string{"name", "service", "channel", "delegates[0].kind", "delegates[0].id"},
		},
		"an operator in the chain needs a person": {
			func(p *tenancy.Principal) {
				p.Delegates = []tenancy.Actor{{Kind: tenancy.OperatorActor, ID: "op-bob"}}
			},
			[]string{"delegates[0].person"},
		},
		"nobody can claim to be the engine": {
			func(p *tenancy.Principal) {
				p.Delegates = []tenancy.Actor{{Kind: tenancy.Service, ID: "app"}, {Kind: tenancy.System, ID: "work"}}
			},
			[]string{"delegates[1].kind"},
		},
		"the longest chain is allowed": {func(p *tenancy.Principal) { p.Delegates = long[1:] }, nil},
		"a longer one is not":          {func(p *tenancy.Principal) { p.Delegates = long }, []string{"delegates"}},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := ana()
			c.change(&p)
			require.Equal(t, c.fields, fieldNames(p.Validate()))
		})
	}
}

func TestChainRunsFromTheOperatorToTheService(t *testing.T) {
	t.Parallel()
	p := ana()
	p.Service = "dashboard"
	p.Delegates = []tenancy.Actor{
		{Kind: tenancy.Service, ID: "assistant"},
		{Kind: tenancy.OperatorActor, ID: "op-bob", Person: "bob"},
	}
	require.Equal(t, []tenancy.Actor{
		{Kind: tenancy.OperatorActor, ID: "op-ana", Person: "ana"},
		{Kind: tenancy.Service, ID: "assistant"},
		{Kind: tenancy.OperatorActor, ID: "op-bob", Person: "bob"},
		{Kind: tenancy.Service, ID: "dashboard"},
	}, p.Chain())

	p.Chain()[1].ID = "changed"
	require.Equal(t, "assistant", p.Delegates[0].ID, "the chain is the caller's own")
}

func TestPersonsAreDistinct(t *testing.T) {
	t.Parallel()
	p := ana()
	p.Delegates = []tenancy.Actor{
		{Kind: tenancy.OperatorActor, ID: "op-bob", Person: "bob"},
		{Kind: tenancy.OperatorActor, ID: "op-ana-2", Person: "ana"},
		{Kind: tenancy.Service, ID: "assistant"},
	}
	require.Equal(t, []tenancy.PersonID{"ana", "bob"}, p.Persons())
}

func TestActorJSONNamesNoPersonWhereThereIsNone(t *testing.T) {
	t.Parallel()
	data, err := json.Marshal([]tenancy.Actor{
		{Kind: tenancy.OperatorActor, ID: "op-ana", Person: "ana"}, {Kind: tenancy.System, ID: "work"},
	})
	require.NoError(t, err)
	require.Equal(t, `[{"kind":"operator","id":"op-ana","person":"ana"},{"kind":"system","id":"work"}]`, string(data))
}

func TestActorValidatesAlone(t *testing.T) {
	t.Parallel()
	require.NoError(t, tenancy.Actor{Kind: tenancy.System, ID: "work"}.Validate())
	require.Equal(t, []string{"kind", "id"}, fieldNames(tenancy.Actor{}.Validate()))
}

// checkClosedSet holds a lister and its parser together: the parser takes
// exactly the listed texts.
func checkClosedSet[T ~string](t *testing.T, all []T, parse func(string) (T, error)) {
	t.Helper()
	require.NotEmpty(t, all)
	seen := map[T]bool{}
	for _, member := range all {
		require.False(t, seen[member], "listed twice: %q", member)
		seen[member] = true
		got, err := parse(string(member))
		require.NoError(t, err)
		require.Equal(t, member, got)
		for _, other := range []string{string(member) + " ", " " + string(member), string(member) + "\x00", string(member)[1:]} {
			_, err := parse(other)
			require.ErrorIs(t, err, tenancy.ErrInvalid, "%q", other)
		}
	}
	_, err := parse("")
	require.ErrorIs(t, err, tenancy.ErrInvalid)
}

func TestClosedSetsParseExactlyTheirMembers(t *testing.T) {
	t.Parallel()
	checkClosedSet(t, tenancy.ActorKinds(), tenancy.ParseActorKind)
	checkClosedSet(t, tenancy.Channels(), tenancy.ParseChannel)
	checkClosedSet(t, tenancy.OperatorStatuses(), tenancy.ParseOperatorStatus)
	checkClosedSet(t, tenancy.ScopeKinds(), tenancy.ParseScopeKind)
	require.Equal(t, []tenancy.Channel{"ui", "api", "cli", "job"}, tenancy.Channels())
	require.Equal(t, []tenancy.ActorKind{"operator", "service", "system"}, tenancy.ActorKinds())
}
