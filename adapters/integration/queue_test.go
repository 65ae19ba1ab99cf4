package integration_test

import (
	"io/fs"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/onbehalf/onbehalf/adapters/sqlstore"
	"github.com/onbehalf/onbehalf/operations"
)

func TestWhatWaitedBeforeThereWereTicketsHasOne(t *testing.T) {
	t.Parallel()
	db := openSQLite(t, sqlstore.SQLiteDSN(filepath.Join(t.TempDir(), "books.db")), 1)
	texts, err := sqlstore.Migrations(sqlstore.SQLite)
	require.NoError(t, err)
	first, err := fs.ReadFile(texts, "00001_books.sql")
	require.NoError(t, err)
	_, err = db.ExecContext(t.Context(), string(first))
	require.NoError(t, err)
	due := at.Add(time.Hour)
	for _, row := range []struct {
		id  string
		due any
	}{{"waits", due.UnixMicro()}, {"is over", nil}} {
		_, err = db.ExecContext(t.Context(), `INSERT INTO onbehalf_operations
			(tenant, customer, id, created, updated, version, state, kind, asset, from_account, to_account, amount, amount_key, maker, created_at, due)
			VALUES ('acme', 'maria', ?, 1, 7, 1, 'scheduled', 'k', 'BRL', '', '', '1', '', 'ana', 0, ?)`, row.id, row.due)
		require.NoError(t, err)
	}
	for _, name := range []string{"00002_queue.sql", "00003_waiting.sql"} {
		next, err := fs.ReadFile(texts, name)
		require.NoError(t, err)
		_, err = db.ExecContext(t.Context(), string(next))
		require.NoError(t, err)
	}
	store, err := sqlstore.New(db, sqlstore.SQLite)
	require.NoError(t, err)
	claimed, err := store.Claim(t.Context(), operations.ClaimQuery{
		Topic: operations.TopicWork, Holder: "h", Now: due, Until: due.Add(time.Minute), Limit: 5,
	})
	require.NoError(t, err)
	require.Equal(t, []operations.Ticket{{
		TicketPlace: operations.TicketPlace{Customer: "maria", Topic: operations.TopicWork, Operation: "waits"},
		Tenant:      "acme", Due: due, State: operations.Scheduled, Seq: 7, Tries: 1, Holder: "h", Ready: due.Add(time.Minute),
	}}, claimed)
}

func TestARebuildRestoresALostTicket(t *testing.T) {
	t.Parallel()
	v := makeVault(t)
	db, eng := openVault(t, v.copied(t))
	_, err := db.ExecContext(t.Context(), `DELETE FROM onbehalf_queue`)
	require.NoError(t, err)
	scope, err := eng.Gate().Enter(t.Context(), vaultAdmin(), v.maria, "verify")
	require.NoError(t, err)
	found, err := eng.Book(scope).Verify(t.Context())
	require.NoError(t, err)
	require.Len(t, found.Faults, 1)
	require.Equal(t, "ticket", found.Faults[0].What)
	require.NoError(t, eng.Book(scope).Rebuild(t.Context()))
	found, err = eng.Book(scope).Verify(t.Context())
	require.NoError(t, err)
	require.True(t, found.Sound())
}
