// Package trading has the kind of operations that turns one asset of a customer
// into another: the trade. A trade in state prepared is a quote.
//
// What a customer may trade is set up in his own book, pair by pair, with lists
// of paths to prices and to execution (SetCustomer, SetPair). The kind asks the
// providers of those paths before the engine decides (operations.Gatherer),
// adds the path's spread by the provider's hours (Calendar, Spreads), and
// computes both amounts from the all-in rate: the one that was asked for stays
// exact, the other is rounded against the customer by less than one unit of its
// scale, and what that leaves is in the spread. The terms show it all
// (operations.Exchange) before anyone agrees, and are executed as they stand.
//
// Executing is as with every operation that a provider carries: the intent is
// durable before it is sent, silence is not failure, and nothing is ever sent
// elsewhere instead. A pair may take trades in part (Fills): what a provider
// carried out is settled at the rate agreed, and the rest is given back. A
// provider whose contract is Inside, such as House, settles in the book at once.
//
// Rates come from a Source: a Board that a feed puts them up on, Recorded ones,
// or the host's own. Market makes the most of one, and refuses what is too old.
// Three providers are in the box: House, Recorded rates played by it, and
// Simulated, for tests. Whoever writes another holds it to the contract with
// package providertest.
package trading
