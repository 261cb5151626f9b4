use std::time::Duration;

use bytes::Bytes;

/// Limits and offers of one session.
#[derive(Debug, Clone)]
pub struct Config {
    /// Whether the connection is inside TLS from the start.
    pub secure: bool,
    /// Whether STLS is offered outside TLS.
    pub starttls: bool,
    /// Whether passwords may cross the wire outside TLS (loopback, or a trusted client address).
    pub clear_passwords: bool,
    /// Random and secret, one for each connection; SCRAM nonces are made of it.
    pub nonce_seed: [u8; 32],
    /// Time to sign in.
    pub preauth_timeout: Duration,
    /// Time without input after which a session ends, deleting nothing (RFC 1939 §3: ten minutes at least).
    pub idle_timeout: Duration,
    /// Failed sign-ins after which the connection ends; each is answered a second later than the one before.
    pub max_failures: u32,
    /// Commands in a row that are no commands, after which the connection ends.
    pub max_bad: u32,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            secure: false,
            starttls: false,
            clear_passwords: false,
            nonce_seed: [0; 32],
            preauth_timeout: Duration::from_secs(60),
            idle_timeout: Duration::from_secs(600),
            max_failures: 3,
            max_bad: 10,
        }
    }
}

/// What the machine asks of the shell. Any question may be answered by [`Answer::Refused`]; the other answer it takes is
/// named with it.
#[derive(Debug)]
pub enum Question {
    /// A sign-in; the login may select a mailbox (`mailbox#account`). Answer: [`Answer::SignIn`], or a refusal instead of
    /// `Accepted`.
    SignIn(sasl::Question),
    /// The messages of the mailbox, as they are now; asked once after sign-in. Answer: [`Answer::Opened`].
    Open,
    /// The bytes of a message. Answer: [`Answer::Message`].
    Retrieve {
        /// Its place in the list, from 0.
        index: usize,
        /// Whole, by RETR; the shell sets `\Seen` then if the account wants that.
        whole: bool,
    },
    /// Removes messages, at QUIT. Answer: [`Answer::Done`].
    Delete {
        /// Their places in the list, from 0, ascending.
        indices: Vec<usize>,
    },
}

/// Answers of the shell.
#[derive(Debug)]
pub enum Answer {
    /// Of [`Question::SignIn`].
    SignIn(sasl::Answer),
    /// Of [`Question::Open`].
    Opened(Opened),
    /// Of [`Question::Retrieve`]: the raw message.
    Message(Bytes),
    /// Done.
    Done,
    /// Not done.
    Refused(Refusal),
}

/// An opened mailbox.
#[derive(Debug, Clone, Default)]
pub struct Opened {
    /// `UIDVALIDITY`; with the UID it names a message for good (RFC 1939 §7).
    pub uid_validity: u32,
    /// Messages in the order they are numbered, those marked as deleted left out.
    pub messages: Vec<Entry>,
    /// Messages cannot be deleted.
    pub read_only: bool,
    /// A text the user must see.
    pub alert: Option<String>,
}

/// A message of the list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Entry {
    /// UID.
    pub uid: u32,
    /// Size in octets.
    pub size: u32,
}

/// Why the shell does not do it; becomes the response code (RFC 2449 §8, RFC 3206).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    /// POP is not allowed for this account.
    NotAllowed,
    /// Too many sessions of this account.
    InUse,
    /// The last sign-in was too short a time ago.
    LoginDelay,
    /// The message is not there any more.
    NotFound,
    /// No right.
    Forbidden,
    /// Not now.
    Unavailable,
}

impl Refusal {
    pub(crate) fn text(self) -> &'static str {
        match self {
            Self::NotAllowed => "[AUTH] not allowed for this account",
            Self::InUse => "[IN-USE] too many sessions",
            Self::LoginDelay => "[LOGIN-DELAY] last sign-in too recent",
            Self::NotFound => "no such message",
            Self::Forbidden => "[SYS/PERM] permission denied",
            Self::Unavailable => "[SYS/TEMP] temporarily unavailable",
        }
    }
}

/// News for the session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Notice {
    /// This side is shutting down; nothing is deleted.
    Shutdown,
}
