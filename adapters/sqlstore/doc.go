// Package sqlstore keeps books in a SQL database through database/sql. It
// imports no driver: the host opens the pool, hands it over together with the
// dialect it speaks, and closes it in the end.
//
// All tables begin with onbehalf_, so that they may stand in a database of the
// host's own beside his tables. [Store.Migrate] makes and upgrades them; a host
// who uses another tool takes the SQL from [Migrations].
//
// With PostgreSQL they are in a schema of their own, see [Config], and their rows
// are guarded: a role that is neither a superuser nor exempt reaches rows of the
// books that its transaction is about and no others, see [Grants].
//
// Amounts are stored as they were decided, as canonical decimal text or, in
// PostgreSQL, as numeric, and never computed with in SQL for a decision; times as
// whole microseconds, entries as the very bytes that were hashed.
//
// With PostgreSQL a batch is one statement, a call of a function that the
// migrations install, and one round trip; Config.Portable makes it one statement
// for each row. Both take operators before heads and both in order, so batches
// of many engines never wait for each other in a circle. Through a pooler that
// shares connections between transactions the driver must not prepare
// statements that outlive one; nothing else here outlives a transaction.
//
// For SQLite open the pool with the driver of your choice and the text of
// [SQLiteDSN], which is written for modernc.org/sqlite.
package sqlstore
