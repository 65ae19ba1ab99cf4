package main

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/onbehalf/onbehalf/adapters/integration/pgserver"
)

var shared pgserver.Shared //nolint:gochecknoglobals // one server for all tests

func TestMain(m *testing.M) {
	code := m.Run()
	if err := shared.Close(); err != nil {
		panic(err)
	}
	os.Exit(code)
}

func (b *bundle) moves(args ...string) movedDoc {
	b.Helper()
	out, _ := b.do(exitOK, "ana", append(args, "--json")...)
	var d movedDoc
	require.NoError(b, json.Unmarshal([]byte(out), &d))
	return d
}

// root is what is kept elsewhere, and vouches for all books together.
func (b *bundle) root() string {
	b.Helper()
	out, _ := b.do(exitOK, "ana", "verify", "--json")
	var d verifyDoc
	require.NoError(b, json.Unmarshal([]byte(out), &d))
	require.True(b, d.Sound)
	require.NotEmpty(b, d.Root)
	return d.Root
}

func TestAFirmMovesToAnotherDatabase(t *testing.T) {
	t.Parallel()
	for name, to := range map[string]func(*testing.T) []string{
		"of sqlite": func(t *testing.T) []string {
			t.Helper()
			return []string{"--db", filepath.Join(t.TempDir(), "new.db")}
		},
		"of postgres": func(t *testing.T) []string {
			t.Helper()
			return []string{"--store", "postgres", "--dsn", shared.Database(t, "")}
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newBundle(t)
			customer, account := b.maria()
			before, _ := b.do(exitOK, "ana", "history", "--customer", customer)
			dir := filepath.Join(t.TempDir(), "books")
			out := b.moves("export", "--all", "--to", dir)
			require.Len(t, out.Books, 2)
			require.Equal(t, "house", string(out.Books[0].Book))
			info, err := os.Stat(out.Books[1].File)
			require.NoError(t, err)
			require.Equal(t, os.FileMode(0o600), info.Mode().Perm())

			at := &bundle{T: t, at: to(t)}
			in := at.moves("import", dir)
			require.Len(t, in.Books, 2)
			for i := range in.Books {
				require.Equal(t, in.Books[i].Entries, *in.Books[i].Stored)
				require.Equal(t, out.Books[i].Head, in.Books[i].Head)
				require.Equal(t, out.Books[i].Book, in.Books[i].Book)
			}
			require.Equal(t, b.root(), at.root())
			after, _ := at.do(exitOK, "ana", "history", "--customer", customer)
			require.Equal(t, before, after)
			at.ask(exitOK, "ana", "submit", "withdrawal", "--customer", customer, "--from", account, "--amount", "100.00")
			at.do(exitOK, "ana", "verify")

			at.do(exitConflict, "ana", "import", dir) // it has moved on
			again := b.moves("import", dir)           // and at home nothing has
			require.Zero(t, *again.Books[1].Stored)
		})
	}
}

func TestExportOfOneBookIsForWhoSeesIt(t *testing.T) {
	t.Parallel()
	b := newBundle(t)
	customer, _ := b.maria()
	file := filepath.Join(t.TempDir(), "maria"+bookFiles)
	b.do(exitNotFound, "davi", "export", "--customer", customer, "--to", file)
	require.NoFileExists(t, file)
	d := b.moves("export", "--customer", customer, "--to", file)
	require.Equal(t, file, d.Books[0].File)
	text, _ := b.do(exitOK, "ana", "import", file)
	require.Contains(t, text, d.Books[0].Head[:12])

	b.do(exitOther, "ana", "export", "--customer", customer, "--to", file) // nothing is written over
	b.do(exitInvalid, "ana", "export", "--customer", customer, "--all", "--to", file)
	b.do(exitInvalid, "ana", "export", "--to", file)
}

func TestImportOfWhatIsNoBookChangesNothing(t *testing.T) {
	t.Parallel()
	b := newBundle(t)
	b.maria()
	dir := filepath.Join(t.TempDir(), "books")
	house := b.moves("export", "--all", "--to", dir).Books[0].File
	whole, err := os.ReadFile(house)
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(house, whole[:len(whole)-10], 0o600))
	at := &bundle{T: t, at: []string{"--db", filepath.Join(t.TempDir(), "new.db")}}
	_, errs := at.do(exitInvalid, "ana", "import", dir)
	require.Contains(t, errs, "house.jsonl")
	at.do(exitNotFound, "ana", "export", "--all", "--to", filepath.Join(dir, "none"))
	at.do(exitNotFound, "ana", "import", filepath.Join(dir, "none"))
	at.do(exitNotFound, "ana", "import", t.TempDir())
}

func TestThePlaceOfADatabaseIsOneAndNoErrorHasItsPassword(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		code int
		args []string
	}{
		{exitInvalid, []string{"--store", "postgres", "customers"}},
		{exitInvalid, []string{"--store", "mysql", "--dsn", "mysql://ana:s3cret@127.0.0.1:1/x", "customers"}},
		{exitInvalid, []string{"--store", "postgres", "--db", "firm.db", "--dsn", "postgres://ana:s3cret@127.0.0.1:1/x", "customers"}},
		{exitInvalid, []string{"--store", "postgres", "--dsn", "postgres://ana:s3cret@127.0.0.1:1/x?sslmode=s3cret", "customers"}},
		{exitUnavailable, []string{"--store", "postgres", "--dsn", "postgres://ana:s3cret@127.0.0.1:1/x", "customers"}},
		{exitUnavailable, []string{"--store", "postgres", "--dsn", "postgres://ana:s3cret@127.0.0.1:1/x", "work", "--json"}},
		{exitInvalid, []string{"--dsn", "postgres://ana:s3cret@127.0.0.1:1/x", "customers"}}, // sqlite is meant, and has no file
	} {
		var out, errs bytes.Buffer
		require.Equal(t, c.code, run(t.Context(), append(c.args, "--as", "ana"), &out, &errs), "%v: %s", c.args, &errs)
		require.NotEmpty(t, errs.String())
		require.NotContains(t, out.String()+errs.String(), "s3cret", "%v", c.args)
	}
}
