-- +goose Up

-- commit_runs stores the runs of a batch, each whole, in a prefix, or not at
-- all, and returns a row for each that was not stored whole: its number, the
-- last seq of it that was stored (0: none), and why.
--
-- Every row names its run by the run's number, from 1, and is stored under the
-- run's own tenant and customer: nothing can be written outside the books of
-- the batch. Runs come in the order of their books, bytewise. A row that a
-- later change of the same run replaces has the seq of that change as its end.
--
-- Operators are locked before heads, and both in order, so that two batches
-- never wait for each other in a circle. Whoever will write an operator locks
-- all of his for writing at once.
--
-- A statement that looks rows up by r_tenant[run] takes run as int: the cast of a
-- bigint may fail, so that under row-level security it would be tried on no row
-- before the policy, and so on no index.
--
-- The settings keep every statement on the primary keys, whatever was in the
-- tables when its plan was made.
-- +goose StatementBegin
CREATE FUNCTION commit_runs(
    want_version bigint, scope_books text, scope_tenants text,
    r_tenant text[], r_customer text[], r_from bigint[], r_from_hash bytea[], r_to bigint[], r_to_hash bytea[],
    -- operators relied on
    v_run bigint[], v_operator text[], v_version bigint[],
    -- entries
    e_run bigint[], e_seq bigint[], e_prev bytea[], e_hash bytea[], e_at bigint[], e_action text[], e_operation text[],
    e_key text[], e_fingerprint bytea[], e_bytes bytea[],
    -- operations
    o_run bigint[], o_end bigint[], o_id text[], o_created bigint[], o_updated bigint[], o_version bigint[], o_state text[], o_kind text[],
    o_asset text[], o_from text[], o_to text[], o_amount text[], o_maker text[], o_created_at bigint[], o_due bigint[],
    -- postings
    p_run bigint[], p_seq bigint[], p_n bigint[], p_at bigint[], p_operation text[], p_ref text[], p_asset text[], p_amount text[], p_balance text[],
    -- balances
    b_run bigint[], b_end bigint[], b_ref text[], b_asset text[], b_posted text[], b_held text[], b_limit text[], b_seq bigint[],
    -- the first entry of a run to be announced
    a_run bigint[], a_seq bigint[], a_at bigint[],
    -- what few changes bring: one object a row, and its bytes
    x_run bigint[], x_seq bigint[], x_what text[], x_row text[], x_bytes bytea[]
) RETURNS TABLE (run bigint, stored bigint, loss text)
LANGUAGE plpgsql
SET search_path FROM CURRENT
SET enable_seqscan = off
SET enable_hashjoin = off
SET enable_mergejoin = off
SET enable_bitmapscan = off
SET plan_cache_mode = force_generic_plan
AS $$
#variable_conflict use_column
DECLARE
    cut    bigint[] := r_to; -- by run: up to which seq it is stored; 0: not at all
    lost   text[] := array_fill(NULL::text, ARRAY[cardinality(r_to)]);
    won    bigint[];
    losses boolean := false;
    n      bigint;
    m      bigint;
    i      bigint;
    x      record;
    j      jsonb;
