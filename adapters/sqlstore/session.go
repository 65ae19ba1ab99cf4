package sqlstore

import (
	"context"
	"database/sql"
	"errors"

	"github.com/onbehalf/onbehalf/operations"
)

// access is how calls reach the database: in transactions of the store's own,
// or inside one of the host's.
type access interface {
	// point runs fn, which makes a single statement that reads.
	point(ctx context.Context, of scope, fn func(*session) error) error
	// read runs fn on one moment of the data.
	read(ctx context.Context, of scope, fn func(*session) error) error
	// write runs fn, and keeps all of what it did or nothing.
	write(ctx context.Context, of scope, fn func(*session) error) error
	// call runs fn, which makes a single statement that stores what it is given
	// and sets its scope itself.
	call(ctx context.Context, of scope, fn func(*session) error) error
}

// methods are the calls of operations.Store, however they reach the database.
type methods struct {
	dialect *dialect
	version int64 // of the schema this release works with
	via     access
}

// session is the running of statements within one call.
type session struct {
	ctx     context.Context //nolint:containedctx // a session lives as long as one call
	want    int64           // the version of the schema this release works with
	dialect *dialect
	tx      *sql.Tx                    // nil: statements stand alone
	texts   runner                     // takes statements as texts; nil: they are prepared
	base    *[statementCount]*sql.Stmt // prepared on the pool; nil: prepared on tx when first used
	on      [statementCount]*sql.Stmt  // as they run here
	args    []any
}

// runner is a pool, one of its connections, or a transaction.
type runner interface {
	ExecContext(ctx context.Context, text string, args ...any) (sql.Result, error)
	QueryContext(ctx context.Context, text string, args ...any) (*sql.Rows, error)
}

// unprepared tells the statements that are not worth preparing.
func (id statement) unprepared() bool {
	switch id { //nolint:exhaustive // all others are prepared
	case hasSchema, readSchema, savepoint, undoSavepoint, closeSavepoint:
		return true
	}
	return false
}

func (s *session) stmt(id statement) (*sql.Stmt, error) {
	switch {
	case s.on[id] != nil:
	case s.base == nil:
		stmt, err := s.tx.PrepareContext(s.ctx, s.dialect.texts[id]) //nolint:sqlclosecheck // it ends with the transaction
		if err != nil {
			return nil, err
		}
		s.on[id] = stmt
	case s.tx == nil:
		s.on[id] = s.base[id]
	default:
		s.on[id] = s.tx.StmtContext(s.ctx, s.base[id])
	}
	return s.on[id], nil
}

// exec runs a statement and tells how many rows it touched.
func (s *session) exec(id statement, args ...any) (int64, error) {
	result, err := s.run(id, args)
	if err != nil {
		return 0, err
	}
	return result.RowsAffected()
}

func (s *session) run(id statement, args []any) (sql.Result, error) {
	if s.texts != nil {
		return s.texts.ExecContext(s.ctx, s.dialect.texts[id], args...)
	}
	stmt, err := s.stmt(id) //nolint:sqlclosecheck // it is used again and ends with its pool or transaction
	if err != nil {
		return nil, err
	}
	return stmt.ExecContext(s.ctx, args...)
}

// each runs a query and hands every row to fn, until there are no more or fn
// says that it has enough.
func (s *session) each(id statement, fn func(*sql.Rows) (more bool, err error), args ...any) error {
	rows, err := s.query(id, args...)
	if err != nil {
		return err
	}
	defer rows.Close() //nolint:errcheck // Err below tells
	for rows.Next() {
		more, err := fn(rows)
		if err != nil {
			return err
		}
		if !more {
			return rows.Close()
		}
	}
	return rows.Err()
}

func (s *session) query(id statement, args ...any) (*sql.Rows, error) {
	if s.texts != nil {
		return s.texts.QueryContext(s.ctx, s.dialect.texts[id], args...)
	}
	stmt, err := s.stmt(id) //nolint:sqlclosecheck // it is used again and ends with its pool or transaction
	if err != nil {
		return nil, err
	}
	return stmt.QueryContext(s.ctx, args...)
}

// enter tells a database that guards its rows what the transaction is about, by
// setScope or, in one of the store's own that only reads, by setScopeToRead.
func (s *session) enter(by statement, of scope) error {
	if !s.dialect.scoped {
		return nil
	}
	books, tenants, firm := of.settings()
	_, err := s.exec(by, books, tenants, firm)
	return err
}

// one runs a query of at most one row, and tells whether there was one.
func (s *session) one(id statement, into []any, args ...any) (bool, error) {
	found := false
	err := s.each(id, func(rows *sql.Rows) (bool, error) {
		found = true
		return true, rows.Scan(into...)
	}, args...)
	return found, err
}

// collect runs a query and gathers its rows.
func collect[T any](s *session, id statement, scan func(*sql.Rows, *T) error, args ...any) ([]T, error) {
	var all []T
	err := s.each(id, func(rows *sql.Rows) (bool, error) {
		all = append(all, *new(T))
		return true, scan(rows, &all[len(all)-1])
	}, args...)
	return all, err
}

// guard begins a writing transaction with a write, which takes its place among
// the writers before anything is read, and refuses another schema.
func (s *session) guard() error {
	touched, err := s.exec(guardSchema, s.want)
	if err != nil || touched == 0 {
		return err
	}
	return s.checkVersion()
}

func (s *session) checkVersion() error {
	var have int64
	if err := s.tx.QueryRowContext(s.ctx, s.dialect.texts[readSchema]).Scan(&have); err != nil && !errors.Is(err, sql.ErrNoRows) {
		return err
	}
	if have != s.want {
		return &SchemaError{Have: have, Want: s.want}
	}
	return nil
}

// head reads the head of the book, which confirms the schema as well.
func (s *session) head(id operations.BookID) (operations.Head, error) {
	var (
		version int64
		head    operations.Head
	)
	if _, err := s.one(readHead, []any{&version, toInt(&head.Seq), toHash(&head.Hash)}, string(id.Tenant), string(id.Customer)); err != nil {
		return operations.Head{}, err
	}
	if version != s.want {
		return operations.Head{}, &SchemaError{Have: version, Want: s.want}
	}
	return head, nil
}
