//! What happened to a message.

use serde::Serialize;
use types::Timestamp;
use utoipa::ToSchema;
use uuid::Uuid;

/// The story of one message.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct MailTrace {
    /// Id shared by all records of the message.
    pub trace_id: Uuid,
    /// Number given in the SMTP 250.
    pub number: i64,
    /// Message-ID header.
    pub message_id: String,
    /// What happened, in order.
    pub events: Vec<TraceEvent>,
}

/// One thing that happened to a message.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct TraceEvent {
    /// When.
    #[schema(value_type = String, format = DateTime)]
    pub at: Timestamp,
    /// What: `received`, `delivered`, `queued`, `sent`, `deferred`, `failed`, `held`, …
    pub kind: String,
    /// Particulars: recipients, host, reply, size.
    #[schema(value_type = Object)]
    pub detail: serde_json::Value,
}
