package sqlstore

// postgresTexts are the statements for PostgreSQL, the tables in the schema
// named. A page is cut from a bounded number of rows before it is filtered, as
// with SQLite.
func postgresTexts(schema string) [statementCount]string {
	s := schema + "."
	const settings = `set_config('onbehalf.books', $1, true), set_config('onbehalf.tenants', $2, true), set_config('onbehalf.firm', $3, true)`
	texts := [statementCount]string{
		guardSchema:    `SELECT version FROM ` + s + `schema_version WHERE only_row = 1 AND version <> $1`,
		hasSchema:      `SELECT count(*) FROM pg_catalog.pg_class WHERE oid = to_regclass('` + s + `schema_version')`,
		readSchema:     `SELECT version FROM ` + s + `schema_version WHERE only_row = 1`,
		savepoint:      `SAVEPOINT onbehalf`,
		undoSavepoint:  `ROLLBACK TO onbehalf`,
		closeSavepoint: `RELEASE onbehalf`,

		// An owner of the schema alone may not create one, not even one that is there.
		makeSchema:  `DO $$ BEGIN IF to_regnamespace('` + schema + `') IS NULL THEN CREATE SCHEMA IF NOT EXISTS ` + schema + `; END IF; END $$`,
		enterSchema: `SELECT set_config('search_path', $1 || ', pg_temp', true), set_config('lock_timeout', $2, true)`,
		setScope:    `SELECT ` + settings,
		// A page is the first rows of an index. A planner that thinks little of an
		// index whose rows lie far apart would gather all of the tenant's and sort them.
		setScopeToRead: `SELECT ` + settings + `, set_config('enable_bitmapscan', 'off', true), set_config('enable_seqscan', 'off', true)`,
		commitRuns: `SELECT run, stored, loss FROM ` + s + `commit_runs($1::bigint, $2::text, $3::text, $4::text[], $5::text[], $6::bigint[], $7::bigint[], $8::bytea, $9::text[],
			$10::text[], $11::bigint[], $12::int[], $13::text[], $14::bigint[], $15::bigint, $16::int[], $17::bigint[],
			$18::text[], $19::bytea, $20::bytea, $21::boolean, $22::boolean, $23::int[], $24::bigint[], $25::text[],
			$26::int[], $27::bigint[], $28::text[], $29::int[], $30::bigint[], $31::text[], $32::int[], $33::bigint[],
			$34::bigint[], $35::int[], $36::bigint[], $37::text[], $38::text[], $39::bytea[])`,
		commitRun: `SELECT run, stored, loss FROM ` + s + `commit_run($1::bigint, $2::text, $3::text, $4::text, $5::text, $6::bigint, $7::bigint, $8::bytea, $9::bytea,
			$10::bigint, $11::text, $12::text, $13::text, $14::bytea, $15::bytea, $16::text, $17::text, $18::text,
			$19::text, $20::text, $21::text, $22::text, $23::bigint, $24::bigint, $25::text[], $26::text[], $27::text,
			$28::bigint)`,
		findInBook: `SELECT schema_version, head_seq, head_hash, key_seq, seen, operator_version, operator_document,
			k_seq, k_prev, k_hash, k_at, k_action, k_operation, k_key, k_fingerprint, k_bytes,
			o_id, o_created, o_updated, o_version, o_state, o_kind, o_asset, o_from, o_to, o_amount, o_maker, o_created_at, o_due,
			e_seq, e_prev, e_hash, e_at, e_action, e_operation, e_key, e_fingerprint, e_bytes
			FROM ` + s + `find_in_book($1::text, $2::text, $3::text, $4::text, $5::text)`,
		loadBook: `SELECT part, seq, prev, hash, at, action, operation, key, fingerprint, bytes, schema_version
			FROM ` + s + `load_book($1::text, $2::text, $3::bigint, $4::bigint)`,
		loadBooks: `SELECT l.i, b.part, b.seq, b.prev, b.hash, b.at, b.action, b.operation, b.key, b.fingerprint, b.bytes, b.schema_version
			FROM unnest($1::text[], $2::text[], $3::bigint[]) WITH ORDINALITY AS l (tenant, customer, since, i),
			LATERAL ` + s + `load_book(l.tenant, l.customer, l.since, $4::bigint) AS b`,
		lockOperator:           `SELECT version, document FROM ` + s + `operators WHERE tenant = $1 AND operator = $2 FOR SHARE`,
		lockOperatorToWrite:    `SELECT version, document FROM ` + s + `operators WHERE tenant = $1 AND operator = $2 FOR UPDATE`,
		lockOperatorNow:        `SELECT version, document FROM ` + s + `operators WHERE tenant = $1 AND operator = $2 FOR SHARE NOWAIT`,
		lockOperatorToWriteNow: `SELECT version, document FROM ` + s + `operators WHERE tenant = $1 AND operator = $2 FOR UPDATE NOWAIT`,
		lockHead:               `SELECT seq, hash FROM ` + s + `books WHERE tenant = $1 AND customer = $2 FOR UPDATE`,

		readHead: `SELECT s.version, b.seq, b.hash FROM ` + s + `schema_version s
			LEFT JOIN ` + s + `books b ON b.tenant = $1 AND b.customer = $2 WHERE s.only_row = 1`,
		openBook: `INSERT INTO ` + s + `books (tenant, customer, seq, hash) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING`,
		moveHead: `UPDATE ` + s + `books SET seq = $3, hash = $4 WHERE tenant = $1 AND customer = $2 AND seq = $5 AND hash = $6`,

		putEntry: `INSERT INTO ` + s + `entries (tenant, customer, ` + entryColumns + `) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)`,
		putKey:   `INSERT INTO ` + s + `keys (tenant, customer, key, seq) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING`,
		putOperation: `INSERT INTO ` + s + `operations (tenant, customer, ` + operationColumns + `)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)
			ON CONFLICT (tenant, customer, id) DO UPDATE SET created = excluded.created, updated = excluded.updated,
			version = excluded.version, state = excluded.state, kind = excluded.kind, asset = excluded.asset,
			from_account = excluded.from_account, to_account = excluded.to_account, amount = excluded.amount,
			maker = excluded.maker, created_at = excluded.created_at, due = excluded.due`,
		putPosting: `INSERT INTO ` + s + `postings (tenant, customer, ` + postingColumns + `) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)`,
		putBalance: `INSERT INTO ` + s + `balances (tenant, customer, ref, asset, posted, held, debt_limit, seq) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
			ON CONFLICT (tenant, customer, ref, asset) DO UPDATE SET posted = excluded.posted, held = excluded.held,
			debt_limit = excluded.debt_limit, seq = excluded.seq`,
		putCustomer: `INSERT INTO ` + s + `customers AS c (tenant, customer, ` + customerColumns + `) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
			ON CONFLICT (tenant, customer) DO UPDATE SET type = excluded.type, status = excluded.status, country = excluded.country,
			name = coalesce(excluded.name, c.name), tax_id = coalesce(excluded.tax_id, c.tax_id), opened_at = excluded.opened_at,
			opened_by = excluded.opened_by, updated_at = excluded.updated_at, updated_by = excluded.updated_by`,
		putGrant: `INSERT INTO ` + s + `grants (tenant, customer, id, operator, lists, expires, revoked, document) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
			ON CONFLICT (tenant, customer, id) DO UPDATE SET operator = excluded.operator, lists = excluded.lists,
			expires = excluded.expires, revoked = excluded.revoked, document = excluded.document`,
		putOperator: `INSERT INTO ` + s + `operators (tenant, operator, version, document) VALUES ($1, $2, $3, $4)
			ON CONFLICT (tenant, operator) DO UPDATE SET version = excluded.version, document = excluded.document`,
		putPersonal: `INSERT INTO ` + s + `personal (tenant, customer, subject, digest, salt, value) VALUES ($1, $2, $3, $4, $5, $6)
			ON CONFLICT (tenant, customer, subject) DO UPDATE SET digest = excluded.digest, salt = excluded.salt, value = excluded.value`,
		erasePersonal: `UPDATE ` + s + `personal SET salt = NULL, value = NULL WHERE tenant = $1 AND customer = $2 AND subject = $3`,
		eraseCustomer: `UPDATE ` + s + `customers SET name = NULL, tax_id = NULL WHERE tenant = $1 AND customer = $2`,
		putSnapshot: `INSERT INTO ` + s + `snapshots (tenant, customer, seq, hash, bytes) VALUES ($1, $2, $3, $4, $5)
			ON CONFLICT (tenant, customer) DO UPDATE SET seq = excluded.seq, hash = excluded.hash, bytes = excluded.bytes`,

		entryHash: `SELECT hash FROM ` + s + `entries WHERE tenant = $1 AND customer = $2 AND seq = $3`,
		entryOfKey: `SELECT e.seq, e.prev, e.hash, e.at, e.action, e.operation, e.key, e.fingerprint, e.bytes FROM ` + s + `keys k
			LEFT JOIN ` + s + `entries e ON e.tenant = k.tenant AND e.customer = k.customer AND e.seq = k.seq
			WHERE k.tenant = $1 AND k.customer = $2 AND k.key = $3`,
		entriesAfter: `SELECT ` + entryColumns + ` FROM ` + s + `entries WHERE tenant = $1 AND customer = $2 AND seq > $3 ORDER BY seq LIMIT $4`,
		readSnapshot: `SELECT seq, hash, bytes FROM ` + s + `snapshots WHERE tenant = $1 AND customer = $2`,
		readOperator: `SELECT version, document FROM ` + s + `operators WHERE tenant = $1 AND operator = $2`,
		find: `SELECT s.version, b.seq, b.hash, k.seq, o.seen, p.version, p.document,
			k.e_seq, k.prev, k.hash, k.at, k.action, k.operation, k.key, k.fingerprint, k.bytes,
			o.id, o.created, o.updated, o.version, o.state, o.kind, o.asset, o.from_account, o.to_account, o.amount, o.maker, o.created_at, o.due,
			o.seq, o.prev, o.hash, o.at, o.action, o.operation, o.key, o.fingerprint, o.bytes
			FROM ` + s + `schema_version s
			LEFT JOIN ` + s + `books b ON b.tenant = $1 AND b.customer = $2
			LEFT JOIN (SELECT k.seq, e.seq AS e_seq, e.prev, e.hash, e.at, e.action, e.operation, e.key, e.fingerprint, e.bytes
				FROM ` + s + `keys k LEFT JOIN ` + s + `entries e ON e.tenant = k.tenant AND e.customer = k.customer AND e.seq = k.seq
				WHERE k.tenant = $1 AND k.customer = $2 AND k.key = $3) k ON TRUE
			LEFT JOIN (SELECT 1 AS seen, o.id, o.created, o.updated, o.version, o.state, o.kind, o.asset, o.from_account, o.to_account,
				o.amount, o.maker, o.created_at, o.due, e.seq, e.prev, e.hash, e.at, e.action, e.operation, e.key, e.fingerprint, e.bytes
				FROM ` + s + `operations o LEFT JOIN ` + s + `entries e ON e.tenant = o.tenant AND e.customer = o.customer AND e.seq = o.updated
				WHERE o.tenant = $1 AND o.customer = $2 AND o.id = $4) o ON TRUE
			LEFT JOIN ` + s + `operators p ON p.tenant = $1 AND p.operator = $5
			WHERE s.only_row = 1`,

		history: `SELECT o.id, o.created, o.updated, o.version, o.state, o.kind, o.asset, o.from_account, o.to_account, o.amount, o.maker, o.created_at, o.due,
			e.seq, e.prev, e.hash, e.at, e.action, e.operation, e.key, e.fingerprint, e.bytes
			FROM (SELECT ` + operationColumns + ` FROM (SELECT ` + operationColumns + ` FROM ` + s + `operations
					WHERE tenant = $1 AND customer = $2 AND created < $3 ORDER BY created DESC, id DESC LIMIT $4) examined
				WHERE ($6 = '' OR asset = $6) AND ($7 = '' OR from_account = $7 OR to_account = $7) AND ($8 = '' OR maker = $8)
				AND ($9::text IS NULL OR amount >= $9::numeric) AND ($10::text IS NULL OR amount <= $10::numeric)
				AND ($11::bigint IS NULL OR created_at >= $11) AND ($12::bigint IS NULL OR created_at < $12)
				AND ($13::jsonb IS NULL OR state = ANY (ARRAY(SELECT jsonb_array_elements_text($13::jsonb))))
				AND ($14::jsonb IS NULL OR kind = ANY (ARRAY(SELECT jsonb_array_elements_text($14::jsonb))))
				AND ($15::jsonb IS NULL
					OR from_account = ANY (ARRAY(SELECT jsonb_array_elements_text($15::jsonb))) AND to_account = ANY (ARRAY(SELECT jsonb_array_elements_text($16::jsonb)))
					OR from_account = ANY (ARRAY(SELECT jsonb_array_elements_text($16::jsonb))) AND to_account = ANY (ARRAY(SELECT jsonb_array_elements_text($15::jsonb))))
				ORDER BY created DESC, id DESC LIMIT $5) o
			LEFT JOIN ` + s + `entries e ON e.tenant = $1 AND e.customer = $2 AND e.seq = o.updated
			ORDER BY o.created DESC, o.id DESC`,
		historyFloor: `SELECT count(*), coalesce(min(created), 0) FROM (SELECT created FROM ` + s + `operations
			WHERE tenant = $1 AND customer = $2 AND created < $3 ORDER BY created DESC, id DESC LIMIT $4) examined`,
		statementOf: `SELECT ` + postingColumns + ` FROM ` + s + `postings
			WHERE tenant = $1 AND customer = $2 AND ref = $3 AND seq < $4 ORDER BY seq DESC, n DESC LIMIT $5`,
		personal: `SELECT subject, digest, salt, value FROM ` + s + `personal WHERE tenant = $1 AND customer = $2 ORDER BY subject`,

		allOperations: `SELECT ` + operationColumns + `, NULL FROM ` + s + `operations WHERE tenant = $1 AND customer = $2 ORDER BY id`,
		allPostings:   `SELECT ` + postingColumns + ` FROM ` + s + `postings WHERE tenant = $1 AND customer = $2 ORDER BY seq, n`,
		allBalances:   `SELECT ref, asset, posted, held, debt_limit, seq FROM ` + s + `balances WHERE tenant = $1 AND customer = $2 ORDER BY ref, asset`,
		allKeys:       `SELECT key, seq FROM ` + s + `keys WHERE tenant = $1 AND customer = $2 ORDER BY seq, key`,
		readCustomer:  `SELECT customer, ` + customerColumns + ` FROM ` + s + `customers WHERE tenant = $1 AND customer = $2`,
		allGrants:     `SELECT document, revoked, id, operator, lists, coalesce(expires, 0) FROM ` + s + `grants WHERE tenant = $1 AND customer = $2 ORDER BY id`,
		allOperators:  `SELECT operator, version, document FROM ` + s + `operators WHERE tenant = $1 ORDER BY operator`,

		dropOperations: `DELETE FROM ` + s + `operations WHERE tenant = $1 AND customer = $2`,
		dropPostings:   `DELETE FROM ` + s + `postings WHERE tenant = $1 AND customer = $2`,
		dropBalances:   `DELETE FROM ` + s + `balances WHERE tenant = $1 AND customer = $2`,
		dropKeys:       `DELETE FROM ` + s + `keys WHERE tenant = $1 AND customer = $2`,
		dropCustomer:   `DELETE FROM ` + s + `customers WHERE tenant = $1 AND customer = $2`,
		dropGrants:     `DELETE FROM ` + s + `grants WHERE tenant = $1 AND customer = $2`,
		dropOperators:  `DELETE FROM ` + s + `operators WHERE tenant = $1`,
		dropSnapshot:   `DELETE FROM ` + s + `snapshots WHERE tenant = $1 AND customer = $2`,

		customers: `SELECT customer, ` + customerColumns + ` FROM (SELECT customer, ` + customerColumns + ` FROM ` + s + `customers
				WHERE tenant = $1 AND customer > $2 ORDER BY customer LIMIT $3) c
			WHERE ` + postgresCustomerFilter + ` ORDER BY customer LIMIT $4`,
		customersFloor: `SELECT count(*), coalesce(max(customer), '') FROM (SELECT customer FROM ` + s + `customers
			WHERE tenant = $1 AND customer > $2 ORDER BY customer LIMIT $3) examined`,
		// Each customer by his own key, whatever the planner thinks of joining all
		// of the tenant's.
		customersGranted: `SELECT c.customer, ` + customerColumns + ` FROM (SELECT customer AS granted, max(coalesce(expires, 9223372036854775807)) AS until
				FROM ` + s + `grants
				WHERE tenant = $1 AND operator = $8 AND customer > $2 AND revoked = 0 AND lists = 1 GROUP BY customer ORDER BY customer LIMIT $3) g
			CROSS JOIN LATERAL (SELECT customer, ` + customerColumns + ` FROM ` + s + `customers WHERE tenant = $1 AND customer = g.granted OFFSET 0) c
			WHERE g.until > $9 AND ` + postgresCustomerFilter + ` ORDER BY g.granted LIMIT $4`,
		customersGrantedFloor: `SELECT count(*), coalesce(max(customer), '') FROM (SELECT customer
			FROM ` + s + `grants
			WHERE tenant = $1 AND operator = $4 AND customer > $2 AND revoked = 0 AND lists = 1 GROUP BY customer ORDER BY customer LIMIT $3) examined`,
		heads: `SELECT customer, seq, hash FROM ` + s + `books WHERE tenant = $1 AND customer > $2 ORDER BY customer LIMIT $3`,
		positions: `SELECT ref, asset, trim_scale(sum(posted)), count(*) FROM ` + s + `balances
			WHERE tenant = $1 AND (strpos(ref, ':') > 0 OR ref = 'suspense') AND (ref, asset) > ($2, $3) GROUP BY ref, asset ORDER BY ref, asset LIMIT $4`,

		// Each book by its own key, whatever the planner thinks of joining all of
		// the tenant's.
		positionBooks: `SELECT b.customer, p.posted, p.name
			FROM (SELECT customer FROM ` + s + `books WHERE tenant = $1 AND customer > $2 ORDER BY customer LIMIT $5) b
			LEFT JOIN LATERAL (SELECT a.posted, (SELECT c.name FROM ` + s + `customers c WHERE c.tenant = $1 AND c.customer = b.customer) AS name
				FROM ` + s + `balances a WHERE a.tenant = $1 AND a.customer = b.customer AND a.ref = $3 AND a.asset = $4 OFFSET 0) p ON true
			ORDER BY b.customer`,

		takeHead: `SELECT seq FROM ` + s + `books WHERE tenant = $1 AND customer = $2 FOR UPDATE`,
		putTicket: `INSERT INTO ` + s + `queue (tenant, customer, topic, item, due, ready, state, seq, tries, holder)
			VALUES ($1, $2, 'work', $3, $4, $4, $6, $5, 0, '') ON CONFLICT (tenant, customer, topic, item) DO UPDATE SET due = excluded.due,
			ready = excluded.ready, state = excluded.state, seq = excluded.seq, tries = excluded.tries, holder = excluded.holder`,
		dropTicket:  `DELETE FROM ` + s + `queue WHERE tenant = $1 AND customer = $2 AND topic = 'work' AND item = $3`,
		dropTickets: `DELETE FROM ` + s + `queue WHERE tenant = $1 AND customer = $2 AND topic = 'work'`,
		announce: `INSERT INTO ` + s + `queue (tenant, customer, topic, item, due, ready, state, seq, tries, holder)
			VALUES ($1, $2, 'outbox', '', $3, $3, '', $4, 0, '') ON CONFLICT DO NOTHING`,
		allWaiting: `SELECT item, due, seq, state FROM ` + s + `queue WHERE tenant = $1 AND customer = $2 AND topic = 'work' ORDER BY item`,
		readyTenants: `WITH RECURSIVE t (tenant) AS (
				SELECT min(tenant) FROM ` + s + `queue WHERE topic = $1 AND ready IS NOT NULL AND tenant > $2
				UNION ALL SELECT (SELECT min(q.tenant) FROM ` + s + `queue q WHERE q.topic = $1 AND q.ready IS NOT NULL AND q.tenant > t.tenant)
				FROM t WHERE t.tenant IS NOT NULL)
			SELECT t.tenant FROM t WHERE t.tenant IS NOT NULL
			AND EXISTS (SELECT 1 FROM ` + s + `queue q WHERE q.topic = $1 AND q.tenant = t.tenant AND q.ready <= $3) LIMIT $4`,
		readyTickets: `SELECT ` + ticketColumns + ` FROM ` + s + `queue q WHERE q.tenant = $1 AND q.topic = $2 AND q.ready <= $3
			ORDER BY q.ready, q.customer, q.item LIMIT $4 FOR UPDATE SKIP LOCKED`,
		claimTicket: `UPDATE ` + s + `queue SET ready = $5, tries = tries + 1, holder = $6
			WHERE tenant = $1 AND customer = $2 AND topic = $3 AND item = $4`,
		settleTicket: `UPDATE ` + s + `queue SET ready = $6, tries = $7, seq = greatest(seq, $8), holder = ''
			WHERE tenant = $1 AND customer = $2 AND topic = $3 AND item = $4 AND holder = $5`,
		endTicket: `DELETE FROM ` + s + `queue WHERE tenant = $1 AND customer = $2 AND topic = $3 AND item = $4 AND holder = $5`,
		parkedTickets: `SELECT ` + ticketColumns + ` FROM ` + s + `queue q WHERE q.tenant = $1 AND q.ready IS NULL
			AND (q.customer, q.topic, q.item) > ($2, $3, $4) ORDER BY q.customer, q.topic, q.item LIMIT $5`,
		requeueTicket: `UPDATE ` + s + `queue SET ready = $5, tries = 0, holder = ''
			WHERE tenant = $1 AND customer = $2 AND topic = $3 AND item = $4 AND ready IS NULL`,
		waiting: `SELECT customer, item, due FROM ` + s + `queue
			WHERE tenant = $1 AND state = 'awaiting_approval' AND (customer, item) > ($2, $3) ORDER BY customer, item LIMIT $4`,
		// A customer without anything that waits is one row, too, so that all that is
		// looked at is counted.
		waitingGranted: `SELECT g.granted, coalesce(q.item, ''), coalesce(q.due, 0) FROM (
				SELECT customer AS granted, max(coalesce(expires, 9223372036854775807)) AS until FROM ` + s + `grants
				WHERE tenant = $1 AND operator = $5 AND customer >= $2 AND revoked = 0 AND lists = 1 GROUP BY customer ORDER BY customer LIMIT $4) g
			LEFT JOIN LATERAL (SELECT item, due FROM ` + s + `queue WHERE tenant = $1 AND customer = g.granted AND state = 'awaiting_approval'
				AND (g.granted > $2 OR item > $3) AND g.until > $6
				AND EXISTS (SELECT 1 FROM ` + s + `customers c WHERE c.tenant = $1 AND c.customer = g.granted) ORDER BY item OFFSET 0) q ON true
			ORDER BY g.granted, q.item LIMIT $4`,
	}
	for id := range texts {
		if !statement(id).ofWorker() {
			texts[id] = keepFilters(texts[id])
		}
	}
	return texts
}

