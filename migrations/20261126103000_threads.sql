-- Conversations are read as a whole; the last message of one is found without reading any.
CREATE INDEX email_thread ON email (account_id, thread_id, id);
