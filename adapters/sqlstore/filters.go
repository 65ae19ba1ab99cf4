//go:build !onbehalf_rows_alone

package sqlstore

// keepFilters gives a text of PostgreSQL as it is: it names the tenant and the
// customer whose rows it is about, beside what row-level security lets it see.
// The build tag onbehalf_rows_alone takes the names away, so that tests can show
// what row-level security alone is worth. It is for tests only.
func keepFilters(text string) string { return text }
