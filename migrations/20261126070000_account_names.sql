-- An account's other names and numbers stand in its row too, so that showing an account reads one row of it.
ALTER TABLE account
    ADD COLUMN aliases text[] NOT NULL DEFAULT '{}',
    ADD COLUMN telnums text[] NOT NULL DEFAULT '{}';
COMMENT ON COLUMN account.aliases IS 'The names of kind alias in object_name, in order; a trigger keeps them';
COMMENT ON COLUMN account.telnums IS 'The numbers in telnum, in order; a trigger keeps them';

CREATE FUNCTION account_gather_aliases() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE account a SET aliases = ARRAY(SELECT n.name FROM object_name n WHERE n.object_id = a.id AND n.kind = 'alias' ORDER BY n.name)
    WHERE a.id IN (OLD.object_id, NEW.object_id);
    RETURN NULL;
END $$;

CREATE FUNCTION account_gather_telnums() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE account a SET telnums = ARRAY(SELECT t.number FROM telnum t WHERE t.account_id = a.id ORDER BY t.number)
    WHERE a.id IN (OLD.account_id, NEW.account_id);
    RETURN NULL;
END $$;

CREATE TRIGGER account_alias_added AFTER INSERT ON object_name FOR EACH ROW WHEN (NEW.kind = 'alias') EXECUTE FUNCTION account_gather_aliases();
CREATE TRIGGER account_alias_changed AFTER UPDATE ON object_name FOR EACH ROW WHEN (NEW.kind = 'alias' OR OLD.kind = 'alias') EXECUTE FUNCTION account_gather_aliases();
CREATE TRIGGER account_alias_removed AFTER DELETE ON object_name FOR EACH ROW WHEN (OLD.kind = 'alias') EXECUTE FUNCTION account_gather_aliases();
CREATE TRIGGER account_telnum AFTER INSERT OR UPDATE OR DELETE ON telnum FOR EACH ROW EXECUTE FUNCTION account_gather_telnums();

UPDATE account a SET
    aliases = ARRAY(SELECT n.name FROM object_name n WHERE n.object_id = a.id AND n.kind = 'alias' ORDER BY n.name),
    telnums = ARRAY(SELECT t.number FROM telnum t WHERE t.account_id = a.id ORDER BY t.number);
