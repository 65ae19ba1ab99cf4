package sqlstore

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"

	"github.com/onbehalf/onbehalf/operations"
	"github.com/onbehalf/onbehalf/tenancy"
)

// Config holds what a store can do without. The zero value works.
type Config struct {
	// Readers is a second pool of the same database, for what only reads: with
	// SQLite, connections opened by [SQLiteReaderDSN], as many as should read
	// in parallel. It must see what the first pool has committed at once, so a
	// replica will not do. Nil: the first pool does everything.
	Readers *sql.DB

	// Schema is where PostgreSQL has the tables: 1 to 63 of a-z, 0-9 and _,
	// beginning with a letter, and nobody else's. Empty: [DefaultSchema]. SQLite
	// has none.
	Schema string

	// Workers is a pool for what looks for work in the books of all tenants,
	// which needs a role of its own where PostgreSQL guards rows: see [Grants].
	// Nil: the first pool does it. Not for SQLite.
	Workers *sql.DB

	// Portable stores a batch by one statement for each row, as a driver without
	// arrays needs it, and not by one call of a function of the database. It is
	// several times slower. PostgreSQL only; SQLite knows no other way.
	Portable bool
}

// Store is an operations.Store in a SQL database. It is safe for concurrent
// use. Before its first use [Store.Migrate] must have made the tables; until
// then every call returns a [SchemaError].
//
// With SQLite it prepares its statements once and leaves them to the pool: they
// end when the host closes it. With PostgreSQL that is the driver's business.
type Store struct {
	methods

	writer, readers, workers *pool
	kind                     Dialect
	dialect                  *dialect
	sources                  []source
	schema                   int64 // the version this release works with
}

var _ operations.Store = (*Store)(nil)

// pool is a pool of the host's with the statements prepared on it.
type pool struct {
	*sql.DB

	preparing sync.Mutex
	prepared  atomic.Pointer[[statementCount]*sql.Stmt]
}

// New makes a store over a pool of the host's, which it never closes. At most
// one Config is taken.
func New(db *sql.DB, d Dialect, config ...Config) (*Store, error) {
	if db == nil {
		return nil, fmt.Errorf("%w: db is nil", errConfig)
	}
	if len(config) > 1 {
		return nil, fmt.Errorf("%w: more than one Config", errConfig)
	}
	var c Config
	if len(config) == 1 {
		c = config[0]
	}
	spec, err := d.describe(c)
	if err != nil {
		return nil, err
	}
	all, err := sources(d)
	if err != nil {
		return nil, err
	}
	s := &Store{writer: &pool{DB: db}, kind: d, dialect: spec, sources: all, schema: all[len(all)-1].version}
	s.readers = s.writer
	if c.Readers != nil {
		s.readers = &pool{DB: c.Readers}
	}
	if c.Workers != nil {
		s.workers = &pool{DB: c.Workers}
	}
	s.methods = methods{dialect: spec, version: s.schema, via: s}
	return s, nil
}

// ready is the statements of the pool, once the tables are those of this
// release. Each pool has its own, so that readers do not wait for the writer.
func (s *Store) ready(ctx context.Context, on *pool) (*[statementCount]*sql.Stmt, error) {
	if p := on.prepared.Load(); p != nil {
		return p, nil
	}
	on.preparing.Lock()
	defer on.preparing.Unlock()
	if p := on.prepared.Load(); p != nil {
		return p, nil
	}
	have, err := s.version(ctx, on.DB)
	if err != nil {
		return nil, err
	}
	if have != s.schema {
		return nil, &SchemaError{Have: have, Want: s.schema}
	}
	p := new([statementCount]*sql.Stmt)
	if s.dialect.byText {
		on.prepared.Store(p)
		return p, nil
	}
	for id, text := range &s.dialect.texts {
		if statement(id).unprepared() || text == "" {
			continue
		}
		if p[id], err = on.PrepareContext(ctx, text); err != nil { //nolint:sqlclosecheck // they end with the pool
			for _, made := range p[:id] {
				if made != nil {
					_ = made.Close()
				}
			}
			return nil, fmt.Errorf("prepare statement %d: %w", id, err)
		}
	}
	on.prepared.Store(p)
	return p, nil
}

// session runs statements on a pool, a connection or a transaction: as texts, or
// by those that are prepared.
func (s *Store) session(ctx context.Context, on runner, prepared *[statementCount]*sql.Stmt, tx *sql.Tx) *session {
	r := &session{ctx: ctx, want: s.schema, dialect: s.dialect, tx: tx, base: prepared}
	if s.dialect.byText {
		r.texts = on
	}
	return r
}

// pool is the one to use: that of the workers, where there is one, for the queue.
func (s *Store) pool(otherwise *pool, of scope) *pool {
	if of.queue && s.workers != nil {
		return s.workers
	}
	return otherwise
}

