-- The last message of a conversation is found without reading any.
CREATE INDEX email_thread_order ON email (account_id, thread_id, id);
DROP INDEX email_thread;
