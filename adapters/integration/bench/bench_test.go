package main

import (
	"context"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/onbehalf/onbehalf/adapters/memory"
	"github.com/onbehalf/onbehalf/adapters/sqlstore"
)

func TestBenchPrintsTheRatioOfEachPair(t *testing.T) {
	t.Parallel()
	var out strings.Builder
	require.NoError(t, run(t.Context(), []string{
		"-rounds=2", "-callers=4", "-sqlite-books=5", "-sqlite-operations=130", "-memory-books=3", "-memory-operations=300",
	}, &out))
	require.Contains(t, out.String(), " of B3 speed ")
	require.Contains(t, out.String(), " of B4 time ")
}

func TestBenchRefusesWhatItCannotMeasure(t *testing.T) {
	t.Parallel()
	for _, args := range [][]string{{"-rounds=0"}, {"-only=R9"}, {"-callers=-1"}} {
		require.Error(t, run(t.Context(), args, &strings.Builder{}))
	}
}

// sides makes each side over a few books.
func sides() map[string]func(tb testing.TB, books int) side {
	return map[string]func(tb testing.TB, books int) side{
		"R6 engine in memory": func(tb testing.TB, books int) side {
			tb.Helper()
			s, err := newEngineSide(context.Background(), memory.New(), books, 1)
			require.NoError(tb, err)
			return s
		},
		"R6 baseline B4": func(tb testing.TB, books int) side {
			tb.Helper()
			s, err := newMemoryBaseline(books, testEntry)
			require.NoError(tb, err)
			return s
		},
		"R5 engine on SQLite": func(tb testing.TB, books int) side {
			tb.Helper()
			db, err := openFile(filepath.Join(tb.TempDir(), "engine.db"))
			require.NoError(tb, err)
			tb.Cleanup(func() { require.NoError(tb, db.Close()) })
			store, err := sqlstore.New(db, sqlstore.SQLite)
			require.NoError(tb, err)
			require.NoError(tb, store.Migrate(context.Background()))
			s, err := newEngineSide(context.Background(), store, books, 64)
			require.NoError(tb, err)
			return s
		},
		"R5 baseline B3": func(tb testing.TB, books int) side {
			tb.Helper()
			db, err := openFile(filepath.Join(tb.TempDir(), "baseline.db"))
			require.NoError(tb, err)
			tb.Cleanup(func() { require.NoError(tb, db.Close()) })
			s, err := newSQLiteBaseline(context.Background(), db, books, testEntry)
			require.NoError(tb, err)
			return s
		},
	}
}

// testEntry is about the size of the engine's entries.
const testEntry = 1500

func TestCheckTellsAWrongAnswerFromARightOne(t *testing.T) {
	t.Parallel()
	for name, open := range sides() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorkload(3)
			s := open(t, w.books)
			require.NoError(t, s.run(t.Context(), w.next(250)))
			require.NoError(t, s.check(t.Context(), w))
			w.savings[1]++
			require.Error(t, s.check(t.Context(), w))
		})
	}
}

// Benchmark is one side alone, for profiles. One op is one operation.
func Benchmark(b *testing.B) {
	for name, open := range sides() {
		b.Run(name, func(b *testing.B) {
			const books = 1000
			s := open(b, books)
			w := newWorkload(books)
			require.NoError(b, s.run(b.Context(), w.next(5000)))
			tasks := w.next(b.N)
			b.ReportAllocs()
			b.ResetTimer()
			require.NoError(b, s.run(b.Context(), tasks))
			b.StopTimer()
			require.NoError(b, s.check(b.Context(), w))
		})
	}
}
