use std::sync::Arc;

use bytes::Bytes;

use crate::parameters::{MailParameters, RcptParameters};
use crate::path::Path;
use crate::reply::Reply;

/// How the client introduced itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hello {
    /// The name it gave, printable ASCII, perhaps empty.
    pub name: Arc<str>,
    /// EHLO or LHLO rather than HELO.
    pub extended: bool,
}

/// A message begins.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sender {
    /// The return path; `None` is the null sender `<>`.
    pub path: Option<Path>,
    /// Parameters of MAIL, already checked.
    pub parameters: MailParameters,
    /// `None` only when [`Config::require_hello`](super::Config) is off.
    pub hello: Option<Hello>,
    /// Whether a user is signed in.
    pub authenticated: bool,
    /// Whether AUTH exists on this connection, for replies that advise it.
    pub auth_offered: bool,
}

/// What the machine asks of the shell. Where nothing else is said, the answer is [`Answer::Accepted`] or a refusal by
/// [`Answer::Reply`].
#[derive(Debug)]
pub enum Question {
    /// A user signs in; answered by [`Answer::Sasl`].
    Authenticate(sasl::Question),
    /// May the client use this name? Only with [`Config::check_hello`](super::Config).
    Hello(Hello),
    /// May this sender send?
    Sender(Box<Sender>),
    /// May the current message go to this recipient? Accepted by [`Answer::Recipient`].
    Recipient {
        /// The address as the client gave it.
        path: Path,
        /// Parameters of RCPT, already checked.
        parameters: RcptParameters,
    },
    /// The message is about to come; make room for it.
    Begin,
    /// The next piece of the message, without the dots of DATA; never empty.
    Chunk(Bytes),
    /// The message is complete; the answer [`Answer::Message`] says that it is stored durably. LMTP may be answered by
    /// [`Answer::Recipients`].
    End {
        /// Its size in octets.
        size: u64,
        /// Its `Received` fields.
        hops: u32,
    },
    /// Forget the message that was begun. A message is forgotten as well when the connection closes.
    Discard,
}

/// An answer to a [`Question`].
#[derive(Debug, Clone)]
pub enum Answer {
    /// To `Authenticate`.
    Sasl(sasl::Answer),
    /// Accepted, with the usual reply.
    Accepted,
    /// The recipient is accepted.
    Recipient(Destination),
    /// The message is accepted under this number.
    Message(u64),
    /// LMTP: one reply for each accepted recipient, in their order.
    Recipients(Vec<Reply>),
    /// Send this reply; a positive one accepts, any other refuses, 421 and 521 also close.
    Reply(Reply),
}

/// Why a recipient is accepted, for the reply's text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Destination {
    /// It is ours.
    Local,
    /// It is elsewhere, and the peer's address may relay.
    ForClient,
    /// It is elsewhere, and the user signed in.
    ForUser,
    /// It is elsewhere, and a record allows it.
    Relayed,
}

impl Destination {
    pub(super) fn text(self) -> &'static str {
        match self {
            Self::Local => "will leave the Internet",
            Self::ForClient => "will relay mail from a client address",
            Self::ForUser => "will relay mail for an authenticated user",
            Self::Relayed => "will relay mail",
        }
    }
}

/// News for a server machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Notice {
    /// This side shuts down: finish the message under way, then say 421 and close.
    Shutdown,
}
