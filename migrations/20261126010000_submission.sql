-- Messages sent through the API: what a waiting one needs, and finding a message by its Message-ID.

ALTER TABLE submission DROP CONSTRAINT submission_state_check;
ALTER TABLE submission ADD CONSTRAINT submission_state_check CHECK (state IN ('pending', 'sent', 'cancelled', 'failed'));
ALTER TABLE submission ALTER COLUMN message_number SET NOT NULL, ALTER COLUMN trace_id SET NOT NULL;
ALTER TABLE submission ADD COLUMN undo_until timestamptz, ADD COLUMN remote_ip text NOT NULL DEFAULT '127.0.0.1', ADD COLUMN save_sent boolean NOT NULL DEFAULT true,
    ADD COLUMN reply text NOT NULL DEFAULT '';
COMMENT ON COLUMN submission.message_number IS 'Given when the message was handed in, so that sending it twice is noticed';
COMMENT ON COLUMN submission.recipients IS 'Address, what it routes to, and what the sender asked for';
COMMENT ON COLUMN submission.reply IS 'Why it could not be sent, or not yet';
CREATE INDEX upload_expires ON upload (expires_at);
CREATE INDEX delivery_record_message_id ON delivery_record (message_id) WHERE message_id <> '';
