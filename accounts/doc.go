// Package accounts holds what an operation's money is made of: assets and
// amounts, the accounts of a customer, holds and postings, and the question
// whether an account may be used for an operation.
//
// Everything here is a value or a pure function: nothing reads a clock, a store
// or the network, and all of it may be used from many goroutines at once.
//
// # Amounts
//
// An amount is a decimal.Decimal of at most [MaxDigits] digits with at most
// [MaxScale] of them after the point. Text from outside becomes an amount by
// [ParseAmount] or [ParseSigned] only; a decimal that a program made itself is
// checked by [CheckAmount] or [CheckSigned]. Nothing here rounds, and nothing
// depends on the settings that package decimal keeps globally. [Amount] is the
// form amounts have in stored documents.
//
// # Balances
//
// An account has a posted balance (what has been booked), a held part of it
// (what open operations have set aside) and a debt limit:
//
//	available = posted - held + limit
//
// No command may leave available below zero. A fact reported from outside, such
// as a reversed deposit, may: the account is then [Overdrawn] and takes no
// debits until it is above its limit again.
//
// # Postings
//
// Money moves by postings that sum to zero per asset over the customer's
// accounts and the system accounts of his book; see [Balanced].
package accounts
