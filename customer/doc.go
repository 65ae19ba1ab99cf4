// Package customer says who the customer is whose accounts are operated: his
// profile, his type, his tax id and his status.
//
// The status decides whether anything may be done for him. Its transitions are
// a table in code ([Status.Next]), and the two questions the rules ask of it are
// [Status.TakesNew] and [Status.MayFinish].
//
// A profile is personal data: the library keeps it beside the journal, where
// [Erase] can remove it, and the journal holds a salted digest of it. All values
// of this package are plain and safe to copy.
package customer
