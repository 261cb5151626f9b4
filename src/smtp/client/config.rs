use std::time::Duration;

use sasl::Credentials;

/// Whether the connection is encrypted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TlsPolicy {
    /// Never, even when offered.
    Never,
    /// When the server offers STARTTLS and does not refuse it.
    WhenOffered,
    /// Always, or the connection is of no use.
    Required,
    /// From the first octet; the driver shakes hands before [`Input::Connected`](types::stream::Input).
    Implicit,
}

/// How long the server may take for each step (RFC 5321 §4.5.3.2). How long a write may take is the driver's to limit.
#[derive(Debug, Clone, Copy)]
pub struct Timeouts {
    /// The greeting.
    pub greeting: Duration,
    /// EHLO, AUTH, RSET and the TLS handshake.
    pub hello: Duration,
    /// MAIL.
    pub mail: Duration,
    /// RCPT.
    pub rcpt: Duration,
    /// DATA.
    pub data: Duration,
    /// A chunk of BDAT that is not the last.
    pub block: Duration,
    /// The end of the message.
    pub end: Duration,
    /// QUIT.
    pub quit: Duration,
}

impl Default for Timeouts {
    fn default() -> Self {
        let minutes = |m: u64| Duration::from_secs(m * 60);
        Self {
            greeting: minutes(5),
            hello: minutes(5),
            mail: minutes(5),
            rcpt: minutes(5),
            data: minutes(2),
            block: minutes(3),
            end: minutes(10),
            quit: Duration::from_secs(10),
        }
    }
}

/// Everything a [`Client`](super::Client) has to know about its connection.
#[derive(Debug, Clone)]
pub struct Config {
    /// Our name for EHLO: a domain name or an address literal.
    pub hello: String,
    /// TLS.
    pub tls: TlsPolicy,
    /// With whom to sign in; `None` for not at all.
    pub credentials: Option<Credentials>,
    /// Whether a password may cross a connection without TLS.
    pub password_in_clear: bool,
    /// Random octets, new for each connection.
    pub nonce_seed: [u8; 32],
    /// Whether to send several commands at once when offered (RFC 2920).
    pub pipelining: bool,
    /// Whether to send BDAT instead of DATA when offered (RFC 3030).
    pub chunking: bool,
    /// Whether to pass on the DSN parameters when offered (RFC 3461).
    pub dsn: bool,
    /// Time limits.
    pub timeouts: Timeouts,
}

impl Config {
    /// Everything that is offered is used; nobody signs in.
    pub fn new(hello: impl Into<String>) -> Self {
        Self {
            hello: hello.into(),
            tls: TlsPolicy::WhenOffered,
            credentials: None,
            password_in_clear: false,
            nonce_seed: [0; 32],
            pipelining: true,
            chunking: true,
            dsn: true,
            timeouts: Timeouts::default(),
        }
    }
}
