package sqlstore

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"

	"github.com/pressly/goose/v3"
)

// SQLiteDSN is the data source name of the file for the driver of
// modernc.org/sqlite: write transactions that take the lock when they begin
// (without it most of those that read first fail with "busy" under load), a
// write-ahead log, a wait of five seconds for other writers, and a commit that
// has reached the disk when it returns. The connection may cache 64 MiB, and
// the log grows to some 32 MiB between checkpoints, so that commits over many
// books reread and copy fewer pages than with SQLite's own 2 and 4 MiB: with a
// cache of 32, 64 callers over 10,000 books get 0.7 as much done.
//
// A pool of one connection is enough for a writer; reading in parallel needs a
// second pool, see [Config].
func SQLiteDSN(path string) string { return sqliteDSN(path, 64) }

// SQLiteReaderDSN is [SQLiteDSN] for connections that only read: the database
// refuses every write through them. Each may cache 32 MiB.
func SQLiteReaderDSN(path string) string {
	return sqliteDSN(path, 32) + "&_pragma=" + url.QueryEscape("query_only(1)")
}

func sqliteDSN(path string, mebibytes int) string {
	query := url.Values{
		"_txlock": {"immediate"},
		"_pragma": {"busy_timeout(5000)", "journal_mode(WAL)", "synchronous(FULL)", fmt.Sprintf("cache_size(-%d)", mebibytes<<10), "wal_autocheckpoint(8000)"},
	}
	file := url.URL{Scheme: "file", OmitHost: true, Path: path}
	return file.String() + "?" + query.Encode()
}

// The primary result codes of SQLite that matter here; extended codes carry
// them in the low byte. Source: sqlite.org/rescode.html.
const (
	sqliteBusy       = 5
	sqliteCorrupt    = 11
	sqliteFull       = 13
	sqliteConstraint = 19
	sqliteNotADB     = 26
)

// sqliteCode is the primary result code of a driver's error, or 0.
func sqliteCode(err error) int {
	var coded interface{ Code() int }
	if errors.As(err, &coded) {
		return coded.Code() & 0xff
	}
	return 0
}

func sqlite() *dialect {
	return &dialect{
		texts: sqliteTexts(),
		goose: goose.DialectSQLite3,
		damaged: func(err error) bool {
			switch sqliteCode(err) {
			case sqliteCorrupt, sqliteNotADB, sqliteConstraint:
				// A constraint that fails is a row that contradicts the head.
				return true
			}
			return false
		},
		undone: func(err error) bool {
			// The log lacks the frame that would make the transaction count.
			code := sqliteCode(err)
			return code == sqliteBusy || code == sqliteFull
		},
		again:       func(error) bool { return false },
		otherSchema: func(error) bool { return false },
		statement:   context.WithoutCancel,
		reading:     sql.TxOptions{ReadOnly: true},
	}
}
