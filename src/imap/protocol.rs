//! What the machine and its shell say to each other.

use std::time::Duration;

use bytes::Bytes;

use crate::{
    BodyStructure, Criterion, Envelope, FlagChange, FlagList, Flags, Message, MessageList,
    SpecialUse,
};

/// Limits and offers of one session.
#[derive(Debug, Clone)]
pub struct Config {
    /// Whether the connection is inside TLS from the start.
    pub secure: bool,
    /// Whether STARTTLS is offered outside TLS.
    pub starttls: bool,
    /// Whether passwords may cross the wire outside TLS (loopback, or a trusted client address).
    pub clear_passwords: bool,
    /// Random and secret, one for each connection; SCRAM nonces are made of it.
    pub nonce_seed: [u8; 32],
    /// Longest line in octets, literals apart.
    pub max_line: usize,
    /// Longest command other than APPEND with its literals, in octets; before sign-in it is 16 KiB.
    pub max_command: usize,
    /// Largest message of APPEND in octets.
    pub max_append: u64,
    /// Time to sign in.
    pub preauth_timeout: Duration,
    /// Time without input after which a session ends (RFC 3501 §5.4: 30 minutes at least).
    pub idle_timeout: Duration,
    /// Time between `* OK Still here` during IDLE and long commands.
    pub keep_alive: Duration,
    /// Failed sign-ins after which the connection ends; each is answered a second later than the one before.
    pub max_failures: u32,
    /// Commands answered by `BAD` within a minute after which the connection ends.
    pub max_bad: usize,
    /// Messages asked for in one [`Question::Fetch`].
    pub fetch_batch: usize,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            secure: false,
            starttls: false,
            clear_passwords: false,
            nonce_seed: [0; 32],
            max_line: 65_536,
            max_command: 2 * 1024 * 1024,
            max_append: 50 * 1024 * 1024,
            preauth_timeout: Duration::from_secs(60),
            idle_timeout: Duration::from_secs(30 * 60),
            keep_alive: Duration::from_secs(120),
            max_failures: 3,
            max_bad: 10,
            fetch_batch: 500,
        }
    }
}

/// What the machine asks of the shell. Any question may be answered by [`Answer::Refused`]; the other answer it takes is
/// named with it. Mailbox names are UTF-8 with `/` between levels, `INBOX` in capitals. UIDs ascend and are those of the
/// selected mailbox.
#[derive(Debug)]
pub enum Question {
    /// A sign-in by LOGIN or AUTHENTICATE. Answer: [`Answer::SignIn`]; [`Refusal::Limit`] for too many connections and
    /// [`Refusal::Forbidden`] for a service that is off, instead of `Accepted`.
    SignIn(sasl::Question),
    /// All mailboxes the user sees, or all subscribed. Answer: [`Answer::Mailboxes`].
    List {
        /// Only those subscribed.
        subscribed: bool,
    },
    /// Counters of a mailbox. Answer: [`Answer::Status`].
    Status {
        /// Its name.
        mailbox: String,
    },
    /// Opens a mailbox and has its changes told by notices from then on. A mailbox that was open is closed first, without
    /// expunging, whatever becomes of this one. Answer: [`Answer::Selected`].
    Select {
        /// Its name.
        mailbox: String,
        /// Read-only, and nothing loses `\Recent`.
        examine: bool,
    },
    /// Closes the selected mailbox; no notice of it comes any more. Answer: [`Answer::Done`].
    Unselect,
    /// Makes a mailbox. Answer: [`Answer::Done`].
    Create {
        /// Its name.
        mailbox: String,
        /// It shall hold other mailboxes only.
        container: bool,
        /// What it is for.
        special_use: Option<SpecialUse>,
    },
    /// Deletes a mailbox. Answer: [`Answer::Done`].
    Delete {
        /// Its name.
        mailbox: String,
    },
    /// Renames a mailbox and those below it; of INBOX moves the messages. Answer: [`Answer::Done`].
    Rename {
        /// Name so far.
        from: String,
        /// New name.
        to: String,
    },
    /// Changes a subscription. Answer: [`Answer::Done`].
    Subscribe {
        /// Name of the mailbox.
        mailbox: String,
        /// Subscribe, or no longer.
        on: bool,
    },
    /// Stores a message. Answer: [`Answer::Appended`].
    Append {
        /// Name of the mailbox.
        mailbox: String,
        /// Flags it gets.
        flags: FlagList,
        /// Internal date in Unix seconds; now when absent.
        date: Option<i64>,
        /// The message.
        message: Bytes,
    },
    /// Reads messages. The answer may stop early, the machine then asks for the rest. Answer: [`Answer::Fetched`].
    Fetch {
        /// The messages.
        uids: Vec<u32>,
        /// What of them.
        needs: Needs,
    },
    /// Changes flags. Answer: [`Answer::Stored`].
    Store {
        /// The messages.
        uids: Vec<u32>,
        /// How.
        change: FlagChange,
        /// The flags.
        flags: FlagList,
        /// Leave out messages whose mod-sequence is higher (RFC 7162 §3.1.3).
        unchanged_since: Option<u64>,
    },
    /// Copies or moves messages, all or none. Answer: [`Answer::Copied`].
    Copy {
        /// The messages.
        uids: Vec<u32>,
        /// Name of the target.
        mailbox: String,
        /// They leave the selected mailbox.
        moves: bool,
    },
    /// Removes those of the messages that still have `\Deleted`. Answer: [`Answer::Expunged`].
    Expunge {
        /// The messages.
        uids: Vec<u32>,
    },
    /// Which of the messages fit each criterion. Answer: [`Answer::Found`].
    Search {
        /// The messages.
        uids: Vec<u32>,
        /// The criteria.
        criteria: Vec<Criterion>,
    },
    /// What has changed in the selected mailbox. Answer: [`Answer::Changes`].
    Changes {
        /// Everything with a higher mod-sequence.
        since: u64,
    },
}

