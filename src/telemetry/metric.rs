//! Names of metrics. Labels never carry addresses or account names.

/// Open connections, by protocol.
pub const CONNECTIONS: &str = "postamt_connections";
/// Connections since start, by protocol.
pub const CONNECTIONS_TOTAL: &str = "postamt_connections_total";
/// Sign-ins, by protocol and result.
pub const AUTH_TOTAL: &str = "postamt_auth_total";
/// Messages taken.
pub const SMTP_IN_MESSAGES: &str = "postamt_smtp_in_messages_total";
/// Octets of messages taken.
pub const SMTP_IN_BYTES: &str = "postamt_smtp_in_bytes_total";
/// Attempts to send, by result.
pub const SMTP_OUT_ATTEMPTS: &str = "postamt_smtp_out_attempts_total";
/// Requests, by operation and class of status.
pub const HTTP_REQUESTS: &str = "postamt_http_requests_total";
/// Statements sent to PostgreSQL.
pub const DB_STATEMENTS: &str = "postamt_db_statements_total";
/// Messages per commit.
pub const COMMIT_BATCH: &str = "postamt_commit_batch_messages";
/// Requests refused by a rate limit, by bucket.
pub const RATE_LIMITED: &str = "postamt_rate_limited_total";
