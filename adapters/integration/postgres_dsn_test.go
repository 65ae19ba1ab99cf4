package integration_test

import (
	"os"
	"slices"
	"strings"
	"testing"
)

// postgresDSN is a server to work with, as its superuser.
func postgresDSN(t *testing.T) string {
	t.Helper()
	dsn := os.Getenv("ONBEHALF_POSTGRES_DSN")
	if dsn == "" {
		if slices.Contains(strings.Split(os.Getenv("ONBEHALF_REQUIRE"), ","), "postgres") {
			t.Fatal("ONBEHALF_POSTGRES_DSN names no server")
		}
		t.Skip("ONBEHALF_POSTGRES_DSN names no server")
	}
	return dsn
}
