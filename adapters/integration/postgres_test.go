package integration_test

import (
	"context"
	"database/sql"
	"fmt"
	"net/url"
	"os"
	"sync"
	"testing"

	_ "github.com/jackc/pgx/v5/stdlib" // the driver
	"github.com/stretchr/testify/require"

	"github.com/onbehalf/onbehalf/adapters/integration/pgserver"
	"github.com/onbehalf/onbehalf/adapters/sqlstore"
)

// shared is the PostgreSQL of this process, with a template of an empty store.
var shared struct { //nolint:gochecknoglobals // one server for all tests
	pgserver.Shared

	once     sync.Once
	template string
	err      error

	mu    sync.Mutex
	clean []*database // of tests that are over, emptied
}

// database is one with the tables. Tests take turns with it and with its
// connections, which have planned every statement by then.
type database struct {
	dsn                string // the superuser's
	owner, app, worker *sql.DB
}

func (d *database) close() {
	for _, db := range []*sql.DB{d.owner, d.app, d.worker} {
		must(db.Close())
	}
}

// withServer runs the tests and stops the server after them.
type withServer struct{ m *testing.M }

// Run is what goleak asks for.
func (w withServer) Run() int {
	code := w.m.Run()
	for _, d := range shared.clean {
		d.close()
	}
	must(shared.Drop())
	if shared.template != "" {
		dropDatabase(shared.template)
	}
	must(shared.Close())
	return code
}

// The roles that the tests' stores work as: neither owns anything.
const (
	roleApp    = "onbehalf_app"
	roleWorker = "onbehalf_worker"
)

// postgresTemplate is the name of a database with the tables and nothing in
// them, which the roles may use.
func postgresTemplate(t *testing.T) string {
	t.Helper()
	admin := shared.Need(t)
	shared.once.Do(func() {
		name := fmt.Sprintf("onbehalf_template_%d", os.Getpid())
		shared.err = makeTemplate(admin, name)
		shared.template = name
	})
	require.NoError(t, shared.err)
	return shared.template
}

func makeTemplate(admin, name string) error {
	ctx := context.Background()
	if err := execOn(ctx, admin, "CREATE DATABASE "+name); err != nil {
		return err
	}
	for _, role := range []string{roleApp, roleWorker} {
		err := execOn(ctx, admin, fmt.Sprintf(
			`DO $$ BEGIN CREATE ROLE %s LOGIN; EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL; END $$`, role))
		if err != nil {
			return err
		}
	}
	u, err := url.Parse(admin)
	if err != nil {
		return err
	}
	u.Path = "/" + name
	db, err := sql.Open("pgx", u.String())
	if err != nil {
		return err
	}
	defer db.Close() //nolint:errcheck // nothing is left in it
	store, err := sqlstore.New(db, sqlstore.PostgreSQL)
	if err != nil {
		return err
	}
	if err := store.Migrate(ctx); err != nil {
		return err
	}
	script, err := sqlstore.Grants(sqlstore.DefaultSchema, roleApp, roleWorker)
	if err != nil {
		return err
	}
	_, err = db.ExecContext(ctx, script)
	return err
}

func execOn(ctx context.Context, dsn, text string) error {
	db, err := sql.Open("pgx", dsn)
	if err != nil {
		return err
	}
	defer db.Close() //nolint:errcheck // nothing is left in it
	_, err = db.ExecContext(ctx, text)
	return err
}

func dropDatabase(name string) {
	if dsn := os.Getenv("ONBEHALF_POSTGRES_DSN"); dsn != "" {
		must(execOn(context.Background(), dsn, "DROP DATABASE IF EXISTS "+name+" WITH (FORCE)"))
	}
}

// openPostgres opens a pool, and closes it.
func openPostgres(t *testing.T, dsn string, connections int) *sql.DB {
	t.Helper()
	db := pooled(t, dsn, connections)
	t.Cleanup(func() { require.NoError(t, db.Close()) })
	return db
}

// pooled opens a pool.
func pooled(t *testing.T, dsn string, connections int) *sql.DB {
	t.Helper()
	db, err := sql.Open("pgx", dsn)
	require.NoError(t, err)
	db.SetMaxOpenConns(connections)
	db.SetMaxIdleConns(connections)
	return db
}

// newPostgres is a store in an empty database, under the roles of an application
// and a worker, whose rows are guarded. The text is the superuser's data source
// name of the database.
func newPostgres(t *testing.T, c sqlstore.Config) (*sqlstore.Store, *sql.DB, string) {
	t.Helper()
	d := takePostgres(t)
	c.Workers = d.worker
	store, err := sqlstore.New(d.app, sqlstore.PostgreSQL, c)
	require.NoError(t, err)
	return store, d.app, d.dsn
}

// emptyPostgres is the superuser's data source name of a database with the
// tables and nothing in them.
func emptyPostgres(t *testing.T) string {
	t.Helper()
	return takePostgres(t).dsn
}

// takePostgres is a database with the tables and nothing in them, until the test
// ends. Tests take turns with it, so its tables and functions are not for them to
// change.
func takePostgres(t *testing.T) *database {
	t.Helper()
	template := postgresTemplate(t)
	shared.mu.Lock()
	defer shared.mu.Unlock()
	var d *database
	if n := len(shared.clean); n > 0 {
		d, shared.clean = shared.clean[n-1], shared.clean[:n-1]
	} else {
		dsn := shared.Keep(t, template)
		d = &database{dsn: dsn, owner: pooled(t, dsn, 1), app: pooled(t, pgserver.As(t, dsn, roleApp), 4), worker: pooled(t, pgserver.As(t, dsn, roleWorker), 2)}
	}
	t.Cleanup(func() {
		if err := wipe(d.owner); err != nil {
			t.Error(err)
			d.close()
			return
		}
		shared.mu.Lock()
		defer shared.mu.Unlock()
		shared.clean = append(shared.clean, d)
	})
	return d
}

// wipe empties the tables, as a superuser without triggers: nobody else may
// empty a journal.
func wipe(owner *sql.DB) error {
	_, err := owner.ExecContext(context.Background(), `SET session_replication_role = replica;
		DO $$ DECLARE name text; BEGIN
			FOR name IN SELECT tablename FROM pg_tables WHERE schemaname = 'onbehalf' AND tablename NOT IN ('schema_version', 'migrations') LOOP
				EXECUTE format('DELETE FROM onbehalf.%I', name);
			END LOOP;
		END $$`)
	return err
}

// onPostgres is another store on a database of newPostgres, over connections of
// its own.
func onPostgres(t *testing.T, dsn string, c sqlstore.Config) (*sqlstore.Store, *sql.DB) {
	t.Helper()
	db := openPostgres(t, pgserver.As(t, dsn, roleApp), 4)
	c.Workers = openPostgres(t, pgserver.As(t, dsn, roleWorker), 2)
	store, err := sqlstore.New(db, sqlstore.PostgreSQL, c)
	require.NoError(t, err)
	return store, db
}
