CREATE TABLE routing_hit (
    line_id uuid NOT NULL,
    hour timestamptz NOT NULL,
    hits bigint NOT NULL,
    PRIMARY KEY (hour, line_id)
);
COMMENT ON TABLE routing_hit IS 'How often a line of the routing table was applied, by hour; kept for two days, also when the line is gone';
