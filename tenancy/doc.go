// Package tenancy says who may act for whom.
//
// It holds the identifiers of the whole library, the natural and technical
// actors behind a command, the permissions and grants an operator has, and the
// [Gate] that turns an authenticated [Principal] into a [Scope].
//
// A scope is the only thing the rest of the library accepts as proof of
// authority. There are three of them: [Gate.Enter] gives the scope of one
// customer, [Gate.Own] that of the firm itself, and [Gate.Firm] that of lists
// over many customers. A scope cannot be forged, changed or widened outside
// this package, and its zero value is refused everywhere.
//
// Opening a scope is not the last word. Each decision calls [Gate.Authorize]
// with a fresh reading of the books, so a grant revoked a moment ago no longer
// helps a scope opened before.
//
// The package also defines the classes every error of the library falls into,
// because it is the lowest one; package operations exports the same values.
// Nothing here reads a clock, a store or the environment: the time of every
// judgement comes from the [Standing] it is made on.
package tenancy
