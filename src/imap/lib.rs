//! IMAP4rev1 for servers.
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used))]
mod command;
mod cursor;
mod date;
mod envelope;
mod fetch_item;
mod flags;
mod frame;
pub mod name;
mod search;
mod sequence;
mod special_use;
mod structure;
mod write;

pub use command::FlagChange;
pub use envelope::{Address, Envelope};
pub use flags::{FlagList, Flags, KEYWORD_LEN_MAX, KEYWORDS_MAX};
pub use search::{Criterion, SearchKey};
pub use sequence::SequenceSet;
pub use special_use::SpecialUse;
pub use structure::{BodyStructure, Part};
