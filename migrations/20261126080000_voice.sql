-- Telephones: what proves who they are, where they are registered, and the calls they made.
ALTER TABLE credential ADD COLUMN digest bytea;
COMMENT ON COLUMN credential.digest IS 'Digest secrets (HA1) by algorithm and user name, sealed; missing for a password set before there were any';

CREATE TABLE sip_binding (
    id uuid PRIMARY KEY,
    account_id uuid NOT NULL REFERENCES account (id) ON DELETE CASCADE,
    contact text NOT NULL,
    expires_at timestamptz NOT NULL,
    transport text NOT NULL CHECK (transport IN ('udp', 'tcp', 'tls', 'ws', 'wss')),
    received text NOT NULL,
    user_agent text NOT NULL DEFAULT '',
    nat text NOT NULL DEFAULT 'none' CHECK (nat IN ('none', 'far_end', 'near_end')),
    detail jsonb NOT NULL,
    created_at timestamptz NOT NULL,
    refreshed_at timestamptz NOT NULL
);
CREATE INDEX sip_binding_account ON sip_binding (account_id);
COMMENT ON TABLE sip_binding IS 'Bindings of the registrar, written behind its memory and read at start';
COMMENT ON COLUMN sip_binding.detail IS 'What the registrar alone reads: Call-ID, CSeq, q, instance, path and the like';

CREATE TABLE call_record (
    id uuid PRIMARY KEY,
    caller_account uuid,
    callee_account uuid,
    caller_domain uuid,
    callee_domain uuid,
    started_at timestamptz NOT NULL,
    answered_at timestamptz,
    ended_at timestamptz,
    final_code integer,
    cause text NOT NULL DEFAULT '',
    detail jsonb NOT NULL
);
CREATE INDEX call_record_started ON call_record (started_at, id);
CREATE INDEX call_record_caller ON call_record (caller_account, started_at);
CREATE INDEX call_record_callee ON call_record (callee_account, started_at);
COMMENT ON TABLE call_record IS 'Calls that were tried: written when answered and when over, so that a stop of the server leaves a record to close';

-- A server that was claimed before listens for telephones too.
INSERT INTO listener (id, protocol, port, tls)
SELECT gen_random_uuid(), l.protocol, l.port, l.tls
FROM (VALUES ('sip_udp', 5060, 'off'), ('sip_tcp', 5060, 'off'), ('sip_tls', 5061, 'implicit')) l (protocol, port, tls)
WHERE EXISTS (SELECT 1 FROM listener o WHERE o.protocol = 'smtp');
