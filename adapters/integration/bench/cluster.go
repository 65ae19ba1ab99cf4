package main

import (
	"context"
	"crypto/rand"
	"database/sql"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/jackc/pgx/v5/stdlib"

	"github.com/onbehalf/onbehalf/adapters/integration/pgserver"
	"github.com/onbehalf/onbehalf/adapters/sqlstore"
)

// cluster is a PostgreSQL server in which the databases of a run are made and
// dropped. Its user is a superuser.
type cluster struct {
	config  *pgx.ConnConfig
	admin   *sql.DB
	prefix  string
	closers []func() error // last first
}

// openCluster connects, or starts a server when it is told of none. close drops
// all that was made.
func openCluster(ctx context.Context, dsn string) (*cluster, error) {
	c := &cluster{}
	if dsn == "" {
		server, err := pgserver.Start(ctx, "shared_buffers=512MB", "max_wal_size=4GB")
		if err != nil {
			return nil, err
		}
		c.closers = append(c.closers, server.Stop)
		dsn = server.DSN("postgres", pgserver.Superuser)
	}
	var err error
	if c.config, err = pgx.ParseConfig(dsn); err != nil {
		return nil, errors.Join(err, c.close())
	}
	id := make([]byte, 4)
	_, _ = rand.Read(id) // never fails
	c.prefix = "bench_" + hex.EncodeToString(id)
	c.admin = stdlib.OpenDB(*c.config)
	c.closers = append(c.closers, c.admin.Close)
	for _, role := range []string{c.app(), c.worker()} {
		if _, err := c.admin.ExecContext(ctx, "CREATE ROLE "+role); err != nil {
			return nil, errors.Join(err, c.close())
		}
		c.drop("ROLE " + role)
	}
	return c, nil
}

func (c *cluster) app() string    { return c.prefix + "_app" }
func (c *cluster) worker() string { return c.prefix + "_worker" }

func (c *cluster) drop(what string) {
	c.closers = append(c.closers, func() error {
		_, err := c.admin.ExecContext(context.Background(), "DROP "+what)
		return err
	})
}

func (c *cluster) close() error {
	var errs []error
	for _, closer := range slices.Backward(c.closers) {
		errs = append(errs, closer())
	}
	return errors.Join(errs...)
}

// database makes one with the store's tables in it.
func (c *cluster) database(ctx context.Context, name string) (string, error) {
	name = c.prefix + "_" + name
	if _, err := c.admin.ExecContext(ctx, "CREATE DATABASE "+name); err != nil {
		return "", err
	}
	c.drop("DATABASE " + name + " WITH (FORCE)")
	db := c.pool(name, "", 2)
	defer db.Close() //nolint:errcheck // nothing is left to lose
	store, err := sqlstore.New(db, sqlstore.PostgreSQL)
	if err == nil {
		err = store.Migrate(ctx)
	}
	if err != nil {
		return "", err
	}
	grants, err := sqlstore.Grants(sqlstore.DefaultSchema, c.app(), c.worker())
	if err == nil {
		_, err = db.ExecContext(ctx, grants)
	}
	return name, err
}

// pool is of so many connections to the database as the role; empty: the superuser.
func (c *cluster) pool(database, role string, connections int) *sql.DB {
	config := c.config.Copy()
	config.Database = database
	if role != "" {
		config.RuntimeParams["role"] = role
	}
	db := stdlib.OpenDB(*config)
	db.SetMaxOpenConns(connections)
	db.SetMaxIdleConns(connections)
	return db
}

// store makes a database and a store in it for the role.
func (c *cluster) store(database, role string) (*sqlstore.Store, error) {
	const connections = 8 // as many as B2 has
	db := c.pool(database, role, connections)
	c.closers = append(c.closers, db.Close)
	return sqlstore.New(db, sqlstore.PostgreSQL)
}

// native is a pool without database/sql, as the superuser, whom no row-level
// security holds.
func (c *cluster) native(ctx context.Context, database string, connections int) (*pgxpool.Pool, error) {
	config, err := pgxpool.ParseConfig(c.config.ConnString())
	if err != nil {
		return nil, err
	}
	config.ConnConfig.Database = database
	config.ConnConfig.RuntimeParams["search_path"] = sqlstore.DefaultSchema
	config.MaxConns = int32(connections) //nolint:gosec // few
	pool, err := pgxpool.NewWithConfig(ctx, config)
	if err != nil {
		return nil, err
	}
	c.closers = append(c.closers, func() error { pool.Close(); return nil })
	return pool, nil
}

// settle leaves the server with nothing to catch up on.
func (c *cluster) settle(ctx context.Context, databases ...string) error {
	for _, name := range databases {
		db := c.pool(name, "", 1)
		_, err := db.ExecContext(ctx, "VACUUM (ANALYZE)")
		if err = errors.Join(err, db.Close()); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
	}
	_, err := c.admin.ExecContext(ctx, "CHECKPOINT")
	return err
}