BEGIN
    PERFORM set_config('onbehalf.books', scope_books, true), set_config('onbehalf.tenants', scope_tenants, true);

    SELECT version INTO n FROM schema_version WHERE only_row = 1;
    IF n IS DISTINCT FROM want_version THEN
        RAISE EXCEPTION 'schema is at version % and not at %', n, want_version USING ERRCODE = 'OB001';
    END IF;

    -- Operators.
    IF 'operator' = ANY (x_what) THEN
        PERFORM 1 FROM (
            SELECT r_tenant[v.run] AS tenant, v.operator FROM unnest(v_run, v_operator) AS v (run, operator)
            UNION
            SELECT r_tenant[u.run], u.row::jsonb ->> 'id' FROM unnest(x_run, x_what, x_row) AS u (run, what, row) WHERE u.what = 'operator'
            ORDER BY 1, 2
        ) AS v JOIN operators AS o ON o.tenant = v.tenant AND o.operator = v.operator
            ORDER BY o.tenant, o.operator FOR UPDATE OF o;
    ELSIF cardinality(v_run) > 0 THEN
        PERFORM 1 FROM (
            SELECT DISTINCT r_tenant[v.run] AS tenant, v.operator FROM unnest(v_run, v_operator) AS v (run, operator)
        ) AS v JOIN operators AS o ON o.tenant = v.tenant AND o.operator = v.operator
            ORDER BY o.tenant, o.operator FOR SHARE OF o;
    END IF;
    IF cardinality(v_run) > 0 THEN
        FOR x IN
            SELECT v.run FROM unnest(v_run::int[], v_operator, v_version) AS v (run, operator, version)
            LEFT JOIN operators AS o ON o.tenant = r_tenant[v.run] AND o.operator = v.operator
            WHERE coalesce(o.version, 0) <> v.version
        LOOP
            cut[x.run] := 0;
            lost[x.run] := 'outdated';
            losses := true;
        END LOOP;
    END IF;

    -- Heads. A book that is being opened has no row to lock: then one by one.
    IF 0 = ANY (r_from) THEN
        FOR i IN 1 .. cardinality(r_from) LOOP
            IF cut[i] = 0 THEN
                CONTINUE;
            ELSIF r_from[i] = 0 THEN
                INSERT INTO books (tenant, customer, seq, hash)
                SELECT r_tenant[i], r_customer[i], r_to[i], r_to_hash[i] WHERE ltrim(r_from_hash[i], '\x00') = ''
                ON CONFLICT DO NOTHING;
            ELSE
                UPDATE books AS b SET seq = r_to[i], hash = r_to_hash[i]
                WHERE b.tenant = r_tenant[i] AND b.customer = r_customer[i] AND b.seq = r_from[i] AND b.hash = r_from_hash[i];
            END IF;
            IF NOT FOUND THEN
                cut[i] := 0;
                lost[i] := 'stale';
                losses := true;
            END IF;
        END LOOP;
    ELSE
        WITH moved AS (
            UPDATE books AS b SET seq = r.to_seq, hash = r.to_hash
            FROM unnest(r_tenant, r_customer, r_from, r_from_hash, r_to, r_to_hash)
                WITH ORDINALITY AS r (tenant, customer, from_seq, from_hash, to_seq, to_hash, run)
            WHERE b.tenant = r.tenant AND b.customer = r.customer AND b.seq = r.from_seq AND b.hash = r.from_hash
                AND cut[r.run] <> 0
            RETURNING r.run
        )
        SELECT array_agg(moved.run) INTO won FROM moved;
        IF coalesce(cardinality(won), 0) < cardinality(r_from) THEN
            FOR i IN 1 .. cardinality(r_from) LOOP
                IF cut[i] <> 0 AND (won IS NULL OR NOT i = ANY (won)) THEN
                    cut[i] := 0;
                    lost[i] := 'stale';
                END IF;
            END LOOP;
            losses := true;
        END IF;
    END IF;

    -- Keys. The head is ours by now, so none can come in between.
    SELECT count(*) INTO m FROM unnest(e_run, e_seq, e_key) AS e (run, seq, key) WHERE e.key <> '' AND e.seq <= cut[e.run];
    INSERT INTO keys (tenant, customer, key, seq)
    SELECT r_tenant[e.run], r_customer[e.run], e.key, e.seq FROM unnest(e_run, e_seq, e_key) AS e (run, seq, key)
    WHERE e.key <> '' AND e.seq <= cut[e.run]
    ON CONFLICT DO NOTHING;
    GET DIAGNOSTICS n = ROW_COUNT;
    IF n < m THEN
        FOR x IN
            SELECT e.run, min(e.seq) AS seq FROM unnest(e_run::int[], e_seq, e_key) AS e (run, seq, key)
            LEFT JOIN keys AS k ON k.tenant = r_tenant[e.run] AND k.customer = r_customer[e.run] AND k.key = e.key AND k.seq = e.seq
            WHERE e.key <> '' AND e.seq <= cut[e.run] AND k.seq IS NULL
            GROUP BY e.run
        LOOP
            IF x.seq = 1 THEN
                RAISE EXCEPTION 'a key is taken in a book without entries' USING ERRCODE = 'OB002';
            END IF;
            cut[x.run] := x.seq - 1;
            lost[x.run] := 'key_taken';
            losses := true;
        END LOOP;
        DELETE FROM keys AS k USING unnest(e_run::int[], e_seq, e_key) AS e (run, seq, key)
        WHERE k.tenant = r_tenant[e.run] AND k.customer = r_customer[e.run] AND k.key = e.key AND k.seq = e.seq
            AND lost[e.run] = 'key_taken' AND e.seq > cut[e.run];
        UPDATE books AS b SET seq = e.seq, hash = e.hash
        FROM unnest(e_run::int[], e_seq, e_hash) AS e (run, seq, hash)
        WHERE b.tenant = r_tenant[e.run] AND b.customer = r_customer[e.run] AND lost[e.run] = 'key_taken' AND e.seq = cut[e.run];
        UPDATE books AS b SET seq = r_from[r.run], hash = r_from_hash[r.run]
        FROM generate_series(1, cardinality(r_from)) AS r (run)
        WHERE b.tenant = r_tenant[r.run] AND b.customer = r_customer[r.run] AND lost[r.run] = 'key_taken' AND cut[r.run] = r_from[r.run];
    END IF;

    INSERT INTO entries (tenant, customer, seq, prev, hash, at, action, operation, key, fingerprint, bytes)
    SELECT r_tenant[e.run], r_customer[e.run], e.seq, e.prev, e.hash, e.at, e.action, e.operation, e.key, e.fingerprint, e.bytes
    FROM unnest(e_run, e_seq, e_prev, e_hash, e_at, e_action, e_operation, e_key, e_fingerprint, e_bytes)
        AS e (run, seq, prev, hash, at, action, operation, key, fingerprint, bytes)
    WHERE e.seq <= cut[e.run];

    IF cardinality(o_run) > 0 THEN
        INSERT INTO operations (tenant, customer, id, created, updated, version, state, kind, asset, from_account, to_account, amount, maker, created_at, due)
        SELECT r_tenant[o.run], r_customer[o.run], o.id, o.created, o.updated, o.version, o.state, o.kind, o.asset, o.from_account, o.to_account,
            o.amount::numeric, o.maker, o.created_at, o.due
        FROM unnest(o_run, o_end, o_id, o_created, o_updated, o_version, o_state, o_kind, o_asset, o_from, o_to, o_amount, o_maker, o_created_at, o_due)
            AS o (run, ended, id, created, updated, version, state, kind, asset, from_account, to_account, amount, maker, created_at, due)
        WHERE o.updated <= cut[o.run] AND o.ended > cut[o.run]
        ON CONFLICT (tenant, customer, id) DO UPDATE SET created = excluded.created, updated = excluded.updated, version = excluded.version,
            state = excluded.state, kind = excluded.kind, asset = excluded.asset, from_account = excluded.from_account,
            to_account = excluded.to_account, amount = excluded.amount, maker = excluded.maker, created_at = excluded.created_at, due = excluded.due;
    END IF;

    IF cardinality(p_run) > 0 THEN
        INSERT INTO postings (tenant, customer, ref, seq, n, at, operation, asset, amount, balance)
        SELECT r_tenant[p.run], r_customer[p.run], p.ref, p.seq, p.n, p.at, p.operation, p.asset, p.amount::numeric, p.balance::numeric
        FROM unnest(p_run, p_seq, p_n, p_at, p_operation, p_ref, p_asset, p_amount, p_balance)
            AS p (run, seq, n, at, operation, ref, asset, amount, balance)
        WHERE p.seq <= cut[p.run];
    END IF;

    IF cardinality(b_run) > 0 THEN
        INSERT INTO balances (tenant, customer, ref, asset, posted, held, debt_limit, seq)
        SELECT r_tenant[b.run], r_customer[b.run], b.ref, b.asset, b.posted::numeric, b.held::numeric, b.debt_limit::numeric, b.seq
        FROM unnest(b_run, b_end, b_ref, b_asset, b_posted, b_held, b_limit, b_seq)
            AS b (run, ended, ref, asset, posted, held, debt_limit, seq)
        WHERE b.seq <= cut[b.run] AND b.ended > cut[b.run]
        ON CONFLICT (tenant, customer, ref, asset) DO UPDATE SET posted = excluded.posted, held = excluded.held,
            debt_limit = excluded.debt_limit, seq = excluded.seq;
    END IF;

    -- The queue: an operation waits as long as it has a time.
    IF EXISTS (SELECT 1 FROM unnest(o_created, o_updated, o_due) AS o (created, updated, due) WHERE o.due IS NOT NULL OR o.created <> o.updated) THEN
        DELETE FROM queue AS q USING unnest(o_run::int[], o_end, o_id, o_updated, o_due) AS o (run, ended, id, updated, due)
        WHERE q.tenant = r_tenant[o.run] AND q.customer = r_customer[o.run] AND q.topic = 'work' AND q.item = o.id
            AND o.updated <= cut[o.run] AND o.ended > cut[o.run] AND o.due IS NULL;
        INSERT INTO queue (tenant, customer, topic, item, due, ready, state, seq, tries, holder)
        SELECT r_tenant[o.run], r_customer[o.run], 'work', o.id, o.due, o.due, o.state, o.updated, 0, ''
        FROM unnest(o_run, o_end, o_id, o_updated, o_state, o_due) AS o (run, ended, id, updated, state, due)
        WHERE o.updated <= cut[o.run] AND o.ended > cut[o.run] AND o.due IS NOT NULL
        ON CONFLICT (tenant, customer, topic, item) DO UPDATE SET due = excluded.due, ready = excluded.ready, state = excluded.state,
            seq = excluded.seq, tries = 0, holder = '';
    END IF;
    IF cardinality(a_run) > 0 THEN
        INSERT INTO queue (tenant, customer, topic, item, due, ready, state, seq, tries, holder)
        SELECT r_tenant[a.run], r_customer[a.run], 'outbox', '', a.at, a.at, '', a.seq - 1, 0, '' FROM unnest(a_run, a_seq, a_at) AS a (run, seq, at)
        WHERE a.seq <= cut[a.run]
        ON CONFLICT DO NOTHING;
    END IF;

    FOR x IN
        SELECT r_tenant[u.run] AS tenant, r_customer[u.run] AS customer, u.what, u.row::jsonb AS row, u.bytes
        FROM unnest(x_run, x_seq, x_what, x_row, x_bytes) WITH ORDINALITY AS u (run, seq, what, row, bytes, n)
        WHERE u.seq <= cut[u.run] ORDER BY u.n
    LOOP
        j := x.row;
        CASE x.what
        WHEN 'customer' THEN
            INSERT INTO customers AS c (tenant, customer, type, status, country, name, tax_id, opened_at, opened_by, updated_at, updated_by)
            VALUES (x.tenant, x.customer, j ->> 'type', j ->> 'status', j ->> 'country', j ->> 'name', j ->> 'tax_id',
                (j ->> 'opened_at')::bigint, j ->> 'opened_by', (j ->> 'updated_at')::bigint, j ->> 'updated_by')
            ON CONFLICT (tenant, customer) DO UPDATE SET type = excluded.type, status = excluded.status, country = excluded.country,
                name = coalesce(excluded.name, c.name), tax_id = coalesce(excluded.tax_id, c.tax_id), opened_at = excluded.opened_at,
                opened_by = excluded.opened_by, updated_at = excluded.updated_at, updated_by = excluded.updated_by;
        WHEN 'grant' THEN
            INSERT INTO grants (tenant, customer, id, operator, lists, expires, revoked, document)
            VALUES (x.tenant, x.customer, j ->> 'id', j ->> 'operator', (j ->> 'lists')::bigint, (j ->> 'expires')::bigint,
                (j ->> 'revoked')::bigint, j ->> 'document')
            ON CONFLICT (tenant, customer, id) DO UPDATE SET operator = excluded.operator, lists = excluded.lists,
                expires = excluded.expires, revoked = excluded.revoked, document = excluded.document;
        WHEN 'operator' THEN
            INSERT INTO operators (tenant, operator, version, document)
            VALUES (x.tenant, j ->> 'id', (j ->> 'version')::bigint, j ->> 'document')
            ON CONFLICT (tenant, operator) DO UPDATE SET version = excluded.version, document = excluded.document;
        WHEN 'personal' THEN
            INSERT INTO personal (tenant, customer, subject, digest, salt, value)
            VALUES (x.tenant, x.customer, j ->> 'subject', decode(j ->> 'digest', 'hex'), decode(j ->> 'salt', 'hex'), x.bytes)
            ON CONFLICT (tenant, customer, subject) DO UPDATE SET digest = excluded.digest, salt = excluded.salt, value = excluded.value;
        WHEN 'erase' THEN
            UPDATE personal AS p SET salt = NULL, value = NULL
            WHERE p.tenant = x.tenant AND p.customer = x.customer AND p.subject = j ->> 'subject';
            IF j ->> 'subject' = 'customer' THEN
                UPDATE customers AS c SET name = NULL, tax_id = NULL WHERE c.tenant = x.tenant AND c.customer = x.customer;
            END IF;
        WHEN 'snapshot' THEN
            INSERT INTO snapshots (tenant, customer, seq, hash, bytes)
            VALUES (x.tenant, x.customer, (j ->> 'seq')::bigint, decode(j ->> 'hash', 'hex'), x.bytes)
            ON CONFLICT (tenant, customer) DO UPDATE SET seq = excluded.seq, hash = excluded.hash, bytes = excluded.bytes;
        END CASE;
    END LOOP;

    IF losses THEN
        RETURN QUERY SELECT l.run, cut[l.run], l.loss FROM unnest(lost) WITH ORDINALITY AS l (loss, run) WHERE l.loss IS NOT NULL;
    END IF;
END
$$;
-- +goose StatementEnd

UPDATE schema_version SET version = 2 WHERE only_row = 1;
