use std::time::Duration;

use sasl::Mechanism;

use crate::incoming::BareNewline;
use crate::reply::Reply;

/// Which service a listener offers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Protocol {
    /// Mail from other servers (RFC 5321).
    Smtp,
    /// Mail from users (RFC 6409).
    Submission,
    /// Local delivery, with a reply for each recipient (RFC 2033).
    Lmtp,
}

/// How far the peer's address is trusted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PeerClass {
    /// Loopback or our own address: may sign in without TLS.
    Own,
    /// One of the Client IPs.
    Client,
    /// Anybody else.
    Other,
}

/// TLS on this connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tls {
    /// Not there.
    Off,
    /// STARTTLS is offered.
    Offered,
    /// STARTTLS is demanded before anything else (RFC 3207 §4).
    Required,
    /// Active from the first octet.
    Implicit,
}

/// Everything a [`Server`](super::Server) has to know about its connection and its settings.
#[derive(Debug, Clone)]
pub struct Config {
    /// Our name in the greeting and in replies.
    pub hostname: String,
    /// Text behind `220 `; begins with the host name.
    pub banner: String,
    /// Sent instead of the banner before closing: too many connections, blocked, shutting down.
    pub refusal: Option<Reply>,
    /// How long a peer of class `Other` waits for the banner; one that talks before it is refused.
    pub prompt_delay: Duration,
    /// The service.
    pub protocol: Protocol,
    /// The peer.
    pub class: PeerClass,
    /// TLS.
    pub tls: Tls,
    /// Mechanisms this peer may sign in with; empty: AUTH does not exist.
    pub mechanisms: Vec<Mechanism>,
    /// Whether AUTH exists inside TLS only (class `Own` excepted).
    pub auth_requires_tls: bool,
    /// Whether MAIL needs a sign-in.
    pub auth_required: bool,
    /// Random octets, new for each connection.
    pub nonce_seed: [u8; 32],
    /// Whether each HELO name is asked for as [`Question::Hello`](super::Question::Hello).
    pub check_hello: bool,
    /// Whether MAIL needs HELO or EHLO before it.
    pub require_hello: bool,
    /// Whether HELO may come without a name.
    pub lenient_hello: bool,
    /// Largest message in octets; `None` for no limit.
    pub max_size: Option<u64>,
    /// Longest line of a message in octets.
    pub max_line: usize,
    /// Most recipients of a message.
    pub max_recipients: usize,
    /// The same for the null sender.
    pub null_sender_max_recipients: usize,
    /// Most messages of a connection.
    pub max_messages: usize,
    /// Most `Received` fields.
    pub max_hops: u32,
    /// Bare CR or LF in a message.
    pub bare_newline: BareNewline,
    /// Points at which the connection is closed; above half of it every further point costs a second.
    pub max_errors: u32,
    /// Points of a permanently refused recipient.
    pub recipient_error_points: u32,
    /// Longest silence.
    pub idle_timeout: Duration,
    /// Longest connection.
    pub total_time: Duration,
}

impl Config {
    /// The defaults for this service and class of peer: no TLS, no AUTH mechanisms.
    pub fn new(hostname: impl Into<String>, protocol: Protocol, class: PeerClass) -> Self {
        let hostname = hostname.into();
        let trusted = class != PeerClass::Other;
        let kind = if protocol == Protocol::Lmtp {
            "LMTP"
        } else {
            "ESMTP"
        };
        Self {
            banner: format!("{hostname} {kind} Postamt is glad to see you!"),
            hostname,
            refusal: None,
            prompt_delay: Duration::ZERO,
            protocol,
            class,
            tls: Tls::Off,
            mechanisms: Vec::new(),
            auth_requires_tls: true,
            auth_required: protocol == Protocol::Submission,
            nonce_seed: [0; 32],
            check_hello: false,
            require_hello: true,
            lenient_hello: true,
            max_size: Some(50 * 1024 * 1024),
            max_line: 64 * 1024,
            max_recipients: if trusted { 1000 } else { 100 },
            null_sender_max_recipients: 1,
            max_messages: 500,
            max_hops: 30,
            bare_newline: BareNewline::Reject,
            max_errors: if trusted { 30 } else { 8 },
            recipient_error_points: 1,
            idle_timeout: Duration::from_secs(5 * 60),
            total_time: Duration::from_secs(2 * 60 * 60),
        }
    }
}
