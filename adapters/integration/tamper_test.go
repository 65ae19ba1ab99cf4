package integration_test

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/shopspring/decimal"
	"github.com/stretchr/testify/require"

	"github.com/onbehalf/onbehalf/accounts"
	"github.com/onbehalf/onbehalf/adapters/sqlstore"
	"github.com/onbehalf/onbehalf/customer"
	"github.com/onbehalf/onbehalf/operations"
	"github.com/onbehalf/onbehalf/tenancy"
)

// Somebody with every right to the database changes something. Verify, or for
// a book set back as a whole the root over all heads, must show it.

// vault is a small firm in a file, made once and copied for each attack.
type vault struct {
	file         string
	maria, joana tenancy.CustomerID
	root         operations.Root
}

func openVault(t *testing.T, file string) (*sql.DB, *operations.Engine) {
	t.Helper()
	db, err := sql.Open("sqlite", sqlstore.SQLiteDSN(file))
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, db.Close()) })
	store, err := sqlstore.New(db, sqlstore.SQLite)
	require.NoError(t, err)
	require.NoError(t, store.Migrate(t.Context()))
	eng, err := operations.New(store, operations.Config{})
	require.NoError(t, err)
	return db, eng
}

func vaultAdmin() tenancy.Principal {
	return tenancy.Principal{Tenant: "acme", Operator: "ana", Person: "p-ana"}
}

func makeVault(t *testing.T) vault {
	t.Helper()
	ctx := t.Context()
	v := vault{file: filepath.Join(t.TempDir(), "vault.db")}
	db, eng := openVault(t, v.file)
	firm, err := eng.Bootstrap(ctx, tenancy.Firm{Tenant: "acme", Admin: vaultAdmin()})
	require.NoError(t, err)
	house, err := eng.Gate().Own(ctx, vaultAdmin(), "")
	require.NoError(t, err)
	_, err = eng.Manage(ctx, house, operations.Intent{Key: "bruno"}, tenancy.Register{Operator: "bruno", Person: "p-bruno"})
	require.NoError(t, err)
	for _, c := range []struct {
		name string
		id   *tenancy.CustomerID
	}{{"Maria", &v.maria}, {"Joana", &v.joana}} {
		opened, err := eng.OpenCustomer(ctx, firm, operations.Intent{Key: c.name}, customer.Profile{Name: c.name})
		require.NoError(t, err)
		*c.id = opened.ID
		scope, err := eng.Gate().Enter(ctx, vaultAdmin(), opened.ID, "tamper test")
		require.NoError(t, err)
		m, err := eng.Manage(ctx, scope, operations.Intent{Key: "account"}, accounts.Open{Currency: "BRL", Details: accounts.Details{PixKey: c.name}})
		require.NoError(t, err)
		_, err = eng.Manage(ctx, scope, operations.Intent{Key: "grant"}, tenancy.Allow{Operator: "bruno", Permissions: tenancy.NewPermissions(tenancy.View)})
		require.NoError(t, err)
		for i := range 69 { // across a snapshot
			deposit := operations.Deposit{To: m.Account, Amount: decimal.New(int64(100+i), -2)}
			if i == 68 {
				deposit.NotBefore = time.Now().Add(24 * time.Hour) // one that waits
			}
			_, err := eng.Submit(ctx, scope, operations.Intent{Key: fmt.Sprint("deposit-", i)}, deposit)
			require.NoError(t, err)
		}
	}
	v.root, err = eng.Firm(firm).Heads(ctx)
	require.NoError(t, err)
	_, err = db.ExecContext(ctx, "PRAGMA wal_checkpoint(TRUNCATE)")
	require.NoError(t, err)
	return v
}

func (v vault) copied(t *testing.T) string {
	t.Helper()
	b, err := os.ReadFile(v.file)
	require.NoError(t, err)
	file := filepath.Join(t.TempDir(), "copy.db")
	require.NoError(t, os.WriteFile(file, b, 0o600))
	return file
}

// faults verifies every book of the firm through an engine that has seen nothing yet.
func (v vault) faults(t *testing.T, eng *operations.Engine) []operations.Fault {
	t.Helper()
	var all []operations.Fault
	for _, c := range []tenancy.CustomerID{v.maria, v.joana} {
		scope, err := eng.Gate().Enter(t.Context(), vaultAdmin(), c, "verify")
		if err != nil {
			require.ErrorIs(t, err, operations.ErrDamaged, "a book that cannot be opened says that it is damaged")
			all = append(all, operations.Fault{What: "entry", Text: err.Error()})
			continue
		}
		found, err := eng.Book(scope).Verify(t.Context())
		require.NoError(t, err)
		all = append(all, found.Faults...)
	}
	return all
}