/// What a FETCH needs of each message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Needs {
    /// Internal date.
    pub date: bool,
    /// Size.
    pub size: bool,
    /// Envelope.
    pub envelope: bool,
    /// Body structure, with the places of the parts.
    pub structure: bool,
    /// The header of the message, with its empty line, at least.
    pub header: bool,
    /// The whole message.
    pub body: bool,
}

/// Answers of the shell.
#[derive(Debug)]
pub enum Answer {
    /// Of [`Question::SignIn`].
    SignIn(sasl::Answer),
    /// Of [`Question::List`], in the order they shall be shown.
    Mailboxes(Vec<ListedMailbox>),
    /// Of [`Question::Status`].
    Status(MailboxStatus),
    /// Of [`Question::Select`].
    Selected(Box<Selected>),
    /// Done.
    Done,
    /// Of [`Question::Append`].
    Appended {
        /// `UIDVALIDITY` of the mailbox.
        uid_validity: u32,
        /// UID of the message.
        uid: u32,
    },
    /// Of [`Question::Fetch`].
    Fetched {
        /// Messages in the order asked; those that are gone are left out.
        messages: Vec<Fetched>,
        /// Every message asked for up to this UID is answered; at least the first.
        through: u32,
    },
    /// Of [`Question::Store`].
    Stored {
        /// State of all messages that were not left out, changed or not.
        messages: Vec<Message>,
        /// UIDs left out because they had changed.
        modified: Vec<u32>,
    },
    /// Of [`Question::Copy`].
    Copied {
        /// `UIDVALIDITY` of the target.
        uid_validity: u32,
        /// UID here and UID there of each message.
        uids: Vec<(u32, u32)>,
        /// Mod-sequence at which moved messages left.
        modseq: u64,
    },
    /// Of [`Question::Expunge`].
    Expunged {
        /// UIDs removed.
        uids: Vec<u32>,
        /// Mod-sequence at which they left.
        modseq: u64,
    },
    /// Of [`Question::Search`]: for each criterion the UIDs that fit, ascending.
    Found(Vec<Vec<u32>>),
    /// Of [`Question::Changes`].
    Changes {
        /// Messages new or changed.
        messages: Vec<Message>,
        /// UIDs gone; those never here do no harm.
        expunged: Vec<u32>,
        /// Highest mod-sequence of the mailbox.
        modseq: u64,
    },
    /// Not done.
    Refused(Refusal),
}

