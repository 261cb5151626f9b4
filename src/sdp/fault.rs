//! What can be wrong with a description.

/// A description that is not read, and where it goes wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{reason} at octet {at}")]
pub struct Fault {
    /// Position in the body.
    pub at: usize,
    /// What is wrong.
    pub reason: Reason,
}

/// Why a description is not read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Reason {
    /// More than [`crate::LONGEST`] octets, [`crate::MOST_LINES`] lines or [`crate::MOST_MEDIA`] m-lines.
    #[error("too much")]
    TooMuch,
    /// An m-line that asks for several ports, which a relay cannot give.
    #[error("several ports in one m-line")]
    PortCount,
    /// No `x=` at the start of a line, or a character that cannot be there (RFC 8866 §5).
    #[error("no line of a description")]
    Line,
    /// `v=0` and `o=` do not stand first.
    #[error("no v= and o= at the start")]
    Start,
    /// A bad `o=`.
    #[error("bad o=")]
    Origin,
    /// A bad `c=`, or a multicast one.
    #[error("bad c=")]
    Connection,
    /// A bad `m=`.
    #[error("bad m=")]
    Media,
    /// A bad attribute that a relay must understand.
    #[error("bad a=")]
    Attribute,
    /// A line stands twice that may stand once.
    #[error("repeated line")]
    Repeated,
    /// A stream without an address.
    #[error("no c= for a stream")]
    NoConnection,
    /// A body of several parts whose description cannot be told apart.
    #[error("bad multipart body")]
    Multipart,
}

impl Reason {
    pub(crate) fn at(self, at: usize) -> Fault {
        Fault { at, reason: self }
    }

    /// The description may be good, but is more than is served (SIP 488), rather than bad (SIP 400).
    pub fn is_too_much(self) -> bool {
        matches!(self, Self::TooMuch | Self::PortCount)
    }
}
