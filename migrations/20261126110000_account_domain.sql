-- The name of its domain stands in an account's row too, so that showing an account joins no second object.
ALTER TABLE account ADD COLUMN domain text NOT NULL DEFAULT '';
COMMENT ON COLUMN account.domain IS 'The name of its domain; triggers keep it';

CREATE FUNCTION account_name_domain() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.domain := (SELECT d.name FROM domain d WHERE d.id = NEW.domain_id);
    RETURN NEW;
END $$;

CREATE FUNCTION domain_name_accounts() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE account SET domain = NEW.name WHERE domain_id = NEW.id;
    RETURN NULL;
END $$;

UPDATE account a SET domain = d.name FROM domain d WHERE d.id = a.domain_id;

CREATE TRIGGER account_domain BEFORE INSERT OR UPDATE OF domain_id ON account FOR EACH ROW EXECUTE FUNCTION account_name_domain();
CREATE TRIGGER domain_renamed AFTER UPDATE OF name ON domain FOR EACH ROW WHEN (NEW.name <> OLD.name) EXECUTE FUNCTION domain_name_accounts();
