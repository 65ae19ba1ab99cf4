//go:build onbehalf_rows_alone

package sqlstore

import "regexp"

// keepFilters puts "is there at all" in the place of every comparison of a
// tenant or a customer with what a text was given, so that row-level security
// alone decides which rows it is about. It does so in statements and in the
// functions of the database alike. Rows are still joined to rows of their own
// book, and lists still go on after a place.
//
// A function that is given a batch tells its books apart by these comparisons,
// so a batch of several books must not be stored this way.
func keepFilters(text string) string {
	given := regexp.MustCompile(`\b(?:\w+\.)?(?:tenant|customer) = (\$\d+|of_\w+|[rd]_\w+\[\w+(?:\.\w+|\[\w+\.\w+\])?\]|[rvx]\.(?:tenant|customer))`)
	return given.ReplaceAllString(text, "($1)::text IS NOT NULL")
}
