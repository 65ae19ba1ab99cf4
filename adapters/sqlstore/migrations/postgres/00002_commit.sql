-- +goose Up

-- commit_runs stores the runs of a batch, each whole, in a prefix, or not at
-- all, and returns a row for each that was not stored whole: its number, the
-- last seq of it that was stored (0: none), and why.
--
-- What comes by rows comes as arrays of two dimensions: each array costs something
-- of its own, and a subscript on a row of one may stand where an index is looked up
-- (see below), which arithmetic may not.
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
    -- runs; their hashes one after the other, of each that of its first head and of its last
    r_tenant text[], r_customer text[], r_from bigint[], r_to bigint[], r_hashes bytea,
    -- operators relied on: each once, and those of every run
    d_tenant text[], d_operator text[], d_version bigint[],
    v_run int[], v_operator text[], v_version bigint[],
    -- entries, how many of them have a key, and of each: {seq, at, where its bytes begin, how many}, {action, operation, key},
    -- its hashes (prev, hash, fingerprint) and its bytes, those of all one after the other
    e_keys bigint, e_run int[], e_number bigint[], e_text text[], e_hashes bytea, e_bytes bytea,
    -- operations, whether any of them waits or has waited, whether any was there before, and of each:
    -- {end, created, updated, version, created_at, due}, {id, state, kind, asset, from, to, amount, maker}
    o_queue boolean, o_again boolean, o_run int[], o_number bigint[], o_text text[],
    -- postings: {seq, n, at}, {operation, ref, asset, amount, balance}
    p_run int[], p_number bigint[], p_text text[],
    -- balances: {end, seq}, {ref, asset, posted, held, limit}
    b_run int[], b_number bigint[], b_text text[],
    -- the first entry of a run to be announced
    a_run int[], a_seq bigint[], a_at bigint[],
    -- what few changes bring: one object a row, and its bytes
    x_run int[], x_seq bigint[], x_what text[], x_row text[], x_bytes bytea[]
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
    won    int[];
    losses boolean := false;
    setting text;
    n      bigint;
    m      bigint;
    i      int;
    x      record;
    j      jsonb;
