-- +goose Up

-- find_in_book is the head of a book with what was wanted of it, in one row and
-- of one moment: a key's entry, an operation with its entry, an operator. It
-- tells row-level security itself which book it is about, and so needs no
-- transaction around it.
-- +goose StatementBegin
CREATE FUNCTION find_in_book(of_tenant text, of_customer text, want_key text, want_operation text, want_operator text)
RETURNS TABLE (
    schema_version bigint, head_seq bigint, head_hash bytea, key_seq bigint, seen bigint, operator_version bigint, operator_document text,
    k_seq bigint, k_prev bytea, k_hash bytea, k_at bigint, k_action text, k_operation text, k_key text, k_fingerprint bytea, k_bytes bytea,
    o_id text, o_created bigint, o_updated bigint, o_version bigint, o_state text, o_kind text, o_asset text, o_from text, o_to text,
    o_amount numeric, o_maker text, o_created_at bigint, o_due bigint,
    e_seq bigint, e_prev bytea, e_hash bytea, e_at bigint, e_action text, e_operation text, e_key text, e_fingerprint bytea, e_bytes bytea
)
LANGUAGE plpgsql STABLE
SET search_path FROM CURRENT
SET enable_seqscan = off
SET enable_hashjoin = off
SET enable_mergejoin = off
SET plan_cache_mode = force_generic_plan
AS $$
#variable_conflict use_column
BEGIN
    PERFORM set_config('onbehalf.books', of_tenant || '/' || of_customer, true),
        set_config('onbehalf.tenants', of_tenant, true);
    SELECT s.version INTO schema_version FROM schema_version AS s WHERE s.only_row = 1;
    SELECT b.seq, b.hash INTO head_seq, head_hash FROM books AS b WHERE b.tenant = of_tenant AND b.customer = of_customer;
    IF want_key <> '' THEN
        SELECT k.seq, e.seq, e.prev, e.hash, e.at, e.action, e.operation, e.key, e.fingerprint, e.bytes
        INTO key_seq, k_seq, k_prev, k_hash, k_at, k_action, k_operation, k_key, k_fingerprint, k_bytes
        FROM keys AS k LEFT JOIN entries AS e ON e.tenant = of_tenant AND e.customer = of_customer AND e.seq = k.seq
        WHERE k.tenant = of_tenant AND k.customer = of_customer AND k.key = want_key;
    END IF;
    IF want_operation <> '' THEN
        SELECT 1, o.id, o.created, o.updated, o.version, o.state, o.kind, o.asset, o.from_account, o.to_account, o.amount, o.maker, o.created_at, o.due,
            e.seq, e.prev, e.hash, e.at, e.action, e.operation, e.key, e.fingerprint, e.bytes
        INTO seen, o_id, o_created, o_updated, o_version, o_state, o_kind, o_asset, o_from, o_to, o_amount, o_maker, o_created_at, o_due,
            e_seq, e_prev, e_hash, e_at, e_action, e_operation, e_key, e_fingerprint, e_bytes
        FROM operations AS o LEFT JOIN entries AS e ON e.tenant = of_tenant AND e.customer = of_customer AND e.seq = o.updated
        WHERE o.tenant = of_tenant AND o.customer = of_customer AND o.id = want_operation;
    END IF;
    IF want_operator <> '' THEN
        SELECT p.version, p.document INTO operator_version, operator_document
        FROM operators AS p WHERE p.tenant = of_tenant AND p.operator = want_operator;
    END IF;
    RETURN NEXT;
END
$$;
-- +goose StatementEnd

-- load_book is what is needed to fold a book forward from an entry: its head
-- (part 0), the newest snapshot (1) if the entries after that seq are more than
-- most, and the entries (2) after the one or the other, in their order. All of
-- it is of one moment.
-- +goose StatementBegin
CREATE FUNCTION load_book(of_tenant text, of_customer text, since bigint, most bigint)
RETURNS TABLE (
    part bigint, seq bigint, prev bytea, hash bytea, at bigint, action text, operation text, key text, fingerprint bytea, bytes bytea, schema_version bigint
)
LANGUAGE plpgsql STABLE
SET search_path FROM CURRENT
SET enable_seqscan = off
SET enable_bitmapscan = off
SET plan_cache_mode = force_generic_plan
AS $$
#variable_conflict use_column
DECLARE
    v     bigint;
    head  bigint;
    start bigint := since;
    b     record;
BEGIN
    PERFORM set_config('onbehalf.books', of_tenant || '/' || of_customer, true),
        set_config('onbehalf.tenants', of_tenant, true);
    SELECT s.version INTO v FROM schema_version AS s WHERE s.only_row = 1;
    SELECT b.seq, b.hash INTO b FROM books AS b WHERE b.tenant = of_tenant AND b.customer = of_customer;
    part := 0;
    seq := b.seq;
    hash := b.hash;
    schema_version := v;
    RETURN NEXT;
    head := coalesce(b.seq, 0);
    IF head <= since THEN
        RETURN;
    END IF;
    IF head - since > most THEN
        SELECT s.seq, s.hash, s.bytes INTO b FROM snapshots AS s WHERE s.tenant = of_tenant AND s.customer = of_customer;
        IF b.seq > since THEN
            start := b.seq;
            part := 1;
            seq := b.seq;
            hash := b.hash;
            bytes := b.bytes;
            RETURN NEXT;
        END IF;
    END IF;
    RETURN QUERY SELECT 2::bigint, e.seq, e.prev, e.hash, e.at, e.action, e.operation, e.key, e.fingerprint, e.bytes, v
        FROM entries AS e WHERE e.tenant = of_tenant AND e.customer = of_customer AND e.seq > start ORDER BY e.seq;
END
$$;
-- +goose StatementEnd

UPDATE schema_version SET version = 3 WHERE only_row = 1;
