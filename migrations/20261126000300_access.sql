-- What IMAP asks of mailboxes beyond delivery.

ALTER TABLE account_state ADD COLUMN uid_validity bigint NOT NULL DEFAULT 0;
COMMENT ON COLUMN account_state.uid_validity IS 'Last UIDVALIDITY given, so that a mailbox made anew never has that of its predecessor';

ALTER TABLE mailbox ADD COLUMN recent_from bigint NOT NULL DEFAULT 1;
COMMENT ON COLUMN mailbox.recent_from IS 'First UID that no IMAP session has been told as recent';
