CREATE TABLE instant_message (
    account_id uuid NOT NULL REFERENCES account (id) ON DELETE CASCADE,
    id uuid NOT NULL,
    peer text NOT NULL,
    outgoing boolean NOT NULL,
    state text NOT NULL CHECK (state IN ('delivered', 'stored', 'waiting', 'failed')),
    code integer,
    content_type text NOT NULL,
    body bytea NOT NULL,
    at timestamptz NOT NULL,
    read_at timestamptz,
    PRIMARY KEY (account_id, id)
);
CREATE INDEX instant_message_peer ON instant_message (account_id, peer, id);
CREATE INDEX instant_message_waiting ON instant_message (account_id, id) WHERE state = 'waiting';
COMMENT ON TABLE instant_message IS 'Instant messages as each side keeps them: one row for the sender, one for each recipient';
COMMENT ON COLUMN instant_message.id IS 'In the order of time (UUIDv7)';
COMMENT ON COLUMN instant_message.state IS 'waiting: to be delivered when a device of the account registers; stored: accepted for a recipient without a device';
COMMENT ON COLUMN instant_message.code IS 'Status of the last SIP response';

CREATE TABLE presence (
    account_id uuid PRIMARY KEY REFERENCES account (id) ON DELETE CASCADE,
    status text NOT NULL CHECK (status IN ('online', 'away', 'dnd', 'busy', 'offline', 'invisible')),
    note text NOT NULL DEFAULT '',
    updated_at timestamptz NOT NULL DEFAULT now()
);
COMMENT ON TABLE presence IS 'What accounts say of themselves, beside what their devices publish';

CREATE TABLE sip_subscription (
    id uuid PRIMARY KEY,
    account_id uuid NOT NULL REFERENCES account (id) ON DELETE CASCADE,
    watcher_id uuid NOT NULL REFERENCES account (id) ON DELETE CASCADE,
    package text NOT NULL,
    pending boolean NOT NULL,
    received text NOT NULL,
    transport text NOT NULL,
    expires_at timestamptz NOT NULL,
    dialog text NOT NULL,
    event_id text,
    contact text NOT NULL
);
CREATE INDEX sip_subscription_account ON sip_subscription (account_id);
CREATE INDEX sip_subscription_watcher ON sip_subscription (watcher_id);
COMMENT ON TABLE sip_subscription IS 'Who watches what (RFC 6665), written behind the memory that counts and read at start';
COMMENT ON COLUMN sip_subscription.dialog IS 'The dialog as the SIP room stores it; its own number lags behind';
