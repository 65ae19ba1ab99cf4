// Package sqlstore keeps books in a SQL database through database/sql. It
// imports no driver: the host opens the pool, hands it over together with the
// dialect it speaks, and closes it in the end.
//
// All tables begin with onbehalf_, so that they may stand in a database of the
// host's own beside his tables. [Store.Migrate] makes and upgrades them; a host
// who uses another tool takes the SQL from [Migrations].
//
// Amounts are stored as canonical decimal text and never computed with in SQL,
// times as whole microseconds, entries as the very bytes that were hashed.
//
// For SQLite open the pool with the driver of your choice and the text of
// [SQLiteDSN], which is written for modernc.org/sqlite.
package sqlstore
