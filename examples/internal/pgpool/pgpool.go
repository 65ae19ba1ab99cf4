// Package pgpool opens a pool of connections to PostgreSQL for the examples.
package pgpool

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"

	"github.com/onbehalf/onbehalf/tenancy"
)

// Open opens a pool of at most so many connections and makes sure that the
// server answers. A data source name may have a password in it: no error has any
// of its text, but for the names of host, user and database when no connection
// can be made.
func Open(ctx context.Context, dsn string, connections int) (*sql.DB, error) {
	if dsn == "" {
		return nil, tenancy.Invalid("dsn", "is required")
	}
	config, err := pgx.ParseConfig(dsn)
	if err != nil { // which shows what it could not read
		return nil, tenancy.Invalid("dsn", "is not understood: it should be like postgres://user:password@host:5432/database")
	}
	db := stdlib.OpenDB(*config)
	db.SetMaxOpenConns(connections)
	db.SetMaxIdleConns(connections)
	if err := db.PingContext(ctx); err != nil {
		return nil, errors.Join(fmt.Errorf("database: %w: %w", tenancy.ErrUnavailable, err), db.Close())
	}
	return db, nil
}
