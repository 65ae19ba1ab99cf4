package operationstest

import (
	"github.com/shopspring/decimal"

	"github.com/onbehalf/onbehalf/operations"
)

// Reply is how a Provider takes one call: what becomes of the intent there, and
// what it says. The two are apart on purpose: an answer that is lost says
// nothing about whether the money moved. The zero Reply changes nothing and
// tells how the intent stands.
type Reply struct {
	does   operations.AnswerStatus // what becomes of the intent; empty: nothing
	says   operations.AnswerStatus // instead of how it stands; empty: that
	code   string
	amount decimal.Decimal
	asset  string // with amount: said of a settlement; empty: what is so
	manner manner
}

// manner is how an answer comes back.
type manner int

const (
	answered manner = iota
	silent
	hanging
	garbled
)

// Tell changes nothing and tells how the intent stands; "not found" for one
// that never arrived. It is the zero Reply.
func Tell() Reply { return Reply{} }

// Settle carries the intent out in full.
func Settle() Reply { return Reply{does: operations.AnswerSettled} }

// Refuse turns the intent down for good, with a code of the provider's own.
func Refuse(code string) Reply { return Reply{does: operations.AnswerRefused, code: code} }

// CallOff has the intent cancelled outside, with a code of the provider's own.
func CallOff(code string) Reply { return Reply{does: operations.AnswerCalledOff, code: code} }

// Pend takes the intent in without ending it; Provider.Move ends it later.
func Pend() Reply { return Reply{does: operations.AnswerPending} }

// NotFound changes nothing and says that the reference is not known, whether it
// is or not. A script of several makes a provider that finds it only after a
// while.
func NotFound() Reply { return Reply{says: operations.AnswerNotFound} }

// Lose is a call that never arrives: nothing happens, and the caller gets an
// error at once.
func Lose() Reply { return Reply{manner: silent} }

// Silent is the same reply with its answer lost on the way back: what it does
// is done, and the caller gets an error at once.
func (r Reply) Silent() Reply {
	r.manner = silent
	return r
}

// Hanging is the same reply without an answer: what it does is done, and the
// call returns when its context ends. The engine bounds a call by the
// Contract's Timeout in real time, whatever its Clock says: give the provider a
// short one, or run the test in a testing/synctest bubble.
func (r Reply) Hanging() Reply {
	r.manner = hanging
	return r
}

// Garbled is the same reply with an answer of a status that does not exist.
func (r Reply) Garbled() Reply {
	r.manner = garbled
	return r
}

// Of is the same reply speaking of another amount and asset than the intent's.
func (r Reply) Of(amount decimal.Decimal, asset string) Reply {
	r.amount, r.asset = amount, asset
	return r
}