// read runs fn in a transaction that sees one moment.
func (s *Store) read(ctx context.Context, of scope, fn func(*session) error) error {
	return s.unready(ctx, s.moment(ctx, of, fn))
}

func (s *Store) moment(ctx context.Context, of scope, fn func(*session) error) error {
	on := s.pool(s.readers, of)
	p, err := s.ready(ctx, on)
	if err != nil {
		return err
	}
	options := s.dialect.reading
	tx, err := on.BeginTx(ctx, &options)
	if err != nil {
		return err
	}
	defer tx.Rollback() //nolint:errcheck // nothing was written
	r := s.session(ctx, tx, p, tx)
	if err := r.enter(setScopeToRead, of); err != nil {
		return err
	}
	return fn(r)
}

// point runs fn, which makes one statement, without a transaction.
func (s *Store) point(ctx context.Context, of scope, fn func(*session) error) error {
	if s.dialect.scoped && !s.dialect.batches {
		return s.read(ctx, of, fn)
	}
	p, err := s.ready(ctx, s.readers)
	if err != nil {
		return err
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	return s.unready(ctx, fn(s.session(ctx, s.readers.DB, p, nil)))
}

// write runs fn in a transaction and commits it. It waits for a connection as
// long as ctx allows; from then on the transaction runs to its end, so that it
// is always known whether it reached COMMIT.
func (s *Store) write(ctx context.Context, of scope, fn func(*session) error) error {
	return s.unready(ctx, s.transact(ctx, of, fn))
}

func (s *Store) transact(ctx context.Context, of scope, fn func(*session) error) error {
	on := s.pool(s.writer, of)
	p, err := s.ready(ctx, on)
	if err != nil {
		return err
	}
	conn, err := on.Conn(ctx)
	if err != nil {
		return err
	}
	defer conn.Close() //nolint:errcheck // returns the connection to its pool
	inner := s.dialect.statement(ctx)
	options := s.dialect.writing
	tx, err := conn.BeginTx(inner, &options)
	if err != nil {
		return err
	}
	defer tx.Rollback() //nolint:errcheck // after COMMIT nothing; else it ends what fn did, even where fn does not return
	w := s.session(inner, tx, p, tx)
	err = w.guard()
	if err == nil {
		err = w.enter(setScope, of)
	}
	if err == nil {
		err = fn(w)
	}
	if err == nil {
		err = ctx.Err()
	}
	if err != nil {
		return err
	}
	if err := tx.Commit(); err != nil {
		return &commitError{err: err}
	}
	return nil
}

// call runs fn, which makes a single statement that is a transaction of its own.
// Once it is sent only the server can tell that it had no effect.
func (s *Store) call(ctx context.Context, _ scope, fn func(*session) error) error {
	return s.unready(ctx, s.single(ctx, fn))
}

func (s *Store) single(ctx context.Context, fn func(*session) error) error {
	if _, err := s.ready(ctx, s.writer); err != nil {
		return err
	}
	conn, err := s.writer.Conn(ctx)
	if err != nil {
		return err
	}
	defer conn.Close() //nolint:errcheck // returns the connection to its pool
	if err := ctx.Err(); err != nil {
		return err
	}
	if err := fn(s.session(ctx, conn, nil, nil)); err != nil {
		return &commitError{err: err}
	}
	return nil
}

// unready finds out whether an error comes from tables of another release. What
// the database says of those undoes the transaction, so nothing is in doubt.
// The call has given its connection back: this may be the only one.
func (s *Store) unready(ctx context.Context, err error) error {
	if err == nil || !s.dialect.otherSchema(err) {
		return err
	}
	if have, unread := s.version(ctx, s.writer.DB); unread == nil && have != s.schema {
		if commit, ok := errors.AsType[*commitError](err); ok {
			err = commit.err // what the server says of a statement had no effect
		}
		return errors.Join(&SchemaError{Have: have, Want: s.schema}, err)
	}
	return err
}

// commitError marks an error of COMMIT itself on its way out, or of what came
// after it.
type commitError struct {
	err   error
	after bool // something may be stored, whatever the error says
}

func (e *commitError) Error() string { return e.err.Error() }
func (e *commitError) Unwrap() error { return e.err }

// failed translates the error of a call.
func (m *methods) failed(ctx context.Context, doing string, err error) error {
	if commit, ok := errors.AsType[*commitError](err); ok {
		if commit.after {
			// Its class is not that of the cause, which may say that nothing happened.
			return fmt.Errorf("%s: %w: %s", doing, tenancy.ErrUnknownOutcome, err.Error())
		}
		// All of it: what was found out about the tables stands beside it.
		return m.dialect.failCommit(doing, err)
	}
	return m.dialect.fail(ctx, doing, err)
}
