package sqlstore

import (
	"context"
	"database/sql"
	"errors"
	"net"

	"github.com/pressly/goose/v3"
)

// DefaultSchema is where the tables are in PostgreSQL when the host does not
// say otherwise. It is for this library alone.
const DefaultSchema = "onbehalf"

// The classes of SQLSTATE, its first two characters, and the codes that matter
// here. Source: PostgreSQL's documentation, appendix A.
const (
	classConstraint = "23"

	stateUndefinedFunction = "42883"
	stateUndefinedTable    = "42P01"
	stateUndefinedColumn   = "42703"
	stateInvalidSchema     = "3F000"
	stateSerialization     = "40001"
	stateDeadlock          = "40P01"
	stateLockTimeout       = "55P03"
	stateDataCorrupted     = "XX001"
	stateIndexCorrupted    = "XX002"

	// Those of our own functions.
	stateOtherSchema = "OB001"
	stateDamaged     = "OB002"
	stateEntriesStay = "OB003"
)

// sqlState is the SQLSTATE of a driver's error, or empty: what the server said
// of a statement, as against what happened to the connection.
func sqlState(err error) string {
	var coded interface{ SQLState() string }
	if errors.As(err, &coded) {
		return coded.SQLState()
	}
	return ""
}

func postgres(schema string) *dialect {
	return &dialect{
		texts: postgresTexts(schema),
		goose: goose.DialectPostgres,
		damaged: func(err error) bool {
			switch state := sqlState(err); state {
			case stateDamaged, stateEntriesStay, stateDataCorrupted, stateIndexCorrupted:
				return true
			default:
				// A constraint that fails is a row that contradicts the head.
				return len(state) == 5 && state[:2] == classConstraint
			}
		},
		otherSchema: func(err error) bool {
			switch sqlState(err) {
			case stateOtherSchema, stateUndefinedFunction, stateUndefinedTable, stateUndefinedColumn, stateInvalidSchema:
				return true
			}
			return false
		},
		again: func(err error) bool {
			switch sqlState(err) {
			case stateSerialization, stateDeadlock, stateLockTimeout:
				return true
			}
			return false
		},
		undone:    postgresUndone,
		statement: func(ctx context.Context) context.Context { return ctx },
		reading:   sql.TxOptions{Isolation: sql.LevelRepeatableRead, ReadOnly: true},
		writing:   sql.TxOptions{Isolation: sql.LevelReadCommitted},
		schema:    schema,
		scoped:    true,
		numbers:   true,
		byText:    true,
	}
}

// postgresUndone tells whether the transaction is certain not to have been
// committed. The server aborts it with whatever it reports of a statement, but
// not with what ends the connection or the server, which may come after COMMIT
// took effect: classes 08 and 57P, and 40003, which says so itself. Without an
// answer of the server only a connection that was never made is certain.
func postgresUndone(err error) bool {
	state := sqlState(err)
	if len(state) != 5 {
		var dial *net.OpError
		return errors.As(err, &dial) && dial.Op == "dial"
	}
	switch {
	case state[:2] == "08", state[:3] == "57P" && state != "57P03", state == "40003", state[:2] == "58", state[:2] == "XX" && state < stateDataCorrupted:
		return false
	}
	return true
}
