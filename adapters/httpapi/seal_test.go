package httpapi

import (
	"bytes"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestWhatIsSealedIsBoundAndCannotBeChanged(t *testing.T) {
	t.Parallel()
	s, err := newSealer(bytes.Repeat([]byte("s"), MinSecret))
	require.NoError(t, err)
	text := s.seal([]byte("reason"), "context", "acme")
	require.NotContains(t, text, "reason")
	plain, ok := s.open(text, "context", "acme")
	require.True(t, ok)
	require.Equal(t, "reason", string(plain))

	_, ok = s.open(text, "context", "rival")
	require.False(t, ok)
	_, ok = s.open(text, "context")
	require.False(t, ok)
	for i := range text {
		b := []byte(text)
		b[i] ^= 1
		_, ok = s.open(string(b), "context", "acme")
		require.False(t, ok, "changed at %d", i)
		_, ok = s.open(text[:i], "context", "acme")
		require.False(t, ok, "cut at %d", i)
	}

	same, err := newSealer(bytes.Repeat([]byte("s"), MinSecret))
	require.NoError(t, err)
	_, ok = same.open(text, "context", "acme")
	require.True(t, ok, "another handler with the same secret reads it")
	drawn, err := newSealer(nil)
	require.NoError(t, err)
	_, ok = drawn.open(text, "context", "acme")
	require.False(t, ok)
}