func TestVerifyFindsWhatWasTamperedWith(t *testing.T) {
	t.Parallel()
	v := makeVault(t)
	statement := func(text string, args ...any) func(context.Context, *sql.DB) error {
		return func(ctx context.Context, db *sql.DB) error {
			result, err := db.ExecContext(ctx, text, args...)
			if err != nil {
				return err
			}
			if n, err := result.RowsAffected(); err != nil || n == 0 {
				return fmt.Errorf("touched %d rows: %w", n, err)
			}
			return nil
		}
	}
	m := v.maria
	attacks := map[string]func(context.Context, *sql.DB) error{
		"an amount in an entry":            statement(`UPDATE onbehalf_entries SET bytes = CAST(replace(CAST(bytes AS TEXT), '"1.05"', '"9.05"') AS BLOB) WHERE customer = ? AND seq = 9`, m),
		"the operator in an entry":         statement(`UPDATE onbehalf_entries SET bytes = CAST(replace(CAST(bytes AS TEXT), '"ana"', '"eve"') AS BLOB) WHERE customer = ? AND seq = 70`, m),
		"one byte, its hash made to fit":   rehash(m, 70, `"1.66"`, `"9.66"`),
		"the time column of an entry":      statement(`UPDATE onbehalf_entries SET at = at + 1 WHERE customer = ? AND seq = 70`, m),
		"the action column of an entry":    statement(`UPDATE onbehalf_entries SET action = 'cancel' WHERE customer = ? AND seq = 5`, m),
		"the key column of an entry":       statement(`UPDATE onbehalf_entries SET key = 'x' WHERE customer = ? AND seq = 5`, m),
		"a middle entry deleted":           statement(`DELETE FROM onbehalf_entries WHERE customer = ? AND seq = 9`, m),
		"the last entry deleted":           statement(`DELETE FROM onbehalf_entries WHERE customer = ? AND seq = 72`, m),
		"the head set back":                statement(`UPDATE onbehalf_books SET seq = 71, hash = (SELECT hash FROM onbehalf_entries e WHERE e.customer = onbehalf_books.customer AND e.seq = 71) WHERE customer = ?`, m),
		"the head's hash":                  statement(`UPDATE onbehalf_books SET hash = zeroblob(32) WHERE customer = ?`, m),
		"an entry moved to another book":   statement(`UPDATE onbehalf_entries SET customer = ?, seq = 73 WHERE customer = ? AND seq = 72`, v.joana, m),
		"an entry moved to another tenant": statement(`UPDATE onbehalf_entries SET tenant = 'other' WHERE customer = ? AND seq = 30`, m),
		"an entry inserted":                statement(`INSERT INTO onbehalf_entries SELECT tenant, customer, 73, prev, hash, at, action, operation, key, fingerprint, bytes FROM onbehalf_entries WHERE customer = ? AND seq = 72`, m),
		"two entries swapped": func(ctx context.Context, db *sql.DB) error {
			for _, move := range [][2]int{{10, 1010}, {11, 10}, {1010, 11}} {
				if err := statement(`UPDATE onbehalf_entries SET seq = ? WHERE customer = ? AND seq = ?`, move[1], m, move[0])(ctx, db); err != nil {
					return err
				}
			}
			return nil
		},
		"a balance":                   statement(`UPDATE onbehalf_balances SET posted = '1000000' WHERE customer = ? AND ref NOT LIKE '%:%'`, m),
		"a debt limit":                statement(`UPDATE onbehalf_balances SET debt_limit = '1000000' WHERE customer = ? AND ref NOT LIKE '%:%'`, m),
		"a balance deleted":           statement(`DELETE FROM onbehalf_balances WHERE customer = ? AND ref LIKE '%:%'`, m),
		"a posting":                   statement(`UPDATE onbehalf_postings SET amount = '77' WHERE customer = ? AND seq = 12 AND n = 1`, m),
		"a posting deleted":           statement(`DELETE FROM onbehalf_postings WHERE customer = ? AND seq = 12`, m),
		"the state of an operation":   statement(`UPDATE onbehalf_operations SET state = 'cancelled' WHERE customer = ? AND created = 12`, m),
		"an operation deleted":        statement(`DELETE FROM onbehalf_operations WHERE customer = ? AND created = 12`, m),
		"an amount as it is filtered": statement(`UPDATE onbehalf_operations SET amount_key = 'x' WHERE customer = ? AND created = 12`, m),
		"a posting added":             statement(`INSERT INTO onbehalf_postings SELECT tenant, customer, 'another', seq, n, at, operation, asset, '1', '1' FROM onbehalf_postings WHERE customer = ? AND seq = 12 AND n = 1`, m),
		"what waits":                  statement(`DELETE FROM onbehalf_queue WHERE customer = ?`, m),
		"when it is due":              statement(`UPDATE onbehalf_queue SET due = due + 1 WHERE customer = ?`, m),
		"that something waits":        statement(`INSERT INTO onbehalf_queue (tenant, customer, topic, item, due, ready, state, seq, tries, holder) SELECT tenant, customer, topic, 'another', due, ready, state, seq, tries, holder FROM onbehalf_queue WHERE customer = ?`, m),
		"as what something waits":     statement(`UPDATE onbehalf_queue SET state = 'prepared' WHERE customer = ?`, m),
		"whom a grant lists for":      statement(`UPDATE onbehalf_grants SET operator = 'mallory' WHERE customer = ?`, m),
		"that a grant lists":          statement(`UPDATE onbehalf_grants SET lists = 1 - lists WHERE customer = ?`, m),
		"until when a grant lists":    statement(`UPDATE onbehalf_grants SET expires = 1 WHERE customer = ?`, m),
		"personal data, digest and all": func(ctx context.Context, db *sql.DB) error {
			digest := sha256.Sum256([]byte("salt" + `{"name":"Mallory"}`))
			return statement(`UPDATE onbehalf_personal SET value = ?, salt = ?, digest = ? WHERE customer = ? AND subject = 'customer'`, []byte(`{"name":"Mallory"}`), []byte("salt"), digest[:], m)(ctx, db)
		},
		"a key freed for use again":  statement(`DELETE FROM onbehalf_keys WHERE customer = ? AND key = 'deposit-9'`, m),
		"a key of another entry":     statement(`UPDATE onbehalf_keys SET seq = seq + 1 WHERE customer = ? AND key = 'deposit-9'`, m),
		"the status of the customer": statement(`UPDATE onbehalf_customers SET status = 'suspended' WHERE customer = ?`, m),
		"the name in the list":       statement(`UPDATE onbehalf_customers SET name = 'Mallory' WHERE customer = ?`, m),
		"personal data":              statement(`UPDATE onbehalf_personal SET value = CAST(replace(CAST(value AS TEXT), 'Maria', 'Mallory') AS BLOB) WHERE customer = ? AND subject = 'customer'`, m),
		"personal data gone":         statement(`UPDATE onbehalf_personal SET value = NULL, salt = NULL WHERE customer = ? AND subject = 'customer'`, m),
		"personal data exchanged":    statement(`UPDATE onbehalf_personal SET value = (SELECT value FROM onbehalf_personal p WHERE p.customer = ? AND p.subject = 'customer') WHERE customer = ? AND subject = 'customer'`, v.joana, m),
		"a balance in the snapshot":  statement(`UPDATE onbehalf_snapshots SET bytes = CAST(replace(CAST(bytes AS TEXT), '"debt_limit":"0"', '"debt_limit":"9"') AS BLOB) WHERE customer = ?`, m),
	}
	_, clean := openVault(t, v.copied(t))
	require.Empty(t, v.faults(t, clean), "an untouched copy has no faults")
	for name, attack := range attacks {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			db, eng := openVault(t, v.copied(t))
			require.NoError(t, attack(t.Context(), db))
			faults := v.faults(t, eng)
			require.NotEmpty(t, faults)
			t.Log(faults[0])
		})
	}
}

