package main

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/onbehalf/onbehalf/adapters/integration/pgserver"
	"github.com/onbehalf/onbehalf/adapters/memory"
	"github.com/onbehalf/onbehalf/adapters/sqlstore"
)

// TestMain lets R11 start this very program as an engine.
func TestMain(m *testing.M) {
	if os.Getenv(childVariable) != "" {
		main()
		return
	}
	os.Exit(m.Run())
}

func TestBenchPrintsTheRatioOfEachPair(t *testing.T) {
	t.Parallel()
	var out strings.Builder
	require.NoError(t, run(t.Context(), []string{
		"-only=R5,R6,R8", "-rounds=2", "-callers=4", "-sqlite-books=5", "-sqlite-operations=130", "-memory-books=3", "-memory-operations=300", "-memory-heap=1", "-touched=50",
	}, &out))
	for _, part := range []string{" of B3 speed ", " of B4 time ", "after 50 books"} {
		require.Contains(t, out.String(), part)
	}
}

func TestBenchPrintsTheRatiosOnPostgreSQL(t *testing.T) {
	t.Parallel()
	server := new(pgserver.Shared)
	t.Cleanup(func() { require.NoError(t, server.Close()) })
	dsn := server.Need(t)
	var out strings.Builder
	require.NoError(t, run(t.Context(), []string{
		"-only=R1,R2,R3,R4,R7,R9,R10,R11", "-dsn=" + dsn, "-rounds=1", "-callers=4", "-books=20", "-operations=250", "-cold-books=10", "-cold-operations=30",
		"-lone-operations=20", "-history=6000", "-pages=10",
	}, &out))
	for _, part := range []string{" of B2 speed ", " of B1 speed ", " of B1 time ", " of R1 speed ", " of the engine's speed ", " of one engine's speed ", "a page of 50 of 5000", "page 10", "over 10 books"} {
		require.Contains(t, out.String(), part)
	}
}

func TestBenchRefusesWhatItCannotMeasure(t *testing.T) {
	t.Parallel()
	for _, args := range [][]string{{"-rounds=0"}, {"-only=R0"}, {"-only=R12"}, {"-only=R01"}, {"-only=R5,B3"}, {"-callers=-1"}} {
		require.Error(t, run(t.Context(), args, &strings.Builder{}))
	}
}

// sides makes each side over a few books.
func sides() map[string]func(tb testing.TB, books int) side {
	return map[string]func(tb testing.TB, books int) side{
		"R6 engine in memory": func(tb testing.TB, books int) side {
			tb.Helper()
			s, err := newEngineSide(context.Background(), memory.New(), engineConfig{books: books, callers: 1})
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
			s, err := newEngineSide(context.Background(), store, engineConfig{books: books, callers: 64})
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
