package sqlstore

import (
	"context"
	"database/sql"
	"sync"

	"github.com/onbehalf/onbehalf/operations"
)

// TxStore is an operations.Store inside a transaction of the host's: what it
// stores is there for others when the host commits, and gone when he rolls
// back. It never commits or rolls back itself and uses no other connection, so
// it works on a pool of one.
//
// A call that stores anything does so whole or, on an error, not at all, as if
// it had not been made: the host's own work in the transaction stays. Should
// the database end the transaction by itself, as SQLite may when the disk is
// full, the host's commit fails.
//
// With SQLite the transaction should be one that takes the lock when it begins,
// as pools of [SQLiteDSN] do; one that has read before may find itself refused
// with tenancy.ErrUnavailable and has to be begun again.
//
// It is safe for concurrent use; calls go one after the other.
type TxStore struct {
	methods

	of *Store
	tx *sql.Tx

	running sync.Mutex
	on      [statementCount]*sql.Stmt
	checked bool
}

var _ operations.Store = (*TxStore)(nil)

// WithTx is the store inside tx, which must be of the store's own pool and is
// ended by the host. The TxStore ends with it.
func (s *Store) WithTx(tx *sql.Tx) *TxStore {
	t := &TxStore{of: s, tx: tx}
	t.methods = methods{dialect: s.dialect, version: s.schema, via: t}
	return t
}

func (t *TxStore) point(ctx context.Context, of scope, fn func(*session) error) error {
	return t.read(ctx, of, fn)
}

func (t *TxStore) call(ctx context.Context, of scope, fn func(*session) error) error {
	return t.write(ctx, of, fn)
}

func (t *TxStore) read(ctx context.Context, of scope, fn func(*session) error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	t.running.Lock()
	defer t.running.Unlock()
	s := t.session(ctx)
	defer func() { t.on = s.on }()
	if err := t.check(s); err != nil {
		return err
	}
	if err := s.enter(setScope, of); err != nil {
		return err
	}
	return fn(s)
}

func (t *TxStore) session(ctx context.Context) *session {
	s := t.of.session(t.of.dialect.statement(ctx), t.tx, nil, t.tx)
	s.on = t.on
	return s
}

// check looks for tables of this release before statements are prepared that
// need them.
func (t *TxStore) check(s *session) error {
	if t.checked {
		return nil
	}
	var tables int64
	if err := t.tx.QueryRowContext(s.ctx, s.dialect.texts[hasSchema]).Scan(&tables); err != nil {
		return err
	}
	if tables == 0 {
		return &SchemaError{Want: s.want}
	}
	if err := s.checkVersion(); err != nil {
		return err
	}
	t.checked = true
	return nil
}

func (t *TxStore) write(ctx context.Context, of scope, fn func(*session) error) (err error) {
	if err := ctx.Err(); err != nil {
		return err
	}
	t.running.Lock()
	defer t.running.Unlock()
	s := t.session(ctx)
	defer func() { t.on = s.on }()
	if _, err := t.tx.ExecContext(s.ctx, s.dialect.texts[savepoint]); err != nil {
		return err
	}
	kept, unguarded := false, false
	defer func() {
		if kept {
			return
		}
		// It failed, or fn did not return. Where the database has ended the
		// transaction there is nothing to undo.
		_, _ = t.tx.ExecContext(s.ctx, s.dialect.texts[undoSavepoint])
		_, _ = t.tx.ExecContext(s.ctx, s.dialect.texts[closeSavepoint])
		if err != nil && (unguarded || s.dialect.otherSchema(err)) {
			if unready := t.check(s); unready != nil {
				err = unready
			}
		}
	}()
	err = s.guard()
	unguarded = err != nil
	if err == nil {
		err = s.enter(setScope, of)
	}
	if err == nil {
		err = fn(s)
	}
	if err == nil {
		err = ctx.Err()
	}
	if err == nil {
		_, err = t.tx.ExecContext(s.ctx, s.dialect.texts[closeSavepoint])
		kept = err == nil
	}
	return err
}
