package sqlstore

const (
	entryColumns     = `seq, prev, hash, at, action, operation, key, fingerprint, bytes`
	operationColumns = `id, created, updated, version, state, kind, asset, from_account, to_account, amount, maker, created_at, due`
	postingColumns   = `seq, n, at, operation, ref, asset, amount, balance`
	ticketColumns    = `q.tenant, q.customer, q.topic, q.item, q.due, q.seq, q.tries, q.holder, q.ready, q.state`
	customerColumns  = `type, status, country, name, tax_id, opened_at, opened_by, updated_at, updated_by`
)

// sqliteTexts are the statements for SQLite. Apart from those that read across
// books on purpose, every one names tenant and customer.
func sqliteTexts() [statementCount]string {
	return [statementCount]string{
		guardSchema:    `UPDATE onbehalf_schema SET version = version WHERE only_row = 1 AND version <> ?`,
		hasSchema:      `SELECT count(*) FROM sqlite_schema WHERE type = 'table' AND name = 'onbehalf_schema'`,
		readSchema:     `SELECT version FROM onbehalf_schema WHERE only_row = 1`,
		savepoint:      `SAVEPOINT onbehalf`,
		undoSavepoint:  `ROLLBACK TO onbehalf`,
		closeSavepoint: `RELEASE onbehalf`,

		readHead: `SELECT s.version, b.seq, b.hash FROM onbehalf_schema s
			LEFT JOIN onbehalf_books b ON b.tenant = ? AND b.customer = ? WHERE s.only_row = 1`,
		openBook: `INSERT INTO onbehalf_books (tenant, customer, seq, hash) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING`,
		moveHead: `UPDATE onbehalf_books SET seq = ?3, hash = ?4 WHERE tenant = ?1 AND customer = ?2 AND seq = ?5 AND hash = ?6`,

		putEntry: `INSERT INTO onbehalf_entries (tenant, customer, ` + entryColumns + `) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
		putKey:   `INSERT INTO onbehalf_keys (tenant, customer, key, seq) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING`,
		putOperation: `INSERT INTO onbehalf_operations (tenant, customer, ` + operationColumns + `, amount_key)
			VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
			ON CONFLICT (tenant, customer, id) DO UPDATE SET created = excluded.created, updated = excluded.updated,
			version = excluded.version, state = excluded.state, kind = excluded.kind, asset = excluded.asset,
			from_account = excluded.from_account, to_account = excluded.to_account, amount = excluded.amount,
			maker = excluded.maker, created_at = excluded.created_at, due = excluded.due, amount_key = excluded.amount_key`,
		putPosting: `INSERT INTO onbehalf_postings (tenant, customer, ` + postingColumns + `) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
		putBalance: `INSERT INTO onbehalf_balances (tenant, customer, ref, asset, posted, held, debt_limit, seq) VALUES (?, ?, ?, ?, ?, ?, ?, ?)
			ON CONFLICT (tenant, customer, ref, asset) DO UPDATE SET posted = excluded.posted, held = excluded.held,
			debt_limit = excluded.debt_limit, seq = excluded.seq`,
		putCustomer: `INSERT INTO onbehalf_customers (tenant, customer, ` + customerColumns + `) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
			ON CONFLICT (tenant, customer) DO UPDATE SET type = excluded.type, status = excluded.status, country = excluded.country,
			name = coalesce(excluded.name, name), tax_id = coalesce(excluded.tax_id, tax_id), opened_at = excluded.opened_at,
			opened_by = excluded.opened_by, updated_at = excluded.updated_at, updated_by = excluded.updated_by`,
		putGrant: `INSERT INTO onbehalf_grants (tenant, customer, id, operator, lists, expires, revoked, document) VALUES (?, ?, ?, ?, ?, ?, ?, ?)
			ON CONFLICT (tenant, customer, id) DO UPDATE SET operator = excluded.operator, lists = excluded.lists,
			expires = excluded.expires, revoked = excluded.revoked, document = excluded.document`,
		putOperator: `INSERT INTO onbehalf_operators (tenant, operator, version, document) VALUES (?, ?, ?, ?)
			ON CONFLICT (tenant, operator) DO UPDATE SET version = excluded.version, document = excluded.document`,
		putPersonal: `INSERT INTO onbehalf_personal (tenant, customer, subject, digest, salt, value) VALUES (?, ?, ?, ?, ?, ?)
			ON CONFLICT (tenant, customer, subject) DO UPDATE SET digest = excluded.digest, salt = excluded.salt, value = excluded.value`,
		erasePersonal: `UPDATE onbehalf_personal SET salt = NULL, value = NULL WHERE tenant = ? AND customer = ? AND subject = ?`,
		eraseCustomer: `UPDATE onbehalf_customers SET name = NULL, tax_id = NULL WHERE tenant = ? AND customer = ?`,
		putSnapshot: `INSERT INTO onbehalf_snapshots (tenant, customer, seq, hash, bytes) VALUES (?, ?, ?, ?, ?)
			ON CONFLICT (tenant, customer) DO UPDATE SET seq = excluded.seq, hash = excluded.hash, bytes = excluded.bytes`,

		entryHash: `SELECT hash FROM onbehalf_entries WHERE tenant = ? AND customer = ? AND seq = ?`,
		entryOfKey: `SELECT e.seq, e.prev, e.hash, e.at, e.action, e.operation, e.key, e.fingerprint, e.bytes FROM onbehalf_keys k
			LEFT JOIN onbehalf_entries e ON e.tenant = k.tenant AND e.customer = k.customer AND e.seq = k.seq
			WHERE k.tenant = ? AND k.customer = ? AND k.key = ?`,
		entriesAfter: `SELECT ` + entryColumns + ` FROM onbehalf_entries WHERE tenant = ? AND customer = ? AND seq > ? ORDER BY seq LIMIT ?`,
		readSnapshot: `SELECT seq, hash, bytes FROM onbehalf_snapshots WHERE tenant = ? AND customer = ?`,
		readOperator: `SELECT version, document FROM onbehalf_operators WHERE tenant = ? AND operator = ?`,
		// The writing transaction holds every row.
		lockOperator:        `SELECT version, document FROM onbehalf_operators WHERE tenant = ? AND operator = ?`,
		lockOperatorToWrite: `SELECT version, document FROM onbehalf_operators WHERE tenant = ? AND operator = ?`,
		find: `SELECT s.version, b.seq, b.hash, k.seq, o.seen, p.version, p.document,
			k.e_seq, k.prev, k.hash, k.at, k.action, k.operation, k.key, k.fingerprint, k.bytes,
			o.id, o.created, o.updated, o.version, o.state, o.kind, o.asset, o.from_account, o.to_account, o.amount, o.maker, o.created_at, o.due,
			o.seq, o.prev, o.hash, o.at, o.action, o.operation, o.key, o.fingerprint, o.bytes
			FROM onbehalf_schema s
			LEFT JOIN onbehalf_books b ON b.tenant = ?1 AND b.customer = ?2
			LEFT JOIN (SELECT k.seq, e.seq AS e_seq, e.prev, e.hash, e.at, e.action, e.operation, e.key, e.fingerprint, e.bytes
				FROM onbehalf_keys k LEFT JOIN onbehalf_entries e ON e.tenant = k.tenant AND e.customer = k.customer AND e.seq = k.seq
				WHERE k.tenant = ?1 AND k.customer = ?2 AND k.key = ?3) k ON TRUE
			LEFT JOIN (SELECT 1 AS seen, o.id, o.created, o.updated, o.version, o.state, o.kind, o.asset, o.from_account, o.to_account,
				o.amount, o.maker, o.created_at, o.due, e.seq, e.prev, e.hash, e.at, e.action, e.operation, e.key, e.fingerprint, e.bytes
				FROM onbehalf_operations o LEFT JOIN onbehalf_entries e ON e.tenant = o.tenant AND e.customer = o.customer AND e.seq = o.updated
				WHERE o.tenant = ?1 AND o.customer = ?2 AND o.id = ?4) o ON TRUE
			LEFT JOIN onbehalf_operators p ON p.tenant = ?1 AND p.operator = ?5
			WHERE s.only_row = 1`,

		history: `SELECT o.id, o.created, o.updated, o.version, o.state, o.kind, o.asset, o.from_account, o.to_account, o.amount, o.maker, o.created_at, o.due,
			e.seq, e.prev, e.hash, e.at, e.action, e.operation, e.key, e.fingerprint, e.bytes
			FROM (SELECT ` + operationColumns + ` FROM (SELECT ` + operationColumns + `, amount_key FROM onbehalf_operations
					WHERE tenant = ?1 AND customer = ?2 AND created < ?3 ORDER BY created DESC, id DESC LIMIT ?4)
				WHERE (?6 = '' OR asset = ?6) AND (?7 = '' OR from_account = ?7 OR to_account = ?7) AND (?8 = '' OR maker = ?8)
				AND (?9 IS NULL OR amount_key >= ?9) AND (?10 IS NULL OR amount_key <= ?10)
				AND (?11 IS NULL OR created_at >= ?11) AND (?12 IS NULL OR created_at < ?12)
				AND (?13 IS NULL OR state IN (SELECT value FROM json_each(?13)))
				AND (?14 IS NULL OR kind IN (SELECT value FROM json_each(?14)))
				AND (?15 IS NULL
					OR from_account IN (SELECT value FROM json_each(?15)) AND to_account IN (SELECT value FROM json_each(?16))
					OR from_account IN (SELECT value FROM json_each(?16)) AND to_account IN (SELECT value FROM json_each(?15)))
				ORDER BY created DESC, id DESC LIMIT ?5) o
			LEFT JOIN onbehalf_entries e ON e.tenant = ?1 AND e.customer = ?2 AND e.seq = o.updated
			ORDER BY o.created DESC, o.id DESC`,
		historyFloor: `SELECT count(*), coalesce(min(created), 0) FROM (SELECT created FROM onbehalf_operations
			WHERE tenant = ? AND customer = ? AND created < ? ORDER BY created DESC, id DESC LIMIT ?)`,
		statementOf: `SELECT ` + postingColumns + ` FROM onbehalf_postings
			WHERE tenant = ? AND customer = ? AND ref = ? AND seq < ? ORDER BY seq DESC, n DESC LIMIT ?`,
		personal: `SELECT subject, digest, salt, value FROM onbehalf_personal WHERE tenant = ? AND customer = ? ORDER BY subject`,

		allOperations: `SELECT ` + operationColumns + `, amount_key FROM onbehalf_operations WHERE tenant = ? AND customer = ? ORDER BY id`,
		allPostings:   `SELECT ` + postingColumns + ` FROM onbehalf_postings WHERE tenant = ? AND customer = ? ORDER BY seq, n`,
		allBalances:   `SELECT ref, asset, posted, held, debt_limit, seq FROM onbehalf_balances WHERE tenant = ? AND customer = ? ORDER BY ref, asset`,
		allKeys:       `SELECT key, seq FROM onbehalf_keys WHERE tenant = ? AND customer = ? ORDER BY seq, key`,
		readCustomer:  `SELECT customer, ` + customerColumns + ` FROM onbehalf_customers WHERE tenant = ? AND customer = ?`,
		allGrants:     `SELECT document, revoked, id, operator, lists, coalesce(expires, 0) FROM onbehalf_grants WHERE tenant = ? AND customer = ? ORDER BY id`,
		allOperators:  `SELECT operator, version, document FROM onbehalf_operators WHERE tenant = ? ORDER BY operator`,

		dropOperations: `DELETE FROM onbehalf_operations WHERE tenant = ? AND customer = ?`,
		dropPostings:   `DELETE FROM onbehalf_postings WHERE tenant = ? AND customer = ?`,
		dropBalances:   `DELETE FROM onbehalf_balances WHERE tenant = ? AND customer = ?`,
		dropKeys:       `DELETE FROM onbehalf_keys WHERE tenant = ? AND customer = ?`,
		dropCustomer:   `DELETE FROM onbehalf_customers WHERE tenant = ? AND customer = ?`,
		dropGrants:     `DELETE FROM onbehalf_grants WHERE tenant = ? AND customer = ?`,
		dropOperators:  `DELETE FROM onbehalf_operators WHERE tenant = ?`,
		dropSnapshot:   `DELETE FROM onbehalf_snapshots WHERE tenant = ? AND customer = ?`,

		customers: `SELECT customer, ` + customerColumns + ` FROM (SELECT customer, ` + customerColumns + ` FROM onbehalf_customers
				WHERE tenant = ?1 AND customer > ?2 ORDER BY customer LIMIT ?3)
			WHERE ` + sqliteCustomerFilter + ` ORDER BY customer LIMIT ?4`,
		customersFloor: `SELECT count(*), coalesce(max(customer), '') FROM (SELECT customer FROM onbehalf_customers
			WHERE tenant = ? AND customer > ? ORDER BY customer LIMIT ?)`,
		customersGranted: `SELECT c.customer, ` + customerColumns + ` FROM (SELECT customer AS granted, max(coalesce(expires, 9223372036854775807)) AS until
				FROM onbehalf_grants INDEXED BY onbehalf_grants_operator
				WHERE tenant = ?1 AND operator = ?8 AND customer > ?2 AND revoked = 0 AND lists = 1 GROUP BY customer ORDER BY customer LIMIT ?3) g
			JOIN onbehalf_customers c ON c.tenant = ?1 AND c.customer = g.granted
			WHERE g.until > ?9 AND ` + sqliteCustomerFilter + ` ORDER BY c.customer LIMIT ?4`,
		customersGrantedFloor: `SELECT count(*), coalesce(max(customer), '') FROM (SELECT customer
			FROM onbehalf_grants INDEXED BY onbehalf_grants_operator
			WHERE tenant = ?1 AND operator = ?4 AND customer > ?2 AND revoked = 0 AND lists = 1 GROUP BY customer ORDER BY customer LIMIT ?3)`,
		heads: `SELECT customer, seq, hash FROM onbehalf_books WHERE tenant = ? AND customer > ? ORDER BY customer LIMIT ?`,
		// A transaction that writes is alone in the file, so this only reads.
		lockOperatorNow:        `SELECT version, document FROM onbehalf_operators WHERE tenant = ? AND operator = ?`,
		lockOperatorToWriteNow: `SELECT version, document FROM onbehalf_operators WHERE tenant = ? AND operator = ?`,
		lockHead:               `SELECT seq, hash FROM onbehalf_books WHERE tenant = ? AND customer = ?`,
		positions: `SELECT ref, asset, posted, 1 FROM onbehalf_balances INDEXED BY onbehalf_balances_system
			WHERE tenant = ?1 AND (ref = 'suspense' OR instr(ref, ':') > 0) AND (ref, asset) > (?2, ?3) AND ?4 > 0 ORDER BY ref, asset`,

		positionBooks: `SELECT b.customer, p.posted, c.name
			FROM (SELECT customer FROM onbehalf_books WHERE tenant = ?1 AND customer > ?2 ORDER BY customer LIMIT ?5) b
			LEFT JOIN onbehalf_balances p ON p.tenant = ?1 AND p.customer = b.customer AND p.ref = ?3 AND p.asset = ?4
			LEFT JOIN onbehalf_customers c ON p.ref IS NOT NULL AND c.tenant = ?1 AND c.customer = b.customer
			ORDER BY b.customer`,

		takeHead: `SELECT seq FROM onbehalf_books WHERE tenant = ? AND customer = ?`,
		putTicket: `INSERT INTO onbehalf_queue (tenant, customer, topic, item, due, ready, state, seq, tries, holder)
			VALUES (?1, ?2, 'work', ?3, ?4, ?4, ?6, ?5, 0, '') ON CONFLICT (tenant, customer, topic, item) DO UPDATE SET due = excluded.due,
			ready = excluded.ready, state = excluded.state, seq = excluded.seq, tries = excluded.tries, holder = excluded.holder`,
		dropTicket:  `DELETE FROM onbehalf_queue WHERE tenant = ? AND customer = ? AND topic = 'work' AND item = ?`,
		dropTickets: `DELETE FROM onbehalf_queue WHERE tenant = ? AND customer = ? AND topic = 'work'`,
		announce: `INSERT INTO onbehalf_queue (tenant, customer, topic, item, due, ready, state, seq, tries, holder)
			VALUES (?1, ?2, 'outbox', '', ?3, ?3, '', ?4, 0, '') ON CONFLICT DO NOTHING`,
		allWaiting: `SELECT item, due, seq, state FROM onbehalf_queue WHERE tenant = ? AND customer = ? AND topic = 'work' ORDER BY item`,
		readyTenants: `WITH RECURSIVE t (tenant) AS (
				SELECT min(tenant) FROM onbehalf_queue WHERE topic = ?1 AND ready IS NOT NULL AND tenant > ?2
				UNION ALL SELECT (SELECT min(q.tenant) FROM onbehalf_queue q WHERE q.topic = ?1 AND q.ready IS NOT NULL AND q.tenant > t.tenant)
				FROM t WHERE t.tenant IS NOT NULL)
			SELECT t.tenant FROM t WHERE t.tenant IS NOT NULL
			AND EXISTS (SELECT 1 FROM onbehalf_queue q WHERE q.topic = ?1 AND q.tenant = t.tenant AND q.ready <= ?3) LIMIT ?4`,
		readyTickets: `SELECT ` + ticketColumns + ` FROM onbehalf_queue q WHERE q.tenant = ? AND q.topic = ? AND q.ready <= ?
			ORDER BY q.ready, q.customer, q.item LIMIT ?`,
		claimTicket: `UPDATE onbehalf_queue SET ready = ?5, tries = tries + 1, holder = ?6
			WHERE tenant = ?1 AND customer = ?2 AND topic = ?3 AND item = ?4`,
		settleTicket: `UPDATE onbehalf_queue SET ready = ?6, tries = ?7, seq = max(seq, ?8), holder = ''
			WHERE tenant = ?1 AND customer = ?2 AND topic = ?3 AND item = ?4 AND holder = ?5`,
		endTicket: `DELETE FROM onbehalf_queue WHERE tenant = ? AND customer = ? AND topic = ? AND item = ? AND holder = ?`,
		parkedTickets: `SELECT ` + ticketColumns + ` FROM onbehalf_queue q WHERE q.tenant = ? AND q.ready IS NULL
			AND (q.customer, q.topic, q.item) > (?, ?, ?) ORDER BY q.customer, q.topic, q.item LIMIT ?`,
		requeueTicket: `UPDATE onbehalf_queue SET ready = ?5, tries = 0, holder = ''
			WHERE tenant = ?1 AND customer = ?2 AND topic = ?3 AND item = ?4 AND ready IS NULL`,
		waiting: `SELECT customer, item, due FROM onbehalf_queue INDEXED BY onbehalf_queue_waiting
			WHERE tenant = ? AND state = 'awaiting_approval' AND (customer, item) > (?, ?) ORDER BY customer, item LIMIT ?`,
		// A customer without anything that waits is one row, too, so that all that is
		// looked at is counted.
		waitingGranted: `SELECT g.granted, coalesce(q.item, ''), coalesce(q.due, 0) FROM (
				SELECT customer AS granted, max(coalesce(expires, 9223372036854775807)) AS until FROM onbehalf_grants INDEXED BY onbehalf_grants_operator
				WHERE tenant = ?1 AND operator = ?5 AND customer >= ?2 AND revoked = 0 AND lists = 1 GROUP BY customer ORDER BY customer LIMIT ?4) g
			LEFT JOIN onbehalf_queue q INDEXED BY onbehalf_queue_waiting ON q.tenant = ?1 AND q.customer = g.granted AND q.state = 'awaiting_approval'
				AND (g.granted > ?2 OR q.item > ?3) AND g.until > ?6
				AND EXISTS (SELECT 1 FROM onbehalf_customers c WHERE c.tenant = ?1 AND c.customer = g.granted)
			ORDER BY g.granted, q.item LIMIT ?4`,
	}
}

// sqliteCustomerFilter takes the search as it is: no character of it means
// anything but itself. lower() of SQLite knows ASCII letters alone.
const sqliteCustomerFilter = `(?5 IS NULL OR status IN (SELECT value FROM json_each(?5)))
			AND (?6 IS NULL OR type IN (SELECT value FROM json_each(?6)))
			AND (?7 = '' OR instr(lower(coalesce(name, '')), lower(?7)) > 0 OR substr(lower(coalesce(tax_id, '')), 1, length(?7)) = lower(?7))`
