//! Sending mail as a user.

use serde::{Deserialize, Serialize};
use types::Timestamp;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::message::{Encoding, MailAddress};

/// An uploaded file, to be attached.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Upload {
    /// Names the upload.
    pub blob_id: Uuid,
    /// Octets.
    pub size: i64,
    /// Media type.
    #[serde(rename = "type")]
    pub media_type: String,
    /// When it is forgotten unless it was used.
    #[schema(value_type = String, format = DateTime)]
    pub expires_at: Timestamp,
}

/// Sends a message.
#[derive(Debug, Clone, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SendMessage {
    /// The account: id, address, name in the main domain, or `me`.
    pub account: String,
    /// From; the account's own address when absent. Must be an address of the account.
    pub from: Option<MailAddress>,
    /// To.
    #[serde(default)]
    pub to: Vec<MailAddress>,
    /// Cc.
    #[serde(default)]
    pub cc: Vec<MailAddress>,
    /// Bcc.
    #[serde(default)]
    pub bcc: Vec<MailAddress>,
    /// Subject.
    #[serde(default)]
    pub subject: String,
    /// Plain text.
    #[serde(default)]
    pub text: String,
    /// HTML form.
    pub html: Option<String>,
    /// Uploaded files, and parts of messages.
    #[serde(default)]
    pub attachments: Vec<AttachmentRef>,
    /// Message-ID this answers.
    pub in_reply_to: Option<String>,
    /// Message-IDs of the conversation, the first one first; what it answers when empty.
    #[serde(default)]
    pub references: Vec<String>,
    /// Seconds in which it can be called back, 0 to 120.
    #[serde(default)]
    pub undo_seconds: i64,
    /// Time at which it is sent, at most 30 days ahead.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub send_at: Option<Timestamp>,
    /// A copy goes into the mailbox of sent messages; true when absent.
    pub save_sent: Option<bool>,
    /// Asks readers to say that they have read it (RFC 8098).
    #[serde(default)]
    pub request_mdn: bool,
    /// When the sender wants a report (RFC 3461); failures and delays when empty.
    #[serde(default)]
    pub dsn: Vec<DsnWish>,
    /// The whole message (RFC 5322) instead of its parts; without recipients beside it, those of its header get it.
    pub raw: Option<String>,
    /// How `raw` is written: `utf-8` (when absent) or `base64`.
    pub encoding: Option<Encoding>,
}

/// Keeps a message that is not finished; nothing in it need be complete.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CreateDraft {
    /// The account: id, address, name in the main domain, or `me`.
    pub account: String,
    /// From; the account's own address when absent. Must be an address of the account.
    pub from: Option<MailAddress>,
    /// To.
    #[serde(default)]
    pub to: Vec<MailAddress>,
    /// Cc.
    #[serde(default)]
    pub cc: Vec<MailAddress>,
    /// Bcc.
    #[serde(default)]
    pub bcc: Vec<MailAddress>,
    /// Subject.
    #[serde(default)]
    pub subject: String,
    /// Plain text.
    #[serde(default)]
    pub text: String,
    /// HTML form.
    pub html: Option<String>,
    /// Uploaded files, and parts of messages.
    #[serde(default)]
    pub attachments: Vec<AttachmentRef>,
    /// Message-ID this answers.
    pub in_reply_to: Option<String>,
    /// Message-IDs of the conversation, the first one first; what it answers when empty.
    #[serde(default)]
    pub references: Vec<String>,
}

/// Writes a draft anew.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ReplaceDraft {
    /// The account: id, address, name in the main domain, or `me`.
    pub account: String,
    /// The draft; it gets another id.
    pub id: Uuid,
    /// From; the account's own address when absent. Must be an address of the account.
    pub from: Option<MailAddress>,
    /// To.
    #[serde(default)]
    pub to: Vec<MailAddress>,
    /// Cc.
    #[serde(default)]
    pub cc: Vec<MailAddress>,
    /// Bcc.
    #[serde(default)]
    pub bcc: Vec<MailAddress>,
    /// Subject.
    #[serde(default)]
    pub subject: String,
    /// Plain text.
    #[serde(default)]
    pub text: String,
    /// HTML form.
    pub html: Option<String>,
    /// Uploaded files, and parts of messages.
    #[serde(default)]
    pub attachments: Vec<AttachmentRef>,
    /// Message-ID this answers.
    pub in_reply_to: Option<String>,
    /// Message-IDs of the conversation, the first one first; what it answers when empty.
    #[serde(default)]
    pub references: Vec<String>,
}

impl From<CreateDraft> for SendMessage {
    fn from(draft: CreateDraft) -> Self {
        let CreateDraft { account, from, to, cc, bcc, subject, text, html, attachments, in_reply_to, references } = draft;
        Self { account, from, to, cc, bcc, subject, text, html, attachments, in_reply_to, references, ..Self::default() }
    }
}

impl From<ReplaceDraft> for SendMessage {
    fn from(draft: ReplaceDraft) -> Self {
        let ReplaceDraft { account, id: _, from, to, cc, bcc, subject, text, html, attachments, in_reply_to, references } = draft;
        Self { account, from, to, cc, bcc, subject, text, html, attachments, in_reply_to, references, ..Self::default() }
    }
}

/// When the sender wants a report.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum DsnWish {
    /// Never; stands alone.
    Never,
    /// When it was delivered.
    Success,
    /// When it cannot be delivered.
    Failure,
    /// When it takes long.
    Delay,
}

/// Uploads a file; over REST it is the body of the request.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CreateUpload {
    /// The account: id, address, name in the main domain, or `me`.
    pub account: String,
    /// The file.
    #[serde(default)]
    pub content: String,
    /// How `content` is written: `utf-8` (when absent) or `base64`.
    pub encoding: Option<Encoding>,
    /// Media type.
    #[serde(rename = "type")]
    pub media_type: Option<String>,
}

/// An attachment: an upload, or a part of a message of the account.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AttachmentRef {
    /// Names the upload.
    pub blob_id: Option<Uuid>,
    /// Names a message instead, one of whose parts is attached.
    pub message_id: Option<Uuid>,
    /// Number of its part.
    pub part: Option<String>,
    /// File name.
    pub name: String,
    /// Id by which the HTML shows it (`cid:`), without angle brackets.
    pub cid: Option<String>,
}

/// A message that was sent, or will be.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Submission {
    /// Id.
    pub id: Uuid,
    /// Whether it has gone.
    pub state: SubmissionState,
    /// Until when it can be called back.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub undo_until: Option<Timestamp>,
    /// Message-ID.
    pub message_id: String,
    /// Number of the message once it has gone.
    pub number: Option<i64>,
    /// What became of each recipient.
    pub recipients: Vec<SubmissionRecipient>,
}

/// Whether a submission has gone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum SubmissionState {
    /// It waits and can be called back.
    Pending,
    /// It has gone.
    Sent,
    /// It was called back.
    Cancelled,
    /// Nobody could get it.
    Failed,
}

/// What became of a recipient.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct SubmissionRecipient {
    /// Address.
    pub address: String,
    /// `pending`, `delivered`, `queued`, `sent`, `failed` or `cancelled`.
    pub state: String,
    /// Where the Router sends it.
    pub route: String,
    /// What the last try ended with.
    pub reply: String,
}
