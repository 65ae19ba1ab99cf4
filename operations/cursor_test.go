package operations

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestCursorIsGoodForItsOwnListOnly(t *testing.T) {
	t.Parallel()
	own, other := digestParts("own"), digestParts("other")
	text := encodeCursor(42, own)
	place, err := decodeCursor(text, own)
	require.NoError(t, err)
	require.EqualValues(t, 42, place)
	_, err = decodeCursor(text, other)
	require.ErrorIs(t, err, ErrInvalid)

	for i := range len(text) { // one changed character
		c := byte('A')
		if text[i] == c {
			c = 'B'
		}
		bad := text[:i] + string(c) + text[i+1:]
		if place, err := decodeCursor(bad, own); err == nil {
			require.NotEqualValues(t, 42, place, "%q", bad) // another place of the holder's own list
			require.Less(t, i, 11)
		}
	}
	for _, bad := range []string{
		"", "x", text[:len(text)-1], text + "A", text + "=", strings.Repeat("A", 1<<20), encodeCursor(0, own), encodeCursor(-1, own),
		text[:5] + "\n" + text[6:], "é" + text[2:],
	} {
		_, err := decodeCursor(bad, own)
		require.ErrorIs(t, err, ErrInvalid)
	}
}

// No text is taken for a cursor but the one form of a place in this list.
func FuzzCursor(f *testing.F) {
	own := digestParts("own")
	f.Add(encodeCursor(1, own))
	f.Add(encodeCursor(1<<62, own))
	f.Add("")
	f.Fuzz(func(t *testing.T, text string) {
		place, err := decodeCursor(text, own)
		if err != nil {
			require.ErrorIs(t, err, ErrInvalid)
			return
		}
		require.Positive(t, place)
		require.Equal(t, text, encodeCursor(place, own))
	})
}
