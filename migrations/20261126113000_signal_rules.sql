-- Rules for signals, datasets that they ask for, and the settings of the telephone in the browser.
CREATE TABLE rule_set (
    account_id uuid REFERENCES account (id) ON DELETE CASCADE,
    domain_id uuid REFERENCES domain (id) ON DELETE CASCADE,
    rules jsonb NOT NULL DEFAULT '[]',
    version bigint NOT NULL DEFAULT 1,
    updated_at timestamptz NOT NULL DEFAULT now(),
    CHECK (account_id IS NULL OR domain_id IS NULL),
    UNIQUE NULLS NOT DISTINCT (account_id, domain_id)
);
CREATE INDEX rule_set_domain ON rule_set (domain_id);
COMMENT ON TABLE rule_set IS 'Signal rules of an account, a domain, or (neither) the server: a set is read and changed as a whole';
COMMENT ON COLUMN rule_set.rules IS 'The rules in their order, as the API shows them';

CREATE TABLE dataset (
    account_id uuid NOT NULL REFERENCES account (id) ON DELETE CASCADE,
    name text NOT NULL,
    entries text[] NOT NULL DEFAULT '{}',
    version bigint NOT NULL DEFAULT 1,
    updated_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (account_id, name)
);
COMMENT ON TABLE dataset IS 'Lists of addresses that rules ask for and add to, the oldest entry first';

ALTER TABLE account ADD COLUMN dialler jsonb NOT NULL DEFAULT '{}';
COMMENT ON COLUMN account.dialler IS 'Settings of the telephone in the browser';
