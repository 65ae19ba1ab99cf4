package accounts_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/onbehalf/onbehalf/accounts"
)

func TestStatusTransitions(t *testing.T) {
	t.Parallel()
	allowed := map[[2]accounts.Status]bool{
		{accounts.Pending, accounts.Active}:     true,
		{accounts.Pending, accounts.Closed}:     true,
		{accounts.Active, accounts.DebitFrozen}: true,
		{accounts.Active, accounts.Frozen}:      true,
		{accounts.Active, accounts.Closed}:      true,
		{accounts.DebitFrozen, accounts.Active}: true,
		{accounts.DebitFrozen, accounts.Frozen}: true,
		{accounts.DebitFrozen, accounts.Closed}: true,
		{accounts.Frozen, accounts.Active}:      true,
		{accounts.Frozen, accounts.DebitFrozen}: true,
		{accounts.Frozen, accounts.Closed}:      true,
	}
	every := append(accounts.Statuses(), "", "unknown")
	for _, from := range every {
		for _, to := range every {
			require.Equal(t, allowed[[2]accounts.Status{from, to}], from.Can(to), "%s to %s", from, to)
		}
	}
}

func TestOnlyOverdrawnIsNotStored(t *testing.T) {
	t.Parallel()
	for _, status := range accounts.Statuses() {
		require.Equal(t, status != accounts.Overdrawn, status.Stored(), status)
	}
	require.False(t, accounts.Status("").Stored())
	require.False(t, accounts.Status("unknown").Stored())
}

func TestDirectionsAllow(t *testing.T) {
	t.Parallel()
	for directions, want := range map[accounts.Directions][2]bool{
		"":                  {true, true},
		accounts.Both:       {true, true},
		accounts.CreditOnly: {false, true},
		accounts.DebitOnly:  {true, false},
		"unknown":           {false, false},
	} {
		require.Equal(t, want[0], directions.Allow(accounts.Debit), directions)
		require.Equal(t, want[1], directions.Allow(accounts.Credit), directions)
		require.False(t, directions.Allow(""), directions)
		require.False(t, directions.Allow("sideways"), directions)
	}
}
