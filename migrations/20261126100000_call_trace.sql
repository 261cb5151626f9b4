-- Ladders of calls that failed, or whose trace is on, for longer than the memory keeps them.
CREATE TABLE call_trace (
    call_id uuid PRIMARY KEY,
    keep_until timestamptz NOT NULL,
    detail jsonb NOT NULL
);
CREATE INDEX call_trace_keep ON call_trace (keep_until);
COMMENT ON TABLE call_trace IS 'Ladders of calls: credentials and keys of media are masked before they come here';
