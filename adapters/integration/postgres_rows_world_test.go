package integration_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/stretchr/testify/require"

	"github.com/onbehalf/onbehalf/adapters/sqlstore"
)

// worlds numbers the schemas of this process.
var worlds atomic.Int64 //nolint:gochecknoglobals // names must differ between parallel tests

// rowsWorld is a schema of its own with the tables, and the roles of those who
// use it: an owner who is no superuser, the application, the worker.
type rowsWorld struct {
	t                         *testing.T
	schema                    string
	config                    *pgx.ConnConfig // of a superuser
	super, owner, app, worker *sql.DB
}

func newRowsWorld(t *testing.T) *rowsWorld {
	t.Helper()
	config, err := pgx.ParseConfig(shared.Need(t))
	require.NoError(t, err)
	config.RuntimeParams["jit"] = "off" // without filters plans look dear that are not
	w := &rowsWorld{t: t, config: config, schema: fmt.Sprintf("rows_%d_%d", os.Getpid(), worlds.Add(1))}
	w.super = w.pool("", 4)
	for _, role := range []string{"owner", "app", "worker"} {
		w.must("CREATE ROLE " + w.role(role) + " LOGIN PASSWORD 'rows' NOSUPERUSER NOBYPASSRLS")
	}
	w.must("CREATE SCHEMA " + w.schema + " AUTHORIZATION " + w.role("owner"))
	t.Cleanup(func() {
		w.must("DROP SCHEMA " + w.schema + " CASCADE")
		w.must("DROP ROLE " + w.role("owner") + ", " + w.role("app") + ", " + w.role("worker"))
	})
	w.owner, w.app, w.worker = w.pool("owner", 2), w.pool("app", 4), w.pool("worker", 2)
	require.NoError(t, w.store(w.owner).Migrate(t.Context()))
	grants, err := sqlstore.Grants(w.schema, w.role("app"), w.role("worker"))
	require.NoError(t, err)
	_, err = w.owner.ExecContext(t.Context(), grants)
	require.NoError(t, err)
	return w
}

func (w *rowsWorld) role(name string) string { return w.schema + "_" + name }

// pool is a pool under a role, the superuser's when it is empty.
func (w *rowsWorld) pool(role string, connections int, options ...stdlib.OptionOpenDB) *sql.DB {
	w.t.Helper()
	c := w.config.Copy()
	if role != "" {
		c.User, c.Password = w.role(role), "rows"
	}
	db := stdlib.OpenDB(*c, options...)
	db.SetMaxOpenConns(connections)
	db.SetMaxIdleConns(connections)
	w.t.Cleanup(func() { require.NoError(w.t, db.Close()) })
	return db
}

func (w *rowsWorld) store(db *sql.DB) *sqlstore.Store {
	w.t.Helper()
	store, err := sqlstore.New(db, sqlstore.PostgreSQL, sqlstore.Config{Schema: w.schema, Workers: w.worker})
	require.NoError(w.t, err)
	return store
}

// alone is a store that has the one pool for everything.
func (w *rowsWorld) alone(db *sql.DB) *sqlstore.Store {
	w.t.Helper()
	store, err := sqlstore.New(db, sqlstore.PostgreSQL, sqlstore.Config{Schema: w.schema})
	require.NoError(w.t, err)
	return store
}

// must runs a statement as the superuser.
func (w *rowsWorld) must(text string, args ...any) {
	w.t.Helper()
	_, err := w.super.ExecContext(context.Background(), text, args...)
	require.NoError(w.t, err, text)
}

// text reads one value as the superuser.
func (w *rowsWorld) text(query string, args ...any) string {
	w.t.Helper()
	var v string
	require.NoError(w.t, w.super.QueryRowContext(context.Background(), query, args...).Scan(&v), query)
	return v
}

// tables are those of the schema that hold rows of tenants, from the catalogue,
// so that a new one is tested too.
func (w *rowsWorld) tables() []string {
	w.t.Helper()
	all := strings.Split(w.text(`SELECT string_agg(relname, ' ' ORDER BY relname) FROM pg_class
		WHERE relnamespace = $1::regnamespace AND relkind = 'r'`, w.schema), " ")
	all = slices.DeleteFunc(all, func(name string) bool { return name == "schema_version" || name == "migrations" })
	require.GreaterOrEqual(w.t, len(all), 12)
	return all
}

// state is the SQLSTATE of an error.
func state(err error) string {
	if err == nil {
		return "no error"
	}
	var pg *pgconn.PgError
	if !errors.As(err, &pg) {
		return err.Error()
	}
	return pg.Code
}
