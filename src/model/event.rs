//! Events: what the outbox carries to whoever listens.

use serde::{Deserialize, Serialize};
use types::Timestamp;
use utoipa::ToSchema;
use uuid::Uuid;

/// Something that happened.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct Event {
    /// Number in the outbox; give it back as `Last-Event-ID` to go on after it.
    pub id: i64,
    /// What happened: `account.created`, `mail.delivered`, …
    #[serde(rename = "type")]
    pub kind: String,
    /// Topic it belongs to: `accounts`, `domains`, `mailbox`, `mail`, `queue`, `system`, `auth`.
    pub topic: String,
    /// When.
    #[schema(value_type = String, format = DateTime)]
    pub time: Timestamp,
    /// Account concerned.
    pub account: Option<Uuid>,
    /// Domain concerned.
    pub domain: Option<Uuid>,
    /// Particulars.
    #[schema(value_type = Object)]
    pub object: serde_json::Value,
}
