//! IMAP4rev1 as a server machine (RFC 3501), with IDLE, UIDPLUS, MOVE, CONDSTORE, SPECIAL-USE, NAMESPACE, ID, ENABLE,
//! UNSELECT, CHILDREN, STATUS=SIZE, LITERAL+ and SASL-IR.
//!
//! Types to know: [`Server`] (the machine), [`Question`] and [`Answer`] (what it asks of the shell), [`Notice`] (news of
//! the selected mailbox). The machine owns what the client sees: it alone knows message numbers, and it answers flags,
//! sets and most searches from its [`MessageList`] without asking.
//!
//! Deliberately absent: IMAP4rev2, the reading of messages ([`Envelope`] and [`BodyStructure`] are handed in, their parts
//! as places in the raw bytes), accounts, storage, clocks.
//!
//! Driven by: the shell of `access`, through the stream loop.
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used))]
mod command;
mod cursor;
mod date;
mod envelope;
mod fetch_item;
mod flags;
mod frame;
#[doc(hidden)]
pub mod fuzzing;
mod keywords;
pub mod name;
mod protocol;
mod search;
mod section;
mod sequence;
mod server;
mod special_use;
mod structure;
mod view;
mod write;

pub use command::FlagChange;
pub use envelope::{Address, Envelope};
pub use flags::{FlagList, Flags, KEYWORD_LEN_MAX, KEYWORDS_MAX};
pub use protocol::{
    Answer, Config, Fetched, ListedMailbox, MailboxStatus, Needs, Notice, Question, Refusal,
    Selected,
};
pub use search::{Criterion, SearchKey};
pub use sequence::SequenceSet;
pub use server::Server;
pub use special_use::SpecialUse;
pub use structure::{BodyStructure, Part};
pub use view::{Message, MessageList};
