package main

import (
	"bytes"
	"database/sql"
	"encoding/json"
	"path/filepath"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/onbehalf/onbehalf/accounts"
	"github.com/onbehalf/onbehalf/adapters/sqlstore"
	"github.com/onbehalf/onbehalf/operations"
	"github.com/onbehalf/onbehalf/tenancy"
)

// bundle is a firm in a file, worked on by command lines alone.
type bundle struct {
	*testing.T

	file string
	at   []string // where the database is, if it is not in the file
}

func newBundle(t *testing.T) *bundle {
	t.Helper()
	b := &bundle{T: t, file: filepath.Join(t.TempDir(), "firm.db")}
	b.do(exitOK, "ana", "init")
	return b
}

// do runs a command line, which must end with the code.
func (b *bundle) do(code int, as string, args ...string) (stdout, stderr string) {
	b.Helper()
	var out, errs bytes.Buffer
	at := b.at
	if at == nil {
		at = []string{"--db", b.file}
	}
	args = slices.Concat(at, []string{"--as", as, "--reason", "asked by phone"}, args)
	got := run(b.Context(), args, &out, &errs)
	require.Equal(b, code, got, "%v\n%s%s", args, &out, &errs)
	return out.String(), errs.String()
}

// answer is what tests read of any JSON document.
type answer struct {
	Key       string               `json:"key"`
	Customer  string               `json:"customer"`
	Account   string               `json:"account"`
	Seq       int64                `json:"seq"`
	Replayed  bool                 `json:"replayed"`
	Allowed   bool                 `json:"allowed"`
	Operation operations.Operation `json:"operation"`
	Unmet     []operations.Unmet   `json:"unmet"`
	Error     failureDetail        `json:"error"`
}

// ask is do with --json; an error's document comes from the other writer.
func (b *bundle) ask(code int, as string, args ...string) answer {
	b.Helper()
	out, errs := b.do(code, as, append(args, "--json")...)
	if out == "" {
		out = errs
	} else {
		require.Empty(b, errs)
	}
	var a answer
	require.NoError(b, json.Unmarshal([]byte(out), &a), out)
	return a
}

// maria is a customer with an account in reais and 1,000.00 on it.
func (b *bundle) maria() (customer, account string) {
	b.Helper()
	customer = b.ask(exitOK, "ana", "open", "Maria da Silva", "--tax-kind", "cpf", "--tax-id", "123.456.789-09", "--country", "BR").Customer
	account = b.ask(exitOK, "ana", "account", "--customer", customer, "BRL", "--name", "Main", "--pix-key", "maria@example.com").Account
	b.ask(exitOK, "ana", "submit", "deposit", "--customer", customer, "--to", account, "--amount", "1000.00")
	return customer, account
}

// tamper changes the database behind the library's back.
func (b *bundle) tamper(statements ...string) {
	b.Helper()
	db, err := sql.Open("sqlite", sqlstore.SQLiteDSN(b.file))
	require.NoError(b, err)
	db.SetMaxOpenConns(1)
	for _, s := range statements {
		res, err := db.ExecContext(b.Context(), s)
		require.NoError(b, err, s)
		n, err := res.RowsAffected()
		require.NoError(b, err)
		require.Positive(b, n, s)
	}
	require.NoError(b, db.Close())
}

// submitMany makes so many deposits of 1.00 with one engine, which is faster
// than as many command lines.
func (b *bundle) submitMany(customer, account string, n int) {
	b.Helper()
	assets, err := firmAssets()
	require.NoError(b, err)
	d, err := open(b.Context(), place{store: sqlstore.SQLite, file: b.file}, "acme", false, config(assets, systemClock()))
	require.NoError(b, err)
	who, err := signIn("acme", "ana")
	require.NoError(b, err)
	scope, err := (&seat{desk: d, who: who, reason: "many"}).enter(b.Context(), tenancy.CustomerID(customer))
	require.NoError(b, err)
	for range n {
		_, err := d.eng.Submit(b.Context(), scope, key(), operations.Deposit{To: accounts.ID(account), Amount: brl(1_00)})
		require.NoError(b, err)
	}
	require.NoError(b, d.close())
}
