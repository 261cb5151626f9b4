//! Stored messages as the API shows them.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use types::Timestamp;
use utoipa::ToSchema;
use uuid::Uuid;

/// A stored message.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Message {
    /// Id.
    pub id: Uuid,
    /// Id of its thread.
    pub thread_id: Uuid,
    /// Mailboxes it stands in, with its UID in each.
    pub mailboxes: Vec<MessagePlace>,
    /// Flags and keywords: `$seen`, `$answered`, `$flagged`, `$deleted`, `$draft` and free ones.
    pub keywords: BTreeMap<String, bool>,
    /// Highest change number.
    pub modseq: i64,
    /// From.
    pub from: Vec<MailAddress>,
    /// To.
    pub to: Vec<MailAddress>,
    /// Cc.
    pub cc: Vec<MailAddress>,
    /// Bcc; only what the account wrote itself has it.
    pub bcc: Vec<MailAddress>,
    /// Reply-To.
    pub reply_to: Vec<MailAddress>,
    /// Subject.
    pub subject: String,
    /// Message-ID.
    pub message_id: String,
    /// Message-IDs of the conversation before it, the first one first.
    pub references: Vec<String>,
    /// Date header as given.
    pub date: String,
    /// When it was stored.
    #[schema(value_type = String, format = DateTime)]
    pub received_at: Timestamp,
    /// Octets.
    pub size: i64,
    /// Beginning of the text, at most 256 characters.
    pub preview: String,
    /// Whether it has attachments.
    pub has_attachment: bool,
    /// Its thread in the mailbox listed; only in lists that show the last message of each.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub thread: Option<ThreadView>,
    /// Text and parts; only when one message is read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub body: Option<MessageBody>,
}

/// What a mailbox holds of a thread.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct ThreadView {
    /// Its messages there, the one stored last first; at most 500.
    pub ids: Vec<Uuid>,
    /// How many of them are not seen.
    pub unseen: i64,
    /// Whether one of them is flagged.
    pub flagged: bool,
    /// Who wrote the last ten of them, each once, the last one first.
    pub from: Vec<MailAddress>,
}

/// Where a message stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct MessagePlace {
    /// Id of the mailbox.
    pub mailbox_id: Uuid,
    /// UID there.
    pub uid: i64,
}

/// An address in a header.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct MailAddress {
    /// Shown name, or empty.
    #[serde(default)]
    pub name: String,
    /// Address.
    pub email: String,
}

/// Text and parts of a message.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct MessageBody {
    /// Plain text, decoded.
    pub text: Option<String>,
    /// Whether there is an HTML form.
    pub html_available: bool,
    /// The HTML form in UTF-8 as its sender wrote it: not to be trusted.
    pub html: Option<String>,
    /// Parts that are attachments, and pictures that the HTML shows (`cid:`).
    pub attachments: Vec<Attachment>,
}

/// A part of a message.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Attachment {
    /// Number of the part as IMAP counts it: `2`, `2.1`.
    pub part: String,
    /// File name.
    pub name: String,
    /// Media type.
    #[serde(rename = "type")]
    pub media_type: String,
    /// Octets as transferred.
    pub size: i64,
    /// Content-ID, or empty.
    pub cid: String,
    /// `attachment` or `inline`.
    pub disposition: String,
}

/// Header fields of a message.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Headers {
    /// In the order of the message.
    pub data: Vec<HeaderField>,
}

/// One header field.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct HeaderField {
    /// Name.
    pub name: String,
    /// Value, unfolded, decoded.
    pub value: String,
}

/// Changes a message: keywords to set or clear, mailboxes to stand in.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct UpdateMessage {
    /// The account: id, address, name in the main domain, or `me`.
    pub account: String,
    /// Id of the message.
    pub id: Uuid,
    /// `true` sets a keyword, `false` clears it; others stay.
    pub keywords: Option<BTreeMap<String, bool>>,
    /// Mailboxes it shall stand in: ids or `path:` names; all of them.
    pub mailbox_ids: Option<Vec<String>>,
}

