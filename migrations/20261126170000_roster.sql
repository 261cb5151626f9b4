CREATE TABLE roster_entry (
    account_id uuid NOT NULL REFERENCES account (id) ON DELETE CASCADE,
    peer text NOT NULL,
    name text NOT NULL DEFAULT '',
    groups text[] NOT NULL DEFAULT '{}',
    listed boolean NOT NULL,
    sees boolean NOT NULL DEFAULT false,
    asked boolean NOT NULL DEFAULT false,
    shows boolean NOT NULL DEFAULT false,
    wanted boolean NOT NULL DEFAULT false,
    created_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (account_id, peer)
);
COMMENT ON TABLE roster_entry IS 'Whom an account knows, and who sees whose presence; each side of two accounts has a row of its own';
COMMENT ON COLUMN roster_entry.peer IS 'Address in lower case';
COMMENT ON COLUMN roster_entry.listed IS 'The account put the peer here or let it see its presence; otherwise the peer only asks';
COMMENT ON COLUMN roster_entry.sees IS 'The account sees the presence of the peer';
COMMENT ON COLUMN roster_entry.asked IS 'The account waits to be allowed to';
COMMENT ON COLUMN roster_entry.shows IS 'The peer sees the presence of the account';
COMMENT ON COLUMN roster_entry.wanted IS 'The peer waits to be allowed to';
