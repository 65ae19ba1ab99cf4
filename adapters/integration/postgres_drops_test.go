package integration_test

import (
	"context"
	"database/sql"
	"errors"
	"net/url"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/onbehalf/onbehalf/adapters/integration/pgproxy"
	"github.com/onbehalf/onbehalf/adapters/integration/pgserver"
	"github.com/onbehalf/onbehalf/adapters/sqlstore"
	"github.com/onbehalf/onbehalf/operations"
	"github.com/onbehalf/onbehalf/tenancy"
)

// behind is a store of the database whose connections go through a proxy.
func behind(t *testing.T, dsn string, c sqlstore.Config) (*sqlstore.Store, *sql.DB, *pgproxy.Proxy) {
	t.Helper()
	u, err := url.Parse(pgserver.As(t, dsn, roleApp))
	require.NoError(t, err)
	proxy, err := pgproxy.Start(t.Context(), u.Host)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, proxy.Close()) })
	u.Host = proxy.Address()
	db := openPostgres(t, u.String(), 6)
	c.Workers = openPostgres(t, pgserver.As(t, dsn, roleWorker), 1)
	store, err := sqlstore.New(db, sqlstore.PostgreSQL, c)
	require.NoError(t, err)
	return store, db, proxy
}

// forms are the ways in which a batch reaches PostgreSQL.
func forms() map[string]sqlstore.Config {
	return map[string]sqlstore.Config{"by its own functions": {}, "statement by statement": {Portable: true}}
}

// What the store says of a commit whose connection is lost must be so: without
// effect, or not known.
func TestACommitOfALostConnectionIsToldAsItIs(t *testing.T) {
	t.Parallel()
	type told struct {
		class  error
		stored bool
	}
	no, perhaps, yes := told{tenancy.ErrUnavailable, false}, told{tenancy.ErrUnknownOutcome, false}, told{tenancy.ErrUnknownOutcome, true}
	for form, c := range forms() {
		// The one statement commits by itself: once any of it is sent nobody knows.
		middle := perhaps
		if c.Portable {
			middle = no
		}
		tests := map[pgproxy.Point]told{
			pgproxy.Begin: no, pgproxy.Middle: middle, pgproxy.Before: perhaps, pgproxy.Sent: yes, pgproxy.Done: yes, pgproxy.Stall: yes,
		}
		if !c.Portable {
			delete(tests, pgproxy.Begin) // there is none
		}
		t.Run(form, func(t *testing.T) {
			t.Parallel()
			dsn := emptyPostgres(t)
			direct, _ := onPostgres(t, dsn, c)
			store, _, proxy := behind(t, dsn, c)
			for point, want := range tests {
				b := newBook(tenancy.CustomerID(point))
				b.commit(t, store)
				// Else the driver has the server cancel what it is lost with.
				proxy.Arm(pgproxy.Drop{Point: point, Hold: 50 * time.Millisecond, Deaf: true})

				change := b.change()
				verdicts, err := store.Commit(t.Context(), []operations.Run{b.run(change)})
				require.ErrorIs(t, err, want.class, point)
				require.Equal(t, want == no, !errors.Is(err, tenancy.ErrUnknownOutcome), "%s: %v", point, err)
				require.Empty(t, verdicts)
				settled(t, proxy)
				require.Equal(t, 1, proxy.Fired()[point])

				before := b.head
				after := operations.Head{Seq: change.Entry.Seq, Hash: change.Entry.Hash}
				if want.stored {
					b.head = after
				}
				b.stands(t, direct)
				// Sent again, it lands or is found, and has its one effect.
				b.head = before
				verdicts, err = store.Commit(t.Context(), []operations.Run{b.run(change)})
				require.NoError(t, err)
				require.Equal(t, []operations.Verdict{{Won: 1}}, verdicts)
				b.head = after
				b.stands(t, direct)
			}
		})
	}
}

// settled waits until what was armed has come, and the server has answered.
func settled(t *testing.T, p *pgproxy.Proxy) {
	t.Helper()
	eventually(t, func() bool { return p.Pending() == 0 })
}

// eventually looks every few milliseconds whether it is so.
func eventually(t *testing.T, so func() bool) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	tick := time.NewTicker(2 * time.Millisecond)
	defer tick.Stop()
	for !so() {
		select {
		case <-tick.C:
		case <-ctx.Done():
			require.FailNow(t, "it never came")
		}
	}
}

// lostConnections is how many there are, of both forms.
func lostConnections() int {
	if counts() == "soak" {
		return 1000
	}
	return atLeast(24, 30, 300)
}

func TestLostConnectionsLoseNothingAndDoNothingTwice(t *testing.T) {
	t.Parallel()
	for form, c := range forms() {
		t.Run(form, func(t *testing.T) {
			t.Parallel()
			drops := lostConnections() / 2 // in each form
			s := newSea(t, c, 20261120)
			sentInAll := 0
			var done map[pgproxy.Point]int
			for lost := 0; lost < drops; {
				all := s.storm()
				sentInAll += len(all)
				s.hold(all)
				s.calm()
				lost, done = 0, s.proxy.Fired()
				for _, n := range done {
					lost += n
				}
			}
			for _, point := range pgproxy.Points() {
				require.Positive(t, done[point], point)
			}
			require.Positive(t, s.unknown, "a stall outlasts its batch")
			t.Logf("%v: of %d commands %d had no known outcome, %d of these an effect; %d were told that they had none", done, sentInAll, s.unknown, s.effective, s.none)
		})
	}
}
