//! Sending mail as a user.

use serde::{Deserialize, Serialize};
use types::Timestamp;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::message::MailAddress;

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
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SendMessage {
    /// The account: id, address or `me`.
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
    /// Uploaded files.
    #[serde(default)]
    pub attachments: Vec<AttachmentRef>,
    /// Message-ID this answers.
    pub in_reply_to: Option<String>,
    /// Seconds in which it can be called back, 0 to 120.
    #[serde(default)]
    pub undo_seconds: i64,
    /// Time at which it is sent.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub send_at: Option<Timestamp>,
}

/// An upload as attachment.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AttachmentRef {
    /// Names the upload.
    pub blob_id: Uuid,
    /// File name.
    pub name: String,
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
}

/// What became of a recipient.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct SubmissionRecipient {
    /// Address.
    pub address: String,
    /// `pending`, `delivered`, `queued`, `sent` or `failed`.
    pub state: String,
    /// Where the Router sends it.
    pub route: String,
}
