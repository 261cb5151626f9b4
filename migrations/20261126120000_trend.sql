CREATE TABLE trend (
    at timestamptz PRIMARY KEY,
    received bigint NOT NULL,
    sent bigint NOT NULL,
    failed bigint NOT NULL,
    waiting bigint NOT NULL,
    calls bigint NOT NULL,
    registrations bigint NOT NULL
);
COMMENT ON TABLE trend IS 'What went through the server in each minute, and how much there was at its end';
COMMENT ON COLUMN trend.at IS 'End of the minute';
