//! What happened to a message.

use serde::{Deserialize, Serialize};
use types::Timestamp;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::queue::TransitRecipient;

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
    /// Recipients for whom it still waits.
    pub waiting: Vec<TransitRecipient>,
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

/// Looks for messages; what is absent does not matter.
#[derive(Debug, Clone, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SearchMailTrace {
    /// Message-ID, with or without angle brackets.
    pub message_id: Option<String>,
    /// Number given in the SMTP 250.
    pub number: Option<String>,
    /// Return path.
    pub sender: Option<String>,
    /// A recipient, as the sender gave it or as it was delivered.
    pub recipient: Option<String>,
    /// Received not earlier; 30 days ago when absent.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub received_after: Option<Timestamp>,
    /// Received earlier.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub received_before: Option<Timestamp>,
    /// Messages per page, 1 to 500; 50 when absent.
    pub limit: Option<i64>,
    /// `next_cursor` of the page before.
    pub cursor: Option<String>,
}
