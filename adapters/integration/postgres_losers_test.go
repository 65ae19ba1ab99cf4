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

// Inside a transaction of the host's the same leaves nothing of the batch, and
// all of what the host did.
func TestPostgreSQLABatchInAHostsTransactionIsUndoneWhenItsLosersCannotBeRead(t *testing.T) {
	t.Parallel()
	dsn := shared.Database(t, postgresTemplate(t))
	owner := openPostgres(t, dsn, 2)
	all, err := sqlstore.New(owner, sqlstore.PostgreSQL)
	require.NoError(t, err)
	winner, loser := newBook("anna"), newBook("maria")
	winner.commit(t, all)
	loser.commit(t, all)
	elsewhere := newBook("maria") // decided on a head that nobody has
	elsewhere.head = operations.Head{Seq: loser.head.Seq, Hash: winner.head.Hash}
	_, err = owner.ExecContext(t.Context(), `REVOKE SELECT ON onbehalf.entries FROM `+roleApp+`;
		CREATE TABLE theirs (id bigint); GRANT INSERT ON theirs TO `+roleApp)
	require.NoError(t, err)

	store, db := onPostgres(t, dsn, sqlstore.Config{})
	tx, err := db.BeginTx(t.Context(), nil)
	require.NoError(t, err)
	_, err = tx.ExecContext(t.Context(), "INSERT INTO theirs VALUES (1)")
	require.NoError(t, err)
	_, err = store.WithTx(tx).Commit(t.Context(), []operations.Run{winner.run(winner.change()), elsewhere.run(elsewhere.change())})
	require.ErrorIs(t, err, tenancy.ErrUnavailable)
	require.NotErrorIs(t, err, tenancy.ErrUnknownOutcome)
	require.NoError(t, tx.Commit())

	var theirs int
	require.NoError(t, owner.QueryRowContext(t.Context(), "SELECT count(*) FROM theirs").Scan(&theirs))
	require.Equal(t, 1, theirs)
	winner.stands(t, all)
	loser.stands(t, all)
}
