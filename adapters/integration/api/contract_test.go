package api_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestTheContractIsSound(t *testing.T) {
	t.Parallel()
	s := contract(t)
	require.NoError(t, s.doc.Validate(context.Background()))
}

func TestAWorld(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	got := w.send(ask{method: "GET", path: "/customers/" + string(w.maria) + "/accounts", context: string(w.maria)})
	require.Equal(t, 200, got.code)
	t.Log(got.body)
}
