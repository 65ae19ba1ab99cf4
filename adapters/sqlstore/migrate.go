package sqlstore

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"time"

	"github.com/pressly/goose/v3"

	"github.com/onbehalf/onbehalf/tenancy"
)

// versionTable is where goose keeps what it has applied. What counts for a
// store is the version in the schema itself, which is there whoever ran the
// migrations.
const versionTable = "onbehalf_migrations"

// migrateAttempts bounds how often a migration is tried again that lost to
// another process doing the same.
const migrateAttempts = 5

// Pending lists the names of the migrations that are still to be applied, in
// their order. Tables of a newer release are a [SchemaError].
func (s *Store) Pending(ctx context.Context) ([]string, error) {
	have, err := s.version(ctx, s.writer.DB)
	if err != nil {
		return nil, s.failed(ctx, "read schema version", err)
	}
	if have > s.schema {
		return nil, &SchemaError{Have: have, Want: s.schema}
	}
	var names []string
	for _, source := range s.sources {
		if source.version > have {
			names = append(names, source.name)
		}
	}
	return names, nil
}

// Migrate makes or upgrades the tables. It does nothing when they are those of
// this release, may be called by several processes at once, and refuses tables
// of a newer release. A migration that fails leaves nothing behind; those
// before it stay.
func (s *Store) Migrate(ctx context.Context) error {
	var last error
	for attempt := range migrateAttempts {
		if err := pause(ctx, time.Duration(attempt)*20*time.Millisecond); err != nil {
			return err
		}
		pending, err := s.Pending(ctx)
		if _, other := errors.AsType[*SchemaError](err); errors.Is(err, tenancy.ErrUnavailable) && !other {
			last = err // a new file is locked for a moment while another process opens it
			continue
		}
		if err != nil || len(pending) == 0 {
			return err
		}
		if last = s.migrate(ctx); last != nil && ctx.Err() != nil {
			return ctx.Err()
		}
	}
	pending, err := s.Pending(ctx)
	if err != nil || len(pending) == 0 {
		return err
	}
	if last == nil {
		last = fmt.Errorf("%v still pending", pending)
	}
	return s.failed(ctx, "migrate", last)
}

// pause waits, at most until ctx ends.
func pause(ctx context.Context, d time.Duration) error {
	if d == 0 {
		return nil
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (s *Store) migrate(ctx context.Context) error {
	texts, err := Migrations(s.kind)
	if err != nil {
		return err
	}
	provider, err := s.provider(ctx, texts)
	if err != nil {
		return err
	}
	// The provider is not closed: that would close the host's pool.
	_, err = provider.Up(ctx)
	return err
}

func (s *Store) provider(ctx context.Context, texts fs.FS) (*goose.Provider, error) {
	if s.kind == PostgreSQL {
		return s.postgresProvider(ctx, texts)
	}
	return goose.NewProvider(s.dialect.goose, s.writer.DB, texts, goose.WithTableName(versionTable), goose.WithDisableGlobalRegistry(true))
}

// version is the version of the tables; 0 when there are none.
func (s *Store) version(ctx context.Context, db *sql.DB) (int64, error) {
	var have int64
	if err := db.QueryRowContext(ctx, s.dialect.texts[hasSchema]).Scan(&have); err != nil || have == 0 {
		return 0, err
	}
	err := db.QueryRowContext(ctx, s.dialect.texts[readSchema]).Scan(&have)
	if errors.Is(err, sql.ErrNoRows) {
		return 0, nil
	}
	return have, err
}

// source is one file of migrations.
type source struct {
	version int64
	name    string
}

// sources lists the migrations of a dialect in their order.
func sources(d Dialect) ([]source, error) {
	texts, err := Migrations(d)
	if err != nil {
		return nil, err
	}
	names, err := fs.Glob(texts, "*.sql")
	if err != nil {
		return nil, err
	}
	all := make([]source, len(names))
	for i, name := range names {
		version, err := goose.NumericComponent(name)
		if err != nil {
			return nil, fmt.Errorf("migration %s: %w", name, err)
		}
		all[i] = source{version, name}
	}
	return all, nil
}
