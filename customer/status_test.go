package customer_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/onbehalf/onbehalf/customer"
	"github.com/onbehalf/onbehalf/tenancy"
)

func TestStatusChangesFollowTheTable(t *testing.T) {
	t.Parallel()
	type edge struct{ from, to customer.Status }
	allowed := map[edge]bool{
		{customer.Onboarding, customer.Active}: true,
		{customer.Onboarding, customer.Closed}: true,
		{customer.Active, customer.Suspended}:  true,
		{customer.Active, customer.Closed}:     true,
		{customer.Suspended, customer.Active}:  true,
		{customer.Suspended, customer.Closed}:  true,
	}
	all := append(customer.Statuses(), "", "deleted")
	for _, from := range all {
		for _, to := range all {
			t.Run(string(from)+" to "+string(to), func(t *testing.T) {
				t.Parallel()
				require.Equal(t, allowed[edge{from, to}], from.Can(to))
			})
		}
	}
	require.Empty(t, customer.Closed.Next(), "closed is final")
}

func TestStatusSaysWhatMayBeDone(t *testing.T) {
	t.Parallel()
	cases := map[customer.Status]struct{ takesNew, mayFinish bool }{
		customer.Onboarding: {false, false},
		customer.Active:     {true, true},
		customer.Suspended:  {false, true},
		customer.Closed:     {false, false},
		"":                  {false, false},
		"deleted":           {false, false},
	}
	for status, c := range cases {
		t.Run(string(status), func(t *testing.T) {
			t.Parallel()
			require.Equal(t, c.takesNew, status.TakesNew())
			require.Equal(t, c.mayFinish, status.MayFinish())
		})
	}
}

// checkClosedSet holds a lister and its parser together: the parser takes
// exactly the listed texts.
func checkClosedSet[T ~string](t *testing.T, want []string, all []T, parse func(string) (T, error)) {
	t.Helper()
	var texts []string
	for _, member := range all {
		texts = append(texts, string(member))
		got, err := parse(string(member))
		require.NoError(t, err)
		require.Equal(t, member, got)
		for _, other := range []string{string(member) + " ", "x" + string(member), string(member)[1:]} {
			_, err := parse(other)
			require.ErrorIs(t, err, tenancy.ErrInvalid, "%q", other)
		}
	}
	require.Equal(t, want, texts)
	_, err := parse("")
	require.ErrorIs(t, err, tenancy.ErrInvalid)
}

func TestClosedSetsParseExactlyTheirMembers(t *testing.T) {
	t.Parallel()
	checkClosedSet(t, []string{"onboarding", "active", "suspended", "closed"}, customer.Statuses(), customer.ParseStatus)
	checkClosedSet(t, []string{"individual", "company", "house"}, customer.Types(), customer.ParseType)
	checkClosedSet(t, []string{"cpf", "cnpj", "other"}, customer.TaxKinds(), customer.ParseTaxKind)
}

func TestTypeIsIndividualUnlessSaid(t *testing.T) {
	t.Parallel()
	require.Equal(t, "individual", customer.Type("").String())
	require.Equal(t, "company", customer.Company.String())
}
