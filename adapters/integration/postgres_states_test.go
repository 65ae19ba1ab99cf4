package integration_test

import (
	"context"
	"errors"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/stretchr/testify/require"

	"github.com/onbehalf/onbehalf/adapters/sqlstore"
	"github.com/onbehalf/onbehalf/operations"
	"github.com/onbehalf/onbehalf/tenancy"
)

// said asserts what the server said, so that a test provokes what it is about.
func said(t *testing.T, want string, err error) {
	t.Helper()
	fault, ok := errors.AsType[*pgconn.PgError](err)
	require.True(t, ok, "%v", err)
	require.Equal(t, want, fault.Code)
}

// 40001: whoever waited for a head that was moved meanwhile begins anew inside
// the store, and is told that he came too late.
func TestASerializationFailureIsTriedAgain(t *testing.T) {
	t.Parallel()
	for _, level := range []string{"repeatable read", "serializable"} {
		t.Run(level, func(t *testing.T) {
			t.Parallel()
			bothForms(t, func(t *testing.T, c sqlstore.Config) {
				t.Helper()
				s := strain(t, c, "SET default_transaction_isolation = '"+level+"'")
				b := newBook("maria")
				b.commit(t, s)
				tx := s.holding(b)
				run := b.run(b.change())
				outcome := inBackground(t.Context(), s, run)
				s.waits()
				require.NoError(t, tx.Commit())
				verdicts, err := outcome()
				require.NoError(t, err)
				require.Equal(t, []operations.Verdict{{Won: 1}}, verdicts)
				b.head = operations.Head{Seq: run.Changes[0].Entry.Seq, Hash: run.Changes[0].Entry.Hash}

				// A rival of the store's own kind moves the head itself.
				before := *b
				tx, err = s.root.BeginTx(t.Context(), nil)
				require.NoError(t, err)
				rival, err := sqlstore.New(s.root, sqlstore.PostgreSQL)
				require.NoError(t, err)
				b.commit(t, rival.WithTx(tx))
				other := before.change()
				other.Entry.Hash[0]++ // another decision on the same head
				outcome = inBackground(t.Context(), s, before.run(other))
				s.waits()
				require.NoError(t, tx.Commit())
				verdicts, err = outcome()
				require.NoError(t, err)
				require.Len(t, verdicts, 1)
				require.Equal(t, operations.Stale, verdicts[0].Loss)
				require.Len(t, verdicts[0].Tail, 1)
				s.goesOn(b)
			})
		})
	}
}

// 40P01: somebody takes two heads in the other order.
func TestADeadlockIsTriedAgain(t *testing.T) {
	t.Parallel()
	bothForms(t, func(t *testing.T, c sqlstore.Config) {
		t.Helper()
		s := strain(t, c)
		s.exec("ALTER ROLE " + s.role + " SET deadlock_timeout = '500ms'") // it looks once, and must find it then
		first, second := newBook("joao"), newBook("maria")
		first.commit(t, s)
		second.commit(t, s)
		// The role has the setting from its next connection on.
		store, pool := s.again(c, 1)
		tx := s.holding(second)
		// The store's side is the one that looks, and gives way.
		_, err := tx.ExecContext(t.Context(), "SET LOCAL deadlock_timeout = '20s'")
		require.NoError(t, err)
		runs := []operations.Run{second.run(second.change()), first.run(first.change())}
		outcome := inBackground(t.Context(), store, runs...)
		s.waits()
		s.hold(tx, first)
		require.NoError(t, tx.Commit())
		verdicts, err := outcome()
		require.NoError(t, err)
		require.Equal(t, []operations.Verdict{{Won: 1}, {Won: 1}}, verdicts)
		// What a connection has counted is told when it has been idle for long, or now.
		_, err = pool.ExecContext(t.Context(), "SELECT pg_stat_force_next_flush()")
		require.NoError(t, err)
		var deadlocks int
		s.until("there was no deadlock", func(ctx context.Context) bool {
			require.NoError(t, s.root.QueryRowContext(ctx, "SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()").Scan(&deadlocks))
			return deadlocks > 0
		})
		for i, b := range []*book{second, first} {
			b.head = operations.Head{Seq: runs[i].Changes[0].Entry.Seq, Hash: runs[i].Changes[0].Entry.Hash}
		}
		s.goesOn(first, second)
	})
}

// 55P03 and 57014: the server gives up waiting for somebody else's head.
func TestAWaitThatIsCutShortHasNoEffect(t *testing.T) {
	t.Parallel()
	for code, setting := range map[string]string{"55P03": "lock_timeout", "57014": "statement_timeout"} {
		t.Run(code, func(t *testing.T) {
			t.Parallel()
			bothForms(t, func(t *testing.T, c sqlstore.Config) {
				t.Helper()
				s := strain(t, c)
				b, other := newBook("maria"), newBook("joao")
				b.commit(t, s)
				other.commit(t, s)
				s.exec("ALTER ROLE " + s.role + " SET " + setting + " = '400ms'") // much longer than what is not held up takes
				short, db := s.again(c, 2)
				tx := s.holding(b)
				_, err := short.Commit(t.Context(), []operations.Run{other.run(other.change()), b.run(b.change())})
				without(t, err)
				said(t, code, err)
				_, err = short.Turn(t.Context(), b.id, 0, func(operations.Loaded) (operations.Run, error) { return b.run(b.change()), nil })
				if code == "57014" {
					without(t, err)
				}
				other.stands(t, short)
				require.NoError(t, tx.Rollback())
				require.Zero(t, db.Stats().InUse)
				b.commit(t, short)
				s.goesOn(b, other)
			})
		})
	}
}