// rehash changes an entry and gives it, and the head if it is the last, the
// hash that fits.
func rehash(c tenancy.CustomerID, seq int64, old, changed string) func(context.Context, *sql.DB) error {
	return func(ctx context.Context, db *sql.DB) error {
		var b []byte
		if err := db.QueryRowContext(ctx, `SELECT CAST(replace(CAST(bytes AS TEXT), ?, ?) AS BLOB) FROM onbehalf_entries WHERE customer = ? AND seq = ?`, old, changed, c, seq).Scan(&b); err != nil {
			return err
		}
		hash := sha256.Sum256(b)
		_, err := db.ExecContext(ctx, `UPDATE onbehalf_entries SET bytes = ?, hash = ? WHERE customer = ? AND seq = ?`, b, hash[:], c, seq)
		return err
	}
}

// A book that is set back as a whole contradicts nothing in itself; it no longer
// gives the root that was kept elsewhere.
func TestRootShowsABookThatWasSetBackAsAWhole(t *testing.T) {
	t.Parallel()
	v := makeVault(t)
	for name, attack := range map[string]string{
		"a book deleted": `DELETE FROM onbehalf_books WHERE customer = ?`,
		"its head moved": `UPDATE onbehalf_books SET seq = 71, hash = (SELECT hash FROM onbehalf_entries e WHERE e.customer = onbehalf_books.customer AND e.seq = 71) WHERE customer = ?`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			db, eng := openVault(t, v.copied(t))
			firm, err := eng.Gate().Firm(t.Context(), vaultAdmin())
			require.NoError(t, err)
			root, err := eng.Firm(firm).Heads(t.Context())
			require.NoError(t, err)
			require.Equal(t, v.root, root)
			_, err = db.ExecContext(t.Context(), attack, v.joana)
			require.NoError(t, err)
			root, err = eng.Firm(firm).Heads(t.Context())
			require.NoError(t, err)
			require.NotEqual(t, v.root.Hash, root.Hash)
		})
	}
}

