//! Instant messages.

use serde::{Deserialize, Serialize};
use types::Timestamp;
use utoipa::ToSchema;
use uuid::Uuid;

/// What became of an instant message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ImState {
    /// A device of the recipient took it.
    Delivered,
    /// It is kept until a device of the recipient can be reached.
    Stored,
    /// It waits for a device of the account.
    Waiting,
    /// Nobody took it.
    Failed,
}

/// An instant message as one side keeps it.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct ImMessage {
    /// Id; later messages have greater ones.
    pub id: Uuid,
    /// The other side.
    pub peer: String,
    /// The account sent it.
    pub outgoing: bool,
    /// What became of it.
    pub state: ImState,
    /// Status of the last SIP response.
    pub code: Option<i32>,
    /// Media type of the text.
    pub content_type: String,
    /// The text.
    pub text: String,
    /// When it was sent.
    #[schema(value_type = String, format = DateTime)]
    pub sent_at: Timestamp,
    /// The account has read it.
    pub read: bool,
}

/// A conversation with somebody.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct Conversation {
    /// The other side.
    pub peer: String,
    /// The newest message.
    pub last: ImMessage,
    /// Messages that are not read.
    pub unread: i64,
}

/// Sends an instant message.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SendIm {
    /// The account that sends it: id, address, name in the main domain, or `me`.
    pub account: String,
    /// To whom: an address, or a name or number of the own domain.
    pub peer: String,
    /// The text.
    pub text: String,
    /// Its media type; `text/plain` when absent.
    pub content_type: Option<String>,
}

/// Names conversations.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ListConversations {
    /// The account: id, address, name in the main domain, or `me`.
    pub account: String,
    /// Most on a page.
    pub limit: Option<i64>,
    /// Where the page begins.
    pub cursor: Option<String>,
}

/// Names messages of a conversation.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ListImMessages {
    /// The account: id, address, name in the main domain, or `me`.
    pub account: String,
    /// The other side.
    pub peer: String,
    /// Most on a page.
    pub limit: Option<i64>,
    /// Where the page begins.
    pub cursor: Option<String>,
}

/// Names a conversation.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ConversationRef {
    /// The account: id, address, name in the main domain, or `me`.
    pub account: String,
    /// The other side.
    pub peer: String,
}

/// Marks messages as read.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct MarkRead {
    /// The account: id, address, name in the main domain, or `me`.
    pub account: String,
    /// The other side.
    pub peer: String,
    /// The newest message that was read; all when absent.
    pub until: Option<Uuid>,
}

/// What was marked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
pub struct Marked {
    /// Messages that were not read before.
    pub marked: i64,
}
