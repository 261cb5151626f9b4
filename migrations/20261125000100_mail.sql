-- Stored and moving mail. Every table of one account carries account_id first in its key.

CREATE TABLE blob (
    hash bytea PRIMARY KEY,
    codec smallint NOT NULL CHECK (codec IN (0, 1)),
    size bigint NOT NULL,
    data bytea NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now()
);
ALTER TABLE blob ALTER COLUMN data SET STORAGE EXTERNAL;
COMMENT ON COLUMN blob.hash IS 'BLAKE3-256 of the clear body';
COMMENT ON COLUMN blob.codec IS '0 clear, 1 zstd';
COMMENT ON COLUMN blob.size IS 'Octets of the clear body';

CREATE TABLE account_state (
    account_id uuid PRIMARY KEY REFERENCES account (id) ON DELETE CASCADE,
    modseq bigint NOT NULL DEFAULT 1,
    used_bytes bigint NOT NULL DEFAULT 0,
    used_messages bigint NOT NULL DEFAULT 0
);
COMMENT ON TABLE account_state IS 'What every change of a mailbox touches: change counter and quota usage';

CREATE TABLE mailbox (
    account_id uuid NOT NULL REFERENCES account (id) ON DELETE CASCADE,
    id uuid NOT NULL,
    name text NOT NULL,
    role text CHECK (role IN ('inbox', 'sent', 'drafts', 'trash', 'junk', 'archive')),
    class text NOT NULL DEFAULT 'mail' CHECK (class IN ('mail', 'calendar', 'tasks', 'contacts', 'notes')),
    selectable boolean NOT NULL DEFAULT true,
    subscribed boolean NOT NULL DEFAULT true,
    uid_validity bigint NOT NULL,
    uid_next bigint NOT NULL DEFAULT 1,
    modseq bigint NOT NULL DEFAULT 1,
    messages bigint NOT NULL DEFAULT 0,
    unseen bigint NOT NULL DEFAULT 0,
    size bigint NOT NULL DEFAULT 0,
    version bigint NOT NULL DEFAULT 1,
    created_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (account_id, id),
    UNIQUE (account_id, name)
);
COMMENT ON COLUMN mailbox.name IS 'Full name with / between the levels; INBOX in capitals';

CREATE TABLE email (
    account_id uuid NOT NULL,
    id uuid NOT NULL,
    thread_id uuid NOT NULL,
    blob_hash bytea NOT NULL,
    size bigint NOT NULL,
    received_at timestamptz NOT NULL,
    facts bytea NOT NULL,
    PRIMARY KEY (account_id, id)
);
CREATE INDEX email_blob ON email (blob_hash);
ALTER TABLE email ALTER COLUMN facts SET STORAGE EXTERNAL;
COMMENT ON COLUMN email.facts IS 'Header facts and MIME structure, computed once on acceptance';

CREATE TABLE mailbox_email (
    account_id uuid NOT NULL,
    mailbox_id uuid NOT NULL,
    uid bigint NOT NULL,
    email_id uuid NOT NULL,
    flags integer NOT NULL DEFAULT 0,
    keywords text[] NOT NULL DEFAULT '{}',
    modseq bigint NOT NULL,
    size bigint NOT NULL,
    received_at timestamptz NOT NULL,
    PRIMARY KEY (account_id, mailbox_id, uid)
);
CREATE INDEX mailbox_email_modseq ON mailbox_email (account_id, mailbox_id, modseq);
CREATE INDEX mailbox_email_email ON mailbox_email (account_id, email_id);
COMMENT ON TABLE mailbox_email IS 'A message in a mailbox. No foreign key: a check per row would cost more than the row; a mailbox takes its rows along itself';
COMMENT ON COLUMN mailbox_email.flags IS 'Bits: 1 seen, 2 answered, 4 flagged, 8 deleted, 16 draft';

CREATE TABLE mailbox_expunged (
    account_id uuid NOT NULL,
    mailbox_id uuid NOT NULL,
    uid bigint NOT NULL,
    email_id uuid NOT NULL,
    modseq bigint NOT NULL,
    expunged_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (account_id, mailbox_id, uid)
);
CREATE INDEX mailbox_expunged_modseq ON mailbox_expunged (account_id, mailbox_id, modseq);

CREATE SEQUENCE message_number INCREMENT 1000 START 1;
COMMENT ON SEQUENCE message_number IS 'Each nextval gives one node the next 1000 message numbers';

