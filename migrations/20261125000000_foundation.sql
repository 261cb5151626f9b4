-- The objects an administrator sees: server, domains and the names in them, accounts and what proves who they are.

CREATE TABLE server (
    id smallint PRIMARY KEY CHECK (id = 1),
    setup_completed_at timestamptz,
    setup_token_hash bytea,
    setup_token_expires timestamptz,
    setup_failures integer NOT NULL DEFAULT 0,
    main_domain_id uuid,
    language text NOT NULL DEFAULT 'en',
    time_zone text NOT NULL DEFAULT 'UTC',
    settings jsonb NOT NULL DEFAULT '{}',
    account_defaults jsonb NOT NULL DEFAULT '{}',
    domain_defaults jsonb NOT NULL DEFAULT '{}',
    modules jsonb NOT NULL DEFAULT '{}',
    router_settings jsonb NOT NULL DEFAULT '{}',
    dns jsonb NOT NULL DEFAULT '{}',
    version bigint NOT NULL DEFAULT 1,
    updated_at timestamptz NOT NULL DEFAULT now()
);
COMMENT ON TABLE server IS 'One row: identity, set-up state and the server level of every settings patch';
INSERT INTO server (id) VALUES (1);

CREATE TABLE domain (
    id uuid PRIMARY KEY,
    name text NOT NULL,
    state text NOT NULL DEFAULT 'active' CHECK (state IN ('active', 'suspended', 'deleted')),
    builtin boolean NOT NULL DEFAULT false,
    assigned_ips text[] NOT NULL DEFAULT '{}',
    settings jsonb NOT NULL DEFAULT '{}',
    account_defaults jsonb NOT NULL DEFAULT '{}',
    version bigint NOT NULL DEFAULT 1,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    deleted_at timestamptz
);
CREATE TABLE domain_name (
    name text PRIMARY KEY,
    domain_id uuid NOT NULL REFERENCES domain (id) ON DELETE CASCADE,
    is_alias boolean NOT NULL
);
CREATE INDEX domain_name_domain ON domain_name (domain_id);
COMMENT ON TABLE domain_name IS 'Lower-case A-label names, unique over domains and their aliases together';

CREATE TABLE object_name (
    domain_id uuid NOT NULL REFERENCES domain (id) ON DELETE CASCADE,
    name text NOT NULL,
    kind text NOT NULL CHECK (kind IN ('account', 'alias', 'group', 'forwarder', 'list', 'resource', 'named_task')),
    object_id uuid NOT NULL,
    PRIMARY KEY (domain_id, name)
);
CREATE INDEX object_name_object ON object_name (object_id);
COMMENT ON TABLE object_name IS 'The one case-folded name space of a domain; what the Router looks up. An alias points to its account';

CREATE TABLE account (
    id uuid PRIMARY KEY,
    domain_id uuid NOT NULL REFERENCES domain (id),
    name text NOT NULL,
    real_name text NOT NULL DEFAULT '',
    state text NOT NULL DEFAULT 'active' CHECK (state IN ('active', 'suspended', 'deleted')),
    builtin boolean NOT NULL DEFAULT false,
    settings jsonb NOT NULL DEFAULT '{}',
    suspend_mail text NOT NULL DEFAULT 'accept' CHECK (suspend_mail IN ('accept', 'reject', 'bounce')),
    server_rights text[] NOT NULL DEFAULT '{}',
    domain_rights text[] NOT NULL DEFAULT '{}',
    version bigint NOT NULL DEFAULT 1,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    deleted_at timestamptz
);
CREATE INDEX account_domain ON account (domain_id, name);
CREATE INDEX account_created ON account (created_at, id);

CREATE TABLE telnum (
    number text PRIMARY KEY,
    account_id uuid NOT NULL REFERENCES account (id) ON DELETE CASCADE
);
CREATE INDEX telnum_account ON telnum (account_id);

CREATE TABLE credential (
    account_id uuid NOT NULL REFERENCES account (id) ON DELETE CASCADE,
    kind text NOT NULL CHECK (kind IN ('password')),
    verifier text NOT NULL,
    scram jsonb,
    changed_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (account_id, kind)
);
COMMENT ON COLUMN credential.verifier IS 'Argon2id in PHC form';
COMMENT ON COLUMN credential.scram IS 'SCRAM-SHA-256 salt, iterations, stored and server key';

