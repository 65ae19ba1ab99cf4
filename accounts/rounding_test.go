package accounts_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/onbehalf/onbehalf/accounts"
)

func TestEachRoundingDoesWhatItsNameSays(t *testing.T) {
	t.Parallel()
	for figure, want := range map[string]map[accounts.Rounding]string{
		"1.225": {"": "1.22", accounts.HalfEven: "1.22", accounts.HalfUp: "1.23", accounts.Up: "1.23", accounts.Down: "1.22"},
		"1.235": {"": "1.24", accounts.HalfEven: "1.24", accounts.HalfUp: "1.24", accounts.Up: "1.24", accounts.Down: "1.23"},
		"1.221": {"": "1.22", accounts.HalfEven: "1.22", accounts.HalfUp: "1.22", accounts.Up: "1.23", accounts.Down: "1.22"},
		"1.229": {"": "1.23", accounts.HalfEven: "1.23", accounts.HalfUp: "1.23", accounts.Up: "1.23", accounts.Down: "1.22"},
		"1.2":   {"": "1.2", accounts.HalfEven: "1.2", accounts.HalfUp: "1.2", accounts.Up: "1.2", accounts.Down: "1.2"},
		"0.001": {"": "0", accounts.HalfEven: "0", accounts.HalfUp: "0", accounts.Up: "0.01", accounts.Down: "0"},
	} {
		d, err := accounts.ParseAmount(figure, accounts.MaxScale)
		require.NoError(t, err)
		for r, text := range want {
			require.NoError(t, r.Validate())
			require.Equal(t, text, accounts.Canonical(r.Round(d, 2)), "%s %s", figure, r)
		}
	}
	require.ErrorContains(t, accounts.Rounding("nearest").Validate(), "rounding")
}
