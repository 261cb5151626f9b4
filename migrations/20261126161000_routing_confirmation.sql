CREATE TABLE routing_confirmation (
    id uuid PRIMARY KEY,
    part text NOT NULL CHECK (part IN ('table', 'settings')),
    version bigint NOT NULL,
    before jsonb NOT NULL,
    actor text NOT NULL,
    saved_at timestamptz NOT NULL DEFAULT now(),
    confirm_by timestamptz NOT NULL,
    state text NOT NULL DEFAULT 'waiting' CHECK (state IN ('waiting', 'confirmed', 'reverted', 'overtaken'))
);
CREATE UNIQUE INDEX routing_confirmation_waiting ON routing_confirmation (part) WHERE state = 'waiting';
COMMENT ON TABLE routing_confirmation IS 'Changes of the Router that go back by themselves unless somebody confirms them in time';
COMMENT ON COLUMN routing_confirmation.before IS 'What comes back: the table as text, or the settings';
COMMENT ON COLUMN routing_confirmation.state IS 'overtaken: somebody saved meanwhile, so nothing goes back';
