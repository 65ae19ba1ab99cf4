package sqlstore

import (
	"cmp"
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

// The dialects.
const (
	// SQLite is SQLite 3.37 or later, in WAL mode with synchronous=FULL; see
	// [SQLiteDSN].
	SQLite Dialect = "sqlite"
	// PostgreSQL is PostgreSQL 15 or later. The driver must take slices of
	// int64, string and []byte as arrays and tell the SQLSTATE of an error by a
	// method SQLState() string, as pgx does; one that does not do the first can
	// be used with Config.Portable.
	PostgreSQL Dialect = "postgres"
)

// Dialects lists the dialects.
func Dialects() []Dialect { return []Dialect{SQLite, PostgreSQL} }

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
	// again tells whether the transaction was undone for the sake of another.
	again func(error) bool
	// otherSchema tells whether the driver's error may come from tables of
	// another release.
	otherSchema func(error) bool
	// reading are the options of a transaction that only reads, of one moment.
	reading sql.TxOptions
	// writing are those of one that writes: rows are locked, not snapshots.
	writing sql.TxOptions
	// schema is where the tables are; empty: the database has none.
	schema string
	// scoped tells that the database is told what a transaction is about, and
	// guards its rows.
	scoped bool
	// numbers tells that amounts are stored as numbers that are exact, and so
	// need nothing beside them to be compared by.
	numbers bool
	// byText tells that statements are given to the driver as texts, which
	// prepares them itself.
	byText bool
	// batches tells that a batch is stored by one statement, a function of the
	// database.
	batches bool
}

// describe gives the dialect as the host wants it.
func (d Dialect) describe(c Config) (*dialect, error) {
	switch d {
	case SQLite:
		if c.Schema != "" || c.Workers != nil {
			return nil, fmt.Errorf("%w: %w", errConfig, tenancy.Invalid("config", "has what SQLite has not: Schema or Workers"))
		}
		return sqlite(), nil
	case PostgreSQL:
		schema := cmp.Or(c.Schema, DefaultSchema)
		if !isSchema(schema) {
			return nil, fmt.Errorf("%w: %w", errConfig, tenancy.Invalid("schema", "must be 1 to 63 of a-z, 0-9 and _, and begin with a letter"))
		}
		p := postgres(schema)
		p.batches = !c.Portable
		return p, nil
	}
	return nil, fmt.Errorf("%w: %w", errConfig, tenancy.Invalid("dialect", "is not a dialect"))
}

// isSchema tells whether the name needs no quoting anywhere.
func isSchema(name string) bool {
	for i, c := range []byte(name) {
		if (c < 'a' || c > 'z') && (i == 0 || c != '_' && (c < '0' || c > '9')) {
			return false
		}
	}
	return name != "" && len(name) <= 63
}
