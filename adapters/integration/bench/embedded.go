package main

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"

	_ "modernc.org/sqlite" // the driver of both sides

	"github.com/onbehalf/onbehalf/adapters/memory"
	"github.com/onbehalf/onbehalf/adapters/sqlstore"
)

// pair is one engine against one baseline. Both do a first round that is not
// measured; the baseline writes entries as large as the engine's after it.
func pair(ctx context.Context, z sizes, r *report, w *workload, tasks int, e *engineSide, made func(size int) (side, error), n note, names [2]string) error {
	first := w.next(tasks)
	if err := e.run(ctx, first); err != nil {
		return err
	}
	size, err := e.entrySize(ctx)
	if err != nil {
		return err
	}
	by, err := made(size)
	if err == nil {
		err = by.run(ctx, first)
	}
	if err != nil {
		return err
	}
	baseline := &entrant{name: names[1], side: by}
	n.with = baseline
	l := &load{w, tasks, []*entrant{baseline, {name: names[0], side: e, notes: []note{n}}}}
	if err := compare(ctx, z.rounds, l); err != nil {
		return err
	}
	r.speeds(l)
	return nil
}

// memorySpeed is R6: one caller, memory.
func memorySpeed(ctx context.Context, z sizes, _ selection, r *report) error {
	enlarge(z.memoryHeap)
	e, err := newEngineSide(ctx, memory.New(), engineConfig{books: z.memoryBooks, callers: 1})
	if err != nil {
		return err
	}
	return pair(ctx, z, r, newWorkload(z.memoryBooks), z.memoryTasks, e, func(size int) (side, error) {
		return newMemoryBaseline(z.memoryBooks, size)
	}, note{id: "R6", what: "of B4 time", slow: true}, [2]string{"engine in memory", "B4 by hand"})
}

// enlarge has the process take so many MiB from the system, for what comes in the
// next seconds, before the runtime gives them back. Both sides fill memory that was
// never used before, and on some machines a new page costs as much as an operation
// by hand: which side gets how many of them would be chance.
func enlarge(mebibytes int) {
	taken := make([]byte, mebibytes<<20)
	for i := 0; i < len(taken); i += os.Getpagesize() {
		taken[i] = 1
	}
	runtime.KeepAlive(taken)
}

// sqliteSpeed is R5: many callers, SQLite with synchronous=FULL.
func sqliteSpeed(ctx context.Context, z sizes, _ selection, r *report) error {
	return withFolder(z.dir, func(dir string) (err error) {
		ours, store, err := openStore(ctx, filepath.Join(dir, "engine.db"))
		if err != nil {
			return err
		}
		defer func() { err = errors.Join(err, ours.Close()) }()
		theirs, err := openFile(filepath.Join(dir, "baseline.db"))
		if err != nil {
			return err
		}
		defer func() { err = errors.Join(err, theirs.Close()) }()
		e, err := newEngineSide(ctx, store, engineConfig{books: z.sqliteBooks, callers: z.callers})
		if err != nil {
			return err
		}
		return pair(ctx, z, r, newWorkload(z.sqliteBooks), z.sqliteTasks, e, func(size int) (side, error) {
			return newSQLiteBaseline(ctx, theirs, z.sqliteBooks, size)
		}, note{id: "R5", what: "of B3 speed"}, [2]string{"engine on SQLite", "B3 by hand"})
	})
}

// withFolder gives a folder for database files, which is removed afterwards when
// it is not the host's.
func withFolder(dir string, do func(dir string) error) (err error) {
	if dir == "" {
		if dir, err = os.MkdirTemp("", "onbehalf-bench-"); err != nil {
			return err
		}
		defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	}
	return do(dir)
}

// openStore makes a store in a new file.
func openStore(ctx context.Context, path string) (*sql.DB, *sqlstore.Store, error) {
	db, err := openFile(path)
	if err != nil {
		return nil, nil, err
	}
	store, err := sqlstore.New(db, sqlstore.SQLite)
	if err == nil {
		err = store.Migrate(ctx)
	}
	if err != nil {
		return nil, nil, errors.Join(err, db.Close())
	}
	return db, store, nil
}

// openFile opens a new database file with the one connection both sides have.
func openFile(path string) (*sql.DB, error) {
	if _, err := os.Stat(path); err == nil {
		return nil, fmt.Errorf("%s is there already", path)
	}
	db, err := sql.Open("sqlite", sqlstore.SQLiteDSN(path))
	if err == nil {
		db.SetMaxOpenConns(1)
	}
	return db, err
}
