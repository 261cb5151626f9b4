-- Events are written by the thousand and deleted by age, in the order in which they were written: a summary of blocks finds them, and
-- costs nothing with each.
DROP INDEX event_at;
CREATE INDEX event_age ON event USING brin (at);
