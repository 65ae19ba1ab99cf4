-- fill_history fills books with operations that were completed at once, an entry
-- each. The chains are as long as they should be, and nobody follows them.
CREATE FUNCTION fill_history(books bigint, each bigint, deep_book text, deep bigint) RETURNS void
LANGUAGE plpgsql SET search_path = onbehalf AS $$
BEGIN
    CREATE TEMPORARY TABLE shape ON COMMIT DROP AS
    SELECT 'book-' || lpad(n::text, 8, '0') AS customer, each AS entries FROM generate_series(1, books) AS n
    UNION ALL SELECT deep_book, deep WHERE deep > 0;
    INSERT INTO books (tenant, customer, seq, hash)
    SELECT 'bench', s.customer, s.entries, sha256((s.customer || '/' || s.entries)::bytea) FROM shape AS s;
    INSERT INTO entries (tenant, customer, seq, prev, hash, at, action, operation, key, fingerprint, bytes)
    SELECT 'bench', s.customer, n, sha256((s.customer || '/' || n - 1)::bytea), sha256((s.customer || '/' || n)::bytea), 1700000000000000 + n, 'submit',
        lpad(n::text, 36, '0'), 'key-' || n, sha256(n::text::bytea), repeat('x', 200)::bytea
    FROM shape AS s CROSS JOIN LATERAL generate_series(1, s.entries) AS n ORDER BY s.customer, n;
    INSERT INTO operations (tenant, customer, id, created, updated, version, state, kind, asset, from_account, to_account, amount, maker, created_at)
    SELECT 'bench', s.customer, lpad(n::text, 36, '0'), n, n, 1, 'completed', 'deposit', 'EUR', '', '00000000-0000-7000-8000-000000000001',
        trim_scale((n % 100000) / 100.0), 'teller', 1700000000000000 + n
    FROM shape AS s CROSS JOIN LATERAL generate_series(1, s.entries) AS n ORDER BY s.customer, n;
END
$$;
