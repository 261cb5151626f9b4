mod parse;

use bytes::Bytes;
use types::Secret;

pub(crate) use parse::{parse, special_use, tag};

use crate::{FlagList, SearchKey, SequenceSet, fetch_item::FetchItem};

/// A command of a client, without its tag.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Command {
    Capability,
    Noop,
    Logout,
    StartTls,
    Authenticate {
        mechanism: String,
        initial: Option<Vec<u8>>,
    },
    Login {
        user: String,
        password: Secret,
    },
    Enable(Vec<String>),
    Id,
    Namespace,
    Select {
        mailbox: String,
        examine: bool,
        condstore: bool,
    },
    Create {
        mailbox: String,
        uses: Vec<String>,
    },
    Delete(String),
    Rename {
        from: String,
        to: String,
    },
    Subscribe {
        mailbox: String,
        on: bool,
    },
    List {
        reference: String,
        pattern: String,
        subscribed: bool,
    },
    Status {
        mailbox: String,
        items: Vec<StatusItem>,
    },
    Append {
        mailbox: String,
        flags: FlagList,
        date: Option<i64>,
        message: Bytes,
    },
    Idle,
    Check,
    Close,
    Unselect,
    Expunge(Option<SequenceSet>),
    Search {
        uid: bool,
        key: SearchKey,
    },
    /// SEARCH in a character set that is not known.
    SearchCharset,
    Fetch {
        uid: bool,
        set: SequenceSet,
        items: Vec<FetchItem>,
        changed_since: Option<u64>,
    },
    Store {
        uid: bool,
        set: SequenceSet,
        unchanged_since: Option<u64>,
        change: FlagChange,
        silent: bool,
        flags: FlagList,
    },
    Copy {
        uid: bool,
        set: SequenceSet,
        mailbox: String,
        moves: bool,
    },
}

/// How STORE changes flags.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FlagChange {
    /// The flags given and no others.
    Set,
    /// The flags given are set, others stay.
    Add,
    /// The flags given are cleared, others stay.
    Remove,
}

/// An item of STATUS (RFC 3501 §6.3.10, RFC 7162 §3.1.7, RFC 8438).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum StatusItem {
    Messages,
    Recent,
    UidNext,
    UidValidity,
    Unseen,
    HighestModSeq,
    Size,
}

impl StatusItem {
    pub(crate) const ALL: [(Self, &str); 7] = [
        (Self::Messages, "MESSAGES"),
        (Self::Recent, "RECENT"),
        (Self::UidNext, "UIDNEXT"),
        (Self::UidValidity, "UIDVALIDITY"),
        (Self::Unseen, "UNSEEN"),
        (Self::HighestModSeq, "HIGHESTMODSEQ"),
        (Self::Size, "SIZE"),
    ];
}
