-- What a good engineer would install for exactly this workload, beside the
-- store's own tables.

-- hand_one stores one operation.
CREATE FUNCTION hand_one(
    of_tenant text, of_customer text, of_seq bigint, of_prev bytea, of_hash bytea, of_at bigint, of_key text, of_operation text,
    of_kind text, of_from text, of_to text, of_asset text, of_amount text, of_fingerprint bytea, of_bytes bytea,
    ref_one text, amount_one text, balance_one text, ref_two text, amount_two text, balance_two text
) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    UPDATE books SET seq = of_seq, hash = of_hash
    WHERE tenant = of_tenant AND customer = of_customer AND seq = of_seq - 1 AND hash = of_prev;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'the head has moved';
    END IF;
    INSERT INTO keys (tenant, customer, key, seq) VALUES (of_tenant, of_customer, of_key, of_seq);
    INSERT INTO entries (tenant, customer, seq, prev, hash, at, action, operation, key, fingerprint, bytes)
    VALUES (of_tenant, of_customer, of_seq, of_prev, of_hash, of_at, 'submit', of_operation, of_key, of_fingerprint, of_bytes);
    INSERT INTO operations (tenant, customer, id, created, updated, version, state, kind, asset, from_account, to_account, amount, maker, created_at)
    VALUES (of_tenant, of_customer, of_operation, of_seq, of_seq, 1, 'completed', of_kind, of_asset, of_from, of_to, of_amount::numeric, 'teller', of_at);
    INSERT INTO postings (tenant, customer, ref, seq, n, at, operation, asset, amount, balance)
    VALUES (of_tenant, of_customer, ref_one, of_seq, 0, of_at, of_operation, of_asset, amount_one::numeric, balance_one::numeric),
        (of_tenant, of_customer, ref_two, of_seq, 1, of_at, of_operation, of_asset, amount_two::numeric, balance_two::numeric);
    UPDATE balances SET posted = balance_one::numeric, seq = of_seq
    WHERE tenant = of_tenant AND customer = of_customer AND ref = ref_one AND asset = of_asset;
    UPDATE balances SET posted = balance_two::numeric, seq = of_seq
    WHERE tenant = of_tenant AND customer = of_customer AND ref = ref_two AND asset = of_asset;
END
$$;

-- hand_batch stores many operations of different books, or of the same: heads
-- and balances come once for each book and account.
CREATE FUNCTION hand_batch(
    of_tenant text, of_asset text,
    h_customer text[], h_from bigint[], h_from_hash bytea[], h_to bigint[], h_to_hash bytea[],
    c_customer text[], c_seq bigint[], c_prev bytea[], c_hash bytea[], c_at bigint[], c_key text[], c_operation text[],
    c_kind text[], c_from text[], c_to text[], c_amount text[], c_fingerprint bytea[], c_bytes bytea[],
    p_customer text[], p_ref text[], p_seq bigint[], p_n bigint[], p_at bigint[], p_operation text[], p_amount text[], p_balance text[],
    b_customer text[], b_ref text[], b_posted text[], b_seq bigint[]
) RETURNS void LANGUAGE plpgsql
SET enable_seqscan = off
SET enable_hashjoin = off
SET enable_mergejoin = off
SET plan_cache_mode = force_generic_plan
AS $$
DECLARE
    n bigint;
BEGIN
    UPDATE books AS b SET seq = h.to_seq, hash = h.to_hash
    FROM unnest(h_customer, h_from, h_from_hash, h_to, h_to_hash) AS h (customer, from_seq, from_hash, to_seq, to_hash)
    WHERE b.tenant = of_tenant AND b.customer = h.customer AND b.seq = h.from_seq AND b.hash = h.from_hash;
    GET DIAGNOSTICS n = ROW_COUNT;
    IF n <> cardinality(h_customer) THEN
        RAISE EXCEPTION 'a head has moved';
    END IF;
    INSERT INTO keys (tenant, customer, key, seq)
    SELECT of_tenant, c.customer, c.key, c.seq FROM unnest(c_customer, c_key, c_seq) AS c (customer, key, seq);
    INSERT INTO entries (tenant, customer, seq, prev, hash, at, action, operation, key, fingerprint, bytes)
    SELECT of_tenant, c.customer, c.seq, c.prev, c.hash, c.at, 'submit', c.operation, c.key, c.fingerprint, c.bytes
    FROM unnest(c_customer, c_seq, c_prev, c_hash, c_at, c_operation, c_key, c_fingerprint, c_bytes)
        AS c (customer, seq, prev, hash, at, operation, key, fingerprint, bytes);
    INSERT INTO operations (tenant, customer, id, created, updated, version, state, kind, asset, from_account, to_account, amount, maker, created_at)
    SELECT of_tenant, c.customer, c.operation, c.seq, c.seq, 1, 'completed', c.kind, of_asset, c.from_account, c.to_account, c.amount::numeric, 'teller', c.at
    FROM unnest(c_customer, c_operation, c_seq, c_kind, c_from, c_to, c_amount, c_at)
        AS c (customer, operation, seq, kind, from_account, to_account, amount, at);
    INSERT INTO postings (tenant, customer, ref, seq, n, at, operation, asset, amount, balance)
    SELECT of_tenant, p.customer, p.ref, p.seq, p.n, p.at, p.operation, of_asset, p.amount::numeric, p.balance::numeric
    FROM unnest(p_customer, p_ref, p_seq, p_n, p_at, p_operation, p_amount, p_balance)
        AS p (customer, ref, seq, n, at, operation, amount, balance);
    UPDATE balances AS b SET posted = c.posted::numeric, seq = c.seq
    FROM unnest(b_customer, b_ref, b_posted, b_seq) AS c (customer, ref, posted, seq)
    WHERE b.tenant = of_tenant AND b.customer = c.customer AND b.ref = c.ref AND b.asset = of_asset;
    GET DIAGNOSTICS n = ROW_COUNT;
    IF n <> cardinality(b_customer) THEN
        RAISE EXCEPTION 'a balance is missing';
    END IF;
END
$$;
