package operations

import (
	"maps"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// A table behaves as a map that is copied before every change, and its walks
// are sorted.
func TestTableIsAnImmutableSortedMap(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		type version struct {
			table table[string, int]
			model map[string]int
		}
		versions := []version{{model: map[string]int{}}}
		for range rapid.IntRange(1, 40).Draw(t, "steps") {
			old := versions[rapid.IntRange(0, len(versions)-1).Draw(t, "from")]
			next := version{model: maps.Clone(old.model)}
			key := rapid.SampledFrom([]string{"", "a", "b", "ba", "c", "d", "e"}).Draw(t, "key")
			if rapid.Bool().Draw(t, "with") {
				val := rapid.Int().Draw(t, "val")
				next.table, next.model[key] = old.table.with(key, val), val
			} else {
				next.table = old.table.without(key)
				delete(next.model, key)
			}
			versions = append(versions, next)
		}
		for _, v := range versions {
			var keys []string
			for k, val := range v.table.all {
				keys = append(keys, k)
				require.Equal(t, v.model[k], val)
				got, ok := v.table.get(k)
				require.True(t, ok)
				require.Equal(t, val, got)
			}
			require.Equal(t, slices.Sorted(maps.Keys(v.model)), keys)
		}
	})
}
