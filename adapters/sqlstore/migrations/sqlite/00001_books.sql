-- +goose Up

-- The version of this schema, for whichever tool runs the migrations. Every
-- later migration raises it.
CREATE TABLE onbehalf_schema (
    only_row INTEGER NOT NULL PRIMARY KEY CHECK (only_row = 1),
    version  INTEGER NOT NULL
) STRICT;

-- The head of each journal: the row a commit moves.
CREATE TABLE onbehalf_books (
    tenant   TEXT    NOT NULL,
    customer TEXT    NOT NULL,
    seq      INTEGER NOT NULL,
    hash     BLOB    NOT NULL,
    PRIMARY KEY (tenant, customer)
) STRICT, WITHOUT ROWID;

-- The journals. Entries of a kilobyte or two stand better in a table by rowid:
-- the index stays small and a new entry is appended.
CREATE TABLE onbehalf_entries (
    tenant      TEXT    NOT NULL,
    customer    TEXT    NOT NULL,
    seq         INTEGER NOT NULL,
    prev        BLOB    NOT NULL,
    hash        BLOB    NOT NULL,
    at          INTEGER NOT NULL,
    action      TEXT    NOT NULL,
    operation   TEXT    NOT NULL,
    key         TEXT    NOT NULL,
    fingerprint BLOB    NOT NULL,
    bytes       BLOB    NOT NULL,
    PRIMARY KEY (tenant, customer, seq)
) STRICT;

CREATE TABLE onbehalf_keys (
    tenant   TEXT    NOT NULL,
    customer TEXT    NOT NULL,
    key      TEXT    NOT NULL,
    seq      INTEGER NOT NULL,
    PRIMARY KEY (tenant, customer, key)
) STRICT, WITHOUT ROWID;

-- Clustered in the order of history, so that a page is read in one sweep.
CREATE TABLE onbehalf_operations (
    tenant       TEXT    NOT NULL,
    customer     TEXT    NOT NULL,
    id           TEXT    NOT NULL,
    created      INTEGER NOT NULL,
    updated      INTEGER NOT NULL,
    version      INTEGER NOT NULL,
    state        TEXT    NOT NULL,
    kind         TEXT    NOT NULL,
    asset        TEXT    NOT NULL,
    from_account TEXT    NOT NULL,
    to_account   TEXT    NOT NULL,
    amount       TEXT    NOT NULL,
    amount_key   TEXT    NOT NULL,
    maker        TEXT    NOT NULL,
    created_at   INTEGER NOT NULL,
    due          INTEGER,
    PRIMARY KEY (tenant, customer, created, id)
) STRICT, WITHOUT ROWID;

CREATE UNIQUE INDEX onbehalf_operations_id ON onbehalf_operations (tenant, customer, id);
CREATE INDEX onbehalf_operations_due ON onbehalf_operations (due, tenant, customer, id) WHERE due IS NOT NULL;

CREATE TABLE onbehalf_postings (
    tenant    TEXT    NOT NULL,
    customer  TEXT    NOT NULL,
    ref       TEXT    NOT NULL,
    seq       INTEGER NOT NULL,
    n         INTEGER NOT NULL,
    at        INTEGER NOT NULL,
    operation TEXT    NOT NULL,
    asset     TEXT    NOT NULL,
    amount    TEXT    NOT NULL,
    balance   TEXT    NOT NULL,
    PRIMARY KEY (tenant, customer, ref, seq, n)
) STRICT, WITHOUT ROWID;

CREATE TABLE onbehalf_balances (
    tenant       TEXT    NOT NULL,
    customer     TEXT    NOT NULL,
    ref          TEXT    NOT NULL,
    asset        TEXT    NOT NULL,
    posted       TEXT    NOT NULL,
    held         TEXT    NOT NULL,
    debt_limit TEXT  NOT NULL,
    seq          INTEGER NOT NULL,
    PRIMARY KEY (tenant, customer, ref, asset)
) STRICT, WITHOUT ROWID;

CREATE TABLE onbehalf_customers (
    tenant     TEXT    NOT NULL,
    customer   TEXT    NOT NULL,
    type       TEXT    NOT NULL,
    status     TEXT    NOT NULL,
    country    TEXT    NOT NULL,
    name       TEXT,
    tax_id     TEXT,
    opened_at  INTEGER NOT NULL,
    opened_by  TEXT    NOT NULL,
    updated_at INTEGER NOT NULL,
    updated_by TEXT    NOT NULL,
    PRIMARY KEY (tenant, customer)
) STRICT, WITHOUT ROWID;

CREATE TABLE onbehalf_grants (
    tenant   TEXT    NOT NULL,
    customer TEXT    NOT NULL,
    id       TEXT    NOT NULL,
    operator TEXT    NOT NULL,
    lists    INTEGER NOT NULL,
    expires  INTEGER,
    revoked  INTEGER NOT NULL,
    document TEXT    NOT NULL,
    PRIMARY KEY (tenant, customer, id)
) STRICT, WITHOUT ROWID;

CREATE INDEX onbehalf_grants_operator ON onbehalf_grants (tenant, operator, customer, expires)
    WHERE revoked = 0 AND lists = 1;

-- Operators belong to the tenant: the only rows books share.
CREATE TABLE onbehalf_operators (
    tenant   TEXT    NOT NULL,
    operator TEXT    NOT NULL,
    version  INTEGER NOT NULL,
    document TEXT    NOT NULL,
    PRIMARY KEY (tenant, operator)
) STRICT, WITHOUT ROWID;

-- Personal data beside the journal; erased rows keep their digest alone.
CREATE TABLE onbehalf_personal (
    tenant   TEXT NOT NULL,
    customer TEXT NOT NULL,
    subject  TEXT NOT NULL,
    digest   BLOB NOT NULL,
    salt     BLOB,
    value    BLOB,
    PRIMARY KEY (tenant, customer, subject)
) STRICT, WITHOUT ROWID;

CREATE TABLE onbehalf_snapshots (
    tenant   TEXT    NOT NULL,
    customer TEXT    NOT NULL,
    seq      INTEGER NOT NULL,
    hash     BLOB    NOT NULL,
    bytes    BLOB    NOT NULL,
    PRIMARY KEY (tenant, customer)
) STRICT;

INSERT INTO onbehalf_schema (only_row, version) VALUES (1, 1);
