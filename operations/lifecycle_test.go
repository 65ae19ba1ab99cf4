package operations

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestLifecycleIsExactlyThePublishedGraph(t *testing.T) {
	t.Parallel()
	table := Lifecycle()
	states := append([]State{""}, States()...)
	moves := 0
	for _, from := range states {
		for _, on := range Events() {
			for _, to := range States() {
				published := slices.Contains(table, Edge{from, on, to})
				err := move(from, on, to)
				require.Equal(t, published, err == nil, "%q --%s--> %q: %v", from, on, to, err)
				if published {
					moves++
				}
			}
			leads := slices.ContainsFunc(table, func(e Edge) bool { return e.From == from && e.On == on })
			require.Equal(t, leads, from.leads(on), "%q on %q", from, on)
		}
	}
	require.Equal(t, len(table), moves, "an edge stands twice in the table, or names what is not listed")
}

func TestNothingLeavesAFinalState(t *testing.T) {
	t.Parallel()
	for _, s := range States() {
		leaves := slices.ContainsFunc(Lifecycle(), func(e Edge) bool { return e.From == s })
		require.Equal(t, !s.Final(), leaves, "state %s", s)
		if s.Final() {
			require.False(t, s.Holds(), "state %s may not hold funds", s)
		}
	}
}

func TestEveryStateIsReached(t *testing.T) {
	t.Parallel()
	for _, s := range States() {
		require.True(t, slices.ContainsFunc(Lifecycle(), func(e Edge) bool { return e.To == s }), "state %s", s)
	}
}

func TestParseStateTakesListedTextsOnly(t *testing.T) {
	t.Parallel()
	for _, s := range States() {
		got, err := ParseState(string(s))
		require.NoError(t, err)
		require.Equal(t, s, got)
	}
	for _, text := range []string{"", "Prepared", "prepared ", "done"} {
		_, err := ParseState(text)
		require.ErrorIs(t, err, ErrInvalid, "%q", text)
	}
}
