package main

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	_ "modernc.org/sqlite" // the driver

	"github.com/onbehalf/onbehalf/adapters/memory"
	"github.com/onbehalf/onbehalf/adapters/sqlstore"
	"github.com/onbehalf/onbehalf/examples/internal/pgpool"
	"github.com/onbehalf/onbehalf/operations"
)

// openStore opens the store that the options ask for; what it returns closes
// it. Without a file SQLite gets a temporary one, removed in the end.
func (o *options) openStore(ctx context.Context) (store operations.Store, closing func() error, err error) {
	switch {
	case o.Store == "memory":
		return memory.New(), func() error { return nil }, nil
	case o.Store == "postgres":
		return openPostgres(ctx, o.DSN)
	case o.DB != "":
		return openSQLite(ctx, o.DB)
	}
	dir, err := os.MkdirTemp("", "onbehalf-replay-")
	if err != nil {
		return nil, nil, err
	}
	store, inner, err := openSQLite(ctx, filepath.Join(dir, "books.db"))
	if err != nil {
		return nil, nil, errors.Join(err, os.RemoveAll(dir))
	}
	return store, func() error { return errors.Join(inner(), os.RemoveAll(dir)) }, nil
}

// postgresConnections and postgresCommitters are for a server on two cores.
const (
	postgresConnections = 16
	postgresCommitters  = 4
)

func openPostgres(ctx context.Context, dsn string) (store operations.Store, closing func() error, err error) {
	db, err := pgpool.Open(ctx, dsn, postgresConnections)
	if err != nil {
		return nil, nil, err
	}
	s, err := sqlstore.New(db, sqlstore.PostgreSQL)
	if err == nil {
		err = s.Migrate(ctx)
	}
	if err != nil {
		return nil, nil, errors.Join(err, db.Close())
	}
	return s, db.Close, nil
}

// sqliteReaders is how many connections read in parallel.
const sqliteReaders = 2

func openSQLite(ctx context.Context, file string) (store operations.Store, closing func() error, err error) {
	writer, err := sql.Open("sqlite", sqlstore.SQLiteDSN(file))
	if err != nil {
		return nil, nil, err
	}
	writer.SetMaxOpenConns(1)
	readers, err := sql.Open("sqlite", sqlstore.SQLiteReaderDSN(file))
	if err != nil {
		return nil, nil, errors.Join(err, writer.Close())
	}
	readers.SetMaxOpenConns(sqliteReaders)
	closing = func() error { return errors.Join(readers.Close(), writer.Close()) }
	s, err := sqlstore.New(writer, sqlstore.SQLite, sqlstore.Config{Readers: readers})
	if err == nil {
		err = s.Migrate(ctx)
	}
	if err != nil {
		return nil, nil, errors.Join(fmt.Errorf("open %s: %w", file, err), closing())
	}
	return s, closing, nil
}
