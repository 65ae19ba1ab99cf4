-- +goose Up

-- What waits: operations for their time, and outboxes with entries to deliver,
-- whose item is empty. ready is NULL while a ticket is parked.
CREATE TABLE onbehalf_queue (
    tenant   TEXT    NOT NULL,
    customer TEXT    NOT NULL,
    topic    TEXT    NOT NULL,
    item     TEXT    NOT NULL,
    due      INTEGER NOT NULL,
    ready    INTEGER,
    state    TEXT    NOT NULL,
    seq      INTEGER NOT NULL,
    tries    INTEGER NOT NULL,
    holder   TEXT    NOT NULL,
    PRIMARY KEY (tenant, customer, topic, item)
) STRICT, WITHOUT ROWID;

CREATE INDEX onbehalf_queue_ready ON onbehalf_queue (topic, tenant, ready, customer, item) WHERE ready IS NOT NULL;
CREATE INDEX onbehalf_queue_parked ON onbehalf_queue (tenant, customer, topic, item) WHERE ready IS NULL;

INSERT INTO onbehalf_queue (tenant, customer, topic, item, due, ready, state, seq, tries, holder)
    SELECT tenant, customer, 'work', id, due, due, state, updated, 0, '' FROM onbehalf_operations WHERE due IS NOT NULL;

DROP INDEX onbehalf_operations_due;

-- The system accounts of all books of a tenant, for its positions.
CREATE INDEX onbehalf_balances_system ON onbehalf_balances (tenant, ref, asset)
    WHERE ref = 'suspense' OR instr(ref, ':') > 0;

UPDATE onbehalf_schema SET version = 2 WHERE only_row = 1;
