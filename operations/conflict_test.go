package operations_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/onbehalf/onbehalf/operations"
)

// Whoever reads a log learns from a conflict what has moved on, and where it
// stands.
func TestAConflictSaysWhatHasMovedOn(t *testing.T) {
	t.Parallel()
	for text, err := range map[string]operations.ConflictError{
		`conflict: operation "op-1" is prepared at version 2 now`: {Reason: operations.StaleVersion, ID: "op-1", State: operations.Prepared, Version: 2},
		"conflict: the setting is at version 3 now":               {Reason: operations.StaleVersion, Version: 3},
		"conflict: the setting is not there yet: name version 0":  {Reason: operations.StaleVersion},
		"conflict: key_reused":                                    {Reason: operations.KeyReused},
	} {
		require.EqualError(t, &err, text)
	}
}