// ofWorker tells the statements that the worker's role runs, which sees the
// queue of all tenants: there the text alone tells them apart.
func (id statement) ofWorker() bool {
	return id == readyTenants || id == readyTickets || id == claimTicket
}

// grantsText takes the schema and the roles of the application and the worker.
const grantsText = `GRANT USAGE ON SCHEMA %[1]s TO %[2]s, %[3]s;
GRANT SELECT ON %[1]s.schema_version TO %[2]s, %[3]s;
GRANT SELECT, INSERT ON %[1]s.entries TO %[2]s;
GRANT SELECT, INSERT, UPDATE, DELETE ON %[1]s.keys, %[1]s.operations, %[1]s.postings, %[1]s.balances, %[1]s.customers,
    %[1]s.grants, %[1]s.operators, %[1]s.personal, %[1]s.snapshots, %[1]s.queue TO %[2]s;
GRANT SELECT, INSERT, UPDATE ON %[1]s.books TO %[2]s;
GRANT SELECT, UPDATE (ready, tries, holder) ON %[1]s.queue TO %[3]s;
DROP POLICY IF EXISTS worker ON %[1]s.queue;
CREATE POLICY worker ON %[1]s.queue TO %[3]s USING (true);
`

// postgresCustomerFilter takes the search as it is. In the collation "C" lower()
// knows ASCII letters alone.
const postgresCustomerFilter = `($5::jsonb IS NULL OR status = ANY (ARRAY(SELECT jsonb_array_elements_text($5::jsonb))))
			AND ($6::jsonb IS NULL OR type = ANY (ARRAY(SELECT jsonb_array_elements_text($6::jsonb))))
			AND ($7 = '' OR strpos(lower(coalesce(name, '')), lower($7 COLLATE "C")) > 0
				OR starts_with(lower(coalesce(tax_id, '')), lower($7 COLLATE "C")))`
