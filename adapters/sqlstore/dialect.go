package sqlstore

import (
	"context"
	"database/sql"
	"embed"
	"fmt"
	"io/fs"
	"slices"

	"github.com/pressly/goose/v3"

	"github.com/onbehalf/onbehalf/tenancy"
)

// Dialect names the database behind a pool. The zero value is none.
type Dialect string

// SQLite is SQLite 3.37 or later, in WAL mode with synchronous=FULL; see
// [SQLiteDSN].
const SQLite Dialect = "sqlite"

// Dialects lists the dialects.
func Dialects() []Dialect { return []Dialect{SQLite} }

// ParseDialect accepts exactly the texts of [Dialects].
func ParseDialect(text string) (Dialect, error) {
	if d := Dialect(text); slices.Contains(Dialects(), d) {
		return d, nil
	}
	return "", tenancy.Invalid("dialect", "is not a dialect")
}

//go:embed migrations
var files embed.FS

// Migrations is the SQL that makes and upgrades the tables, one file a
// version, for hosts who run it with a tool of their own. Files are applied in
// the order of their names, each in one transaction; the lines that begin with
// "-- +goose" are comments to other tools. There is no way down.
func Migrations(d Dialect) (fs.FS, error) {
	if _, err := ParseDialect(string(d)); err != nil {
		return nil, err
	}
	return fs.Sub(files, "migrations/"+string(d))
}

// dialect is everything in which databases differ.
type dialect struct {
	texts [statementCount]string
	goose goose.Dialect
	// damaged tells whether the driver says that the data themselves are bad.
	damaged func(error) bool
	// undone tells whether a failed COMMIT is certain to have had no effect.
	undone func(error) bool
	// statement is the context for one short statement. A database in the same
	// process is not worth a goroutine that watches the caller's.
	statement func(context.Context) context.Context
	// reading are the options of a transaction that only reads, of one moment.
	reading sql.TxOptions
}

func (d Dialect) describe() (*dialect, error) {
	if d == SQLite {
		return sqlite(), nil
	}
	return nil, fmt.Errorf("%w: %w", errConfig, tenancy.Invalid("dialect", "is not a dialect"))
}
