package main

import (
	"context"
	"database/sql"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/onbehalf/onbehalf/adapters/sqlstore"
	"github.com/onbehalf/onbehalf/operations"
	"github.com/onbehalf/onbehalf/tenancy"
)

// audit is what has been read of a database that ages.
type audit struct {
	at    place
	books []string
	after map[tenancy.CustomerID]int64
	seen  map[string]bool
}

func newAudit(at place) *audit {
	return &audit{at: at, books: sharedBooks(), after: map[tenancy.CustomerID]int64{}, seen: map[string]bool{}} //nolint:exhaustive // House is one reserved id, not a member of a set
}

// hold compares what is new in the journals with what was acknowledged: every
// line is there once and as it was told, and whatever else there is was in
// flight, of a life whose keys have the prefix. It gives how many of those there are.
func (a *audit) hold(t *testing.T, acks map[string]ack, prefixes ...string) (inFlight int) {
	t.Helper()
	ctx := t.Context()
	o, err := open(ctx, a.at)
	require.NoError(t, err)
	defer func() { require.NoError(t, o.close()) }()
	desks, err := setUp(ctx, o.eng, a.books)
	require.NoError(t, err)
	found := 0
	for _, d := range desks {
		for _, l := range a.news(t, o.eng, d.scope) {
			key, customer := l.Key, d.scope.Customer()
			require.False(t, a.seen[string(customer)+key], "key %s twice", key)
			a.seen[string(customer)+key] = true
			told, ok := acks[key]
			if !ok {
				if !strings.HasPrefix(key, "setup-") {
					require.True(t, hasPrefix(key, prefixes), "key %s of another life", key)
					inFlight++
				}
				continue
			}
			found++
			require.Equal(t, told.seq, l.Seq)
			require.Equal(t, told.customer, customer)
			if len(l.Refused) > 0 {
				require.Equal(t, "refused", told.state)
				continue
			}
			require.Equal(t, told.operation, string(l.Effects.Operations[0].ID))
			require.Equal(t, told.state, string(l.Effects.Operations[0].State))
		}
	}
	for key, told := range acks {
		require.True(t, a.seen[string(told.customer)+key], "key %s of customer %s, entry %d (read up to %d) was acknowledged and is lost", key, told.customer, told.seq, a.after[told.customer])
	}
	require.Equal(t, len(acks), found)
	return inFlight
}

// news reads the entries of a book that were not read before.
func (a *audit) news(t *testing.T, eng *operations.Engine, s tenancy.Scope) (all []operations.Line) {
	t.Helper()
	for {
		lines, err := eng.Book(s).Journal(t.Context(), a.after[s.Customer()], operations.MaxLimit)
		require.NoError(t, err)
		all = append(all, lines...)
		if n := len(lines); n > 0 {
			a.after[s.Customer()] = lines[n-1].Seq
		}
		if len(lines) < operations.MaxLimit {
			return all
		}
	}
}

func hasPrefix(key string, prefixes []string) bool {
	for _, p := range prefixes {
		if strings.HasPrefix(key, p) {
			return true
		}
	}
	return false
}

// verify follows the chains of all books, holds their rows against them, and
// adds up the tables by other means.
func (a *audit) verify(t *testing.T) {
	t.Helper()
	ctx := t.Context()
	o, err := open(ctx, a.at)
	require.NoError(t, err)
	defer func() { require.NoError(t, o.close()) }()
	desks, err := setUp(ctx, o.eng, a.books)
	require.NoError(t, err)
	for _, d := range desks {
		v, err := o.eng.Book(d.scope).Verify(ctx)
		require.NoError(t, err)
		require.Empty(t, v.Faults)
	}
	if a.at.dialect == sqlstore.PostgreSQL {
		balanced(t, o.db)
	}
}

// balanced finds what does not add up: in each book nothing comes from nowhere,
// and a balance is the sum of its postings.
func balanced(t *testing.T, db *sql.DB) {
	t.Helper()
	var postings, off int
	row := db.QueryRowContext(t.Context(), `SELECT count(*), (SELECT count(*) FROM (
			SELECT FROM onbehalf.postings GROUP BY tenant, customer, seq, asset HAVING sum(amount) <> 0) AS nowhere) + (
			SELECT count(*) FROM onbehalf.balances AS b WHERE posted <> (
				SELECT coalesce(sum(amount), 0) FROM onbehalf.postings AS p
				WHERE p.tenant = b.tenant AND p.customer = b.customer AND p.ref = b.ref AND p.asset = b.asset))
		FROM onbehalf.postings`)
	require.NoError(t, row.Scan(&postings, &off))
	require.Positive(t, postings)
	require.Zero(t, off)
}

// gone waits until no connection of that name is left: what a killed process had
// sent is done or undone then.
func gone(ctx context.Context, t *testing.T, dsn, name string) {
	t.Helper()
	db, err := sql.Open("pgx", dsn)
	require.NoError(t, err)
	defer func() { require.NoError(t, db.Close()) }()
	tick := time.NewTicker(pause)
	defer tick.Stop()
	for {
		var left int
		require.NoError(t, db.QueryRowContext(ctx, `SELECT count(*) FROM pg_stat_activity WHERE application_name = $1`, name).Scan(&left))
		if left == 0 {
			return
		}
		<-tick.C
	}
}
