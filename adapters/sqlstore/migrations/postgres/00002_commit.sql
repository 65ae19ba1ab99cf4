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
    -- operators relied on: each once, and those of every run
    d_tenant text[], d_operator text[], d_version bigint[],
    v_run int[], v_operator text[], v_version bigint[],
    -- entries
    e_run int[], e_seq bigint[], e_prev bytea[], e_hash bytea[], e_at bigint[], e_action text[], e_operation text[],
    e_key text[], e_fingerprint bytea[],
    -- their bytes one after the other, and where each begins, with the end of the last
    e_bytes bytea, e_from int[],
    -- operations, whether any of them waits or has waited, and whether any was there before
    o_queue boolean, o_again boolean,
    o_run int[], o_end bigint[], o_id text[], o_created bigint[], o_updated bigint[], o_version bigint[], o_state text[], o_kind text[],
    o_asset text[], o_from text[], o_to text[], o_amount text[], o_maker text[], o_created_at bigint[], o_due bigint[],
    -- postings
    p_run int[], p_seq bigint[], p_n bigint[], p_at bigint[], p_operation text[], p_ref text[], p_asset text[], p_amount text[], p_balance text[],
    -- balances
    b_run int[], b_end bigint[], b_ref text[], b_asset text[], b_posted text[], b_held text[], b_limit text[], b_seq bigint[],
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
            UPDATE books AS b SET seq = r_to[r.run], hash = r_to_hash[r.run]
            FROM generate_series(1, cardinality(r_from)) AS r (run)
            WHERE b.tenant = r_tenant[r.run] AND b.customer = r_customer[r.run] AND b.seq = r_from[r.run] AND b.hash = r_from_hash[r.run]
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
        SELECT count(*) INTO m FROM generate_series(1, cardinality(e_run)) AS e (i) WHERE e_key[e.i] <> '' AND e_seq[e.i] <= cut[e_run[e.i]];
    ELSE
        m := cardinality(array_remove(e_key, ''));
    END IF;
    INSERT INTO keys (tenant, customer, key, seq)
    SELECT r_tenant[e_run[e.i]], r_customer[e_run[e.i]], e_key[e.i], e_seq[e.i] FROM generate_series(1, cardinality(e_run)) AS e (i)
    WHERE e_key[e.i] <> '' AND e_seq[e.i] <= cut[e_run[e.i]]
    ON CONFLICT DO NOTHING;
    GET DIAGNOSTICS n = ROW_COUNT;
    IF n < m THEN
        FOR x IN
            SELECT e.run, min(e.seq) AS seq FROM unnest(e_run, e_seq, e_key) AS e (run, seq, key)
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
        DELETE FROM keys AS k USING unnest(e_run, e_seq, e_key) AS e (run, seq, key)
        WHERE k.tenant = r_tenant[e.run] AND k.customer = r_customer[e.run] AND k.key = e.key AND k.seq = e.seq
            AND lost[e.run] = 'key_taken' AND e.seq > cut[e.run];
        UPDATE books AS b SET seq = e.seq, hash = e.hash
        FROM unnest(e_run, e_seq, e_hash) AS e (run, seq, hash)
        WHERE b.tenant = r_tenant[e.run] AND b.customer = r_customer[e.run] AND lost[e.run] = 'key_taken' AND e.seq = cut[e.run];
        UPDATE books AS b SET seq = r_from[r.run], hash = r_from_hash[r.run]
        FROM generate_series(1, cardinality(r_from)) AS r (run)
        WHERE b.tenant = r_tenant[r.run] AND b.customer = r_customer[r.run] AND lost[r.run] = 'key_taken' AND cut[r.run] = r_from[r.run];
    END IF;

    INSERT INTO entries (tenant, customer, seq, prev, hash, at, action, operation, key, fingerprint, bytes)
    SELECT r_tenant[e_run[e.i]], r_customer[e_run[e.i]], e_seq[e.i], e_prev[e.i], e_hash[e.i], e_at[e.i], e_action[e.i], e_operation[e.i],
        e_key[e.i], e_fingerprint[e.i], substring(e_bytes FROM e_from[e.i] FOR e_from[e.i + 1] - e_from[e.i])
    FROM generate_series(1, cardinality(e_run)) AS e (i)
    WHERE e_seq[e.i] <= cut[e_run[e.i]];

    IF cardinality(o_run) > 0 THEN
        IF o_again THEN
            INSERT INTO operations (tenant, customer, id, created, updated, version, state, kind, asset, from_account, to_account, amount, maker, created_at, due)
            SELECT r_tenant[o_run[o.i]], r_customer[o_run[o.i]], o_id[o.i], o_created[o.i], o_updated[o.i], o_version[o.i], o_state[o.i], o_kind[o.i],
                o_asset[o.i], o_from[o.i], o_to[o.i], o_amount[o.i]::numeric, o_maker[o.i], o_created_at[o.i], o_due[o.i]
            FROM generate_series(1, cardinality(o_run)) AS o (i)
            WHERE o_updated[o.i] <= cut[o_run[o.i]] AND o_end[o.i] > cut[o_run[o.i]]
            ON CONFLICT (tenant, customer, id) DO UPDATE SET created = excluded.created, updated = excluded.updated, version = excluded.version,
                state = excluded.state, kind = excluded.kind, asset = excluded.asset, from_account = excluded.from_account,
                to_account = excluded.to_account, amount = excluded.amount, maker = excluded.maker, created_at = excluded.created_at, due = excluded.due;
        ELSE -- plainly, which is cheaper
            INSERT INTO operations (tenant, customer, id, created, updated, version, state, kind, asset, from_account, to_account, amount, maker, created_at, due)
            SELECT r_tenant[o_run[o.i]], r_customer[o_run[o.i]], o_id[o.i], o_created[o.i], o_updated[o.i], o_version[o.i], o_state[o.i], o_kind[o.i],
                o_asset[o.i], o_from[o.i], o_to[o.i], o_amount[o.i]::numeric, o_maker[o.i], o_created_at[o.i], o_due[o.i]
            FROM generate_series(1, cardinality(o_run)) AS o (i)
            WHERE o_updated[o.i] <= cut[o_run[o.i]] AND o_end[o.i] > cut[o_run[o.i]];
        END IF;
    END IF;

    IF cardinality(p_run) > 0 THEN
        INSERT INTO postings (tenant, customer, ref, seq, n, at, operation, asset, amount, balance)
        SELECT r_tenant[p_run[p.i]], r_customer[p_run[p.i]], p_ref[p.i], p_seq[p.i], p_n[p.i], p_at[p.i], p_operation[p.i], p_asset[p.i],
            p_amount[p.i]::numeric, p_balance[p.i]::numeric
        FROM generate_series(1, cardinality(p_run)) AS p (i)
        WHERE p_seq[p.i] <= cut[p_run[p.i]];
    END IF;

    IF cardinality(b_run) > 0 THEN
        -- Mostly they are there. Nobody else adds one: the head is ours.
        UPDATE balances AS k SET posted = b_posted[b.i]::numeric, held = b_held[b.i]::numeric, debt_limit = b_limit[b.i]::numeric, seq = b_seq[b.i]
        FROM generate_series(1, cardinality(b_run)) AS b (i)
        WHERE k.tenant = r_tenant[b_run[b.i]] AND k.customer = r_customer[b_run[b.i]] AND k.ref = b_ref[b.i] AND k.asset = b_asset[b.i]
            AND b_seq[b.i] <= cut[b_run[b.i]] AND b_end[b.i] > cut[b_run[b.i]];
        GET DIAGNOSTICS n = ROW_COUNT;
        IF n < cardinality(b_run) THEN
            INSERT INTO balances (tenant, customer, ref, asset, posted, held, debt_limit, seq)
            SELECT r_tenant[b_run[b.i]], r_customer[b_run[b.i]], b_ref[b.i], b_asset[b.i], b_posted[b.i]::numeric, b_held[b.i]::numeric,
                b_limit[b.i]::numeric, b_seq[b.i]
            FROM generate_series(1, cardinality(b_run)) AS b (i)
            WHERE b_seq[b.i] <= cut[b_run[b.i]] AND b_end[b.i] > cut[b_run[b.i]]
            ON CONFLICT DO NOTHING;
        END IF;
    END IF;

    -- The queue: an operation waits as long as it has a time.
    IF o_queue THEN
        DELETE FROM queue AS q USING unnest(o_run, o_end, o_id, o_updated, o_due) AS o (run, ended, id, updated, due)
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
    p_ref text[], p_asset text[], p_amount text[], p_balance text[],
    b_ref text[], b_asset text[], b_posted text[], b_held text[], b_limit text[],
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

    IF cardinality(p_ref) = 2 THEN
        INSERT INTO postings (tenant, customer, ref, seq, n, at, operation, asset, amount, balance)
        VALUES (of_tenant, of_customer, p_ref[1], of_seq, 0, of_at, of_operation, p_asset[1], p_amount[1]::numeric, p_balance[1]::numeric),
            (of_tenant, of_customer, p_ref[2], of_seq, 1, of_at, of_operation, p_asset[2], p_amount[2]::numeric, p_balance[2]::numeric);
    ELSIF cardinality(p_ref) > 0 THEN
        INSERT INTO postings (tenant, customer, ref, seq, n, at, operation, asset, amount, balance)
        SELECT of_tenant, of_customer, p_ref[p.i], of_seq, p.i - 1, of_at, of_operation, p_asset[p.i], p_amount[p.i]::numeric, p_balance[p.i]::numeric
        FROM generate_series(1, cardinality(p_ref)) AS p (i);
    END IF;
    FOR i IN 1 .. coalesce(cardinality(b_ref), 0) LOOP
        UPDATE balances AS b SET posted = b_posted[i]::numeric, held = b_held[i]::numeric, debt_limit = b_limit[i]::numeric, seq = of_seq
        WHERE b.tenant = of_tenant AND b.customer = of_customer AND b.ref = b_ref[i] AND b.asset = b_asset[i];
        IF NOT FOUND THEN
            INSERT INTO balances (tenant, customer, ref, asset, posted, held, debt_limit, seq)
            VALUES (of_tenant, of_customer, b_ref[i], b_asset[i], b_posted[i]::numeric, b_held[i]::numeric, b_limit[i]::numeric, of_seq);
        END IF;
    END LOOP;
END
$$;
-- +goose StatementEnd

UPDATE schema_version SET version = 2 WHERE only_row = 1;
