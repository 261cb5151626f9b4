-- Events are read in the order in which their transactions began, up to the oldest that is still open: a number alone says nothing,
-- since one that was given later may be committed first.
CREATE INDEX event_order ON event (xid, seq);
