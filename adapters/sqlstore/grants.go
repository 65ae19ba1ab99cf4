package sqlstore

import (
	"fmt"

	"github.com/onbehalf/onbehalf/tenancy"
)

// Grants is the SQL that lets two roles of PostgreSQL use the tables in the
// schema, to be run by their owner after every Migrate: app for the pool of the
// store and its readers, worker for the pool in Config.Workers. Both must exist,
// and be neither owner nor superuser nor BYPASSRLS. It may be run again.
//
// The application may add to the journal and read it, and not change or remove
// what is there; it reaches the rows of the books that its transaction names,
// and no others. The worker sees what waits in all books, may claim it, and
// reaches nothing else.
//
// What this does not catch: whoever can run SQL of his own as the application
// can name any book; a superuser, and a role with BYPASSRLS, are not held by it;
// it does not know operators, so who may do what stays with the engine.
func Grants(schema, app, worker string) (string, error) {
	for field, name := range map[string]string{"schema": schema, "app": app, "worker": worker} {
		if !isSchema(name) {
			return "", tenancy.Invalid(field, "must be 1 to 63 of a-z, 0-9 and _, and begin with a letter")
		}
	}
	return fmt.Sprintf(grantsText, schema, app, worker), nil
}
