-- +goose Up

-- Row-level security: whoever is neither a superuser nor exempt sees and writes
-- rows of the books named in the settings of his transaction alone, the owner
-- of the tables included. The settings are read once a statement, in a
-- sub-select; read directly they would be read again for every row. Inside
-- coalesce the planner takes a policy to hold for every other row; it would else
-- believe that hardly any row meets it, and sort a whole book for one page.
--
--   onbehalf.books    tenant/customer, several with commas between them
--   onbehalf.tenants  tenants, with commas between them, for their operators
--   onbehalf.firm     a tenant, for reading lists over its books
-- +goose StatementBegin
DO $$
DECLARE
    name text;
BEGIN
    FOREACH name IN ARRAY ARRAY['books', 'entries', 'keys', 'operations', 'postings', 'balances', 'customers', 'grants', 'personal', 'snapshots', 'queue'] LOOP
        EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY', name);
        EXECUTE format($policy$CREATE POLICY book ON %I
            USING (coalesce(tenant || '/' || customer = ANY ((SELECT string_to_array(current_setting('onbehalf.books', true), ','))::text[]), false))$policy$, name);
    END LOOP;
    ALTER TABLE operators ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
    CREATE POLICY tenant ON operators
        USING (coalesce(tenant = ANY ((SELECT string_to_array(current_setting('onbehalf.tenants', true), ','))::text[]), false));
    FOREACH name IN ARRAY ARRAY['books', 'customers', 'grants', 'balances', 'queue'] LOOP
        EXECUTE format($policy$CREATE POLICY firm ON %I FOR SELECT
            USING (tenant = (SELECT nullif(current_setting('onbehalf.firm', true), '')))$policy$, name);
    END LOOP;
END
$$;
-- +goose StatementEnd

-- The journal grows and nothing else, whoever tries.
-- +goose StatementBegin
CREATE FUNCTION refuse_change() RETURNS trigger
LANGUAGE plpgsql
AS $$
BEGIN
    RAISE EXCEPTION 'entries are never changed or removed' USING ERRCODE = 'OB003';
END
$$;
-- +goose StatementEnd

CREATE TRIGGER entries_stay BEFORE UPDATE OR DELETE ON entries FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER entries_stay_all BEFORE TRUNCATE ON entries FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

UPDATE schema_version SET version = 4 WHERE only_row = 1;
