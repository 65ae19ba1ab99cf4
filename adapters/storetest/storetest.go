// Package storetest is the contract of [operations.Store] as a test suite.
// Every adapter passes it with one line:
//
//	func TestStore(t *testing.T) { storetest.Run(t, open) }
//
// The name of each case is a sentence of the contract; its failure says which
// promise is broken.
//
// Where the text of the contract leaves a choice, the suite makes it:
//
//   - A load over more than MaxTail entries of a book that has no snapshot
//     brings all entries after since.
//   - Min and Max of a history include their own value.
//   - The postings of one entry come in a statement last one first, so that
//     each balance follows from the next row's.
//   - A projection has its keys by seq, operators by id and personal rows by
//     subject. In a rebuild, a customer's row without name or tax id leaves
//     those that are stored, and no customer or snapshot removes the row.
//   - The list of customers has every book with a customer's row, the house's
//     too. A grant for everyone stands in the house's book and is no grant of
//     that book; a grant is not live any more at the very time it expires.
//   - A page of heads shorter than its limit is the last one; so is a page of
//     positions or of parked tickets.
//   - A claim may find less than is ready while others claim; it finds the rest
//     when it is repeated.
//   - Of one run, what is stored already counts before operators and head do.
//   - Equal entries are one entry, whoever sends them.
//   - Rows of one entry make at most one new operation, so Created is unique.
//   - Times come back in UTC. An empty name or tax id and none are the same.
package storetest

import (
	"context"
	"sync/atomic"
	"testing"

	"github.com/onbehalf/onbehalf/operations"
	"github.com/onbehalf/onbehalf/tenancy"
)

// The tenants of every case. Those of the neighbours differ from the own one
// in the case of a letter and by a suffix, so that a store which folds case,
// pads, or matches prefixes mixes them up.
const (
	own       tenancy.TenantID = "firm"
	lookalike tenancy.TenantID = "Firm"
	longer    tenancy.TenantID = "firm2"
)

// Run tests the stores that open returns. Each call must return an empty store
// of its own and leave nothing behind when its test ends.
//
// Everything runs twice: alone, and in a store where two other tenants have
// the same customers, operations, keys, accounts, grants and operators. Their
// rows must be the same, byte by byte, when the case is over.
func Run(t *testing.T, open func(t *testing.T) operations.Store) {
	t.Helper()
	t.Run("alone", func(t *testing.T) {
		t.Parallel()
		each(t, func(t *testing.T, c testCase) {
			t.Helper()
			c.check(newBundle(t, open(t)))
		})
	})
	t.Run("beside a noisy tenant", func(t *testing.T) {
		t.Parallel()
		each(t, func(t *testing.T, c testCase) {
			t.Helper()
			b := newBundle(t, open(t))
			b.neighbours = []neighbour{settle(b, lookalike, "7.5"), settle(b, longer, "0.000000000000000003")}
			c.check(b)
			for _, n := range b.neighbours {
				n.unchanged(b)
			}
		})
	})
}

func each(t *testing.T, run func(t *testing.T, c testCase)) {
	t.Helper()
	for _, group := range groups() {
		t.Run(group.name, func(t *testing.T) {
			t.Parallel()
			for _, c := range group.cases {
				t.Run(c.name, func(t *testing.T) {
					t.Parallel()
					run(t, c)
				})
			}
		})
	}
}

// testCase is one sentence of the contract.
type testCase struct {
	name  string
	check func(b *bundle)
}

type testGroup struct {
	name  string
	cases []testCase
}

func groups() []testGroup {
	return []testGroup{
		{"load", loadCases()},
		{"commit", commitCases()},
		{"keys", keyCases()},
		{"operators", operatorCases()},
		{"switches", switchCases()},
		{"again", againCases()},
		{"turn", turnCases()},
		{"rows", rowCases()},
		{"personal", personalCases()},
		{"find", findCases()},
		{"values", valueCases()},
		{"aliasing", aliasCases()},
		{"context", contextCases()},
		{"history", historyCases()},
		{"statement", statementCases()},
		{"journal", journalCases()},
		{"projection", projectionCases()},
		{"customers", customerCases()},
		{"heads", headCases()},
		{"positions", positionCases()},
		{"position books", positionBookCases()},
		{"waiting", waitingCases()},
		{"queue", queueCases()},
		{"tickets", ticketCases()},
		{"outbox", outboxCases()},
		{"contention", contentionCases()},
	}
}

// bundle is what a case works with: a store, and the test it reports to.
type bundle struct {
	testing.TB
	ctx        context.Context //nolint:containedctx // it is the test's own and ends with it
	store      operations.Store
	neighbours []neighbour
	pens       atomic.Int64 // how many there are, so that no two write equal entries
}

func newBundle(t testing.TB, s operations.Store) *bundle {
	t.Helper()
	return &bundle{TB: t, ctx: t.Context(), store: s}
}
