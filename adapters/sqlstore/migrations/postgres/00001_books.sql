-- +goose Up

-- Names here stand without a schema: they are made in the first one of the
-- search_path, which Migrate and Migrations set. Identifiers are compared
-- bytewise, times are microseconds since 1970 in UTC, amounts are numeric as
-- they were decided: nothing here rounds or adds.

-- The version of this schema, for whichever tool runs the migrations. Every
-- later migration raises it.
CREATE TABLE schema_version (
    only_row smallint NOT NULL PRIMARY KEY CHECK (only_row = 1),
    version  bigint   NOT NULL
);

-- The head of each journal: the row a commit moves.
CREATE TABLE books (
    tenant   text COLLATE "C" NOT NULL,
    customer text COLLATE "C" NOT NULL,
    seq      bigint NOT NULL,
    hash     bytea  NOT NULL,
    PRIMARY KEY (tenant, customer)
) WITH (fillfactor = 50);

-- The journals, with the very bytes that are hashed.
CREATE TABLE entries (
    tenant      text COLLATE "C" NOT NULL,
    customer    text COLLATE "C" NOT NULL,
    seq         bigint NOT NULL,
    prev        bytea  NOT NULL,
    hash        bytea  NOT NULL,
    at          bigint NOT NULL,
    action      text COLLATE "C" NOT NULL,
    operation   text COLLATE "C" NOT NULL,
    key         text COLLATE "C" NOT NULL,
    fingerprint bytea  NOT NULL,
    bytes       bytea  NOT NULL,
    PRIMARY KEY (tenant, customer, seq)
);

CREATE TABLE keys (
    tenant   text COLLATE "C" NOT NULL,
    customer text COLLATE "C" NOT NULL,
    key      text COLLATE "C" NOT NULL,
    seq      bigint NOT NULL,
    PRIMARY KEY (tenant, customer, key)
);

-- The key is the order of history: a page is one sweep over its end.
CREATE TABLE operations (
    tenant       text COLLATE "C" NOT NULL,
    customer     text COLLATE "C" NOT NULL,
    id           text COLLATE "C" NOT NULL,
    created      bigint  NOT NULL,
    updated      bigint  NOT NULL,
    version      bigint  NOT NULL,
    state        text COLLATE "C" NOT NULL,
    kind         text COLLATE "C" NOT NULL,
    asset        text COLLATE "C" NOT NULL,
    from_account text COLLATE "C" NOT NULL,
    to_account   text COLLATE "C" NOT NULL,
    amount       numeric NOT NULL CHECK (amount <> 'NaN'),
    maker        text COLLATE "C" NOT NULL,
    created_at   bigint  NOT NULL,
    due          bigint,
    PRIMARY KEY (tenant, customer, created, id)
) WITH (fillfactor = 90);

CREATE UNIQUE INDEX operations_id ON operations (tenant, customer, id);

CREATE TABLE postings (
    tenant    text COLLATE "C" NOT NULL,
    customer  text COLLATE "C" NOT NULL,
    ref       text COLLATE "C" NOT NULL,
    seq       bigint  NOT NULL,
    n         bigint  NOT NULL,
    at        bigint  NOT NULL,
    operation text COLLATE "C" NOT NULL,
    asset     text COLLATE "C" NOT NULL,
    amount    numeric NOT NULL CHECK (amount <> 'NaN'),
    balance   numeric NOT NULL CHECK (balance <> 'NaN'),
    PRIMARY KEY (tenant, customer, ref, seq, n)
);

CREATE TABLE balances (
    tenant     text COLLATE "C" NOT NULL,
    customer   text COLLATE "C" NOT NULL,
    ref        text COLLATE "C" NOT NULL,
    asset      text COLLATE "C" NOT NULL,
    posted     numeric NOT NULL CHECK (posted <> 'NaN'),
    held       numeric NOT NULL CHECK (held <> 'NaN'),
    debt_limit numeric NOT NULL CHECK (debt_limit <> 'NaN'),
    seq        bigint  NOT NULL,
    PRIMARY KEY (tenant, customer, ref, asset)
) WITH (fillfactor = 50);

-- What the firm holds and owes, asset by asset, is on the system accounts.
CREATE INDEX balances_system ON balances (tenant, ref, asset) WHERE strpos(ref, ':') > 0 OR ref = 'suspense';

CREATE TABLE customers (
    tenant     text COLLATE "C" NOT NULL,
    customer   text COLLATE "C" NOT NULL,
    type       text COLLATE "C" NOT NULL,
    status     text COLLATE "C" NOT NULL,
    country    text COLLATE "C" NOT NULL,
    name       text COLLATE "C",
    tax_id     text COLLATE "C",
    opened_at  bigint NOT NULL,
    opened_by  text COLLATE "C" NOT NULL,
    updated_at bigint NOT NULL,
    updated_by text COLLATE "C" NOT NULL,
    PRIMARY KEY (tenant, customer)
);

CREATE TABLE grants (
    tenant   text COLLATE "C" NOT NULL,
    customer text COLLATE "C" NOT NULL,
    id       text COLLATE "C" NOT NULL,
    operator text COLLATE "C" NOT NULL,
    lists    bigint NOT NULL,
    expires  bigint,
    revoked  bigint NOT NULL,
    document text COLLATE "C" NOT NULL,
    PRIMARY KEY (tenant, customer, id)
);

CREATE INDEX grants_operator ON grants (tenant, operator, customer, expires) WHERE revoked = 0 AND lists = 1;

-- Operators belong to the tenant: the only rows books share.
CREATE TABLE operators (
    tenant   text COLLATE "C" NOT NULL,
    operator text COLLATE "C" NOT NULL,
    version  bigint NOT NULL,
    document text COLLATE "C" NOT NULL,
    PRIMARY KEY (tenant, operator)
) WITH (fillfactor = 50);

-- Personal data beside the journal; erased rows keep their digest alone.
CREATE TABLE personal (
    tenant   text COLLATE "C" NOT NULL,
    customer text COLLATE "C" NOT NULL,
    subject  text COLLATE "C" NOT NULL,
    digest   bytea NOT NULL,
    salt     bytea,
    value    bytea,
    PRIMARY KEY (tenant, customer, subject)
);

CREATE TABLE snapshots (
    tenant   text COLLATE "C" NOT NULL,
    customer text COLLATE "C" NOT NULL,
    seq      bigint NOT NULL,
    hash     bytea  NOT NULL,
    bytes    bytea  NOT NULL,
    PRIMARY KEY (tenant, customer)
);

-- What waits for its time: operations, and books with entries to deliver. A
-- ticket without a time to be ready is parked.
CREATE TABLE queue (
    tenant   text COLLATE "C" NOT NULL,
    customer text COLLATE "C" NOT NULL,
    topic    text COLLATE "C" NOT NULL,
    item     text COLLATE "C" NOT NULL,
    due      bigint NOT NULL,
    ready    bigint,
    state    text COLLATE "C" NOT NULL,
    seq      bigint NOT NULL,
    tries    bigint NOT NULL,
    holder   text COLLATE "C" NOT NULL,
    PRIMARY KEY (tenant, customer, topic, item)
) WITH (fillfactor = 70);

CREATE INDEX queue_ready ON queue (topic, tenant, ready, customer, item) WHERE ready IS NOT NULL;
CREATE INDEX queue_parked ON queue (tenant, customer, topic, item) WHERE ready IS NULL;
CREATE INDEX queue_waiting ON queue (tenant, customer, item) WHERE state = 'awaiting_approval';

INSERT INTO schema_version (only_row, version) VALUES (1, 1);
