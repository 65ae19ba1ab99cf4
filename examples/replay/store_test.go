package main

import (
	"io"
	"os"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/onbehalf/onbehalf/adapters/integration/pgserver"
	"github.com/onbehalf/onbehalf/operations"
)

var shared pgserver.Shared //nolint:gochecknoglobals // one server for all tests

func TestMain(m *testing.M) {
	code := m.Run()
	if err := shared.Close(); err != nil {
		panic(err)
	}
	os.Exit(code)
}

func TestTheStoreIsNamedOnce(t *testing.T) {
	t.Parallel()
	for _, o := range []options{
		{Store: "sqlite"}, {Store: "sqlite", DB: "books.db"}, {Store: "memory"}, {Store: "postgres", DSN: "postgres://127.0.0.1/books"},
	} {
		o.Workers = 1
		require.NoError(t, o.Validate(), "%+v", o)
	}
	for _, o := range []options{
		{Store: "memory", DB: "books.db"}, {Store: "postgres"}, {Store: "postgres", DSN: "postgres://127.0.0.1/books", DB: "books.db"},
	} {
		o.Workers = 1
		require.Error(t, o.Validate(), "%+v", o)
	}
}

func TestNoErrorOfTheDatabaseHasThePassword(t *testing.T) {
	t.Parallel()
	o := options{
		Data: writeData(t, madeUpAccounts, madeUpTransactions), Store: "postgres", Workers: 1,
		DSN: "postgres://ana:s3cret@127.0.0.1:1/books",
	}
	err := o.run(t.Context(), io.Discard, io.Discard)
	require.ErrorIs(t, err, operations.ErrUnavailable)
	require.NotContains(t, err.Error(), "s3cret")
}
