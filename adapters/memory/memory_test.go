package memory_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/onbehalf/onbehalf/adapters/memory"
	"github.com/onbehalf/onbehalf/adapters/storetest"
	"github.com/onbehalf/onbehalf/operations"
	"github.com/onbehalf/onbehalf/tenancy"
)

func TestStoreKeepsTheContract(t *testing.T) {
	t.Parallel()
	storetest.Run(t, func(*testing.T) operations.Store { return memory.New() })
}

func TestCommitRefusesRunsThatNoEngineWrites(t *testing.T) {
	t.Parallel()
	id := operations.BookID{Tenant: "firm", Customer: "maria"}
	entry := func(seq int64, prev, hash byte) operations.Change {
		return operations.Change{Entry: operations.Sealed{Seq: seq, Prev: operations.Hash{prev}, Hash: operations.Hash{hash}}}
	}
	for name, run := range map[string]operations.Run{
		"a run without changes":                         {Book: id},
		"an entry that skips a seq":                     {Book: id, Changes: []operations.Change{entry(2, 0, 1)}},
		"an entry that follows another head than From":  {Book: id, Changes: []operations.Change{entry(1, 9, 1)}},
		"entries that do not follow each other by hash": {Book: id, Changes: []operations.Change{entry(1, 0, 1), entry(2, 9, 2)}},
		"entries that do not follow each other by seq":  {Book: id, Changes: []operations.Change{entry(1, 0, 1), entry(3, 1, 2)}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			store := memory.New()
			good := operations.BookID{Tenant: "firm", Customer: "joao"}
			_, err := store.Commit(t.Context(), []operations.Run{{Book: good, Changes: []operations.Change{entry(1, 0, 1)}}, run})
			require.ErrorIs(t, err, tenancy.ErrInvalid)
			heads, err := store.Heads(t.Context(), "firm", "", 10)
			require.NoError(t, err)
			require.Empty(t, heads, "a call that is refused stores nothing of any run")
		})
	}
}

func BenchmarkStore(b *testing.B) {
	storetest.Bench(b, func(*testing.B) operations.Store { return memory.New() })
}
