package integration_test

import (
	"database/sql"
	"errors"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/onbehalf/onbehalf/adapters/sqlstore"
	"github.com/onbehalf/onbehalf/operations"
	"github.com/onbehalf/onbehalf/tenancy"
)

// 25P02: what fails in a host's transaction leaves him his own work and ours
// before it.
func TestAFailureInAHostsTransactionLeavesItUsable(t *testing.T) {
	t.Parallel()
	bothForms(t, func(t *testing.T, c sqlstore.Config) {
		t.Helper()
		s := strain(t, c)
		b, other := newBook("maria"), newBook("joao")
		other.commit(t, s)
		tx, err := s.db.BeginTx(t.Context(), nil)
		require.NoError(t, err)
		inside := s.WithTx(tx)
		b.commit(t, inside)
		nul := newBook("nu\x00l")
		_, err = inside.Commit(t.Context(), []operations.Run{b.run(b.change()), nul.run(nul.change())})
		without(t, err)
		b.stands(t, inside)
		held := s.holding(other)
		_, err = tx.ExecContext(t.Context(), "SET LOCAL lock_timeout = '30ms'")
		require.NoError(t, err)
		_, err = inside.Commit(t.Context(), []operations.Run{b.run(b.change()), other.run(other.change())})
		without(t, err)
		said(t, "55P03", err)
		require.NoError(t, held.Rollback())
		b.commit(t, inside)
		require.NoError(t, tx.Commit())
		s.goesOn(b, other)
	})
}

// A moment that a host's transaction saw before another moved the head.
func TestAHostsOldMomentIsUnavailableAndBegunAnewWorks(t *testing.T) {
	t.Parallel()
	bothForms(t, func(t *testing.T, c sqlstore.Config) {
		t.Helper()
		s := strain(t, c)
		b := newBook("maria")
		b.commit(t, s)
		options := &sql.TxOptions{Isolation: sql.LevelRepeatableRead}
		tx, err := s.db.BeginTx(t.Context(), options)
		require.NoError(t, err)
		inside := s.WithTx(tx)
		b.stands(t, inside)
		old := *b
		b.commit(t, s)
		_, err = inside.Commit(t.Context(), []operations.Run{old.run(old.change())})
		without(t, err)
		said(t, "40001", err)
		old.stands(t, inside) // his transaction goes on in its moment
		require.NoError(t, tx.Rollback())

		tx, err = s.db.BeginTx(t.Context(), options)
		require.NoError(t, err)
		b.commit(t, s.WithTx(tx))
		require.NoError(t, tx.Commit())
		s.goesOn(b)
	})
}

// 22021: a text that PostgreSQL cannot have.
func TestATextWithNULHasAClassOfOurs(t *testing.T) {
	t.Parallel()
	bothForms(t, func(t *testing.T, c sqlstore.Config) {
		t.Helper()
		s := strain(t, c)
		b, nul := newBook("maria"), newBook("nu\x00l")
		b.commit(t, s)
		_, err := s.Commit(t.Context(), []operations.Run{b.run(b.change()), nul.run(nul.change())})
		without(t, err)
		for name, call := range everyCall(nul) {
			err := call(t.Context(), s)
			if err == nil {
				continue // it is not about the book
			}
			require.True(t, errors.Is(err, tenancy.ErrUnavailable) || errors.Is(err, tenancy.ErrInvalid), "%s: %v", name, err)
			require.NotErrorIs(t, err, tenancy.ErrUnknownOutcome, name)
		}
		s.goesOn(b)
	})
}

// 42501: the role may not, or not any more.
func TestAPrivilegeThatIsGoneIsUnavailable(t *testing.T) {
	t.Parallel()
	bothForms(t, func(t *testing.T, c sqlstore.Config) {
		t.Helper()
		s := strain(t, c)
		b, other := newBook("maria"), newBook("joao")
		b.commit(t, s)
		for gone, back := range map[string]string{
			"REVOKE INSERT ON onbehalf.postings FROM " + s.role: "GRANT INSERT ON onbehalf.postings TO " + s.role,
			"REVOKE UPDATE ON onbehalf.books FROM " + s.role:    "GRANT UPDATE ON onbehalf.books TO " + s.role,
			"REVOKE USAGE ON SCHEMA onbehalf FROM " + s.role:    "GRANT USAGE ON SCHEMA onbehalf TO " + s.role,
		} {
			s.exec(gone)
			_, err := s.Commit(t.Context(), []operations.Run{other.run(other.change()), b.run(b.change())})
			without(t, err)
			said(t, "42501", err)
			require.NotErrorIs(t, err, operations.ErrDamaged)
			s.exec(back)
			b.stands(t, s)
			other.stands(t, s)
		}
		s.goesOn(b, other)
	})
}

// 42P01, 42883, 3F000 and a version that was raised: not a call is answered
// from such tables, by a store that knows them or a new one, on one connection.
func TestTablesThatAreNotOursAnyMore(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]struct{ away, back string }{
		"another version": {"UPDATE onbehalf.schema_version SET version = version + 1", "UPDATE onbehalf.schema_version SET version = version - 1"},
		"no schema":       {"ALTER SCHEMA onbehalf RENAME TO gone", "ALTER SCHEMA gone RENAME TO onbehalf"},
		"no version":      {"ALTER TABLE onbehalf.schema_version RENAME TO gone", "ALTER TABLE onbehalf.gone RENAME TO schema_version"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			bothForms(t, func(t *testing.T, c sqlstore.Config) {
				t.Helper()
				s := strain(t, c)
				b := newBook("maria")
				known, db := s.again(c, 1)
				b.commit(t, known)
				s.exec(change.away)
				fresh, _ := s.again(c, 1)
				for call, do := range everyCall(b) {
					for _, store := range []operations.Store{known, fresh} {
						err := do(t.Context(), store)
						_, ok := errors.AsType[*sqlstore.SchemaError](err)
						require.True(t, ok, "%s: %v", call, err)
						without(t, err)
					}
				}
				s.exec(change.back)
				require.Zero(t, db.Stats().InUse)
				b.commit(t, known)
				s.goesOn(b)
			})
		})
	}
}