// An erased customer is no fault, a rebuilt book is what it was, and no row or
// entry tells the values that were erased.
func TestErasedCustomerIsNoAlarmAndGone(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "erase.db")
	db, eng := openVault(t, file)
	ctx := t.Context()
	firm, err := eng.Bootstrap(ctx, tenancy.Firm{Tenant: "acme", Admin: vaultAdmin()})
	require.NoError(t, err)
	opened, err := eng.OpenCustomer(ctx, firm, operations.Intent{Key: "c"}, customer.Profile{Name: "Zenobia Unmistakable", Country: "BR"})
	require.NoError(t, err)
	scope, err := eng.Gate().Enter(ctx, vaultAdmin(), opened.ID, "erase test")
	require.NoError(t, err)
	manage := func(key string, x operations.Administrative) operations.Managed {
		m, err := eng.Manage(ctx, scope, operations.Intent{Key: key}, x)
		require.NoError(t, err)
		return m
	}
	acc := manage("a", accounts.Open{Currency: "BRL", Details: accounts.Details{PixKey: "zenobia@unmistakable.example"}})
	manage("close", accounts.SetStatus{Account: acc.Account, Status: accounts.Closed})
	_, err = eng.Manage(ctx, scope, operations.Intent{Key: "too-early"}, customer.Erase{})
	require.ErrorIs(t, err, operations.ErrRefused)
	manage("closed", customer.SetStatus{Status: customer.Closed})
	manage("erase", customer.Erase{})

	book := eng.Book(scope)
	v, err := book.Verify(ctx)
	require.NoError(t, err)
	require.Empty(t, v.Faults)
	require.ElementsMatch(t, []string{"customer", "account:" + string(acc.Account)}, v.Erased)
	view, err := book.Customer(ctx)
	require.NoError(t, err)
	require.True(t, view.Erased)
	require.Empty(t, view.Profile.Name)
	page, err := eng.Firm(firm).Customers(ctx, operations.CustomerFilter{Search: "Zenobia"}, "", 0)
	require.NoError(t, err)
	require.Empty(t, page.Items)
	var left int
	require.NoError(t, db.QueryRowContext(ctx, `SELECT count(*) FROM onbehalf_personal WHERE value IS NOT NULL AND customer <> 'house'`).Scan(&left))
	require.Zero(t, left)
	lines, err := book.Journal(ctx, 0, 0)
	require.NoError(t, err)
	text, err := json.Marshal(lines)
	require.NoError(t, err)
	require.NotContains(t, string(text), "nmistakable")

	require.NoError(t, book.Rebuild(ctx))
	v, err = book.Verify(ctx)
	require.NoError(t, err)
	require.Empty(t, v.Faults)
}