CREATE TABLE queue_message (
    id bigint PRIMARY KEY,
    trace_id uuid NOT NULL,
    return_path text NOT NULL,
    envelope jsonb NOT NULL DEFAULT '{}',
    blob_hash bytea NOT NULL,
    size bigint NOT NULL,
    submitted_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX queue_message_blob ON queue_message (blob_hash);
COMMENT ON COLUMN queue_message.envelope IS 'Submit tag, authenticated name, ENVID, RET, flags';

CREATE TABLE queue_recipient (
    message_id bigint NOT NULL REFERENCES queue_message (id) ON DELETE CASCADE,
    n integer NOT NULL,
    account_id uuid,
    address text NOT NULL,
    params jsonb NOT NULL DEFAULT '{}',
    module text NOT NULL CHECK (module IN ('smtp', 'local', 'list', 'pipe')),
    queue text NOT NULL,
    target text NOT NULL,
    state text NOT NULL DEFAULT 'waiting' CHECK (state IN ('waiting', 'held')),
    attempts integer NOT NULL DEFAULT 0,
    next_try timestamptz NOT NULL DEFAULT now(),
    last_reply text NOT NULL DEFAULT '',
    lease_owner uuid,
    lease_until timestamptz,
    fence bigint NOT NULL DEFAULT 0,
    since timestamptz NOT NULL DEFAULT now(),
    held_at timestamptz,
    warned boolean NOT NULL DEFAULT false,
    PRIMARY KEY (message_id, n)
);
CREATE INDEX queue_recipient_due ON queue_recipient (module, queue, next_try, message_id) WHERE state = 'waiting';
CREATE INDEX queue_recipient_queue ON queue_recipient (module, queue, message_id);
CREATE INDEX queue_recipient_age ON queue_recipient (warned, since) WHERE state = 'waiting' AND module = 'smtp';
CREATE INDEX queue_recipient_lease ON queue_recipient (lease_owner) WHERE lease_owner IS NOT NULL;
COMMENT ON COLUMN queue_recipient.address IS 'As given by the sender';
COMMENT ON COLUMN queue_recipient.target IS 'What the Router made of it';
COMMENT ON COLUMN queue_recipient.params IS 'ORCPT, NOTIFY, mailbox, detail, real recipient';
COMMENT ON COLUMN queue_recipient.next_try IS 'While it is claimed: the end of the lease, at which it is due again';
COMMENT ON COLUMN queue_recipient.since IS 'From when its age counts: the submission, put off by the time it was held';
COMMENT ON COLUMN queue_recipient.warned IS 'The sender was told that it waits';
COMMENT ON COLUMN queue_recipient.fence IS 'Rises with each claim; a result that carries an older number changes nothing';
CREATE TABLE queue_hold (
    module text NOT NULL,
    queue text NOT NULL,
    held_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (module, queue)
);
COMMENT ON TABLE queue_hold IS 'Queues that an administrator holds';
CREATE TABLE queue_pause (
    module text NOT NULL,
    queue text NOT NULL,
    since timestamptz NOT NULL DEFAULT now(),
    until timestamptz NOT NULL,
    attempts integer NOT NULL DEFAULT 1,
    last_reply text NOT NULL,
    PRIMARY KEY (module, queue)
);
COMMENT ON TABLE queue_pause IS 'Queues that wait as a whole: their host could not be reached';

CREATE TABLE delivery_record (
    at timestamptz NOT NULL DEFAULT now(),
    trace_id uuid NOT NULL,
    n bigint GENERATED ALWAYS AS IDENTITY,
    message_number bigint NOT NULL,
    message_id text NOT NULL DEFAULT '',
    kind text NOT NULL,
    domain_id uuid,
    account_id uuid,
    detail jsonb NOT NULL DEFAULT '{}',
    PRIMARY KEY (at, n)
) PARTITION BY RANGE (at);
CREATE TABLE delivery_record_default PARTITION OF delivery_record DEFAULT;
CREATE INDEX delivery_record_trace ON delivery_record (trace_id);
CREATE INDEX delivery_record_number ON delivery_record (message_number);
COMMENT ON TABLE delivery_record IS 'What happened to each message, append only, dropped by partition';

CREATE TABLE event (
    seq bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    xid xid8 NOT NULL DEFAULT pg_current_xact_id(),
    at timestamptz NOT NULL DEFAULT now(),
    topic text NOT NULL,
    type text NOT NULL,
    account_id uuid,
    domain_id uuid,
    object jsonb NOT NULL DEFAULT '{}'
);
CREATE INDEX event_at ON event (at);
COMMENT ON TABLE event IS 'Outbox, written in the transaction that causes the event; read up to the oldest open transaction';

CREATE TABLE upload (
    id uuid PRIMARY KEY,
    account_id uuid NOT NULL REFERENCES account (id) ON DELETE CASCADE,
    blob_hash bytea NOT NULL,
    size bigint NOT NULL,
    media_type text NOT NULL,
    expires_at timestamptz NOT NULL
);
CREATE INDEX upload_account ON upload (account_id);
CREATE INDEX upload_blob ON upload (blob_hash);

CREATE TABLE submission (
    account_id uuid NOT NULL REFERENCES account (id) ON DELETE CASCADE,
    id uuid NOT NULL,
    state text NOT NULL CHECK (state IN ('pending', 'sent', 'cancelled')),
    message_number bigint,
    trace_id uuid,
    message_id text NOT NULL,
    return_path text NOT NULL,
    recipients jsonb NOT NULL,
    blob_hash bytea NOT NULL,
    size bigint NOT NULL,
    send_at timestamptz NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (account_id, id)
);
CREATE INDEX submission_due ON submission (send_at) WHERE state = 'pending';
CREATE INDEX submission_blob ON submission (blob_hash);
