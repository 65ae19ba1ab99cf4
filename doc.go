// Package onbehalf is documentation only: it exports nothing and nothing imports it.
//
// The library lets the operators of a firm carry out operations on behalf of its customers: deposits,
// withdrawals, transfers, trades and corrections, explained before they happen, approved where the firm
// asks for it, and recorded so that anyone can check afterwards who did what for whom, and why.
//
// One customer's book is the unit of everything: the security boundary, the transaction, the order of
// events and the audit chain. Nothing an operation does crosses it.
//
// The packages, from the lowest to the highest; each imports only those before it:
//
//   - tenancy: who acts for whom. Identifiers, actors, grants, the Gate and the scopes it gives.
//   - customer: who the customer is. Profile, type, status.
//   - accounts: what the customer has. Assets, amounts, accounts, balances, postings, eligibility.
//   - operations: what is done. The engine, the lifecycle, the firm's rules (fees, limits, approvals, and those
//     of its own), refunds, terms, the journal and the contracts of a store. operations/operationstest helps
//     a firm to test its rules.
//   - adapters/memory, adapters/sqlstore: where books are kept. sqlstore is a module of its own and brings
//     no driver. adapters/storetest is the contract of a store as a test suite.
//
// Start with [github.com/onbehalf/onbehalf/operations].
package onbehalf
