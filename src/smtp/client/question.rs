use bytes::Bytes;

use super::Extensions;
use crate::parameters::{MailParameters, RcptParameters};
use crate::path::Path;
use crate::reply::Reply;

/// One message for one host.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Transaction {
    /// The return path; `None` is the null sender.
    pub sender: Option<Path>,
    /// `size` is that of the message, `body` and `utf8` what it needs; the others are passed on when the server can
    /// take them.
    pub parameters: MailParameters,
    /// Whom it goes to, at least one.
    pub recipients: Vec<Recipient>,
    /// Only ask whether the recipients would be accepted; there is no message.
    pub probe: bool,
}

/// One recipient of a [`Transaction`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recipient {
    /// The address.
    pub path: Path,
    /// Passed on when the server can take them.
    pub parameters: RcptParameters,
}

/// What the machine asks of the queue runner.
#[derive(Debug)]
pub enum Question {
    /// The connection is ready for a transaction: answered by [`Answer::Transaction`] or [`Answer::Quit`].
    Next {
        /// What became of the transaction before.
        done: Option<Outcome>,
        /// What the server can; a message that needs more has to be converted first.
        extensions: Extensions,
    },
    /// The next piece of the current message: answered by [`Answer::Piece`].
    Body,
    /// The connection is over without QUIT: answered by [`Answer::Noted`].
    Over {
        /// What became of the transaction that was under way.
        done: Option<Outcome>,
        /// What it means for the queue.
        end: End,
    },
}

/// An answer to a [`Question`].
#[derive(Debug)]
pub enum Answer {
    /// Send this message.
    Transaction(Box<Transaction>),
    /// There is nothing more for this host.
    Quit,
    /// A piece of the message, perhaps empty.
    Piece {
        /// Its octets; pieces may be cut anywhere.
        bytes: Bytes,
        /// Whether the message ends with it.
        last: bool,
    },
    /// Seen.
    Noted,
}

/// What became of a transaction.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// One result for each recipient, in their order. When all are suspended, so is the message.
    Recipients(Vec<RecipientOutcome>),
    /// 4xx to MAIL, or 421 at any time: try the whole message later.
    SuspendMessage(Reply),
    /// 5xx to MAIL, or the server cannot take this message at all: all recipients here have failed.
    FailMessage(Reply),
    /// The connection was lost: try once more at once on a new connection, then later.
    RetryMessage(Cause),
}

/// What became of one recipient.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RecipientOutcome {
    /// The server has the message.
    Delivered(Reply),
    /// 4xx: try later.
    Suspended(Reply),
    /// 5xx: never.
    Failed(Reply),
    /// 452 behind accepted ones (RFC 5321 §4.5.3.1.10): send to it in the next transaction of this connection.
    NextTransaction(Reply),
}

/// How a connection ended without QUIT.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum End {
    /// The server refused the session at this stage, before any transaction.
    Refused {
        /// Greeting, hello, STARTTLS or AUTH.
        stage: Stage,
        /// What it said.
        reply: Reply,
    },
    /// The server lacks what we must have.
    Unsuitable(Lack),
    /// 421: the server closes.
    Closing(Reply),
    /// The connection broke.
    Lost {
        /// What we were waiting for.
        stage: Stage,
        /// How it broke.
        cause: Cause,
    },
}

/// What the queue should do after an [`End`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Advice {
    /// Try the next host; when none is left, suspend the queue.
    NextHost,
    /// The same, but when none is left the setting decides whether all messages fail (5xx to greeting or EHLO).
    NextHostOrFail,
    /// Suspend the queue if the transaction under way was the first of the connection; else connect again.
    SuspendIfFirst,
    /// Connect again at once.
    Reconnect,
}

impl End {
    /// What the queue should do now.
    pub fn advice(&self) -> Advice {
        match self {
            Self::Refused {
                stage: Stage::Greeting | Stage::Hello,
                reply,
            } if reply.is_permanent() => Advice::NextHostOrFail,
            Self::Refused { .. } | Self::Unsuitable(_) => Advice::NextHost,
            Self::Closing(_) => Advice::SuspendIfFirst,
            Self::Lost { stage, .. } if stage.is_setup() => Advice::NextHost,
            Self::Lost { .. } => Advice::Reconnect,
        }
    }
}

/// What a server lacks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lack {
    /// STARTTLS, which we require.
    Tls,
    /// A mechanism we can sign in with.
    Auth,
}

/// How a connection broke.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cause {
    /// The server closed it.
    Closed,
    /// It took too long.
    Timeout,
    /// It did not speak SMTP, or failed to prove that it knows our password.
    Protocol,
}

/// Which step was under way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    /// The greeting.
    Greeting,
    /// EHLO or HELO.
    Hello,
    /// STARTTLS and the handshake.
    StartTls,
    /// AUTH.
    Auth,
    /// Between transactions.
    Idle,
    /// MAIL.
    Mail,
    /// RCPT.
    Rcpt,
    /// DATA.
    Data,
    /// A piece of the message.
    Block,
    /// The end of the message: the server may have it, or not.
    End,
    /// RSET.
    Reset,
    /// QUIT.
    Quit,
}

impl Stage {
    fn is_setup(self) -> bool {
        matches!(
            self,
            Self::Greeting | Self::Hello | Self::StartTls | Self::Auth
        )
    }
}