BEGIN
    setting := set_config('onbehalf.books', scope_books, true);
    setting := set_config('onbehalf.tenants', scope_tenants, true);

    SELECT version INTO n FROM schema_version WHERE only_row = 1;
    IF n IS DISTINCT FROM want_version THEN
        RAISE EXCEPTION 'schema is at version % and not at %', n, want_version USING ERRCODE = 'OB001';
    END IF;

    -- Operators.
    IF 'operator' = ANY (x_what) THEN
        PERFORM 1 FROM (
            SELECT d.tenant, d.operator FROM unnest(d_tenant, d_operator) AS d (tenant, operator)
            UNION
            SELECT r_tenant[u.run], u.row::jsonb ->> 'id' FROM unnest(x_run, x_what, x_row) AS u (run, what, row) WHERE u.what = 'operator'
            ORDER BY 1, 2
        ) AS v JOIN operators AS o ON o.tenant = v.tenant AND o.operator = v.operator
            ORDER BY o.tenant, o.operator FOR UPDATE OF o;
        n := -1;
    ELSIF cardinality(d_operator) > 0 THEN
        -- Mostly they are as they were, and nothing more has to be asked.
        SELECT count(*) INTO n FROM (
            SELECT o.version = d_version[d.i] AS same FROM generate_series(1, cardinality(d_operator)) AS d (i)
            JOIN operators AS o ON o.tenant = d_tenant[d.i] AND o.operator = d_operator[d.i]
            ORDER BY d.i FOR SHARE OF o
        ) AS held WHERE held.same;
    END IF;
    IF cardinality(d_operator) > 0 AND n <> cardinality(d_operator) THEN
        FOR x IN
            SELECT v_run[v.i] AS run FROM generate_series(1, cardinality(v_run)) AS v (i)
            LEFT JOIN operators AS o ON o.tenant = r_tenant[v_run[v.i]] AND o.operator = v_operator[v.i]
            WHERE coalesce(o.version, 0) <> v_version[v.i]
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
                SELECT r_tenant[i], r_customer[i], r_to[i], substring(r_hashes FROM 64 * i - 31 FOR 32) WHERE ltrim(substring(r_hashes FROM 64 * i - 63 FOR 32), '\x00') = ''
                ON CONFLICT DO NOTHING;
            ELSE
                UPDATE books AS b SET seq = r_to[i], hash = substring(r_hashes FROM 64 * i - 31 FOR 32)
                WHERE b.tenant = r_tenant[i] AND b.customer = r_customer[i] AND b.seq = r_from[i] AND b.hash = substring(r_hashes FROM 64 * i - 63 FOR 32);
            END IF;
            IF NOT FOUND THEN
                cut[i] := 0;
                lost[i] := 'stale';
                losses := true;
            END IF;
        END LOOP;
    ELSE
        WITH moved AS (
            UPDATE books AS b SET seq = r_to[r.run], hash = substring(r_hashes FROM 64 * r.run - 31 FOR 32)
            FROM generate_series(1, cardinality(r_from)) AS r (run)
            WHERE b.tenant = r_tenant[r.run] AND b.customer = r_customer[r.run] AND b.seq = r_from[r.run] AND b.hash = substring(r_hashes FROM 64 * r.run - 63 FOR 32)
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
    IF losses THEN
        SELECT count(*) INTO m FROM generate_series(1, cardinality(e_run)) AS e (i) WHERE e_text[e.i][3] <> '' AND e_number[e.i][1] <= cut[e_run[e.i]];
    ELSE
        m := e_keys;
    END IF;
    INSERT INTO keys (tenant, customer, key, seq)
    SELECT r_tenant[e_run[e.i]], r_customer[e_run[e.i]], e_text[e.i][3], e_number[e.i][1] FROM generate_series(1, cardinality(e_run)) AS e (i)
    WHERE e_text[e.i][3] <> '' AND e_number[e.i][1] <= cut[e_run[e.i]]
    ON CONFLICT DO NOTHING;
    GET DIAGNOSTICS n = ROW_COUNT;
    IF n < m THEN
        FOR x IN
            SELECT e.run, min(e.seq) AS seq FROM (
                SELECT e_run[i] AS run, e_number[i][1] AS seq, e_text[i][3] AS key FROM generate_series(1, cardinality(e_run)) AS i
            ) AS e
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
        DELETE FROM keys AS k USING (
            SELECT e_run[i] AS run, e_number[i][1] AS seq, e_text[i][3] AS key FROM generate_series(1, cardinality(e_run)) AS i
        ) AS e
        WHERE k.tenant = r_tenant[e.run] AND k.customer = r_customer[e.run] AND k.key = e.key AND k.seq = e.seq
            AND lost[e.run] = 'key_taken' AND e.seq > cut[e.run];
        UPDATE books AS b SET seq = e.seq, hash = e.hash
        FROM (
            SELECT e_run[i] AS run, e_number[i][1] AS seq, substring(e_hashes FROM 96 * i - 63 FOR 32) AS hash FROM generate_series(1, cardinality(e_run)) AS i
        ) AS e
        WHERE b.tenant = r_tenant[e.run] AND b.customer = r_customer[e.run] AND lost[e.run] = 'key_taken' AND e.seq = cut[e.run];
        UPDATE books AS b SET seq = r_from[r.run], hash = substring(r_hashes FROM 64 * r.run - 63 FOR 32)
        FROM generate_series(1, cardinality(r_from)) AS r (run)
        WHERE b.tenant = r_tenant[r.run] AND b.customer = r_customer[r.run] AND lost[r.run] = 'key_taken' AND cut[r.run] = r_from[r.run];
    END IF;

    INSERT INTO entries (tenant, customer, seq, prev, hash, at, action, operation, key, fingerprint, bytes)
    SELECT r_tenant[e_run[e.i]], r_customer[e_run[e.i]], e_number[e.i][1], substring(e_hashes FROM 96 * e.i - 95 FOR 32),
        substring(e_hashes FROM 96 * e.i - 63 FOR 32), e_number[e.i][2], e_text[e.i][1], e_text[e.i][2], e_text[e.i][3],
        substring(e_hashes FROM 96 * e.i - 31 FOR 32), substring(e_bytes FROM e_number[e.i][3]::int FOR e_number[e.i][4]::int)
    FROM generate_series(1, cardinality(e_run)) AS e (i)
    WHERE e_number[e.i][1] <= cut[e_run[e.i]];

    IF cardinality(o_run) > 0 THEN
        IF o_again THEN
            INSERT INTO operations (tenant, customer, id, created, updated, version, state, kind, asset, from_account, to_account, amount, maker, created_at, due)
            SELECT r_tenant[o_run[o.i]], r_customer[o_run[o.i]], o_text[o.i][1], o_number[o.i][2], o_number[o.i][3], o_number[o.i][4], o_text[o.i][2], o_text[o.i][3],
                o_text[o.i][4], o_text[o.i][5], o_text[o.i][6], o_text[o.i][7]::numeric, o_text[o.i][8], o_number[o.i][5], o_number[o.i][6]
            FROM generate_series(1, cardinality(o_run)) AS o (i)
            WHERE o_number[o.i][3] <= cut[o_run[o.i]] AND o_number[o.i][1] > cut[o_run[o.i]]
            ON CONFLICT (tenant, customer, id) DO UPDATE SET created = excluded.created, updated = excluded.updated, version = excluded.version,
                state = excluded.state, kind = excluded.kind, asset = excluded.asset, from_account = excluded.from_account,
                to_account = excluded.to_account, amount = excluded.amount, maker = excluded.maker, created_at = excluded.created_at, due = excluded.due;
        ELSE -- plainly, which is cheaper
            INSERT INTO operations (tenant, customer, id, created, updated, version, state, kind, asset, from_account, to_account, amount, maker, created_at, due)
            SELECT r_tenant[o_run[o.i]], r_customer[o_run[o.i]], o_text[o.i][1], o_number[o.i][2], o_number[o.i][3], o_number[o.i][4], o_text[o.i][2], o_text[o.i][3],
                o_text[o.i][4], o_text[o.i][5], o_text[o.i][6], o_text[o.i][7]::numeric, o_text[o.i][8], o_number[o.i][5], o_number[o.i][6]
            FROM generate_series(1, cardinality(o_run)) AS o (i)
            WHERE o_number[o.i][3] <= cut[o_run[o.i]] AND o_number[o.i][1] > cut[o_run[o.i]];
        END IF;
    END IF;

    IF cardinality(p_run) > 0 THEN
        INSERT INTO postings (tenant, customer, ref, seq, n, at, operation, asset, amount, balance)
        SELECT r_tenant[p_run[p.i]], r_customer[p_run[p.i]], p_text[p.i][2], p_number[p.i][1], p_number[p.i][2], p_number[p.i][3], p_text[p.i][1], p_text[p.i][3],
            p_text[p.i][4]::numeric, p_text[p.i][5]::numeric
        FROM generate_series(1, cardinality(p_run)) AS p (i)
        WHERE p_number[p.i][1] <= cut[p_run[p.i]];
    END IF;

    IF cardinality(b_run) > 0 THEN
        -- Mostly they are there. Nobody else adds one: the head is ours.
        UPDATE balances AS k SET posted = b_text[b.i][3]::numeric, held = b_text[b.i][4]::numeric, debt_limit = b_text[b.i][5]::numeric, seq = b_number[b.i][2]
        FROM generate_series(1, cardinality(b_run)) AS b (i)
        WHERE k.tenant = r_tenant[b_run[b.i]] AND k.customer = r_customer[b_run[b.i]] AND k.ref = b_text[b.i][1] AND k.asset = b_text[b.i][2]
            AND b_number[b.i][2] <= cut[b_run[b.i]] AND b_number[b.i][1] > cut[b_run[b.i]];
        GET DIAGNOSTICS n = ROW_COUNT;
        IF n < cardinality(b_run) THEN
            INSERT INTO balances (tenant, customer, ref, asset, posted, held, debt_limit, seq)
            SELECT r_tenant[b_run[b.i]], r_customer[b_run[b.i]], b_text[b.i][1], b_text[b.i][2], b_text[b.i][3]::numeric, b_text[b.i][4]::numeric,
                b_text[b.i][5]::numeric, b_number[b.i][2]
            FROM generate_series(1, cardinality(b_run)) AS b (i)
            WHERE b_number[b.i][2] <= cut[b_run[b.i]] AND b_number[b.i][1] > cut[b_run[b.i]]
            ON CONFLICT DO NOTHING;
        END IF;
    END IF;

    -- The queue: an operation waits as long as it has a time.
    IF o_queue THEN
        DELETE FROM queue AS q USING (
            SELECT o_run[i] AS run, o_number[i][1] AS ended, o_text[i][1] AS id, o_number[i][3] AS updated, o_number[i][6] AS due
            FROM generate_series(1, cardinality(o_run)) AS i
        ) AS o
        WHERE q.tenant = r_tenant[o.run] AND q.customer = r_customer[o.run] AND q.topic = 'work' AND q.item = o.id
            AND o.updated <= cut[o.run] AND o.ended > cut[o.run] AND o.due IS NULL;
        INSERT INTO queue (tenant, customer, topic, item, due, ready, state, seq, tries, holder)
        SELECT r_tenant[o.run], r_customer[o.run], 'work', o.id, o.due, o.due, o.state, o.updated, 0, ''
        FROM (
            SELECT o_run[i] AS run, o_number[i][1] AS ended, o_text[i][1] AS id, o_number[i][3] AS updated, o_text[i][2] AS state, o_number[i][6] AS due
            FROM generate_series(1, cardinality(o_run)) AS i
        ) AS o
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

    IF cardinality(x_run) > 0 THEN
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
    END IF;

    IF losses THEN
        RETURN QUERY SELECT l.run, cut[l.run::int], l.loss FROM unnest(lost) WITH ORDINALITY AS l (loss, run) WHERE l.loss IS NOT NULL;
    END IF;
END
$$;
-- +goose StatementEnd

-- commit_run is commit_runs for the most common batch there is: one run of one
-- new operation, relying on one or two operators, in a book that is there. It
-- does the same in the same order, without arrays for what comes once. The second
-- operator comes after the first bytewise, and is empty where there is none.
-- +goose StatementBegin
CREATE FUNCTION commit_run(
    want_version bigint, scope_book text,
    of_tenant text, of_customer text, of_operator text, operator_version bigint,
    of_seq bigint, of_prev bytea, of_hash bytea, of_at bigint, of_action text, of_operation text, of_key text, of_fingerprint bytea, of_bytes bytea,
    of_state text, of_kind text, of_asset text, of_from text, of_to text, of_amount text, of_maker text, created_at bigint, of_due bigint,
    p_text text[], -- {ref, asset, amount, balance} of each posting
    b_text text[], -- {ref, asset, posted, held, limit} of each balance
    also_operator text, also_version bigint
) RETURNS TABLE (run bigint, stored bigint, loss text)
LANGUAGE plpgsql
SET search_path FROM CURRENT
SET enable_seqscan = off
SET plan_cache_mode = force_generic_plan
AS $$
#variable_conflict use_column
DECLARE
    setting text;
    n       bigint;
    m       bigint;
    also    bigint;
BEGIN
    setting := set_config('onbehalf.books', scope_book, true) || set_config('onbehalf.tenants', of_tenant, true);
    SELECT (SELECT s.version FROM schema_version AS s WHERE s.only_row = 1),
        (SELECT o.version FROM operators AS o WHERE o.tenant = of_tenant AND o.operator = of_operator FOR SHARE),
        (SELECT o.version FROM operators AS o WHERE o.tenant = of_tenant AND o.operator = also_operator FOR SHARE) INTO n, m, also;
    IF n IS DISTINCT FROM want_version THEN
        RAISE EXCEPTION 'schema is at version % and not at %', n, want_version USING ERRCODE = 'OB001';
    END IF;
    IF coalesce(m, 0) <> operator_version OR coalesce(also, 0) <> also_version THEN
        RETURN QUERY VALUES (1::bigint, 0::bigint, 'outdated');
        RETURN;
    END IF;

    UPDATE books AS b SET seq = of_seq, hash = of_hash
    WHERE b.tenant = of_tenant AND b.customer = of_customer AND b.seq = of_seq - 1 AND b.hash = of_prev;
    IF NOT FOUND THEN
        RETURN QUERY VALUES (1::bigint, 0::bigint, 'stale');
        RETURN;
    END IF;
    INSERT INTO keys (tenant, customer, key, seq) VALUES (of_tenant, of_customer, of_key, of_seq) ON CONFLICT DO NOTHING;
    IF NOT FOUND THEN
        UPDATE books AS b SET seq = of_seq - 1, hash = of_prev WHERE b.tenant = of_tenant AND b.customer = of_customer;
        RETURN QUERY VALUES (1::bigint, of_seq - 1, 'key_taken');
        RETURN;
    END IF;

    INSERT INTO entries (tenant, customer, seq, prev, hash, at, action, operation, key, fingerprint, bytes)
    VALUES (of_tenant, of_customer, of_seq, of_prev, of_hash, of_at, of_action, of_operation, of_key, of_fingerprint, of_bytes);
    INSERT INTO operations (tenant, customer, id, created, updated, version, state, kind, asset, from_account, to_account, amount, maker, created_at, due)
    VALUES (of_tenant, of_customer, of_operation, of_seq, of_seq, 1, of_state, of_kind, of_asset, of_from, of_to, of_amount::numeric, of_maker,
        created_at, of_due);
    IF of_due IS NOT NULL THEN
        INSERT INTO queue (tenant, customer, topic, item, due, ready, state, seq, tries, holder)
        VALUES (of_tenant, of_customer, 'work', of_operation, of_due, of_due, of_state, of_seq, 0, '');
    END IF;

    IF array_length(p_text, 1) = 2 THEN
        INSERT INTO postings (tenant, customer, ref, seq, n, at, operation, asset, amount, balance)
        VALUES (of_tenant, of_customer, p_text[1][1], of_seq, 0, of_at, of_operation, p_text[1][2], p_text[1][3]::numeric, p_text[1][4]::numeric),
            (of_tenant, of_customer, p_text[2][1], of_seq, 1, of_at, of_operation, p_text[2][2], p_text[2][3]::numeric, p_text[2][4]::numeric);
    ELSIF cardinality(p_text) > 0 THEN
        INSERT INTO postings (tenant, customer, ref, seq, n, at, operation, asset, amount, balance)
        SELECT of_tenant, of_customer, p_text[p.i][1], of_seq, p.i - 1, of_at, of_operation, p_text[p.i][2], p_text[p.i][3]::numeric, p_text[p.i][4]::numeric
        FROM generate_series(1, array_length(p_text, 1)) AS p (i);
    END IF;
    FOR i IN 1 .. coalesce(array_length(b_text, 1), 0) LOOP
        UPDATE balances AS b SET posted = b_text[i][3]::numeric, held = b_text[i][4]::numeric, debt_limit = b_text[i][5]::numeric, seq = of_seq
        WHERE b.tenant = of_tenant AND b.customer = of_customer AND b.ref = b_text[i][1] AND b.asset = b_text[i][2];
        IF NOT FOUND THEN
            INSERT INTO balances (tenant, customer, ref, asset, posted, held, debt_limit, seq)
            VALUES (of_tenant, of_customer, b_text[i][1], b_text[i][2], b_text[i][3]::numeric, b_text[i][4]::numeric, b_text[i][5]::numeric, of_seq);
        END IF;
    END LOOP;
END
$$;
-- +goose StatementEnd

UPDATE schema_version SET version = 2 WHERE only_row = 1;