/// Why the shell does not do it; becomes the response code (RFC 5530).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    /// No such mailbox, or not to be seen.
    NotFound,
    /// Such a mailbox exists.
    AlreadyExists,
    /// Not while it has mailboxes below it.
    HasChildren,
    /// No right.
    Forbidden,
    /// The account is full.
    OverQuota,
    /// A limit is reached.
    Limit,
    /// The message is larger than a message may be.
    TooBig,
    /// That special use is taken, or not offered (RFC 6154 §3).
    UseAttribute,
    /// Never possible.
    Cannot,
    /// In use by somebody else.
    InUse,
    /// Not now.
    Unavailable,
    /// Our fault.
    Internal,
}

impl Refusal {
    /// Response code and text.
    pub(crate) fn text(self) -> &'static str {
        match self {
            Self::NotFound => "[NONEXISTENT] No such mailbox",
            Self::AlreadyExists => "[ALREADYEXISTS] Mailbox exists",
            Self::HasChildren => "[HASCHILDREN] Mailbox has mailboxes below it",
            Self::Forbidden => "[NOPERM] Permission denied",
            Self::OverQuota => "[OVERQUOTA] Account is full",
            Self::Limit => "[LIMIT] Limit reached",
            Self::TooBig => "[TOOBIG] Message too large",
            Self::UseAttribute => "[USEATTR] Special use not possible",
            Self::Cannot => "[CANNOT] Not possible",
            Self::InUse => "[INUSE] Mailbox is in use",
            Self::Unavailable => "[UNAVAILABLE] Temporarily unavailable",
            Self::Internal => "[SERVERBUG] Internal error",
        }
    }
}

/// A mailbox as LIST shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListedMailbox {
    /// Its name.
    pub name: String,
    /// Whether it may be selected.
    pub selectable: bool,
    /// What it is for.
    pub special_use: Option<SpecialUse>,
}

/// Counters of a mailbox.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct MailboxStatus {
    /// Messages.
    pub messages: u32,
    /// Messages with `\Recent`.
    pub recent: u32,
    /// Messages without `\Seen`.
    pub unseen: u32,
    /// `UIDNEXT`.
    pub uid_next: u32,
    /// `UIDVALIDITY`.
    pub uid_validity: u32,
    /// Highest mod-sequence.
    pub highest_modseq: u64,
    /// Octets of all messages.
    pub size: u64,
}

/// An opened mailbox.
#[derive(Debug, Clone)]
pub struct Selected {
    /// No change is possible, by EXAMINE or for want of rights.
    pub read_only: bool,
    /// Flags that can be changed for good.
    pub permanent_flags: Flags,
    /// Whether new keywords can be made.
    pub new_keywords: bool,
    /// `UIDVALIDITY`.
    pub uid_validity: u32,
    /// `UIDNEXT`.
    pub uid_next: u32,
    /// First UID that is `\Recent` in this session.
    pub recent_from: u32,
    /// Highest mod-sequence, at least 1.
    pub highest_modseq: u64,
    /// All messages.
    pub messages: MessageList,
}

/// What was asked of one message; what was not asked may be missing.
#[derive(Debug, Clone, Default)]
pub struct Fetched {
    /// UID.
    pub uid: u32,
    /// Internal date in Unix seconds.
    pub date: i64,
    /// Size in octets.
    pub size: u32,
    /// Envelope.
    pub envelope: Option<Envelope>,
    /// Structure.
    pub structure: Option<BodyStructure>,
    /// The raw message, or its header when only that was asked.
    pub raw: Option<Bytes>,
}

/// News for the session; between commands they wait, in IDLE they are told at once.
#[derive(Debug)]
pub enum Notice {
    /// Messages of the selected mailbox are new or have other flags.
    Changed(Vec<Message>),
    /// Messages of the selected mailbox are gone.
    Expunged {
        /// Their UIDs.
        uids: Vec<u32>,
        /// Mod-sequence at which they left.
        modseq: u64,
    },
    /// Something has changed in the selected mailbox; the machine asks [`Question::Changes`] when the client can be told.
    Resync,
    /// The selected mailbox does not exist any more.
    Gone,
    /// A text the user must see.
    Alert(String),
    /// This side is shutting down.
    Shutdown,
}
