package sqlstore

import (
	"context"
	"database/sql"
	"fmt"
	"io/fs"

	"github.com/pressly/goose/v3"
	"github.com/pressly/goose/v3/lock"
)

const (
	// lockPoll and lockPolls are how often, in seconds, and how many times a
	// migrator asks for the lock that another one has. It never waits inside the
	// database, where it would hold back what others want to build or drop.
	lockPoll  = 1
	lockPolls = 120

	// lockWait is how long a migration waits for a table that is in use: while
	// it waits, others wait behind it.
	lockWait = "2s"
)

// postgresProvider runs the migrations in the schema of the store.
func (s *Store) postgresProvider(ctx context.Context, texts fs.FS) (*goose.Provider, error) {
	schema := s.dialect.schema
	if _, err := s.writer.ExecContext(ctx, s.dialect.texts[makeSchema]); err != nil {
		return nil, err
	}
	locker, err := lock.NewPostgresSessionLocker(lock.WithLockTimeout(lockPoll, lockPolls), lock.WithUnlockTimeout(lockPoll, lockPolls))
	if err != nil {
		return nil, err
	}
	migrations := make([]*goose.Migration, 0, len(s.sources))
	for _, source := range s.sources {
		text, err := fs.ReadFile(texts, source.name)
		if err != nil {
			return nil, err
		}
		migrations = append(migrations, goose.NewGoMigration(source.version, &goose.GoFunc{
			RunTx: func(ctx context.Context, tx *sql.Tx) error {
				if _, err := tx.ExecContext(ctx, s.dialect.texts[enterSchema], schema, lockWait); err != nil {
					return err
				}
				if _, err := tx.ExecContext(ctx, keepFilters(string(text))); err != nil {
					return fmt.Errorf("%s: %w", source.name, err)
				}
				return nil
			},
		}, nil))
	}
	return goose.NewProvider(s.dialect.goose, s.writer.DB, nil,
		goose.WithTableName(schema+".migrations"), goose.WithDisableGlobalRegistry(true),
		goose.WithSessionLocker(locker), goose.WithGoMigrations(migrations...))
}
