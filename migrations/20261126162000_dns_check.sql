CREATE TABLE dns_check (
    domain_id uuid PRIMARY KEY REFERENCES domain (id) ON DELETE CASCADE,
    at timestamptz NOT NULL DEFAULT now(),
    result jsonb NOT NULL
);
COMMENT ON TABLE dns_check IS 'What the DNS said of each domain when somebody asked last';
