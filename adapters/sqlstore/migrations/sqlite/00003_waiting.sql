-- +goose Up

-- What waits for approval, for the work list of a firm.
CREATE INDEX onbehalf_queue_waiting ON onbehalf_queue (tenant, customer, item) WHERE state = 'awaiting_approval';

UPDATE onbehalf_schema SET version = 3 WHERE only_row = 1;
