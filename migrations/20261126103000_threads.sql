-- Conversations are read as a whole.
CREATE INDEX email_thread ON email (account_id, thread_id);