// 53300: there are no connections left.
func TestAServerWithoutAConnectionToGiveIsUnavailable(t *testing.T) {
	t.Parallel()
	bothForms(t, func(t *testing.T, c sqlstore.Config) {
		t.Helper()
		s := strain(t, c)
		b := newBook("maria")
		b.commit(t, s)
		s.exec("ALTER ROLE " + s.role + " CONNECTION LIMIT 0")
		refused, _ := s.again(c, 2)
		for name, call := range everyCall(b) {
			err := call(t.Context(), refused)
			without(t, err)
			said(t, "53300", err)
			require.NotErrorIs(t, err, operations.ErrDamaged, name)
		}
		s.exec("ALTER ROLE " + s.role + " CONNECTION LIMIT -1")
		b.commit(t, refused)
		s.goesOn(b)
	})
}

func TestAServerThatIsNotThereIsUnavailable(t *testing.T) {
	t.Parallel()
	bothForms(t, func(t *testing.T, c sqlstore.Config) {
		t.Helper()
		store, err := sqlstore.New(openPostgres(t, "postgres://nobody@127.0.0.1:1/none?sslmode=disable", 1), sqlstore.PostgreSQL, c)
		require.NoError(t, err)
		for _, call := range everyCall(newBook("maria")) {
			without(t, call(t.Context(), store))
		}
		without(t, store.Migrate(t.Context()))
		_, err = store.Pending(t.Context())
		without(t, err)
	})
}

// 57P01: the backend is ended while it waits. With one call the connection ends
// without an answer, and only sending it again tells; with statements there was
// no COMMIT yet.
func TestAConnectionThatIsEndedHasOneOutcome(t *testing.T) {
	t.Parallel()
	bothForms(t, func(t *testing.T, c sqlstore.Config) {
		t.Helper()
		s := strain(t, c)
		b, other := newBook("maria"), newBook("joao")
		b.commit(t, s)
		other.commit(t, s)
		runs := []operations.Run{other.run(other.change()), b.run(b.change())}
		tx := s.holding(b)
		outcome := inBackground(t.Context(), s, runs...)
		_, err := s.root.ExecContext(t.Context(), "SELECT pg_terminate_backend($1)", s.waits())
		require.NoError(t, err)
		_, err = outcome()
		said(t, "57P01", err)
		if c.Portable {
			without(t, err)
		} else {
			require.ErrorIs(t, err, tenancy.ErrUnknownOutcome)
			require.NotErrorIs(t, err, tenancy.ErrUnavailable)
		}
		require.NoError(t, tx.Rollback())
		b.stands(t, s)
		other.stands(t, s)
		for range 2 { // the second time it is there already
			verdicts, err := s.Commit(t.Context(), runs)
			require.NoError(t, err)
			require.Equal(t, []operations.Verdict{{Won: 1}, {Won: 1}}, verdicts)
		}
		for i, b := range []*book{other, b} {
			b.head = operations.Head{Seq: runs[i].Changes[0].Entry.Seq, Hash: runs[i].Changes[0].Entry.Hash}
		}
		s.goesOn(b, other)
	})
}

func TestAnEngineFindsOutWhatBecameOfAConnectionThatWasEnded(t *testing.T) {
	t.Parallel()
	bothForms(t, func(t *testing.T, c sqlstore.Config) {
		t.Helper()
		s := strain(t, c)
		d := sit(t, s, operations.Config{})
		d.deposit("1")
		b := &book{id: operations.BookID{Tenant: "acme", Customer: d.scope.Customer()}}
		tx := s.holding(b)
		told := make(chan error, 1)
		go func() { told <- d.submit(d.scope, "k", "10")() }()
		_, err := s.root.ExecContext(t.Context(), "SELECT pg_terminate_backend($1)", s.waits())
		require.NoError(t, err)
		require.NoError(t, tx.Rollback())
		if err := <-told; err != nil {
			require.ErrorIs(t, err, operations.ErrUnavailable)
			require.True(t, c.Portable, "it was in doubt and could have been found out: %v", err)
			require.Equal(t, "1/0", d.balance())
		}
		require.NoError(t, d.submit(d.scope, "k", "10")())
		require.Equal(t, "11/0", d.balance())
		s.idle()
	})
}

func TestACallerWhoGivesUp(t *testing.T) {
	t.Parallel()
	bothForms(t, func(t *testing.T, c sqlstore.Config) {
		t.Helper()
		s := strain(t, c)
		b := newBook("maria")
		b.commit(t, s)
		run := b.run(b.change())

		// In the middle of a statement.
		tx := s.holding(b)
		ctx, cancel := context.WithCancel(t.Context())
		outcome := inBackground(ctx, s, run)
		s.waits()
		cancel()
		_, err := outcome()
		if c.Portable {
			require.Equal(t, context.Canceled, err, "nothing is kept before COMMIT")
		} else {
			require.ErrorIs(t, err, tenancy.ErrUnknownOutcome)
		}
		s.idle() // the server has stopped waiting as well
		require.NoError(t, tx.Rollback())
		b.stands(t, s)

		// While he waits for a connection.
		narrow, db := s.again(c, 1)
		b.commit(t, narrow)
		conn, err := db.Conn(t.Context())
		require.NoError(t, err)
		ctx, cancel = context.WithCancel(t.Context())
		outcome = inBackground(ctx, narrow, b.run(b.change()))
		s.until("nobody waits for a connection", func(context.Context) bool { return db.Stats().WaitCount > 0 })
		cancel()
		_, err = outcome()
		require.Equal(t, context.Canceled, err)
		require.NoError(t, conn.Close())
		b.stands(t, narrow)
		b.commit(t, narrow)
		s.goesOn(b)
	})
}
