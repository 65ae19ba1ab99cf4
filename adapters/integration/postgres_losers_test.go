package integration_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/onbehalf/onbehalf/adapters/integration/pgserver"
	"github.com/onbehalf/onbehalf/adapters/sqlstore"
	"github.com/onbehalf/onbehalf/operations"
	"github.com/onbehalf/onbehalf/tenancy"
)

// A batch is stored before what its losers have to be told is read. Whatever
// happens to that reading, nobody may hear that nothing was stored.
func TestPostgreSQLABatchIsInDoubtWhenItsLosersCannotBeRead(t *testing.T) {
	t.Parallel()
	for name, unreadable := range map[string]func(dsn string) string{
		"the server is not to be reached": func(string) string { return "postgres://nobody@127.0.0.1:1/none?sslmode=disable" },
		"the server refuses the reading":  func(dsn string) string { return pgserver.As(t, dsn, roleWorker) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			good, db, dsn := newPostgres(t, sqlstore.Config{})
			winner, loser := newBook("anna"), newBook("maria")
			winner.commit(t, good)
			loser.commit(t, good)
			elsewhere := newBook("maria") // decided on a head that nobody has
			elsewhere.head = operations.Head{Seq: loser.head.Seq, Hash: winner.head.Hash}
			change := winner.change()
			runs := []operations.Run{winner.run(change), elsewhere.run(elsewhere.change())}

			store, err := sqlstore.New(db, sqlstore.PostgreSQL, sqlstore.Config{Readers: openPostgres(t, unreadable(dsn), 1)})
			require.NoError(t, err)
			_, err = store.Commit(t.Context(), runs)
			require.ErrorIs(t, err, tenancy.ErrUnknownOutcome)
			require.NotErrorIs(t, err, tenancy.ErrUnavailable)

			verdicts, err := good.Commit(t.Context(), runs)
			require.NoError(t, err)
			require.Equal(t, operations.Verdict{Won: 1}, verdicts[0], "sent again it is found")
			require.Equal(t, operations.Stale, verdicts[1].Loss)
			winner.head = operations.Head{Seq: change.Entry.Seq, Hash: change.Entry.Hash}
			winner.stands(t, good)
			loser.stands(t, good)
		})
	}
}
