package pgpool_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/onbehalf/onbehalf/examples/internal/pgpool"
	"github.com/onbehalf/onbehalf/tenancy"
)

func TestNoErrorHasThePassword(t *testing.T) {
	t.Parallel()
	for dsn, want := range map[string]error{
		"": tenancy.ErrInvalid,
		"postgres://ana:s3cret@127.0.0.1:1/books?sslmode=s3cret":            tenancy.ErrInvalid,
		"postgres://ana:s3cret@[::1/books":                                  tenancy.ErrInvalid,
		"postgres://ana:s3 cret@127.0.0.1:port/books":                       tenancy.ErrInvalid,
		"host=127.0.0.1 port=no user=ana password=s3cret":                   tenancy.ErrInvalid,
		"ana:s3cret@tcp(127.0.0.1)/books":                                   tenancy.ErrInvalid,
		"postgres://ana:s3cret@127.0.0.1:1/books":                           tenancy.ErrUnavailable,
		"host=127.0.0.1 port=1 user=ana password=s3cret dbname=books":       tenancy.ErrUnavailable,
		"postgres://127.0.0.1:1/books?user=ana&password=s3cret":             tenancy.ErrUnavailable,
		"postgres://ana:s3cret@127.0.0.1:1,127.0.0.1:2/books?sslmode=allow": tenancy.ErrUnavailable,
	} {
		db, err := pgpool.Open(t.Context(), dsn, 1)
		require.Nil(t, db)
		require.ErrorIs(t, err, want, dsn)
		require.NotContains(t, err.Error(), "s3", dsn)
	}
}