func TestAFunctionOrATableThatIsGoneIsUnavailable(t *testing.T) {
	t.Parallel()
	bothForms(t, func(t *testing.T, c sqlstore.Config) {
		t.Helper()
		s := strain(t, c)
		b, other := newBook("maria"), newBook("joao")
		b.commit(t, s)
		code, away, back := "42P01", "ALTER TABLE onbehalf.postings RENAME TO gone", "ALTER TABLE onbehalf.gone RENAME TO postings"
		for range 2 {
			s.exec(away)
			_, err := s.Commit(t.Context(), []operations.Run{other.run(other.change()), b.run(b.change())})
			without(t, err)
			said(t, code, err)
			s.exec(back)
			b.stands(t, s)
			other.stands(t, s)
			if c.Portable {
				break // it needs no function
			}
			code, away, back = "42883", "ALTER FUNCTION onbehalf.commit_runs RENAME TO gone; ALTER FUNCTION onbehalf.commit_run RENAME TO gone_too",
				"ALTER FUNCTION onbehalf.gone RENAME TO commit_runs; ALTER FUNCTION onbehalf.gone_too RENAME TO commit_run"
		}
		s.goesOn(b, other)
	})
}

// Rows that somebody removed or added behind the store's back.
func TestRowsBehindTheStoresBackAreDamage(t *testing.T) {
	t.Parallel()
	bothForms(t, func(t *testing.T, c sqlstore.Config) {
		t.Helper()
		s := strain(t, c)
		sound, added, removed := newBook("sound"), newBook("added"), newBook("removed")
		for _, b := range []*book{sound, added, removed} {
			b.commit(t, s)
		}
		s.exec(`INSERT INTO onbehalf.entries SELECT tenant, customer, 2, prev, hash, at, action, operation, key, fingerprint, bytes
			FROM onbehalf.entries WHERE customer = 'added'`)
		s.exec(`BEGIN; SET LOCAL session_replication_role = replica; DELETE FROM onbehalf.entries WHERE customer = 'removed'; COMMIT`)

		_, err := s.Commit(t.Context(), []operations.Run{sound.run(sound.change()), added.run(added.change())})
		without(t, err)
		said(t, "23505", err)
		require.ErrorIs(t, err, operations.ErrDamaged)
		_, err = s.Load(t.Context(), removed.id, 0)
		without(t, err)
		require.ErrorIs(t, err, operations.ErrDamaged)
		_, err = s.Turn(t.Context(), removed.id, 0, func(operations.Loaded) (operations.Run, error) {
			return removed.run(removed.change()), nil
		})
		without(t, err)
		require.ErrorIs(t, err, operations.ErrDamaged)
		s.exec("DELETE FROM onbehalf.books WHERE customer = 'removed'")
		_, err = s.Commit(t.Context(), []operations.Run{newBook("removed").run(newBook("removed").change())})
		require.ErrorIs(t, err, operations.ErrDamaged, "its key is there and the book is not")
		s.goesOn(sound)
	})
}

// One connection is enough for everything, so nothing waits for itself.
func TestAPoolOfOneIsEnough(t *testing.T) {
	t.Parallel()
	bothForms(t, func(t *testing.T, c sqlstore.Config) {
		t.Helper()
		dsn := shared.Database(t, "")
		db := openPostgres(t, dsn, 1)
		store, err := sqlstore.New(db, sqlstore.PostgreSQL, c)
		require.NoError(t, err)
		b := newBook("maria")
		for name, call := range everyCall(b) {
			err := call(t.Context(), store)
			_, ok := errors.AsType[*sqlstore.SchemaError](err)
			require.True(t, ok, "%s: %v", name, err)
		}
		require.NoError(t, store.Migrate(t.Context()))
		pending, err := store.Pending(t.Context())
		require.NoError(t, err)
		require.Empty(t, pending)
		b.commit(t, store)
		before := *b
		b.commit(t, store)
		lost := before.change()
		lost.Entry.Hash[0]++
		verdicts, err := store.Commit(t.Context(), []operations.Run{before.run(lost)})
		require.NoError(t, err)
		require.Equal(t, operations.Stale, verdicts[0].Loss)
		for name, call := range everyCall(b) {
			if name != "Rebuild" && name != "Commit" && name != "Turn" {
				require.NoError(t, call(t.Context(), store), name)
			}
		}
		next := b.change()
		_, err = store.Turn(t.Context(), b.id, 0, func(operations.Loaded) (operations.Run, error) { return b.run(next), nil })
		require.NoError(t, err)
		b.head = operations.Head{Seq: next.Entry.Seq, Hash: next.Entry.Hash}
		b.stands(t, store)
		tx, err := db.BeginTx(t.Context(), nil)
		require.NoError(t, err)
		b.commit(t, store.WithTx(tx))
		require.NoError(t, tx.Commit())
		b.stands(t, store)
		require.Zero(t, db.Stats().InUse)
	})
}
