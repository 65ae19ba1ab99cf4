package integration_test

import (
	"fmt"
	"strings"
)

// fill loads operations in bulk: a tenth of them in one book, the others in
// books of 45, half of which belong to one tenant and the rest to others.
// The bytes of an entry are as long as a deposit's, and short with the long
// counts, for the sake of time. Chains do not verify: nobody folds these books.
func (w *rowsWorld) fill(n int) {
	w.t.Helper()
	for _, table := range w.tables() {
		w.must("ALTER TABLE " + w.schema + "." + table + " SET UNLOGGED") // loads in half the time, and reads the same
	}
	for text := range strings.SplitSeq(fmt.Sprintf(bulk, n/10, (n-n/10)/45, atLeast(40, 40, 4)), ";\n") {
		w.must("SET LOCAL search_path = " + w.schema + ", pg_temp; SET LOCAL synchronous_commit = off; " + text)
	}
	for _, table := range w.tables() {
		w.must("ANALYZE " + w.schema + "." + table)
	}
	for _, table := range []string{"customers", "grants"} { // as the server does by itself where rows rarely change
		w.must("VACUUM " + w.schema + "." + table)
	}
}

// bulk takes the operations of the one large book, the number of the others, and
// the length of an entry in 32 bytes.
//
//nolint:dupword // columns are given twice in one row
const bulk = `CREATE UNLOGGED TABLE load AS SELECT 't0' AS tenant, 'big' AS customer, %[1]d AS n, 1000 AS accounts
	UNION ALL SELECT 't' || CASE WHEN c %% 2 = 0 THEN 0 ELSE c %% 10 END, 'c' || lpad(c::text, 8, '0'), 45, 3 FROM generate_series(1, %[2]d) c;
CREATE FUNCTION hash_of(customer text, seq bigint) RETURNS bytea LANGUAGE sql IMMUTABLE AS $$ SELECT sha256(convert_to(customer || seq, 'UTF8')) $$;
INSERT INTO operations SELECT tenant, customer, 'op-' || md5(customer || seq), seq, seq, 1,
	(ARRAY['completed', 'completed', 'scheduled', 'cancelled', 'failed'])[1 + seq %% 5], (ARRAY['deposit', 'withdrawal', 'transfer'])[1 + seq %% 3],
	CASE WHEN seq %% 50 = 0 THEN 'USD' ELSE 'BRL' END, 'acc-' || seq %% accounts, 'acc-' || (seq + 1) %% accounts, 1 + seq %% 1000,
	(ARRAY['ana', 'bruno', 'carla', 'davi'])[1 + seq %% 4], 1700000000000000 + seq::bigint * 1000000, CASE WHEN seq %% 5 = 2 THEN 1800000000000000 + seq::bigint END
	FROM load, generate_series(1, n) seq;
INSERT INTO entries SELECT tenant, customer, seq, hash_of(customer, seq - 1), hash_of(customer, seq), 1700000000000000 + seq::bigint * 1000000, 'submit',
	'op-' || md5(customer || seq), 'key-' || md5(customer || seq), hash_of('k', seq), convert_to(repeat(md5(customer || seq), %[3]d), 'UTF8')
	FROM load, generate_series(1, n) seq;
INSERT INTO keys SELECT tenant, customer, 'key-' || md5(customer || seq), seq FROM load, generate_series(1, n) seq;
INSERT INTO postings SELECT tenant, customer, 'acc-' || seq %% accounts, seq, 0, 1700000000000000 + seq::bigint * 1000000, 'op-' || md5(customer || seq), 'BRL', 1 + seq %% 1000, seq
	FROM load, generate_series(1, n) seq;
INSERT INTO postings SELECT tenant, customer, 'clearing:bank', seq, 1, 1700000000000000 + seq::bigint * 1000000, 'op-' || md5(customer || seq), 'BRL', -1 - seq %% 1000, -seq
	FROM load, generate_series(1, n) seq;
INSERT INTO balances SELECT tenant, customer, 'acc-' || a, 'BRL', a, 0, 0, n FROM load, generate_series(0, accounts - 1) a;
INSERT INTO balances SELECT tenant, customer, 'clearing:bank', 'BRL', -n, 0, 0, n FROM load;
INSERT INTO books SELECT tenant, customer, n, hash_of(customer, n) FROM load ORDER BY md5(customer);
INSERT INTO snapshots SELECT tenant, customer, n - 13, hash_of(customer, n - 13), convert_to(repeat(md5(customer), 60), 'UTF8') FROM load;
INSERT INTO customers SELECT tenant, customer, (ARRAY['individual', 'company'])[1 + n %% 2], 'active', 'BR', 'Name ' || customer, lpad(abs(hashtext(customer))::text, 11, '0'),
	1700000000000000, 'ana', 1700000000000000, 'ana' FROM load ORDER BY md5(customer);
INSERT INTO grants SELECT tenant, customer, 'g-' || o, o, 1, NULL, 0, '{}' FROM load, unnest(ARRAY['ana', 'bruno']) o ORDER BY md5(customer);
INSERT INTO operators SELECT DISTINCT tenant, o, 1, '{"id":"' || o || '","version":1}' FROM load, unnest(ARRAY['ana', 'bruno', 'carla', 'davi']) o;
INSERT INTO personal SELECT tenant, customer, s, hash_of(s, 1), hash_of(s, 2), convert_to(repeat(s, 10), 'UTF8') FROM load, unnest(ARRAY['customer', 'account:acc-0']) s;
INSERT INTO queue SELECT tenant, customer, 'work', id, due, CASE WHEN created %% 50 = 2 THEN NULL ELSE due END,
	CASE WHEN created %% 25 = 7 THEN 'awaiting_approval' ELSE state END, updated, 0, '' FROM operations WHERE due IS NOT NULL;
INSERT INTO queue SELECT tenant, customer, 'outbox', '', 1800000000000000, 1800000000000000, '', 0, 0, '' FROM load;
DROP TABLE load;
DROP FUNCTION hash_of`
