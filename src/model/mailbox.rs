//! Mailboxes.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

/// A mailbox of an account.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Mailbox {
    /// Id.
    pub id: Uuid,
    /// Full name with `/` between the levels.
    pub name: String,
    /// Special use.
    pub role: Option<Role>,
    /// What it holds.
    pub class: MailboxClass,
    /// False for a mere container of other mailboxes.
    pub selectable: bool,
    /// Whether clients show it.
    pub subscribed: bool,
    /// Messages.
    pub messages: i64,
    /// Messages not seen.
    pub unseen: i64,
    /// Octets.
    pub size: i64,
    /// UIDVALIDITY.
    pub uid_validity: i64,
    /// UID of the next message.
    pub uid_next: i64,
    /// Highest change number.
    pub modseq: i64,
    /// Version of the object, its ETag.
    pub version: i64,
}

/// Special use of a mailbox (RFC 6154).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Where mail arrives.
    Inbox,
    /// Copies of what was sent.
    Sent,
    /// Unfinished messages.
    Drafts,
    /// Deleted messages.
    Trash,
    /// Unwanted messages.
    Junk,
    /// Kept messages.
    Archive,
}

/// What a mailbox holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum MailboxClass {
    /// Mail.
    Mail,
    /// Appointments.
    Calendar,
    /// Tasks.
    Tasks,
    /// Contacts.
    Contacts,
    /// Notes.
    Notes,
}

/// Creates a mailbox.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CreateMailbox {
    /// The account: id, address, name in the main domain, or `me`.
    pub account: String,
    /// Full name; missing levels above it are made too.
    pub name: String,
}

/// Changes a mailbox.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct UpdateMailbox {
    /// The account: id, address, name in the main domain, or `me`.
    pub account: String,
    /// The mailbox: id, or `path:` and the name.
    pub mailbox: String,
    /// New full name.
    pub name: Option<String>,
    /// Whether clients show it.
    pub subscribed: Option<bool>,
}
