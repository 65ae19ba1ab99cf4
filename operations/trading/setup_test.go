package trading_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/onbehalf/onbehalf/operations/trading"
)

func TestAPairWithoutAccountsIsToldWhatItLacksOnce(t *testing.T) {
	t.Parallel()
	require.EqualError(t, trading.SetPair{}.Validate(), "base: is required\nquote: is required")
	require.EqualError(t, trading.SetPair{Pair: trading.Pair{Base: "a", Quote: "a"}}.Validate(), "quote: is the base account")
}
