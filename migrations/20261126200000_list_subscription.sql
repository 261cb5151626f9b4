ALTER TABLE sip_subscription ADD COLUMN list boolean NOT NULL DEFAULT false;
COMMENT ON COLUMN sip_subscription.list IS 'Not the account itself is watched, but all who stand in its roster (RFC 4662)';
