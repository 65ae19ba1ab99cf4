package sqlstore_test

import (
	"fmt"
	"os"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/onbehalf/onbehalf/adapters/sqlstore"
)

// What the owner of the tables runs after every Migrate.
func ExampleGrants() {
	script, err := sqlstore.Grants(sqlstore.DefaultSchema, "onbehalf_app", "onbehalf_worker")
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Print(script)
	// Output:
	// GRANT USAGE ON SCHEMA onbehalf TO onbehalf_app, onbehalf_worker;
	// GRANT SELECT ON onbehalf.schema_version TO onbehalf_app, onbehalf_worker;
	// GRANT SELECT, INSERT ON onbehalf.entries TO onbehalf_app;
	// GRANT SELECT, INSERT, UPDATE, DELETE ON onbehalf.keys, onbehalf.operations, onbehalf.postings, onbehalf.balances, onbehalf.customers,
	//     onbehalf.grants, onbehalf.operators, onbehalf.personal, onbehalf.snapshots, onbehalf.queue TO onbehalf_app;
	// GRANT SELECT, INSERT, UPDATE ON onbehalf.books TO onbehalf_app;
	// GRANT SELECT, UPDATE (ready, tries, holder) ON onbehalf.queue TO onbehalf_worker;
	// DROP POLICY IF EXISTS worker ON onbehalf.queue;
	// CREATE POLICY worker ON onbehalf.queue TO onbehalf_worker USING (true);
}

func TestTheGuideShowsTheGrants(t *testing.T) {
	t.Parallel()
	guide, err := os.ReadFile("../../docs/postgresql.md")
	require.NoError(t, err)
	script, err := sqlstore.Grants(sqlstore.DefaultSchema, "onbehalf_app", "onbehalf_worker")
	require.NoError(t, err)
	require.Contains(t, string(guide), "```sql\n"+script+"```\n", "docs/postgresql.md shows other grants")
}
