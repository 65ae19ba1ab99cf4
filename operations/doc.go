// Package operations prepares, executes, modifies and cancels operations that
// belong to one customer, on his behalf.
//
// # The book
//
// The customer is the unit of everything. His book, named by tenant and
// customer, is at once the security boundary, the transaction, the order of
// events, the audit chain and the shard. It is a journal of entries 1, 2, 3, …,
// each naming the hash of the one before, and the state folded from them:
// accounts, balances, holds, open operations, grants. One command makes one
// change, one entry, one number. Nothing an operation does crosses the book.
//
// # One operation, from the scope to the last entry
//
// An operator's principal goes through the [tenancy.Gate] of the [Engine] and
// comes out as a scope: this operator, for this customer, for this reason.
//
//	scope, err := eng.Gate().Enter(ctx, ana, customer, "phone call 4711")
//
// With it he asks for a withdrawal. Engine.Prepare wraps the request and its
// [Intent] into a command and hands it to a committer, where commands that
// arrive meanwhile gather. The first of them leads: for each book it takes the
// folded state from the cache, or loads it, and decides the commands one after
// the other. To decide is a pure function of the state, the command and the
// time. It asks the Gate whether a live grant permits it, the [Kind] for its
// [Terms], the accounts whether they are eligible, the firm's [Rule] values
// whether they are met. Out come [Effects], or the list of all that is not met.
//
// Either becomes the book's next [Entry]. [Fold] applies it, which gives the
// state the next command is decided on, and the entries of all books go to the
// store in one call of [Books].Commit. It moves each head from exactly where
// the decision saw it; a head that moved meanwhile makes the decision void, and
// it is made again on what the other wrote. Then everybody has his answer, and
// it is stored.
//
// The withdrawal now stands as prepared, its terms frozen until they expire.
// Engine.Execute, naming the version he saw, judges everything again but the
// price. If the money goes by the manual desk, postings are made and the
// operation is completed, all in that change. If it goes by a [Provider], funds
// are held and the intent is recorded with the reference the provider will
// know it by; only then is the provider told, outside any transaction. What it
// says is one more command, and silence makes the operation unresolved: holds
// stay until Engine.Work has found out.
//
// # The firm's rules
//
// What a firm decided is values in [Config]: [FeeRule], [Limit], [Approval] and
// [Rule]. They are judged in the decision, in one order, with eligibility and
// funds; Engine.Explain shows what they would say before anything happens. Fees
// and the approval that is needed are frozen in the terms, everything else is
// judged again whenever the operation goes on. An operation that needs approval
// waits, its funds held, until other persons have agreed to exactly its content:
// Engine.Approve, Engine.Reject, [Firm].Worklist. A [Refund] gives back of a
// completed operation. [Freeze] and [tenancy.Stop] are entries that hold from
// the next decision on. docs/rules.md tells how a firm writes and tests all this.
//
// # What an answer is worth
//
// Every answer was confirmed by the store when it was given: a result by its
// commit, and a refusal, a preview or "not found" by the book's head being the
// one it was judged on. Errors are of exactly one class, see [ErrInvalid] and
// its neighbours.
//
// # Reading
//
// [Book] reads one book under its scope, [Firm] lists across books. Book.Verify
// holds every stored row against the journal; Firm.Heads commits to the heads
// of all books at once.
//
// # Extending
//
// A host adds kinds, rules and providers as values in [Config]. All of them are
// called from many goroutines and, but for providers, must be pure: package
// operationstest judges them without an engine or a store.
package operations