/// Changes many messages at once.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct BulkMessages {
    /// The account: id, address, name in the main domain, or `me`.
    pub account: String,
    /// Ids of the messages, 1 to 500; what is not there any more is passed over.
    pub ids: Option<Vec<Uuid>>,
    /// In place of ids: which messages, up to 500 with each call.
    pub filter: Option<MessageFilter>,
    /// With `filter`: `next_cursor` of the call before.
    pub cursor: Option<String>,
    /// `true` sets a keyword, `false` clears it; others stay.
    pub keywords: Option<BTreeMap<String, bool>>,
    /// Mailboxes they shall stand in: ids or `path:` names; all of them.
    pub mailbox_ids: Option<Vec<String>>,
    /// Takes them away instead.
    pub delete: Option<Deletion>,
}

/// How messages are taken away.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Deletion {
    /// They go to the trash; those that stand only there are gone.
    ToTrash,
    /// They are gone.
    Permanent,
}

/// What became of many messages.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct BulkDone {
    /// Messages that were there.
    pub matched: i64,
    /// Where they stood before.
    pub before: Vec<BulkPlaces>,
    /// With `filter`: give it back as `cursor` to go on; null when all is done.
    pub next_cursor: Option<String>,
}

/// Messages that stood in the same mailboxes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct BulkPlaces {
    /// Ids of the mailboxes.
    pub mailbox_ids: Vec<Uuid>,
    /// Ids of the messages.
    pub ids: Vec<Uuid>,
}

/// Which messages are meant; empty: all.
#[derive(Debug, Clone, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct MessageFilter {
    /// Only in this mailbox: id or `path:` name.
    pub mailbox: Option<String>,
    /// Text that From, To, Cc, Subject or body must contain, without regard to case.
    pub text: Option<String>,
    /// Text that From must contain.
    pub from: Option<String>,
    /// Text that To or Cc must contain.
    pub to: Option<String>,
    /// Text that Subject must contain.
    pub subject: Option<String>,
    /// A keyword the message must have.
    pub keyword: Option<String>,
    /// A keyword the message must not have.
    pub not_keyword: Option<String>,
    /// Whether it has attachments.
    pub has_attachment: Option<bool>,
    /// Stored at or after.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub received_after: Option<Timestamp>,
    /// Stored before.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub received_before: Option<Timestamp>,
}

/// Searches messages.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SearchMessages {
    /// The account: id, address, name in the main domain, or `me`.
    pub account: String,
    /// Only in this mailbox: id or `path:` name.
    pub mailbox: Option<String>,
    /// Text that From, To, Cc, Subject or body must contain, without regard to case.
    pub text: Option<String>,
    /// Text that From must contain.
    pub from: Option<String>,
    /// Text that To or Cc must contain.
    pub to: Option<String>,
    /// Text that Subject must contain.
    pub subject: Option<String>,
    /// A keyword the message must have.
    pub keyword: Option<String>,
    /// A keyword the message must not have.
    pub not_keyword: Option<String>,
    /// Whether it has attachments.
    pub has_attachment: Option<bool>,
    /// Stored at or after.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub received_after: Option<Timestamp>,
    /// Stored before.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub received_before: Option<Timestamp>,
    /// Messages per page, 1 to 500.
    pub limit: Option<i64>,
    /// `next_cursor` of the page before.
    pub cursor: Option<String>,
}

/// A message that was stored.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Stored {
    /// Id of the message.
    pub id: Uuid,
    /// Id of the mailbox.
    pub mailbox_id: Uuid,
    /// UID there.
    pub uid: i64,
    /// Octets.
    pub size: i64,
}

/// How the octets of a message stand in JSON.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub enum Encoding {
    /// As text.
    #[serde(rename = "utf-8")]
    Utf8,
    /// As base64 (RFC 4648 §4).
    #[serde(rename = "base64")]
    Base64,
}