CREATE TABLE session (
    account_id uuid NOT NULL REFERENCES account (id) ON DELETE CASCADE,
    id uuid NOT NULL,
    device_name text NOT NULL DEFAULT '',
    remote_ip text NOT NULL DEFAULT '',
    created_at timestamptz NOT NULL DEFAULT now(),
    last_used_at timestamptz NOT NULL DEFAULT now(),
    expires_at timestamptz NOT NULL,
    revoked_at timestamptz,
    PRIMARY KEY (account_id, id)
);
CREATE TABLE refresh_token (
    hash bytea PRIMARY KEY,
    account_id uuid NOT NULL,
    session_id uuid NOT NULL,
    rotated_at timestamptz,
    expires_at timestamptz NOT NULL,
    FOREIGN KEY (account_id, session_id) REFERENCES session (account_id, id) ON DELETE CASCADE
);
CREATE INDEX refresh_token_session ON refresh_token (account_id, session_id);
COMMENT ON COLUMN refresh_token.rotated_at IS 'Set when the token was used; a second use revokes the session';

CREATE TABLE signing_key (
    kid text PRIMARY KEY,
    sealed bytea NOT NULL,
    public_key bytea NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now()
);
COMMENT ON COLUMN signing_key.sealed IS 'PKCS#8 of the Ed25519 key, sealed with the master key';

CREATE TABLE forwarder (
    id uuid PRIMARY KEY,
    domain_id uuid NOT NULL REFERENCES domain (id) ON DELETE CASCADE,
    name text NOT NULL,
    target text NOT NULL,
    version bigint NOT NULL DEFAULT 1,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX forwarder_domain ON forwarder (domain_id, name);

CREATE TABLE mail_group (
    id uuid PRIMARY KEY,
    domain_id uuid NOT NULL REFERENCES domain (id) ON DELETE CASCADE,
    name text NOT NULL,
    real_name text NOT NULL DEFAULT '',
    members text[] NOT NULL DEFAULT '{}',
    settings jsonb NOT NULL DEFAULT '{}',
    version bigint NOT NULL DEFAULT 1,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX mail_group_domain ON mail_group (domain_id, name);
COMMENT ON TABLE mail_group IS 'Groups (the bare word is reserved in SQL)';

CREATE TABLE routing_table (
    id smallint PRIMARY KEY CHECK (id = 1),
    version bigint NOT NULL DEFAULT 1,
    updated_at timestamptz NOT NULL DEFAULT now()
);
INSERT INTO routing_table (id) VALUES (1);
CREATE TABLE routing_line (
    id uuid PRIMARY KEY,
    position bigint NOT NULL,
    text text NOT NULL,
    origin text NOT NULL DEFAULT 'user' CHECK (origin IN ('user', 'builtin')),
    version bigint NOT NULL DEFAULT 1
);
CREATE INDEX routing_line_position ON routing_line (position);
CREATE TABLE routing_history (
    version bigint PRIMARY KEY,
    at timestamptz NOT NULL DEFAULT now(),
    actor text NOT NULL,
    content text NOT NULL
);
COMMENT ON TABLE routing_history IS 'Whole versions of the table as text; the last 100 are kept';

CREATE TABLE listener (
    id uuid PRIMARY KEY,
    protocol text NOT NULL,
    address text NOT NULL DEFAULT '*',
    port integer NOT NULL CHECK (port BETWEEN 1 AND 65535),
    tls text NOT NULL CHECK (tls IN ('off', 'starttls', 'implicit')),
    enabled boolean NOT NULL DEFAULT true,
    settings jsonb NOT NULL DEFAULT '{}',
    version bigint NOT NULL DEFAULT 1,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now()
);
CREATE TABLE address_list (
    name text PRIMARY KEY,
    lines text[] NOT NULL DEFAULT '{}',
    version bigint NOT NULL DEFAULT 1,
    updated_at timestamptz NOT NULL DEFAULT now()
);
CREATE TABLE certificate (
    id uuid PRIMARY KEY,
    names text[] NOT NULL,
    kind text NOT NULL CHECK (kind IN ('self_signed', 'imported')),
    chain_pem text NOT NULL,
    sealed_key bytea NOT NULL,
    not_after timestamptz NOT NULL,
    active boolean NOT NULL DEFAULT false,
    version bigint NOT NULL DEFAULT 1,
    created_at timestamptz NOT NULL DEFAULT now()
);
CREATE UNIQUE INDEX certificate_active ON certificate (active) WHERE active;

CREATE TABLE audit (
    seq bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at timestamptz NOT NULL DEFAULT now(),
    actor text NOT NULL,
    remote_ip text NOT NULL DEFAULT '',
    action text NOT NULL,
    object text NOT NULL DEFAULT '',
    request_id uuid
);
CREATE TABLE idempotency (
    scope text NOT NULL,
    key text NOT NULL,
    request_hash bytea NOT NULL,
    status smallint,
    headers jsonb,
    body bytea,
    created_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (scope, key)
);
CREATE INDEX idempotency_created ON idempotency (created_at);
COMMENT ON COLUMN idempotency.status IS 'Null while the first request is still running';
