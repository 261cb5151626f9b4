//! Internet messages: read once into [`Facts`], written exactly by [`Builder`] and [`dsn::Report`].
//!
//! Types to know: [`Facts`] (what is computed when a message is accepted and stored beside it: envelope, MIME parts with
//! byte offsets, preview), [`Part`], [`Builder`]. The raw bytes stay the truth; every part is a range of them.
//! One pass over the lines finds the parts (linear in the size, whatever the boundaries say); mail-parser decodes what
//! is found (encoded words, character sets, transfer encodings, HTML), mail-builder writes.
//! Deliberately absent: clock, randomness and host name (dates, boundaries and Message-IDs are arguments), IMAP syntax,
//! signatures. `service`, `mta` and `access` call it.
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used))]

mod address;
mod builder;
mod date;
pub mod dsn;
mod envelope;
mod facts;
#[doc(hidden)]
pub mod fuzzing;
mod header;
mod part;
pub mod spf;
mod structure;
mod text;
mod token;
mod trace;

pub use address::Address;
pub use builder::{Attachment, Builder, Mailbox};
pub use date::{format_date, parse_date};
pub use envelope::Envelope;
pub use facts::Facts;
pub use header::{Field, block_len, decode, field, fields, unfold};
pub use part::{Disposition, Part};
pub use text::{base_subject, html_body, part_bytes, part_text, search_text, text_body};
pub use trace::{Received, Repair, repair};
